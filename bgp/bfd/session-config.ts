/** What a BFD session is told from outside. Values only; they were checked where the configuration was parsed. */
import type { Address } from '../../lib/base/ip.ts'

export interface BfdTimers {
  /** Least milliseconds between two of our packets, 10 to 60000 (bfd.DesiredMinTxInterval). */
  readonly transmit: number
  /** Least milliseconds between two packets of the peer that we can take (bfd.RequiredMinRxInterval). */
  readonly receive: number
  /** Lost packets that make the peer take us for gone, 1 to 255 (bfd.DetectMult). */
  readonly multiplier: number
}

export interface BfdSessionConfig extends BfdTimers {
  /** The peer's: what events and status go by. */
  readonly name: string
  readonly remote: Address
  /** Absent: the kernel's choice for that destination. */
  readonly local?: Address
  /** Name of the interface; a link-local `remote` needs it. */
  readonly interface?: string
  /**
   * RFC 5883: the peer may be hops away, and its packets must arrive with at least this TTL or hop limit. Absent: single
   * hop, RFC 5881, whose packets must arrive with 255.
   */
  readonly multihop?: { readonly leastTtl: number }
}

/** RFC 5881 §4, RFC 5883 §5. */
export const SINGLE_HOP_PORT = 3784
export const MULTIHOP_PORT = 4784
/** RFC 5881 §5: what every packet is sent with, and what single hop demands on receipt. */
export const FULL_TTL = 255
