/**
 * The lab's network as a value: which namespaces there are, how they are cabled, and what each interface, address and
 * static route is. Pure: it knows no kernel and no process. Rules: every node has a link of its own to the router, so that
 * no two nodes share an L2 segment; no node and no router has a static route to pods, to the VIP or to the client, so that
 * a ping that is answered was carried by BGP.
 *
 * ```
 * client ── router (VIP on lo, AS 65100) ─┬─ node-1 (AS 65010) ─┬─ pod-1-1
 *                                         │                     └─ pod-1-2
 *                                         └─ node-2 (AS 65020) ─── …
 * ```
 */
import { InputFault } from '../../lib/base/failure.ts'

export const ROUTER_AS = 65100
const PODS_PER_NODE = 2
const MOST_NODES = 200

export type FamilyName = 'ipv4' | 'ipv6'
export const FAMILIES: readonly FamilyName[] = ['ipv4', 'ipv6']

/** One value per family. */
export type PerFamily<T = string> = { readonly [family in FamilyName]: T }

export interface Endpoint {
  /** Without the lab's prefix: `router`, `node-1`, `pod-1-2`, `client`. */
  readonly name: string
  readonly address: PerFamily
}

export interface Pod extends Endpoint {
  readonly node: string
}

export interface LabNode extends Endpoint {
  readonly asNumber: number
  /** The name of its L2 segment, and the value of its zone label. */
  readonly segment: string
  readonly podCIDRs: PerFamily
  /** The router's addresses on this node's segment. */
  readonly router: PerFamily
  readonly pods: readonly Pod[]
}

/** A veth pair. */
export interface Cable {
  readonly ends: readonly [CableEnd, CableEnd]
}

export interface CableEnd {
  readonly place: string
  readonly device: string
  /** The VLAN of the place whose port it is. */
  readonly vlan?: string
  /** With their prefix length. */
  readonly addresses: readonly string[]
  /** Static routes out of this device. */
  readonly routes: readonly StaticRoute[]
}

export interface StaticRoute {
  readonly prefix: string
  /** Absent: on-link. */
  readonly via?: string
}

export interface Place {
  readonly name: string
  readonly forwards: boolean
  /** Names of its VLANs: bridges, with cables as their ports. */
  readonly vlans?: readonly string[]
  /** Addresses on `lo`, with their length. */
  readonly loopback: readonly string[]
}

/** Places and cables: all that is needed to build it. */
export interface Network {
  readonly places: readonly Place[]
  readonly cables: readonly Cable[]
}

export interface Topology extends Network {
  /** The place in the middle, between client and nodes: `router` or `bigip`. */
  readonly centre: string
  readonly nodes: readonly LabNode[]
  readonly vip: PerFamily
  /** The prefixes that the centre originates in BGP: the VIP and, of a plain router, the client's network. */
  readonly routerPrefixes: PerFamily<readonly string[]>
  /** Where the VIPs and clients are: what nodes may learn. */
  readonly outside: PerFamily<readonly string[]>
  /** The whole cluster's pod range. */
  readonly podRange: PerFamily
  readonly client: Endpoint
}

const VIP = { ipv4: '203.0.113.10', ipv6: '2001:db8:113::10' }
export const VIP_RANGE = { ipv4: '203.0.113.0/24', ipv6: '2001:db8:113::/64' }
const CLIENT = { ipv4: '198.51.100.1', ipv6: '2001:db8:100::1' }
export const CLIENT_RANGE = { ipv4: '198.51.100.0/24', ipv6: '2001:db8:100::/64' }
export const CLIENT_GATEWAY = { ipv4: '198.51.100.254', ipv6: '2001:db8:100::fe' }
const POD_GATEWAY = { ipv4: '169.254.1.1', ipv6: 'fe80::1' }
const POD_RANGE = { ipv4: '10.244.0.0/16', ipv6: 'fd00:10:244::/48' }

/** @param nodeCount as typed by a person @throws InputFault */
export function planTopology(nodeCount: number): Topology {
  const nodes = planNodes(nodeCount, index => ({
    segment: `segment-${index}`,
    address: { ipv4: `10.0.${index}.1`, ipv6: `fd00:10:0:${index}::1` },
    router: { ipv4: `10.0.${index}.254`, ipv6: `fd00:10:0:${index}::fe` },
  }))
  return {
    centre: 'router',
    places: [
      { name: 'router', forwards: true, loopback: hostPrefixes(VIP) },
      { name: 'client', forwards: false, loopback: [] },
      ...nodes.flatMap(node => [
        { name: node.name, forwards: true, loopback: [] },
        ...node.pods.map(pod => ({ name: pod.name, forwards: false, loopback: [] })),
      ]),
    ],
    cables: [
      clientCable({
        place: 'router',
        device: 'client',
        addresses: [`${CLIENT_GATEWAY.ipv4}/24`, `${CLIENT_GATEWAY.ipv6}/64`],
        routes: [],
      }),
      ...nodes.flatMap(node => [segmentCable(node), ...node.pods.map(pod => podCable(node, pod))]),
    ],
    nodes,
    routerPrefixes: {
      ipv4: [`${VIP.ipv4}/32`, CLIENT_RANGE.ipv4],
      ipv6: [`${VIP.ipv6}/128`, CLIENT_RANGE.ipv6],
    },
    ...SURROUNDINGS,
  }
}

