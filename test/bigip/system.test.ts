import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { BigIp } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let device: BigIp
let asker: RestAsker

beforeEach(async () => {
  device = await BigIp.start()
  asker = await RestAsker.login(device)
})
afterEach(async () => {
  asker.close()
  await device.close()
})

describe('partitions', () => {
  test('are folders, too, made by either name, and refuse to go while something is in them', async () => {
    await asker.ask('POST', '/tm/auth/partition', { name: 'one' })
    await asker.ask('POST', '/tm/sys/folder', { name: 'two', partition: '/' })
    const names = async (path: string) => (await device.list(path)).map(({ name }) => name)
    assert.deepEqual(await names('/tm/auth/partition'), ['Common', 'LOCAL_ONLY', 'one', 'two'])
    assert.deepEqual(await names('/tm/sys/folder'), ['Common', 'LOCAL_ONLY', 'one', 'two'])
    const arp = { name: 'a', partition: 'two', ipAddress: '10.1.10.9', macAddress: '0a:0a:00:00:00:01' }
    assert.equal(await asker.told('POST', '/tm/net/arp', arp), '200')
    assert.match(await asker.told('DELETE', '/tm/auth/partition/two'), /^400 01070829:5/)
    await asker.ask('DELETE', '/tm/net/arp/~two~a')
    assert.equal(await asker.told('DELETE', '/tm/auth/partition/two'), '200')
    assert.deepEqual(await names('/tm/sys/folder'), ['Common', 'LOCAL_ONLY', 'one'])
  })

  test('have folders in them, and objects of those have the folder in their paths', async () => {
    await asker.ask('POST', '/tm/sys/folder', { name: '/Common/inner' })
    const group = { name: 'g', partition: 'Common', subPath: 'inner', type: 'string' }
    const { body } = await asker.ask('POST', '/tm/ltm/data-group/internal', group)
    assert.deepEqual([body.fullPath, body.partition, body.subPath], ['/Common/inner/g', 'Common', 'inner'])
    assert.equal(await asker.told('GET', '/tm/ltm/data-group/internal/~Common~inner~g'), '200')
  })

  test('have a default route domain, which addresses without %id are in and are shown without', async () => {
    await asker.ask('POST', '/tm/net/route-domain', { name: '20', id: 20 })
    assert.match(
      await asker.told('POST', '/tm/auth/partition', { name: 'x', defaultRouteDomain: 21 }),
      /^404 01020036:3/,
    )
    await asker.ask('POST', '/tm/auth/partition', { name: 'x', defaultRouteDomain: 20 })
    const arp = { name: 'a', partition: 'x', ipAddress: '10.1.10.9', macAddress: '0a:0a:00:00:00:01' }
    assert.equal((await asker.ask('POST', '/tm/net/arp', arp)).body.ipAddress, '10.1.10.9')
    const tunnel = { name: 't', partition: 'x', profile: '/Common/vxlan', localAddress: '10.1.10.60' }
    await asker.ask('POST', '/tm/net/tunnels/tunnel', tunnel)
    const records = '/tm/net/fdb/tunnel/~x~t/records'
    const record = await asker.ask('POST', records, { name: '0a:0a:00:00:00:01', endpoint: '10.1.10.71' })
    assert.equal(record.body.endpoint, '10.1.10.71%20')
    assert.deepEqual((await asker.ask('GET', '/tm/net/route-domain/20')).body.vlans, ['/x/t'])
    // as a declaration of AS3 for this tenant does it
    await asker.ask('PATCH', '/tm/auth/partition/x', { defaultRouteDomain: 0 })
    assert.equal((await asker.ask('GET', '/tm/net/arp/~x~a')).body.ipAddress, '10.1.10.9%20')
  })

  test('a self IP is in the route domain of its VLAN', async () => {
    await asker.ask('POST', '/tm/net/route-domain', { name: '20', id: 20, vlans: ['/Common/external'] })
    assert.equal((await asker.ask('GET', '/tm/net/route-domain/0')).body.vlans.includes('/Common/external'), false)
    const self = { name: 's', address: '10.5.5.5/24', vlan: '/Common/external' }
    assert.match(await asker.told('POST', '/tm/net/self', self), /^400 01070734:3.*route domain 0, its VLAN .* of 20/)
    assert.equal(await asker.told('POST', '/tm/net/self', { ...self, address: '10.5.5.5%20/24' }), '200')
  })
})

describe('a save', () => {
  const arp = { name: 'a', ipAddress: '10.1.10.9', macAddress: '0a:0a:00:00:00:01' }

  test('is what a reboot goes back to', async () => {
    await device.hand('POST', '/tm/net/arp', arp)
    assert.deepEqual((await asker.ask('POST', '/tm/sys/config', { command: 'save' })).body.command, 'save')
    await device.hand('POST', '/tm/net/arp', { ...arp, name: 'b', ipAddress: '10.1.10.10' })
    await device.hand('DELETE', '/tm/net/arp/a')
    await device.reboot()
    assert.deepEqual(
      (await device.list('/tm/net/arp')).map(({ name }) => name),
      ['a'],
    )
    assert.equal((await device.list('/tm/net/self')).length, 1)
    const again = await RestAsker.login(device)
    assert.equal(await again.told('POST', '/tm/net/arp', { ...arp, name: 'b', ipAddress: '10.1.10.10' }), '200')
    again.close()
  })

  test('forgets nothing of what was there from the start', async () => {
    await device.hand('POST', '/tm/net/arp', arp)
    await device.reboot()
    assert.deepEqual(await device.list('/tm/net/arp'), [])
    assert.equal((await device.list('/tm/net/tunnels/tunnel')).length, 2)
  })
})

