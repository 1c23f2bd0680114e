/** What a session negotiated that changes how its UPDATEs read. */
import type { Family } from '../../lib/base/ip.ts'

export interface UpdateContext {
  /** Whether AS_PATH and AGGREGATOR carry 4-octet AS numbers (RFC 6793: both sides sent the capability). */
  readonly fourOctetAs: boolean
  readonly internal: boolean
  readonly families: readonly Family[]
  readonly localAs: number
  readonly peerAs: number
}
