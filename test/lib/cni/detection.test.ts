/** Which CNI it is, from what it left, and that nobody guesses where several did. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clusterNetwork } from '../../../lib/cni/cluster-network.ts'
import type { ClusterObjects } from '../../../lib/cni/cluster-objects.ts'
import {
  blockAffinity,
  ciliumConfigMap,
  ciliumNode,
  configMap,
  flannelConfig,
  flannelNode,
  ipPool,
  node,
  objects,
  standIn,
} from './objects.ts'

const ovn = (number: number, subnets: string) =>
  node(number, {
    podCIDRs: [],
    annotations: {
      'k8s.ovn.org/node-subnets': subnets,
      'k8s.ovn.org/node-primary-ifaddr': `{"ipv4":"172.18.0.${number}/16","ipv6":"fc00:f853::${number}/64"}`,
    },
  })

const CASES: readonly (readonly [title: string, some: Partial<ClusterObjects>, cni: string, from: RegExp])[] = [
  ['kube-flannel-cfg', { configMaps: [flannelConfig()] }, 'flannel', /ConfigMap kube-flannel\/kube-flannel-cfg/],
  ['annotations alone (k3s)', { nodes: [flannelNode(1)] }, 'flannel', /annotations of flannel on Node node-1/],
  ['a BlockAffinity', { blockAffinities: [blockAffinity('node-1', '10.9.0.0/26')] }, 'calico', /one BlockAffinity/],
  ['an IPPool', { ipPools: [ipPool('10.9.0.0/16')] }, 'calico', /one Calico IPPool/],
  ['cilium-config', { configMaps: [ciliumConfigMap()] }, 'cilium', /ConfigMap kube-system\/cilium-config/],
  ['CiliumNodes', { ciliumNodes: [ciliumNode(1), ciliumNode(2)] }, 'cilium', /2 CiliumNodes/],
  ['a condition', { nodes: [node(1, { networkReason: 'CalicoIsUp' })] }, 'calico', /NetworkUnavailable/],
  ['OVN annotations', { nodes: [ovn(1, '{"default":["10.128.0.0/23"]}')] }, 'ovn-kubernetes', /OVN-Kubernetes on Node/],
  ['amazon-vpc-cni', { configMaps: [configMap('kube-system', 'amazon-vpc-cni', {})] }, 'aws-cni', /amazon-vpc-cni/],
  [
    'Cilium chained to aws-cni',
    { configMaps: [ciliumConfigMap({ 'cni-chaining-mode': 'aws-cni' })], ciliumNodes: [ciliumNode(1)] },
    'aws-cni',
    /cni-chaining-mode/,
  ],
  ['antrea-config', { configMaps: [configMap('kube-system', 'antrea-config', {})] }, 'antrea', /antrea-config/],
  [
    'kube-router-cfg',
    { configMaps: [configMap('kube-system', 'kube-router-cfg', {})] },
    'kube-router',
    /kube-router-cfg/,
  ],
  ['nothing', { nodes: [node(1)] }, 'unknown', /no CNI that podpeer knows/],
  ['a stand-in of flannel alone', { nodes: [standIn()] }, 'unknown', /no CNI/],
  [
    'traces of two, with the condition of one',
    { nodes: [flannelNode(1, { networkReason: 'CiliumIsUp' })], configMaps: [ciliumConfigMap()] },
    'cilium',
    /conditions of the Nodes, though there are traces of flannel \(the annotations/,
  ],
  [
    'traces of two',
    { nodes: [flannelNode(1)], configMaps: [ciliumConfigMap()] },
    'unknown',
    /several CNIs have left traces, and none is said to be up: flannel .* cilium/,
  ],
  [
    'traces of two, and conditions of both',
    {
      nodes: [flannelNode(1, { networkReason: 'CiliumIsUp' }), node(2, { networkReason: 'FlannelIsUp' })],
      configMaps: [ciliumConfigMap()],
    },
    'unknown',
    /several CNIs/,
  ],
]

describe('detection of the CNI', () => {
  for (const [title, some, cni, from] of CASES)
    test(`${title}: ${cni}`, () => {
      const network = clusterNetwork(objects(some))
      assert.equal(network.cni, cni)
      assert.match(network.detectedFrom, from)
    })

  test('what a person says is not questioned', () => {
    const network = clusterNetwork(objects({ nodes: [flannelNode(1)], configMaps: [ciliumConfigMap()] }), 'flannel')
    assert.deepEqual([network.cni, network.detectedFrom], ['flannel', 'said in the configuration'])
    assert.equal(network.nodes[0]!.vteps.length, 1)
  })
})

describe('OVN-Kubernetes', () => {
  const read = (subnets: string) => clusterNetwork(objects({ nodes: [ovn(2, subnets)] })).nodes[0]!

  test('subnet and address are annotations, one or a list', () => {
    const one = read('{"default":"10.128.2.0/23"}')
    assert.deepEqual(one.podCIDRs, [{ family: 4, prefix: '10.128.2.0/23' }])
    assert.deepEqual(
      one.addresses.map(({ address }) => address),
      ['172.18.0.2', 'fc00:f853::2'],
    )
    assert.deepEqual(
      read('{"default":["10.128.2.0/23","fd01:0:0:2::/64"]}').podCIDRs.map(({ prefix }) => prefix),
      ['10.128.2.0/23', 'fd01:0:0:2::/64'],
    )
  })

  for (const text of ['{"other":"10.1.0.0/24"}', '{"default":[]}', 'null', '{"default":{"a":1}}', 'x'])
    test(`node-subnets ${text} is a lack`, () => {
      const { podCIDRs, lacks } = read(text)
      assert.deepEqual(podCIDRs, [])
      assert.ok(lacks.some(({ what }) => what === 'podCIDR'))
    })
})

test('kube-router’s annotations win over the Node', () => {
  const annotations = { 'kube-router.io/pod-cidrs': '10.7.1.0/24, fd00:7::/64', 'kube-router.io/node.asn': '64513' }
  const network = clusterNetwork(objects({ nodes: [node(1, { annotations })] }), 'kube-router')
  assert.deepEqual(
    network.nodes[0]!.podCIDRs.map(({ prefix }) => prefix),
    ['10.7.1.0/24', 'fd00:7::/64'],
  )
  assert.equal(network.nodes[0]!.asNumber, 64513)
})
