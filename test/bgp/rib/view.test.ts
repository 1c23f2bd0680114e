import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REJECT } from '../../../bgp/rib/policy.ts'
import type { RouteQuery, RouteRow } from '../../../bgp/rib/view.ts'
import { decodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { RibWorld } from './rib-world.ts'

function setUp() {
  const world = new RibWorld()
  const one = world.up({ name: 'one', asNumber: 65101, address: '10.1.0.1' })
  const two = world.up({ name: 'two', asNumber: 65102, address: '10.1.0.2' })
  const sink = world.up({ name: 'sink', asNumber: 64512, address: '10.2.0.1' })
  const closed = world.add({ name: 'closed', asNumber: 64513, address: '10.2.0.2' })
  const deaf = world.up({ name: 'deaf', asNumber: 64514, address: '10.2.0.3', exportPolicy: REJECT })
  world.announce(one, ['20.0.0.0/16', '20.0.1.0/24'], { origin: 0, asPath: [65101, 5], nextHop: '10.1.0.1' })
  world.announce(two, ['20.0.1.0/24'], { origin: 0, asPath: [65102, 5, 6], nextHop: '10.1.0.2', med: 3 })
  world.rib.originate(parsePrefix('10.244.0.0/24'))
  world.settle()
  return { world, one, two, sink, closed, deaf }
}

function list(world: RibWorld, query: RouteQuery, slice = 2): RouteRow[] {
  const cursor = world.rib.routes(query)
  const rows: RouteRow[] = []
  while (!cursor.done) rows.push(...cursor.next(slice))
  return rows.sort((a, b) => (String(a.prefix) < String(b.prefix) ? -1 : 1))
}

const line = (row: RouteRow) => `${row.prefix} ${row.peer} ${row.nextHop ?? 'self'} ${row.verdict}: ${row.reason}`

test('the best routes are listed with the step that decided', () => {
  const { world, one } = setUp()
  assert.deepEqual(list(world, { family: 4, table: 'best' }).map(line), [
    '10.244.0.0/24 0 self best: the only eligible path',
    `20.0.0.0/16 ${one.number} 10.1.0.1 best: the only eligible path`,
    `20.0.1.0/24 ${one.number} 10.1.0.1 best: shorter AS_PATH`,
  ])
  assert.deepEqual(list(world, { family: 6, table: 'best' }), [])
  const within = list(world, { family: 4, table: 'best', within: parsePrefix('20.0.0.0/16') })
  assert.deepEqual(
    within.map(row => String(row.prefix)),
    ['20.0.0.0/16', '20.0.1.0/24'],
  )
})

test('what a peer announced is listed as received, with what became of it', () => {
  const { world, two } = setUp()
  const [row, ...more] = list(world, { family: 4, table: 'received', peer: two.number })
  assert.deepEqual(more, [])
  assert.equal(line(row!), `20.0.1.0/24 ${two.number} 10.1.0.2 not best: longer AS_PATH`)
  assert.deepEqual(decodeAttributes(row!.attributes, 0, row!.attributes.length), {
    origin: 'igp',
    asPath: [65102, 5, 6],
    med: 3,
  })
  world.rib.stale(two.number, 4)
  assert.equal(list(world, { family: 4, table: 'received', peer: two.number })[0]!.stale, true)
})

test('what a peer is told is listed as it is sent', () => {
  const { world, sink, one } = setUp()
  const rows = list(world, { family: 4, table: 'advertised', peer: sink.number })
  assert.deepEqual(
    rows.map(row => `${row.prefix} ${row.nextHop} ${row.source}`),
    ['10.244.0.0/24 192.0.2.1 local', '20.0.0.0/16 192.0.2.1 external', '20.0.1.0/24 192.0.2.1 external'],
  )
  assert.deepEqual(decodeAttributes(rows[1]!.attributes, 0, rows[1]!.attributes.length).asPath, [65000, 65101, 5])
  assert.deepEqual(
    list(world, { family: 4, table: 'advertised', peer: one.number }).map(row => String(row.prefix)),
    ['10.244.0.0/24'],
  )
})

test('an explanation names the longest covering prefix, the verdict on each path, and who is told or why not', () => {
  const { world, one, two, sink, closed, deaf } = setUp()
  const explained = world.rib.explain(parsePrefix('20.0.1.7/32'))!
  assert.equal(String(explained.prefix), '20.0.1.0/24')
  assert.deepEqual(Object.fromEntries(explained.paths.map(path => [path.peer, `${path.verdict}: ${path.reason}`])), {
    [one.number]: 'best: shorter AS_PATH',
    [two.number]: 'not best: longer AS_PATH',
  })
  assert.deepEqual(
    Object.fromEntries(explained.advertised.map(({ peer, advertised, reason }) => [peer, [advertised, reason]])),
    {
      [one.number]: [false, 'learned from this peer'],
      [two.number]: [true, 'export policy accept'],
      [sink.number]: [true, 'export policy accept'],
      [closed.number]: [false, 'no session'],
      [deaf.number]: [false, 'export policy reject'],
    },
  )
  assert.deepEqual(explained.kernelNextHops.map(String), ['10.1.0.1'])
  assert.equal(String(world.rib.explain(parsePrefix('20.0.9.9/32'))?.prefix), '20.0.0.0/16')
  assert.equal(world.rib.explain(parsePrefix('192.0.2.9/32')), undefined)
})

test('who cannot be told of a family is told apart: not negotiated, or no address of ours', () => {
  const world = new RibWorld()
  const without = world.up({ name: 'plain', asNumber: 64512, address: '10.2.0.1', families: [4] })
  const nameless = world.add({ name: 'nameless', asNumber: 64513, address: '10.2.0.2' })
  const self = { 4: parseAddress('192.0.2.1') }
  const session = {
    localAs: 65000,
    remoteAs: 64512,
    remoteRouterId: 1,
    fourOctetAs: true,
    families: [4, 6] as const,
    self,
    subnets: [],
  }
  world.rib.join(nameless.number, session)
  world.rib.originate(parsePrefix('2001:db8:5::/64'))
  world.settle()
  const { advertised } = world.rib.explain(parsePrefix('2001:db8:5::1/128'))!
  assert.deepEqual(
    advertised.map(({ peer, reason }) => [peer, reason]),
    [
      [without.number, 'IPv6 is not part of the session'],
      [nameless.number, 'no IPv6 address of ours to name as next hop'],
    ],
  )
})
