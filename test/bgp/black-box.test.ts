import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlackBox, blackBoxDepth } from '../../bgp/black-box.ts'
import type { Passage } from '../../bgp/passage.ts'
import { messageType } from '../../bgp/wire/iana.ts'
import { encodeMessage } from '../../bgp/wire/message.ts'

const received: Passage = { direction: 'received', connection: 1, fourOctetAs: true, addPath: [] }
const sent: Passage = { ...received, direction: 'sent' }
const keepalive = encodeMessage({ type: 'keepalive' })

/** A message of so many octets, the body filled with `mark`. */
function message(type: number, length: number, mark: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(mark)
  bytes.set(keepalive.subarray(0, 16))
  bytes[16] = length >>> 8
  bytes[17] = length & 0xff
  bytes[18] = type
  return bytes
}

const update = (length: number, mark: number) => message(messageType.update, length, mark)

function note(box: BlackBox, passage: Passage, now: number, bytes: Uint8Array): void {
  box.note(passage, now, bytes, 0, bytes.length)
}

test('messages of both directions are told in the order in which they passed, with their octets', () => {
  const box = new BlackBox()
  note(box, sent, 1, update(23, 7))
  note(box, received, 2, update(40, 8))
  assert.deepEqual(
    box.messages().map(({ passage, at, length, octets }) => [passage.direction, at, length, octets]),
    [
      ['sent', 1, 23, update(23, 7)],
      ['received', 2, 40, update(40, 8)],
    ],
  )
})

test('of a long UPDATE the first octets are kept, and its length', () => {
  const box = new BlackBox()
  note(box, received, 1, update(4096, 9))
  const [message] = box.messages()
  assert.equal(message?.length, 4096)
  assert.deepEqual(message?.octets, update(4096, 9).subarray(0, 256))
})

test('KEEPALIVEs in a row are one entry for each direction, and another message ends the row', () => {
  const box = new BlackBox()
  for (let now = 1; now <= 1000; now++) note(box, now % 2 === 0 ? received : sent, now, keepalive)
  note(box, received, 1001, update(23, 0))
  note(box, sent, 1002, keepalive)
  assert.deepEqual(
    box.messages().map(({ passage, since, at, count }) => [passage.direction, since, at, count]),
    [
      ['sent', 1, 999, 500],
      ['received', 2, 1000, 500],
      ['received', 1001, 1001, 1],
      ['sent', 1002, 1002, 1],
    ],
  )
})

test('KEEPALIVEs of another connection begin a row of their own', () => {
  const box = new BlackBox()
  note(box, received, 1, keepalive)
  note(box, { ...received, connection: 2 }, 2, keepalive)
  assert.deepEqual(
    box.messages().map(({ passage, count }) => [passage.connection, count]),
    [
      [1, 1],
      [2, 1],
    ],
  )
})

test('the last messages stay whole and in order whatever their lengths, and no more than the box holds', () => {
  const box = new BlackBox()
  let seed = 1
  const lengths: number[] = []
  for (let now = 0; now < 20_000; now++) {
    seed = (seed * 48271) % 0x7fffffff
    const length = 23 + (seed % 3 === 0 ? seed % 4000 : seed % 60)
    lengths.push(length)
    note(box, received, now, update(length, now & 0xff))
    if (now % 97 !== 0) continue
    const messages = box.messages()
    assert.ok(messages.length > Math.min(now, 50) && messages.length <= blackBoxDepth, `${messages.length} at ${now}`)
    for (const [index, { at, length: told, octets }] of messages.entries()) {
      assert.equal(at, now - messages.length + 1 + index)
      assert.equal(told, lengths[at])
      assert.deepEqual(octets, update(told, at & 0xff).subarray(0, 256))
    }
  }
})

test('a few long messages that fill the box give way to many short ones, one by one', () => {
  const box = new BlackBox()
  const noted: { direction: string; bytes: Uint8Array }[] = []
  for (let now = 0; now < 300; now++) {
    const passage = now % 3 === 0 ? sent : received
    const bytes = now < 25 ? message(messageType.notification, 2000, now) : update(23 + (now % 50), now & 0xff)
    noted.push({ direction: passage.direction, bytes })
    note(box, passage, now, bytes)
    const messages = box.messages()
    assert.ok(messages.length >= Math.min(now + 1, 16), `${messages.length} at ${now}`)
    assert.deepEqual(
      messages.map(({ at, length, passage, octets }) => [at, length, passage.direction, octets]),
      noted
        .map(({ direction, bytes }, at) => [at, bytes.length, direction, bytes.subarray(0, 1024)])
        .slice(-messages.length),
    )
  }
  assert.equal(box.messages().length, blackBoxDepth)
})
