/**
 * The merged peers and listen ranges of a node → those to run. One that lacks something, or contradicts another, is left out
 * with a sentence; the others run.
 */
import type { NextHopMode } from '../../bgp/rib/peer.ts'
import type { Policy } from '../../bgp/rib/policy.ts'
import type { PeerBfd } from '../../bgp/speaker-config.ts'
import { type Address, type Family, parseAddress } from '../../lib/base/ip.ts'
import { type Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import type { NodePeer } from './bigip.ts'
import type { FilledBfd, FilledPeer, FilledRange, FilledSession, PasswordSource } from './peer-schema.ts'
import { familyOf } from './policy.ts'
import type { FilledFile } from './schema.ts'
import { effectiveTerms, type SessionTerms } from './session-schema.ts'

/** What a session is told, that of a peer or those of a range. */
export interface EffectiveSession extends SessionTerms {
  readonly localAddress?: Address
  /** 0: any but ours. */
  readonly asNumber: number
  readonly ttl?: number
  readonly gtsm?: number
  readonly password?: PasswordSource
  readonly bfd?: PeerBfd
  /** Seconds, as the next two. */
  readonly holdTime: number
  readonly keepaliveTime?: number
  readonly connectRetryTime: number
  readonly families: readonly Family[]
  readonly nextHop: NextHopMode
  readonly routeReflectorClient: boolean
  /** A node of our own cluster. */
  readonly node: boolean
  /** Whether its routes may become kernel routes. */
  readonly install: boolean
  readonly importPolicy: Policy
  readonly exportPolicy: Policy
  readonly gracefulRestart: { readonly enabled: boolean; readonly restartTime: number }
}

export interface EffectivePeer extends EffectiveSession {
  readonly name: string
  readonly address: Address
  /** Where a link-local address is. */
  readonly interface?: string
  readonly port: number
  readonly passive: boolean
}

export interface EffectiveRange extends EffectiveSession {
  readonly name: string
  readonly prefix: Prefix
  readonly limit: number
}

/** What peers and ranges are judged by. */
export interface Surroundings {
  readonly policies: ReadonlyMap<string, Policy>
  /** Names of the peers that are nodes of the cluster. */
  readonly nodes: ReadonlySet<string>
  /** The routers that have been heard, by interface. */
  readonly routers: ReadonlyMap<string, Address>
}

export function effectivePeers(
  file: FilledFile,
  around: Surroundings,
): { peers: EffectivePeer[]; ranges: EffectiveRange[]; problems: string[] } {
  const peers: EffectivePeer[] = []
  const ranges: EffectiveRange[] = []
  const problems: string[] = []
  for (const settings of file.peers) {
    const peer = peerOf(settings, file.asNumber, around)
    const why = typeof peer === 'string' ? peer : conflict(peer, peers)
    if (why !== undefined) problems.push(`peer ${settings.name} is left out: ${why}`)
    else peers.push(peer as EffectivePeer)
  }
  for (const settings of file.ranges) {
    const range = rangeOf(settings, file.asNumber, around)
    const why = typeof range === 'string' ? range : rangeConflict(range, peers, ranges)
    if (why !== undefined) problems.push(`range ${settings.name} is left out: ${why}`)
    else ranges.push(range as EffectiveRange)
  }
  return { peers, ranges, problems }
}

/** The peer, or what is wrong with it. */
function peerOf(settings: FilledPeer, localAs: number | undefined, around: Surroundings): EffectivePeer | string {
  const { name, port, passive, interface: link } = settings
  if (settings.address === undefined && link === undefined) return 'it has no address in any layer'
  const session = sessionOf(settings, localAs, around)
  if (typeof session === 'string') return session
  const address = settings.address === undefined ? around.routers.get(link!) : parseAddress(settings.address)
  if (address === undefined) return `no router has been heard on ${link} yet`
  if (address.isLinkLocal && link === undefined) return `${address} is link-local: write the interface that it is on`
  if (!address.isLinkLocal && link !== undefined) return `${address} is not link-local: it needs no interface`
  const { localAddress } = session
  if (localAddress !== undefined && localAddress.family !== address.family)
    return `localAddress ${localAddress} and address ${address} are not of one family`
  // a link without numbers has no IPv4 next hops
  const zone = link === undefined ? {} : { interface: link, extendedNextHop: session.extendedNextHop ?? true }
  return { ...session, name, address, ...zone, port, passive, node: around.nodes.has(name) }
}

/** The range, or what is wrong with it. */
function rangeOf(settings: FilledRange, localAs: number | undefined, around: Surroundings): EffectiveRange | string {
  const { name, limit } = settings
  const session = sessionOf(settings, localAs, around)
  if (typeof session === 'string') return session
  const prefix = parsePrefix(settings.prefix)
  const { localAddress } = session
  if (localAddress !== undefined && localAddress.family !== prefix.family)
    return `localAddress ${localAddress} and prefix ${prefix} are not of one family`
  return { ...session, name, prefix, limit }
}

/** What both have, or what is wrong with it. */
function sessionOf(
  settings: FilledSession,
  localAs: number | undefined,
  { policies }: Surroundings,
): EffectiveSession | string {
  if (settings.asNumber === undefined) return 'it has no asNumber'
  const asNumber = settings.asNumber === 'internal' ? localAs : settings.asNumber
  if (asNumber === undefined) return 'its asNumber is internal, and our own is not known'
  if (settings.routeReflectorClient && localAs !== undefined && asNumber !== localAs)
    return `a route reflector's client has the AS number of this node, ${localAs}, not ${asNumber}`
  const { holdTime, keepaliveTime, ttl, gtsm, password } = settings
  if (settings.role !== undefined && localAs !== undefined && asNumber === localAs)
    return 'it has a role, which only external peers have'
  if (settings.longLived !== undefined && !settings.gracefulRestart.enabled)
    return 'it has longLived without gracefulRestart'
  if (ttl !== undefined && gtsm !== undefined) return 'it has both ttl and gtsm, which sends with 255'
  return {
    ...(settings.localAddress !== undefined && { localAddress: parseAddress(settings.localAddress) }),
    asNumber: asNumber === 'external' ? 0 : asNumber,
    ...(ttl !== undefined && { ttl }),
    ...(gtsm !== undefined && { gtsm }),
    ...(password && { password }),
    ...(settings.bfd?.enabled === true && { bfd: bfdOf(settings.bfd) }),
    holdTime,
    ...(keepaliveTime !== undefined && { keepaliveTime }),
    connectRetryTime: settings.connectRetryTime,
    families: settings.families.map(familyOf),
    nextHop: settings.nextHop,
    routeReflectorClient: settings.routeReflectorClient,
    node: false,
    install: true,
    importPolicy: policies.get(settings.import)!,
    exportPolicy: policies.get(settings.export)!,
    gracefulRestart: settings.gracefulRestart,
    ...effectiveTerms(settings),
  }
}

function bfdOf({ transmit, receive, multiplier, multihop, strict }: FilledBfd): PeerBfd {
  return { transmit, receive, multiplier, ...(multihop && { multihop: { leastTtl: multihop.minTtl } }), strict }
}

/**
 * The nodes that a reflector peers with, but for those whose address another peer has. They dial; what they announce is passed
 * on as it is and does not become a kernel route, for how nodes reach each other's pods is the business of the CNI.
 */
export function reflectedPeers(
  nodes: readonly NodePeer[],
  { asNumber, gracefulRestart }: FilledFile,
  others: readonly EffectivePeer[],
): EffectivePeer[] {
  const taken = new Set(others.map(({ address }) => address.toString()))
  const { enabled, restartTime } = gracefulRestart
  return nodes
    .filter(({ address }) => !taken.has(address.toString()))
    .map(node => ({
      ...node,
      port: 179,
      passive: true,
      holdTime: 90,
      connectRetryTime: 5,
      families: [node.address.family],
      nextHop: 'unchanged',
      routeReflectorClient: node.asNumber === asNumber,
      node: true,
      install: false,
      gracefulRestart: { enabled, restartTime },
      // what nodes announce goes on to plain peers
      discardUnknown: true,
    }))
}

function conflict(peer: EffectivePeer, others: readonly EffectivePeer[]): string | undefined {
  const same = others.filter(one => one.address.equals(peer.address))
  const other = same.find(one => one.interface === peer.interface)
  if (other !== undefined) return `its address ${peer.address} is that of peer ${other.name}`
  const secured = (one: EffectivePeer) => JSON.stringify([one.password, one.gtsm])
  const odd = same.find(one => secured(one) !== secured(peer))
  return (
    odd &&
    `its address ${peer.address} is that of peer ${odd.name} on ${odd.interface}, too: password and gtsm must be the same, for the kernel tells them apart by address alone`
  )
}

function rangeConflict(
  { name, prefix, password }: EffectiveRange,
  peers: readonly EffectivePeer[],
  ranges: readonly EffectiveRange[],
): string | undefined {
  const same = ranges.find(range => range.prefix.equals(prefix))
  if (same !== undefined) return `its prefix ${prefix} is that of range ${same.name}`
  if (peers.some(peer => peer.name === name)) return 'a peer is called that, too'
  const open = peers.find(peer => peer.password === undefined && prefix.contains(peer.address))
  if (password !== undefined && open !== undefined)
    return `it has a password, and peer ${open.name}, whose address lies in it, has none: the kernel makes no such exception`
  return undefined
}
