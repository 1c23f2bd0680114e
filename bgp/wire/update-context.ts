/** What a session negotiated that changes how its UPDATEs read. */
import type { Family } from '../../lib/base/ip.ts'

export interface UpdateContext {
  /** Whether AS_PATH and AGGREGATOR carry 4-octet AS numbers (RFC 6793: both sides sent the capability). */
  readonly fourOctetAs: boolean
  readonly internal: boolean
  readonly families: readonly Family[]
  readonly localAs: number
  readonly peerAs: number
  /** Families whose NLRI carries a path identifier before each prefix, as received (RFC 7911 §3). */
  readonly addPath: readonly Family[]
  /** IPv4 NLRI in MP_REACH_NLRI may have an IPv6 next hop (RFC 8950 §4). */
  readonly extendedNextHop: boolean
  /** Transitive attributes that are unknown here are dropped and not passed on. */
  readonly discardUnknown: boolean
  /** The peer is a route server, which leaves its own AS number out of the path (RFC 7947 §2.2.2.1). */
  readonly routeServer: boolean
}
