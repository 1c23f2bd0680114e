/**
 * What is in force on one node: what BIGIP objects say, then the file, its sections for the node in their order, and the
 * Node's annotations: the later wins; every value knows where it came from. Pure: it reads no file, no environment and no secret.
 */
import type { Policy } from '../../bgp/rib/policy.ts'
import { type Address, addressOfUint32, parseAddress } from '../../lib/base/ip.ts'
import { type Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import { type Schema, withDefaults } from '../../lib/schema/judge.ts'
import { annotationLayers } from './annotation.ts'
import { type BigIpView, bigIpLayers, bigIpPolicies, type ClusterNode, nodePeers } from './bigip.ts'
import { type Layer, mergeLayers } from './layers.ts'
import type { PeerSettings } from './peer-schema.ts'
import { type EffectivePeer, type EffectiveRange, effectivePeers, reflectedPeers } from './peers.ts'
import { policiesByName } from './policy.ts'
import { type AgentFile, agentSchema, type FilledFile, type FilledOverlay, type Section } from './schema.ts'

/** What is known of the node; only its name before Kubernetes has answered. */
export interface NodeFacts {
  readonly name: string
  /** Where the name came from: `file`, `environment NODE_NAME`, `host name`. */
  readonly nameOrigin: string
  /** What the Node object says; absent while it is not known. */
  readonly object?: {
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly addresses: readonly { readonly type: string; readonly address: string }[]
  }
  /** The routers at the other end of links, by interface; absent: none has been heard. */
  readonly routers?: ReadonlyMap<string, Address>
}

export interface EffectiveConfig {
  readonly node: string
  /** Undefined: not known, and no session can run. */
  readonly asNumber: number | undefined
  /** Undefined while the Node that would tell is not known. */
  readonly routerId: Address | undefined
  readonly clusterId: Address | undefined
  readonly listen: { readonly addresses: readonly Address[]; readonly port: number }
  readonly kubernetes: { readonly enabled: boolean; readonly kubeconfig?: string }
  readonly announce: {
    readonly podCIDRs: boolean
    readonly prefixes: readonly Prefix[]
    readonly services: readonly Prefix[]
  }
  readonly peers: readonly EffectivePeer[]
  readonly ranges: readonly EffectiveRange[]
  /** Interfaces on which a peer is found by router advertisements. */
  readonly unnumbered: readonly string[]
  readonly overlay: FilledOverlay
  readonly kernel: {
    readonly install: boolean
    readonly table: number
    readonly protocol: number
    readonly metric: number
    readonly maxPaths: number
  }
  /** Seconds. */
  readonly gracefulRestart: { readonly enabled: boolean; readonly restartTime: number; readonly deferralTime: number }
  readonly state: string
  readonly control: { readonly socket: string }
  readonly metrics: { readonly address: string; readonly port: number } | undefined
  /** BMP stations. */
  readonly stations: readonly { readonly name: string; readonly address: Address; readonly port: number }[]
  readonly log: { readonly level: 'error' | 'warn' | 'info' | 'debug' }
  /** Sentences: what could not be used, and what is missing. */
  readonly problems: readonly string[]
  /** The same in the shape of the file, without `nodes`, defaults filled in, for `podpeer config`. Holds no secret. */
  readonly document: Readonly<Record<string, unknown>>
  /** Path (`asNumber`, `peers[tor].holdTime`) → where it came from; a path stands for all below it; no entry: a default. */
  readonly origins: ReadonlyMap<string, string>
}

/** What is known of the cluster beside the node. */
export interface ClusterFacts {
  readonly bigips: readonly BigIpView[]
  /** The nodes that a reflector peers with; others do not know them. */
  readonly nodes: readonly ClusterNode[]
}

const NOTHING_KNOWN: ClusterFacts = { bigips: [], nodes: [] }

export function effective(file: AgentFile, node: NodeFacts, cluster: ClusterFacts = NOTHING_KNOWN): EffectiveConfig {
  const policies = policiesByName([], file.policies ?? [])
  const annotations = annotationLayers(node.object?.annotations ?? {}, new Set(policies.keys()))
  const own = [...fileLayers(file, node), ...annotations.layers]
  const bigip = bigIpLayers(cluster.bigips, node.name)
  const { settings, origins } = mergeLayers([...withoutPeersOf(own, bigip.layers), ...own])
  const filled = fill(settings)
  inheritOrigins(origins, 'gracefulRestart', [
    ...filled.peers.map(({ name }) => `peers[${name}]`),
    ...filled.ranges.map(({ name }) => `ranges[${name}]`),
  ])
  origins.set('node', node.nameOrigin)

  const { asNumber } = filled
  const routerId = routerIdOf(filled, node, origins)
  const clusterId = filled.clusterId === undefined ? routerId : parseAddress(filled.clusterId)
  if (filled.clusterId === undefined && routerId !== undefined) origins.set('clusterId', 'the router id')
  const { peers, ranges, problems } = effectivePeers(filled, {
    policies: withBigIps(policiesByName(filled.import.allow, filled.policies), cluster.bigips),
    nodes: bigip.nodes,
    routers: node.routers ?? new Map(),
  })
  const reflected = nodePeers(cluster.bigips, node.name, cluster.nodes)
  const tunnels = [...filled.overlay.vteps, ...cluster.bigips.flatMap(view => view.tunnels.units)]
  // with an overlay there may be nobody to speak to
  const isNeeded = tunnels.length === 0 || peers.length > 0 || ranges.length > 0
  const missing =
    asNumber === undefined && isNeeded ? [missingAsNumber(filled.kubernetes.enabled && node.object === undefined)] : []
  return {
    node: node.name,
    asNumber,
    routerId,
    clusterId,
    listen: { ...filled.listen, addresses: filled.listen.addresses.map(text => parseAddress(text)) },
    kubernetes: filled.kubernetes,
    announce: {
      ...filled.announce,
      prefixes: filled.announce.prefixes.map(text => parsePrefix(text)),
      services: filled.announce.services.map(text => parsePrefix(text)),
    },
    peers: [...peers, ...reflectedPeers(reflected, filled, peers)],
    ranges,
    unnumbered: filled.peers.flatMap(peer => (peer.address === undefined ? (peer.interface ?? []) : [])),
    overlay: filled.overlay,
    kernel: filled.kernel,
    gracefulRestart: filled.gracefulRestart,
    state: filled.state,
    control: filled.control,
    metrics: filled.metrics,
    stations: filled.bmp.stations.map(({ address, ...station }) => ({ ...station, address: parseAddress(address) })),
    log: filled.log,
    problems: [...annotations.problems, ...missing, ...problems],
    document: {
      node: node.name,
      ...(asNumber !== undefined && { asNumber }),
      ...(routerId && { routerId: routerId.toString() }),
      ...(clusterId && { clusterId: clusterId.toString() }),
      ...filled,
    },
    origins,
  }
}

/** What others say of an address wins: a BIGIP's peer with the address of one of theirs is left out. */
function withoutPeersOf(own: readonly Layer[], bigips: readonly Layer[]): Layer[] {
  const theirs = own.flatMap(({ settings }) => (settings['peers'] ?? []) as readonly PeerSettings[])
  const names = new Map(theirs.map(({ name, address }) => [address, name]))
  return bigips.map(({ origin, settings }) => {
    const peers = settings['peers'] as readonly PeerSettings[]
    const left = peers.filter(({ name, address }) => !names.has(address) || names.get(address) === name)
    return { origin, settings: { ...settings, peers: left } }
  })
}

function withBigIps(policies: ReadonlyMap<string, Policy>, bigips: readonly BigIpView[]): ReadonlyMap<string, Policy> {
  const more = bigIpPolicies(bigips, policies.get('allowed')!.terms)
  return new Map([...policies, ...more.map(policy => [policy.name, policy] as const)])
}

/** Defaults of the schema, and what peers have from the rest of the file. */
function fill(settings: Readonly<Record<string, unknown>>): FilledFile {
  const file = withDefaults(agentSchema as unknown as Schema, settings) as FilledFile
  const { enabled, restartTime } = file.gracefulRestart
  const session = <Settings extends { readonly gracefulRestart?: object }>(settings: Settings) => ({
    ...settings,
    gracefulRestart: Object.assign({ enabled, restartTime }, settings.gracefulRestart),
  })
  const peers = file.peers.map(peer => session({ ...peer, name: peer.name ?? String(peer.address ?? peer.interface) }))
  return { ...file, peers, ranges: file.ranges.map(session) }
}

/** What a peer has from the rest of the file came from where that did. */
function inheritOrigins(origins: Map<string, string>, section: string, heirs: readonly string[]): void {
  const inherited = [...origins].filter(([path]) => path.startsWith(`${section}.`))
  for (const heir of heirs)
    for (const [path, origin] of inherited) if (!origins.has(`${heir}.${path}`)) origins.set(`${heir}.${path}`, origin)
}

function fileLayers({ nodes = [], ...file }: AgentFile, node: NodeFacts): Layer[] {
  const sections = nodes.flatMap(({ selector, ...settings }, at) =>
    selects(selector, node) ? [{ settings, origin: `nodes[${at}]` }] : [],
  )
  return [{ settings: file, origin: 'file' }, ...sections]
}

function selects({ names, matchLabels }: Section['selector'], node: NodeFacts): boolean {
  if (names?.includes(node.name) === false) return false
  if (matchLabels === undefined) return true
  const labels = node.object?.labels
  return labels !== undefined && Object.entries(matchLabels).every(([key, value]) => labels[key] === value)
}

function missingAsNumber(nodeUnknown: boolean): string {
  if (nodeUnknown)
    return 'no AS number in the file, and the Node that may have one is not known yet: no session can run'
  return 'no AS number is known: write asNumber in the file or in a section for this node, or annotate the Node with podpeer.io/as-number; no session can run'
}

function routerIdOf(filled: FilledFile, node: NodeFacts, origins: Map<string, string>): Address | undefined {
  if (filled.routerId !== undefined) return parseAddress(filled.routerId)
  if (filled.kubernetes.enabled && node.object === undefined) return undefined
  const internal = node.object?.addresses.find(({ type, address }) => type === 'InternalIP' && !address.includes(':'))
  origins.set('routerId', internal === undefined ? 'made from the name of the node' : 'Node InternalIP')
  return internal === undefined ? addressOfUint32(hashOf(node.name)) : parseAddress(internal.address)
}

/** FNV-1a of the name, brought into the unicast range 1.0.0.0 to 223.255.255.255: some routers accept no other ids. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (const octet of Buffer.from(name)) hash = Math.imul(hash ^ octet, 0x01000193)
  return 0x01000000 + ((hash >>> 0) % 0xdf000000)
}
