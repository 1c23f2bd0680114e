/**
 * The judgement of the peer's OPEN, and what it and ours come to: all that the rest of the speaker needs to know of a
 * session. Knows no state and no second connection.
 */
import { addressOfUint32, type Family } from '../../lib/base/ip.ts'
import {
  type Capability,
  encodeCapability,
  type FamilyNumbers,
  type PeerRole,
  renderCapability,
} from '../wire/capability.ts'
import { PeerFault } from '../wire/fault.ts'
import { afi, asTrans, familyOf } from '../wire/iana.ts'
import { errorCode, openError } from '../wire/notification.ts'
import { asNumberOf, type Open } from '../wire/open.ts'
import type { PeerConfig } from './config.ts'
import { multiprotocol } from './offer.ts'
import { roleFault } from './role.ts'

export interface Negotiated {
  readonly localAs: number
  readonly remoteAs: number
  /** uint32. */
  readonly remoteRouterId: number
  /** iBGP: both in one AS. */
  readonly internal: boolean
  /** Seconds; 0: no keepalives and no hold timer. */
  readonly holdTime: number
  /** Seconds; 0 when `holdTime` is. */
  readonly keepaliveTime: number
  /** In both OPENs; not empty. */
  readonly families: readonly Family[]
  /** AS_PATH carries 4-octet numbers: both OPENs had the capability (RFC 6793 §4.1). */
  readonly fourOctetAs: boolean
  /** Both sides take ROUTE-REFRESH (RFC 2918). */
  readonly routeRefresh: boolean
  /** RFC 7313: answers to ROUTE-REFRESH lie between a beginning and an end. */
  readonly enhancedRefresh: boolean
  /** RFC 8654: messages other than OPEN and KEEPALIVE may have up to 65535 octets. */
  readonly extendedMessages: boolean
  /** RFC 8950: NLRI of IPv4 may come and go with an IPv6 next hop. */
  readonly extendedNextHop: boolean
  /** RFC 7911: families whose NLRI has path ids, by direction as seen from here. */
  readonly addPath: { readonly send: readonly Family[]; readonly receive: readonly Family[] }
  /** Ours (RFC 9234), where one is configured. */
  readonly role?: PeerRole
  /** What the peer says of itself. */
  readonly peerRole?: PeerRole
  /** FQDN capability: `host` or `host.domain`. */
  readonly hostName?: string
  readonly softwareVersion?: string
  /** Names of what the peer's OPEN offered, used or not. */
  readonly capabilities: readonly string[]
  /** What the peer's OPEN said, where both OPENs had the capability. */
  readonly gracefulRestart?: PeerRestart
  /** RFC 9494, where both OPENs had both capabilities; negotiated families only. */
  readonly longLived?: readonly PeerLongLived[]
}

export interface PeerLongLived {
  readonly family: Family
  /** Seconds that the peer's routes outlive its restart time. */
  readonly staleTime: number
  /** F bit. */
  readonly forwarding: boolean
}

/** The graceful restart capability of the peer (RFC 4724 §3). */
export interface PeerRestart {
  /** R bit: it has just restarted, and sends no routes before it has ours. */
  readonly restarting: boolean
  /** RFC 8538: both OPENs had the N bit, so that a NOTIFICATION is a restart as well. */
  readonly notification: boolean
  /** Seconds within which it means to be back. */
  readonly restartTime: number
  /** Negotiated families only; `forwarding` is the F bit. */
  readonly families: readonly { readonly family: Family; readonly forwarding: boolean }[]
}

/**
 * Judges the peer's OPEN against the one that we sent it: what the two come to, or the fault to answer with (RFC 4271 §6.2).
 * What can be judged without knowing the peering (version, lengths, hold time 1 and 2, router id 0) the decoder has.
 */
export function negotiate(ours: Open, theirs: Open, config: PeerConfig): Negotiated | PeerFault {
  const fault =
    asFault(theirs, config) ??
    identifierFault(ours, theirs, config) ??
    holdTimeFault(theirs, config) ??
    roleFault(ours, theirs, config.role?.strict === true)
  if (fault !== undefined) return fault
  const [mine, others] = [familiesOf(ours), familiesOf(theirs)]
  const families = mine.filter(family => others.includes(family))
  if (families.length === 0) return familyFault(mine, others)
  const remoteAs = asNumberOf(theirs)
  const holdTime = Math.min(ours.holdTime, theirs.holdTime)
  const both = (type: Capability['type']): boolean => find(ours, type) !== undefined && find(theirs, type) !== undefined
  return {
    localAs: config.localAs,
    remoteAs,
    remoteRouterId: theirs.routerId,
    internal: remoteAs === config.localAs,
    holdTime,
    keepaliveTime: keepaliveTime(holdTime, config),
    families,
    fourOctetAs: both('fourOctetAs'),
    routeRefresh: both('routeRefresh'),
    enhancedRefresh: both('routeRefresh') && both('enhancedRouteRefresh'),
    extendedMessages: both('extendedMessage'),
    extendedNextHop: families.includes(4) && [ours, theirs].every(takesIpv6NextHops),
    addPath: {
      send: families.filter(family => addPathOf(ours, family)?.send && addPathOf(theirs, family)?.receive),
      receive: families.filter(family => addPathOf(ours, family)?.receive && addPathOf(theirs, family)?.send),
    },
    capabilities: theirs.capabilities.map(renderCapability),
    ...rolesOf(ours, theirs),
    ...nameOf(theirs),
    ...restartOf(ours, theirs, families),
  }
}

