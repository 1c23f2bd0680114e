import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommunityPattern } from '../../../bgp/rib/policy-community.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { RibWorld } from './rib-world.ts'

const P = '20.0.0.0/24'
const LLGR_STALE = 0xffff0006
const NO_LLGR = 0xffff0007
const one = { name: 'one', asNumber: 65101, address: '10.1.0.1' }
const two = { name: 'two', asNumber: 65102, address: '10.1.0.2' }
const route = (asPath: number[], communities?: number[]) => ({
  origin: 0,
  asPath,
  nextHop: '10.1.0.9',
  ...(communities && { communities }),
})

/** The session of `one` is gone, its routes are stale. */
function away(communities?: number[]) {
  const world = new RibWorld()
  const from = world.up(one)
  const knowing = world.up({ name: 'knowing', asNumber: 64512, address: '10.2.0.1', session: { longLived: [4] } })
  const plain = world.up({ name: 'plain', asNumber: 64513, address: '10.2.0.2' })
  world.announce(from, [P, '20.0.1.0/24'], route([65101], communities))
  world.settle()
  world.rib.leave(from.number)
  world.rib.stale(from.number, 4)
  return { world, from, knowing, plain }
}

test('RFC 9494 §4.2: routes kept for long bear LLGR_STALE, and go to those alone who know what that means', () => {
  const { world, from, knowing, plain } = away([7])
  assert.equal(world.rib.longLive(from.number, 4), 2)
  world.settle()
  assert.deepEqual(knowing.table.get(P)?.communities, [7, LLGR_STALE])
  assert.equal(plain.table.size, 0)
  const { received, stale } = world.rib.counts(from.number, 4)
  assert.deepEqual([received, stale], [2, 2])
})

test('RFC 9494 §4.2: routes with NO_LLGR are not kept', () => {
  const { world, from, knowing } = away([NO_LLGR])
  assert.equal(world.rib.longLive(from.number, 4), 0)
  world.settle()
  assert.equal(knowing.table.size, 0)
})

test('RFC 9494 §4.3: any other path is preferred to one that is kept for long', () => {
  const { world, from, plain } = away()
  const other = world.up(two)
  world.announce(other, [P], route([65102, 1, 2, 3]))
  world.rib.longLive(from.number, 4)
  world.settle()
  assert.deepEqual(world.reasons(P), {
    one: 'not best: stale for long (LLGR_STALE)',
    two: 'best: not stale for long',
  })
  assert.deepEqual(plain.table.get(P)?.asPath, [65000, 65102, 1, 2, 3])
})

test('a route that is learned again is as it was, and the rest goes with the sweep', () => {
  const { world, from, knowing } = away()
  world.rib.longLive(from.number, 4)
  world.settle()
  world.join(from)
  world.announce(from, [P], route([65101]))
  assert.equal(world.rib.sweep(from.number, 4), 1)
  world.settle()
  assert.deepEqual([...knowing.table.keys()], [P])
  assert.equal(knowing.table.get(P)?.communities, undefined)
})

test('a policy that is applied again changes nothing about what is kept for long', () => {
  const { world, from, knowing } = away()
  world.rib.longLive(from.number, 4)
  const terms = [{ name: 't', match: { families: [4] as const }, action: 'accept', set: { med: 5 } }] as const
  world.configure(from, { importPolicy: { name: 'p', terms, otherwise: 'reject' } })
  world.settle()
  assert.deepEqual(knowing.table.get(P)?.communities, [LLGR_STALE])
})

test('what a policy comes to mark with NO_LLGR while it is kept for long goes', () => {
  const { world, from } = away()
  world.rib.longLive(from.number, 4)
  const add = [parseCommunityPattern('communities', 'no-llgr')!]
  const terms = [
    {
      name: 't',
      match: { prefixes: [{ prefix: parsePrefix(P), min: 24, max: 24 }] },
      action: 'next',
      set: { communities: { communities: { remove: [], add } } },
    },
  ] as const
  world.configure(from, { importPolicy: { name: 'p', terms, otherwise: 'accept' } })
  world.settle()
  assert.equal(world.rib.counts(from.number, 4).received, 1)
})

test('RFC 7313 §4: what is not sent again between the beginning and the end of a refresh goes; stale routes stay stale', () => {
  const world = new RibWorld()
  const from = world.up(one)
  world.announce(from, [P, '20.0.1.0/24', '20.0.2.0/24'], route([65101]))
  world.rib.leave(from.number)
  world.rib.stale(from.number, 4)
  world.join(from)
  world.announce(from, ['20.0.2.0/24'], route([65101]))
  world.rib.beginRefresh(from.number, 4)
  world.announce(from, [P], route([65101]))
  assert.equal(world.rib.counts(from.number, 4).stale, 1)
  assert.equal(world.rib.endRefresh(from.number, 4), 2, 'one was stale, one was not')
  world.settle()
  assert.equal(world.rib.counts(from.number, 4).received, 1)
  assert.equal(world.rib.endRefresh(from.number, 4), 0, 'there is none under way')
})
