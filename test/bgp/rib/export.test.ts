import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCEPT, type Policy } from '../../../bgp/rib/policy.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { hex, toHex } from '../wire/hex.ts'
import { RibWorld } from './rib-world.ts'

const feeder = { name: 'feeder', asNumber: 65101, address: '10.1.0.1' }
const sink = { name: 'sink', asNumber: 64512, address: '10.2.0.1' }

test('a route learned over eBGP is announced to another eBGP peer with our AS in front and our address as next hop', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const to = world.up(sink)
  world.announce(from, ['198.51.100.0/24', '203.0.113.0/25'], {
    origin: 0,
    asPath: [65101, 1],
    nextHop: '10.1.0.1',
    med: 7,
  })
  world.settle()
  assert.deepEqual(Object.fromEntries(to.table), {
    '198.51.100.0/24': { origin: 0, asPath: [65000, 65101, 1], nextHop: '192.0.2.1' },
    '203.0.113.0/25': { origin: 0, asPath: [65000, 65101, 1], nextHop: '192.0.2.1' },
  })
  assert.equal(from.table.size, 0, 'no route goes back to the peer it came from')
  assert.equal(to.updates, 3, 'one UPDATE for both prefixes and an End-of-RIB per family')
  world.withdraw(from, ['198.51.100.0/24'])
  world.settle()
  assert.deepEqual([...to.table.keys()], ['203.0.113.0/25'])
})

test('routes of our own have the address of the session as next hop, in both families', () => {
  const world = new RibWorld()
  const to = world.up(sink)
  const inside = world.up({ name: 'inside', asNumber: 65000, address: '10.3.0.1' })
  for (const text of ['10.244.1.0/24', '2001:db8:1::/64']) world.rib.originate(parsePrefix(text))
  world.settle()
  assert.deepEqual(Object.fromEntries(to.table), {
    '10.244.1.0/24': { origin: 0, asPath: [65000], nextHop: '192.0.2.1' },
    '2001:db8:1::/64': { origin: 0, asPath: [65000], nextHop: '2001:db8::1' },
  })
  assert.deepEqual(inside.table.get('10.244.1.0/24'), { origin: 0, asPath: [], nextHop: '192.0.2.1', localPref: 100 })
  assert.deepEqual(to.endOfRibs.sort(), [4, 6])
})

const attributes = { origin: 0, asPath: [65101, 1], nextHop: '10.1.0.1' }
const blocks = (count: number) => Array.from({ length: count }, (_, at) => `20.${at >> 8}.${at & 255}.0/24`)

test('members of a group are sent the very same octets, but for what came from themselves', () => {
  const world = new RibWorld()
  const clients = ['c1', 'c2', 'c3'].map((name, at) =>
    world.up({ name, asNumber: 65000, address: `10.3.0.${1 + at}`, client: true }),
  )
  world.settle()
  world.sent.length = 0
  for (const [at, client] of clients.entries())
    world.announce(client, [`20.0.${at}.0/24`], { origin: 0, asPath: [], nextHop: `10.3.0.${1 + at}`, localPref: 100 })
  world.settle()
  for (const [at, client] of clients.entries()) {
    assert.equal(client.table.size, 2)
    assert.equal(client.table.has(`20.0.${at}.0/24`), false)
    assert.equal(client.updates, 4, 'two UPDATEs and two End-of-RIBs')
  }
  assert.equal(new Set(world.sent.map(({ bytes }) => bytes.buffer)).size, 1, 'one array for all three')
})

test('a prefix that changes from one source to another is withdrawn from the new source and announced to the old one', () => {
  const world = new RibWorld()
  const [one, two] = [1, 2].map(at => world.up({ name: `e${at}`, asNumber: 65100 + at, address: `10.1.0.${at}` }))
  world.announce(two!, ['20.0.0.0/24'], { ...attributes, asPath: [65102, 5, 6] })
  world.settle()
  assert.deepEqual(one!.table.get('20.0.0.0/24')?.asPath, [65000, 65102, 5, 6])
  world.announce(one!, ['20.0.0.0/24'], attributes)
  world.settle()
  assert.equal(one!.table.size, 0)
  assert.deepEqual(two!.table.get('20.0.0.0/24')?.asPath, [65000, 65101, 1])
})

test('many prefixes with the same attributes fill UPDATEs to the brim', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const to = world.up(sink)
  const prefixes = blocks(3000)
  for (let at = 0; at < prefixes.length; at += 10) world.announce(from, prefixes.slice(at, at + 10), attributes)
  world.settle()
  assert.equal(to.table.size, 3000)
  const perUpdate = Math.floor((4096 - 23 - 4 - 17 - 7) / 4)
  assert.equal(to.updates, Math.ceil(3000 / perUpdate) + 2)
})

