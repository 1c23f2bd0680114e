/**
 * The merged peers of a node → peers to run. A peer that lacks something, or contradicts another, is left out with a
 * sentence; the others run.
 */
import type { NextHopMode } from '../../bgp/rib/peer.ts'
import type { Policy } from '../../bgp/rib/policy.ts'
import { type Address, type Family, parseAddress } from '../../lib/base/ip.ts'
import type { NodePeer } from './bigip.ts'
import { familyOf } from './policy.ts'
import type { FilledFile, FilledPeer, PasswordSource } from './schema.ts'

export interface EffectivePeer {
  readonly name: string
  readonly address: Address
  readonly port: number
  readonly localAddress?: Address
  /** 0: any but ours. */
  readonly asNumber: number
  readonly passive: boolean
  readonly ttl?: number
  readonly password?: PasswordSource
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

/** @param nodes names of the peers that are nodes of the cluster */
export function effectivePeers(
  file: FilledFile,
  policies: ReadonlyMap<string, Policy>,
  nodes: ReadonlySet<string>,
): { peers: EffectivePeer[]; problems: string[] } {
  const peers: EffectivePeer[] = []
  const problems: string[] = []
  for (const settings of file.peers) {
    const peer = peerOf(settings, file.asNumber, policies, nodes.has(settings.name))
    const why = typeof peer === 'string' ? peer : conflict(peer, peers)
    if (why !== undefined) problems.push(`peer ${settings.name} is left out: ${why}`)
    else peers.push(peer as EffectivePeer)
  }
  return { peers, problems }
}

/** The peer, or what is wrong with it. */
function peerOf(
  settings: FilledPeer,
  localAs: number | undefined,
  policies: ReadonlyMap<string, Policy>,
  node: boolean,
): EffectivePeer | string {
  const { asNumber } = settings
  if (settings.address === undefined) return 'it has no address in any layer'
  if (asNumber === undefined) return 'it has no asNumber'
  const address = parseAddress(settings.address)
  const localAddress = settings.localAddress === undefined ? undefined : parseAddress(settings.localAddress)
  if (localAddress !== undefined && localAddress.family !== address.family)
    return `localAddress ${localAddress} and address ${address} are not of one family`
  if (settings.routeReflectorClient && localAs !== undefined && asNumber !== localAs)
    return `a route reflector's client has the AS number of this node, ${localAs}, not ${asNumber}`
  const { holdTime, keepaliveTime, ttl, password } = settings
  return {
    name: settings.name,
    address,
    port: settings.port,
    ...(localAddress && { localAddress }),
    asNumber: asNumber === 'external' ? 0 : asNumber,
    passive: settings.passive,
    ...(ttl !== undefined && { ttl }),
    ...(password && { password }),
    holdTime,
    ...(keepaliveTime !== undefined && { keepaliveTime }),
    connectRetryTime: settings.connectRetryTime,
    families: settings.families.map(familyOf),
    nextHop: settings.nextHop,
    routeReflectorClient: settings.routeReflectorClient,
    node,
    install: true,
    importPolicy: policies.get(settings.import)!,
    exportPolicy: policies.get(settings.export)!,
    gracefulRestart: settings.gracefulRestart,
  }
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
    }))
}

function conflict(peer: EffectivePeer, others: readonly EffectivePeer[]): string | undefined {
  const other = others.find(({ address }) => address.equals(peer.address))
  return other && `its address ${peer.address} is that of peer ${other.name}`
}
