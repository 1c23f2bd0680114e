import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UpdateContext } from '../../../bgp/wire/update-context.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { hex, joined, spaced, updateBody } from './hex.ts'
import { decodeNlri } from './prefixes.ts'
import {
  asPath,
  external,
  type Fields,
  internal,
  mandatory,
  mpReach,
  nextHop,
  origin,
  read,
  twoOctet,
} from './update-parts.ts'

function canonical(fields: Fields, context = external): string {
  const reader = read(fields, context)
  assert.deepEqual(reader.faults, [])
  assert.equal(reader.verdict, 'accept')
  return spaced(reader.attributes.subarray(0, reader.attributesEnd))
}

test('an UPDATE is read where it lies in a larger buffer', () => {
  const body = updateBody({ withdrawn: '18 cb0071', attributes: mandatory, nlri: '18 c63364 20 c6336501' })
  const buffer = joined(new Uint8Array(7), body, new Uint8Array(5))
  const reader = new UpdateReader(external)
  reader.read(buffer, 7, 7 + body.length)
  assert.deepEqual(decodeNlri(buffer, reader.withdrawnStart, reader.withdrawnEnd, 4).map(String), ['203.0.113.0/24'])
  assert.deepEqual(decodeNlri(buffer, reader.nlriStart, reader.nlriEnd, 4).map(String), [
    '198.51.100.0/24',
    '198.51.101.1/32',
  ])
  assert.equal(reader.nextHop4, 0xc0000201)
  assert.equal(reader.mpReachFamily, 0)
  assert.equal(reader.endOfRib, 0)
})

test('MP_REACH_NLRI and MP_UNREACH_NLRI give family, next hop and ranges; a link-local second next hop is left out', () => {
  const linkLocal = 'fe800000000000000000000000000001'
  const attributes = `80 0e 2a 0002 01 20 20010db8000000000000000000000001 ${linkLocal} 00 20 20010db8 ${origin} ${asPath} 80 0f 08 0002 01 20 20010db9`
  const body = updateBody({ attributes })
  const reader = new UpdateReader(external)
  reader.read(body, 0, body.length)
  assert.equal(reader.mpReachFamily, 6)
  assert.equal(reader.mpNextHopLength, 16)
  assert.equal(spaced(reader.mpNextHop), '20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01')
  assert.deepEqual(decodeNlri(body, reader.mpReachStart, reader.mpReachEnd, 6).map(String), ['2001:db8::/32'])
  assert.equal(reader.mpUnreachFamily, 6)
  assert.deepEqual(decodeNlri(body, reader.mpUnreachStart, reader.mpUnreachEnd, 6).map(String), ['2001:db9::/32'])
  assert.equal(spaced(reader.attributes.subarray(0, reader.attributesEnd)), `${origin} 40 02 06 02 01 00 00 fd e9`)
})

test('IPv4 unicast may also come in MP_REACH_NLRI, with a next hop of 4 octets', () => {
  const reader = read({ attributes: `80 0e 0d 0001 01 04 c0000209 00 18 c63364 ${origin} ${asPath}` })
  assert.equal(reader.verdict, 'accept')
  assert.equal(reader.mpReachFamily, 4)
  assert.equal(reader.mpNextHopLength, 4)
  assert.equal(spaced(reader.mpNextHop.subarray(0, 4)), 'c0 00 02 09')
})

