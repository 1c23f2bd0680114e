/** Two nodes that claim the same: one has it, and always the same one. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { clusterNetwork } from '../../../lib/cni/cluster-network.ts'
import type { NodeView } from '../../../lib/kube/object.ts'
import { flannelConfig, flannelNode, macOf, objects } from './objects.ts'

const FLANNEL = 'flannel.alpha.coreos.com'
const read = (nodes: readonly NodeView[]) => clusterNetwork(objects({ nodes, configMaps: [flannelConfig()] }))

const COPIES: readonly (readonly [reason: string, more: Partial<NodeView>])[] = [
  ['DuplicateVtepMAC', { annotations: { [`${FLANNEL}/backend-data`]: `{"VtepMAC":"${macOf(1)}"}` } }],
  ['DuplicatePodCIDR', { podCIDRs: ['10.244.1.0/24'] }],
  ['DuplicateAddress', { annotations: { [`${FLANNEL}/public-ip`]: '10.1.10.1' } }],
]

describe('what two nodes claim', () => {
  for (const [reason, more] of COPIES)
    test(`${reason}: the older one has it, and the younger is left out and told which`, () => {
      const nodes = [flannelNode(2, more), flannelNode(1), flannelNode(3)]
      const network = read(nodes)
      assert.deepEqual(
        network.nodes.map(({ name }) => name),
        ['node-1', 'node-3'],
      )
      assert.deepEqual(
        network.exclusions.map(({ kind, name, reason }) => [kind, name, reason]),
        [['Node', 'node-2', reason]],
      )
      assert.match(network.exclusions[0]!.message, /Node node-1, which is older/)
    })

  test('of two that are equally old the lower name has it', () => {
    const creationTimestamp = '2026-01-01T00:00:00Z'
    const nodes = [
      flannelNode(2, { podCIDRs: ['10.244.1.0/24'], creationTimestamp }),
      flannelNode(1, { creationTimestamp }),
    ]
    assert.deepEqual(
      read(nodes).nodes.map(({ name }) => name),
      ['node-1'],
    )
  })

  test('the order in which nodes are heard of makes no difference', () => {
    const views = fc.array(
      fc.record({
        number: fc.integer({ min: 1, max: 6 }),
        mac: fc.integer({ min: 1, max: 3 }),
        age: fc.integer({ min: 0, max: 3 }),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(views, records => {
        const nodes = records.map(({ number, mac, age }, at) =>
          flannelNode(number, {
            name: `n-${at}`,
            creationTimestamp: `2026-01-01T00:00:0${age}Z`,
            annotations: { [`${FLANNEL}/backend-data`]: `{"VtepMAC":"${macOf(mac)}"}` },
          }),
        )
        const [one, other] = [read(nodes), read(nodes.toReversed())]
        assert.deepEqual(one.nodes, other.nodes)
        const macs = one.nodes.flatMap(({ vteps }) => vteps.map(({ mac }) => mac))
        assert.equal(new Set(macs).size, macs.length)
        assert.equal(one.nodes.length + one.exclusions.length, nodes.length)
      }),
      { numRuns: 200 },
    )
  })

  test('no text that a Node holds makes it throw', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom('10.0.0.0/99', '::/129', '{"VtepMAC":null}', '10.1.2.3/x'),
    )
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.constantFrom('flannel', 'calico', 'cilium', 'ovn-kubernetes', 'kube-router'),
        (a, b, c, cni) => {
          const annotations = {
            [`${FLANNEL}/backend-type`]: 'vxlan',
            [`${FLANNEL}/backend-data`]: a,
            [`${FLANNEL}/public-ip`]: b,
            'projectcalico.org/IPv4Address': b,
            'projectcalico.org/ASNumber': c,
            'network.cilium.io/ipv4-pod-cidr': c,
            'k8s.ovn.org/node-subnets': a,
            'k8s.ovn.org/node-primary-ifaddr': b,
            'kube-router.io/pod-cidr': c,
          }
          const nodes = [
            flannelNode(1, { annotations, podCIDRs: [c], addresses: [{ type: 'InternalIP', address: a }] }),
          ]
          const network = clusterNetwork(objects({ nodes }), cni as 'flannel')
          assert.equal(network.nodes.length, 1)
          assert.ok(network.nodes[0]!.lacks.every(({ reason, message }) => /^[A-Z]\w+$/.test(reason) && message !== ''))
        },
      ),
      { numRuns: 500 },
    )
  })
})
