/** What is read of a device: documents as devices word them in, facts in normal form out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../lib/bigip/client.ts'
import { readFacts } from '../../../lib/bigip/facts.ts'
import { isDeviceFault } from '../../../lib/bigip/fault.ts'
import { mark, PlayedDevice } from './played-device.ts'

const nested = (entries: JsonObject): JsonObject => ({ nestedStats: { entries } })
const described = (description: string): JsonObject => ({ description })
const licence = (modules: JsonObject): JsonObject => ({
  kind: 'tm:sys:license:licensestats',
  entries: {
    'https://localhost/mgmt/tm/sys/license/0': nested({
      registrationKey: described('AAAAA-BBBBB'),
      'https://localhost/mgmt/tm/sys/license/0/active-modules': nested(modules),
      'https://localhost/mgmt/tm/sys/license/0/optional-modules': nested({
        'https://localhost/mgmt/tm/sys/license/0/optional-modules/"Routing Bundle, VE"': nested({}),
      }),
    }),
  },
})
const better = {
  'https://localhost/mgmt/tm/sys/license/0/active-modules/"Better, VE-1G"': nested({
    key: described('ABCDEFG-HIJKLMN'),
    'https://localhost/mgmt/tm/sys/license/0/active-modules/"Better, VE-1G"/"Routing Bundle, VE"': nested({}),
  }),
}

/** By path under /mgmt/tm: the items of a collection, or a document. */
const bigIp: Readonly<Record<string, readonly JsonObject[] | JsonObject>> = {
  'cm/device': [
    {
      name: 'bigip-a.example',
      hostname: 'bigip-a.example',
      selfDevice: 'true',
      version: '16.1.2',
      failoverState: 'active',
      managementIp: '192.0.2.10',
    },
    {
      name: 'bigip-b.example',
      hostname: 'bigip-b.example',
      selfDevice: 'false',
      version: '16.1.2',
      failoverState: 'standby',
      managementIp: '192.0.2.11',
    },
  ],
  'cm/sync-status': {
    kind: 'tm:cm:sync-status:sync-statusstats',
    entries: {
      'https://localhost/mgmt/tm/cm/sync-status/0': nested({
        color: described('green'),
        mode: described('high-availability'),
        status: described('In Sync'),
        summary: described('All devices in the device group are in sync'),
      }),
    },
  },
  'sys/license': licence(better),
  'net/route-domain': [
    { name: '0', fullPath: '/Common/0', id: 0 },
    { name: 'k8s', fullPath: '/Common/k8s', id: 20, routingProtocol: ['BGP', 'BFD'] },
  ],
  'auth/partition': [
    { name: 'Common', fullPath: 'Common', defaultRouteDomain: 0 },
    { name: 'k8s', fullPath: 'k8s', defaultRouteDomain: 20 },
  ],
  'net/self': [
    {
      fullPath: '/Common/nodes',
      address: '10.1.10.60/24',
      vlan: '/Common/internal',
      trafficGroup: '/Common/traffic-group-local-only',
      allowService: ['udp:3784', 'tcp:179'],
    },
    { fullPath: '/k8s/tunnel', address: '10.244.255.1%20/16', vlan: '/k8s/fl-tunnel', allowService: 'all' },
    { fullPath: '/Common/other', address: '2001:DB8:0::1%20/64', vlan: '/Common/internal' },
  ],
  'net/vlan': [{ fullPath: '/Common/internal', tag: 4094, mtu: 1500 }],
  'ltm/virtual-address': [
    {
      fullPath: '/Common/10.1.10.100',
      address: '10.1.10.100',
      mask: '255.255.255.255',
      routeAdvertisement: 'selective',
      trafficGroup: '/Common/traffic-group-1',
    },
    { fullPath: '/k8s/10.9.0.0%20', address: '10.9.0.0%20', mask: '255.255.252.0', trafficGroup: '/Common/none' },
    { fullPath: '/Common/2001:db8::100', address: '2001:db8::100', mask: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' },
    { fullPath: '/Common/0.0.0.0', address: 'any', mask: 'any' },
  ],
  'ltm/virtual': [
    {
      fullPath: '/Common/web',
      destination: '/Common/10.1.10.100:80',
      pool: '/Common/pods',
      enabled: true,
      sourceAddressTranslation: { type: 'automap' },
    },
    {
      fullPath: '/k8s/v6',
      destination: '/k8s/2001:db8::100%20.443',
      disabled: true,
      sourceAddressTranslation: { type: 'snat', pool: '/Common/snat' },
    },
    { fullPath: '/Common/forward', destination: '/Common/0.0.0.0:any', sourceAddressTranslation: { type: 'none' } },
  ],
  'ltm/snatpool': [
    { fullPath: '/Common/snat', members: ['/Common/10.1.20.5', '/Common/egress', '/Common/10.1.30.5%20'] },
  ],
  'ltm/snat-translation/~Common~egress': { fullPath: '/Common/egress', address: '10.1.20.6' },
  'sys/db/tmrouted.tmos.routing': { name: 'tmrouted.tmos.routing', value: 'disable' },
  'sys/db/iptunnel.configsync': { name: 'iptunnel.configsync', value: 'disable' },
  'net/tunnels/tunnel/~k8s~fl-tunnel/stats': {
    entries: {
      'https://localhost/mgmt/tm/net/tunnels/tunnel/~k8s~fl-tunnel/~k8s~fl-tunnel/stats': nested({
        hcInUcastPkts: { value: 0 },
        macAddr: described('0:A:49:c0:a8:1'),
        tmName: described('/k8s/fl-tunnel'),
      }),
    },
  },
}

async function factsOf(changes: typeof bigIp, tunnels: readonly string[] = ['/k8s/fl-tunnel', '/k8s/not-yet']) {
  await using device = await PlayedDevice.start()
  device.answer = ({ path }) => {
    const name = path.replace('/mgmt/tm/', '').replace(/\?.*/, '')
    const found = { ...bigIp, ...changes }[name]
    if (found === undefined) return mark.absent
    if (!Array.isArray(found)) return { body: found as JsonObject }
    const parts = name.split('/')
    return { body: { kind: `tm:${parts.join(':')}:${parts.at(-1)}collectionstate`, items: found } }
  }
  return await readFacts(device.client({ deadline: 100 }), { tunnels })
}

test('a device is told by its own name, with its peers and how it is in sync', async () => {
  const facts = await factsOf({})
  assert.equal(facts.version, '16.1.2')
  assert.equal(facts.name, 'bigip-a.example')
  assert.equal(facts.failoverState, 'active')
  assert.deepEqual(facts.peers, [{ name: 'bigip-b.example', managementAddress: '192.0.2.11' }])
  assert.deepEqual(facts.sync, {
    status: 'In Sync',
    mode: 'high-availability',
    summary: 'All devices in the device group are in sync',
  })
  assert.equal(facts.tunnelConfigSync, false)
})

test('addresses go without the default route domain of their own partition, and only without that', async () => {
  const { partitions, selfIPs } = await factsOf({})
  assert.deepEqual(Object.fromEntries(partitions), { Common: 0, k8s: 20 })
  assert.deepEqual(
    selfIPs.map(({ name, fields }) => [name, fields.address, fields.allowService]),
    [
      ['/Common/nodes', '10.1.10.60/24', ['tcp:179', 'udp:3784']],
      ['/k8s/tunnel', '10.244.255.1/16', ['all']],
      ['/Common/other', '2001:db8::1%20/64', ['none']],
    ],
  )
})

test('virtual servers, their addresses and SNAT pools are told in normal form', async () => {
  const facts = await factsOf({})
  assert.deepEqual(
    facts.virtualAddresses.map(one => [one.address, one.routeDomain, one.length, one.routeAdvertisement]),
    [
      ['10.1.10.100', 0, 32, 'selective'],
      ['10.9.0.0', 20, 22, 'disabled'],
      ['2001:db8::100', 0, 128, 'disabled'],
      ['0.0.0.0', 0, 0, 'disabled'],
    ],
  )
  assert.deepEqual(facts.virtualServers, [
    { path: '/Common/web', destination: '10.1.10.100:80', enabled: true, pool: '/Common/pods', snat: 'automap' },
    { path: '/k8s/v6', destination: '[2001:db8::100]:443', enabled: false, snat: { pool: '/Common/snat' } },
    { path: '/Common/forward', destination: '0.0.0.0:0', enabled: true, snat: 'none' },
  ])
  assert.deepEqual(facts.snatPools, [{ path: '/Common/snat', members: ['10.1.20.5', '10.1.20.6', '10.1.30.5%20'] }])
})

test('the MAC address of a tunnel is in normal form, and a tunnel that is not there has none', async () => {
  assert.deepEqual(Object.fromEntries((await factsOf({})).tunnelMacs), { '/k8s/fl-tunnel': '00:0a:49:c0:a8:01' })
})

test('a tunnel whose MAC address is not told is no tunnel without one', async () => {
  const path = 'net/tunnels/tunnel/~k8s~fl-tunnel/stats'
  await assert.rejects(factsOf({ [path]: {} }), thrown => isDeviceFault(thrown, 'BIGIP_NONSENSE'))
})

test('BGP is in tmos mode, legacy, both or neither', async () => {
  const tmos = { 'sys/db/tmrouted.tmos.routing': { value: 'enable' } }
  const quiet = { 'net/route-domain': [{ name: '0', fullPath: '/Common/0', id: 0 }] }
  assert.equal((await factsOf({})).routing, 'legacy')
  assert.equal((await factsOf(tmos)).routing, 'mixed')
  assert.equal((await factsOf({ ...tmos, ...quiet })).routing, 'tmos')
  const { routing, routeDomains } = await factsOf(quiet)
  assert.equal(routing, 'none')
  assert.deepEqual(routeDomains, [{ id: 0, path: '/Common/0', protocols: [] }])
})

test('the Routing Bundle counts where it is active, not where it could be bought', async () => {
  assert.equal((await factsOf({})).licensedRouting, true)
  assert.equal((await factsOf({ 'sys/license': licence({}) })).licensedRouting, false)
  assert.equal((await factsOf({ 'sys/license': { kind: 'tm:sys:license:licensestats' } })).licensedRouting, false)
})

test('a list that cannot be read leaves no facts at all', async () => {
  for (const one of ['cm/device', 'net/self', 'auth/partition', 'ltm/virtual', 'net/route-domain'])
    await assert.rejects(factsOf({ [one]: {} }), thrown => isDeviceFault(thrown, 'BIGIP_NONSENSE'), one)
})
