/** What mode `auto` takes, when pods are needed, and what a device is told that needs nothing. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cniOf, needsPods } from '../../../../lib/bigip/mode/index.ts'
import {
  blockAffinity,
  ciliumConfigMap,
  configMap,
  flannelConfig,
  flannelNode,
  ipPool,
  node,
} from '../../cni/objects.ts'
import { codes, desired, inputOf, type Told } from './scene.ts'

const CALICO = { nodes: [node(1)], blockAffinities: [blockAffinity('node-1', '10.233.90.0/26')] }

describe('mode auto', () => {
  for (const [mode, told] of [
    ['flannel-vxlan', { cluster: { nodes: [flannelNode(1)], configMaps: [flannelConfig()] } }],
    ['calico-bgp', { cluster: CALICO }],
    ['calico-bgp', { cluster: { nodes: [node(1)], ipPools: [ipPool('10.9.0.0/16', { ipipMode: 'Always' })] } }],
    ['cilium-vxlan', { cluster: { configMaps: [ciliumConfigMap()] } }],
    ['cilium-bgp', { cluster: { configMaps: [ciliumConfigMap({ 'routing-mode': 'native' })] } }],
    ['underlay', { cluster: { configMaps: [ciliumConfigMap({ 'routing-mode': 'native', ipam: 'eni' })] } }],
    ['aws-cni', { cluster: { configMaps: [configMap('kube-system', 'amazon-vpc-cni', {})] } }],
    ['static', { cluster: { configMaps: [configMap('kube-system', 'antrea-config', {})] } }],
  ] as const satisfies readonly (readonly [string, Told])[])
    test(`takes ${mode} for ${Object.keys(told.cluster).join(' and ')}`, () => assert.equal(desired(told).mode, mode))

  for (const [why, told] of [
    ['no CNI is known', { cluster: { nodes: [node(1)] } }],
    ['several left traces', { cluster: { nodes: [flannelNode(1)], configMaps: [ciliumConfigMap()] } }],
    ['Cilium uses Geneve', { cluster: { configMaps: [ciliumConfigMap({ 'tunnel-protocol': 'geneve' })] } }],
    ['flannel uses WireGuard', { cluster: { configMaps: [flannelConfig({ Backend: { Type: 'wireguard' } })] } }],
  ] as const satisfies readonly (readonly [string, Told])[])
    test(`where ${why} nothing is wanted, nothing may go, and a mode is asked for`, () => {
      const answer = desired(told)
      assert.deepEqual([answer.mode, answer.rows, answer.complete], [undefined, [], false])
      assert.deepEqual(codes(answer), ['mode-unknown'])
      assert.match(answer.findings[0]!.remedy!, /spec\.mode/)
    })

  test('a mode that is written is not questioned', () => {
    const told = desired({ spec: { mode: 'static' }, cluster: { nodes: [flannelNode(1)] } })
    assert.deepEqual([told.mode, told.because], ['static', 'spec.mode says so'])
  })
})

test('aws-cni and underlay want nothing and say why; what is ours from another mode may go', () => {
  for (const mode of ['aws-cni', 'underlay']) {
    const told = desired({ spec: { mode }, cluster: { nodes: [node(1), node(2)] } })
    assert.deepEqual([told.rows, told.complete, told.served, codes(told)], [[], true, 2, ['underlay']])
    assert.ok(told.findings[0]!.remedy)
  }
})

test('pods are needed for flannel-vxlan with an entry for each, and for nothing else', () => {
  const needed = (told: Told) => {
    const { spec, network } = inputOf(told)
    return needsPods(spec, network)
  }
  const cluster = { nodes: [flannelNode(1)] }
  assert.equal(needed({ cluster }), true)
  assert.equal(needed({ spec: { mode: 'flannel-vxlan' } }), true)
  assert.equal(needed({ cluster, spec: { arp: 'node' } }), false)
  assert.equal(needed({ cluster, spec: { mode: 'static' } }), false)
  assert.equal(needed({ cluster: CALICO }), false)
})

test('a mode that is for one CNI says which', () => {
  assert.deepEqual(
    (
      [
        'flannel-vxlan',
        'flannel-host-gw',
        'calico-bgp',
        'cilium-bgp',
        'cilium-vxlan',
        'aws-cni',
        'bgp',
        'auto',
      ] as const
    ).map(cniOf),
    ['flannel', 'flannel', 'calico', 'cilium', 'cilium', 'aws-cni', undefined, undefined],
  )
})
