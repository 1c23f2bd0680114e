import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Family } from '../../lib/base/ip.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { type Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import { PrefixTable } from '../../lib/base/prefix-table.ts'

const add = (table: PrefixTable, prefix: Prefix) => table.intern(prefix.bytes, 0, prefix.length)
const find = (table: PrefixTable, prefix: Prefix) => table.find(prefix.bytes, 0, prefix.length)

/** A small generator with a seed, so that a failure can be run again. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) / 2 ** 24
  }
}

test('a prefix keeps its id, and another length of the same address is another prefix', () => {
  const table = new PrefixTable(4)
  const wide = add(table, parsePrefix('10.0.0.0/8'))
  const narrow = add(table, parsePrefix('10.0.0.0/16'))
  assert.notEqual(wide, narrow)
  assert.equal(add(table, parsePrefix('10.0.0.0/8')), wide)
  assert.equal(table.size, 2)
  assert.equal(String(table.prefix(narrow)), '10.0.0.0/16')
  assert.equal(find(table, parsePrefix('11.0.0.0/8')), -1)
})

test('all lengths of addresses with few bits are told apart', () => {
  const table = new PrefixTable(4)
  const ids = new Map<string, number>()
  for (const address of ['0.0.0.0', '0.0.0.1', '0.0.0.2', '0.0.0.3', '128.0.0.0', '255.255.255.255', '10.0.0.4'])
    for (let length = 0; length <= 32; length++) {
      const { bytes } = parseAddress(address)
      const id = table.intern(bytes, 0, length)
      const name = String(table.prefix(id))
      assert.equal(ids.get(name) ?? id, id)
      assert.equal(name.endsWith(`/${length}`), true)
      ids.set(name, id)
    }
  assert.equal(new Set(ids.values()).size, ids.size)
  assert.equal(table.size, ids.size)
  for (const [name, id] of ids) assert.equal(find(table, parsePrefix(name)), id)
  for (const [name, id] of [...ids].filter((_, at) => at % 2 === 0)) {
    table.release(id)
    ids.delete(name)
    assert.equal(find(table, parsePrefix(name)), -1)
  }
  for (const [name, id] of ids) assert.equal(find(table, parsePrefix(name)), id)
})

test('the short form of NLRI is enough, and set host bits do not make another prefix', () => {
  const table = new PrefixTable(4)
  const id = table.intern(Uint8Array.of(99, 10, 1, 0xff), 1, 17)
  assert.equal(String(table.prefix(id)), '10.1.128.0/17')
  assert.equal(find(table, parsePrefix('10.1.128.0/17')), id)
  const octets = new Uint8Array(5)
  table.write(id, octets, 1)
  assert.deepEqual(octets, Uint8Array.of(0, 10, 1, 0x80, 0))
  const six = new PrefixTable(6)
  const short = six.intern(Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0xff), 0, 33)
  assert.equal(String(six.prefix(short)), '2001:db8:8000::/33')
  const everything = six.intern(new Uint8Array(0), 0, 0)
  assert.equal(String(six.prefix(everything)), '::/0')
})

test('the longest prefix that holds an address is found', () => {
  const table = new PrefixTable(4)
  for (const text of ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32']) add(table, parsePrefix(text))
  const match = (address: string) => String(table.prefix(table.longestMatch(parseAddress(address).bytes)))
  assert.equal(match('10.1.2.3'), '10.1.2.3/32')
  assert.equal(match('10.1.2.4'), '10.1.0.0/16')
  assert.equal(match('10.9.0.1'), '10.0.0.0/8')
  assert.equal(match('192.0.2.1'), '0.0.0.0/0')
  table.release(find(table, parsePrefix('0.0.0.0/0')))
  assert.equal(table.longestMatch(parseAddress('192.0.2.1').bytes), -1)
})

test('whether a prefix lies within another is told by words', () => {
  const table = new PrefixTable(6)
  const id = add(table, parsePrefix('2001:db8:0:1::/64'))
  const words = (...values: number[]) => Uint32Array.of(...values)
  assert.equal(table.isWithin(id, words(0x20010db8, 0, 0, 0), 32), true)
  assert.equal(table.isWithin(id, words(0x20010db8, 1, 0, 0), 64), true)
  assert.equal(table.isWithin(id, words(0x20010db8, 2, 0, 0), 64), false)
  assert.equal(table.isWithin(id, words(0x20010db8, 1, 0, 0), 65), false)
})

test('an id that was not given out, or was given back, names no prefix, also in a table that has grown or is empty again', () => {
  const table = new PrefixTable(4)
  const named = () => Array.from({ length: table.capacity }, (_, id) => id).filter(id => table.has(id))
  const addHosts = (count: number) =>
    Array.from({ length: count }, (_, at) => table.intern(Uint8Array.of(10, 0, at >> 8, at), 0, 32))
  assert.deepEqual(named(), [])
  for (const count of [10, 1000]) {
    const ids = addHosts(count)
    assert.deepEqual(named(), ids)
    table.release(ids.splice(1, 1)[0]!)
    assert.deepEqual(named(), ids)
    for (const id of [1, count, table.capacity]) assert.throws(() => table.lengthOf(id), RangeError)
    for (const id of ids) table.release(id)
    assert.deepEqual(named(), [])
    assert.throws(() => table.prefix(0), RangeError)
  }
})

for (const family of [4, 6] as Family[])
  test(`a table of IPv${family} agrees with a Map through random additions and removals, and is empty at the end`, () => {
    const random = randomNumbers(7 + family)
    const table = new PrefixTable(family, 12345)
    const ids = new Map<string, number>()
    const octets = new Uint8Array(family === 4 ? 4 : 16)
    for (let step = 0; step < 20_000; step++) {
      // few distinct bits, so that prefixes come again and lie in one another
      octets.forEach((_, at) => {
        octets[at] = at < 2 || at === octets.length - 1 ? Math.floor(random() * 8) << 4 : 0
      })
      const length = Math.floor(random() * (8 * octets.length + 1))
      const id = table.find(octets, 0, length)
      if (random() < 0.55) {
        const interned = table.intern(octets, 0, length)
        const text = String(table.prefix(interned))
        assert.equal(ids.get(text) ?? interned, interned)
        assert.equal(id === -1, !ids.has(text))
        ids.set(text, interned)
      } else if (id !== -1) {
        assert.equal(ids.delete(String(table.prefix(id))), true)
        table.release(id)
      }
      assert.equal(table.size, ids.size)
    }
    assert.deepEqual(
      Array.from(table.ids(), id => String(table.prefix(id))).sort(),
      [...ids.keys()].sort(),
      'what the iterator yields',
    )
    for (const [text, id] of ids) assert.equal(find(table, parsePrefix(text)), id)
    for (const id of ids.values()) table.release(id)
    assert.equal(table.size, 0)
    assert.deepEqual([...table.ids()], [])
    assert.ok(table.capacity <= 64, 'an emptied table gives its memory back')
  })

for (const family of [4, 6] as Family[])
  test(`reading IPv${family} prefixes ahead finds the known ones and enters none`, () => {
    const random = randomNumbers(11 + family)
    const table = new PrefixTable(family, 99)
    const prefixes = Array.from({ length: 500 }, () => {
      const length = Math.floor(random() * (family === 4 ? 33 : 129))
      return Uint8Array.from([length, ...Array.from({ length: (length + 7) >> 3 }, () => random() * 16)])
    })
    const bytes = Uint8Array.from(prefixes.flatMap(prefix => [...prefix]))
    const places = new Int32Array(prefixes.length)
    for (let at = 0, index = 0; index < prefixes.length; at += prefixes[index++]!.length) places[index] = at
    const ahead = (count: number) => {
      const ids = new Int32Array(prefixes.length)
      table.prefetch(bytes, places, count, ids)
      return [...ids]
    }
    assert.deepEqual(ahead(500), Array(500).fill(-1))
    assert.equal(table.size, 0)
    for (const prefix of prefixes.slice(100, 200)) table.intern(prefix, 1, prefix[0]!)
    const size = table.size
    const known = prefixes.map(prefix => table.find(prefix, 1, prefix[0]!))
    assert.ok(new Set(known).size > 50)
    assert.deepEqual(ahead(500), known)
    assert.deepEqual(ahead(150), [...known.slice(0, 150), ...Array(350).fill(0)])
    assert.equal(table.size, size)
  })

for (const family of [4, 6] as Family[])
  test(`IPv${family} prefixes that come again in their order, in another one or with gaps have their ids`, () => {
    const random = randomNumbers(23 + family)
    const table = new PrefixTable(family, 7)
    const octets = family === 4 ? 3 : 6
    const prefixes = Array.from({ length: 400 }, (_, at) =>
      Uint8Array.of(8 * octets, 10, at >> 8, at, 0, 0, 0).slice(0, octets + 1),
    )
    const ids = new Map<Uint8Array, number>()
    for (let round = 0; round < 200; round++) {
      // a stretch, of which some are left out or change places with others
      const first = Math.floor(random() * prefixes.length)
      const stretch = prefixes.slice(first, first + 1 + Math.floor(random() * 90)).filter(() => random() < 0.9)
      if (round % 3 === 0) stretch.reverse()
      const adds = random() < 0.7
      for (const prefix of stretch) {
        const id = adds ? table.intern(prefix, 1, prefix[0]!) : table.find(prefix, 1, prefix[0]!)
        assert.equal(id, ids.get(prefix) ?? (adds ? id : -1))
        if (id !== -1) ids.set(prefix, id)
      }
      assert.equal(new Set(ids.values()).size, ids.size)
      assert.equal(table.size, ids.size)
      for (const prefix of stretch) {
        const id = ids.get(prefix)
        if (id === undefined || random() < 0.8) continue
        table.release(id)
        ids.delete(prefix)
      }
    }
  })
