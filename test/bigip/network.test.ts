import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { BigIp } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let device: BigIp
let asker: RestAsker
const MAC = '0a:0a:00:00:00:01'
const RECORDS = '/tm/net/fdb/tunnel/~Common~fl-tunnel/records'

beforeEach(async () => {
  device = await BigIp.start()
  asker = await RestAsker.login(device)
})
afterEach(async () => {
  asker.close()
  await device.close()
})

const profile = { name: 'fl-vxlan', defaultsFrom: '/Common/vxlan', floodingType: 'none', port: 8472 }
const tunnel = { name: 'fl-tunnel', profile: '/Common/fl-vxlan', key: 1, localAddress: '10.1.10.60' }
const self = { name: 'fl-self', address: '10.42.20.1/16', vlan: '/Common/fl-tunnel', allowService: 'all' }

async function makeTunnel(): Promise<void> {
  assert.equal(await asker.told('POST', '/tm/net/tunnels/vxlan', profile), '200')
  assert.equal(await asker.told('POST', '/tm/net/tunnels/tunnel', tunnel), '200')
}

const macOf = async () => {
  const { body } = await asker.ask('GET', '/tm/net/tunnels/tunnel/~Common~fl-tunnel/stats')
  const [{ nestedStats }] = Object.values(body.entries) as [{ nestedStats: { entries: { macAddr: object } } }]
  return nestedStats.entries.macAddr
}

describe('tunnels', () => {
  test('http-tunnel and socks-tunnel are there from the start, with FDBs of their own', async () => {
    const names = async (path: string) => (await device.list(path)).map(({ name }) => name)
    assert.deepEqual(await names('/tm/net/tunnels/tunnel'), ['http-tunnel', 'socks-tunnel'])
    assert.deepEqual(await names('/tm/net/fdb/tunnel'), ['http-tunnel', 'socks-tunnel'])
    await makeTunnel()
    assert.deepEqual(await names('/tm/net/fdb/tunnel'), ['http-tunnel', 'socks-tunnel', 'fl-tunnel'])
  })

  test('a tunnel has a MAC address, and another one when it is made again', async () => {
    await makeTunnel()
    const first = await macOf()
    assert.match(JSON.stringify(first), /"description":"([0-9a-f]{2}:){5}[0-9a-f]{2}"/)
    await asker.ask('PATCH', '/tm/net/tunnels/tunnel/~Common~fl-tunnel', { mtu: 1400 })
    assert.deepEqual(await macOf(), first)
    await asker.ask('DELETE', '/tm/net/tunnels/tunnel/~Common~fl-tunnel')
    await asker.ask('POST', '/tm/net/tunnels/tunnel', tunnel)
    assert.notDeepEqual(await macOf(), first)
  })

  test('what makes a tunnel cannot be changed', async () => {
    await makeTunnel()
    const path = '/tm/net/tunnels/tunnel/~Common~fl-tunnel'
    for (const change of [{ key: 2 }, { localAddress: '10.1.10.61' }, { profile: '/Common/vxlan' }])
      assert.match(
        await asker.told('PATCH', path, change),
        /^400 .* may not be specified in the context of the "modify"/,
      )
    assert.equal(await asker.told('PATCH', path, { key: 1, mtu: 1400 }), '200', 'the same value is no change')
  })

  test('a profile cannot be changed or deleted while a tunnel uses it', async () => {
    await makeTunnel()
    const path = '/tm/net/tunnels/vxlan/~Common~fl-vxlan'
    assert.match(
      await asker.told('PATCH', path, { floodingType: 'multipoint' }),
      /^400 .*\(\/Common\/fl-tunnel\) uses it/,
    )
    assert.equal(await asker.told('PATCH', path, { description: 'x' }), '200')
    assert.match(await asker.told('DELETE', path), /^400 01070265:3: .*in use by a Tunnel \(\/Common\/fl-tunnel\)/)
    await asker.ask('DELETE', '/tm/net/tunnels/tunnel/~Common~fl-tunnel')
    assert.equal(await asker.told('PATCH', path, { floodingType: 'multipoint' }), '200')
    assert.equal(await asker.told('DELETE', path), '200')
  })

  test('a tunnel needs a profile that is there, and no two have the same key and addresses', async () => {
    assert.match(await asker.told('POST', '/tm/net/tunnels/tunnel', tunnel), /^404 01020036:3: .*\/Common\/fl-vxlan/)
    await makeTunnel()
    assert.match(await asker.told('POST', '/tm/net/tunnels/tunnel', { ...tunnel, name: 'twin' }), /^400 01070734:3/)
    assert.equal(await asker.told('POST', '/tm/net/tunnels/tunnel', { ...tunnel, name: 'other', key: 2 }), '200')
  })
})

