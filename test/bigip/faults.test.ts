import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
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

const arp = (host: number) => ({ name: `a${host}`, ipAddress: `10.1.10.${host}`, macAddress: '0a:0a:00:00:00:01' })
const arps = async () => (await device.list('/tm/net/arp')).map(({ name }) => name)

test('while a task runs, reads and writes get 503 with its apiError', async () => {
  const end = device.faults.add('busy')
  for (const [method, body] of [['GET'], ['POST', arp(1)]] as const) {
    const answer = await asker.ask(method, '/tm/net/arp', body)
    assert.equal(answer.status, 503)
    assert.deepEqual(answer.body, {
      code: 503,
      message: 'There is an active asynchronous task executing.',
      errorStack: [],
      apiError: 32964609,
    })
  }
  end()
  assert.equal(await asker.told('GET', '/tm/net/arp'), '200')
  assert.deepEqual(await arps(), [])
})

test('a fault strikes as often as it is told to, and only what it is told', async () => {
  device.faults.add('mcpd', { times: 2, on: ({ method, path }) => method === 'POST' && path === '/tm/net/arp' })
  assert.equal(await asker.told('GET', '/tm/net/arp'), '200')
  for (let time = 0; time < 2; time++)
    assert.match(await asker.told('POST', '/tm/net/arp', arp(1)), /^500 The connection to mcpd has been lost/)
  assert.equal(await asker.told('POST', '/tm/net/arp', arp(1)), '200')
})

test('while restjavad starts, no path is registered, and then nobody is logged in', async () => {
  device.restartRestjavad(1500)
  const { status, body } = await asker.ask('GET', '/tm/net/arp')
  assert.deepEqual([status, body.message], [404, 'Public URI path not registered: /tm/net/arp'])
  for (const deadline = Date.now() + 60_000; (await asker.told('GET', '/tm/net/arp')).startsWith('404'); )
    assert.ok(Date.now() < deadline)
  assert.equal(await asker.told('GET', '/tm/net/arp'), '401 X-F5-Auth-Token does not exist.')
})

test('a connection breaks before the work or after it, as it is told', async () => {
  device.faults.add('drop before', { times: 1 })
  await assert.rejects(asker.ask('POST', '/tm/net/arp', arp(1)), { code: 'ECONNRESET' })
  assert.deepEqual(await arps(), [])
  device.faults.add('drop after', { times: 1 })
  await assert.rejects(asker.ask('POST', '/tm/net/arp', arp(1)), { code: 'ECONNRESET' })
  assert.deepEqual(await arps(), ['a1'])
})

test('other answers that devices give for no reason are given on demand', async () => {
  for (const [fault, told] of [
    ['unauthorized', /^401 Authorization failed: no user authentication header/],
    ['timeout', /^500 AsyncContext timeout/],
    [{ status: 502, body: { message: 'whatever' } }, /^502 whatever/],
  ] as const) {
    device.faults.add(fault, { times: 1 })
    assert.match(await asker.told('GET', '/tm/net/arp'), told)
  }
  device.faults.judge = ({ path }) => (path === '/tm/net/ndp' ? 'busy' : undefined)
  assert.match(await asker.told('GET', '/tm/net/ndp'), /^503/)
  device.faults.clear()
  assert.equal(await asker.told('GET', '/tm/net/ndp'), '200')
})

test('a call that hangs is never answered', async () => {
  device.faults.add('hang', { times: 1 })
  const hanging = asker.ask('POST', '/tm/net/arp', arp(1)).catch(() => 'cut')
  assert.equal(await asker.told('GET', '/tm/net/arp'), '200')
  assert.deepEqual(await arps(), [])
  await device.close()
  assert.equal(await hanging, 'cut')
})

test('each call takes its latency, also one that is queued, and calls of several connections overlap', async () => {
  device.latency = { read: 10, write: 300 }
  const timed = async (work: () => Promise<unknown>) => {
    const started = performance.now()
    await work()
    return performance.now() - started
  }
  assert.ok((await timed(() => asker.ask('GET', '/tm/net/arp'))) >= 9)
  const serial = await timed(async () => {
    for (const host of [1, 2, 3, 4]) await asker.ask('POST', '/tm/net/arp', arp(host))
  })
  assert.ok(serial >= 1198, `${serial}`)
  const parallel = await timed(() => Promise.all([5, 6, 7, 8].map(host => asker.ask('POST', '/tm/net/arp', arp(host)))))
  assert.ok(parallel < serial, `${parallel} < ${serial}`)
  const { body } = await asker.ask('POST', '/tm/transaction', {})
  const headers = { 'X-F5-REST-Coordination-Id': String(body.transId) }
  assert.ok((await timed(() => asker.ask('POST', '/tm/net/arp', arp(9), headers))) >= 299)
})

test('a delay keeps one call back and no other', async () => {
  device.faults.add({ delay: 1500 }, { on: ({ method }) => method === 'POST' })
  let done = false
  const late = asker.ask('POST', '/tm/net/arp', arp(1)).then(() => {
    done = true
  })
  assert.equal(await asker.told('GET', '/tm/net/arp'), '200')
  assert.equal(done, false)
  await late
})
