import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type ControlPacket,
  decodePacket,
  diagnostic,
  encodePacket,
  renderDiagnostic,
  STATES,
} from '../../../bgp/bfd/packet.ts'

const PACKET: ControlPacket = {
  diagnostic: diagnostic.neighborSignaledDown,
  state: 'Up',
  poll: true,
  final: false,
  controlPlaneIndependent: true,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 0x01020304,
  yourDiscriminator: 0xfffefdfc,
  desiredMinTx: 300_000,
  requiredMinRx: 1_000_000,
  requiredMinEchoRx: 50_000,
}

/** RFC 5880 §4.1, field by field: Vers 1 Diag 3, Sta 3 P C, Detect Mult, Length; discriminators; intervals. */
const OCTETS = Uint8Array.from(
  Buffer.from('23e80318' + '01020304' + 'fffefdfc' + '000493e0' + '000f4240' + '0000c350', 'hex'),
)

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const discriminator = fc.integer({ min: 1, max: 0xffffffff })
const anyPacket: fc.Arbitrary<ControlPacket> = fc.record(
  {
    diagnostic: fc.integer({ min: 0, max: 31 }),
    state: fc.constantFrom(...STATES),
    poll: fc.boolean(),
    final: fc.boolean(),
    controlPlaneIndependent: fc.boolean(),
    demand: fc.boolean(),
    detectMultiplier: fc.integer({ min: 1, max: 255 }),
    myDiscriminator: discriminator,
    yourDiscriminator: discriminator,
    desiredMinTx: uint32,
    requiredMinRx: uint32,
    requiredMinEchoRx: uint32,
  },
  { noNullPrototype: true },
)

/** The good packet with some octets changed. */
function changed(octets: Readonly<Record<number, number>>): Uint8Array {
  const bytes = OCTETS.slice()
  for (const [at, value] of Object.entries(octets)) bytes[Number(at)] = value
  return bytes
}

function judge(bytes: Uint8Array): void {
  const packet = decodePacket(bytes)
  if (typeof packet === 'string') return
  assert.ok(packet.myDiscriminator > 0 && packet.detectMultiplier > 0)
  assert.deepEqual(decodePacket(encodePacket(packet)), packet)
}

describe('the codec of BFD Control packets', () => {
  it('lays the fields out as RFC 5880 §4.1 draws them', () => {
    assert.deepEqual(encodePacket(PACKET), OCTETS)
    assert.deepEqual(decodePacket(OCTETS), PACKET)
  })

  it('gives back every packet that it has encoded', () => {
    fc.assert(fc.property(anyPacket, packet => assert.deepEqual(decodePacket(encodePacket(packet)), packet)))
  })

  it('reads no further than the length in the packet', () => {
    assert.deepEqual(decodePacket(Buffer.concat([OCTETS, Buffer.alloc(20, 0xff)])), PACKET)
  })

  it('discards what RFC 5880 §6.8.6 has discarded, and says why', () => {
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['tooShort', OCTETS.subarray(0, 23)],
      ['tooShort', new Uint8Array(0)],
      ['badVersion', changed({ 0: 0x03 })],
      ['badVersion', changed({ 0: 0x43 })],
      ['badLength', changed({ 3: 23 })],
      ['badLength', changed({ 3: 25 })],
      // with the A bit 24 octets cannot hold the authentication section
      ['badLength', changed({ 1: 0xec })],
      ['zeroMultiplier', changed({ 2: 0 })],
      ['multipoint', changed({ 1: 0xe9 })],
      ['zeroDiscriminator', changed({ 4: 0, 5: 0, 6: 0, 7: 0 })],
      ['stateWithoutDiscriminator', changed({ 8: 0, 9: 0, 10: 0, 11: 0 })],
      ['authentication', Buffer.concat([changed({ 1: 0xec, 3: 28 }), Buffer.of(1, 4, 0, 0)])],
    ]
    for (const [reason, bytes] of cases) assert.equal(decodePacket(bytes), reason)
  })

  it('takes a packet without our discriminator from a peer that is Down or AdminDown', () => {
    for (const state of ['AdminDown', 'Down'] as const) {
      const packet = { ...PACKET, state, yourDiscriminator: 0 }
      assert.deepEqual(decodePacket(encodePacket(packet)), packet)
    }
  })

  it('gives a packet that can be sent, or a reason, for any octets', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), judge))
  })

  it('does so for good octets of which some are changed', () => {
    const edit = fc.dictionary(fc.integer({ min: 0, max: 23 }).map(String), fc.integer({ min: 0, max: 255 }))
    fc.assert(fc.property(edit, octets => judge(changed(octets))))
  })

  it('names diagnostics in the words of the RFC', () => {
    assert.equal(renderDiagnostic(diagnostic.detectionTimeExpired), 'control detection time expired')
    assert.equal(renderDiagnostic(9), 'diagnostic 9')
  })
})