test('a slow peer is sent the last state once it reads again, and nothing that came and went meanwhile', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const slow = world.up(sink)
  const swift = world.up({ ...sink, name: 'swift', address: '10.2.0.2' })
  world.settle()
  slow.takesMore = false
  world.announce(from, ['20.0.0.0/24', '20.0.1.0/24'], attributes)
  world.settle()
  assert.equal(slow.announced, 2, 'what made the queue full is in it')
  world.withdraw(from, ['20.0.0.0/24'])
  world.announce(from, ['20.0.2.0/24', '20.0.3.0/24'], attributes)
  world.settle()
  world.withdraw(from, ['20.0.2.0/24'])
  world.announce(from, ['20.0.3.0/24'], { ...attributes, asPath: [65101, 9] })
  world.settle()
  assert.deepEqual([slow.announced, slow.withdrawn], [2, 0])
  assert.deepEqual([...swift.table.keys()].sort(), ['20.0.1.0/24', '20.0.3.0/24'])
  slow.takesMore = true
  world.rib.resume(slow.number)
  world.settle()
  assert.deepEqual([slow.announced, slow.withdrawn, slow.idleWithdrawn], [3, 1, 0])
  assert.deepEqual(Object.fromEntries(slow.table), Object.fromEntries(swift.table))
})

test('End-of-RIB follows the table, once per session and family, and waits while it is held', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  world.announce(from, blocks(100), attributes)
  world.rib.holdEndOfRib(4, true)
  const to = world.up(sink)
  for (let turn = 0; turn < 100; turn++) {
    world.rib.decide(10)
    world.rib.export(10)
  }
  assert.equal(to.table.size, 100, 'routes do not wait')
  assert.deepEqual(to.endOfRibs, [6])
  world.rib.holdEndOfRib(4, false)
  world.settle()
  assert.deepEqual(to.endOfRibs, [6, 4])
  world.rib.refresh(to.number, 4)
  world.settle()
  assert.equal(to.announced, 200, 'a refresh sends everything again')
  assert.deepEqual(to.endOfRibs, [6, 4])
})

test('a peer with a large table to come gets End-of-RIB after the last route', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  world.announce(from, blocks(500), attributes)
  world.up({ ...sink, name: 'first', address: '10.2.0.9' })
  world.settle()
  const late = world.up(sink)
  for (let turn = 0; late.endOfRibs.length < 2; turn++) {
    assert.ok(turn < 1000)
    assert.equal(late.endOfRibs.includes(4), false)
    world.rib.export(7)
    if (late.table.size === 500) world.settle()
  }
  assert.equal(late.table.size, 500)
})

test('an edit of export policy sends only the difference, without a word about the rest', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const to = world.up(sink)
  world.announce(from, ['20.0.0.0/24', '20.0.1.0/24', '20.0.2.0/24'], attributes)
  world.settle()
  const only = [{ prefix: parsePrefix('20.0.0.0/23'), min: 24, max: 24 }]
  const exportPolicy: Policy = {
    name: 'some',
    terms: [{ name: 'low', match: { prefixes: only }, action: 'accept' }],
    otherwise: 'reject',
  }
  world.configure(to, { exportPolicy })
  world.settle()
  assert.deepEqual([...to.table.keys()].sort(), ['20.0.0.0/24', '20.0.1.0/24'])
  assert.deepEqual([to.announced, to.withdrawn], [3, 1])
  world.configure(to, { exportPolicy: ACCEPT })
  world.settle()
  assert.deepEqual([to.announced, to.withdrawn, to.table.size], [4, 1, 3])
})

test('the next hop of a third party on the shared subnet stays, unless it is the receiver or another peer', () => {
  const world = new RibWorld()
  const subnets = [parsePrefix('10.1.0.0/24')]
  const from = world.up({ ...feeder, subnets })
  const to = world.up({ ...sink, address: '10.1.0.2', subnets })
  const announce = (block: string, nextHop: string) => world.announce(from, [block], { ...attributes, nextHop })
  announce('20.0.0.0/24', '10.1.0.1')
  announce('20.0.1.0/24', '10.1.0.77')
  announce('20.0.2.0/24', '10.1.0.2')
  announce('20.0.3.0/24', '10.7.0.1')
  world.settle()
  const nextHops = [...to.table].sort().map(([, told]) => told.nextHop)
  assert.deepEqual(nextHops, ['10.1.0.1', '10.1.0.77', '192.0.2.1', '192.0.2.1'])
})

