import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { JsonObject } from '../kube/json.ts'
import { BigIp } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let a: BigIp
let b: BigIp

beforeEach(async () => {
  ;[a, b] = await BigIp.pair({ routing: 'tmos' }, { routing: 'tmos' })
})
afterEach(async () => {
  await a.close()
  await b.close()
})

async function make(device: BigIp, path: string, body: JsonObject): Promise<void> {
  const { status, body: answer } = await device.hand('POST', path, body)
  assert.equal(status, 200, JSON.stringify(answer))
}
const names = async (device: BigIp, path: string) => (await device.list(path)).map(({ name }) => name)
const state = async (device: BigIp) =>
  /"status":\{"description":"([^"]+)"/.exec(JSON.stringify((await device.hand('GET', '/tm/cm/sync-status')).body))?.[1]
const sync = (device: BigIp) =>
  device.hand('POST', '/tm/cm/config-sync', {
    command: 'run',
    options: [{ 'force-full-load-push to-group': 'dg-failover' }],
  })
const disableTunnelSync = (device: BigIp) =>
  device.hand('PATCH', '/tm/sys/db/iptunnel.configsync', { value: 'disable' })

const profile = { name: 'fl-vxlan', defaultsFrom: '/Common/vxlan', floodingType: 'none', port: 8472 }
const tunnel = { name: 'fl-tunnel', profile: '/Common/fl-vxlan', key: 1, localAddress: '10.1.10.60' }
const arp = { name: 'k8s-10.42.1.2', ipAddress: '10.42.1.2', macAddress: '0a:0a:00:00:00:01' }
const route = { name: 'r', network: '10.244.1.0/24', gw: '10.1.10.71' }

