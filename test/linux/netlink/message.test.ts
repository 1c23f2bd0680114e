import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LITTLE_ENDIAN } from '../../../lib/linux/libc.ts'
import {
  decodeAttributes,
  decodeError,
  decodeMessages,
  MessageWriter,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_ERROR,
  stringOf,
} from '../../../lib/linux/netlink/message.ts'

const skip = LITTLE_ENDIAN ? false : 'the octets below are those of a little-endian machine'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test('messages are padded to four octets, numbered, and acknowledged where asked', { skip }, () => {
  const writer = new MessageWriter(7)
  writer.begin(24, 0x600).u8(2).u8(24).u16(0).attributeString(3, 'a').end()
  writer
    .begin(25, 0)
    .nest(5, () => writer.attributeU32(1, 0x01020304))
    .end()
  writer.acknowledgeLast()
  assert.deepEqual([writer.count, writer.firstSequence], [2, 7])
  assert.equal(
    hex(writer.bytes),
    // length 28, type 24, REQUEST|CREATE|EXCL, sequence 7, then header and attribute 3 of length 6, padded
    ['1c0000001800010607000000', '00000000', '02180000', '0600030061000000'].join('') +
      // length 28, type 25, REQUEST|ACK, sequence 8, nested attribute 5 of length 12
      ['1c0000001900050008000000', '00000000', '0c000580', '0800010004030201'].join(''),
  )
  writer.clear()
  writer.begin(1, 0).end()
  assert.deepEqual([writer.count, writer.firstSequence], [1, 9])
})

test('a datagram gives its messages, and ends where a length does not fit', () => {
  const writer = new MessageWriter()
  writer.begin(1, 0).u32(11).end()
  writer
    .begin(2, 0)
    .raw(Uint8Array.of(1, 2, 3))
    .end()
  const bytes = writer.bytes.slice()
  assert.deepEqual(
    decodeMessages(bytes).map(({ type, sequence, body }) => [type, sequence, body.length]),
    [
      [1, 1, 4],
      [2, 2, 4],
    ],
  )
  for (let length = 0; length < bytes.length; length++)
    assert.equal(decodeMessages(bytes.subarray(0, length)).length, length < 20 ? 0 : 1)
  bytes.fill(0, 20, 24)
  assert.equal(decodeMessages(bytes).length, 1)
})

test('attributes that are cut off or too short end the walk', () => {
  const writer = new MessageWriter()
  writer.attributeString(3, 'eth0').attributeU32(4, 1500)
  const bytes = writer.bytes.slice()
  const whole = decodeAttributes(bytes)
  assert.equal(stringOf(whole.get(3)!), 'eth0')
  assert.deepEqual([...whole.keys()], [3, 4])
  for (let length = 0; length < bytes.length; length++)
    assert.deepEqual([...decodeAttributes(bytes.subarray(0, length)).keys()], length < 9 ? [] : [3])
  bytes.fill(0, 0, 2)
  assert.equal(decodeAttributes(bytes).size, 0)
})

test('an error carries errno and the words of the kernel, with the request repeated or not', () => {
  for (const repeated of [20, 0]) {
    const writer = new MessageWriter()
    const flags = NLM_F_ACK_TLVS | (repeated === 0 ? NLM_F_CAPPED : 0)
    writer.begin(NLMSG_ERROR, flags).u32(-101 >>> 0)
    // the header of the request, which says how long that was, and where it is repeated the rest of it
    writer
      .u32(repeated || 999)
      .u32(0)
      .u32(0)
      .u32(0)
    if (repeated > 0) writer.u32(0)
    writer.attributeString(1, 'Nexthop has invalid gateway').end()
    const [message] = decodeMessages(writer.bytes)
    assert.deepEqual(decodeError(message!), { errno: 101, text: 'Nexthop has invalid gateway' })
  }
  const writer = new MessageWriter()
  writer.begin(NLMSG_ERROR, 0).u32(0).raw(new Uint8Array(16)).end()
  assert.deepEqual(decodeError(decodeMessages(writer.bytes)[0]!), { errno: 0, text: '' })
})
