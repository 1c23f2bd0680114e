import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Device } from '../../../lib/bigip/device.ts'
import type { Row } from '../../../lib/bigip/row.ts'
import { until } from '../../until.ts'
import { HandClock } from './hand-clock.ts'
import { MemoryDevice } from './memory-device.ts'
import { type PlayedNode, rowsOf } from './played-cluster.ts'
import { c1, reconcile, startBigIp, wanted } from './stand-in.ts'

const nodes: readonly PlayedNode[] = [1, 2, 3].map(id => ({ id, life: 0, pods: 2 }))
const tunnel = '/Common/podpeer-c1-flannel'

const records = '/tm/net/fdb/tunnel/~Common~podpeer-c1-flannel/records'

test('a device is made right from empty, and then asked once for each collection and written to no more', async context => {
  const bigIp = await startBigIp(context)
  const { device } = reconcile(context, bigIp)
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  const outcome = await device.apply()
  assert.equal(outcome.converged, true)
  assert.deepEqual(outcome.failed, [])

  assert.equal((await bigIp.list('/tm/net/arp')).length, 6)
  assert.deepEqual(
    (await bigIp.list(records)).map(({ name }) => name),
    ['0a:f4:00:00:00:01', '0a:f4:00:00:00:02', '0a:f4:00:00:00:03'],
  )
  const self = (await bigIp.list('/tm/net/self')).find(({ vlan }) => vlan === tunnel)
  assert.equal(self?.['address'], '10.244.255.1/16')
  assert.equal(self?.['description'], 'podpeer cluster=c1')
  assert.equal(bigIp.calls.count('POST /tm/sys/config'), 1)

  bigIp.calls.reset()
  assert.equal((await device.apply()).applied, 0)
  assert.equal(bigIp.calls.writes, 0)
  assert.deepEqual(bigIp.calls.counts, {
    'GET /tm/net/tunnels/vxlan': 1,
    'GET /tm/net/tunnels/tunnel': 1,
    'GET /tm/net/self': 1,
    'GET /tm/net/fdb/tunnel/records': 1,
    'GET /tm/net/arp': 1,
    'GET /tm/net/ndp': 1,
    'GET /tm/net/route': 1,
    'GET /tm/ltm/data-group/internal': 1,
  })
})

test('a controller that starts anew writes nothing to a device that is right', async context => {
  const bigIp = await startBigIp(context)
  const rows = rowsOf(c1, 'arp node', nodes)
  const before = reconcile(context, bigIp)
  before.device.want(wanted(rows))
  await before.device.apply()
  bigIp.calls.reset()

  const after = reconcile(context, bigIp)
  after.device.want(wanted(rowsOf(c1, 'arp node', nodes)))
  assert.equal((await after.device.apply()).converged, true)
  assert.equal(bigIp.calls.writes, 0)
  assert.equal(after.device.status().objects.drift, 0)
})

test('a node that is added is one FDB record, one neighbour and one route, and nothing is read for it', async context => {
  const bigIp = await startBigIp(context)
  const { device, events } = reconcile(context, bigIp)
  device.want(wanted(rowsOf(c1, 'arp node', nodes)))
  device.start()
  await until('the device is right', () => device.status().phase === 'in sync' && !device.status().unsaved)
  bigIp.calls.reset()
  events.length = 0

  device.want(wanted(rowsOf(c1, 'arp node', [...nodes, { id: 4, life: 0, pods: 0 }])))
  await until('the node is there', () => events.filter(({ type }) => type === 'applied').length === 3)
  assert.deepEqual(bigIp.calls.counts, {
    'POST /tm/net/fdb/tunnel/records': 1,
    'POST /tm/net/arp': 1,
    'POST /tm/net/route': 1,
  })
})

test('many records of an exclusive tunnel are one write of its list', async context => {
  const bigIp = await startBigIp(context)
  const { device } = reconcile(context, bigIp)
  const many = Array.from({ length: 50 }, (_, at) => ({ id: at + 1, life: 0, pods: 0 }))
  device.want(wanted(rowsOf(c1, 'arp pod', many)))
  await device.apply()
  assert.equal((await bigIp.list(records)).length, 50)
  assert.equal(bigIp.calls.count('PATCH /tm/net/fdb/tunnel'), 1)
  assert.equal(bigIp.calls.count('POST /tm/net/fdb/tunnel/records'), 0)
})

