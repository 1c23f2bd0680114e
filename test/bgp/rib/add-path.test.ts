import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { RibWorld, type TestPeer } from './rib-world.ts'

const P = '20.0.0.0/24'
const route = (asNumber: number, more: readonly number[] = []) => ({
  origin: 0,
  asPath: [asNumber, ...more],
  nextHop: '10.1.0.9',
})
const several: TestPeer = {
  name: 'several',
  asNumber: 65101,
  address: '10.1.0.1',
  session: { addPathReceive: [4] },
}
const feeders = [1, 2, 3].map(at => ({ name: `e${at}`, asNumber: 65110 + at, address: `10.1.1.${at}` }))
const sinkOf = (most: number, more: Partial<TestPeer> = {}): TestPeer => ({
  name: 'sink',
  asNumber: 64512,
  address: '10.2.0.1',
  session: { addPathSend: { 4: most } },
  ...more,
})
const pathsOf = (table: ReadonlyMap<string, { asPath: number[] }>) =>
  Array.from(table.values(), ({ asPath }) => asPath.slice(1).join(' ')).sort()
const idsOf = (table: ReadonlyMap<string, unknown>) => Array.from(table.keys(), text => text.split('#')[1])

test('paths of one peer are told apart by their ids: each is replaced and withdrawn alone, and they are counted', () => {
  const world = new RibWorld()
  const from = world.up(several)
  const counts = () => {
    const { received, prefixes } = world.rib.counts(from.number, 4)
    return [received, prefixes]
  }
  world.announce(from, [`${P}#1`, '20.0.1.0/24#1'], route(65101))
  world.announce(from, [`${P}#2`], route(65101, [7]))
  assert.deepEqual(counts(), [3, 2])
  world.announce(from, [`${P}#2`], route(65101, [8]))
  assert.deepEqual(counts(), [3, 2], 'replaced')
  world.withdraw(from, [`${P}#3`])
  world.withdraw(from, [`${P}#1`])
  assert.deepEqual(counts(), [2, 2])
  world.withdraw(from, [`${P}#2`])
  assert.deepEqual(counts(), [1, 1])
  assert.equal(world.rib.flush(from.number, 4), 1)
  assert.deepEqual(counts(), [0, 0])
})

test('between paths of one peer that are equal otherwise the lower id decides, and explanations say so', () => {
  const world = new RibWorld()
  const from = world.up(several)
  for (const id of [9, 4]) world.announce(from, [`${P}#${id}`], { ...route(65101), nextHop: `10.1.0.${id}` })
  world.settle()
  const paths = world.rib.explain(parsePrefix(P))!.paths
  assert.deepEqual(paths.map(({ pathId, verdict, reason }) => [pathId, verdict, reason]).sort(), [
    [4, 'best', 'lower path id'],
    [9, 'not best', 'higher path id'],
  ])
})

test('equal paths of one peer are a multipath route over both next hops', () => {
  const world = new RibWorld({ maxPaths: 4 })
  const from = world.up(several)
  for (const id of [9, 4]) world.announce(from, [`${P}#${id}`], { ...route(65101), nextHop: `10.1.0.${id}` })
  world.settle()
  const [change] = world.rib.takeKernelChanges(10)
  assert.deepEqual(change!.nextHops.map(String), ['10.1.0.4', '10.1.0.9'])
})

test('stale and refreshed paths of one peer are swept one by one', () => {
  const world = new RibWorld()
  const from = world.up(several)
  for (const id of [1, 2]) world.announce(from, [`${P}#${id}`], route(65101, [id]))
  world.rib.leave(from.number)
  world.rib.stale(from.number, 4)
  world.join(from)
  world.announce(from, [`${P}#2`], route(65101, [2]))
  assert.equal(world.rib.sweep(from.number, 4), 1)
  const left = world.rib.explain(parsePrefix(P))!.paths.map(({ pathId }) => pathId)
  assert.deepEqual(left, [2])
})

test('a peer is sent the best paths up to its limit, best first, and of more than that never', () => {
  const world = new RibWorld()
  const to = world.up(sinkOf(2))
  const from = feeders.map(peer => world.up(peer))
  world.announce(from[0]!, [P], route(65111, [1, 2, 3]))
  world.announce(from[1]!, [P], route(65112, [1, 2]))
  world.settle()
  assert.deepEqual(pathsOf(to.table), ['65111 1 2 3', '65112 1 2'])
  world.announce(from[2]!, [P], route(65113))
  world.settle()
  assert.deepEqual(pathsOf(to.table), ['65112 1 2', '65113'], 'the worst made way')
  assert.equal(world.rib.counts(to.number, 4).advertised, 2)
  world.withdraw(from[1]!, [P])
  world.settle()
  assert.deepEqual(pathsOf(to.table), ['65111 1 2 3', '65113'])
  assert.equal(to.idleWithdrawn, 0)
})

