import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { planPings, planRoutes, planSessions } from './expectation.ts'
import { FAMILIES, planTopology, ROUTER_AS } from './topology.ts'

test('two nodes have the AS numbers and segments of the classic guide', () => {
  const { nodes } = planTopology(2)
  assert.deepEqual(
    nodes.map(({ name, asNumber, address, podCIDRs }) => [name, asNumber, address.ipv4, podCIDRs.ipv4]),
    [
      ['node-1', 65010, '10.0.1.1', '10.244.1.0/24'],
      ['node-2', 65020, '10.0.2.1', '10.244.2.0/24'],
    ],
  )
})

test('at any size no two nodes share an AS number, a segment or a pod prefix, and none has the AS of the router', () => {
  const { nodes } = planTopology(200)
  for (const values of [
    nodes.map(node => node.asNumber),
    nodes.map(node => node.segment),
    ...FAMILIES.map(family => nodes.map(node => node.podCIDRs[family])),
    ...FAMILIES.map(family => nodes.map(node => node.router[family])),
  ])
    assert.equal(new Set<string | number>(values).size, 200)
  assert.ok(!nodes.some(node => node.asNumber === ROUTER_AS))
})

test('pods have addresses of their node, and every pod prefix lies in the range that nodes may learn', () => {
  const { nodes, podRange } = planTopology(20)
  for (const node of nodes)
    for (const family of FAMILIES) {
      assert.ok(parsePrefix(podRange[family]).contains(parsePrefix(node.podCIDRs[family])))
      for (const pod of node.pods)
        assert.ok(parsePrefix(node.podCIDRs[family]).contains(parseAddress(pod.address[family])))
    }
})

test('neither the router nor a node has a static route to what BGP has to bring', () => {
  const { cables, routerPrefixes, nodes } = planTopology(3)
  const learned = FAMILIES.flatMap(family => [
    ...routerPrefixes[family],
    ...nodes.map(node => node.podCIDRs[family]),
  ]).map(text => parsePrefix(text))
  for (const { ends } of cables)
    for (const { place, routes } of ends) {
      if (place !== 'router' && !place.startsWith('node-')) continue
      const own = nodes.find(({ name }) => name === place)
      for (const { prefix } of routes) {
        const target = parsePrefix(prefix)
        const brought = learned.find(some => some.contains(target) || target.contains(some))
        const local = own !== undefined && brought !== undefined && Object.values(own.podCIDRs).includes(`${brought}`)
        assert.ok(brought === undefined || local, `${place} has a static route to ${prefix}`)
      }
    }
})

test('the pings of a small lab go from router and client to all pods, from all pods to the VIP, and between all pods of different nodes', () => {
  const pings = planPings(planTopology(2))
  const pairs = pings.filter(({ family }) => family === 'ipv6').map(({ from, to }) => `${from} ${to}`)
  const pods = ['pod-1-1', 'pod-1-2', 'pod-2-1', 'pod-2-2']
  assert.deepEqual(
    pairs.sort(),
    [
      ...pods.map(pod => `router ${pod}`),
      ...pods.map(pod => `client ${pod}`),
      ...pods.map(pod => `${pod} VIP`),
      ...pods.flatMap(from => pods.filter(to => to[4] !== from[4]).map(to => `${from} ${to}`)),
    ].sort(),
  )
  assert.equal(pings.length, 2 * pairs.length)
})

test('the pings of a large lab grow with the nodes and not with their square', () => {
  assert.equal(planPings(planTopology(100)).length, 2 * planPings(planTopology(50)).length)
})

test('every node is expected to learn the VIP, the client and the other nodes, and the router all nodes', () => {
  const routes = planRoutes(planTopology(2)).map(({ node, prefix }) => `${node} ${prefix}`)
  assert.deepEqual(
    routes.sort(),
    [
      'router 10.244.1.0/24',
      'router 10.244.2.0/24',
      'router fd00:10:244:1::/64',
      'router fd00:10:244:2::/64',
      ...['node-1', 'node-2'].flatMap((node, at) => [
        `${node} 203.0.113.10/32`,
        `${node} 198.51.100.0/24`,
        `${node} 2001:db8:113::10/128`,
        `${node} 2001:db8:100::/64`,
        `${node} 10.244.${2 - at}.0/24`,
        `${node} fd00:10:244:${2 - at}::/64`,
      ]),
    ].sort(),
  )
  assert.equal(planSessions(planTopology(3)).length, 6)
})

test('a number of nodes that makes no sense is refused with what to write', () => {
  for (const count of [0, -1, 1.5, Number.NaN, 201]) assert.throws(() => planTopology(count), /from 1 to 200/)
})
