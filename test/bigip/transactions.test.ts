import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { BigIp } from './big-ip.ts'
import { RestAsker } from './rest-asker.ts'

let now: number
let device: BigIp
let asker: RestAsker

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  device = await BigIp.start({ clock: () => now })
  asker = await RestAsker.login(device)
})
afterEach(async () => {
  asker.close()
  await device.close()
})

const begin = async (): Promise<number> => (await asker.ask('POST', '/tm/transaction', {})).body.transId
const queue = (id: number, method: string, path: string, body?: object) =>
  asker.ask(method, path, body, { 'X-F5-REST-Coordination-Id': String(id) })
const commit = (id: number, more: object = {}) =>
  asker.ask('PATCH', `/tm/transaction/${id}`, { state: 'VALIDATING', ...more })
const arps = async () => (await device.list('/tm/net/arp')).map(({ name }) => name)
const arp = (host: number) => ({ name: `a${host}`, ipAddress: `10.1.10.${host}`, macAddress: '0a:0a:00:00:00:01' })

test('what is queued is echoed, and done in order when the transaction is committed', async () => {
  const { body } = await asker.ask('POST', '/tm/transaction', {})
  assert.deepEqual([body.state, body.timeoutSeconds], ['STARTED', 120])
  const id = body.transId
  const profile = { name: 'p', defaultsFrom: '/Common/vxlan', port: 8472 }
  const echo = await queue(id, 'POST', '/tm/net/tunnels/vxlan', profile)
  assert.deepEqual([echo.status, echo.body.method, echo.body.commandId, echo.body.body], [200, 'POST', 1, profile])
  await queue(id, 'POST', '/tm/net/tunnels/tunnel', { name: 't', profile: '/Common/p', localAddress: '10.1.10.60' })
  await queue(id, 'POST', '/tm/net/fdb/tunnel/~Common~t/records', { name: '0a:0a:0:0:0:1', endpoint: '10.1.10.71' })
  assert.equal((await device.list('/tm/net/tunnels/tunnel')).length, 2)
  assert.equal((await asker.ask('GET', `/tm/transaction/${id}/commands`)).body.items.length, 3)
  assert.deepEqual((await commit(id)).body.state, 'COMPLETED')
  assert.equal((await device.list('/tm/net/fdb/tunnel/~Common~t/records')).length, 1)
})

test('nothing is done where one command is refused, and the refusal is told', async () => {
  await device.hand('POST', '/tm/net/arp', arp(1))
  const id = await begin()
  await queue(id, 'DELETE', '/tm/net/arp/a1')
  await queue(id, 'POST', '/tm/net/arp', arp(2))
  await queue(id, 'POST', '/tm/net/arp', arp(2))
  const { status, body } = await commit(id)
  assert.equal(status, 409)
  assert.match(body.message, /^transaction failed:01020066:3: The requested Static ARP \(\/Common\/a2\) already exists/)
  assert.deepEqual(await arps(), ['a1'])
  assert.match(await asker.told('PATCH', `/tm/transaction/${id}`, { state: 'VALIDATING' }), /^404 /, 'it is over')
  assert.equal((await device.hand('POST', '/tm/net/arp', arp(2))).status, 200, 'its addresses are free again')
})

test('parents come first and deletions last, for order is that of the queue', async () => {
  await device.hand('POST', '/tm/ltm/snatpool', { name: 'pool', members: ['10.1.10.200'] })
  const virtual = { name: 'v', destination: '/Common/10.1.10.100:80' }
  const sourceAddressTranslation = { type: 'snat', pool: '/Common/pool' }
  await device.hand('POST', '/tm/ltm/virtual', { ...virtual, sourceAddressTranslation })
  const id = await begin()
  await queue(id, 'DELETE', '/tm/ltm/snatpool/pool')
  await queue(id, 'PATCH', '/tm/ltm/virtual/v', { sourceAddressTranslation: { type: 'automap' } })
  assert.match((await commit(id)).body.message, /^transaction failed:01070265:3: The SNAT Pool .*in use/)
})

test('a route changes its network by being deleted and made again in one transaction', async () => {
  await device.hand('POST', '/tm/net/route', { name: 'r', network: '10.244.1.0/24', gw: '10.1.10.71' })
  const id = await begin()
  await queue(id, 'DELETE', '/tm/net/route/r')
  await queue(id, 'POST', '/tm/net/route', { name: 'r', network: '10.244.2.0/24', gw: '10.1.10.71' })
  assert.equal((await commit(id)).status, 200)
  assert.deepEqual(
    (await device.list('/tm/net/route')).map(({ network }) => network),
    ['10.244.2.0/24'],
  )
})

test('validation alone does nothing, and leaves the transaction open', async () => {
  const id = await begin()
  await queue(id, 'POST', '/tm/net/arp', arp(1))
  assert.equal((await commit(id, { validateOnly: true })).status, 200)
  assert.deepEqual(await arps(), [])
  assert.equal((await commit(id)).status, 200)
  assert.deepEqual(await arps(), ['a1'])
})

test('it is over after 120 s, when it is deleted, and when restjavad starts again', async () => {
  const old = await begin()
  now += 120_000
  assert.equal((await queue(old, 'POST', '/tm/net/arp', arp(1))).status, 404)
  assert.equal((await commit(old)).body.message, 'Missing transaction ID for this call.')
  const deleted = await begin()
  await asker.ask('DELETE', `/tm/transaction/${deleted}`)
  assert.equal((await commit(deleted)).status, 404)
  const lost = await begin()
  device.restartRestjavad(0)
  asker.close()
  asker = await RestAsker.login(device)
  assert.equal((await commit(lost)).status, 404)
  assert.deepEqual(await arps(), [])
})

test('shells and uploads cannot be part of one', async () => {
  const id = await begin()
  await queue(id, 'POST', '/tm/util/bash', { command: 'run', utilCmdArgs: '-c "tmsh save sys config"' })
  assert.equal((await commit(id)).status, 404)
})