test('what a person changed is found, told and repaired at the resync', async context => {
  const bigIp = await startBigIp(context)
  const { device, events } = reconcile(context, bigIp)
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  await device.apply()

  await bigIp.hand('DELETE', '/tm/net/arp/~Common~podpeer-c1-10.244.1.2')
  await bigIp.hand('PATCH', '/tm/net/arp/~Common~podpeer-c1-10.244.2.2', { macAddress: '02:00:00:00:00:01' })
  await bigIp.hand('POST', records, { name: '02:00:00:00:00:02', endpoint: '10.1.10.9' })
  await device.apply()

  const drifts = events.filter(event => event.type === 'drift')
  assert.deepEqual(
    drifts.map(({ row, found }) => [row.name, found === undefined]),
    [
      ['/Common/podpeer-c1-10.244.1.2', true],
      ['/Common/podpeer-c1-10.244.2.2', false],
    ],
  )
  assert.deepEqual(drifts[1]!.differences, [
    { field: 'macAddress', wanted: '0a:f4:00:00:00:02', found: '02:00:00:00:00:01' },
  ])
  assert.equal(device.status().repairs, 2)
  const arps = await bigIp.list('/tm/net/arp')
  assert.equal(arps.length, 6)
  assert.equal(arps.find(({ name }) => name === 'podpeer-c1-10.244.2.2')?.['macAddress'], '0a:f4:00:00:00:02')
  // the tunnel is ours alone, so that a record of somebody else's goes
  assert.equal((await bigIp.list(records)).length, 3)
})

test('a started device finds by itself what a person changed', async context => {
  const bigIp = await startBigIp(context)
  const { device } = reconcile(context, bigIp, { resync: 50 })
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  device.start()
  await until('the device is right', () => device.status().phase === 'in sync')
  await bigIp.hand('DELETE', '/tm/net/arp/~Common~podpeer-c1-10.244.1.2')
  await until('it is put back', () => device.status().repairs === 1 && device.status().phase === 'in sync')
  assert.equal((await bigIp.list('/tm/net/arp')).length, 6)
})

test('nothing is deleted before all sources have synced', async context => {
  const bigIp = await startBigIp(context)
  const { device } = reconcile(context, bigIp)
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  await device.apply()
  device.want(wanted(rowsOf(c1, 'arp pod', nodes.slice(1)), { synced: false }))
  assert.equal((await device.apply()).plan.held, 3)
  assert.equal((await bigIp.list('/tm/net/arp')).length, 6)
  device.want(wanted(rowsOf(c1, 'arp pod', nodes.slice(1))))
  await device.apply()
  assert.equal((await bigIp.list('/tm/net/arp')).length, 4)
  assert.equal((await bigIp.list(records)).length, 2)
})

test('too many deletions are refused with what would go, until an operator allows just these', async context => {
  const bigIp = await startBigIp(context)
  const { device, events } = reconcile(context, bigIp)
  const many = Array.from({ length: 10 }, (_, at) => ({ id: at + 1, life: 0, pods: 1 }))
  device.want(wanted(rowsOf(c1, 'arp pod', many)))
  await device.apply()
  device.want(wanted(rowsOf(c1, 'arp pod', [...many.slice(0, 2), { id: 11, life: 0, pods: 1 }])))
  const { plan } = await device.apply()
  assert.equal(plan.refused?.deletions.length, 16)
  assert.match(plan.refused!.reason, /8 of 10 rows of kind ARP would be deleted at once/)
  assert.equal(events.filter(({ type }) => type === 'refused').length, 1)
  // what is new comes all the same
  assert.equal((await bigIp.list('/tm/net/arp')).length, 11)
  assert.equal((await bigIp.list(records)).length, 11)

  await device.apply({ allowDeletions: 'no such hash' })
  assert.equal((await bigIp.list('/tm/net/arp')).length, 11)
  await device.apply({ allowDeletions: plan.refused!.hash })
  assert.equal((await bigIp.list('/tm/net/arp')).length, 3)
  assert.equal((await bigIp.list(records)).length, 3)
  assert.equal(device.status().refused, undefined)
})

test('a word for many changes holds for what is left of them once a part is done, and for nothing else', async context => {
  const bigIp = await startBigIp(context)
  const { device } = reconcile(context, bigIp)
  const many = Array.from({ length: 10 }, (_, at) => ({ id: at + 1, life: 0, pods: 1 }))
  const rows = rowsOf(c1, 'arp pod', many)
  const isGone = (row: Row, most: number) => row.kind === 'ARP' && Number(row.name.split('.')[2]) <= most
  device.want(wanted(rows))
  await device.apply()
  const rest = rows
    .filter(row => !isGone(row, 8))
    .map((row): Row => (row.kind === 'tunnel' ? { ...row, fields: { ...row.fields, key: 5 } } : row))
  device.want(wanted(rest))
  const { hash } = (await device.plan()).refused!
  device.allow(hash)
  assert.equal((await device.plan()).refused, undefined)
  // of what was named a part is done, by whomever
  await bigIp.hand('DELETE', '/tm/net/arp/~Common~podpeer-c1-10.244.1.2')
  assert.equal((await device.plan()).refused, undefined)
  device.want(wanted(rest.filter(row => !isGone(row, 9))))
  assert.equal((await device.plan()).refused?.deletions.length, 8, 'one that was not named')
})

