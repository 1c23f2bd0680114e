/** What the RIB must know of a peer: its configuration, and what its session negotiated. Values only. */
import type { Address, Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { Policy } from './policy.ts'

/**
 * `self`: our address on the session. `unchanged`: as learned. `auto`: as RFC 4271 §5.1.3 has it: to iBGP as learned; to
 * eBGP self, unless the learned next hop is on the peer's own subnet (third party). Routes of our own always have self.
 */
export type NextHopMode = 'auto' | 'self' | 'unchanged'

/** The peer number of routes that this speaker originates. */
export const LOCAL_PEER = 0

export interface RibPeer {
  readonly name: string
  /** A link-local one with its zone. */
  readonly address: Address
  /** iBGP */
  readonly internal: boolean
  /** RFC 4456; internal peers only. */
  readonly routeReflectorClient: boolean
  /** A node of our own cluster: for policies its routes come from `node`, over iBGP and eBGP alike. Absent: it is not. */
  readonly node?: boolean
  /** Whether its routes may become kernel routes. Absent: they may. */
  readonly install?: boolean
  readonly nextHop: NextHopMode
  readonly importPolicy: Policy
  readonly exportPolicy: Policy
  /** Most prefixes of a family that are learned from the peer; more are not taken in, but counted. Absent: any number. */
  readonly maxPrefixes?: PerFamily
  /** Most routes of a family that the peer is told. Absent: any number. */
  readonly maxPrefixesOut?: PerFamily
}

/** A number per family; absent: none. */
export interface PerFamily {
  readonly 4?: number
  readonly 6?: number
}

/** What we are to the peer (RFC 9234 §4.1); external sessions only. */
export type RibRole = 'provider' | 'rs' | 'rsClient' | 'customer' | 'peer'

export interface RibSession {
  readonly localAs: number
  readonly remoteAs: number
  /** The peer's BGP identifier, uint32. */
  readonly remoteRouterId: number
  readonly fourOctetAs: boolean
  readonly families: readonly Family[]
  /** Our address per family: the next hop `self`. A family without one is not exported. As a learned next hop it is ineligible. */
  readonly self: { readonly 4?: Address; readonly 6?: Address }
  /** Subnets that we share with the peer, where known: a next hop in one of them may stay as a third party's. */
  readonly subnets: readonly Prefix[]
  /** RFC 7911: families whose NLRI comes with path ids. Absent: none. */
  readonly addPathReceive?: readonly Family[]
  /** RFC 7911: most paths of one prefix that the peer is sent, with path ids; Infinity: all. Absent: one, without an id. */
  readonly addPathSend?: PerFamily
  /** RFC 8950: IPv4 routes may go out with an IPv6 next hop. Absent: no. */
  readonly extendedNextHop?: boolean
  /** Octets of the longest message that the peer takes (RFC 8654). Absent: 4096. */
  readonly maxMessageLength?: 4096 | 65535
  /** RFC 9494: families in which the peer knows long-lived graceful restart. Absent: none. */
  readonly longLived?: readonly Family[]
  /** RFC 9234; absent: neither leaks are looked for nor OTC is set. */
  readonly role?: RibRole
  /** The interface whose link we share with the peer: the scope of link-local next hops. Absent: they cannot be used. */
  readonly interface?: string
}
