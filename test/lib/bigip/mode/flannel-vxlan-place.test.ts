/** flannel's overlay on what others made, on a pair of units, and in a route domain. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { flannelConfig, flannelNode, pod } from '../../cni/objects.ts'
import { codes, DUAL, desired, FLOATING, of, selfIP, type Told } from './scene.ts'

const CLUSTER = { nodes: [flannelNode(1), flannelNode(2)], configMaps: [flannelConfig()] }
const BESIDE = { units: [{ name: 'bigip-a', address: '192.0.2.10', tunnel: { selfIPs: ['10.245.255.1/15'] } }] }
const TUNNEL = '/Common/podpeer-c1-vxlan'
const want = (told: Told) => desired({ cluster: CLUSTER, ...told, spec: { ...BESIDE, ...told.spec } })

describe('flannel-vxlan on what others made', () => {
  const spec = {
    manage: { tunnel: false, selfIPs: false },
    tunnel: { name: '/Common/fl-tunnel', profile: '/Common/fl-vxlan' },
  }
  const there = selfIP('/Common/fl-self', '10.245.255.1/15', { vlan: '/Common/fl-tunnel' })

  test('profile and tunnel are verified, and only records and neighbours are written', () => {
    const told = want({ spec, facts: { selfIPs: [DUAL[0]!, there] }, pods: [pod('a', 'node-1', ['10.244.1.5'])] })
    assert.deepEqual(
      told.rows.map(({ kind }) => kind),
      ['FDB record', 'ARP', 'FDB record', 'ARP', 'ARP'],
    )
    assert.deepEqual(
      told.expectations.map(({ kind, name }) => [kind, name]),
      [
        ['vxlan profile', '/Common/fl-vxlan'],
        ['tunnel', '/Common/fl-tunnel'],
      ],
    )
    assert.deepEqual([told.sharedTunnels, told.exclusiveTunnels], [['/Common/fl-tunnel'], []])
    assert.deepEqual(codes(told), [])
  })

  test('a profile whose name nobody told is not verified', () => {
    const told = want({
      spec: { ...spec, tunnel: { name: '/Common/fl-tunnel' } },
      facts: { selfIPs: [DUAL[0]!, there] },
    })
    assert.deepEqual(
      told.expectations.map(({ kind, fields }) => [kind, 'profile' in fields]),
      [['tunnel', false]],
    )
  })

  test('a self IP that is missing is told with the command that makes it', () => {
    const told = want({ spec })
    assert.deepEqual(codes(told), ['tunnel-self-ip-missing'])
    assert.match(
      told.findings[0]!.remedy!,
      /tmsh create net self \S+ address 10\.245\.255\.1\/15 vlan \/Common\/fl-tunnel/,
    )
  })

  test('its records are others’ too, unless the object says that all are ours', () => {
    const told = want({ spec: { ...spec, tunnel: { ...spec.tunnel, shared: false } } })
    assert.deepEqual([told.sharedTunnels, told.exclusiveTunnels], [[], ['/Common/fl-tunnel']])
  })

  test('adopt: cis keeps the names that CIS gave, and says which prefixes are the cluster’s', () => {
    const told = want({ spec: { ...spec, adopt: 'cis' }, pods: [pod('a', 'node-1', ['10.244.1.5'])] })
    assert.equal(of('ARP', told.rows).at(-1)!.name, '/Common/k8s-10.244.1.5')
    assert.deepEqual(told.podNetworks, ['10.244.0.0/16'])
  })
})

describe('flannel-vxlan on a pair', () => {
  const peers = [{ name: 'bigip-b.example', managementAddress: '192.0.2.11' }]
  const units = [
    { name: 'bigip-a', address: '192.0.2.10', tunnel: { selfIPs: ['10.245.255.1/15'] } },
    { name: 'bigip-b', address: '192.0.2.11', tunnel: { selfIPs: ['10.245.254.1/15'] } },
  ]
  const automap = [{ path: '/Common/vs1', destination: '192.0.2.80:80', enabled: true, snat: 'automap' as const }]

  test('routes lie where they do not sync', () => {
    const told = want({ facts: { peers }, spec: { units, arp: 'node' } })
    assert.deepEqual(
      of('route', told.rows).map(({ name }) => name),
      ['/LOCAL_ONLY/podpeer-c1-10.244.1.0-24', '/LOCAL_ONLY/podpeer-c1-10.244.2.0-24'],
    )
  })

  test('tunnels that sync are refused with the command to stop it; what is there is kept going', () => {
    const told = want({ facts: { peers, tunnelConfigSync: true }, spec: { units } })
    assert.deepEqual([told.rows, told.complete, codes(told)], [[], false, ['tunnel-config-sync']])
    assert.match(told.findings[0]!.remedy!, /iptunnel\.configsync value disable/)
    const running = want({
      facts: { peers, tunnelConfigSync: true, tunnelMacs: new Map([[TUNNEL, '00:50:56:00:00:60']]) },
      spec: { units },
    })
    assert.deepEqual(
      [running.complete, of('FDB record', running.rows).length, of('tunnel', running.rows)],
      [false, 2, []],
    )
    assert.deepEqual(codes(want({ facts: { tunnelConfigSync: true } })), [])
  })

  test('SNAT automap beside a floating self IP that is not on the tunnel is refused with the reason', () => {
    const selfIPs = [DUAL[0]!, selfIP('/Common/float', '192.0.2.50/24', FLOATING)]
    const told = want({ facts: { selfIPs, virtualServers: automap } })
    assert.deepEqual([told.rows, told.complete, codes(told)], [[], false, ['snat-automap-unreachable']])
    assert.match(told.findings[0]!.cause, /\/Common\/vs1 takes the floating self IP 192\.0\.2\.50/)
    assert.deepEqual(codes(want({ facts: { selfIPs } })), [])
    assert.deepEqual(codes(want({ facts: { virtualServers: automap } })), [])
    const onTunnel = selfIP('/Common/t-float', '10.245.253.1/15', { ...FLOATING, vlan: TUNNEL })
    assert.deepEqual(codes(want({ facts: { selfIPs: [...selfIPs, onTunnel], virtualServers: automap } })), [])
  })

  test('a VTEP that floats is refused in the default shape, and one that is no self IP in any', () => {
    const selfIPs = [DUAL[0]!, selfIP('/Common/float', '10.1.10.50/24', FLOATING)]
    const given = (address: string) => ({ units: [{ ...BESIDE.units[0], vtep: { address } }] })
    assert.deepEqual(codes(want({ spec: given('10.1.10.50'), facts: { selfIPs } })), ['vtep-floating'])
    assert.deepEqual(codes(want({ spec: given('10.1.10.99') })), ['vtep-not-self-ip'])
  })

  test('the floating shape: the address that floats, the unit’s own beside it, a self IP that floats on the tunnel', () => {
    const float = selfIP('/Common/float', '10.1.10.50/24', FLOATING)
    const spec = {
      units: units.map(unit => ({ ...unit, vtep: { address: '10.1.10.50' } })),
      highAvailability: { shape: 'floating', floatingSelfIPs: ['10.245.253.1/15'] },
    }
    const told = want({ spec, facts: { peers, selfIPs: [DUAL[0]!, float], virtualServers: automap } })
    assert.deepEqual(of('tunnel', told.rows)[0]!.fields, {
      profile: '/Common/podpeer-c1-vxlan-profile',
      key: 1,
      localAddress: '10.1.10.50',
      secondaryAddress: '10.1.10.60',
      trafficGroup: '/Common/traffic-group-1',
    })
    assert.deepEqual(
      of('self IP', told.rows).map(({ name, fields }) => [name, fields.address, fields.trafficGroup]),
      [
        ['/Common/podpeer-c1-self', '10.245.255.1/15', '/Common/traffic-group-local-only'],
        ['/Common/podpeer-c1-floating', '10.245.253.1/15', '/Common/traffic-group-1'],
      ],
    )
    assert.deepEqual(told.published.tunnelSubnets, ['10.245.255.0/24', '10.245.253.0/24'])
    assert.deepEqual(codes(told), [])
  })
})

describe('flannel-vxlan in a route domain', () => {
  test('addresses carry the domain where it is not the partition’s own', () => {
    const own = selfIP('/Common/rd-self', '10.1.10.62%20/24')
    const told = want({ spec: { routeDomain: 20, arp: 'node' }, facts: { selfIPs: [DUAL[0]!, own] } })
    assert.deepEqual(of('tunnel', told.rows)[0]!.fields, {
      profile: '/Common/podpeer-c1-vxlan-profile',
      key: 1,
      localAddress: '10.1.10.62%20',
    })
    assert.equal(of('self IP', told.rows)[0]!.fields.address, '10.245.255.1%20/15')
    assert.equal(of('FDB record', told.rows)[0]!.fields.endpoint, '10.1.10.1%20')
    assert.deepEqual(of('route', told.rows)[0]!.fields, { network: '10.244.1.0%20/24', gateway: '10.244.1.1%20' })
    assert.deepEqual(told.published.vtep, { address: '10.1.10.62' })
  })

  test('in the partition’s own domain they carry none, whatever partition the object lies in', () => {
    const partitions = new Map([
      ['Common', 0],
      ['k8s', 20],
    ])
    const told = want({
      spec: { partition: 'k8s', arp: 'node' },
      facts: {
        partitions,
        peers: [{ name: 'b', managementAddress: '192.0.2.11' }],
        selfIPs: [selfIP('/k8s/self', '10.1.10.62/24')],
      },
    })
    assert.equal(of('tunnel', told.rows)[0]!.name, '/k8s/podpeer-c1-vxlan')
    assert.equal(of('FDB record', told.rows)[0]!.fields.endpoint, '10.1.10.1')
    assert.deepEqual(of('route', told.rows)[0]!.fields, { network: '10.244.1.0/24', gateway: '10.244.1.1' })
  })

  test('a partition that the device does not have is an error with the command that makes it', () => {
    const told = want({ spec: { partition: 'k8s' } })
    assert.equal(told.findings[0]!.code, 'partition-missing')
    assert.deepEqual([told.rows, told.expectations, told.complete], [[], [], false])
  })

  test('one that only the partition implies is a warning, for AS3 takes it away', () => {
    const place = {
      facts: { partitions: new Map([['k8s', 20]]), selfIPs: [selfIP('/k8s/self', '10.1.10.62/24')] },
    }
    const implied = want({ spec: { partition: 'k8s' }, ...place })
    assert.match(
      implied.findings.find(({ code }) => code === 'route-domain-implied')!.remedy!,
      /^write spec.routeDomain: 20$/,
    )
    assert.doesNotMatch(codes(want({ spec: { partition: 'k8s', routeDomain: 20 }, ...place })).join(), /implied/)
  })
})
