/**
 * What a session is told from outside: the configuration of one peering and who we are. Knows which changes a live
 * session can take and which need a new one. Values only; they were checked where the configuration was parsed.
 */
import type { Address, Family } from '../../lib/base/ip.ts'

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
  /** TCP MD5 key and TTL are the transport's affair; here they only count as a reason for a new session. */
  readonly password?: string
  readonly ttl?: number
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

/** What both sides have agreed on, or what TCP was set up with: a session cannot change it. */
const ofSession: readonly (keyof PeerConfig)[] = [
  'address',
  'port',
  'localAddress',
  'localAs',
  'remoteAs',
  'holdTime',
  'families',
  'gracefulRestart',
  'password',
  'ttl',
]

/** What matters to the attempt to get a session. */
const ofAttempt: readonly (keyof PeerConfig)[] = ['passive', 'connectRetryTime', 'minimumHoldTime']

/** Why the change needs a new session, in words; undefined: it does not. */
export function resetReason(before: PeerConfig, after: PeerConfig): string | undefined {
  const changed = ofSession.filter(field => isChanged(field, before, after))
  return changed.length === 0 ? undefined : `${changed.join(', ')} changed`
}

/** Whether a peering that is still without a session should try again at once. */
export function deservesRetry(before: PeerConfig, after: PeerConfig): boolean {
  return ofAttempt.some(field => isChanged(field, before, after))
}

function isChanged(field: keyof PeerConfig, before: PeerConfig, after: PeerConfig): boolean {
  return JSON.stringify(before[field]) !== JSON.stringify(after[field])
}
