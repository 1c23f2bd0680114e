/** flannel's overlay on a device: from an address and a Secret, in every `arp`, of both families, and what is refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { plan } from '../../../../lib/bigip/plan.ts'
import { RowIndex } from '../../../../lib/bigip/row-index.ts'
import type { ClusterObjects } from '../../../../lib/cni/cluster-objects.ts'
import { dualNode, flannelConfig, flannelNode, macOf, node, pod, standIn } from '../../cni/objects.ts'
import { codes, DUAL, desired, FLOATING, leftOut, of, selfIP, type Told } from './scene.ts'

const CLUSTER = {
  nodes: [flannelNode(1), flannelNode(2)],
  configMaps: [flannelConfig()],
} satisfies Partial<ClusterObjects>
const BESIDE = { units: [{ name: 'bigip-a', address: '192.0.2.10', tunnel: { selfIPs: ['10.245.255.1/15'] } }] }
const TUNNEL = '/Common/podpeer-c1-vxlan'
const want = (told: Told) => desired({ cluster: CLUSTER, ...told, spec: { ...BESIDE, ...told.spec } })

const DUAL_CLUSTER = {
  nodes: [dualNode(1)],
  configMaps: [
    flannelConfig({
      Network: '10.244.0.0/16',
      EnableIPv6: true,
      IPv6Network: 'fd00:10:244::/48',
      Backend: { Type: 'vxlan' },
    }),
  ],
}
const DUAL_SELF_IPS = ['10.245.255.1/15', 'fd00:10:245:ffff::1/47']
const DUAL_UNITS = { units: [{ name: 'bigip-a', address: '192.0.2.10', tunnel: { selfIPs: DUAL_SELF_IPS } }] }

describe('flannel-vxlan from little', () => {
  test('an address is enough: mode, VTEP and tunnel subnet follow from the cluster and the device', () => {
    const told = desired({ cluster: CLUSTER })
    assert.equal(told.mode, 'flannel-vxlan')
    assert.match(told.because, /the CNI is flannel \(vxlan\), told from ConfigMap kube-flannel\/kube-flannel-cfg/)
    assert.deepEqual(of('vxlan profile', told.rows), [
      {
        kind: 'vxlan profile',
        name: '/Common/podpeer-c1-vxlan-profile',
        description: 'podpeer cluster=c1',
        fields: { floodingType: 'none', port: 8472 },
      },
    ])
    assert.deepEqual(of('tunnel', told.rows), [
      {
        kind: 'tunnel',
        name: TUNNEL,
        description: 'podpeer cluster=c1',
        fields: { profile: '/Common/podpeer-c1-vxlan-profile', key: 1, localAddress: '10.1.10.60' },
      },
    ])
    assert.deepEqual(of('self IP', told.rows), [
      {
        kind: 'self IP',
        name: '/Common/podpeer-c1-self',
        description: 'podpeer cluster=c1',
        fields: {
          address: '10.244.255.1/16',
          vlan: TUNNEL,
          trafficGroup: '/Common/traffic-group-local-only',
          allowService: ['none'],
        },
      },
    ])
    assert.deepEqual(of('FDB record', told.rows), [
      { kind: 'FDB record', name: macOf(1), parent: TUNNEL, fields: { endpoint: '10.1.10.1' } },
      { kind: 'FDB record', name: macOf(2), parent: TUNNEL, fields: { endpoint: '10.1.10.2' } },
    ])
    assert.deepEqual(told.published, {
      vtep: { address: '10.1.10.60' },
      vxlan: { vni: 1, port: 8472 },
      tunnelSubnets: ['10.244.255.0/24'],
      selfIPs: ['10.244.255.1/16'],
      advertised: [],
      reflectors: [],
    })
    assert.deepEqual([told.complete, told.served, told.exclusions], [true, 2, []])
    assert.deepEqual([told.exclusiveTunnels, told.sharedTunnels], [[], []], 'the engine knows what is its own')
  })

  test('a subnet that the cluster can give to a node is a finding, and the remedy is one that it cannot', () => {
    const [finding] = desired({ cluster: CLUSTER }).findings
    assert.equal(finding!.code, 'tunnel-subnet-allocatable')
    assert.match(finding!.remedy!, /10\.245\.255\.1\/15/)
    assert.deepEqual(codes(want({})), [])
  })

  test('a Node that stands for this VTEP gives its subnet, which it keeps from being given away', () => {
    const told = desired({ cluster: { ...CLUSTER, nodes: [...CLUSTER.nodes, standIn()] } })
    assert.deepEqual(told.published.selfIPs, ['10.244.20.1/16'])
    assert.deepEqual(codes(told), [])
    assert.deepEqual(leftOut(told), ['bigip1: StandsForBigIP'])
    assert.equal(of('FDB record', told.rows).length, 2)
  })

  test('the second unit takes the subnet before that of the first, also where a node has the last', () => {
    const units = [
      { name: 'a', address: '192.0.2.10' },
      { name: 'b', address: '192.0.2.11' },
    ]
    const nodes = [...CLUSTER.nodes, flannelNode(255)]
    const selfIPsOf = (unit: number) =>
      desired({ cluster: { ...CLUSTER, nodes }, spec: { units }, unit }).published.selfIPs
    assert.deepEqual([selfIPsOf(0), selfIPsOf(1)], [['10.244.254.1/16'], ['10.244.253.1/16']])
  })

  test('a self IP that is on the tunnel already stays, though now another one would be chosen', () => {
    const there = selfIP('/Common/podpeer-c1-self', '10.244.254.1/16', { vlan: TUNNEL })
    const told = desired({ cluster: CLUSTER, facts: { selfIPs: [DUAL[0]!, there] } })
    assert.equal(of('self IP', told.rows)[0]!.fields.address, '10.244.254.1/16')
  })

  test('a self IP that a person made on the tunnel is taken as it is, under its name', () => {
    const there = selfIP('/Common/fl-self', '10.244.30.1/16', { vlan: TUNNEL })
    const told = desired({ cluster: CLUSTER, facts: { selfIPs: [DUAL[0]!, there] } })
    assert.deepEqual(of('self IP', told.rows), [])
    assert.deepEqual(told.published.tunnelSubnets, ['10.244.30.0/24'])
  })

  test('the VTEP is the device’s own self IP in the nodes’ subnet, never one that floats', () => {
    const selfIPs = [
      selfIP('/Common/float', '10.1.10.50/24', FLOATING),
      selfIP('/Common/external-self', '192.0.2.60/24'),
      selfIP('/Common/internal-self', '10.1.10.61/24'),
    ]
    assert.deepEqual(want({ facts: { selfIPs } }).published.vtep, { address: '10.1.10.61' })
  })

  test('without a self IP near the nodes nothing is wanted, nothing may go, and the field to write is named', () => {
    const told = want({ facts: { selfIPs: [selfIP('/Common/external-self', '192.0.2.60/24')] } })
    assert.deepEqual([told.rows, told.complete, told.served], [[], false, 0])
    assert.deepEqual(codes(told), ['no-vtep-address'])
    assert.match(told.findings[0]!.remedy!, /units\[\]\.vtep\.address/)
  })

  test('where the cluster CIDR is not known and no self IP is given, the field to write is named', () => {
    const told = desired({ cluster: { nodes: CLUSTER.nodes } })
    assert.deepEqual([codes(told), told.complete, told.rows], [['no-tunnel-self-ip'], false, []])
  })

  test('the MAC address of the tunnel is published once it is known', () => {
    const told = want({ facts: { tunnelMacs: new Map([[TUNNEL, '00:50:56:00:00:60']]) } })
    assert.deepEqual(told.published.vtep, { address: '10.1.10.60', mac: '00:50:56:00:00:60' })
  })
})

describe('flannel-vxlan by arp', () => {
  const pods = [
    pod('a', 'node-1', ['10.244.1.5']),
    pod('b', 'node-2', ['10.244.2.7']),
    pod('c', 'nowhere', ['10.244.9.9']),
  ]

  const podEntries = (told: ReturnType<typeof want>) =>
    of('ARP', told.rows).filter(({ fields }) => !fields.ipAddress.endsWith('.0'))

  test('pod: one ARP entry per pod on the MAC address of its node, none for a pod of no node', () => {
    const told = want({ pods })
    assert.deepEqual(podEntries(told), [
      {
        kind: 'ARP',
        name: '/Common/podpeer-c1-10.244.1.5',
        description: 'podpeer cluster=c1',
        fields: { ipAddress: '10.244.1.5', macAddress: macOf(1) },
      },
      {
        kind: 'ARP',
        name: '/Common/podpeer-c1-10.244.2.7',
        description: 'podpeer cluster=c1',
        fields: { ipAddress: '10.244.2.7', macAddress: macOf(2) },
      },
    ])
    assert.deepEqual(of('route', told.rows), [])
  })

  test('pod: one for the address of each node in the tunnel, but for that of the self IP’s own network', () => {
    const first = flannelNode(0)
    const told = want({ cluster: { ...CLUSTER, nodes: [first, ...CLUSTER.nodes] } })
    assert.deepEqual(
      of('ARP', told.rows).map(({ fields }) => fields),
      [1, 2].map(number => ({ ipAddress: `10.244.${number}.0`, macAddress: macOf(number) })),
    )
    assert.equal(of('FDB record', told.rows).length, 3)
  })

  test('pod: when a node gets another MAC address all entries of its pods follow', () => {
    const other = flannelNode(1, {
      annotations: { 'flannel.alpha.coreos.com/backend-data': `{"VtepMAC":"${macOf(9)}"}` },
    })
    const told = want({ pods, cluster: { ...CLUSTER, nodes: [other, CLUSTER.nodes[1]!] } })
    assert.deepEqual(
      of('ARP', told.rows).map(({ fields }) => fields.macAddress),
      [macOf(9), macOf(2), macOf(9), macOf(2)],
    )
  })

  test('node: a pseudo-gateway and a route per node, and nothing for pods', () => {
    const told = want({ pods, spec: { arp: 'node' } })
    assert.deepEqual(
      of('ARP', told.rows).map(({ fields }) => fields),
      [
        { ipAddress: '10.244.1.1', macAddress: macOf(1) },
        { ipAddress: '10.244.2.1', macAddress: macOf(2) },
      ],
    )
    assert.deepEqual(of('route', told.rows)[0], {
      kind: 'route',
      name: '/Common/podpeer-c1-10.244.1.0-24',
      description: 'podpeer cluster=c1',
      fields: { network: '10.244.1.0/24', gateway: '10.244.1.1' },
    })
    assert.equal(of('FDB record', told.rows).length, 2)
    assert.deepEqual(codes(told), ['arp-experimental'])
  })

  test('none: a profile that floods, under the same name, so that to change it waits for an operator’s word', () => {
    const told = want({ pods, spec: { arp: 'none' } })
    const [profile] = of('vxlan profile', told.rows)
    assert.deepEqual([profile!.name, profile!.fields.floodingType], ['/Common/podpeer-c1-vxlan-profile', 'multipoint'])
    assert.equal(of('tunnel', told.rows)[0]!.fields.profile, profile!.name)
    assert.deepEqual([of('ARP', told.rows), of('route', told.rows)], [[], []])
    assert.equal(of('FDB record', told.rows).length, 2)
  })

  test('a self IP whose mask leaves pods out is an error, and nodes outside of it are left out', () => {
    const units = [{ name: 'bigip-a', address: '192.0.2.10', tunnel: { selfIPs: ['10.244.1.250/25'] } }]
    const told = desired({ cluster: { ...CLUSTER, nodes: [flannelNode(2)] }, spec: { units } })
    assert.ok(codes(told).includes('self-ip-mask'))
    assert.deepEqual(leftOut(told), ['node-2: PodCIDRNotOnLink'])
    const byNode = desired({ cluster: { ...CLUSTER, nodes: [flannelNode(2)] }, spec: { units, arp: 'node' } })
    assert.deepEqual(leftOut(byNode), ['node-2: GatewayNotOnLink'])
  })
})

describe('flannel-vxlan of IPv6', () => {
  test('both families have a tunnel, a self IP, and their own records and neighbours', () => {
    const told = want({
      cluster: DUAL_CLUSTER,
      spec: DUAL_UNITS,
      facts: { selfIPs: DUAL, tunnelMacs: new Map([[`${TUNNEL}-v6`, '00:50:56:00:00:66']]) },
      pods: [pod('a', 'node-1', ['10.244.1.5', 'fd00:10:244:1::5'])],
    })
    assert.deepEqual(
      of('tunnel', told.rows).map(({ name, fields }) => [name, fields.localAddress]),
      [
        [TUNNEL, '10.1.10.60'],
        [`${TUNNEL}-v6`, 'fd00:1:10::60'],
      ],
    )
    assert.deepEqual(
      of('self IP', told.rows).map(({ name, fields }) => [name, fields.address, fields.vlan]),
      [
        ['/Common/podpeer-c1-self', '10.245.255.1/15', TUNNEL],
        ['/Common/podpeer-c1-self-v6', 'fd00:10:245:ffff::1/47', `${TUNNEL}-v6`],
      ],
    )
    assert.deepEqual(
      of('FDB record', told.rows).map(({ name, parent, fields }) => [name, parent, fields.endpoint]),
      [
        [macOf(1), TUNNEL, '10.1.10.1'],
        [macOf(1, 6), `${TUNNEL}-v6`, 'fd00:1:10::1'],
      ],
    )
    assert.deepEqual(of('ARP', told.rows)[1]!.fields, { ipAddress: '10.244.1.5', macAddress: macOf(1) })
    assert.equal(of('NDP', told.rows)[0]!.fields.ipAddress, 'fd00:10:244:1::')
    assert.deepEqual(of('NDP', told.rows)[1], {
      kind: 'NDP',
      name: '/Common/podpeer-c1-fd00:10:244:1::5',
      description: 'podpeer cluster=c1',
      fields: { ipAddress: 'fd00:10:244:1::5', macAddress: macOf(1, 6) },
    })
    assert.deepEqual(told.published.vtep, {
      address: '10.1.10.60',
      address6: 'fd00:1:10::60',
      mac6: '00:50:56:00:00:66',
    })
    assert.deepEqual(told.published.tunnelSubnets, ['10.245.255.0/24', 'fd00:10:245:ffff::/64'])
    assert.deepEqual(codes(told), [])
  })

  test('arp: node has a gateway and a route of each family', () => {
    const told = want({ cluster: DUAL_CLUSTER, spec: { ...DUAL_UNITS, arp: 'node' }, facts: { selfIPs: DUAL } })
    assert.deepEqual(
      of('route', told.rows).map(({ fields }) => fields),
      [
        { network: '10.244.1.0/24', gateway: '10.244.1.1' },
        { network: 'fd00:10:244:1::/64', gateway: 'fd00:10:244:1::1' },
      ],
    )
    assert.equal(of('NDP', told.rows)[0]!.fields.ipAddress, 'fd00:10:244:1::1')
  })

  test('a node with a VTEP of one family only is served in it and told of the other', () => {
    const cluster = { ...DUAL_CLUSTER, nodes: [flannelNode(1), dualNode(2)] }
    const told = want({ cluster, spec: DUAL_UNITS, facts: { selfIPs: DUAL } })
    assert.equal(of('FDB record', told.rows).length, 3)
    assert.deepEqual([leftOut(told), told.served], [['node-1: NoVtepMAC'], 2])
    assert.match(told.exclusions[0]!.message, /IPv6/)
  })

  test('a device without IPv6 near the nodes serves IPv4, and nothing of ours may go meanwhile', () => {
    const told = want({ cluster: DUAL_CLUSTER, spec: DUAL_UNITS })
    assert.deepEqual([codes(told), told.complete], [['no-vtep-address'], false])
    assert.equal(of('tunnel', told.rows).length, 1)
    assert.match(told.findings[0]!.remedy!, /address6/)
  })
})

describe('nodes of flannel-vxlan that get no rows', () => {
  test('one without a VTEP MAC address, with the reason; the others go on', () => {
    const nodes = [
      node(1),
      flannelNode(2),
      flannelNode(3, { annotations: { 'flannel.alpha.coreos.com/backend-data': '{' } }),
    ]
    const told = want({ cluster: { ...CLUSTER, nodes } })
    assert.deepEqual(leftOut(told), ['node-1: NoVtepMAC', 'node-3: BadAnnotation'])
    assert.deepEqual([of('FDB record', told.rows).length, told.served], [1, 1])
  })

  test('one whose pod CIDR overlaps the tunnel subnet of any unit', () => {
    const units = [{ name: 'a', address: '192.0.2.10', tunnel: { selfIPs: ['10.244.1.1/16'] } }]
    assert.deepEqual(leftOut(desired({ cluster: CLUSTER, spec: { units } })), ['node-1: PodCIDROverlapsTunnelSubnet'])
    const published = { tunnelSubnets: ['10.244.2.0/24'], selfIPs: ['10.244.2.1/16'], advertised: [], reflectors: [] }
    const other = [{ spec: { name: 'b', vtep: {}, tunnel: { selfIPs: [] }, bgp: {} }, published }]
    assert.deepEqual(leftOut(want({ more: { otherUnits: other } })), ['node-2: PodCIDROverlapsTunnelSubnet'])
  })

  test('one with the VTEP address of this device or of the other unit stands for it', () => {
    const nodes = [flannelNode(60), flannelNode(61), flannelNode(2)]
    const published = {
      vtep: { address: '10.1.10.61' },
      tunnelSubnets: [],
      selfIPs: [],
      advertised: [],
      reflectors: [],
    }
    const other = [{ spec: { name: 'b', vtep: {}, tunnel: { selfIPs: [] }, bgp: {} }, published }]
    const told = want({ cluster: { ...CLUSTER, nodes }, more: { otherUnits: other } })
    assert.deepEqual(leftOut(told), ['node-60: StandsForBigIP', 'node-61: StandsForBigIP'])
    assert.equal(told.served, 1)
  })

  test('a NotReady node keeps its rows', () => {
    const nodes = [flannelNode(1, { ready: false })]
    assert.equal(of('FDB record', want({ cluster: { ...CLUSTER, nodes } }).rows).length, 1)
  })
})

describe('flannel-vxlan again and again', () => {
  const pods = [1, 2, 3].map(number => pod(`p-${number}`, `node-${number}`, [`10.244.${number}.5`]))
  const nodes = [1, 2, 3].map(number => flannelNode(number))
  const pass = (some: typeof nodes, others = pods) =>
    new Set(want({ cluster: { ...CLUSTER, nodes: some }, pods: others }).rows)
  const made = (before: Set<unknown>, after: Set<unknown>) =>
    [...after]
      .filter(row => !before.has(row))
      .map(row => (row as { kind: string }).kind)
      .filter(kind => kind === 'ARP' || /FDB/.test(kind))

  test('a pass makes only the rows of what changed', () => {
    const moved = [nodes[0]!, flannelNode(2, { ready: false }), nodes[2]!]
    assert.deepEqual(made(pass(nodes), pass(nodes)), [])
    assert.deepEqual(made(pass(nodes), pass(moved)), ['FDB record', 'ARP', 'ARP'])
    assert.deepEqual(made(pass(nodes), pass(nodes, [...pods, pod('p-4', 'node-1', ['10.244.1.9'])])), ['ARP', 'ARP'])
  })

  test('what a pass answers does not depend on the passes before it', () => {
    const moved = [
      nodes[0]!,
      flannelNode(2, { annotations: { 'flannel.alpha.coreos.com/public-ip': '10.1.10.99' } }),
      nodes[2]!,
    ]
    const before = [...pass(nodes)]
    pass(moved)
    pass(nodes.slice(1), pods.slice(2))
    assert.deepEqual([...pass(nodes)], before)
  })
})

test('to flood from now on makes profile and tunnel anew, and waits for an operator’s word', () => {
  const now = want({})
  const floods = want({ spec: { arp: 'none' } })
  const identity = { clusterId: 'c1', partition: 'Common' }
  const ask = { ...floods, desired: floods.rows, actual: new RowIndex(now.rows), identity, synced: true }
  const held = plan(ask)
  assert.deepEqual(held.operations, [])
  assert.match(held.refused!.reason, /deleted and made again/)
  const allowed = plan({ ...ask, allowance: held.refused!.hash })
  assert.deepEqual([allowed.refused, allowed.operations.length > 0], [undefined, true])
})