describe('FDB records', () => {
  beforeEach(makeTunnel)

  test('come and go one by one, their endpoints shown with the route domain', async () => {
    assert.equal((await asker.ask('GET', RECORDS)).body.items, undefined)
    const { body } = await asker.ask('POST', RECORDS, { name: '0A:a:0:0:0:1', endpoint: '10.1.10.71' })
    assert.deepEqual([body.name, body.endpoint], [MAC, '10.1.10.71%0'])
    assert.match(await asker.told('POST', RECORDS, { name: MAC, endpoint: '10.1.10.72' }), /^409 01020066:3/)
    assert.equal((await asker.ask('GET', `${RECORDS}/${MAC}`)).body.endpoint, '10.1.10.71%0')
    assert.equal(await asker.told('PATCH', `${RECORDS}/${MAC}`, { endpoint: '10.1.10.72%0' }), '200')
    assert.equal((await device.list(RECORDS))[0]?.['endpoint'], '10.1.10.72%0')
    assert.equal(await asker.told('DELETE', `${RECORDS}/${MAC}`), '200')
    assert.match(await asker.told('DELETE', `${RECORDS}/${MAC}`), /^404 01020036:3/)
  })

  test('need an endpoint', async () => {
    assert.match(
      await asker.told('POST', RECORDS, { name: MAC }),
      /^400 01070734:3: Configuration error: .*empty entry/,
    )
    const records = [{ name: MAC, endpoint: '10.1.10.71' }, { name: '0a:0a:00:00:00:02' }]
    assert.match(await asker.told('PATCH', '/tm/net/fdb/tunnel/~Common~fl-tunnel', { records }), /^400 .*empty entry/)
    assert.deepEqual(await device.list(RECORDS), [], 'nothing of a list that is refused is there')
  })

  test('are replaced as a whole by PATCH and PUT of the tunnel, and emptied by [] or {}', async () => {
    const path = '/tm/net/fdb/tunnel/~Common~fl-tunnel'
    const list = (...hosts: number[]) =>
      hosts.map(host => ({ name: `0a:0a:00:00:00:0${host}`, endpoint: `10.1.10.${host}` }))
    const names = async () => (await device.list(RECORDS)).map(({ name }) => name)
    assert.equal(await asker.told('PATCH', path, { records: list(1, 2) }), '200')
    assert.equal(await asker.told('PUT', path, { records: list(2, 3) }), '200')
    assert.deepEqual(await names(), ['0a:0a:00:00:00:02', '0a:0a:00:00:00:03'])
    for (const records of [[], {}]) {
      await asker.ask('PATCH', path, { records: list(1) })
      assert.equal(await asker.told('PATCH', path, { records }), '200')
      assert.deepEqual(await names(), [])
    }
  })

  test('are referred to by the tunnel, shown in it on demand, and inline to who asks for an old version', async () => {
    await asker.ask('POST', RECORDS, { name: MAC, endpoint: '10.1.10.71' })
    const ask = async (query: string) => (await asker.ask('GET', `/tm/net/fdb/tunnel/~Common~fl-tunnel${query}`)).body
    const link = 'https://localhost/mgmt/tm/net/fdb/tunnel/~Common~fl-tunnel/records?ver=16.1.4'
    assert.deepEqual((await ask('')).recordsReference, { link, isSubcollection: true })
    const [item] = (await ask('?expandSubcollections=true')).recordsReference.items
    assert.deepEqual([item.name, item.endpoint], [MAC, '10.1.10.71%0'])
    const old = await ask('?ver=11.5.0')
    assert.deepEqual([old.records.length, old.recordsReference], [1, undefined])
  })

  test('keep their tunnel from being deleted', async () => {
    await asker.ask('POST', RECORDS, { name: MAC, endpoint: '10.1.10.71' })
    const path = '/tm/net/tunnels/tunnel/~Common~fl-tunnel'
    assert.match(await asker.told('DELETE', path), /^400 01070712:3: .*its FDB has 1 records/)
    await asker.ask('DELETE', `${RECORDS}/${MAC}`)
    assert.equal(await asker.told('DELETE', path), '200')
    assert.equal((await asker.ask('GET', RECORDS)).status, 404)
  })
})

describe('self IPs', () => {
  beforeEach(makeTunnel)

  test('are on a VLAN or tunnel that is there, and keep it from being deleted', async () => {
    assert.match(await asker.told('POST', '/tm/net/self', { ...self, vlan: '/Common/nowhere' }), /^404 01020036:3/)
    assert.equal(await asker.told('POST', '/tm/net/self', self), '200')
    assert.equal(
      await asker.told('DELETE', '/tm/net/tunnels/tunnel/~Common~fl-tunnel'),
      '400 01070265:3: The Tunnel (/Common/fl-tunnel) cannot be deleted because it is in use by a self IP (/Common/fl-self).',
    )
    assert.equal(await asker.told('DELETE', '/tm/net/self/fl-self'), '200')
    assert.equal(await asker.told('DELETE', '/tm/net/tunnels/tunnel/~Common~fl-tunnel'), '200')
  })

  test('show their port lockdown as text, as a list, or not at all for none', async () => {
    const path = '/tm/net/self/fl-self'
    const shown = async (allowService?: unknown) => (await asker.ask('PATCH', path, { allowService })).body.allowService
    assert.equal((await asker.ask('POST', '/tm/net/self', self)).body.allowService, 'all')
    assert.deepEqual(await shown('default'), ['default'])
    assert.deepEqual(await shown(['tcp:179', 'udp:3784']), ['tcp:179', 'udp:3784'])
    assert.equal(await shown('none'), undefined)
    assert.match(
      await asker.told('PATCH', path, { allowService: ['ssh'] }),
      /^400 invalid property value "allow-service"/,
    )
    const { allowService: _, ...plain } = self
    await asker.ask('DELETE', path)
    assert.equal((await asker.ask('POST', '/tm/net/self', plain)).body.allowService, undefined, 'none is the default')
  })

  test('have an address of their own that cannot be changed', async () => {
    await asker.ask('POST', '/tm/net/self', self)
    assert.match(await asker.told('POST', '/tm/net/self', { ...self, name: 'twin' }), /^400 01070734:3/)
    assert.match(
      await asker.told('PATCH', '/tm/net/self/fl-self', { address: '10.42.20.2/16' }),
      /^400 "address" may not/,
    )
    assert.equal(
      await asker.told('PATCH', '/tm/net/self/fl-self', { address: self.address, vlan: '/Common/external' }),
      '200',
    )
  })
})

