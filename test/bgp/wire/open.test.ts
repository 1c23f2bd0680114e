import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Capability, decodeCapability, encodeCapability, renderCapability } from '../../../bgp/wire/capability.ts'
import { decodeMessage, encodeMessage } from '../../../bgp/wire/message.ts'
import { asNumberOf, type Open } from '../../../bgp/wire/open.ts'
import { hex, message, toHex } from './hex.ts'

/** Version 4, AS 65001, hold time 90, router id 192.0.2.1. */
const fixed = '04 fde9 005a c0000201'

function decode(body: string): Open {
  const bytes = hex(body)
  return decodeMessage(1, bytes, 0, bytes.length) as Open
}

const capabilities: { title: string; code: number; value: string; capability: Capability; text: string }[] = [
  {
    title: 'multiprotocol IPv6 unicast',
    code: 1,
    value: '0002 00 01',
    capability: { type: 'multiprotocol', afi: 2, safi: 1 },
    text: 'multiprotocol ipv6 unicast',
  },
  {
    title: 'multiprotocol of a family that we do not carry',
    code: 1,
    value: '0019 00 46',
    capability: { type: 'multiprotocol', afi: 25, safi: 70 },
    text: 'multiprotocol AFI 25 SAFI 70',
  },
  { title: 'route refresh', code: 2, value: '', capability: { type: 'routeRefresh' }, text: 'route refresh' },
  {
    title: '4-octet AS',
    code: 65,
    value: '00011170',
    capability: { type: 'fourOctetAs', asNumber: 70000 },
    text: '4-octet AS 70000',
  },
  {
    title: 'graceful restart with R and N bit, F bit of one family',
    code: 64,
    value: 'c078 0001 01 80 0002 01 00',
    capability: {
      type: 'gracefulRestart',
      restarting: true,
      notification: true,
      restartTime: 120,
      families: [
        { afi: 1, safi: 1, forwarding: true },
        { afi: 2, safi: 1, forwarding: false },
      ],
    },
    text: 'graceful restart 120 s, restarting',
  },
  {
    title: 'graceful restart of a speaker that only helps',
    code: 64,
    value: '0fff',
    capability: { type: 'gracefulRestart', restarting: false, notification: false, restartTime: 4095, families: [] },
    text: 'graceful restart 4095 s',
  },
  {
    title: 'host name, which is only recognised',
    code: 73,
    value: '02 6869 00',
    capability: { type: 'unknown', code: 73, value: hex('02 6869 00') },
    text: 'host name',
  },
  {
    title: 'an unassigned one',
    code: 250,
    value: '01',
    capability: { type: 'unknown', code: 250, value: hex('01') },
    text: 'capability 250',
  },
]

for (const { title, code, value, capability, text } of capabilities)
  test(`the capability ${title} decodes, encodes and renders`, () => {
    assert.deepEqual(decodeCapability(code, hex(value)), capability)
    const length = hex(value).length
    assert.equal(toHex(encodeCapability(capability)), toHex(Uint8Array.of(code, length, ...hex(value))))
    assert.equal(renderCapability(capability), text)
  })

for (const [code, value] of [
  [1, '0001 01'],
  [1, '0001 00 01 00'],
  [2, '00'],
  [64, '00'],
  [64, '0078 00'],
  [64, '0078 0001 01'],
  [69, '0001 01 03 00'],
  [71, '0001 01 80 0000'],
  [73, 'ff 68'],
  [75, ''],
  [75, 'ff 78'],
] as const)
  test(`capability ${code} with the malformed value "${value}" is kept as octets and costs no session`, () => {
    assert.deepEqual(decodeCapability(code, hex(value)), { type: 'unknown', code, value: hex(value) })
  })

test('an OPEN with all our capabilities is these octets', () => {
  const open: Open = {
    type: 'open',
    asNumber: 23456,
    holdTime: 90,
    routerId: 0xc0000201,
    capabilities: [
      { type: 'multiprotocol', afi: 1, safi: 1 },
      { type: 'multiprotocol', afi: 2, safi: 1 },
      { type: 'routeRefresh' },
      { type: 'fourOctetAs', asNumber: 70000 },
    ],
  }
  const body = '04 5ba0 005a c0000201 16 02 14 01 04 0001 00 01 01 04 0002 00 01 02 00 41 04 00011170'
  assert.equal(toHex(encodeMessage(open)), toHex(message('open', hex(body))))
  assert.deepEqual(decode(body), open)
  assert.equal(asNumberOf(open), 70000)
})

test('an OPEN without capabilities has no parameters and speaks for its 2-octet AS number', () => {
  const open = decode(`${fixed} 00`)
  assert.deepEqual(open, { type: 'open', asNumber: 65001, holdTime: 90, routerId: 0xc0000201, capabilities: [] })
  assert.equal(toHex(encodeMessage(open)), toHex(message('open', hex(`${fixed} 00`))))
  assert.equal(asNumberOf(open), 65001)
})