const canonicalCases: { title: string; attributes: string; context?: UpdateContext; expected: string }[] = [
  {
    title: 'attributes in another order are sorted',
    attributes: `${nextHop} ${asPath} ${origin}`,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9`,
  },
  {
    title: 'the extended length of a short attribute goes',
    attributes: `50 01 0001 00 ${asPath} ${nextHop}`,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9`,
  },
  {
    title: 'the unused low bits of the flags go',
    attributes: `4f 01 01 00 ${asPath} ${nextHop}`,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9`,
  },
  {
    title: 'the Partial bit of an optional transitive attribute stays, of any other it goes',
    attributes: `60 01 01 00 ${asPath} ${nextHop} a0 04 04 00000005 e0 08 04 00010002`,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9 80 04 04 00 00 00 05 e0 08 04 00 01 00 02`,
  },
  {
    title: 'LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST from outside are ignored',
    attributes: `${mandatory} 40 05 04 00000064 80 09 04 01020304 80 0a 04 01020304`,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9`,
  },
  {
    title: 'LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST from inside are kept',
    attributes: `${mandatory} 40 05 04 00000064 80 09 04 01020304 80 0a 04 01020304`,
    context: internal,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9 40 05 04 00 00 00 64 80 09 04 01 02 03 04 80 0a 04 01 02 03 04`,
  },
  {
    title: 'an unknown transitive attribute is kept with the Partial bit',
    attributes: `${mandatory} c0 63 02 abcd`,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9 e0 63 02 ab cd`,
  },
  {
    title: 'an unknown non-transitive attribute is dropped',
    attributes: `${mandatory} 80 63 02 abcd 80 1a 0b 01 000b 0000000000000001`,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9`,
  },
  {
    title: 'an empty AS_PATH from inside is well',
    attributes: `${origin} 40 02 00 ${nextHop}`,
    context: internal,
    expected: `${origin} 40 02 00`,
  },
  {
    title: 'neighbouring AS_SEQUENCEs become one',
    attributes: `${origin} 40 02 0c 02 01 0000fde9 02 01 00011170 ${nextHop}`,
    expected: `${origin} 40 02 0a 02 02 00 00 fd e9 00 01 11 70`,
  },
  {
    title: '2-octet AS numbers become 4-octet ones',
    attributes: `${origin} 40 02 06 02 02 fde9 fdea ${nextHop} c0 07 06 fdea c0000207`,
    context: twoOctet,
    expected: `${origin} 40 02 0a 02 02 00 00 fd e9 00 00 fd ea c0 07 08 00 00 fd ea c0 00 02 07`,
  },
  {
    title: 'AS4_PATH takes the place of the end of AS_PATH, also when it comes first',
    attributes: `c0 11 06 02 01 00011170 ${origin} 40 02 06 02 02 fde9 5ba0 ${nextHop}`,
    context: twoOctet,
    expected: `${origin} 40 02 0a 02 02 00 00 fd e9 00 01 11 70`,
  },
  {
    title: 'an AS4_PATH longer than AS_PATH is ignored',
    attributes: `${origin} 40 02 04 02 01 fde9 ${nextHop} c0 11 0a 02 02 00011170 00011171`,
    context: twoOctet,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9`,
  },
  {
    title: 'AS4_AGGREGATOR takes the place of an AGGREGATOR of AS_TRANS',
    attributes: `${origin} 40 02 04 02 01 fde9 ${nextHop} c0 07 06 5ba0 c0000207 c0 12 08 00011170 c0000208`,
    context: twoOctet,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9 c0 07 08 00 01 11 70 c0 00 02 08`,
  },
  {
    title: 'an AGGREGATOR of another AS than AS_TRANS makes both AS4_ attributes void',
    attributes: `${origin} 40 02 06 02 02 fde9 5ba0 ${nextHop} c0 07 06 fdea c0000207 c0 11 06 02 01 00011170 c0 12 08 00011170 c0000208`,
    context: twoOctet,
    expected: `${origin} 40 02 0a 02 02 00 00 fd e9 00 00 5b a0 c0 07 08 00 00 fd ea c0 00 02 07`,
  },
  {
    title: 'AS4_PATH and AS4_AGGREGATOR from a 4-octet speaker are ignored',
    attributes: `${mandatory} c0 11 06 02 01 00011170 c0 12 08 00011170 c0000208`,
    expected: `${origin} 40 02 06 02 01 00 00 fd e9`,
  },
]

for (const { title, attributes, context, expected } of canonicalCases)
  test(title, () => {
    assert.equal(canonical({ attributes, nlri: '18 c63364' }, context), expected)
  })

test('a path of 255 and more AS numbers in one and several segments is well', () => {
  const numbers = (count: number) => '0000fde9'.repeat(count)
  const whole = canonical({ attributes: `${origin} 50 02 03fe 02 ff ${numbers(255)} ${nextHop}`, nlri: '00' })
  assert.equal(whole.length, 3 * (4 + 4 + 2 + 4 * 255) - 1)
  const two = canonical({
    attributes: `${origin} 50 02 0408 02 ff ${numbers(255)} 02 02 ${numbers(2)} ${nextHop}`,
    nlri: '00',
  })
  assert.equal(
    two,
    canonical({ attributes: `${origin} 50 02 0408 02 02 ${numbers(2)} 02 ff ${numbers(255)} ${nextHop}`, nlri: '00' }),
  )
})

test('a message that was a fault of the peer leaves nothing behind for the next one', () => {
  const reader = new UpdateReader(external)
  const good = updateBody({ attributes: mandatory, nlri: '18 c63364' })
  reader.read(good, 0, good.length)
  const fault = updateBody({ attributes: '40 01 01 09' })
  for (let times = 0; times < 2; times++) assert.throws(() => reader.read(fault, 0, fault.length), { subcode: 6 })
  const announcing = updateBody({ attributes: '40 01 01 09', nlri: '18 c63364' })
  reader.read(announcing, 0, announcing.length)
  assert.equal(reader.verdict, 'withdraw')
})