describe('static neighbours', () => {
  const arp = { name: 'k8s-10.42.1.2', ipAddress: '10.42.1.2', macAddress: MAC }

  test('cannot change their address, not even to the same, but their MAC address', async () => {
    await asker.ask('POST', '/tm/net/arp', arp)
    const path = '/tm/net/arp/~Common~k8s-10.42.1.2'
    assert.match(await asker.told('PATCH', path, { ipAddress: '10.42.1.3' }), /^400 "ip-address" may not be specified/)
    assert.match(await asker.told('PUT', path, arp), /^400 "ip-address" may not be specified/)
    assert.equal(await asker.told('PATCH', path, { macAddress: '0a:0a:00:00:00:02' }), '200')
    const { body } = await asker.ask('GET', path)
    assert.deepEqual([body.ipAddress, body.macAddress], ['10.42.1.2', '0a:0a:00:00:00:02'])
  })

  test('are one per address and route domain', async () => {
    await asker.ask('POST', '/tm/net/arp', arp)
    assert.match(await asker.told('POST', '/tm/net/arp', { ...arp, name: 'twin' }), /^400 01070734:3.*k8s-10\.42\.1\.2/)
    await device.hand('POST', '/tm/net/route-domain', { name: '20', id: 20 })
    const other = await asker.ask('POST', '/tm/net/arp', { ...arp, name: 'other', ipAddress: '10.42.1.2%20' })
    assert.deepEqual([other.status, other.body.ipAddress], [200, '10.42.1.2%20'])
  })
})

describe('routes', () => {
  const route = { name: 'node-1', network: '10.244.1.0/24', gw: '10.1.10.71' }

  test('need a gateway in the network of a self IP, an interface that is there, and one of them alone', async () => {
    assert.equal(await asker.told('POST', '/tm/net/route', route), '200')
    const other = { name: 'node-2', network: '10.244.2.0/24' }
    assert.equal(
      await asker.told('POST', '/tm/net/route', { ...other, gw: '10.9.9.9' }),
      '400 01070330:3: Static route gateway 10.9.9.9 is not directly connected via an interface.',
    )
    assert.match(
      await asker.told('POST', '/tm/net/route', { ...other, tmInterface: '/Common/nowhere' }),
      /^404 01020036:3/,
    )
    assert.match(
      await asker.told('POST', '/tm/net/route', { ...other, gw: '10.1.10.72', tmInterface: '/Common/external' }),
      /^400/,
    )
    assert.match(await asker.told('POST', '/tm/net/route', other), /^400 .*"gw"/)
    const { body } = await asker.ask('POST', '/tm/net/route', { ...other, tmInterface: '/Common/external' })
    assert.match(body.tmInterfaceReference.link, /\/net\/vlan\/~Common~external/)
    assert.match(
      await asker.told('POST', '/tm/net/route', { ...route, name: 'x', network: '10.244.3.1/24' }),
      /^400 invalid property value "network"/,
    )
  })

  test('cannot change their network, and are one per network and route domain', async () => {
    await asker.ask('POST', '/tm/net/route', route)
    const path = '/tm/net/route/~Common~node-1'
    assert.match(await asker.told('PATCH', path, { network: '10.244.9.0/24' }), /^400 "network" may not be specified/)
    assert.equal(await asker.told('PATCH', path, { gw: '10.1.10.72', description: 'mine' }), '200')
    assert.match(await asker.told('POST', '/tm/net/route', { ...route, name: 'twin' }), /^400 01070734:3/)
    const { body } = await asker.ask('GET', path)
    assert.deepEqual([body.gw, body.description], ['10.1.10.72', 'mine'])
  })

  test('may lead through a tunnel, and keep it', async () => {
    await makeTunnel()
    await asker.ask('POST', '/tm/net/route', { name: 'pods', network: '10.0.0.0/8', tmInterface: '/Common/fl-tunnel' })
    assert.match(
      await asker.told('DELETE', '/tm/net/tunnels/tunnel/~Common~fl-tunnel'),
      /^400 01070265:3: .*Static route/,
    )
  })
})
