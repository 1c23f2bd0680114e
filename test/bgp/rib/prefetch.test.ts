/** What looking ahead finds, and that it neither fails nor leaves a trace, whatever the octets are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnnouncementTable } from '../../../bgp/rib/announcement-table.ts'
import { AttributeStore } from '../../../bgp/rib/attribute-store.ts'
import { NextHopTable, SELF } from '../../../bgp/rib/next-hop-table.ts'
import { PathTable } from '../../../bgp/rib/path-table.ts'
import { LOCAL_PEER } from '../../../bgp/rib/peer.ts'
import { Prefetch } from '../../../bgp/rib/prefetch.ts'
import { encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { headerLength, messageType } from '../../../bgp/wire/iana.ts'
import { readUint16 } from '../../../bgp/wire/octets.ts'
import { bitsOf, type Family } from '../../../lib/base/ip.ts'
import { Prefix, parsePrefix } from '../../../lib/base/prefix.ts'
import { hex, joined, message, toHex, updateBody } from '../wire/hex.ts'
import { captured, mutated, random } from '../wire/mutation.ts'
import { asPath, mandatory, mpReach, nextHop, origin, route } from '../wire/update-parts.ts'
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

/** Stands in for the tables, and notes what is looked at: prefixes as text, and the octets that were hashed. */
class Witness {
  /** By family, one list for each block. */
  readonly places: Record<Family, string[][]> = { 4: [], 6: [] }
  readonly hashed: string[] = []
  /** Of the sets of each block. */
  readonly blocks: number[] = []
  readonly prefetch: Prefetch

