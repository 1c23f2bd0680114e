import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { MemoryClock, MemoryNetwork } from '../../bgp/memory-world.ts'
import { Router } from '../../bgp/router.ts'
import { nodeObject, PlayedNode } from './played-world.ts'
import { bigIpObject, clean, keep, MINUTE, OWN_V4, SECOND } from './setting.ts'

afterEach(clean)

const VIP = '203.0.113.10/32'
const AWAY = 'API server unreachable'

function namedNode(number: number) {
  return nodeObject({
    name: `node-${number}`,
    uid: `uid-${number}`,
    podCIDRs: [`10.244.${number}.0/24`],
    addresses: [{ type: 'InternalIP', address: `10.0.0.${number}` }],
  })
}

/** Nodes by number at 10.0.0.N, and a router in the place of unit bigip-a that announces a VIP and something else. */
function world(numbers: readonly number[], as = 64512) {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const nodes = new Map(numbers.map(number => [number, keep(new PlayedNode(network, `10.0.0.${number}`))]))
  const others = new Map(numbers.map(number => [number, new Router(network, `10.0.0.${number}`, { as: 64512 })]))
  const bigip = new Router(network, '10.0.0.254', { as })
  bigip.announce(VIP, '198.51.100.0/24')
  const node = (number: number) => nodes.get(number)!
  /** Of a node's, as BIG-IP holds them. */
  const learned = (from: number) => bigip.received(others.get(from)!)
  return { clock, network, bigip, node, other: (number: number) => others.get(number)!, learned }
}

describe('an agent under a BIGIP', () => {
  function settled() {
    const made = world([1])
    const node = made.node(1)
    made.bigip.peerWith([made.other(1)])
    node.start('')
    node.synced(nodeObject())
    node.bigips(bigIpObject())
    made.clock.advance(MINUTE)
    return { ...made, node, learned: () => made.learned(1) }
  }

  it('peers with its units and takes their VIPs without a word in the file', () => {
    const { node, learned } = settled()
    assert.deepEqual(learned(), [OWN_V4])
    assert.deepEqual(node.kernel.text, [`${VIP} via 10.0.0.254`])
    assert.equal(node.view.config().origins['asNumber'], 'BIGIP bigip')
  })

  it('keeps its peers while the API is away, over a restart as well, and loses no route', () => {
    const { node, clock, learned } = settled()
    node.apiFails(AWAY)
    node.bigipsFail(AWAY)
    clock.advance(10 * MINUTE)
    assert.deepEqual(learned(), [OWN_V4])
    node.kill()
    clock.advance(10 * SECOND)
    assert.deepEqual(learned(), [`${OWN_V4} stale`])
    node.start('')
    node.apiFails(AWAY)
    node.bigipsFail(AWAY)
    clock.advance(10 * MINUTE)
    assert.deepEqual(learned(), [OWN_V4])
    assert.deepEqual(node.kernel.text, [`${VIP} via 10.0.0.254`])
  })

  it('keeps what it knew of a BIGIP that cannot be read, or that may not be, and says so', () => {
    const { node, clock, learned } = settled()
    node.bigips({ ...bigIpObject(), spec: { units: [] } })
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [OWN_V4])
    assert.match(node.agent.problems.join(), /BIGIP bigip cannot be read, and what it said last holds: spec\.units/)
    node.bigipsFail('forbidden: no list of bigips')
    assert.match(node.agent.problems.join(), /^BIGIPs cannot be read: forbidden/)
    node.bigips(bigIpObject())
    assert.deepEqual(node.agent.problems, [])
  })

  it('gives its peers up when the BIGIP is deleted', () => {
    const { node, clock, learned, bigip } = settled()
    node.bigips()
    clock.advance(SECOND)
    assert.deepEqual(learned(), [])
    assert.match(bigip.said.join('\n'), /Peer De-configured/)
    assert.deepEqual(node.kernel.text, [])
  })

  it('does not take a resource that is absent for one without objects', () => {
    const { node, clock, learned } = settled()
    node.kill()
    node.start('')
    node.synced(nodeObject())
    node.bigipsAbsent()
    clock.advance(10 * MINUTE)
    assert.deepEqual(learned(), [OWN_V4])
    assert.match(node.agent.problems.join(), /knows no BIGIPs any more: those known last count/)
  })

  it('is no news where only the time of the last pass has changed', () => {
    const { node, clock } = settled()
    const before = node.agent.desired
    const object = bigIpObject()
    node.bigips({ ...object, status: { ...(object['status'] as object), findings: [] } })
    clock.advance(SECOND)
    assert.equal(node.agent.desired, before)
  })
})

