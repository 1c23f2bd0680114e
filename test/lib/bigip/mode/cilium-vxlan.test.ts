/** Cilium's VTEP integration: the device's side, and whether Cilium has been told of it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ciliumConfigMap, ciliumNode, node } from '../../cni/objects.ts'
import { codes, desired, leftOut, of, type Told } from './scene.ts'

const TUNNEL = '/Common/podpeer-c1-vxlan'
const MAC = '00:50:56:00:00:60'
const VTEP = {
  'enable-vtep': 'true',
  'vtep-endpoint': '10.1.10.60',
  'vtep-cidr': '10.1.5.0/24',
  'vtep-mask': '255.255.255.0',
  'vtep-mac': MAC,
}
const cluster = (data: Record<string, string> = VTEP) => ({
  nodes: [node(1), node(2)],
  ciliumNodes: [ciliumNode(1, ['10.244.1.0/24']), ciliumNode(2, ['10.244.2.0/24'])],
  configMaps: [ciliumConfigMap({ 'cluster-pool-ipv4-cidr': '10.244.0.0/16', ...data })],
})
const facts = { tunnelMacs: new Map([[TUNNEL, MAC]]) }
const want = (told: Told = {}) => desired({ cluster: cluster(), facts, ...told })

describe('cilium-vxlan', () => {
  test('profile that floods, VNI 2, records that only list whom to flood to, one route through the tunnel', () => {
    const told = want()
    assert.equal(told.mode, 'cilium-vxlan')
    assert.deepEqual(of('vxlan profile', told.rows)[0]!.fields, { floodingType: 'multipoint', port: 8472 })
    assert.deepEqual(of('tunnel', told.rows)[0]!.fields, {
      profile: '/Common/podpeer-c1-vxlan-profile',
      key: 2,
      localAddress: '10.1.10.60',
    })
    assert.deepEqual(
      of('FDB record', told.rows).map(({ name, parent, fields }) => [name, parent, fields.endpoint]),
      [
        ['0a:0a:0a:01:0a:01', TUNNEL, '10.1.10.1'],
        ['0a:0a:0a:01:0a:02', TUNNEL, '10.1.10.2'],
      ],
    )
    assert.deepEqual(of('route', told.rows), [
      {
        kind: 'route',
        name: '/Common/podpeer-c1-10.244.0.0-16',
        description: 'podpeer cluster=c1',
        fields: { network: '10.244.0.0/16', interface: TUNNEL },
      },
    ])
    assert.deepEqual([of('ARP', told.rows), codes(told), told.served], [[], [], 2])
  })

  test('the self IP is the first host of the subnet that Cilium has for this VTEP', () => {
    assert.equal(of('self IP', want().rows)[0]!.fields.address, '10.1.5.1/24')
    assert.deepEqual(want().published, {
      vtep: { address: '10.1.10.60', mac: MAC },
      vxlan: { vni: 2, port: 8472 },
      tunnelSubnets: ['10.1.5.0/24'],
      selfIPs: ['10.1.5.1/24'],
      advertised: [],
      reflectors: [],
    })
    const told = want({ cluster: cluster({}) })
    assert.deepEqual([codes(told), told.complete, told.rows], [['no-tunnel-self-ip'], false, []])
  })

  const given = (address: string) => ({ units: [{ name: 'a', address: '192.0.2.10', tunnel: { selfIPs: [address] } }] })
  for (const [code, data, spec] of [
    ['cilium-vtep-off', { 'enable-vtep': 'false' }, given('10.1.5.1/24')],
    ['cilium-vtep-missing', { 'vtep-endpoint': '10.1.10.99' }, given('10.1.5.1/24')],
    ['cilium-vtep-mac', { 'vtep-mac': '00:50:56:00:00:99' }, {}],
    ['cilium-vtep-cidr', {}, given('10.1.7.1/24')],
    ['cilium-vni', {}, { tunnel: { vni: 3 } }],
  ] as const)
    test(`${code} is told with what to do`, () => {
      const told = want({ cluster: cluster({ ...VTEP, ...data }), spec })
      assert.deepEqual(codes(told), [code])
      assert.equal(told.findings[0]!.severity, 'error')
      assert.ok(told.findings[0]!.remedy)
    })

  test('a tunnel subnet among the pods is an error', () => {
    assert.ok(codes(want({ spec: given('10.244.5.1/24') })).includes('tunnel-subnet-allocatable'))
  })

  test('a node in the tunnel subnet, and one without IPv4, are left out', () => {
    const nodes = [node(1), node(2, { addresses: [{ type: 'InternalIP', address: 'fd00::2' }] }), node(3)]
    const ciliumNodes = [ciliumNode(1, ['10.1.5.0/25']), { metadata: { name: 'node-2' }, spec: {} }]
    const told = want({ cluster: { ...cluster(), nodes, ciliumNodes } })
    assert.deepEqual(leftOut(told), ['node-1: PodCIDROverlapsTunnelSubnet', 'node-2: NoIPv4Address'])
    assert.equal(told.served, 1)
  })

  test('where the pod network is not known as a whole there is a route per node', () => {
    const told = want({ cluster: cluster({ ...VTEP, 'cluster-pool-ipv4-cidr': '' }) })
    assert.deepEqual(
      of('route', told.rows).map(({ fields }) => fields),
      [
        { network: '10.244.1.0/24', interface: TUNNEL },
        { network: '10.244.2.0/24', interface: TUNNEL },
      ],
    )
  })
})
