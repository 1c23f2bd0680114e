/**
 * What a session is told from outside: the configuration of one peering and who we are. Knows which changes a live
 * session can take and which need a new one. Values only; they were checked where the configuration was parsed.
 */
import type { Address, Family } from '../../lib/base/ip.ts'
import type { PeerRole } from '../wire/capability.ts'

export interface PeerConfig {
  readonly name: string
  readonly address: Address
  readonly port: number
  readonly localAddress?: Address
  readonly localAs: number
  /** 0: any AS number but our own. */
  readonly remoteAs: number
  /** Proposed hold time in seconds, 0 (none) or 3 to 65535; the lower of both sides' is used. */
  readonly holdTime: number
  /** Seconds; a proposal of the peer below it is refused. No hold time at all (0) is not below it. */
  readonly minimumHoldTime?: number
  /** Seconds; a third of the negotiated hold time where that is shorter, or where this is absent. */
  readonly keepaliveTime?: number
  /** Seconds between two attempts to connect, before jitter. */
  readonly connectRetryTime: number
  /** Seconds that our octets may wait for a peer that has stopped reading (RFC 9687); 0: for ever. */
  readonly sendHoldTime: number
  /** Waits for the peer to connect. */
  readonly passive: boolean
  /** Unicast families, at least one. */
  readonly families: readonly Family[]
  readonly gracefulRestart: GracefulRestartConfig
  /** TCP MD5 key, TTL and GTSM are the transport's affair; here they only count as a reason for a new session. */
  readonly password?: string
  readonly ttl?: number
  /** RFC 5082: the peer is at most so many hops away, 1 to 255; we send TTL 255 and take what comes with 256 − hops or more. */
  readonly gtsm?: number
  /** RFC 7911. */
  readonly addPath?: AddPathConfig
  /** RFC 8654: messages of up to 65535 octets, where the peer takes them. */
  readonly extendedMessages?: boolean
  /** RFC 8950: IPv4 routes whose next hop is IPv6, both ways. */
  readonly extendedNextHop?: boolean
  /** RFC 9234. */
  readonly role?: RoleConfig
  /** RFC 9494; counts only where `gracefulRestart` is enabled. */
  readonly longLived?: LongLivedConfig
  readonly maxPrefixes?: PrefixLimits
  /** Most prefixes of a family that are announced to the peer. */
  readonly maxPrefixesOut?: { readonly 4?: number; readonly 6?: number }
  /** Seconds from TCP to our OPEN, unless the peer's comes first (RFC 4271 §8.1.1, DelayOpen). */
  readonly delayOpenTime?: number
  readonly bfd?: BfdConfig
  /** Transitive attributes that are unknown here are dropped on receipt. */
  readonly discardUnknown?: boolean
  /** `plain`: for routers of the ZebOS family: offers nothing beyond what these have known for ever (docs/bgp.md). */
  readonly profile?: 'plain'
  /** The interface on which a link-local address is the peer's. */
  readonly interface?: string
}

export interface AddPathConfig {
  /** Most paths of a prefix that the peer is sent, Infinity: all; 0: we send one, without an id. */
  readonly send: number
  /** Take several paths of a prefix. */
  readonly receive: boolean
}

export interface RoleConfig {
  /** What we are to the peer (RFC 9234 §4.1): `customer` towards a provider. */
  readonly role: PeerRole
  /** No session with a peer that says no role. */
  readonly strict: boolean
}

export interface LongLivedConfig {
  /** Seconds, 1 to 16777215: how long the peer may keep our routes after the restart time, and the most that we keep its. */
  readonly staleTime: number
}

export interface PrefixLimits {
  readonly 4?: PrefixLimit
  readonly 6?: PrefixLimit
}

/** What the peer may send of a family, counted before import policy. */
export interface PrefixLimit {
  readonly count: number
  /** Percent of `count` from which there is a warning. */
  readonly warnAt: number
  /** Beyond `count`: `warn` says so; `drop` takes no further prefix; `restart` ends the session (Cease 6/1). */
  readonly action: 'warn' | 'drop' | 'restart'
  /** Seconds until the next attempt after `restart`; absent: none until a person resets the peer. */
  readonly restartTime?: number
}

/** A BFD session (bgp/bfd) watches the path to the peer; here it is only what follows from it. */
export interface BfdConfig {
  /** No BGP session while BFD is down; and a BFD that does not share the peer's fate ends graceful restart (RFC 5882 §4.3). */
  readonly strict: boolean
}

export interface GracefulRestartConfig {
  /** Both roles: to restart with the peer's help, and to help a restarting peer (RFC 4724). */
  readonly enabled: boolean
  /** Seconds, 0 to 4095: how long the peer may wait for our return. */
  readonly restartTime: number
}

/** Who we are, the same towards every peer. */
export interface LocalIdentity {
  /** BGP Identifier, uint32. */
  readonly routerId: number
  /** R bit of our OPENs: set from a restart until the route selection that follows it. */
  readonly restarting: boolean
  /** Families with the F bit: forwarding state was kept over the restart. */
  readonly forwarding: readonly Family[]
}

/** What TCP was set up with, or what only says how messages go: another session may have it, and the same routes. */
const ofConnection: readonly (keyof PeerConfig)[] = [
  'port',
  'localAddress',
  'holdTime',
  'password',
  'ttl',
  'gtsm',
  'extendedMessages',
]

/** What routes are learned and kept under. */
const ofRoutes: readonly (keyof PeerConfig)[] = [
  'address',
  'localAs',
  'remoteAs',
  'families',
  'gracefulRestart',
  'addPath',
  'extendedNextHop',
  'role',
  'longLived',
  'discardUnknown',
  'profile',
  'interface',
]

/** What matters to the attempt to get a session. */
const ofAttempt: readonly (keyof PeerConfig)[] = [
  'passive',
  'connectRetryTime',
  'minimumHoldTime',
  'delayOpenTime',
  'maxPrefixes',
]

/** Why the change needs a new session, in words; undefined: it does not. */
export function resetReason(before: PeerConfig, after: PeerConfig): string | undefined {
  const changed = [...ofConnection, ...ofRoutes].filter(field => isChanged(field, before, after))
  return changed.length === 0 ? undefined : `${changed.join(', ')} changed`
}

/** Whether what was learned before the change is right after it as well. */
export function routesStay(before: PeerConfig, after: PeerConfig): boolean {
  return !ofRoutes.some(field => isChanged(field, before, after))
}

/** Whether a peering that is still without a session should try again at once. */
export function deservesRetry(before: PeerConfig, after: PeerConfig): boolean {
  return ofAttempt.some(field => isChanged(field, before, after))
}

function isChanged(field: keyof PeerConfig, before: PeerConfig, after: PeerConfig): boolean {
  return JSON.stringify(before[field]) !== JSON.stringify(after[field])
}
