/** What looking ahead finds, and that it neither fails nor leaves a trace, whatever the octets are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnnouncementTable } from '../../../bgp/rib/announcement-table.ts'
import { AttributeStore } from '../../../bgp/rib/attribute-store.ts'
import { NextHopTable } from '../../../bgp/rib/next-hop-table.ts'
import { encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { headerLength } from '../../../bgp/wire/iana.ts'
import { hex, joined, message, updateBody } from '../wire/hex.ts'
import { captured, mutated, random } from '../wire/mutation.ts'
import { asPath, mandatory, mpReach, origin, route } from '../wire/update-parts.ts'
import { identity, RibWorld } from './rib-world.ts'

test('attribute sets are found by their hashes, and nothing by others', () => {
  const store = new AttributeStore(identity, 1)
  const sets = Array.from({ length: 300 }, (_, at) => encodeAttributes({ origin: 'igp', asPath: [65101, at] }))
  const interned = sets.slice(100).map(bytes => store.intern(bytes, 0, bytes.length))
  const hashes = Int32Array.from(sets, bytes => store.hash(bytes, 0, bytes.length, bytes.length, bytes.length))
  const ids = new Int32Array(300)
  store.prefetch(hashes, 300, ids)
  // of those that share a place only the first is looked at
  for (const [at, id] of ids.entries()) assert.ok(id === 0 || id === interned[at - 100], `set ${at} as ${id}`)
  assert.ok(ids.filter(id => id !== 0).length > 100)
  assert.equal(store.size, 200)
})

test('announcements lead to their attributes', () => {
  const store = new AttributeStore(identity, 1)
  const nextHops = new NextHopTable(1, false)
  const table = new AnnouncementTable(store, nextHops, 1)
  const sets = Array.from({ length: 50 }, (_, at) => {
    const bytes = encodeAttributes({ origin: 'igp', asPath: [65101, at] })
    return store.intern(bytes, 0, bytes.length)
  })
  const ids = Int32Array.from(sets, set => table.intern(1, set, nextHops.internUint32(0x0a000001)))
  table.prefetch(ids, 50)
  assert.deepEqual([...ids], sets)
  assert.equal(table.size, 50)
})

const good = message('update', updateBody(route(mandatory)))
const good6 = message('update', updateBody({ attributes: `${mpReach} ${origin} ${asPath}` }))

/** A RIB that has learned the two good messages in a chunk that goes on with other octets, as text. */
function tableAfter(rest: Uint8Array, addPath = false): string {
  const world = new RibWorld()
  const session = addPath ? { addPathReceive: [4, 6] as const } : {}
  const view = world.up({ name: 'a', asNumber: 65001, address: '10.0.0.1', session })
  const other = world.up({ name: 'b', asNumber: 65002, address: '10.0.0.2' })
  const prefix = addPath ? { attributes: mandatory, nlri: '00000007 18 cb0071' } : undefined
  const first = prefix === undefined ? joined(good, good6) : message('update', updateBody(prefix))
  const chunk = joined(first, rest)
  for (let at = 0; at < first.length; at += first[at + 17]!) {
    view.reader.read(chunk, at + headerLength, at + first[at + 17]!)
    world.rib.learn(view.number, view.reader, chunk)
  }
  world.settle()
  return JSON.stringify([
    world.rib.sizes(),
    ...other.table,
    ...([4, 6] as const).map(family => world.rib.counts(view.number, family)),
  ])
}

for (const addPath of [false, true])
  test(`octets behind a message${addPath ? ', on a session with path ids,' : ''} change nothing before they are learned`, () => {
    const wanted = tableAfter(new Uint8Array(0), addPath)
    const next = random(77)
    assert.equal(tableAfter(joined(...captured), addPath), wanted)
    assert.equal(tableAfter(joined(...Array(2000).fill(good6)), addPath), wanted, 'more than a block')
    for (const octet of [0, 1, 0xff]) assert.equal(tableAfter(new Uint8Array(5000).fill(octet), addPath), wanted)
    for (let round = 0; round < 2000; round++) {
      const rest = Array.from({ length: 20 }, () => {
        const broken = mutated(captured[next(captured.length)]!, next)
        // mostly the length is right, so that what follows is looked at as well
        if (next(8) > 0) broken.set([broken.length >> 8, broken.length & 255], 16)
        return broken
      })
      assert.equal(tableAfter(joined(...rest), addPath), wanted, `round ${round}`)
    }
  })

test('a chunk that ends anywhere within a message is looked at as far as it goes', () => {
  const wanted = tableAfter(new Uint8Array(0))
  const rest = joined(...captured.slice(0, 8), hex('ffff'))
  for (let length = 0; length <= rest.length; length++)
    assert.equal(tableAfter(rest.subarray(0, length)), wanted, `${length} octets`)
})
