/** What a peer tells the CLI, the control API and metrics about its session: values, rendered elsewhere. */
import type { Family } from '../../lib/base/ip.ts'
import type { Negotiated } from './negotiation.ts'
import type { State } from './state.ts'

export interface SessionStatus {
  readonly state: State
  /** When the session came up, or when the peering was left without one; ms on the clock of `now`. */
  readonly since: number
  /**
   * In words, such as `sent OPEN Message Error / Bad Peer AS (2/2): expected 65010, got 65020`; a connection that failed
   * since then is told behind it. Survives the next Established.
   */
  readonly lastError?: string
  /** In OpenConfirm and Established. */
  readonly negotiated?: Negotiated
  /** Names of capabilities that the peer refused and that we leave out. */
  readonly withheld: readonly string[]
  /** Families whose routes are kept for a peer that is away, or has not sent End-of-RIB since its return. */
  readonly staleFamilies: readonly Family[]
  /** Those of them whose peer did not come back in its restart time (RFC 9494). */
  readonly longLivedFamilies: readonly Family[]
  /** Why no session is tried, beyond idle hold: too many prefixes, or BFD. */
  readonly heldBack?: string
  /** ms on the clock of `now`, while idle hold or connect retry runs. */
  readonly nextAttempt?: number
  /** Times Established was entered. */
  readonly established: number
  readonly received: MessageCounts
  /** UPDATEs go out elsewhere and are not counted here. */
  readonly sent: Omit<MessageCounts, 'update'>
}

export interface MessageCounts {
  readonly open: number
  readonly update: number
  readonly notification: number
  readonly keepalive: number
  readonly routeRefresh: number
}
