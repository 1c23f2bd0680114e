/**
 * What BIGIP objects say to an agent: whom to peer with, as which AS, what may be learned there, and where their tunnels end. Pure; who watches them
 * is elsewhere. They are the lowest layer of the configuration: the file, its sections and the Node's annotations win.
 *
 * `per-node`: every agent peers with every unit. `reflector`: the agents on the nodes of `status.reflectors` peer with every
 * unit and with all nodes, and pass on what the nodes announce; the agents on the other nodes peer with the reflectors alone.
 */
import type { Policy, PolicyTerm, PrefixRange, RouteSource } from '../../bgp/rib/policy.ts'
import { InputFault } from '../../lib/base/failure.ts'
import { type Address, bitsOf, type Family, parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { parseBigIp } from '../../lib/bigip/resource.ts'
import { rangeOf } from '../../lib/bigip/routing/advertisement.ts'
import type { KubeObject, NodeView } from '../../lib/kube/object.ts'
import { AS_NUMBER } from './annotation.ts'
import type { Layer } from './layers.ts'
import { type TunnelsView, tunnelsView } from './unit-tunnel.ts'

/** One BIGIP as an agent needs it; plain values, for it is saved for the agent that comes next. */
export interface BigIpView {
  readonly name: string
  readonly peers: 'per-node' | 'reflector'
  /** Of the nodes. */
  readonly nodeASNumber: number
  /** Seconds, as the next. */
  readonly holdTime: number
  readonly keepaliveTime: number
  readonly units: readonly BigIpSpeaker[]
  readonly reflectors: readonly BigIpSpeaker[]
  /** Prefixes of its VIPs: what may be learned from it lies in one of them. */
  readonly vips: readonly string[]
  readonly tunnels: TunnelsView
}

/** A unit of a BIGIP by the unit's name, or a reflector by its node's. */
export interface BigIpSpeaker {
  readonly name: string
  readonly addresses: readonly string[]
  readonly asNumber: number
}

/** A node as a reflector peers with it. */
export interface ClusterNode {
  readonly name: string
  readonly addresses: readonly string[]
  /** Its own, where it says one. */
  readonly asNumber?: number
}

/** Modes of `status.mode` in which units speak BGP. */
const BGP_MODES = ['calico-bgp', 'cilium-bgp', 'bgp']

/**
 * @param former what was known of it before: a unit that the status names without its BGP, for the controller cannot read it
 * now, keeps what it had, and so do reflectors
 * @throws InputFault for an object that is not as its schema has it
 */
export function bigIpView(object: KubeObject, former?: BigIpView): BigIpView {
  const bigIp = parseBigIp(object)
  const { metadata, spec, status } = bigIp
  // no mode is said while the controller has not seen a device since its start
  const speaks = status.mode === undefined || BGP_MODES.includes(status.mode)
  const units = (status.units ?? []).flatMap(({ name, bgp }): BigIpSpeaker[] => {
    if (bgp !== undefined) return [speaker(name, bgp)]
    return speaks ? (former?.units.filter(unit => unit.name === name) ?? []) : []
  })
  const chosen = (spec.advertise?.virtualAddresses ?? []).flatMap(choice => rangeOf(choice)?.toString() ?? [])
  const told = (status.units ?? []).flatMap(({ advertised = [] }) => advertised.map(text => String(parsePrefix(text))))
  return {
    name: metadata.name,
    peers: spec.bgp.peers,
    nodeASNumber: status.nodeASNumber ?? spec.bgp.nodeASNumber,
    holdTime: spec.bgp.holdTime,
    keepaliveTime: spec.bgp.keepaliveTime,
    units,
    reflectors: status.reflectors?.map(({ node, ...bgp }) => speaker(node, bgp)) ?? former?.reflectors ?? [],
    vips: [...new Set([...chosen, ...told])],
    tunnels: tunnelsView(bigIp, former?.tunnels),
  }
}

function speaker(
  name: string,
  bgp: { readonly addresses: readonly string[]; readonly asNumber: number },
): BigIpSpeaker {
  const addresses = bgp.addresses.map(text => parseAddress(text, `status of ${name}`).toString())
  return { name, addresses, asNumber: bgp.asNumber }
}

/** What the objects say, and sentences on those that cannot be read: these say what they said before. */
export function bigIpViews(
  objects: Iterable<KubeObject>,
  former: readonly BigIpView[],
): { readonly views: readonly BigIpView[]; readonly problems: readonly string[] } {
  const views: BigIpView[] = []
  const problems: string[] = []
  for (const object of objects) {
    const { name } = object.metadata
    const known = former.find(view => view.name === name)
    try {
      views.push(bigIpView(object, known))
    } catch (thrown) {
      if (!(thrown instanceof InputFault)) throw thrown
      if (known !== undefined) views.push(known)
      problems.push(`BIGIP ${name} cannot be read, and what it said last holds: ${thrown.message}`)
    }
  }
  return { views: views.sort((one, other) => (one.name < other.name ? -1 : 1)), problems }
}

export function isReflector(views: readonly BigIpView[], node: string): boolean {
  return views.some(view => view.peers === 'reflector' && view.reflectors.some(({ name }) => name === node))
}

/** @returns layers, and the names of their peers that are nodes of the cluster */
export function bigIpLayers(
  views: readonly BigIpView[],
  node: string,
): { readonly layers: readonly Layer[]; readonly nodes: ReadonlySet<string> } {
  const nodes = new Set<string>()
  const layers = views.flatMap((view): Layer[] => {
    if (view.units.length === 0) return []
    const reflects = isReflector([view], node)
    const direct = view.peers === 'per-node' || reflects
    const peers = direct
      ? view.units
          .flatMap(unit => peersOf(unit, `${view.name}/${unit.name}`, view, vipsOf(view.name), reflects))
          .map(peer => ({ ...peer, profile: 'plain', maxPrefixes: { [peer.families[0]!]: LIMIT } }))
      : view.reflectors.flatMap(reflector => peersOf(reflector, `reflector/${reflector.name}`, view, ALL_VIPS, false))
    if (!direct) for (const { name } of peers) nodes.add(name)
    return [{ origin: `BIGIP ${view.name}`, settings: { asNumber: view.nodeASNumber, peers } }]
  })
  return { layers, nodes }
}

/** What the peers of `bigIpLayers` name. @param allowed terms of the file's allow-list */
export function bigIpPolicies(views: readonly BigIpView[], allowed: readonly PolicyTerm[]): Policy[] {
  if (views.length === 0) return []
  const policy = (name: string, vips: readonly string[]): Policy => ({
    name,
    terms: [...vipTerm(vips), ...allowed],
    otherwise: 'reject',
  })
  return [...views.map(({ name, vips }) => policy(vipsOf(name), vips)), policy(ALL_VIPS, allVips(views)), PODS]
}

/** What a reflector tells BIG-IP: what originates in this cluster, never what others than nodes have told it. */
const PODS: Policy = {
  name: 'pods of the cluster',
  terms: [{ name: 'cluster', match: { source: ['local', 'service', 'node'] }, action: 'accept' }],
  otherwise: 'reject',
}

/** A device announces its virtual addresses. What goes beyond them by far is a mistake there, and must not cost the session. */
const LIMIT = { count: 20_000, action: 'drop' }

const ALL_VIPS = 'VIPs of all BIGIPs'

function vipsOf(name: string): string {
  return `VIPs of BIGIP ${name}`
}

function allVips(views: readonly BigIpView[]): string[] {
  return [...new Set(views.flatMap(({ vips }) => vips))]
}

/** One for each address, which carries the family of the address. */
function peersOf(
  { addresses, asNumber }: BigIpSpeaker,
  name: string,
  { holdTime, keepaliveTime }: BigIpView,
  policy: string,
  reflects: boolean,
) {
  return addresses.map((address, at) => {
    const { family } = parseAddress(address)
    return {
      name: at === 0 ? name : `${name} IPv${family}`,
      address,
      asNumber,
      holdTime,
      ...(holdTime > 0 && { keepaliveTime }),
      families: [family === 4 ? 'ipv4' : 'ipv6'],
      import: policy,
      ...(reflects && { export: PODS.name, nextHop: 'unchanged' }),
    }
  })
}

/** Accepts what lies in a VIP's prefix. */
function vipTerm(vips: readonly string[], source?: readonly RouteSource[]): PolicyTerm[] {
  if (vips.length === 0) return []
  const match = { prefixes: vips.map(within), ...(source && { source }) }
  return [{ name: 'spec.advertise', match, action: 'accept' }]
}

function within(text: string): PrefixRange {
  const prefix = parsePrefix(text)
  return { prefix, min: prefix.length, max: bitsOf(prefix.family) }
}

/** A node that this one reflects for. */
export interface NodePeer {
  readonly name: string
  readonly address: Address
  readonly asNumber: number
  readonly importPolicy: Policy
  readonly exportPolicy: Policy
}

/**
 * A reflector's sessions with nodes. Whoever reflects for the same BIGIPs is not among them: it peers with BIG-IP itself. A
 * node may announce what it has, and is told of VIPs.
 */
export function nodePeers(views: readonly BigIpView[], self: string, nodes: readonly ClusterNode[]): NodePeer[] {
  const reflecting = views.filter(view => isReflector([view], self))
  const speaking = reflecting.flatMap(({ units }) => units.flatMap(({ addresses }) => addresses))
  const families = new Set(speaking.map(text => parseAddress(text).family))
  const exportPolicy: Policy = {
    name: 'VIPs for nodes',
    terms: vipTerm(allVips(reflecting), ['internal', 'external']),
    otherwise: 'reject',
  }
  return nodes
    .filter(({ name }) => name !== self && reflecting.some(view => !isReflector([view], name)))
    .flatMap(node =>
      firstOfEach(node, families).map((address, at) => ({
        name: at === 0 ? `node/${node.name}` : `node/${node.name} IPv${address.family}`,
        address,
        asNumber: node.asNumber ?? reflecting.at(-1)!.nodeASNumber,
        importPolicy: FROM_NODES,
        exportPolicy,
      })),
    )
}

/** Thousands of nodes stay the same values when one of them changes. */
const parsedAddresses = new WeakMap<ClusterNode, readonly Address[]>()

function firstOfEach(node: ClusterNode, families: ReadonlySet<Family>): Address[] {
  const parsed = parsedAddresses.get(node) ?? node.addresses.map(text => parseAddress(text))
  parsedAddresses.set(node, parsed)
  return [...families].flatMap(family => parsed.find(address => address.family === family) ?? [])
}

/** No node is the way to everywhere. */
const FROM_NODES: Policy = {
  name: 'what nodes announce',
  terms: [
    {
      name: 'default route',
      match: { prefixes: ['0.0.0.0/0', '::/0'].map(text => ({ ...within(text), max: 0 })) },
      action: 'reject',
    },
  ],
  otherwise: 'accept',
}

/** What a reflector needs of a Node; undefined: nothing to peer with. */
export function clusterNode({ name, addresses, annotations }: NodeView): ClusterNode | undefined {
  const internal = addresses.filter(({ type }) => type === 'InternalIP').flatMap(({ address }) => addressText(address))
  const own = annotations[AS_NUMBER]?.trim() ?? ''
  if (internal.length === 0) return undefined
  // what is no AS number the node does not use either
  const isAsNumber = /^[1-9]\d{0,9}$/.test(own) && Number(own) <= 4294967295
  return { name, addresses: internal, ...(isAsNumber && { asNumber: Number(own) }) }
}

function addressText(text: string): string[] {
  try {
    return [parseAddress(text).toString()]
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    return []
  }
}
