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
    text: 'graceful restart 120 s, restarting, also after a NOTIFICATION',
  },
  {
    title: 'graceful restart of a speaker that only helps',
    code: 64,
    value: '0fff',
    capability: { type: 'gracefulRestart', restarting: false, notification: false, restartTime: 4095, families: [] },
    text: 'graceful restart 4095 s',
  },
  {
    title: 'extended next hop',
    code: 5,
    value: '0001 0001 0002',
    capability: { type: 'extendedNextHop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
    text: 'extended next hop ipv4 unicast over AFI 2',
  },
  { title: 'extended message', code: 6, value: '', capability: { type: 'extendedMessage' }, text: 'extended message' },
  { title: 'role', code: 9, value: '03', capability: { type: 'role', role: 'customer' }, text: 'role customer' },
  { title: 'an unassigned role', code: 9, value: '09', capability: { type: 'role', role: 9 }, text: 'role 9' },
  {
    title: 'add-path of two families',
    code: 69,
    value: '0001 01 03 0002 01 01',
    capability: {
      type: 'addPath',
      families: [
        { afi: 1, safi: 1, send: true, receive: true },
        { afi: 2, safi: 1, send: false, receive: true },
      ],
    },
    text: 'add-path ipv4 unicast send and receive, ipv6 unicast receive',
  },
  {
    title: 'enhanced route refresh',
    code: 70,
    value: '',
    capability: { type: 'enhancedRouteRefresh' },
    text: 'enhanced route refresh',
  },
  {
    title: 'long-lived graceful restart with the longest time',
    code: 71,
    value: '0001 01 80 ffffff 0002 01 00 000e10',
    capability: {
      type: 'longLivedGracefulRestart',
      families: [
        { afi: 1, safi: 1, forwarding: true, staleTime: 0xffffff },
        { afi: 2, safi: 1, forwarding: false, staleTime: 3600 },
      ],
    },
    text: 'long-lived graceful restart ipv4 unicast 16777215 s, ipv6 unicast 3600 s',
  },
  {
    title: 'host name',
    code: 73,
    value: '02 6869 03 6c616e',
    capability: { type: 'hostName', host: 'hi', domain: 'lan' },
    text: 'host name hi.lan',
  },
  {
    title: 'software version',
    code: 75,
    value: '03 312e30',
    capability: { type: 'softwareVersion', version: '1.0' },
    text: 'software version 1.0',
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
  [5, '0001 0001 00'],
  [6, '00'],
  [9, ''],
  [9, '0000'],
  [69, '0001 01 03 00'],
  [69, '0001 01 00'],
  [69, '0001 01 03 0002 01 04'],
  [70, '00'],
  [71, '0001 01 80 0000'],
  [73, ''],
  [73, 'ff 68'],
  [73, '01 68'],
  [73, '01 68 02 61'],
  [73, '01 68 00 00'],
  [73, '01 ff 00'],
  [75, ''],
  [75, '00'],
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

test('an OPEN cut at any octet is a fault of the peer, never another error', () => {
  const body = hex(`${fixed} 16 02 14 01 04 0001 00 01 01 04 0002 00 01 02 00 41 04 00011170`)
  for (let length = 0; length < body.length; length++)
    assert.throws(() => decodeMessage(1, body, 0, length), { name: 'PeerFault' })
})

test('more than 253 octets of capabilities go in the extended form of RFC 9072, and come back', () => {
  const capability: Capability = { type: 'unknown', code: 250, value: new Uint8Array(200) }
  const open: Open = { type: 'open', asNumber: 1, holdTime: 0, routerId: 1, capabilities: [capability, capability] }
  const bytes = encodeMessage(open)
  assert.equal(toHex(bytes.subarray(28, 36)), 'ffff0197020194fa')
  assert.deepEqual(decodeMessage(1, bytes, 19, bytes.length), open)
})

test('253 octets of capabilities go in the classic form', () => {
  const capability: Capability = { type: 'unknown', code: 250, value: new Uint8Array(251) }
  const bytes = encodeMessage({ type: 'open', asNumber: 1, holdTime: 0, routerId: 1, capabilities: [capability] })
  assert.equal(toHex(bytes.subarray(28, 32)), 'ff02fdfa')
  assert.deepEqual((decodeMessage(1, bytes, 19, bytes.length) as Open).capabilities, [capability])
})

test('what a peer says of itself cannot make a terminal lie', () => {
  const capability = decodeCapability(75, hex('06 1b5b324a0a41'))
  assert.deepEqual(capability, { type: 'softwareVersion', version: '\ufffd[2J\ufffdA' })
})
