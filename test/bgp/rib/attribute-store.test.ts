import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AttributeStore } from '../../../bgp/rib/attribute-store.ts'
import { encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { identity } from './rib-world.ts'

function intern(store: AttributeStore, seed: number, communities = 1): number {
  const list = Array.from({ length: communities }, (_, at) => (seed * 31 + at) >>> 0)
  const bytes = encodeAttributes({ origin: 'igp', asPath: [65101, seed], communities: list })
  return store.intern(bytes, 0, bytes.length)
}

test('equal bytes have one id and one copy until the last reference is given back', () => {
  const store = new AttributeStore(identity, 1)
  const id = intern(store, 7)
  const octets = store.octets
  assert.equal(intern(store, 7), id)
  assert.notEqual(intern(store, 8), id)
  assert.equal(store.octets, 2 * octets)
  store.release(id)
  assert.equal(store.size, 2)
  store.release(id)
  assert.equal(store.size, 1)
})

test('decision keys are read once per set; what is absent has its default', () => {
  const store = new AttributeStore(identity, 1)
  const bytes = encodeAttributes({ origin: 'incomplete', asPath: [65101, 9, 10], med: 4, localPref: 250 })
  const full = store.intern(bytes, 0, bytes.length)
  assert.deepEqual(store.partsOfRank(store.rank[full]!), { localPref: 250, pathLength: 3, origin: 2 })
  assert.deepEqual([store.med[full], store.neighborAs[full]], [4, 65101])
  const bare = encodeAttributes({ origin: 'igp', asPath: [] })
  const plain = store.intern(bare, 0, bare.length)
  assert.deepEqual(store.partsOfRank(store.rank[plain]!), { localPref: 100, pathLength: 0, origin: 0 })
  assert.deepEqual([store.med[plain], store.neighborAs[plain], store.originatorId[plain]], [0, 0, 0])
  const highest = encodeAttributes({ origin: 'egp', asPath: Array(1000).fill(1), localPref: 0xffffffff })
  const extreme = store.intern(highest, 0, highest.length)
  assert.deepEqual(store.partsOfRank(store.rank[extreme]!), { localPref: 0xffffffff, pathLength: 1000, origin: 1 })
})

test('the space of freed sets is used again, whatever its size', () => {
  const store = new AttributeStore(identity, 1)
  const ids = Array.from({ length: 5000 }, (_, at) => intern(store, at, 1 + (at % 7)))
  const held = store.poolSize
  for (let round = 1; round <= 20; round++)
    for (const [at, id] of ids.entries()) {
      if ((at + round) % 3 !== 0) continue
      store.release(id)
      ids[at] = intern(store, round * 10_000 + at, 1 + ((at + round) % 7))
    }
  assert.equal(store.size, 5000)
  assert.ok(store.poolSize <= 2 * held, `${store.poolSize} octets for what fitted ${held}`)
  for (const [at, id] of ids.entries()) assert.ok(store.end(id) - store.start[id]! > 20, `set ${at} has its bytes`)
})

test('sets that nobody refers to for a while are what they were when they come back, whatever comes and goes meanwhile', () => {
  for (const most of [3, 50, 700, 20_000]) {
    const store = new AttributeStore(identity, 1)
    const held = new Map<number, { id: number; references: number; bytes: Uint8Array }>()
    let random = most
    for (let step = 0; step < 60_000; step++) {
      random = (random * 48271) % 0x7fffffff
      const seed = random % most
      const one = held.get(seed)
      // there are times of growth and times of decline, down to nothing
      if ((random >> 8) % 16 < (Math.floor(step / 10_000) % 2 === 0 ? 11 : 4)) {
        const id = intern(store, seed, 1 + (seed % 7))
        if (one === undefined) held.set(seed, { id, references: 1, bytes: store.bytes(id) })
        else {
          assert.equal(id, one.id)
          one.references++
        }
      } else if (one !== undefined) {
        assert.deepEqual(store.bytes(one.id), one.bytes)
        store.release(one.id)
        if (--one.references === 0) held.delete(seed)
      }
      if (step % 5000 === 0) store.trim()
      assert.equal(store.size, held.size)
    }
    for (const { id, bytes } of held.values()) assert.deepEqual(store.bytes(id), bytes)
    assert.equal(new Set([...held.values()].map(({ id }) => id)).size, held.size)
  }
})

test('of the sets that nobody refers to a quarter as many stay as there are others, and the oldest go first', () => {
  const store = new AttributeStore(identity, 1)
  for (let seed = 0; seed < 8; seed++) intern(store, seed)
  const [first, second, third] = [intern(store, 100), intern(store, 101), intern(store, 102)]
  const octets = store.octets
  store.release(first)
  store.release(second)
  assert.deepEqual([store.size, store.octets < octets], [9, true])
  assert.equal(intern(store, 100), first)
  assert.equal(intern(store, 101), second)
  assert.deepEqual([store.size, store.octets], [11, octets])
  for (const id of [second, first, third]) store.release(id)
  assert.equal(store.size, 8)
  assert.equal(intern(store, 200), first, 'the place of the one that had been there longest')
  assert.equal(intern(store, 102), third)
  assert.equal(intern(store, 101), second)
  store.release(third)
  store.trim()
  assert.notEqual(intern(store, 300), third)
  assert.equal(intern(store, 102), third, 'they stay at rest, too')
})

test('200,000 sets of a hostile peer leave nothing behind', () => {
  const store = new AttributeStore(identity, 1)
  const kept = intern(store, 1)
  const before = store.bytes(kept)
  const ids = Array.from({ length: 200_000 }, (_, at) => intern(store, at + 2))
  assert.ok(store.poolSize > 4_000_000)
  for (const id of ids) store.release(id)
  assert.equal(store.size, 1)
  assert.ok(store.poolSize <= 65_536, `${store.poolSize} octets of pool`)
  assert.deepEqual(store.bytes(kept), before)
  store.release(kept)
  assert.deepEqual([store.size, store.octets, store.poolSize], [0, 0, 4096])
})

test('at rest the places of a flood are given back, as far as no set in use lies above them, and serve again', () => {
  const store = new AttributeStore(identity, 1)
  const first = intern(store, 1)
  const ids = Array.from({ length: 50_000 }, (_, at) => intern(store, at + 2))
  const places = store.start.length
  const last = ids.pop()!
  for (const id of ids) store.release(id)
  store.trim()
  assert.equal(store.start.length, places, 'the last one is in use')
  store.release(last)
  store.trim()
  assert.equal(store.start.length, 64)
  assert.equal(intern(store, 1), first)
  const again = Array.from({ length: 1000 }, (_, at) => intern(store, at + 2))
  assert.equal(new Set([first, ...again]).size, 1001)
  for (const [at, id] of again.entries()) assert.equal(intern(store, at + 2), id)
  assert.equal(store.size, 1001)
})

test('an emptied store gives each id out once', () => {
  const store = new AttributeStore(identity, 1)
  for (let round = 0; round < 3; round++) {
    const ids = Array.from({ length: 500 }, (_, at) => intern(store, at))
    assert.equal(new Set(ids).size, 500)
    for (const id of ids) assert.ok(id > 0 && id < store.start.length, `${id} of ${store.start.length}`)
    for (const id of ids) store.release(id)
    assert.equal(store.size, 0)
  }
})
