import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { Framer } from '../../../bgp/wire/framer.ts'
import { writeHeader } from '../../../bgp/wire/header.ts'
import { messageType } from '../../../bgp/wire/iana.ts'
import { hex, joined, message, toHex } from './hex.ts'

const keepalive = message('keepalive', hex(''))
const update = message('update', hex('0000 0000'))
const notification = message('notification', hex('06 02 6869'))
const largest = message('update', new Uint8Array(4096 - 19))

/** Type and body of every message that a framer finds. */
function framed(chunks: readonly Uint8Array[]): string[] {
  const framer = new Framer()
  const found: string[] = []
  for (const chunk of chunks) {
    framer.push(chunk)
    while (framer.next()) found.push(`${framer.type} ${toHex(framer.buffer.subarray(framer.start, framer.end))}`)
  }
  return found
}

function header(type: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(19, length))
  writeHeader(bytes, 0, type, length)
  return bytes
}

test('messages in one chunk come out one by one, not copied', () => {
  const chunk = joined(keepalive, update, notification, largest)
  assert.deepEqual(
    framed([chunk]).map(text => text.slice(0, 12)),
    ['4 ', '2 00000000', '3 06026869', '2 0000000000'],
  )
  const framer = new Framer()
  framer.push(chunk)
  framer.next()
  assert.equal(framer.buffer, chunk)
})

test('a stream cut into any two chunks, or into single octets, gives the same messages', () => {
  const stream = joined(keepalive, notification, update, keepalive)
  const expected = framed([stream])
  assert.equal(expected.length, 4)
  for (let cut = 0; cut <= stream.length; cut++)
    assert.deepEqual(framed([stream.subarray(0, cut), stream.subarray(cut)]), expected, `cut at ${cut}`)
  assert.deepEqual(framed(Array.from(stream, octet => Uint8Array.of(octet))), expected)
})

test('the largest message survives being cut, and the memory of a chunk may be used again once next has returned false', () => {
  const memory = largest.slice(0, 4000)
  const framer = new Framer()
  framer.push(memory)
  assert.equal(framer.next(), false)
  memory.fill(0xee)
  framer.push(largest.slice(4000))
  assert.equal(framer.next(), true)
  assert.deepEqual(framer.buffer.subarray(framer.start, framer.end), largest.subarray(19))
})

test('a chunk pushed before the last one is used up is our own mistake, not the peer’s', () => {
  const framer = new Framer()
  framer.push(joined(keepalive, keepalive))
  framer.next()
  assert.throws(() => framer.push(keepalive), RangeError)
})

const badMarker = keepalive.slice()
badMarker[15] = 0

const faults: { title: string; bytes: Uint8Array; code: number; subcode: number; data: string }[] = [
  { title: 'a marker with one zero octet', bytes: badMarker, code: 1, subcode: 1, data: '' },
  { title: 'a length of 0', bytes: header(4, 0), code: 1, subcode: 2, data: '0000' },
  { title: 'a length of 18', bytes: header(4, 18), code: 1, subcode: 2, data: '0012' },
  { title: 'an OPEN of 28', bytes: header(1, 28), code: 1, subcode: 2, data: '001c' },
  { title: 'an UPDATE of 22', bytes: header(2, 22), code: 1, subcode: 2, data: '0016' },
  { title: 'a NOTIFICATION of 20', bytes: header(3, 20), code: 1, subcode: 2, data: '0014' },
  { title: 'a KEEPALIVE of 20', bytes: header(4, 20), code: 1, subcode: 2, data: '0014' },
  { title: 'a ROUTE-REFRESH of 22', bytes: header(5, 22), code: 1, subcode: 2, data: '0016' },
  { title: 'a ROUTE-REFRESH of 24', bytes: header(5, 24), code: 1, subcode: 2, data: '0018' },
  {
    title: 'a message of 4097 (RFC 8654 is not negotiated)',
    bytes: header(2, 4097),
    code: 1,
    subcode: 2,
    data: '1001',
  },
  {
    title: 'a length of 65535 with no more octets to come',
    bytes: header(2, 65535).subarray(0, 19),
    code: 1,
    subcode: 2,
    data: 'ffff',
  },
  { title: 'type 0', bytes: header(0, 19), code: 1, subcode: 3, data: '00' },
  { title: 'type 6', bytes: header(6, 19), code: 1, subcode: 3, data: '06' },
  { title: 'type 255', bytes: header(255, 19), code: 1, subcode: 3, data: 'ff' },
  { title: 'a bad marker before a bad length and type', bytes: new Uint8Array(19), code: 1, subcode: 1, data: '' },
  { title: 'a bad length before a bad type', bytes: header(9, 5), code: 1, subcode: 2, data: '0005' },
]

for (const { title, bytes, code, subcode, data } of faults)
  test(`${title} is answered with ${code}/${subcode}, in one chunk and octet by octet`, () => {
    const expected = { name: 'PeerFault', code, subcode, data: hex(data) }
    assert.throws(() => framed([bytes]), expected)
    assert.throws(() => framed(Array.from(bytes, octet => Uint8Array.of(octet))), expected)
    assert.throws(() => framed([keepalive, bytes]), PeerFault)
  })

test('all fixed lengths at their least are well', () => {
  for (const [type, length] of [
    [messageType.open, 29],
    [messageType.update, 23],
    [messageType.notification, 21],
    [messageType.keepalive, 19],
    [messageType.routeRefresh, 23],
  ] as const)
    assert.equal(framed([header(type, length)]).length, 1)
})