it('an agent without BIGIPs in its cluster is as it was', () => {
  const { node, clock } = world([1])
  node(1).start('asNumber: 65001')
  node(1).synced(nodeObject())
  node(1).bigipsAbsent()
  clock.advance(MINUTE)
  assert.deepEqual(node(1).agent.problems, [])
  assert.equal(node(1).view.status().phase, 'running')
})

for (const [kind, as] of [
  ['iBGP', 64512],
  ['eBGP', 65100],
] as const)
  describe(`a reflector, with ${kind} to BIG-IP`, () => {
    const bigIp = () => {
      const object = bigIpObject({ reflectors: ['node-8'] })
      const status = object['status'] as { units: object[] }
      const units = [{ name: 'bigip-a', bgp: { addresses: ['10.0.0.254'], asNumber: as } }]
      return { ...object, status: { ...status, units } }
    }

    function settled() {
      const made = world([1, 2, 8], as)
      made.bigip.peerWith([made.other(8)])
      for (const number of [1, 2, 8]) {
        const node = made.node(number)
        node.start(number === 8 ? TOR : '', `node-${number}`)
        node.synced(namedNode(number))
        node.bigips(bigIp())
      }
      const tor = new Router(made.network, '10.0.0.200', { as: 65200 })
      tor.peerWith([made.other(8)])
      tor.announce('203.0.113.99/32', '10.244.77.0/24')
      made.node(8).cluster(...[1, 2, 8].map(namedNode))
      made.clock.advance(2 * MINUTE)
      return { ...made, tor }
    }
    const TOR = `
import: { allow: [10.244.0.0/16] }
peers: [{ name: tor, address: 10.0.0.200, asNumber: 65200, import: accept, connectRetryTime: 1 }]`

    it('passes on to BIG-IP what nodes announce, with their next hops, and nothing of other routers', () => {
      const { learned, node } = settled()
      assert.deepEqual(learned(8), [
        '10.244.1.0/24 via 10.0.0.1',
        '10.244.2.0/24 via 10.0.0.2',
        '10.244.8.0/24 via 10.0.0.8',
      ])
      const kernel = node(8).kernel.text
      assert.ok(!kernel.some(route => /^10\.244\.[12]\./.test(route)), `no route to pods of others among ${kernel}`)
      assert.ok(kernel.includes(`${VIP} via 10.0.0.254`))
    })

    it('passes on to nodes the VIPs alone, with the next hop that BIG-IP gave them', () => {
      const { node, tor, other } = settled()
      for (const number of [1, 2])
        assert.deepEqual(node(number).kernel.text, ['203.0.113.10/32 via 10.0.0.254', '203.0.113.99/32 via 10.0.0.200'])
      const peers = node(1).view.peers()
      assert.deepEqual(
        peers.map(({ name, type, state }) => [name, type, state]),
        [['reflector/node-8', 'internal', 'Established']],
      )
      assert.deepEqual(tor.received(other(8)), ['10.244.8.0/24 via 10.0.0.8'])
    })

    it('keeps what a node has announced while its agent is started again, and withdraws it when the Node is gone', () => {
      const { node, clock, learned } = settled()
      node(1).kill()
      clock.advance(20 * SECOND)
      assert.ok(learned(8).includes('10.244.1.0/24 via 10.0.0.1'))
      node(8).cluster(...[2, 8].map(namedNode))
      clock.advance(SECOND)
      assert.deepEqual(learned(8), ['10.244.2.0/24 via 10.0.0.2', '10.244.8.0/24 via 10.0.0.8'])
    })

    it('knows its nodes after a restart without the API', () => {
      const { node, clock, learned } = settled()
      node(8).kill()
      clock.advance(5 * SECOND)
      node(8).start(TOR, 'node-8')
      node(8).apiFails(AWAY)
      clock.advance(5 * MINUTE)
      assert.deepEqual(learned(8), [
        '10.244.1.0/24 via 10.0.0.1',
        '10.244.2.0/24 via 10.0.0.2',
        '10.244.8.0/24 via 10.0.0.8',
      ])
    })

    it('lets go of the cluster when another node takes its place', () => {
      const { node, clock, learned } = settled()
      assert.ok(node(8).followsCluster)
      const status = { ...bigIp().status, reflectors: [{ node: 'node-9', addresses: ['10.0.0.9'], asNumber: 64512 }] }
      node(8).bigips({ ...bigIp(), status })
      clock.advance(MINUTE)
      assert.ok(!node(8).followsCluster)
      assert.deepEqual(learned(8), [])
      assert.deepEqual(
        node(8).agent.desired.config.peers.map(({ name }) => name),
        ['reflector/node-9', 'tor'],
      )
    })
  })
