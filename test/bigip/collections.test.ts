import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BigIp } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let device: BigIp
let asker: RestAsker

before(async () => {
  device = await BigIp.start()
  asker = await RestAsker.login(device)
  await device.hand('POST', '/tm/auth/partition', { name: 'k8s' })
})
after(async () => {
  asker.close()
  await device.close()
})

const arp = (host: number, partition = 'Common') => ({
  ...{ name: `arp-${host}`, partition, ipAddress: `10.1.10.${host}`, macAddress: '00:00:5E:00:53:1' },
})

test('an empty collection has no `items`', async () => {
  const { status, body } = await asker.ask('GET', '/tm/net/arp')
  assert.equal(status, 200)
  assert.deepEqual(body, {
    kind: 'tm:net:arp:arpcollectionstate',
    selfLink: 'https://localhost/mgmt/tm/net/arp?ver=16.1.4',
  })
})

test('an object has its kind, name, partition, full path, generation and link, and values in normal form', async () => {
  const { body } = await asker.ask('POST', '/tm/net/arp', arp(9))
  const { generation, ...rest } = body
  assert.ok(Number.isInteger(generation))
  assert.deepEqual(rest, {
    kind: 'tm:net:arp:arpstate',
    name: 'arp-9',
    partition: 'Common',
    fullPath: '/Common/arp-9',
    selfLink: 'https://localhost/mgmt/tm/net/arp/~Common~arp-9?ver=16.1.4',
    ipAddress: '10.1.10.9',
    macAddress: '00:00:5e:00:53:01',
  })
  assert.deepEqual((await asker.ask('GET', '/tm/net/arp/~Common~arp-9')).body, body)
  assert.deepEqual((await asker.ask('GET', '/tm/net/arp/arp-9')).body, body, 'a bare name is one of /Common')
  assert.deepEqual((await asker.ask('GET', '/tm/net/arp')).body.items, [body])
  assert.deepEqual(await asker.ask('DELETE', '/tm/net/arp/~Common~arp-9'), {
    status: 200,
    type: 'application/json; charset=UTF-8',
    body: '',
  })
})

test('a change counts the generation on, and one that changes nothing does not', async () => {
  const { body: made } = await asker.ask('POST', '/tm/net/arp', arp(9))
  const { body: same } = await asker.ask('PATCH', '/tm/net/arp/arp-9', { macAddress: made.macAddress })
  assert.equal(same.generation, made.generation)
  const { body: changed } = await asker.ask('PATCH', '/tm/net/arp/arp-9', { description: 'a word' })
  assert.ok(changed.generation > made.generation)
  assert.equal((await asker.ask('PATCH', '/tm/net/arp/arp-9', { description: 'none' })).body.description, undefined)
  await asker.ask('DELETE', '/tm/net/arp/arp-9')
})

test('a list is filtered by partition, cut to chosen properties, and given in pages', async () => {
  for (const host of [1, 2, 3]) await asker.ask('POST', '/tm/net/arp', arp(host, 'k8s'))
  await asker.ask('POST', '/tm/net/arp', arp(4))
  const ask = async (query: string) => (await asker.ask('GET', `/tm/net/arp?${query}`)).body
  const names = (items: { name: string }[] = []) => items.map(({ name }) => name)
  assert.deepEqual(names((await ask('$filter=partition+eq+k8s')).items), ['arp-1', 'arp-2', 'arp-3'])
  assert.equal((await ask('$filter=partition%20eq%20nobody')).items, undefined)
  assert.deepEqual((await ask('$filter=partition+eq+Common&$select=name,ipAddress')).items, [
    { name: 'arp-4', ipAddress: '10.1.10.4' },
  ])
  const page = await ask('$top=3')
  assert.deepEqual([names(page.items), page.totalItems, page.totalPages], [['arp-1', 'arp-2', 'arp-3'], 4, 2])
  assert.match(page.nextLink, /\$top=3&\$skip=3$/)
  const last = await ask('$top=3&$skip=3')
  assert.deepEqual([names(last.items), last.nextLink], [['arp-4'], undefined])
  for (const { fullPath } of await device.list('/tm/net/arp'))
    assert.equal(await asker.told('DELETE', `/tm/net/arp/${String(fullPath).replaceAll('/', '~')}`), '200')
})