test('a tunnel is made again only with an operator’s word, with all that stands on it', async context => {
  const bigIp = await startBigIp(context)
  const { device } = reconcile(context, bigIp)
  const rows = rowsOf(c1, 'arp node', nodes)
  device.want(wanted(rows))
  await device.apply()
  const other = rows.map((row): Row => (row.kind === 'tunnel' ? { ...row, fields: { ...row.fields, key: 5 } } : row))
  device.want(wanted(other))
  const { plan } = await device.apply()
  assert.deepEqual(
    plan.refused?.replacements.map(({ name }) => name),
    [tunnel],
  )
  const key = async () =>
    (await bigIp.list('/tm/net/tunnels/tunnel')).find(({ fullPath }) => fullPath === tunnel)?.['key']
  assert.equal(await key(), 244)

  const outcome = await device.apply({ allowDeletions: plan.refused!.hash })
  assert.deepEqual(outcome.failed, [])
  assert.equal(outcome.converged, true)
  assert.equal(await key(), 5)
  assert.equal((await bigIp.list(records)).length, 3)
  assert.equal((await bigIp.list('/tm/net/route')).length, 3)
  assert.ok((await bigIp.list('/tm/net/self')).some(({ vlan }) => vlan === tunnel))
})

test('a controller that does not lead reads and plans, and stops at once when it no longer does', async context => {
  const bigIp = await startBigIp(context)
  const reconciled = reconcile(context, bigIp)
  const { device, events } = reconciled
  reconciled.leads = false
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  const { plan, applied } = await device.apply()
  assert.equal(applied, 0)
  // profile, tunnel, self IP, records and neighbours
  assert.equal(plan.operations.length, 3 + 3 + 6)
  assert.equal(bigIp.calls.writes, 0)
  assert.equal(device.status().phase, 'following')

  reconciled.leads = true
  device.start()
  await until('it writes', () => events.some(({ type }) => type === 'applied'))
  reconciled.leads = false
  const begun = bigIp.calls.writes
  device.want(wanted(rowsOf(c1, 'arp pod', [...nodes, { id: 4, life: 0, pods: 3 }])))
  await until('it follows', () => device.status().phase === 'following')
  await device.plan()
  assert.ok(bigIp.calls.writes <= begun + 4, 'only what was under way ends')
})

test('a device that is busy for a while is left alone and made right after', async context => {
  const bigIp = await startBigIp(context)
  const { device, events } = reconcile(context, bigIp)
  const end = bigIp.faults.add('busy', { on: ({ path }) => path.startsWith('/tm/') })
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  device.start()
  await until('a fault is told', () => events.some(({ type }) => type === 'fault'))
  assert.equal(device.status().phase, 'failing')
  end()
  await until('it is right', () => device.status().phase === 'in sync')
  assert.equal((await bigIp.list('/tm/net/arp')).length, 6)
})

test('a device that fails is not asked the sooner because something else is wanted of it', async () => {
  const memory = new MemoryDevice()
  memory.fault = () => ({ code: 'BIGIP_UNREACHABLE', when: 'before', says: 'no' })
  const clock = new HandClock()
  let retryIn = 0
  const device = new Device({
    name: 'bigip-a',
    access: memory.access('c1'),
    identity: c1,
    lead: () => true,
    clock,
    onEvent: event => {
      if (event.type === 'fault') retryIn = event.retryIn
    },
  })
  device.start()
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  clock.advance(0)
  await until('a fault is told', () => retryIn > 0)
  const { length } = memory.calls
  device.want(wanted(rowsOf(c1, 'arp pod', nodes.slice(1))))
  clock.advance(retryIn - 1)
  await new Promise<void>(resolve => setImmediate(resolve))
  assert.equal(memory.calls.length, length)
  memory.fault = () => undefined
  clock.advance(1)
  await until('it is right', () => device.status().phase === 'in sync')
  assert.equal([...memory.rows.values()].filter(({ kind }) => kind === 'ARP').length, 4)
  await device.close()
})