describe('a config sync', () => {
  test('takes folders, profiles, routes, virtual addresses and data-groups along, and forgets what is gone', async () => {
    await make(a, '/tm/auth/partition', { name: 'k8s' })
    await make(a, '/tm/net/tunnels/vxlan', profile)
    await make(a, '/tm/net/route', route)
    await make(a, '/tm/ltm/virtual-address', { name: 'va', address: '10.1.10.100' })
    await make(a, '/tm/ltm/data-group/internal', { name: 'journal', type: 'string' })
    assert.deepEqual([await state(a), await state(b)], ['Changes Pending', 'Changes Pending'])
    assert.equal((await sync(a)).status, 200)
    assert.deepEqual([await state(a), await state(b)], ['In Sync', 'In Sync'])
    for (const path of [
      '/tm/net/tunnels/vxlan',
      '/tm/net/route',
      '/tm/ltm/virtual-address',
      '/tm/ltm/data-group/internal',
      '/tm/auth/partition',
    ])
      assert.deepEqual(await names(b, path), await names(a, path))
    await a.hand('DELETE', '/tm/net/route/r')
    await make(b, '/tm/ltm/data-group/internal', { name: 'of-b', type: 'string' })
    assert.equal(await state(a), 'Sync Conflict')
    await sync(a)
    assert.deepEqual(
      [await names(b, '/tm/net/route'), await names(b, '/tm/ltm/data-group/internal')],
      [[], ['journal']],
    )
  })

  test('leaves static neighbours, FDB records, self IPs, VLANs, route domains, db variables and dynamic routing alone', async () => {
    await disableTunnelSync(a)
    await make(a, '/tm/net/arp', arp)
    await make(a, '/tm/net/ndp', { name: 'n', ipAddress: 'fd00::2', macAddress: arp.macAddress })
    await make(a, '/tm/net/vlan', { name: 'internal' })
    await make(a, '/tm/net/self', { name: 's', address: '10.9.9.1/24', vlan: '/Common/internal' })
    await make(a, '/tm/net/route-domain', { name: '20', id: 20 })
    await make(a, '/tm/net/routing/bgp', { name: 'podpeer', localAs: 64512 })
    await make(a, '/tm/net/route', { ...route, partition: 'LOCAL_ONLY' })
    assert.equal(await state(a), 'In Sync')
    await sync(a)
    for (const path of ['/tm/net/arp', '/tm/net/ndp', '/tm/net/routing/bgp', '/tm/net/route'])
      assert.deepEqual(await names(b, path), [])
    assert.deepEqual(await names(b, '/tm/net/self'), ['external-self'])
    assert.deepEqual(await names(b, '/tm/net/route-domain'), ['0'])
    assert.equal((await b.hand('GET', '/tm/sys/db/iptunnel.configsync')).body.value, 'enable')
  })

  test('takes tunnels along unless it was told not to, over what the other unit has', async () => {
    await make(a, '/tm/net/tunnels/vxlan', profile)
    await make(a, '/tm/net/tunnels/tunnel', tunnel)
    await sync(a)
    const of = async (device: BigIp) => (await device.hand('GET', '/tm/net/tunnels/tunnel/fl-tunnel')).body.localAddress
    assert.equal(await of(b), '10.1.10.60', 'an address of the other unit')
    for (const device of [a, b]) await disableTunnelSync(device)
    await b.hand('DELETE', '/tm/net/tunnels/tunnel/fl-tunnel')
    await make(b, '/tm/net/tunnels/tunnel', { ...tunnel, localAddress: '10.1.10.61' })
    await sync(a)
    assert.deepEqual([await of(a), await of(b)], ['10.1.10.60', '10.1.10.61'])
  })

  test('takes floating self IPs along', async () => {
    await make(a, '/tm/net/self', {
      name: 'float',
      address: '10.1.10.62/24',
      vlan: '/Common/external',
      trafficGroup: '/Common/traffic-group-1',
    })
    await sync(a)
    assert.deepEqual(await names(b, '/tm/net/self'), ['external-self', 'float'])
    assert.equal((await b.list('/tm/net/self'))[1]?.['floating'], 'enabled')
  })

  test('is refused as a whole where the other unit cannot have an object', async () => {
    await make(a, '/tm/net/vlan', { name: 'internal' })
    await make(a, '/tm/net/self', { name: 's', address: '10.9.9.1/24', vlan: '/Common/internal' })
    await make(a, '/tm/ltm/data-group/internal', { name: 'journal', type: 'string' })
    await make(a, '/tm/net/route', { ...route, gw: '10.9.9.2' })
    const { status, body } = await sync(a)
    assert.equal(status, 400)
    assert.match(body.message, /^01070330:3: Static route gateway 10\.9\.9\.2 is not directly connected/)
    assert.deepEqual([await names(b, '/tm/ltm/data-group/internal'), await state(a)], [[], 'Changes Pending'])
  })

  test('needs the name of the group', async () => {
    const options = [{ 'to-group': 'nobody' }]
    assert.match(
      (await a.hand('POST', '/tm/cm/config-sync', { command: 'run', options })).body.message,
      /nobody.*not found/,
    )
  })
})

test('with automatic sync the other unit has a change at once', async () => {
  const [c, d] = await BigIp.pair({}, {}, { autoSync: true })
  await make(c, '/tm/net/route', route)
  assert.deepEqual(await names(d, '/tm/net/route'), ['r'])
  await d.hand('DELETE', '/tm/net/route/r')
  await d.hand('DELETE', '/tm/net/self/external-self')
  await make(c, '/tm/net/route', { ...route, name: 's', network: '10.244.2.0/24' })
  assert.equal(await state(c), 'Changes Pending', 'the other unit refuses it')
  await make(c, '/tm/net/arp', arp)
  assert.deepEqual(await names(d, '/tm/net/arp'), [])
  await c.close()
  await d.close()
})

test('each unit tells who it is, and a failover changes who is active and who is logged in', async () => {
  const states = async (device: BigIp) =>
    (await device.list('/tm/cm/device')).map(({ name, failoverState, selfDevice }) => [name, failoverState, selfDevice])
  assert.deepEqual(await states(a), [
    ['bigip-a.example.net', 'active', 'true'],
    ['bigip-b.example.net', 'standby', 'false'],
  ])
  const asker = await RestAsker.login(a)
  await a.failOver()
  assert.deepEqual(await states(b), [
    ['bigip-a.example.net', 'standby', 'false'],
    ['bigip-b.example.net', 'active', 'true'],
  ])
  assert.equal(await asker.told('GET', '/tm/net/arp'), '401 X-F5-Auth-Token does not exist.')
  asker.close()
})
