import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { decodeMessage, encodeMessage, type Message } from '../../../bgp/wire/message.ts'
import { notificationName } from '../../../bgp/wire/notification.ts'
import { hex, message, toHex } from './hex.ts'

function decode(type: number, body: string): Message {
  const bytes = hex(body)
  return decodeMessage(type, bytes, 0, bytes.length)
}

const messages: {
  title: string
  type: 'notification' | 'keepalive' | 'routeRefresh'
  code: number
  body: string
  value: Message
}[] = [
  { title: 'a KEEPALIVE', type: 'keepalive', code: 4, body: '', value: { type: 'keepalive' } },
  {
    title: 'a ROUTE-REFRESH of IPv6 unicast',
    type: 'routeRefresh',
    code: 5,
    body: '0002 00 01',
    value: { type: 'routeRefresh', afi: 2, subtype: 0, safi: 1 },
  },
  {
    title: 'a ROUTE-REFRESH of a family and subtype unknown here',
    type: 'routeRefresh',
    code: 5,
    body: '4004 03 48',
    value: { type: 'routeRefresh', afi: 0x4004, subtype: 3, safi: 72 },
  },
  {
    title: 'a NOTIFICATION without data',
    type: 'notification',
    code: 3,
    body: '04 00',
    value: { type: 'notification', code: 4, subcode: 0, data: hex('') },
  },
  {
    title: 'a NOTIFICATION with data',
    type: 'notification',
    code: 3,
    body: '06 02 03 627965',
    value: { type: 'notification', code: 6, subcode: 2, data: hex('03 627965') },
  },
  {
    title: 'a NOTIFICATION of an unknown code',
    type: 'notification',
    code: 3,
    body: 'ee ff 00',
    value: { type: 'notification', code: 238, subcode: 255, data: hex('00') },
  },
]

for (const { title, type, code, body, value } of messages)
  test(`${title} decodes and encodes`, () => {
    assert.deepEqual(decode(code, body), value)
    assert.equal(toHex(encodeMessage(value)), toHex(message(type, hex(body))))
  })

test('a NOTIFICATION with 4075 octets of data is read whole, and data beyond that is not sent', () => {
  const bytes = new Uint8Array(4077).fill(7)
  const value = decodeMessage(3, bytes, 0, bytes.length)
  assert.ok(value.type === 'notification' && value.data.length === 4075)
  assert.equal(encodeMessage({ ...value, data: new Uint8Array(5000) }).length, 4096)
})

test('the decoded data of a NOTIFICATION does not change with the buffer it came in', () => {
  const bytes = hex('06 02 41')
  const value = decodeMessage(3, bytes, 0, 3)
  bytes.fill(0)
  assert.deepEqual(value, { type: 'notification', code: 6, subcode: 2, data: hex('41') })
})

test('a body too short for its type is answered with 1/2, an unknown type with 1/3', () => {
  assert.throws(() => decode(3, '06'), { name: 'PeerFault', code: 1, subcode: 2, data: hex('0014') })
  assert.throws(() => decode(5, '0001'), { name: 'PeerFault', code: 1, subcode: 2, data: hex('0015') })
  assert.throws(() => decode(4, '00'), { name: 'PeerFault', code: 1, subcode: 2, data: hex('0014') })
  assert.throws(() => decode(6, ''), { name: 'PeerFault', code: 1, subcode: 3, data: hex('06') })
})

test('an UPDATE does not come this way', () => {
  assert.throws(() => decode(2, '0000 0000'), RangeError)
})

test('codes and subcodes have the names of the RFCs, unassigned ones their numbers', () => {
  assert.equal(notificationName(6, 2), 'Cease / Administrative Shutdown (6/2)')
  assert.equal(notificationName(4, 0), 'Hold Timer Expired (4/0)')
  assert.equal(notificationName(5, 3), 'Finite State Machine Error / Unexpected Message in Established (5/3)')
  assert.equal(notificationName(3, 99), 'UPDATE Message Error (3/99)')
  assert.equal(notificationName(99, 1), 'Unknown Error (99/1)')
})

test('a fault of the peer says its name and its reason', () => {
  const fault = new PeerFault(1, 3, 'message type 9', hex('09'))
  assert.equal(fault.message, 'Message Header Error / Bad Message Type (1/3): message type 9')
  assert.deepEqual(fault.data, hex('09'))
})