test('names with colons and percent signs are reached by encoded paths', async () => {
  const name = 'k8s-fd00::1%0'
  const made = await asker.ask('POST', '/tm/net/ndp', { name, ipAddress: 'FD00:0::1', macAddress: '0:0:5e:0:53:1' })
  assert.deepEqual([made.status, made.body.ipAddress], [200, 'fd00::1'])
  const path = `/tm/net/ndp/${encodeURIComponent(`~Common~${name}`)}`
  assert.equal((await asker.ask('GET', path)).body.name, name)
  assert.equal(new URL(made.body.selfLink).pathname, `/mgmt/tm/net/ndp/~Common~k8s-fd00::1%250`)
  assert.equal(await asker.told('DELETE', path), '200')
})

test('refusals have code, message, errorStack and apiError', async () => {
  await asker.ask('POST', '/tm/net/arp', arp(9))
  const exists = await asker.ask('POST', '/tm/net/arp', arp(9))
  assert.equal(exists.status, 409)
  assert.deepEqual(exists.body, {
    code: 409,
    message: '01020066:3: The requested Static ARP (/Common/arp-9) already exists in partition Common.',
    errorStack: [],
    apiError: 3,
  })
  const absent = await asker.ask('DELETE', '/tm/net/arp/~Common~nobody')
  assert.equal(absent.status, 404)
  assert.deepEqual(absent.body, {
    code: 404,
    message: '01020036:3: The requested Static ARP (/Common/nobody) was not found.',
    errorStack: [],
    apiError: 3,
  })
  assert.match(
    await asker.told('POST', '/tm/net/arp', { ...arp(8), partition: 'nobody' }),
    /^404 01020036:3: .*folder \(\/nobody\)/,
  )
  assert.match(await asker.told('POST', '/tm/net/arp', { ...arp(8), colour: 'red' }), /^400 "colour" unknown property/)
  assert.match(await asker.told('POST', '/tm/net/arp', { name: 'a', ipAddress: '10.1.10.8' }), /^400 .*"mac-address"/)
  assert.match(
    await asker.told('POST', '/tm/net/arp', { ...arp(8), ipAddress: 'fd00::8' }),
    /^400 invalid property value "ip-address"/,
  )
  assert.match(await asker.told('PATCH', '/tm/net/arp/arp-9', {}), /^400 one or more properties must be specified/)
  await asker.ask('DELETE', '/tm/net/arp/arp-9')
})

test('a path of nothing is as unregistered as all are while restjavad starts', async () => {
  const { status, body } = await asker.ask('GET', '/tm/net/nothing')
  assert.deepEqual([status, body.message], [404, 'Public URI path not registered: /tm/net/nothing'])
})

test('calls are counted by method and collection', async () => {
  device.calls.reset()
  await asker.ask('POST', '/tm/net/arp', arp(7))
  await asker.ask('PATCH', '/tm/net/arp/~Common~arp-7', { description: 'x' })
  await asker.ask('DELETE', '/tm/net/arp/~Common~arp-7')
  await asker.ask('GET', '/tm/net/arp')
  await asker.ask('GET', '/tm/net/fdb/tunnel/~Common~http-tunnel/records')
  assert.deepEqual(device.calls.counts, {
    'POST /tm/net/arp': 1,
    'PATCH /tm/net/arp': 1,
    'DELETE /tm/net/arp': 1,
    'GET /tm/net/arp': 1,
    'GET /tm/net/fdb/tunnel/records': 1,
  })
  assert.deepEqual([device.calls.writes, device.calls.reads], [3, 2])
  assert.deepEqual(device.calls.last[0]?.body, arp(7))
})

test('20,000 static neighbours and 5,000 records are held and listed in little time', async () => {
  const two = (number: number) => number.toString(16).padStart(2, '0')
  const mac = (at: number) => `0a:0a:00:00:${two(at >> 8)}:${two(at & 255)}`
  await device.hand('POST', '/tm/net/tunnels/tunnel', {
    name: 'big',
    profile: '/Common/vxlan',
    localAddress: '10.1.10.60',
  })
  const records = Array.from({ length: 5000 }, (_, at) => ({ name: mac(at), endpoint: `10.2.${at >> 8}.${at & 255}` }))
  const started = process.cpuUsage()
  assert.equal(await asker.told('PATCH', '/tm/net/fdb/tunnel/~Common~big', { records }), '200')
  for (let at = 0; at < 20_000; at++)
    await device.hand('POST', '/tm/net/arp', {
      name: `a${at}`,
      ipAddress: `10.3.${at >> 8}.${at & 255}`,
      macAddress: mac(at),
    })
  assert.equal((await asker.ask('GET', '/tm/net/arp')).body.items.length, 20_000)
  assert.equal((await asker.ask('GET', '/tm/net/fdb/tunnel/~Common~big/records')).body.items.length, 5000)
  const { user, system } = process.cpuUsage(started)
  assert.ok(user + system < 20e6, `${(user + system) / 1e6} s of CPU time`)
})
