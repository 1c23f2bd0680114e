/** What a form may ask of UpdateWriter beyond RFC 4271 and RFC 4760, and that the reader of such a session takes it back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { type NlriForm, nlriFlaw } from '../../../bgp/wire/nlri.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { UpdateWriter } from '../../../bgp/wire/update-writer.ts'
import { type Family, parseAddress } from '../../../lib/base/ip.ts'
import { message, spaced, updateBody } from './hex.ts'
import { plainContext, plainForm } from './plain-session.ts'

const attributes = encodeAttributes({ origin: 'igp', asPath: [] })
const attributeOctets = '40 01 01 00 40 02 00'
const nextHop4 = parseAddress('192.0.2.1').bytes
const nextHop6 = parseAddress('2001:db8::1').bytes
const prefix = Uint8Array.of(198, 51, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

function written(form: NlriForm, nextHop: Uint8Array): string {
  const writer = new UpdateWriter()
  assert.ok(writer.announce(attributes, 0, attributes.length, nextHop, form))
  writer.add(prefix, 0, 24, 7)
  writer.add(prefix, 0, 24, 0xffffffff)
  writer.finish()
  writer.withdraw(form)
  writer.add(prefix, 0, 24, 7)
  writer.finish()
  return spaced(writer.take())
}

const forms: { title: string; form: NlriForm; nextHop: Uint8Array; announced: string; withdrawn: string }[] = [
  {
    title: 'IPv4 with path identifiers goes in the classic fields',
    form: { ...plainForm(4), addPath: true },
    nextHop: nextHop4,
    announced: spaced(
      message(
        'update',
        updateBody({
          attributes: `${attributeOctets} 40 03 04 c0000201`,
          nlri: '00000007 18 c63364 ffffffff 18 c63364',
        }),
      ),
    ),
    withdrawn: spaced(message('update', updateBody({ withdrawn: '00000007 18 c63364' }))),
  },
  {
    title: 'IPv6 with path identifiers goes in the MP attributes',
    form: { ...plainForm(6), addPath: true },
    nextHop: nextHop6,
    announced: spaced(
      message(
        'update',
        updateBody({
          attributes: `90 0e 0025 0002 01 10 20010db8000000000000000000000001 00 00000007 18 c63364 ffffffff 18 c63364 ${attributeOctets}`,
        }),
      ),
    ),
    withdrawn: spaced(message('update', updateBody({ attributes: '90 0f 000b 0002 01 00000007 18 c63364' }))),
  },
  {
    title: 'IPv4 of a session with extended next hops goes in the MP attributes',
    form: { ...plainForm(4), extendedNextHop: true },
    nextHop: nextHop6,
    announced: spaced(
      message(
        'update',
        updateBody({
          attributes: `90 0e 001d 0001 01 10 20010db8000000000000000000000001 00 18 c63364 18 c63364 ${attributeOctets}`,
        }),
      ),
    ),
    withdrawn: spaced(message('update', updateBody({ attributes: '90 0f 0007 0001 01 18 c63364' }))),
  },
  {
    title: 'an IPv4 next hop fits there as well',
    form: { ...plainForm(4), extendedNextHop: true },
    nextHop: nextHop4,
    announced: spaced(
      message(
        'update',
        updateBody({ attributes: `90 0e 0011 0001 01 04 c0000201 00 18 c63364 18 c63364 ${attributeOctets}` }),
      ),
    ),
    withdrawn: spaced(message('update', updateBody({ attributes: '90 0f 0007 0001 01 18 c63364' }))),
  },
]

for (const { title, form, nextHop, announced, withdrawn } of forms)
  test(title, () => assert.equal(written(form, nextHop), `${announced} ${withdrawn}`))

/** NLRI of a stream, as the reader of a session with this form finds it, each with its path identifier. */
function received(stream: Uint8Array, form: NlriForm) {
  const { family, fourOctetAs, addPath, extendedNextHop, maxLength } = form
  const session = { fourOctetAs, internal: true, families: [4, 6] as const, localAs: 65000, peerAs: 65000 }
  const reader = new UpdateReader(plainContext({ ...session, addPath: addPath ? [family] : [], extendedNextHop }))
  const framer = new Framer()
  framer.maxLength = maxLength
  const nlri: string[] = []
  const lengths: number[] = []
  framer.push(stream)
  while (framer.next()) {
    const { buffer, start, end } = framer
    reader.read(buffer, start, end)
    assert.deepEqual(reader.faults, [])
    for (const [from, to] of [
      [reader.withdrawnStart, reader.withdrawnEnd],
      [reader.nlriStart, reader.nlriEnd],
      [reader.mpReachStart, reader.mpReachEnd],
      [reader.mpUnreachStart, reader.mpUnreachEnd],
    ] as const)
      for (let at = from; at < to; ) {
        const next = at + (addPath ? 4 : 0) + 4
        nlri.push(spaced(buffer.subarray(at, next)))
        at = next
      }
    lengths.push(end - start + 19)
  }
  return { nlri, lengths }
}

