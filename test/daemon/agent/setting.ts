/** The setting of the agent's stories: a node in a played world and a router that peers with it and announces a VIP. */
import type { KubeObject } from '../../../lib/kube/object.ts'
import { MemoryClock, MemoryNetwork } from '../../bgp/memory-world.ts'
import { Router } from '../../bgp/router.ts'
import { nodeObject, PlayedNode } from './played-world.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND

export const CONFIG = `
asNumber: 65001
import: { allow: [203.0.113.0/24] }
peers: [{ name: tor, address: 10.0.0.254, asNumber: 65100, connectRetryTime: 1 }]
`
export const OWN_V4 = '10.244.1.0/24 via 10.0.0.1'
export const OWN_V6 = 'fd00:10:244:1::/64 via fd00::1'

/** A BIGIP whose two units speak BGP, as the controller leaves it. @param reflectors names of nodes `node-N` at 10.0.0.N */
export function bigIpObject({ reflectors = [] as string[], nodeASNumber = 64512 } = {}): KubeObject {
  return {
    apiVersion: 'podpeer.io/v1alpha1',
    kind: 'BIGIP',
    metadata: { name: 'bigip', uid: 'uid-bigip' },
    spec: {
      advertise: { virtualAddresses: ['203.0.113.0/24', '/Common/192.0.2.80', '/Common/shop'] },
      ...(reflectors.length > 0 && {
        bgp: { peers: 'reflector' },
        reflector: { nodeSelector: { matchLabels: { reflector: 'yes' } } },
      }),
    },
    status: {
      mode: 'bgp',
      nodeASNumber,
      units: [
        { name: 'bigip-a', bgp: { addresses: ['10.0.0.254', 'fd00::fe'], asNumber: 64512 } },
        { name: 'bigip-b', bgp: { addresses: ['10.0.0.253'], asNumber: 64512 } },
      ],
      reflectors: reflectors.map(node => ({
        node,
        addresses: [`10.0.0.${node.slice('node-'.length)}`],
        asNumber: nodeASNumber,
      })),
    },
  }
}

/** A unit of a BIGIP in mode flannel-vxlan, as the controller leaves it. */
export function flannelUnit(change: object = {}): Record<string, unknown> {
  return {
    name: 'bigip-a',
    haState: 'active',
    vtep: { address: '10.0.0.254', mac: '02:00:00:00:00:fe' },
    vxlan: { vni: 1, port: 8472 },
    selfIPs: ['10.244.254.1/16'],
    tunnelSubnets: ['10.244.254.0/24'],
    ...change,
  }
}

export function flannelBigIp(...units: Record<string, unknown>[]): KubeObject {
  return {
    apiVersion: 'podpeer.io/v1alpha1',
    kind: 'BIGIP',
    metadata: { name: 'bigip', uid: 'uid-bigip' },
    spec: {},
    status: { mode: 'flannel-vxlan', units: units.length === 0 ? [flannelUnit()] : units },
  }
}

let nodes: PlayedNode[] = []

/** A node, and a router that peers with it and announces a VIP. */
export function world() {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const node = keep(new PlayedNode(network))
  const router = new Router(network, '10.0.0.254', { as: 65100 })
  const other = new Router(network, '10.0.0.1', { as: 65001 })
  router.peerWith([other])
  router.announce('203.0.113.10/32', '192.0.2.0/24')
  /** Of the node's, as the router holds them. */
  const learned = () => router.received(other)
  return { clock, network, node, router, other, learned }
}

/** The same with the session up and everything exchanged. */
export function settled(config = CONFIG) {
  const made = world()
  made.node.start(config)
  made.node.synced(nodeObject())
  made.clock.advance(MINUTE)
  return made
}

/** Its folder goes after the test. */
export function keep(node: PlayedNode): PlayedNode {
  nodes.push(node)
  return node
}

/** After each test. */
export function clean(): void {
  for (const node of nodes) node.clean()
  nodes = []
}