test('a good message after a bad one carries nothing over', () => {
  const reader = new UpdateReader(external)
  const bad = updateBody({ attributes: `${mpReach} ${mandatory} 80 04 03 000000 c0 63 01 01`, nlri: '18 c63364' })
  reader.read(bad, 0, bad.length)
  const good = updateBody({ attributes: mandatory, nlri: '18 c63364' })
  reader.read(good, 0, good.length)
  assert.equal(reader.verdict, 'accept')
  assert.deepEqual(reader.faults, [])
  assert.equal(reader.mpReachFamily, 0)
  assert.equal(spaced(reader.attributes.subarray(0, reader.attributesEnd)), `${origin} 40 02 06 02 01 00 00 fd e9`)
})

const endOfRib: { title: string; fields: Fields; context?: UpdateContext; family: 0 | 4 | 6 }[] = [
  { title: 'an empty UPDATE is the End-of-RIB of IPv4', fields: {}, family: 4 },
  {
    title: 'an empty UPDATE is none where IPv4 was not negotiated',
    fields: {},
    context: { ...external, families: [6] },
    family: 0,
  },
  {
    title: 'an empty MP_UNREACH_NLRI is the End-of-RIB of IPv6',
    fields: { attributes: '80 0f 03 0002 01' },
    family: 6,
  },
  {
    title: 'an empty MP_UNREACH_NLRI with an extended length is one too',
    fields: { attributes: '90 0f 0003 0002 01' },
    family: 6,
  },
  {
    title: 'an MP_UNREACH_NLRI with a prefix is none',
    fields: { attributes: '80 0f 08 0002 01 20 20010db8' },
    family: 0,
  },
  {
    title: 'an empty MP_UNREACH_NLRI beside another attribute is none',
    fields: { attributes: `80 0f 03 0002 01 ${origin}` },
    family: 0,
  },
  {
    title: 'an empty MP_UNREACH_NLRI beside a withdrawal is none',
    fields: { withdrawn: '08 0a', attributes: '80 0f 03 0002 01' },
    family: 0,
  },
  { title: 'attributes without any NLRI are none', fields: { attributes: mandatory }, family: 0 },
]

for (const { title, fields, context, family } of endOfRib)
  test(title, () => {
    const reader = read(fields, context)
    assert.equal(reader.endOfRib, family)
    assert.deepEqual(reader.faults, [])
  })

test('NLRI with host bits set, of length 0 and of any length up to the family’s is well', () => {
  const body = updateBody({ attributes: mandatory, nlri: '11 c0a8ff 00 20 ffffffff' })
  const reader = new UpdateReader(external)
  reader.read(body, 0, body.length)
  assert.deepEqual(decodeNlri(body, reader.nlriStart, reader.nlriEnd, 4).map(String), [
    '192.168.128.0/17',
    '0.0.0.0/0',
    '255.255.255.255/32',
  ])
})

test('one message may withdraw and announce in the classic and in the multiprotocol fields at once, in any order', () => {
  const reader = read({
    withdrawn: '18 c63364',
    attributes: `${mandatory} ${mpReach} 80 0f 08 0002 01 20 20010db9`,
    nlri: '18 c63364',
  })
  assert.equal(reader.verdict, 'accept')
  assert.equal(reader.mpReachFamily, 6)
  assert.equal(reader.mpUnreachFamily, 6)
  assert.ok(reader.nlriEnd > reader.nlriStart && reader.withdrawnEnd > reader.withdrawnStart)
})

for (const body of ['', '00', '0000', '0000 00'])
  test(`a body of ${hex(body).length} octets is no UPDATE`, () => {
    const reader = new UpdateReader(external)
    const bytes = hex(body)
    assert.throws(() => reader.read(bytes, 0, bytes.length), { name: 'PeerFault', code: 3, subcode: 1 })
  })

test('treat-as-withdraw keeps the message’s own withdrawals', () => {
  const reader = read({ withdrawn: '08 0a', attributes: '80 0f 08 0002 01 20 20010db8', nlri: '18 c63364' })
  assert.equal(reader.verdict, 'withdraw')
  assert.equal(reader.withdrawnEnd - reader.withdrawnStart, 2)
  assert.equal(reader.mpUnreachFamily, 6)
  assert.equal(reader.mpUnreachEnd - reader.mpUnreachStart, 5)
})

test('IPv4 NLRI where only IPv6 was negotiated leaves no ranges', () => {
  const fields = { withdrawn: '08 0a', attributes: `${mpReach} ${mandatory}`, nlri: '18 c63364' }
  const reader = read(fields, { ...external, families: [6] })
  assert.equal(reader.nlriEnd, reader.nlriStart)
  assert.equal(reader.withdrawnEnd, reader.withdrawnStart)
  assert.equal(reader.mpReachFamily, 6)
  assert.equal(reader.verdict, 'accept')
})