test('the licence tells of the Routing Bundle, and so do the modules of the device', async () => {
  const without = await BigIp.start({ routingBundle: false })
  for (const [one, there] of [
    [device, true],
    [without, false],
  ] as const) {
    const { body } = await one.hand('GET', '/tm/sys/license')
    assert.equal(JSON.stringify(body).includes('Routing Bundle'), there)
    const { body: devices } = await one.hand('GET', '/tm/cm/device')
    assert.equal(devices.items[0].activeModules.join().includes('Routing Bundle'), there)
  }
  const refused = await without.hand('PATCH', '/tm/sys/db/tmrouted.tmos.routing', { value: 'enable' })
  assert.deepEqual(
    [refused.status, refused.body.message],
    [400, '01070734:3: Configuration error: dynamic routing is not licensed'],
  )
  await without.hand('PATCH', '/tm/net/route-domain/0', { routingProtocol: ['BGP'] })
  assert.equal(await without.imish(['show running-config']), 'Dynamic routing is not enabled in route domain 0\n')
  await without.close()
})

test('version, failover state and sync state of a device alone are told', async () => {
  const text = async (path: string) => JSON.stringify((await asker.ask('GET', path)).body)
  assert.match(await text('/tm/sys/version'), /"Version":\{"description":"16\.1\.4"\}/)
  assert.match(await text('/tm/cm/sync-status'), /"status":\{"description":"Standalone"\}/)
  assert.match(await text('/tm/cm/device'), /"failoverState":"active","selfDevice":"true"/)
})

test('db variables take their own values alone', async () => {
  const path = '/tm/sys/db/iptunnel.configsync'
  assert.equal((await asker.ask('GET', path)).body.value, 'enable')
  assert.equal((await asker.ask('PATCH', path, { value: 'disable' })).body.value, 'disable')
  assert.match(await asker.told('PATCH', path, { value: 'perhaps' }), /^400 invalid property value/)
  assert.match(await asker.told('GET', '/tm/sys/db/nothing'), /^404 01020036:3/)
})

describe('local traffic', () => {
  test('a virtual server brings its virtual address along, and keeps it', async () => {
    const virtual = {
      name: 'web',
      destination: '/Common/10.1.10.100:80',
      sourceAddressTranslation: { type: 'automap' },
    }
    const { body } = await asker.ask('POST', '/tm/ltm/virtual', virtual)
    assert.deepEqual([body.destination, body.sourceAddressTranslation], ['/Common/10.1.10.100:80', { type: 'automap' }])
    const path = '/tm/ltm/virtual-address/~Common~10.1.10.100'
    assert.equal((await asker.ask('GET', path)).body.routeAdvertisement, 'disabled')
    assert.equal(
      (await asker.ask('PATCH', path, { routeAdvertisement: 'selective' })).body.routeAdvertisement,
      'selective',
    )
    assert.match(await asker.told('DELETE', path), /^400 01070321:3/)
    assert.equal(
      await asker.told('POST', '/tm/ltm/virtual-address', { name: 'twin', address: '10.1.10.100' }),
      '400 0107176c:3: Invalid Virtual Address, the IP address 10.1.10.100 already exists.',
    )
    const off = await asker.ask('PATCH', '/tm/ltm/virtual/web', { disabled: true })
    assert.deepEqual([off.body.enabled, off.body.disabled], [undefined, true])
    const on = await asker.ask('PATCH', '/tm/ltm/virtual/web', { enabled: true })
    assert.deepEqual([on.body.enabled, on.body.disabled], [true, undefined])
    const v6 = await asker.ask('POST', '/tm/ltm/virtual', { name: 'web6', destination: '/Common/2001:db8::1.80' })
    assert.deepEqual([v6.status, v6.body.destination], [200, '/Common/2001:db8::1.80'])
  })

  test('a SNAT pool brings its translations along, and stays while a virtual server uses it', async () => {
    await asker.ask('POST', '/tm/ltm/snatpool', { name: 'pool', members: ['10.1.10.200'] })
    assert.equal((await device.list('/tm/ltm/snat-translation'))[0]?.['address'], '10.1.10.200')
    const sourceAddressTranslation = { type: 'snat', pool: '/Common/pool' }
    await asker.ask('POST', '/tm/ltm/virtual', {
      name: 'v',
      destination: '/Common/10.1.10.101:80',
      sourceAddressTranslation,
    })
    assert.match(await asker.told('DELETE', '/tm/ltm/snatpool/pool'), /^400 01070265:3/)
  })

  test('a data-group keeps its records sorted, and no value of more than 65,535 characters', async () => {
    const path = '/tm/ltm/data-group/internal'
    const records = [{ name: 'b', data: '2' }, { name: 'a' }]
    const { body } = await asker.ask('POST', path, { name: 'journal', type: 'string', records })
    assert.deepEqual(body.records, [{ name: 'a' }, { name: 'b', data: '2' }])
    const long = { records: [{ name: 'c', data: 'x'.repeat(65_536) }] }
    assert.match(await asker.told('PATCH', `${path}/journal`, long), /^400 01020057:3/)
    assert.equal((await asker.ask('GET', `${path}/journal`)).body.records.length, 2)
  })
})
