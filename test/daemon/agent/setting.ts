/** The setting of the agent's stories: a node in a played world and a router that peers with it and announces a VIP. */
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

let nodes: PlayedNode[] = []

/** A node, and a router that peers with it and announces a VIP. */
export function world() {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const node = new PlayedNode(network)
  nodes.push(node)
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

/** After each test. */
export function clean(): void {
  for (const node of nodes) node.clean()
  nodes = []
}
