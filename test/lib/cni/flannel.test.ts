/** flannel's annotations, from every version and of both families. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clusterNetwork } from '../../../lib/cni/cluster-network.ts'
import type { NodeView } from '../../../lib/kube/object.ts'
import { dualNode, flannelConfig, flannelNode, macOf, node, objects, standIn } from './objects.ts'

const FLANNEL = 'flannel.alpha.coreos.com'
const read = (...nodes: NodeView[]) => clusterNetwork(objects({ nodes, configMaps: [flannelConfig()] }))
const first = (view: NodeView) => read(view).nodes[0]!

describe('flannel', () => {
  test('a node is its VTEP, its pod CIDR and the address that flannel chose', () => {
    const network = read(flannelNode(1))
    assert.deepEqual(network.clusterCIDRs, ['10.244.0.0/16'])
    assert.deepEqual(network.vxlan, { vni: 1, port: 8472 })
    assert.equal(network.backend, 'vxlan')
    const [one] = network.nodes
    assert.deepEqual(one!.vteps, [{ family: 4, mac: macOf(1), endpoint: '10.1.10.1' }])
    assert.deepEqual(one!.podCIDRs, [{ family: 4, prefix: '10.244.1.0/24' }])
    assert.deepEqual(one!.lacks, [])
  })

  test('public-ip wins over InternalIP, and public-ip-overwrite over both', () => {
    const endpoint = (annotations: Record<string, string>) => first(flannelNode(1, { annotations })).vteps[0]!.endpoint
    assert.equal(endpoint({ [`${FLANNEL}/public-ip`]: '192.0.2.1' }), '192.0.2.1')
    assert.equal(
      endpoint({ [`${FLANNEL}/public-ip`]: '192.0.2.1', [`${FLANNEL}/public-ip-overwrite`]: '198.51.100.1' }),
      '198.51.100.1',
    )
  })

  test('where an address cannot be read the next source counts, and the node says what is wrong', () => {
    const one = first(flannelNode(1, { annotations: { [`${FLANNEL}/public-ip`]: '10.1.10.999' } }))
    assert.equal(one.vteps[0]!.endpoint, '10.1.10.1')
    assert.deepEqual(
      one.lacks.map(({ what, reason }) => [what, reason]),
      [['address', 'BadAddress']],
    )
  })

  test('both families have a VTEP each, in normal form', () => {
    const netConf = {
      Network: '10.244.0.0/16',
      EnableIPv6: true,
      IPv6Network: 'fd00:10:244::/48',
      Backend: { Type: 'vxlan' },
    }
    const network = clusterNetwork(objects({ nodes: [dualNode(7)], configMaps: [flannelConfig(netConf)] }))
    assert.deepEqual(network.clusterCIDRs, ['10.244.0.0/16', 'fd00:10:244::/48'])
    assert.deepEqual(network.nodes[0]!.vteps, [
      { family: 4, mac: macOf(7), endpoint: '10.1.10.7' },
      { family: 6, mac: macOf(7, 6), endpoint: 'fd00:1:10::7' },
    ])
    assert.deepEqual(
      network.nodes[0]!.podCIDRs.map(({ prefix }) => prefix),
      ['10.244.7.0/24', 'fd00:10:244:7::/64'],
    )
  })

  test('a cluster of IPv6 alone has no VTEP of IPv4', () => {
    const view = flannelNode(3, {
      podCIDRs: ['fd00:10:244:3::/64'],
      addresses: [{ type: 'InternalIP', address: 'fd00:1:10::3' }],
      annotations: {
        [`${FLANNEL}/backend-data`]: 'null',
        [`${FLANNEL}/public-ip`]: '',
        [`${FLANNEL}/backend-v6-data`]: `{"VNI":1,"VtepMAC":"${macOf(3, 6)}"}`,
        [`${FLANNEL}/public-ipv6`]: 'fd00:1:10::3',
      },
    })
    const one = first(view)
    assert.deepEqual(one.vteps, [{ family: 6, mac: macOf(3, 6), endpoint: 'fd00:1:10::3' }])
    assert.deepEqual(one.lacks, [])
  })

  for (const [what, text, reason] of [
    ['no JSON', '{"VtepMAC":', 'BadAnnotation'],
    ['a list', '[]', 'BadAnnotation'],
    ['no MAC address', '{"VNI":1}', 'BadVtepMAC'],
    ['a multicast address', '{"VtepMAC":"01:00:5e:00:00:01"}', 'BadVtepMAC'],
    ['zeros', '{"VtepMAC":"00:00:00:00:00:00"}', 'BadVtepMAC'],
    ['a number', '{"VtepMAC":12}', 'BadVtepMAC'],
  ] as const)
    test(`backend-data with ${what} is no VTEP, and the other nodes go on`, () => {
      const network = read(flannelNode(1, { annotations: { [`${FLANNEL}/backend-data`]: text } }), flannelNode(2))
      assert.deepEqual(
        network.nodes.map(({ name, vteps }) => [name, vteps.length]),
        [
          ['node-1', 0],
          ['node-2', 1],
        ],
      )
      assert.equal(network.nodes[0]!.lacks[0]!.reason, reason)
      assert.match(network.nodes[0]!.lacks[0]!.message, /node-1/)
    })

  test('a MAC address is told in lower case with two digits an octet', () => {
    const annotations = { [`${FLANNEL}/backend-data`]: '{"VtepMAC":"A:BB:0:0:C:DD"}' }
    assert.equal(first(flannelNode(1, { annotations })).vteps[0]!.mac, '0a:bb:00:00:0c:dd')
  })

  test('host-gw has no VTEPs and lacks none', () => {
    const annotations = { [`${FLANNEL}/backend-type`]: 'host-gw', [`${FLANNEL}/backend-data`]: 'null' }
    const network = read(flannelNode(1, { annotations }))
    assert.equal(network.backend, 'host-gw')
    assert.equal(network.vxlan, undefined)
    assert.deepEqual([network.nodes[0]!.vteps, network.nodes[0]!.lacks], [[], []])
  })

  test('what the nodes run wins over what kube-flannel-cfg will make of the next one', () => {
    const hostGw = flannelConfig({ Network: '10.244.0.0/16', Backend: { Type: 'host-gw' } })
    assert.equal(clusterNetwork(objects({ nodes: [flannelNode(1)], configMaps: [hostGw] })).backend, 'vxlan')
  })

  test('VNI, port, MTU and the length of subnets come from net-conf.json', () => {
    const netConf = {
      Network: '10.0.0.0/8',
      SubnetLen: 20,
      Backend: { Type: 'vxlan', VNI: 4096, Port: 4789, MTU: 1400 },
    }
    const network = clusterNetwork(objects({ nodes: [flannelNode(1)], configMaps: [flannelConfig(netConf)] }))
    assert.deepEqual(network.vxlan, { vni: 4096, port: 4789, mtu: 1400 })
    assert.deepEqual(network.nodeLengths, { 4: 20 })
  })

  test('the Node that stands for a BIG-IP is left out, with what it holds', () => {
    const network = read(flannelNode(1), standIn())
    assert.deepEqual(
      network.nodes.map(({ name }) => name),
      ['node-1'],
    )
    assert.deepEqual(network.standIns, [{ name: 'bigip1', endpoints: ['10.1.10.60'], podCIDRs: ['10.244.20.0/24'] }])
    assert.deepEqual(
      network.exclusions.map(({ name, reason }) => [name, reason]),
      [['bigip1', 'StandsForBigIP']],
    )
  })

  test('a NotReady node keeps all that it has', () => {
    assert.equal(first(flannelNode(1, { ready: false })).vteps.length, 1)
  })

  test('a node that flanneld has not annotated yet has no VTEP', () => {
    assert.deepEqual(read(node(1), flannelNode(2)).nodes[0]!.vteps, [])
  })

  test('a node whose object is the same value as before is the same value, and so again after another one changed', () => {
    const views = [flannelNode(1), flannelNode(2)]
    const before = read(...views)
    const after = read(views[0]!, flannelNode(2, { ready: false }))
    assert.equal(after.nodes[0], before.nodes[0])
    assert.notEqual(after.nodes[1], before.nodes[1])
  })
})
