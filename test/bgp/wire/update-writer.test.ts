import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttributeValues } from '../../../bgp/wire/attribute.ts'
import { decodeAttributes, encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { UpdateWriter } from '../../../bgp/wire/update-writer.ts'
import { addressOfUint32, type Family, parseAddress } from '../../../lib/base/ip.ts'
import { type Prefix, parsePrefix } from '../../../lib/base/prefix.ts'
import { message, spaced, updateBody } from './hex.ts'
import { plainContext, plainForm } from './plain-session.ts'
import { decodeNlri } from './prefixes.ts'

const nextHops = { 4: parseAddress('192.0.2.1').bytes, 6: parseAddress('2001:db8::1').bytes }
const values: AttributeValues = {
  origin: 'igp',
  asPath: [65001, 70000],
  med: 5,
  communities: [1],
  largeCommunities: ['1:2:3'],
}
const attributes = encodeAttributes(values)

function add(writer: UpdateWriter, prefixes: readonly Prefix[]): void {
  for (const { bytes, length } of prefixes) writer.add(bytes, 0, length)
  writer.finish()
}

function announce(writer: UpdateWriter, family: Family, prefixes: readonly Prefix[], fourOctetAs = true): void {
  assert.ok(writer.announce(attributes, 0, attributes.length, nextHops[family], plainForm(family, fourOctetAs)))
  add(writer, prefixes)
}

/** What a receiver makes of a stream of UPDATEs. */
function received(stream: Uint8Array, fourOctetAs = true) {
  const reader = new UpdateReader(
    plainContext({ fourOctetAs, internal: true, families: [4, 6], localAs: 65000, peerAs: 65000 }),
  )
  const framer = new Framer()
  framer.push(stream)
  const all = {
    announced: [] as string[],
    withdrawn: [] as string[],
    attributes: [] as AttributeValues[],
    lengths: [] as number[],
    endOfRib: [] as number[],
  }
  while (framer.next()) {
    reader.read(framer.buffer, framer.start, framer.end)
    const { buffer } = framer
    const prefixes = (start: number, end: number, family: Family | 0) =>
      family === 0 ? [] : decodeNlri(buffer, start, end, family).map(String)
    all.announced.push(
      ...prefixes(reader.nlriStart, reader.nlriEnd, 4),
      ...prefixes(reader.mpReachStart, reader.mpReachEnd, reader.mpReachFamily),
    )
    all.withdrawn.push(
      ...prefixes(reader.withdrawnStart, reader.withdrawnEnd, 4),
      ...prefixes(reader.mpUnreachStart, reader.mpUnreachEnd, reader.mpUnreachFamily),
    )
    if (reader.attributesEnd > 0) all.attributes.push(decodeAttributes(reader.attributes, 0, reader.attributesEnd))
    if (reader.endOfRib !== 0) all.endOfRib.push(reader.endOfRib)
    all.lengths.push(framer.end - framer.start + 19)
    assert.deepEqual(reader.faults, [])
  }
  return all
}

test('an IPv4 announcement has classic fields and NEXT_HOP in type order', () => {
  const writer = new UpdateWriter()
  announce(writer, 4, [parsePrefix('198.51.100.0/24'), parsePrefix('0.0.0.0/0')])
  const body = updateBody({
    attributes: `40 01 01 00 40 02 0a 02 02 0000fde9 00011170 40 03 04 c0000201 80 04 04 00000005 c0 08 04 00000001 c0 20 0c 000000010000000200000003`,
    nlri: '18 c63364 00',
  })
  assert.equal(spaced(writer.take()), spaced(message('update', body)))
})

test('an IPv6 announcement has MP_REACH_NLRI first, with a link-local second next hop where there is one', () => {
  const writer = new UpdateWriter()
  const linkLocal = parseAddress('fe80::1').bytes
  const nextHop = Uint8Array.of(...nextHops[6], ...linkLocal)
  const plain = encodeAttributes({ origin: 'igp', asPath: [] })
  assert.ok(writer.announce(plain, 0, plain.length, nextHop, plainForm(6)))
  add(writer, [parsePrefix('2001:db8:1::/48'), parsePrefix('2001:db8::1/128')])
  const value =
    '0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00 30 20010db80001 80 20010db8000000000000000000000001'
  const body = updateBody({ attributes: `90 0e 00 3d ${value} 40 01 01 00 40 02 00` })
  assert.equal(spaced(writer.take()), spaced(message('update', body)))
})

test('withdrawals and End-of-RIB are these octets', () => {
  const writer = new UpdateWriter()
  writer.withdraw(plainForm(4))
  add(writer, [parsePrefix('198.51.100.0/25')])
  writer.withdraw(plainForm(6))
  add(writer, [parsePrefix('2001:db8::/32')])
  writer.endOfRib(4)
  writer.endOfRib(6)
  const expected = [
    updateBody({ withdrawn: '19 c6336400' }),
    updateBody({ attributes: '90 0f 0008 0002 01 20 20010db8' }),
    updateBody({}),
    updateBody({ attributes: '80 0f 03 0002 01' }),
  ]
  assert.equal(spaced(writer.take()), expected.map(body => spaced(message('update', body))).join(' '))
})

test('a bucket without a prefix leaves nothing: an empty UPDATE would be an End-of-RIB', () => {
  const writer = new UpdateWriter()
  for (const family of [4, 6] as const) {
    announce(writer, family, [])
    writer.withdraw(plainForm(family))
    writer.finish()
  }
  assert.equal(writer.take().length, 0)
})

/** `count` prefixes of many lengths. */
function manyPrefixes(family: Family, count: number): Prefix[] {
  return Array.from({ length: count }, (_, at) =>
    family === 4
      ? parsePrefix(`${addressOfUint32(0x0a000000 + at * 256)}/${24 + (at % 9)}`)
      : parsePrefix(`2001:db8:${at.toString(16)}::/${48 + (at % 81)}`),
  )
}

for (const family of [4, 6] as const)
  for (const fourOctetAs of [true, false])
    test(`9,000 IPv${family} prefixes arrive whole and in order in full messages, AS numbers of ${fourOctetAs ? 4 : 2} octets`, () => {
      const writer = new UpdateWriter()
      const prefixes = manyPrefixes(family, 9000)
      announce(writer, family, prefixes, fourOctetAs)
      const boundary = writer.length
      writer.withdraw(plainForm(family))
      add(writer, prefixes)
      writer.endOfRib(family)
      const stream = writer.take()
      const announced = received(stream.subarray(0, boundary), fourOctetAs)
      const withdrawn = received(stream.subarray(boundary), fourOctetAs)
      assert.deepEqual(announced.announced, prefixes.map(String))
      assert.deepEqual(withdrawn.withdrawn, prefixes.map(String))
      assert.deepEqual(withdrawn.endOfRib, [family])
      for (const one of announced.attributes) assert.deepEqual(one, values)
      const longest = 1 + (family === 4 ? 4 : 16)
      for (const { lengths } of [announced, { lengths: withdrawn.lengths.slice(0, -1) }]) {
        for (const length of lengths) assert.ok(length <= 4096)
        for (const length of lengths.slice(0, -1)) assert.ok(length > 4096 - longest, `${length} could have held more`)
      }
    })

test('what was taken does not change with what is written next', () => {
  for (const count of [1, 9000]) {
    const writer = new UpdateWriter()
    const prefixes = manyPrefixes(4, count)
    announce(writer, 4, prefixes)
    const first = writer.take()
    const copy = first.slice()
    announce(writer, 4, manyPrefixes(4, 10_000).toReversed())
    assert.deepEqual(first, copy)
    assert.equal(received(writer.take()).announced.length, 10_000)
  }
})

for (const family of [4, 6] as const)
  test(`IPv${family}: attributes are refused exactly when they leave no room for a prefix of any length`, () => {
    const overhead = family === 4 ? 30 : 48
    const most = 4096 - overhead - (1 + (family === 4 ? 4 : 16))
    const sized = (length: number) =>
      encodeAttributes({ origin: 'igp', asPath: [], unknown: [{ code: 99, value: new Uint8Array(length - 7 - 4) }] })
    const fits = sized(most)
    const writer = new UpdateWriter()
    assert.equal(fits.length, most)
    assert.ok(writer.announce(fits, 0, most, nextHops[family], plainForm(family)))
    const host = parsePrefix(family === 4 ? '192.0.2.9' : '2001:db8::9')
    add(writer, [host, host])
    const { lengths, announced } = received(writer.take())
    assert.deepEqual(lengths, [4096, 4096])
    assert.deepEqual(announced, [String(host), String(host)])
    const tooLong = sized(most + 1)
    assert.equal(writer.announce(tooLong, 0, tooLong.length, nextHops[family], plainForm(family)), false)
    assert.equal(writer.length, 0)
  })

test('attributes that only pass the limit by AS4_PATH are refused too', () => {
  const long = encodeAttributes({ origin: 'igp', asPath: new Array(900).fill(70000) })
  const writer = new UpdateWriter()
  assert.ok(writer.announce(long, 0, long.length, nextHops[4], plainForm(4)))
  writer.finish()
  assert.equal(writer.announce(long, 0, long.length, nextHops[4], plainForm(4, false)), false)
})

const narrow: { title: string; values: AttributeValues; attributes: string }[] = [
  {
    title: 'AS numbers that fit need no AS4_PATH',
    values: { origin: 'igp', asPath: [65001], aggregator: { asNumber: 65001, address: parseAddress('192.0.2.7') } },
    attributes: '40 01 01 00 40 02 04 02 01 fde9 40 03 04 c0000201 c0 07 06 fde9 c0000207',
  },
  {
    title: 'AS numbers that do not fit become AS_TRANS, the truth goes in AS4_ attributes at their place',
    values: {
      origin: 'igp',
      asPath: [65001, 70000],
      aggregator: { asNumber: 70000, address: parseAddress('192.0.2.7') },
      extendedCommunities: ['rt:65001:100'],
      largeCommunities: ['1:2:3'],
    },
    attributes:
      '40 01 01 00 40 02 06 02 02 fde9 5ba0 40 03 04 c0000201 c0 07 06 5ba0 c0000207 c0 10 08 0002fde900000064' +
      'c0 11 0a 02 02 0000fde9 00011170 c0 12 08 00011170 c0000207 c0 20 0c 000000010000000200000003',
  },
  {
    title: 'AS4_PATH comes last where nothing follows it',
    values: { origin: 'igp', asPath: [70000] },
    attributes: '40 01 01 00 40 02 04 02 01 5ba0 40 03 04 c0000201 c0 11 06 02 01 00011170',
  },
]

for (const { title, values, attributes } of narrow)
  test(`to a 2-octet peer ${title}`, () => {
    const writer = new UpdateWriter()
    const bytes = encodeAttributes(values)
    assert.ok(writer.announce(bytes, 0, bytes.length, nextHops[4], plainForm(4, false)))
    add(writer, [parsePrefix('198.51.100.0/24')])
    const stream = writer.take()
    assert.equal(spaced(stream), spaced(message('update', updateBody({ attributes, nlri: '18 c63364' }))))
    assert.deepEqual(received(stream, false).attributes, [values])
  })

test('a 2-octet peer of a reader gets back a long path with numbers of both kinds', () => {
  const asPath = Array.from({ length: 300 }, (_, at) => (at % 3 === 0 ? 70000 + at : 1000 + at))
  const bytes = encodeAttributes({ origin: 'igp', asPath })
  const writer = new UpdateWriter()
  assert.ok(writer.announce(bytes, 0, bytes.length, nextHops[6], plainForm(6, false)))
  add(writer, [parsePrefix('2001:db8::/32')])
  assert.deepEqual(received(writer.take(), false).attributes, [{ origin: 'igp', asPath }])
})