test('empty capability parameters, one parameter per capability and repeated capabilities are well', () => {
  assert.deepEqual(decode(`${fixed} 06 0200 0200 0200`).capabilities, [])
  const open = decode(`${fixed} 12 02 06 41 04 0000fde9 02 00 02 02 02 00 02 02 02 00`)
  assert.deepEqual(
    open.capabilities.map(({ type }) => type),
    ['fourOctetAs', 'routeRefresh', 'routeRefresh'],
  )
  const twice = decode(`${fixed} 0e 02 0c 41 04 0000fde9 41 04 00011170`)
  assert.equal(asNumberOf(twice), 70000)
})

test('parameters in the extended form of RFC 9072 decode, also where the total is under 255', () => {
  const open = decode(`${fixed} ff ff 0009 02 0006 41 04 00011170`)
  assert.deepEqual(open.capabilities, [{ type: 'fourOctetAs', asNumber: 70000 }])
  assert.deepEqual(decode(`${fixed} 0c ff 0009 02 0006 41 04 00011170`), open)
  const many = '4901 00'.repeat(100)
  assert.equal(decode(`${fixed} ff ff 012f 02 012c ${many}`).capabilities.length, 100)
})

test('a hold time of 0, of 3, and a router id of the multicast range (RFC 6286) are well', () => {
  assert.equal(decode('04 fde9 0000 c0000201 00').holdTime, 0)
  assert.equal(decode('04 fde9 0003 c0000201 00').holdTime, 3)
  assert.equal(decode('04 fde9 005a e0000001 00').routerId, 0xe0000001)
})

const faults: { title: string; body: string; subcode: number; data?: string }[] = [
  { title: 'version 3', body: '03 fde9 005a c0000201 00', subcode: 1, data: '0004' },
  { title: 'version 5', body: '05 fde9 005a c0000201 00', subcode: 1, data: '0004' },
  { title: 'AS number 0', body: '04 0000 005a c0000201 00', subcode: 2 },
  { title: 'a 4-octet AS number 0', body: `${fixed} 08 02 06 41 04 00000000`, subcode: 2 },
  { title: 'AS_TRANS without the 4-octet AS capability', body: '04 5ba0 005a c0000201 00', subcode: 2 },
  { title: 'router id 0.0.0.0', body: '04 fde9 005a 00000000 00', subcode: 3 },
  { title: 'a hold time of 1', body: '04 fde9 0001 c0000201 00', subcode: 6 },
  { title: 'a hold time of 2', body: '04 fde9 0002 c0000201 00', subcode: 6 },
  { title: 'an authentication parameter (type 1)', body: `${fixed} 03 01 01 00`, subcode: 4 },
  { title: 'an unknown parameter (type 77)', body: `${fixed} 02 4d 00`, subcode: 4 },
  { title: '255 octets of parameters announced, none there', body: `${fixed} ff`, subcode: 0 },
  { title: 'octets after the parameters', body: `${fixed} 00 00`, subcode: 0 },
  { title: 'a parameter that is cut short', body: `${fixed} 02 02 04`, subcode: 0 },
  { title: 'half a parameter header', body: `${fixed} 01 02`, subcode: 0 },
  { title: 'the extended form with half a parameter header', body: `${fixed} ff ff 0002 02 00`, subcode: 0 },
  { title: 'the extended form with a length past the end', body: `${fixed} ff ff 0010 02 0000`, subcode: 0 },
  { title: 'a capability past its parameter', body: `${fixed} 04 02 02 01 04`, subcode: 0 },
  { title: 'half a capability header', body: `${fixed} 03 02 01 41`, subcode: 0 },
  { title: 'a 4-octet AS capability of 3 octets', body: `${fixed} 07 02 05 41 03 00fde9`, subcode: 0 },
]

for (const { title, body, subcode, data = '' } of faults)
  test(`an OPEN with ${title} is answered with 2/${subcode}`, () => {
    assert.throws(() => decode(body), { name: 'PeerFault', code: 2, subcode, data: hex(data) })
  })

test('an OPEN cut at any octet is a fault of the peer, never another error', () => {
  const body = hex(`${fixed} 16 02 14 01 04 0001 00 01 01 04 0002 00 01 02 00 41 04 00011170`)
  for (let length = 0; length < body.length; length++)
    assert.throws(() => decodeMessage(1, body, 0, length), { name: 'PeerFault' })
})

test('more capabilities than an OPEN can carry are refused', () => {
  const capability: Capability = { type: 'unknown', code: 250, value: new Uint8Array(200) }
  const open: Open = { type: 'open', asNumber: 1, holdTime: 0, routerId: 1, capabilities: [capability, capability] }
  assert.throws(() => encodeMessage(open), RangeError)
})
