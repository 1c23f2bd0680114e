/** What the client does about answers: a played device over HTTPS, a clock turned by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BigIpClient } from '../../../lib/bigip/client.ts'
import { type DeviceFault, type DeviceFaultCode, isDeviceFault } from '../../../lib/bigip/fault.ts'
import { objectPath, subcollectionPath } from '../../../lib/bigip/path.ts'
import { until } from '../../until.ts'
import { type Answer, empty, mark, PlayedDevice } from './played-device.ts'

const ARP = '/mgmt/tm/net/arp'

async function faultOf(call: Promise<unknown>, code: DeviceFaultCode): Promise<DeviceFault> {
  const thrown = await call.then(
    () => assert.fail(`no ${code}`),
    (thrown: unknown) => thrown,
  )
  assert.ok(isDeviceFault(thrown, code), String(thrown))
  return thrown
}

test('a collection without items is empty, with items it is these', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  device.answer = () => empty('arp')
  assert.deepEqual(await client.list(ARP), [])
  device.answer = () => ({ body: { kind: 'tm:net:arp:arpcollectionstate', items: [{ name: 'a' }] } })
  assert.deepEqual(await client.list(ARP), [{ name: 'a' }])
})

const half = { kind: 'tm:net:arp:arpcollectionstate', items: [{ name: 'a' }] }
for (const [what, body] of [
  ['nothing', ''],
  ['half of it', '{"kind":"tm:net:arp:arpcollectionstate","items":[{"name":"a"}'],
  ['a page', '<html>login</html>'],
  ['no kind', {}],
  ['another kind', { kind: 'tm:net:route:routecollectionstate' }],
  ['one object', { kind: 'tm:net:arp:arpstate', name: 'a' }],
  ['a page of several', { ...half, nextLink: 'https://localhost/mgmt/tm/net/arp?$skip=1' }],
  ['fewer than there are', { ...half, totalItems: 2 }],
  ['items that are no list', { ...half, items: {} }],
  ['an item that is no object', { ...half, items: [null] }],
] as const)
  test(`${what} is no list, and never an empty one`, async () => {
    await using device = await PlayedDevice.start()
    device.answer = () => ({ body })
    const call = faultOf(device.client({ deadline: 100 }).list(ARP), 'BIGIP_NONSENSE')
    assert.equal((await call).retry, true)
  })

test('names are written into paths as the device reads them', () => {
  assert.equal(objectPath(ARP, '/Common/k8s-10.244.1.5'), `${ARP}/~Common~k8s-10.244.1.5`)
  assert.equal(objectPath(ARP, '/Common/k8s-fd00::1%2'), `${ARP}/~Common~k8s-fd00%3A%3A1%252`)
  const records = subcollectionPath('/mgmt/tm/net/fdb/tunnel', '/Common/t', 'records')
  assert.equal(objectPath(records, '0a:0a:c0:a8:c8:41'), `${records}/0a%3A0a%3Ac0%3Aa8%3Ac8%3A41`)
  assert.equal(records, '/mgmt/tm/net/fdb/tunnel/~Common~t/records')
})

test('a list can be asked for one partition and some fields', async () => {
  await using device = await PlayedDevice.start()
  device.answer = () => empty('arp')
  await device.client().list(ARP, { partition: 'Common', select: ['name', 'ipAddress'] })
  assert.equal(device.calls[0]?.path, `${ARP}?$filter=partition+eq+Common&$select=name,ipAddress`)
})

for (const [what, answer] of [
  ['while another task holds the configuration', mark.busy],
  ['while restjavad restarts', mark.unregistered],
  ['when the connection breaks', 'drop'],
  ['when the answer breaks off', 'half'],
] as const) {
  test(`a read is repeated ${what}, with growing waits`, async () => {
    await using device = await PlayedDevice.start()
    device.answer = (_, nth) => (nth <= 3 ? answer : empty('arp'))
    const list = device.client().list(ARP)
    for (const wait of [125, 250, 500]) await device.clock.pass(wait)
    assert.deepEqual(await list, [])
    assert.equal(device.calls.length, 4)
  })
}

test('a create is repeated where surely nothing happened, and told of where that is not known', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  device.answer = (_, nth) => (nth === 1 ? mark.busy : { body: { name: 'a' } })
  const created = client.post(ARP, { name: 'a' })
  await device.clock.pass(125)
  assert.deepEqual(await created, { name: 'a' })
  device.answer = () => 'drop'
  const { applied, retry } = await faultOf(client.post(ARP, { name: 'a' }), 'BIGIP_UNREACHABLE')
  assert.deepEqual([applied, retry], ['unknown', true])
  assert.equal(device.calls.length, 3)
})

test('a create that another one was faster with says so', async () => {
  await using device = await PlayedDevice.start()
  device.answer = () => mark.exists
  const client = device.client()
  const fault = await faultOf(client.post(ARP, { name: 'a' }), 'BIGIP_EXISTS')
  assert.equal(fault.deviceCode, '01020066:3')
  assert.equal(client.state().phase, 'up')
  assert.equal(client.state().lastError, undefined)
})

test('to delete what is not there is done, and a device that restarts says nothing of what is there', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client({ deadline: 100 })
  device.answer = () => mark.absent
  await client.delete(objectPath(ARP, '/Common/a'))
  device.answer = () => mark.unregistered
  await faultOf(client.delete(objectPath(ARP, '/Common/a')), 'BIGIP_RESTARTING')
  device.answer = () => ({ status: 404, body: '<p>The requested URL was not found on this server.</p>' })
  await faultOf(client.delete(objectPath(ARP, '/Common/a')), 'BIGIP_NONSENSE')
})

test('a delete whose first answer was lost is done when the object is gone', async () => {
  await using device = await PlayedDevice.start()
  device.answer = (_, nth) => (nth === 1 ? 'drop' : mark.absent)
  const gone = device.client().delete(objectPath(ARP, '/Common/a'))
  await device.clock.pass(125)
  await gone
  assert.equal(device.calls.length, 2)
})

test('a device that keeps failing is left alone, then probed by one call, and trusted again when that goes well', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  await client.get(ARP)
  device.answer = () => mark.busy
  const storm = faultOf(client.get(ARP), 'BIGIP_BUSY')
  for (const wait of [125, 250, 500]) await device.clock.pass(wait)
  await storm
  await faultOf(client.get(ARP, { deadline: 100 }), 'BIGIP_BUSY')
  const asked = device.calls.length
  const { retryAfter, message } = await faultOf(client.get(ARP), 'BIGIP_RESTING')
  assert.equal(retryAfter, 500)
  assert.match(message, /active asynchronous task/)
  assert.equal(device.calls.length, asked)
  assert.equal(client.state().restingUntil, device.clock.now() + 500)
  device.clock.advance(500)
  let let_go = (): void => assert.fail('not asked')
  device.answer = () => new Promise<Answer>(resolve => (let_go = () => resolve({ body: { name: 'a' } })))
  const probe = client.get(ARP)
  await until('the device is probed', () => device.calls.length === asked + 1)
  await faultOf(client.get(ARP), 'BIGIP_RESTING')
  let_go()
  assert.deepEqual(await probe, { name: 'a' })
  assert.equal(client.state().restingUntil, undefined)
  assert.equal(client.state().phase, 'up')
})

test('a storm of 503 is met by few calls, however many wait, and all go well after it', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  device.answer = () => mark.busy
  const waiting = Array.from({ length: 200 }, () => client.get(ARP))
  const failed = Promise.allSettled(waiting)
  await device.clock.pass(125, 4)
  const outcomes = await failed
  assert.ok(
    outcomes.every(one => one.status === 'rejected' && isDeviceFault(one.reason, 'BIGIP_BUSY', 'BIGIP_RESTING')),
  )
  assert.ok(device.calls.length <= 8, `${device.calls.length} calls`)
  for (let rest = 0; rest < 10; rest++) {
    device.clock.advance(30_000)
    await Promise.allSettled(Array.from({ length: 20 }, () => client.get(ARP)))
  }
  assert.ok(device.calls.length <= 18, `${device.calls.length} calls after 10 probes`)
  device.answer = () => ({ body: { name: 'a' } })
  device.clock.advance(30_000)
  await client.get(ARP)
  assert.equal((await Promise.all(Array.from({ length: 20 }, () => client.get(ARP)))).length, 20)
})

test('four calls at a time, the others in the order in which they were asked', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  const answers: (() => void)[] = []
  device.answer = () => new Promise(resolve => answers.push(() => resolve({ body: {} })))
  const calls = Array.from({ length: 12 }, (_, at) => client.get(`/mgmt/tm/net/arp/${at}`))
  for (let done = 0; done < 12; done++) {
    const open = Math.min(4, 12 - done)
    await until(`${open} are asked`, () => device.calls.length === done + open)
    assert.equal(client.state().inFlight, open)
    assert.equal(client.state().waiting, Math.max(0, 8 - done))
    answers[done]!()
    await Promise.race(calls.slice(done, done + 4))
    await calls[Number(device.calls[done]!.path.split('/').at(-1))]
  }
  const order = device.calls.map(({ path }) => Number(path.split('/').at(-1)))
  assert.deepEqual([...order.slice(0, 4)].sort(), [0, 1, 2, 3])
  assert.deepEqual(order.slice(4), [4, 5, 6, 7, 8, 9, 10, 11])
})

test('a call ends at its deadline, and its place goes to the next', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client({ concurrency: 1 })
  device.answer = (_, nth) => (nth === 1 ? 'silence' : { body: { name: 'b' } })
  const late = faultOf(client.get(ARP), 'BIGIP_TIMEOUT')
  const next = client.get(ARP)
  await until('the first is asked', () => device.calls.length === 1)
  device.clock.advance(60_000)
  assert.equal((await late).retry, true)
  assert.deepEqual(await next, { name: 'b' })
})

test('a caller can give up, in the queue and later', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client({ concurrency: 1 })
  device.answer = () => 'silence'
  const [asked, queued] = [new AbortController(), new AbortController()]
  const first = faultOf(client.post(ARP, {}, { signal: asked.signal }), 'BIGIP_ABORTED')
  const second = faultOf(client.post(ARP, {}, { signal: queued.signal }), 'BIGIP_ABORTED')
  await until('the first is asked', () => device.calls.length === 1)
  queued.abort()
  assert.equal((await second).applied, 'no')
  assert.equal(client.state().waiting, 0)
  asked.abort()
  assert.equal((await first).applied, 'unknown')
  assert.equal(client.state().inFlight, 0)
})

test('a client that is closed ends its calls and makes no others', async () => {
  await using device = await PlayedDevice.start()
  const client = device.client()
  device.answer = () => 'silence'
  const call = faultOf(client.get(ARP), 'BIGIP_ABORTED')
  await until('it is asked', () => device.calls.length === 1)
  await client.close()
  await call
  await faultOf(client.get(ARP), 'BIGIP_ABORTED')
  assert.deepEqual(device.tokens, ['login', 'extend T1', 'delete T1'])
})

test('a device that is not there is told of as that', async () => {
  await using device = await PlayedDevice.start()
  const gone = device.client({ url: 'https://127.0.0.1:1', deadline: 100 })
  const { applied } = await faultOf(gone.post(ARP, {}), 'BIGIP_UNREACHABLE')
  assert.equal(applied, 'no')
  assert.equal(gone.state().phase, 'failing')
})

test('a program of the device is run with words that no shell can misread', async () => {
  await using device = await PlayedDevice.start()
  device.answer = () => ({ body: { kind: 'tm:util:bash:runstate', commandResult: 'BGP router identifier\n' } })
  const client = device.client()
  assert.equal(await client.bash(['imish', '-r', '0', '-e', 'show ip bgp summary']), 'BGP router identifier\n')
  assert.deepEqual(device.calls[0]?.body, {
    command: 'run',
    utilCmdArgs: '-c "imish -r 0 -e \\"show ip bgp summary\\""',
  })
  for (const word of ['$(reboot)', 'a;b', '`id`', 'a"b', "a'b", 'a\\b', 'a\nb', 'a|b', 'a&b', 'a>b', '!1', '*', ''])
    await assert.rejects(client.bash(['imish', '-e', word]), { name: 'InputFault' }, word)
  assert.equal(device.calls.length, 1)
})

test('a program that prints nothing has printed nothing', async () => {
  await using device = await PlayedDevice.start()
  assert.equal(await device.client().bash(['imish', '-r', '0', '-e', 'write']), '')
})

test('the configuration is saved, also when the first answer was lost', async () => {
  await using device = await PlayedDevice.start()
  device.answer = (_, nth) => (nth === 1 ? 'drop' : { body: {} })
  const saved = device.client().saveConfig()
  await device.clock.pass(125)
  await saved
  assert.deepEqual(device.calls[1]?.body, { command: 'save' })
})

test('every exchange is reported once, by method and kind of path', async () => {
  await using device = await PlayedDevice.start()
  const client: BigIpClient = device.client()
  await client.get(
    objectPath(subcollectionPath('/mgmt/tm/net/fdb/tunnel', '/Common/t', 'records'), '0a:0a:c0:a8:c8:41'),
  )
  device.answer = () => mark.absent
  await client.delete(objectPath(ARP, '/Common/a'))
  assert.deepEqual(device.reports, [
    { method: 'POST', path: '/mgmt/shared/authn/login', status: 200, milliseconds: 0 },
    { method: 'PATCH', path: '/mgmt/shared/authz/tokens/*', status: 200, milliseconds: 0 },
    { method: 'GET', path: '/mgmt/tm/net/fdb/tunnel/*/records/*', status: 200, milliseconds: 0 },
    { method: 'DELETE', path: '/mgmt/tm/net/arp/*', status: 404, fault: 'BIGIP_NOT_FOUND', milliseconds: 0 },
  ])
})