const count = 30_000

for (const family of [4, 6] as const satisfies readonly Family[])
  for (const addPath of [false, true])
    for (const extendedNextHop of family === 4 ? [false, true] : [false])
      for (const maxLength of [4096, 65535] as const)
        for (const fourOctetAs of [true, false]) {
          const form: NlriForm = { family, fourOctetAs, addPath, extendedNextHop, maxLength }
          test(`${count} prefixes come back whole and in order, in full messages: ${JSON.stringify(form)}`, () => {
            const nextHop = family === 4 && !extendedNextHop ? nextHop4 : nextHop6
            const writer = new UpdateWriter()
            const expected: string[] = []
            const octets = new Uint8Array(16)
            const fill = () => {
              for (let at = 0; at < count; at++) {
                octets.set([at >>> 16, at >>> 8, at])
                const pathId = 0xfffffff0 + (at % 16)
                writer.add(octets, 0, 24, pathId)
                const nlri = Uint8Array.of(24, at >>> 16, at >>> 8, at)
                expected.push(spaced(addPath ? Uint8Array.of(255, 255, 255, 0xf0 + (at % 16), ...nlri) : nlri))
              }
              writer.finish()
            }
            assert.ok(writer.announce(attributes, 0, attributes.length, nextHop, form))
            fill()
            writer.withdraw(form)
            fill()
            const { nlri, lengths } = received(writer.take(), form)
            assert.deepEqual(nlri, expected)
            assert.ok(lengths.every(length => length <= maxLength))
            const full = lengths.filter(length => length > maxLength - 8).length
            assert.ok(full >= lengths.length - 2, 'all messages but the last of each bucket are full')
          })
        }

for (const maxLength of [4096, 65535] as const)
  for (const addPath of [false, true])
    test(`attributes are refused when they leave no room for a prefix in ${maxLength} octets, ${addPath ? 'with' : 'without'} path identifiers`, () => {
      const form = { ...plainForm(4), maxLength, addPath }
      const most = maxLength - 30 - 5 - (addPath ? 4 : 0)
      const value = new Uint8Array(most - attributes.length - 4 + 1)
      const longer = encodeAttributes({ origin: 'igp', asPath: [], unknown: [{ code: 99, value }] })
      const fits = encodeAttributes({ origin: 'igp', asPath: [], unknown: [{ code: 99, value: value.subarray(1) }] })
      assert.equal(fits.length, most)
      const writer = new UpdateWriter()
      assert.equal(writer.announce(longer, 0, longer.length, nextHop4, form), false)
      assert.equal(writer.length, 0)
      assert.ok(writer.announce(fits, 0, fits.length, nextHop4, form))
      writer.add(prefix, 0, 32, 1)
      writer.finish()
      assert.equal(writer.take().length, maxLength)
    })

test('attributes of an extended message go to a 2-octet peer, or are refused, but never overflow', () => {
  const form: NlriForm = { ...plainForm(4, false), maxLength: 65535 }
  const writer = new UpdateWriter()
  for (const length of [1000, 10_000, 10_800, 16_000]) {
    const bytes = encodeAttributes({ origin: 'igp', asPath: Array.from({ length }, () => 70_000) })
    const fits = writer.announce(bytes, 0, bytes.length, nextHop4, form)
    assert.equal(fits, length < 10_900, String(length))
    if (!fits) continue
    writer.add(prefix, 0, 24)
    writer.finish()
    assert.deepEqual(received(writer.take(), form).nlri, ['18 c6 33 64'])
  }
})

test('path identifiers are part of NLRI only where they were negotiated', () => {
  const nlri = Uint8Array.of(0, 0, 0, 1, 24, 198, 51, 100)
  assert.equal(nlriFlaw(nlri, 0, 8, 4, true), undefined)
  assert.equal(nlriFlaw(nlri, 0, 0, 4, true), undefined)
  for (const end of [1, 2, 3, 4]) assert.equal(nlriFlaw(nlri, 0, end, 4, true), 'the last path identifier stands alone')
  for (const end of [5, 6, 7]) assert.equal(nlriFlaw(nlri, 0, end, 4, true), 'the last prefix is cut short')
})
