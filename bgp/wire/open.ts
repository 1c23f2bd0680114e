/** OPEN (RFC 4271 §4.2, RFC 5492, RFC 9072 when received): what it says, judged as far as it can be without knowing the peer. */
import type { Capability } from './capability.ts'

export interface Open {
  readonly type: 'open'
  /** The My Autonomous System field, 2 octets; AS_TRANS when the real one is larger (`openAs` gives the real one). */
  readonly asNumber: number
  /** Seconds: 0, or 3 to 65535. */
  readonly holdTime: number
  /** BGP Identifier, uint32, never 0. */
  readonly routerId: number
  /** In wire order; `fourOctetAs` and the others may repeat: the last one counts (RFC 5492 §4). */
  readonly capabilities: readonly Capability[]
}
