import assert from 'node:assert/strict'
import { test } from 'node:test'
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

test('nothing is read after a fault, and what came before it was', () => {
  const framer = new Framer()
  framer.push(joined(keepalive, header(6, 19), keepalive))
  assert.equal(framer.next(), true)
  for (let again = 0; again < 2; again++)
    assert.throws(() => framer.next(), { name: 'PeerFault', code: 1, subcode: 3, data: Uint8Array.of(6) })
})

test('a message of 65535 octets comes whole once it may, in one chunk and in many', () => {
  const longest = header(2, 65535)
  for (const size of [65535, 4096, 1000]) {
    const framer = new Framer()
    framer.maxLength = 65535
    let found = 0
    for (let at = 0; at < longest.length; at += size) {
      framer.push(longest.subarray(at, at + size))
      while (framer.next()) found += framer.end - framer.start
    }
    assert.equal(found, 65535 - 19)
    framer.push(keepalive)
    assert.equal(framer.next(), true)
  }
})

test('all fixed lengths at their least are well', () => {
  for (const [type, length] of [
    [messageType.open, 29],
    [messageType.update, 23],
    [messageType.notification, 21],
    [messageType.keepalive, 19],
    [messageType.routeRefresh, 19],
  ] as const)
    assert.equal(framed([header(type, length)]).length, 1)
})
