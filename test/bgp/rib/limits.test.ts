import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { RibWorld } from './rib-world.ts'

const feeder = { name: 'feeder', asNumber: 65101, address: '10.1.0.1' }
const sink = { name: 'sink', asNumber: 64512, address: '10.2.0.1' }
const attributes = { origin: 0, asPath: [65101], nextHop: '10.1.0.1' }
const block = (at: number) => `20.0.${at}.0/24`
const blocks = (count: number) => Array.from({ length: count }, (_, at) => block(at))

test('prefixes beyond the limit of a peer are not taken in, but counted; what is known may still be replaced', () => {
  const world = new RibWorld()
  const from = world.up({ ...feeder, maxPrefixes: { 4: 3 } })
  world.announce(from, blocks(5), attributes)
  world.settle()
  const { received, prefixes, dropped } = world.rib.counts(from.number, 4)
  assert.deepEqual([received, prefixes, dropped], [3, 3, 2])
  world.announce(from, [block(0)], { ...attributes, asPath: [65101, 9] })
  world.settle()
  assert.equal(world.rib.counts(from.number, 4).dropped, 2)
  world.withdraw(from, [block(1)])
  world.announce(from, [block(4)], attributes)
  world.settle()
  assert.equal(world.rib.explain(parsePrefix(block(4)))?.paths.length, 1, 'there was room again')
  assert.equal(world.rib.explain(parsePrefix(block(3))), undefined)
})

test('stale prefixes take no room from those that a peer has after its return', () => {
  const world = new RibWorld()
  const from = world.up({ ...feeder, maxPrefixes: { 4: 3 } })
  world.announce(from, blocks(3), attributes)
  world.rib.stale(from.number, 4)
  world.announce(from, [block(0), block(3), block(4), block(5)], attributes)
  const { prefixes, counted, dropped } = world.rib.counts(from.number, 4)
  assert.deepEqual([prefixes, counted, dropped], [5, 3, 1])
  world.rib.sweep(from.number, 4)
  world.settle()
  assert.deepEqual(
    [0, 1, 3, 4, 5].map(at => world.rib.explain(parsePrefix(block(at)))?.paths.length),
    [1, undefined, 1, 1, undefined],
  )
})

test('another path of a prefix that a peer has already is within the limit, for prefixes are what is counted', () => {
  const world = new RibWorld()
  const from = world.up({ ...feeder, maxPrefixes: { 4: 1 }, session: { addPathReceive: [4] } })
  world.announce(from, [`${block(0)}#1`, `${block(1)}#1`, `${block(0)}#2`], attributes)
  const { received, prefixes, dropped } = world.rib.counts(from.number, 4)
  assert.deepEqual([received, prefixes, dropped], [2, 1, 1])
})

test('prefixes that were not taken in leave nothing behind', () => {
  const world = new RibWorld()
  const from = world.up({ ...feeder, maxPrefixes: { 4: 1 } })
  world.up(sink)
  for (let high = 0; high < 40; high++)
    world.announce(
      from,
      Array.from({ length: 100 }, (_, at) => `20.${high}.${at}.0/24`),
      attributes,
    )
  world.settle()
  world.rib.flush(from.number, 4)
  world.settle()
  world.rib.takeKernelChanges(10)
  world.settle()
  assert.equal(world.rib.sizes().prefixCapacity, 128)
})

test('a peer is told no more routes than it may be; what was there first stays, and what was withheld follows when there is room', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const to = world.up({ ...sink, maxPrefixesOut: { 4: 2 } })
  const free = world.up({ ...sink, name: 'free', address: '10.2.0.2' })
  world.announce(from, blocks(2), attributes)
  world.settle()
  assert.deepEqual(to.limitsReached, [])
  world.announce(from, [block(2), block(3)], attributes)
  world.settle()
  assert.deepEqual([...to.table.keys()], [block(0), block(1)])
  assert.equal(free.table.size, 4)
  assert.deepEqual([to.limitsReached, free.limitsReached], [[4], []], 'told once')
  const { advertised, withheld } = world.rib.counts(to.number, 4)
  assert.deepEqual([advertised, withheld], [2, 2])
  const told = world.rib.explain(parsePrefix(block(3)))!.advertised.find(({ peer }) => peer === to.number)
  assert.deepEqual([told?.advertised, told?.reason], [false, 'the peer is told of no more than 2 routes'])
  world.withdraw(from, [block(0)])
  world.settle()
  assert.deepEqual([...to.table.keys()].sort(), [block(1), block(2)])
  world.withdraw(from, [block(1), block(2)])
  world.settle()
  assert.deepEqual([...to.table.keys()], [block(3)])
  assert.equal(world.rib.counts(to.number, 4).withheld, 0)
  assert.equal(to.idleWithdrawn, 0)
})

test('a limit that is lowered or lifted counts at once, without a new session', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const to = world.up(sink)
  world.announce(from, blocks(5), attributes)
  world.settle()
  world.configure(to, { maxPrefixesOut: { 4: 2 } })
  world.settle()
  assert.equal(to.table.size, 2)
  world.configure(to, { maxPrefixesOut: {} })
  world.settle()
  assert.equal(to.table.size, 5)
})

test('a route that makes way for the limit and comes back at once, from another peer, is held in the end', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const other = world.up({ ...feeder, name: 'other', asNumber: 65102, address: '10.1.0.2' })
  const to = world.up(sink)
  world.announce(from, [block(0), block(1)], attributes)
  world.announce(other, [block(2)], { ...attributes, asPath: [65102] })
  world.settle()
  world.announce(other, [block(0)], { ...attributes, asPath: [65102, 7] })
  world.announce(other, [block(2)], { ...attributes, asPath: [65102, 7] })
  world.rib.decide(1)
  world.rib.export(1)
  world.configure(to, { maxPrefixesOut: { 4: 1 } })
  world.remove(from)
  world.settle()
  assert.deepEqual([...to.table.keys()], [block(0)])
  assert.equal(world.rib.counts(to.number, 4).advertised, 1)
})