  constructor(withIds = false) {
    const table = (family: Family) => ({
      prefetch: (bytes: Uint8Array, places: Int32Array, count: number) => {
        this.places[family].push(Array.from(places.subarray(0, count), at => this.#prefix(family, bytes, at)))
        return 0
      },
    })
    this.prefetch = new Prefetch({
      paths: { 4: table(4), 6: table(6) },
      announcements: { prefetch: () => 0, prefetchNew: () => 0 },
      attributes: {
        hash: (bytes, start, gap, gapEnd, end) => {
          assert.ok(start <= gap && gap <= gapEnd && gapEnd <= end && end <= bytes.length)
          return this.hashed.push(toHex(joined(bytes.subarray(start, gap), bytes.subarray(gapEnd, end))))
        },
        prefetch: (_hashes, count) => {
          this.blocks.push(count)
          return 0
        },
        prefetchKnown: () => 0,
      },
      peers: { sendsIds: () => withIds },
    })
  }

  #prefix(family: Family, bytes: Uint8Array, at: number): string {
    const length = bytes[at]!
    const octets = new Uint8Array(bitsOf(family) / 8)
    assert.ok(length <= bitsOf(family) && at + 1 + ((length + 7) >> 3) <= bytes.length, `a place at ${at}`)
    octets.set(bytes.subarray(at + 1, at + 1 + ((length + 7) >> 3)))
    return String(new Prefix(octets, length))
  }

  /** Looks as the RIB does while it learns the whole messages of a chunk. */
  learn(chunk: Uint8Array): this {
    for (let at = 0; at + 19 <= chunk.length; ) {
      const length = readUint16(chunk, at + 16)
      if (length < 19 || at + length > chunk.length) break
      if (chunk[at + 18] === messageType.update) this.prefetch.look(1, chunk, at)
      at += length
    }
    return this
  }
}

const update = (fields: Parameters<typeof updateBody>[0]) => message('update', updateBody(fields))
const keepalive = message('keepalive', new Uint8Array(0))
/** Withdraws 2001:db8:1::/48 and 2001:db8::/32. */
const mpUnreach = '80 0f 0f 0002 01 30 20010db80001 20 20010db8'
/** An extended length: so many prefixes of 48 bits. */
const mpUnreachOf = (count: number) =>
  `90 0f ${toHex(Uint8Array.of((7 * count + 3) >> 8, (7 * count + 3) & 255))} 0002 01 ${'30 20010db80001 '.repeat(count)}`
const tail = '80 04 04 00000007'
const canonical = toHex(hex(`${origin} ${asPath} ${tail}`))
const nlri = (count: number, octet = 0) =>
  Array.from({ length: count }, (_, at) => `18 0a ${toHex(Uint8Array.of(at, octet))}`).join(' ')

test('the first of each eight prefixes is looked for, withdrawn or announced, and each set without its next hop', () => {
  const filler = update({ withdrawn: nlri(64) })
  const { places, hashed } = new Witness().learn(
    joined(
      update({ withdrawn: nlri(9), attributes: `${mandatory} ${tail}`, nlri: nlri(17, 7) }),
      update({ attributes: `${mpReach} ${origin} ${asPath} ${tail}` }),
      update({ attributes: `${origin} ${mpUnreach} ${asPath} ${mpReach} ${tail}` }),
      filler,
      filler,
    ),
  )
  const stretch = Array.from({ length: 8 }, (_, at) => `10.${8 * at}.0.0/24`)
  const own = ['10.0.0.0/24', '10.8.0.0/24', '10.0.7.0/24', '10.8.7.0/24', '10.16.7.0/24']
  assert.deepEqual(places[4], [[...own, ...stretch, ...stretch]])
  assert.deepEqual(places[6], [['2001:db8::/32', '2001:db8:1::/48', '2001:db8::/32']])
  const withUnreach = toHex(hex(`${origin} ${mpUnreach} ${asPath} ${tail}`))
  assert.deepEqual(hashed, [canonical, canonical, withUnreach])
})

test('path ids are no part of a prefix', () => {
  const withIds = (count: number) =>
    Array.from({ length: count }, (_, at) => `000000ff 10 0a ${toHex(Uint8Array.of(at))}`)
  const { places } = new Witness(true).learn(
    joined(
      ...Array(8).fill(update({ withdrawn: withIds(9).join(' '), attributes: mandatory, nlri: withIds(1).join(' ') })),
    ),
  )
  assert.deepEqual(places[4], [Array(8).fill(['10.0.0.0/16', '10.8.0.0/16', '10.0.0.0/16']).flat()])
})

test('blocks follow one another through a chunk: of 512 messages, or until there is no room for prefixes', () => {
  const one = joined(update(route(mandatory)), keepalive)
  assert.deepEqual(new Witness().learn(joined(...Array(1100).fill(one))).blocks, [256, 256, 256, 256, 76])
  const packed = update({ withdrawn: nlri(1000) })
  const { places } = new Witness().learn(joined(...Array(16).fill(packed)))
  assert.deepEqual(
    places[4].map(block => block.length),
    [512, 512, 512, 125],
  )
  const many = joined(...Array(20).fill(update({ attributes: mpUnreachOf(1000) })))
  assert.deepEqual(
    new Witness().learn(many).places[6].map(block => block.length),
    [512, 512, 512, 512],
  )
})

test('a set is hashed once, however often a message names a next hop, and not where its octets cannot be canonical', () => {
  const repeated = update(route(mandatory, Array(500).fill('40 03 00').join(' ')))
  assert.equal(new Witness().learn(repeated).hashed.length, 1)
  const long = asPath.replace(
    /^(..) (..) /,
    (_, flags, code) => `${(Number.parseInt(flags, 16) | 16).toString(16)} ${code} 00`,
  )
  const overlong = update({ attributes: `${origin} ${long} ${nextHop} ${tail}`, nlri: nlri(1) })
  assert.equal(new Witness().learn(joined(...Array(20).fill(overlong))).hashed.length, 0)
})

test('what lies behind a message that was cut is not looked at', () => {
  const framer = new Framer()
  const witness = new Witness()
  const behind = joined(...Array(3).fill(update({ withdrawn: nlri(8, 9) })))
  const long = update({ withdrawn: nlri(300) })
  long.set(behind, 300) // what is no message there is one to whoever begins to read behind the next one
  const short = update({ withdrawn: nlri((300 - 23) / 4) })
  for (const whole of [long, short.length === 300 ? short : update({ withdrawn: `${nlri(68)} 20 0a090909` })]) {
    framer.push(whole.subarray(0, 100))
    assert.equal(framer.next(), false)
    framer.push(whole.subarray(100))
    assert.equal(framer.next(), true)
    witness.prefetch.look(1, framer.buffer, framer.start - headerLength)
    assert.equal(framer.next(), false)
  }
  assert.equal(witness.places[4].length, 1, 'the long one alone')
})

test('whatever the octets are, places are within them and blocks within their bounds', () => {
  const next = random(5)
  for (let round = 0; round < 3000; round++) {
    const chunk = joined(
      ...Array.from({ length: 30 }, () => {
        const broken = mutated(captured[next(captured.length)]!, next)
        if (next(8) > 0) broken.set([broken.length >> 8, broken.length & 255], 16)
        return broken
      }),
    )
    const { places, blocks } = new Witness(next(2) === 0).learn(chunk.subarray(0, next(chunk.length + 1)))
    for (const block of [...places[4], ...places[6]]) assert.ok(block.length <= 512)
    for (const sets of blocks) assert.ok(sets <= 512)
  }
})

test('paths lead to their announcements, and what is not known to none', () => {
  const store = new AttributeStore(identity, 1)
  const nextHops = new NextHopTable(1, false)
  const announcements = new AnnouncementTable(store, nextHops, 1)
  const table = new PathTable(4, announcements, 1)
  const bytes = encodeAttributes({ origin: 'igp', asPath: [] })
  for (const text of ['10.0.0.0/8', '10.1.0.0/16']) {
    const announcement = announcements.intern(LOCAL_PEER, store.intern(bytes, 0, bytes.length), SELF)
    table.originate(announcement, parsePrefix(text))
    announcements.release(announcement)
  }
  table.withdrawOne(LOCAL_PEER, parsePrefix('10.1.0.0/16'))
  const ids = new Int32Array(3)
  table.prefetch(hex('08 0a 10 0a01 10 0a02'), Int32Array.of(0, 2, 5), 3, ids)
  assert.deepEqual([...ids], [table.announcement[table.head[0]!], 0, 0])
  assert.notEqual(ids[0], 0)
  assert.deepEqual([table.size, table.prefixes.size], [1, 2])
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
