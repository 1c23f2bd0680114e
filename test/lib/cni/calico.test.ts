/** Calico's blocks in every state that an affinity may be in. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clusterNetwork } from '../../../lib/cni/cluster-network.ts'
import type { KubeObject } from '../../../lib/kube/object.ts'
import { blockAffinity, ipPool, node, objects } from './objects.ts'

const NODES = [node(1), node(2)]
const read = (blockAffinities: KubeObject[], nodes = NODES) =>
  clusterNetwork(objects({ nodes, blockAffinities, ipPools: [ipPool('10.233.64.0/18')] }))
const prefixesOf = (network: ReturnType<typeof read>) =>
  network.nodes.map(({ podCIDRs }) => podCIDRs.map(({ prefix }) => prefix))

describe('Calico', () => {
  test('the blocks of a node are its pod CIDRs, and its Node’s own pod CIDR is not', () => {
    const network = read([
      blockAffinity('node-1', '10.233.90.0/26'),
      blockAffinity('node-1', '10.233.90.64/26'),
      blockAffinity('node-2', 'FD00:10:233::/122'),
    ])
    assert.equal(network.cni, 'calico')
    assert.equal(network.detectedFrom, 'told from 3 BlockAffinities')
    assert.deepEqual(prefixesOf(network), [['10.233.90.0/26', '10.233.90.64/26'], ['fd00:10:233::/122']])
    assert.equal(network.nodes[0]!.podCIDRs[0]!.origin, 'node-1-10-233-90-0-26')
    assert.deepEqual(network.clusterCIDRs, ['10.233.64.0/18'])
  })

  for (const [state, counts] of [
    [{ state: 'confirmed' }, true],
    [{ state: undefined }, true],
    [{ state: '' }, true],
    [{ state: 'pending' }, false],
    [{ state: 'pendingDeletion' }, false],
    [{ deleted: 'true' }, false],
    [{ deleted: true }, false],
    [{ type: 'virtual' }, false],
  ] as const)
    test(`an affinity with ${JSON.stringify(state)} ${counts ? 'counts' : 'does not count'}`, () => {
      const network = read([
        blockAffinity('node-1', '10.233.90.0/26', state),
        blockAffinity('node-2', '10.233.91.0/26'),
      ])
      assert.deepEqual(prefixesOf(network)[0], counts ? ['10.233.90.0/26'] : [])
    })

  test('a block that two nodes have an affinity for is the older one’s, in whatever order they come', () => {
    const old = blockAffinity('node-2', '10.233.90.0/26')
    const late = blockAffinity('node-1', '10.233.90.0/26')
    const younger = { ...late, metadata: { ...late.metadata, creationTimestamp: '2026-05-01T00:00:00Z' } }
    const own = blockAffinity('node-1', '10.233.91.0/26')
    for (const affinities of [
      [old, younger, own],
      [younger, own, old],
    ]) {
      const network = read(affinities)
      assert.deepEqual(prefixesOf(network), [['10.233.91.0/26'], ['10.233.90.0/26']])
      assert.deepEqual(
        network.nodes[0]!.lacks.map(({ reason }) => reason),
        ['DuplicateBlock'],
      )
      assert.match(network.nodes[0]!.lacks[0]!.message, /Node node-2 has block 10\.233\.90\.0\/26/)
    }
  })

  test('two affinities of one node for one block are one block', () => {
    const network = read([
      blockAffinity('node-1', '10.233.90.0/26'),
      blockAffinity('node-1', '10.233.90.0/26', {}, 'again'),
    ])
    assert.deepEqual(prefixesOf(network)[0], ['10.233.90.0/26'])
    assert.deepEqual(network.nodes[0]!.lacks, [])
  })

  test('a block that cannot be read leaves its node’s others', () => {
    const network = read([blockAffinity('node-1', '10.233.90.0/33'), blockAffinity('node-1', '10.233.90.64/26')])
    assert.deepEqual(prefixesOf(network)[0], ['10.233.90.64/26'])
    assert.equal(network.nodes[0]!.lacks[0]!.reason, 'BadAddress')
  })

  test('without any block the pod CIDRs count: host-local IPAM', () => {
    assert.deepEqual(prefixesOf(read([])), [['10.244.1.0/24'], ['10.244.2.0/24']])
  })

  test('a node without a block says so', () => {
    const network = read([blockAffinity('node-1', '10.233.90.0/26')])
    assert.deepEqual(
      network.nodes[1]!.lacks.map(({ what, reason }) => [what, reason]),
      [['podCIDR', 'NoBlock']],
    )
  })

  test('the address and the AS number come from calico-node’s annotations', () => {
    const annotations = {
      'projectcalico.org/IPv4Address': '192.0.2.7/24',
      'projectcalico.org/IPv6Address': '2001:DB8:0::7/64',
      'projectcalico.org/ASNumber': '64600',
    }
    const [one] = read([blockAffinity('node-1', '10.233.90.0/26')], [node(1, { annotations })]).nodes
    assert.deepEqual(
      one!.addresses.map(({ address }) => address),
      ['192.0.2.7', '2001:db8::7'],
    )
    assert.equal(one!.asNumber, 64600)
    const own = { ...annotations, 'podpeer.io/as-number': '1.10' }
    const [other] = read([blockAffinity('node-1', '10.233.90.0/26')], [node(1, { annotations: own })]).nodes
    assert.equal(other!.asNumber, 65546)
  })

  test('pools tell how nodes reach each other, and what the cluster has for pods', () => {
    const told = (...ipPools: KubeObject[]) => clusterNetwork(objects({ ipPools }))
    assert.equal(told(ipPool('10.233.64.0/18')).backend, 'bgp')
    assert.equal(told(ipPool('10.233.64.0/18', { vxlanMode: 'CrossSubnet' })).backend, 'vxlan')
    assert.equal(told(ipPool('10.233.64.0/18', { ipipMode: 'Always' })).backend, 'ipip')
    const loadBalancer = ipPool('192.0.2.0/24', { allowedUses: ['LoadBalancer'] })
    const off = ipPool('10.9.0.0/16', { disabled: true })
    assert.deepEqual(told(ipPool('10.233.64.0/18'), loadBalancer, off).clusterCIDRs, ['10.233.64.0/18'])
  })

  test('a node is the same value until one of its own blocks changes', () => {
    const affinities = [blockAffinity('node-1', '10.233.90.0/26'), blockAffinity('node-2', '10.233.91.0/26')]
    const before = read(affinities)
    const after = read([...affinities, blockAffinity('node-2', '10.233.92.0/26')])
    assert.equal(after.nodes[0], before.nodes[0])
    assert.deepEqual(prefixesOf(after)[1], ['10.233.91.0/26', '10.233.92.0/26'])
  })
})
