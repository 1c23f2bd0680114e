/** Cilium's configuration and its CiliumNodes, of several versions. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clusterNetwork } from '../../../lib/cni/cluster-network.ts'
import { ciliumConfigMap, ciliumNode, configMap, node, objects } from './objects.ts'

const NODES = [node(1), node(2)]
const backendOf = (data: Record<string, string>) =>
  clusterNetwork(objects({ configMaps: [configMap('kube-system', 'cilium-config', data)] })).backend

describe('Cilium', () => {
  test('the pod CIDRs of a CiliumNode win over those of its Node', () => {
    const network = clusterNetwork(
      objects({
        nodes: NODES,
        ciliumNodes: [ciliumNode(1), ciliumNode(2, ['10.0.2.0/24', 'fd00::2:0/112'])],
        configMaps: [ciliumConfigMap()],
      }),
    )
    assert.equal(network.cni, 'cilium')
    assert.deepEqual(
      network.nodes.map(({ podCIDRs }) => podCIDRs.map(({ prefix }) => prefix)),
      [['10.0.1.0/24'], ['10.0.2.0/24', 'fd00::2:0/112']],
    )
    assert.deepEqual(network.clusterCIDRs, ['10.0.0.0/8'])
    assert.deepEqual(network.vxlan, { vni: 2, port: 8472 })
    assert.equal(network.nodeLengths[4], 24)
  })

  test('pools of multi-pool IPAM count, then annotations of either version, then the Node', () => {
    const pools = {
      ...ciliumNode(1),
      spec: { ipam: { pools: { allocated: [{ pool: 'a', cidrs: ['10.5.0.0/27'] }] } } },
    }
    const nodes = [
      node(1),
      node(2, { annotations: { 'network.cilium.io/ipv4-pod-cidr': '10.6.2.0/24' } }),
      node(3, { annotations: { 'io.cilium.network.ipv4-pod-cidr': '10.6.3.0/24' } }),
      node(4),
    ]
    const network = clusterNetwork(objects({ nodes, ciliumNodes: [pools], configMaps: [ciliumConfigMap()] }))
    assert.deepEqual(
      network.nodes.map(({ podCIDRs }) => podCIDRs.map(({ prefix }) => prefix).join()),
      ['10.5.0.0/27', '10.6.2.0/24', '10.6.3.0/24', '10.244.4.0/24'],
    )
  })

  for (const [data, backend] of [
    [{ 'routing-mode': 'tunnel', 'tunnel-protocol': 'vxlan' }, 'vxlan'],
    [{ 'routing-mode': 'tunnel' }, 'vxlan'],
    [{ 'routing-mode': 'tunnel', 'tunnel-protocol': 'geneve' }, 'geneve'],
    [{ 'routing-mode': 'native', 'tunnel-protocol': 'vxlan' }, 'native'],
    [{ tunnel: 'vxlan' }, 'vxlan'],
    [{ tunnel: 'disabled' }, 'native'],
    [{ 'routing-mode': 'native', ipam: 'eni' }, 'underlay'],
    [{}, undefined],
  ] as const)
    test(`${JSON.stringify(data)} means ${backend}`, () => assert.equal(backendOf(data), backend))

  test('its VTEPs are parallel lists, with a length or with one mask for all', () => {
    const vteps = (data: Record<string, string>) =>
      clusterNetwork(objects({ configMaps: [ciliumConfigMap({ 'enable-vtep': 'true', ...data })] })).ciliumVteps
    const lists = { 'vtep-endpoint': '10.1.10.60 10.1.10.61', 'vtep-mac': '82:36:4c:98:2e:56 82:36:4C:98:2E:58' }
    const wanted = [
      { endpoint: '10.1.10.60', cidr: '10.1.5.0/24', mac: '82:36:4c:98:2e:56' },
      { endpoint: '10.1.10.61', cidr: '10.1.6.0/24', mac: '82:36:4c:98:2e:58' },
    ]
    assert.deepEqual(vteps({ ...lists, 'vtep-cidr': '10.1.5.0/24 10.1.6.0/24' }), wanted)
    assert.deepEqual(vteps({ ...lists, 'vtep-cidr': '10.1.5.0 10.1.6.0', 'vtep-mask': '255.255.255.0' }), wanted)
    assert.deepEqual(vteps({ ...lists, 'vtep-cidr': '10.1.5.0 10.1.6.0', 'vtep-mask': '255.0.255.0' }), [])
    assert.deepEqual(vteps({ ...lists, 'vtep-cidr': '10.1.5.0/24 nonsense' }), [wanted[0]])
    assert.equal(clusterNetwork(objects({ configMaps: [ciliumConfigMap()] })).ciliumVteps, undefined)
  })

  test('with addresses of the cloud no pod CIDR of a Node is believed', () => {
    const config = ciliumConfigMap({ 'routing-mode': 'native', ipam: 'eni' })
    const network = clusterNetwork(objects({ nodes: NODES, configMaps: [config] }))
    assert.deepEqual(
      network.nodes.map(({ podCIDRs, lacks }) => [podCIDRs, lacks]),
      [
        [[], []],
        [[], []],
      ],
    )
  })
})