/** What is the same whatever stands in the middle. */
export const SURROUNDINGS = {
  vip: VIP,
  outside: {
    ipv4: [VIP_RANGE.ipv4, CLIENT_RANGE.ipv4],
    ipv6: [VIP_RANGE.ipv6, CLIENT_RANGE.ipv6],
  },
  podRange: POD_RANGE,
  client: { name: 'client', address: CLIENT },
} as const

/** @param count as typed by a person @throws InputFault */
export function planNodes(
  count: number,
  underlay: (index: number) => Pick<LabNode, 'segment' | 'address' | 'router'>,
): LabNode[] {
  if (!Number.isInteger(count) || count < 1 || count > MOST_NODES)
    throw new InputFault('--nodes', `${count} is not a number of nodes`, `give a whole number from 1 to ${MOST_NODES}`)
  return Array.from({ length: count }, (_, at) => ({ ...planNode(at + 1), ...underlay(at + 1) }))
}

/** 65010, 65020 … as in the classic guides; from the tenth node on, where those run into the router's, private 32-bit ones. */
function asNumberOf(index: number): number {
  return index < 10 ? 65000 + 10 * index : 4_200_000_000 + 10 * index
}

function planNode(index: number): Omit<LabNode, 'segment' | 'address' | 'router'> {
  const name = `node-${index}`
  return { name, asNumber: asNumberOf(index), ...podNetwork(index) }
}

/** The pods of a node. @param share which part of the cluster's pod range it was given */
export function podNetwork(index: number, share = index): Pick<LabNode, 'podCIDRs' | 'pods'> {
  return {
    podCIDRs: { ipv4: `10.244.${share}.0/24`, ipv6: `fd00:10:244:${share}::/64` },
    pods: Array.from({ length: PODS_PER_NODE }, (_, at) => ({
      name: `pod-${index}-${at + 1}`,
      node: `node-${index}`,
      address: { ipv4: `10.244.${share}.${at + 2}`, ipv6: `fd00:10:244:${share}::${at + 2}` },
    })),
  }
}

export function hostPrefixes(address: PerFamily): string[] {
  return [`${address.ipv4}/32`, `${address.ipv6}/128`]
}

function segmentCable(node: LabNode): Cable {
  return {
    ends: [
      {
        place: 'router',
        device: node.name,
        addresses: [`${node.router.ipv4}/24`, `${node.router.ipv6}/64`],
        routes: [],
      },
      {
        place: node.name,
        device: 'eth0',
        addresses: [`${node.address.ipv4}/24`, `${node.address.ipv6}/64`],
        routes: [],
      },
    ],
  }
}

/** @param end the centre's */
export function clientCable(end: CableEnd): Cable {
  return {
    ends: [
      end,
      {
        place: 'client',
        device: 'eth0',
        addresses: [`${CLIENT.ipv4}/24`, `${CLIENT.ipv6}/64`],
        routes: [
          { prefix: '0.0.0.0/0', via: CLIENT_GATEWAY.ipv4 },
          { prefix: '::/0', via: CLIENT_GATEWAY.ipv6 },
        ],
      },
    ],
  }
}

/** As Calico does it: the pod's link is no subnet, and its gateway is the same link-local address behind every veth. */
export function podCable(node: LabNode, pod: Pod): Cable {
  return {
    ends: [
      {
        place: node.name,
        device: pod.name,
        addresses: [`${POD_GATEWAY.ipv4}/32`, `${POD_GATEWAY.ipv6}/64`],
        routes: hostPrefixes(pod.address).map(prefix => ({ prefix })),
      },
      {
        place: pod.name,
        device: 'eth0',
        addresses: hostPrefixes(pod.address),
        routes: [
          { prefix: `${POD_GATEWAY.ipv4}/32` },
          { prefix: '0.0.0.0/0', via: POD_GATEWAY.ipv4 },
          { prefix: '::/0', via: POD_GATEWAY.ipv6 },
        ],
      },
    ],
  }
}