test('peers with 2-octet AS numbers are a group of their own and are sent the narrow form of the same routes', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const wide = world.up(sink)
  const narrow = [1, 2].map(at => world.add({ ...sink, name: `old${at}`, address: `10.2.1.${at}`, fourOctetAs: false }))
  const heard = new Map<string, string[]>()
  for (const view of narrow)
    view.receive = bytes =>
      heard.set(view.config.name, [...(heard.get(view.config.name) ?? []), toHex(bytes.slice(19))])
  for (const view of narrow) world.join(view)
  world.announce(from, ['20.0.0.0/24'], { ...attributes, asPath: [65101, 4_200_000_000] })
  world.settle()
  assert.deepEqual(wide.table.get('20.0.0.0/24')?.asPath, [65000, 65101, 4_200_000_000])
  // AS_PATH 65000 65101 23456; AS4_PATH 65000 65101 4200000000
  const path = '400101 00 400208 0203 fde8 fe4d 5ba0 400304 c0000201 c0110e 0203 0000fde8 0000fe4d fa56ea00'
  const update = toHex(hex(`0000 0027 ${path} 18140000`))
  for (const messages of heard.values()) assert.ok(messages.includes(update), messages.join('\n'))
  assert.equal(heard.size, 2)
  assert.equal(world.rib.sizes().exportGroups, 4, 'a wide and a narrow one of each family')
  const shared = new Set(world.sent.filter(({ peer }) => peer.startsWith('old')).map(({ bytes }) => bytes))
  assert.equal(shared.size, 3, 'one array for the route, and one for each End-of-RIB, whoever is told')
})

test('a route whose attributes fit no message is not announced, and an earlier announcement of it is withdrawn', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const to = world.up(sink)
  world.announce(from, ['20.0.0.0/24', '20.0.1.0/24'], attributes)
  world.settle()
  const communities = Array.from({ length: 1010 }, (_, at) => at)
  world.announce(from, ['20.0.0.0/24'], { ...attributes, communities })
  world.settle()
  assert.deepEqual([...to.table.keys()], ['20.0.1.0/24'])
  assert.equal(world.rib.counts(to.number, 4).advertised, 1)
  world.announce(from, ['20.0.0.0/24'], attributes)
  world.settle()
  assert.equal(to.table.size, 2)
})

test('a family that was not negotiated, or has no address of ours, is not exported', () => {
  const world = new RibWorld()
  const to = world.up({ ...sink, families: [4] })
  world.rib.originate(parsePrefix('2001:db8:5::/64'))
  world.rib.originate(parsePrefix('10.244.0.0/24'))
  world.settle()
  assert.deepEqual([...to.table.keys()], ['10.244.0.0/24'])
  assert.deepEqual(to.endOfRibs, [4])
})

test('a peer that can be told nothing of a family for want of an address of ours gets its End-of-RIB all the same', () => {
  const world = new RibWorld()
  world.rib.holdEndOfRib(6, true)
  const to = world.add(sink)
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
  world.rib.join(to.number, session)
  world.rib.originate(parsePrefix('2001:db8:5::/64'))
  world.settle()
  assert.deepEqual(to.endOfRibs, [4])
  world.rib.holdEndOfRib(6, false)
  world.settle()
  assert.deepEqual(to.endOfRibs, [4, 6])
  assert.equal(to.table.size, 0)
  world.settle()
  assert.equal(to.endOfRibs.length, 2, 'once')
})

test('an emptied RIB gives its memory back, and serves as before', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const to = world.up(sink)
  for (let round = 0; round < 3; round++) {
    const prefixes = blocks(1500).slice(100 * round)
    world.announce(from, prefixes.slice(0, 700), attributes)
    world.announce(from, prefixes.slice(700), attributes)
    world.settle()
    assert.equal(to.table.size, prefixes.length)
    assert.equal(world.rib.takeKernelChanges(10_000).length, prefixes.length)
    world.rib.flush(from.number, 4)
    world.settle()
    assert.equal(to.table.size, 0)
    const changes = world.rib.takeKernelChanges(10_000)
    assert.ok(changes.length === prefixes.length && changes.every(change => change.nextHops.length === 0))
    world.settle()
    assert.deepEqual([world.rib.sizes().prefixCapacity, world.rib.sizes().attributeSets], [128, 0])
  }
})
