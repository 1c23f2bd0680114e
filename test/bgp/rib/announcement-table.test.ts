import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnnouncementTable } from '../../../bgp/rib/announcement-table.ts'
import { AttributeStore } from '../../../bgp/rib/attribute-store.ts'
import { NextHopTable } from '../../../bgp/rib/next-hop-table.ts'
import { encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { identity } from './rib-world.ts'

/** What makes an announcement, as numbers. */
type Making = readonly [peer: number, path: number, nextHop: number, marks: number]

class Workbench {
  readonly attributes = new AttributeStore(identity, 1)
  readonly nextHops = new NextHopTable(1, false)
  readonly table = new AnnouncementTable(this.attributes, this.nextHops, 1)

  intern([peer, path, nextHop, marks]: Making): number {
    const bytes = encodeAttributes({ origin: 'igp', asPath: [65101, path + 1] })
    const attributes = this.attributes.intern(bytes, 0, bytes.length)
    return this.table.intern(peer, attributes, this.nextHops.internUint32(0x0a000000 + nextHop), marks)
  }
}

test('an announcement is the same as long as anybody refers to it, whatever comes and goes meanwhile', () => {
  for (const paths of [1, 20, 4000]) {
    const bench = new Workbench()
    const { table, attributes, nextHops } = bench
    const held = new Map<string, { id: number; references: number }>()
    let random = paths
    for (let step = 0; step < 60_000; step++) {
      random = (random * 48271) % 0x7fffffff
      // those that differ in their marks alone have one hash
      const making: Making = [1 + (random % 3), random % paths, (random >> 4) % 2, (random >> 5) % 4]
      const one = held.get(String(making))
      // there are times of growth and times of decline, down to nothing
      if ((random >> 10) % 16 < (Math.floor(step / 10_000) % 2 === 0 ? 11 : 4)) {
        const id = bench.intern(making)
        if (one === undefined) held.set(String(making), { id, references: 1 })
        else {
          assert.equal(id, one.id)
          one.references++
        }
        assert.deepEqual([table.peer[id], table.marksOf(id)], [making[0], making[3]])
      } else if (one !== undefined) {
        table.release(one.id)
        if (--one.references === 0) held.delete(String(making))
      }
      if (step % 5000 === 0) table.trim()
      assert.equal(table.size, held.size)
    }
    assert.equal(new Set(Array.from(held.values(), ({ id }) => id)).size, held.size)
    for (const { id, references } of held.values()) for (let left = references; left > 0; left--) table.release(id)
    assert.deepEqual([table.size, attributes.size, nextHops.size], [0, 0, 0])
    assert.equal(table.capacity, 64, 'an emptied table gives its memory back')
  }
})

test('a table that was large and is nearly empty is made small, and goes on as before', () => {
  const bench = new Workbench()
  const { table } = bench
  const intern = (count: number) => Array.from({ length: count }, (_, path) => bench.intern([1, path, 0, 0]))
  const ids = intern(10_000)
  const large = table.capacity
  for (const id of ids.slice(50)) table.release(id)
  table.trim()
  assert.ok(table.capacity < large / 64, `${table.capacity} of ${large}`)
  // as many as there is room for, and more
  for (const count of [60, 10_000]) {
    const again = intern(count)
    assert.deepEqual(again.slice(0, 50), ids.slice(0, 50))
    assert.equal(new Set(again).size, count)
    assert.deepEqual(intern(count), again)
  }
})

test('an emptied table gives each id out once', () => {
  const bench = new Workbench()
  for (let round = 0; round < 3; round++) {
    const ids = Array.from({ length: 500 }, (_, path) => bench.intern([1, path, 0, 0]))
    assert.equal(new Set(ids).size, 500)
    for (const id of ids) assert.ok(id > 0 && id < bench.table.capacity, `${id} of ${bench.table.capacity}`)
    for (const id of ids) bench.table.release(id)
    assert.equal(bench.table.size, 0)
  }
})
