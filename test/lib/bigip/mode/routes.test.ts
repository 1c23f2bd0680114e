/** Routes by node: static of every CNI, flannel's host-gw, and what cannot be a next hop. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  blockAffinity,
  ciliumConfigMap,
  ciliumNode,
  dualNode,
  flannelConfig,
  flannelNode,
  ipPool,
  node,
} from '../../cni/objects.ts'
import { codes, DUAL, desired, leftOut, of, selfIP, type Told } from './scene.ts'

const routesOf = (told: Told) => of('route', desired(told).rows).map(({ fields }) => fields)
const STATIC = { mode: 'static' }

describe('static routes', () => {
  test('flannel: a route per node and pod CIDR, of both families', () => {
    assert.deepEqual(routesOf({ spec: STATIC, facts: { selfIPs: DUAL }, cluster: { nodes: [dualNode(1)] } }), [
      { network: '10.244.1.0/24', gateway: '10.1.10.1' },
      { network: 'fd00:10:244:1::/64', gateway: 'fd00:1:10::1' },
    ])
  })

  test('Calico: a route per block, by the address that calico-node chose', () => {
    const annotations = { 'projectcalico.org/IPv4Address': '10.1.10.101/24' }
    const cluster = {
      nodes: [node(1, { annotations }), node(2)],
      blockAffinities: [
        blockAffinity('node-1', '10.233.90.0/26'),
        blockAffinity('node-1', '10.233.90.64/26'),
        blockAffinity('node-2', '10.233.91.0/26', { state: 'pendingDeletion' }),
      ],
    }
    const told = desired({ spec: STATIC, cluster })
    assert.deepEqual(
      of('route', told.rows).map(({ fields }) => fields),
      [
        { network: '10.233.90.0/26', gateway: '10.1.10.101' },
        { network: '10.233.90.64/26', gateway: '10.1.10.101' },
      ],
    )
    assert.deepEqual(leftOut(told), ['node-2: NoBlock'])
  })

  test('Cilium: the pod CIDRs of CiliumNodes, with a warning beside an overlay', () => {
    const cluster = { nodes: [node(1)], ciliumNodes: [ciliumNode(1)] }
    const native = ciliumConfigMap({ 'routing-mode': 'native' })
    assert.deepEqual(routesOf({ spec: STATIC, cluster: { ...cluster, configMaps: [native] } }), [
      { network: '10.0.1.0/24', gateway: '10.1.10.1' },
    ])
    assert.deepEqual(codes(desired({ spec: STATIC, cluster: { ...cluster, configMaps: [native] } })), [])
    const tunnel = { ...cluster, configMaps: [ciliumConfigMap()] }
    assert.deepEqual(codes(desired({ spec: STATIC, cluster: tunnel })), ['routes-beside-overlay'])
  })

  test('OVN-Kubernetes is served so without anybody saying it', () => {
    const annotations = {
      'k8s.ovn.org/node-subnets': '{"default":["10.128.2.0/23"]}',
      'k8s.ovn.org/node-primary-ifaddr': '{"ipv4":"10.1.10.7/24"}',
    }
    const told = desired({ cluster: { nodes: [node(1, { annotations, podCIDRs: [] })] } })
    assert.equal(told.mode, 'static')
    assert.deepEqual(of('route', told.rows)[0]!.fields, { network: '10.128.2.0/23', gateway: '10.1.10.7' })
  })

  test('a node on no subnet of the device is left out, and what mends it is told', () => {
    const far = node(9, { addresses: [{ type: 'InternalIP', address: '10.9.9.9' }] })
    const told = desired({ spec: STATIC, cluster: { nodes: [node(1), far] } })
    assert.deepEqual([leftOut(told), told.served], [['node-9: NextHopNotConnected'], 1])
    assert.equal(told.complete, true)
    const none = desired({ spec: STATIC, cluster: { nodes: [far] } })
    assert.equal(none.complete, false, 'what another mode has set up stays')
    assert.deepEqual(codes(told), ['next-hop-not-connected'])
    assert.match(told.findings[0]!.cause, /Node node-9 .* it has 10\.1\.10\.0\/24, 192\.0\.2\.0\/24/)
    assert.match(told.findings[0]!.remedy!, /tmsh create net self/)
  })

  test('a subnet of the tunnel, or of another route domain, connects nothing', () => {
    const tunnel = selfIP('/Common/t', '10.1.10.60/24', { vlan: '/Common/podpeer-c1-vxlan' })
    const other = selfIP('/Common/rd', '10.1.10.60%7/24')
    for (const selfIPs of [[tunnel], [other]])
      assert.deepEqual(routesOf({ spec: STATIC, facts: { selfIPs }, cluster: { nodes: [node(1)] } }), [])
  })

  test('a node with one family connected has its route of that, and is told of the other', () => {
    const told = desired({ spec: STATIC, cluster: { nodes: [dualNode(1)] } })
    assert.deepEqual(
      of('route', told.rows).map(({ fields }) => fields.network),
      ['10.244.1.0/24'],
    )
    assert.deepEqual([leftOut(told), told.served], [['node-1: NextHopNotConnected'], 1])
  })

  test('of nodes of IPv4 alone, a pod CIDR of IPv6 is told as out of reach', () => {
    const told = desired({
      spec: STATIC,
      facts: { selfIPs: DUAL },
      cluster: { nodes: [node(1, { podCIDRs: ['10.244.1.0/24', 'fd00:1::/64'] })] },
    })
    assert.deepEqual([of('route', told.rows).length, leftOut(told)], [1, ['node-1: NoAddress']])
  })

  test('adopt: cis keeps the names of CIS: by node and address, or by affinity', () => {
    const namesOf = (told: Told) => of('route', desired(told).rows).map(({ name }) => name)
    const spec = { mode: 'static', adopt: 'cis', partition: 'k8s' }
    const facts = {
      partitions: new Map([['k8s', 0]]),
      selfIPs: DUAL,
      peers: [{ name: 'b', managementAddress: '192.0.2.11' }],
    }
    assert.deepEqual(namesOf({ spec, facts, cluster: { nodes: [dualNode(1)], configMaps: [flannelConfig()] } }), [
      '/k8s/k8s-node-1-10.1.10.1',
      '/LOCAL_ONLY/podpeer-c1-fd00:10:244:1::-64',
    ])
    const cluster = { nodes: [node(1)], blockAffinities: [blockAffinity('node-1', '10.233.90.0/26')] }
    assert.deepEqual(namesOf({ spec, facts, cluster }), ['/k8s/k8s-node-1-10-233-90-0-26'])
  })

  test('two nodes with one address get one route between them', () => {
    const twin = node(2, { addresses: [{ type: 'InternalIP', address: '10.1.10.1' }] })
    const told = desired({ spec: STATIC, cluster: { nodes: [twin, node(1)] } })
    assert.deepEqual(leftOut(told), ['node-2: DuplicateAddress'])
    assert.equal(told.served, 1)
  })
})

describe('flannel-host-gw', () => {
  const annotations = {
    'flannel.alpha.coreos.com/backend-type': 'host-gw',
    'flannel.alpha.coreos.com/backend-data': 'null',
  }

  test('is what mode auto takes for it, and needs no tunnel', () => {
    const told = desired({ cluster: { nodes: [flannelNode(1, { annotations }), flannelNode(2, { annotations })] } })
    assert.equal(told.mode, 'flannel-host-gw')
    assert.deepEqual(told.rows, [
      {
        kind: 'route',
        name: '/Common/podpeer-c1-10.244.1.0-24',
        description: 'podpeer cluster=c1',
        fields: { network: '10.244.1.0/24', gateway: '10.1.10.1' },
      },
      {
        kind: 'route',
        name: '/Common/podpeer-c1-10.244.2.0-24',
        description: 'podpeer cluster=c1',
        fields: { network: '10.244.2.0/24', gateway: '10.1.10.2' },
      },
    ])
    assert.deepEqual(told.findings, [])
  })

  test('on a cluster of another backend it warns', () => {
    assert.deepEqual(codes(desired({ spec: { mode: 'flannel-host-gw' }, cluster: { nodes: [flannelNode(1)] } })), [
      'flannel-backend',
    ])
  })
})

test('Calico without a Routing Bundle gets static routes, and it is said why', () => {
  const cluster = {
    nodes: [node(1)],
    blockAffinities: [blockAffinity('node-1', '10.233.90.0/26')],
    ipPools: [ipPool('10.233.64.0/18')],
  }
  const told = desired({ cluster, facts: { licensedRouting: false } })
  assert.equal(told.mode, 'static')
  assert.match(told.because, /the CNI is calico \(bgp\).* not licensed for dynamic routing/)
  assert.ok(told.unavailable.includes('BGP'))
})
