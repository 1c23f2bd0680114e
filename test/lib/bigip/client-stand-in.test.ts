/** The client and what it reads of a device, against the BIG-IP stand-in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BigIpClient, type BigIpClientOptions } from '../../../lib/bigip/client.ts'
import { systemClock } from '../../../lib/bigip/clock.ts'
import { readFacts } from '../../../lib/bigip/facts.ts'
import { isDeviceFault } from '../../../lib/bigip/fault.ts'
import { objectPath, subcollectionPath } from '../../../lib/bigip/path.ts'
import { BigIp, type BigIpOptions } from '../../bigip/big-ip.ts'
import { HandClock } from './hand-clock.ts'

const ARP = '/mgmt/tm/net/arp'
const TUNNELS = '/mgmt/tm/net/tunnels/tunnel'
const arp = (at: number) => ({ name: `a${at}`, ipAddress: `10.1.10.${at}`, macAddress: '0a:0a:c0:a8:c8:41' })

class Bench implements AsyncDisposable {
  readonly device: BigIp
  readonly clock: HandClock
  readonly #clients: BigIpClient[] = []

  private constructor(device: BigIp, clock: HandClock) {
    this.device = device
    this.clock = clock
  }

  static async start(options: BigIpOptions = {}): Promise<Bench> {
    const clock = new HandClock()
    return new Bench(await BigIp.start({ ...options, clock: () => clock.now() }), clock)
  }

  client(options: Partial<BigIpClientOptions> = {}): BigIpClient {
    const { url, ca } = this.device
    const credentials = async () => this.device.credentials
    const client = new BigIpClient({ url, tls: { ca }, credentials, clock: this.clock, ...options })
    this.#clients.push(client)
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map(client => client.close()))
    await this.device.close()
  }
}

test('facts of a device as it comes from the factory', async () => {
  await using bench = await Bench.start({ version: '16.1.4' })
  const facts = await readFacts(bench.client(), { tunnels: ['/Common/not-there'] })
  assert.equal(facts.version, '16.1.4')
  assert.equal(facts.failoverState, 'active')
  assert.deepEqual(facts.peers, [])
  assert.equal(facts.sync.mode, 'standalone')
  assert.equal(facts.licensedRouting, true)
  assert.equal(facts.routing, 'none')
  assert.deepEqual(
    facts.routeDomains.map(({ id }) => id),
    [0],
  )
  assert.equal(facts.partitions.get('Common'), 0)
  assert.equal(facts.tunnelConfigSync, true)
  assert.deepEqual(
    facts.selfIPs.map(({ fields }) => [fields.address, fields.vlan, fields.allowService]),
    [['10.1.10.60/24', '/Common/external', ['default']]],
  )
  assert.ok(facts.vlans.some(({ path }) => path === '/Common/external'))
  assert.equal(facts.tunnelMacs.size, 0)
})

test('facts of one without the Routing Bundle, of tmos and of legacy routing', async () => {
  await using plain = await Bench.start({ routingBundle: false })
  assert.equal((await readFacts(plain.client(), { tunnels: [] })).licensedRouting, false)
  for (const routing of ['tmos', 'legacy'] as const) {
    await using bench = await Bench.start({ routing })
    assert.equal((await readFacts(bench.client(), { tunnels: [] })).routing, routing)
  }
})

test('facts of a pair: who is active, who the other is, and the MAC address of a tunnel on each', async context => {
  const [a, b] = await BigIp.pair({}, {})
  context.after(() => Promise.all([a.close(), b.close()]))
  const clients = [a, b].map(
    ({ url, ca, credentials }) => new BigIpClient({ url, tls: { ca }, credentials: async () => credentials }),
  )
  const [first, second] = await Promise.all(
    clients.map(async (client, at) => {
      await client.patch(objectPath('/mgmt/tm/sys/db', 'iptunnel.configsync'), { value: 'disable' })
      const localAddress = `10.1.10.6${at}`
      await client.post(TUNNELS, { name: 't', profile: '/Common/vxlan', key: 1, localAddress })
      return readFacts(client, { tunnels: ['/Common/t'] })
    }),
  )
  await Promise.all(clients.map(client => client.close()))
  assert.deepEqual([first!.failoverState, second!.failoverState], ['active', 'standby'])
  assert.deepEqual([first!.peers[0]?.name, second!.peers[0]?.name], [second!.name, first!.name])
  assert.equal(first!.tunnelConfigSync, false)
  const [mac, other] = [first!, second!].map(facts => facts.tunnelMacs.get('/Common/t'))
  assert.match(mac!, /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/)
  assert.notEqual(mac, other)
})

test('virtual servers bring addresses, and SNAT pools their members', async () => {
  await using bench = await Bench.start()
  const client = bench.client()
  await client.post('/mgmt/tm/ltm/snatpool', { name: 's', members: ['/Common/10.1.10.200'] })
  const sourceAddressTranslation = { type: 'snat', pool: '/Common/s' }
  await client.post('/mgmt/tm/ltm/virtual', { name: 'v', destination: '10.1.10.100:80', sourceAddressTranslation })
  await client.post('/mgmt/tm/ltm/virtual', { name: 'w', destination: '2001:db8::100.443' })
  const facts = await readFacts(client, { tunnels: [] })
  assert.deepEqual(facts.virtualServers, [
    { path: '/Common/v', destination: '10.1.10.100:80', enabled: true, snat: { pool: '/Common/s' } },
    { path: '/Common/w', destination: '[2001:db8::100]:443', enabled: true, snat: 'none' },
  ])
  assert.deepEqual(
    facts.virtualAddresses.map(({ address, length }) => `${address}/${length}`),
    ['10.1.10.100/32', '2001:db8::100/128'],
  )
  assert.deepEqual(facts.snatPools, [{ path: '/Common/s', members: ['10.1.10.200'] }])
})

test('objects are made, changed, found by names that need encoding, and deleted', async () => {
  await using bench = await Bench.start()
  const client = bench.client()
  await client.post(TUNNELS, { name: 't', profile: '/Common/vxlan', key: 1, localAddress: '10.1.10.60' })
  const records = subcollectionPath('/mgmt/tm/net/fdb/tunnel', '/Common/t', 'records')
  assert.deepEqual(await client.list(records), [])
  await client.post(records, { name: '0a:0a:c0:a8:c8:41', endpoint: '10.1.10.65' })
  const record = objectPath(records, '0a:0a:c0:a8:c8:41')
  assert.equal((await client.get(record))['endpoint'], '10.1.10.65%0')
  await client.delete(record)
  await client.delete(record)
  assert.deepEqual(await client.list(records), [])
  await client.post(ARP, arp(5))
  await assert.rejects(client.post(ARP, arp(5)), thrown => isDeviceFault(thrown, 'BIGIP_EXISTS'))
  await assert.rejects(client.patch(objectPath(ARP, '/Common/a5'), { ipAddress: '10.1.10.6' }), thrown =>
    isDeviceFault(thrown, 'BIGIP_REFUSED'),
  )
  assert.equal((await client.list(ARP, { partition: 'Common', select: ['name', 'ipAddress'] })).length, 1)
})

test('a transaction is applied as a whole or not at all', async () => {
  await using bench = await Bench.start()
  const client = bench.client()
  const create = (at: number) => ({ method: 'POST', path: ARP, body: arp(at) }) as const
  await client.transaction([create(5), create(6)])
  assert.equal((await client.list(ARP)).length, 2)
  await assert.rejects(client.transaction([create(7), create(5)]), thrown => {
    return isDeviceFault(thrown, 'BIGIP_EXISTS') && thrown.applied === 'no'
  })
  assert.equal((await client.list(ARP)).length, 2)
})

test('a create whose answer was lost may have been done, and the client does not do it again', async () => {
  await using bench = await Bench.start()
  const client = bench.client()
  bench.device.faults.add('drop after', {
    times: 1,
    on: ({ path, method }) => path === '/tm/net/arp' && method === 'POST',
  })
  await assert.rejects(client.post(ARP, arp(5)), thrown => {
    return isDeviceFault(thrown, 'BIGIP_UNREACHABLE') && thrown.applied === 'unknown'
  })
  assert.equal((await client.list(ARP)).length, 1)
})

for (const fault of ['busy', 'restarting', 'mcpd', 'drop before', 'drop after'] as const)
  test(`a change is made in spite of '${fault}'`, async () => {
    await using bench = await Bench.start()
    const client = bench.client()
    await client.post(ARP, arp(5))
    bench.device.faults.add(fault, { times: 2 })
    const changed = client.patch(objectPath(ARP, '/Common/a5'), { macAddress: '0a:0a:c0:a8:c8:42' })
    for (const wait of [125, 250]) await bench.clock.pass(wait)
    assert.equal((await changed)['macAddress'], '0a:0a:c0:a8:c8:42')
  })

test('a device that forgot all tokens is logged in to once more, whatever was asked', async () => {
  await using bench = await Bench.start()
  const client = bench.client()
  await client.list(ARP)
  bench.device.restartRestjavad(0)
  await Promise.all([client.post(ARP, arp(5)), client.post(ARP, arp(6)), client.list(ARP)])
  assert.equal((await client.list(ARP)).length, 2)
  assert.equal(bench.device.unit.tokens.size, 1)
})

test('a token lives for an hour, is renewed before that, and none is left behind', async () => {
  await using bench = await Bench.start()
  const client = bench.client()
  for (let minute = 0; minute < 10 * 60; minute++) {
    await client.list(ARP)
    bench.clock.advance(60_000)
    assert.ok(bench.device.unit.tokens.size <= 2)
  }
  await client.close()
  assert.equal(bench.device.unit.tokens.size, 0)
})

test('wrong passwords do not lock the account, and a rotated one is taken at once', async () => {
  await using bench = await Bench.start()
  const { username, password } = bench.device.credentials
  let known = 'wrong'
  const client = bench.client({ credentials: async () => ({ username, password: known }) })
  for (let minute = 0; minute < 8; minute++) {
    await assert.rejects(client.list(ARP), thrown => isDeviceFault(thrown, 'BIGIP_UNAUTHORIZED', 'BIGIP_LOCKED_OUT'))
    bench.clock.advance(60_000)
  }
  known = password
  assert.deepEqual(await client.list(ARP), [])
})

test('the hundredth token of others keeps us out until some are gone', async () => {
  await using bench = await Bench.start()
  const others = Array.from({ length: 100 }, () => bench.device.unit.tokens.login({ ...bench.device.credentials }))
  const client = bench.client()
  await assert.rejects(client.list(ARP), thrown => isDeviceFault(thrown, 'BIGIP_TOKEN_CAP'))
  assert.equal(others.length, 100)
  bench.clock.advance(1_200_000)
  assert.deepEqual(await client.list(ARP), [])
})

test('a program is run, and its refusal is the fault of the appliance mode', async () => {
  await using bench = await Bench.start({ routing: 'legacy' })
  assert.match(await bench.client().bash(['imish', '-r', '0', '-e', 'show running-config']), /!/)
  await using closed = await Bench.start({ routing: 'legacy', applianceMode: true })
  await assert.rejects(closed.client().bash(['imish', '-r', '0', '-e', 'show running-config']), thrown =>
    isDeviceFault(thrown, 'BIGIP_REFUSED', 'BIGIP_FORBIDDEN'),
  )
})

test('what was saved outlives a reboot', async () => {
  await using bench = await Bench.start()
  // whether a connection that the device cuts is met by a call is chance, and so is whether that call is repeated
  const client = bench.client({ clock: systemClock })
  await client.post(ARP, arp(5))
  await client.saveConfig()
  await client.post(ARP, arp(6))
  await bench.device.reboot()
  const found = await client.list(ARP)
  assert.deepEqual(
    found.map(({ name }) => name),
    ['a5'],
  )
})