test('what the device refuses is told, and keeps nothing else from being written', async context => {
  const bigIp = await startBigIp(context)
  const { device } = reconcile(context, bigIp)
  const bad: Row = {
    kind: 'route',
    name: '/Common/podpeer-c1-far',
    fields: { network: '10.9.0.0/24', gateway: '172.16.0.1' },
  }
  device.want(wanted([...rowsOf(c1, 'arp pod', nodes), bad]))
  const outcome = await device.apply()
  assert.equal(outcome.converged, false)
  assert.deepEqual(
    outcome.failed.map(({ error }) => /not directly connected/.test(error.message)),
    [true],
  )
  assert.equal((await bigIp.list('/tm/net/arp')).length, 6)
  assert.match(device.status().lastError!.message, /not directly connected/)
})

test('answers that are lost after the work was done end in no row twice and none missing', async context => {
  const bigIp = await startBigIp(context)
  const { device } = reconcile(context, bigIp)
  let calls = 0
  bigIp.faults.judge = ({ method, path }) =>
    method !== 'GET' && path.startsWith('/tm/net') && ++calls % 3 === 0 ? 'drop after' : undefined
  device.want(wanted(rowsOf(c1, 'arp node', nodes)))
  device.start()
  await until('it is right', () => device.status().phase === 'in sync')
  assert.equal((await bigIp.list('/tm/net/arp')).length, 3)
  assert.equal((await bigIp.list('/tm/net/route')).length, 3)
})

test('nothing wanted any more takes all that is ours away, and leaves the rest', async context => {
  const bigIp = await startBigIp(context)
  await bigIp.hand('POST', '/tm/net/arp', { name: 'mine', ipAddress: '10.1.10.9', macAddress: '02:00:00:00:00:09' })
  const selves = await bigIp.list('/tm/net/self')
  const { device } = reconcile(context, bigIp)
  device.want(wanted(rowsOf(c1, 'arp node', nodes)))
  await device.apply()
  device.want(wanted([]))
  const outcome = await device.apply({ allowDeletions: Number.POSITIVE_INFINITY })
  assert.deepEqual(outcome.failed, [])
  assert.equal(outcome.converged, true)
  assert.deepEqual(
    (await bigIp.list('/tm/net/arp')).map(({ name }) => name),
    ['mine'],
  )
  assert.deepEqual(
    (await bigIp.list('/tm/net/self')).map(({ name }) => name),
    selves.map(({ name }) => name),
  )
  assert.ok(!(await bigIp.list('/tm/net/tunnels/tunnel')).some(({ fullPath }) => fullPath === tunnel))
  assert.ok(!(await bigIp.list('/tm/net/tunnels/vxlan')).some(({ fullPath }) => fullPath === tunnel))
})

test('what a person has put in the way since the last resync is found when the device refuses, and told as a conflict', async context => {
  const bigIp = await startBigIp(context)
  const { device, events } = reconcile(context, bigIp)
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  device.start()
  await until('the device is right', () => device.status().phase === 'in sync')
  await bigIp.hand('POST', '/tm/net/arp', { name: 'mine', ipAddress: '10.244.4.2', macAddress: '02:00:00:00:00:09' })
  device.want(wanted(rowsOf(c1, 'arp pod', [...nodes, { id: 4, life: 0, pods: 1 }])))
  await until('the conflict is told', () => device.status().findings.some(({ code }) => code === 'held-by-other'))
  await until('nothing is left to do', () => device.status().phase === 'in sync')
  assert.equal(events.filter(({ type }) => type === 'failed').length, 1)
  assert.equal((await bigIp.list(records)).length, 4)
})

test('a controller that takes over reads everything before it writes', async context => {
  const bigIp = await startBigIp(context)
  const reconciled = reconcile(context, bigIp)
  reconciled.leads = false
  const { device } = reconciled
  device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  device.start()
  await until('it follows', () => device.status().phase === 'following')
  const leader = reconcile(context, bigIp)
  leader.device.want(wanted(rowsOf(c1, 'arp pod', nodes)))
  await leader.device.apply()
  bigIp.calls.reset()
  reconciled.leads = true
  device.want(wanted(rowsOf(c1, 'arp pod', [...nodes, { id: 4, life: 0, pods: 0 }])))
  await until('it is right', () => device.status().phase === 'in sync')
  assert.equal(bigIp.calls.count('POST /tm/net/fdb/tunnel/records'), 1)
  assert.equal(bigIp.calls.count('POST /tm/net/arp'), 0)
})