/** Of a capability that comes more than once the last counts (RFC 5492 §4). */
export function find<Type extends Capability['type']>(
  open: Open,
  type: Type,
): Extract<Capability, { type: Type }> | undefined {
  return open.capabilities.findLast((one): one is Extract<Capability, { type: Type }> => one.type === type)
}

function asFault(open: Open, config: PeerConfig): PeerFault | undefined {
  const got = asNumberOf(open)
  const refuse = (reason: string): PeerFault => new PeerFault(errorCode.open, openError.badPeerAs, reason)
  if (open.asNumber !== asTrans && open.asNumber !== got)
    return refuse(`the OPEN says AS ${open.asNumber}, its capability AS ${got}`)
  if (config.remoteAs !== 0 && got !== config.remoteAs) return refuse(`expected ${config.remoteAs}, got ${got}`)
  if (config.remoteAs === 0 && got === config.localAs) return refuse(`expected any but our own, got ${got}`)
  return undefined
}

/** RFC 6286 §2.1: unique within an AS is all that is asked. */
function identifierFault(ours: Open, theirs: Open, config: PeerConfig): PeerFault | undefined {
  if (theirs.routerId !== ours.routerId || asNumberOf(theirs) !== config.localAs) return undefined
  const id = addressOfUint32(theirs.routerId)
  return new PeerFault(errorCode.open, openError.badIdentifier, `${id} is our own router id`)
}

function holdTimeFault(theirs: Open, config: PeerConfig): PeerFault | undefined {
  const least = config.minimumHoldTime ?? 0
  if (theirs.holdTime === 0 || theirs.holdTime >= least) return undefined
  return new PeerFault(errorCode.open, openError.unacceptableHoldTime, `at least ${least} s, got ${theirs.holdTime} s`)
}

/** RFC 5492 §5: the data names the capabilities that we miss. */
function familyFault(mine: readonly Family[], others: readonly Family[]): PeerFault {
  const missing = Uint8Array.from(mine.flatMap(family => [...encodeCapability(multiprotocol(family))]))
  const theirs = others.length === 0 ? 'none that we know' : renderFamilies(others)
  const reason = `no address family in common: ours ${renderFamilies(mine)}, the peer's ${theirs}`
  return new PeerFault(errorCode.open, openError.unsupportedCapability, reason, missing)
}

function renderFamilies(families: readonly Family[]): string {
  return families.map(family => `ipv${family}`).join(', ')
}

/** RFC 4760 §8; an OPEN that names no family at all means IPv4 unicast. */
export function familiesOf(open: Open): Family[] {
  const named = open.capabilities.filter(one => one.type === 'multiprotocol')
  if (named.length === 0) return [4]
  const known = new Set(named.map(one => familyOf(one.afi, one.safi)))
  return ([4, 6] as const).filter(family => known.has(family))
}

function keepaliveTime(holdTime: number, config: PeerConfig): number {
  const third = Math.floor(holdTime / 3)
  return Math.min(third, config.keepaliveTime || third)
}

/** The row of a list of families that is about this one; of several the last counts. */
function rowOf<Row extends FamilyNumbers>(rows: readonly Row[] | undefined, family: Family): Row | undefined {
  return rows?.findLast(row => familyOf(row.afi, row.safi) === family)
}

function addPathOf(open: Open, family: Family): { send: boolean; receive: boolean } | undefined {
  return rowOf(find(open, 'addPath')?.families, family)
}

function takesIpv6NextHops(open: Open): boolean {
  const rows = find(open, 'extendedNextHop')?.families ?? []
  return rows.some(row => familyOf(row.afi, row.safi) === 4 && row.nextHopAfi === afi.ipv6)
}

function rolesOf(ours: Open, theirs: Open): Pick<Negotiated, 'role' | 'peerRole'> {
  const [role, peerRole] = [ours, theirs].map(open => find(open, 'role')?.role)
  return {
    ...(typeof role === 'string' && { role }),
    ...(typeof peerRole === 'string' && { peerRole }),
  }
}

function nameOf(theirs: Open): Pick<Negotiated, 'hostName' | 'softwareVersion'> {
  const name = find(theirs, 'hostName')
  const version = find(theirs, 'softwareVersion')?.version
  const hostName = [name?.host, name?.domain].filter(Boolean).join('.')
  return { ...(hostName !== '' && { hostName }), ...(version && { softwareVersion: version }) }
}

/** RFC 9494 §4.1: long-lived graceful restart counts only beside graceful restart. */
function restartOf(
  ours: Open,
  theirs: Open,
  negotiated: readonly Family[],
): Pick<Negotiated, 'gracefulRestart' | 'longLived'> {
  const [mine, restart] = [find(ours, 'gracefulRestart'), find(theirs, 'gracefulRestart')]
  if (mine === undefined || restart === undefined) return {}
  const families = negotiated.flatMap(family => {
    const row = rowOf(restart.families, family)
    return row === undefined ? [] : [{ family, forwarding: row.forwarding }]
  })
  const { restarting, restartTime } = restart
  const notification = mine.notification && restart.notification
  const gracefulRestart: PeerRestart = { restarting, notification, restartTime, families }
  const [mineForLong, long] = [find(ours, 'longLivedGracefulRestart'), find(theirs, 'longLivedGracefulRestart')]
  if (mineForLong === undefined || long === undefined) return { gracefulRestart }
  const longLived = negotiated.flatMap(family => {
    const [limit, row] = [rowOf(mineForLong.families, family), rowOf(long.families, family)]
    if (limit === undefined || row === undefined) return []
    return [{ family, forwarding: row.forwarding, staleTime: Math.min(row.staleTime, limit.staleTime) }]
  })
  return { gracefulRestart, longLived }
}