test('an id stays with its path when that is replaced, and is not given to another prefix while a slow peer may hold it', () => {
  const world = new RibWorld()
  const to = world.up(sinkOf(Number.POSITIVE_INFINITY))
  const [one, two] = feeders.map(peer => world.up(peer))
  world.announce(one!, [P], route(65111))
  world.announce(two!, [P], route(65112))
  world.settle()
  const ids = idsOf(to.table).sort()
  assert.equal(new Set(ids).size, 2)
  world.announce(one!, [P], route(65111, [5]))
  world.settle()
  assert.deepEqual(idsOf(to.table).sort(), ids)
  to.takesMore = false
  world.announce(one!, ['20.9.0.0/24'], route(65111)) // fills its queue
  world.settle()
  world.withdraw(one!, [P, '20.9.0.0/24'])
  world.settle()
  world.announce(one!, ['20.0.7.0/24'], route(65111))
  world.settle()
  to.takesMore = true
  world.rib.resume(to.number)
  world.settle()
  assert.deepEqual(pathsOf(to.table), ['65111', '65112'])
  assert.equal(to.idleWithdrawn, 0)
})

test('paths that come and go while a peer does not read cost nothing once it knows of none of them', () => {
  const world = new RibWorld()
  const to = world.up(sinkOf(4))
  const from = world.up(feeders[0]!)
  world.settle()
  to.takesMore = false
  world.announce(from, ['20.9.0.0/24'], route(65111))
  world.settle()
  for (let round = 0; round < 500; round++) {
    world.announce(from, [P], route(65111, [round]))
    world.settle()
    world.withdraw(from, [P])
    world.settle()
  }
  const places = world.rib.sizes().pathCapacity
  assert.ok(places <= 128, `${places} places for paths`)
})

test('no peer is sent back its own paths, and a reflector keeps to its rules for each path', () => {
  const world = new RibWorld()
  const inside = { asNumber: 65000, session: { addPathSend: { 4: 8 } } }
  const client = world.up({ name: 'c', address: '10.3.0.1', client: true, ...inside })
  const plain = world.up({ name: 'i', address: '10.3.0.2', ...inside })
  const other = world.up({ name: 'j', address: '10.3.0.3', ...inside })
  for (const [view, asNumber] of [
    [client, 1],
    [plain, 2],
    [other, 3],
  ] as const)
    world.announce(view, [P], { ...route(asNumber), localPref: 100 })
  world.settle()
  const held = (view: typeof client) => Array.from(view.table.values(), ({ asPath }) => asPath.join()).sort()
  assert.deepEqual(held(client), ['2', '3'])
  assert.deepEqual(held(plain), ['1'], 'a client’s path alone')
  assert.deepEqual(held(other), ['1'])
})

test('listings and explanations have the ids as they are sent', () => {
  const world = new RibWorld()
  const to = world.up(sinkOf(1))
  const from = feeders.slice(0, 2).map(peer => world.up(peer))
  world.announce(from[0]!, [P], route(65111))
  world.announce(from[1]!, [P], route(65112, [1]))
  world.settle()
  const [row] = world.rib.routes({ family: 4, table: 'advertised', peer: to.number }).next(10)
  assert.deepEqual([String(row!.pathId)], idsOf(to.table))
  const told = world.rib.explain(parsePrefix(P))!.advertised.filter(({ peer }) => peer === to.number)
  assert.deepEqual(told.map(({ advertised, reason }) => [advertised, reason]).sort(), [
    [false, 'not among the best 1 paths, or not sent yet'],
    [true, 'export policy accept'],
  ])
})

test('more paths than a batch holds go out all the same', () => {
  const world = new RibWorld()
  const to = world.up(sinkOf(Number.POSITIVE_INFINITY))
  const from = world.up(several)
  const prefixes = Array.from({ length: 1500 }, (_, at) => `20.${at >> 8}.${at & 255}.0/24`)
  for (let id = 1; id <= 10; id++)
    for (let at = 0; at < prefixes.length; at += 300)
      world.announce(
        from,
        prefixes.slice(at, at + 300).map(text => `${text}#${id}`),
        route(65101, [id]),
      )
  world.settle()
  assert.equal(to.table.size, 15_000)
  world.rib.flush(from.number, 4)
  world.settle()
  assert.equal(to.table.size, 0)
})

test('what a slow peer is still to hear withdrawn is withdrawn under its own prefix, however many come in the meantime', () => {
  const world = new RibWorld()
  const to = world.up(sinkOf(4))
  const from = world.up(feeders[0]!)
  const prefixes = (high: number) => Array.from({ length: 60 }, (_, at) => `20.${high}.${at}.0/24`)
  const turn = () => {
    world.settle()
    world.rib.takeKernelChanges(1000)
    world.settle()
  }
  world.announce(from, prefixes(1), route(65111))
  turn()
  to.takesMore = false
  world.announce(from, ['20.9.0.0/24'], route(65111)) // fills its queue
  turn()
  world.withdraw(from, [...prefixes(1), '20.9.0.0/24'])
  turn()
  world.announce(from, prefixes(2), route(65111))
  turn()
  to.takesMore = true
  world.rib.resume(to.number)
  turn()
  assert.deepEqual(Array.from(to.table.keys(), text => text.split('#')[0]).sort(), prefixes(2).sort())
  assert.equal(to.idleWithdrawn, 0)
})
