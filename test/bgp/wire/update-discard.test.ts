import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from './hex.ts'
import {
  asPath,
  type Case,
  internal,
  mandatory,
  mpNextHop,
  mpReach,
  narrowMandatory,
  nextHop,
  onlyIPv4,
  onlyIPv6,
  origin,
  read,
  route,
  twoOctet,
} from './update-parts.ts'

const discarded: (Case & { attribute: number; reason: string; left?: string })[] = [
  {
    title: 'ATOMIC_AGGREGATE of one octet',
    fields: route(mandatory, '40 06 01 00'),
    attribute: 6,
    reason: 'ATOMIC_AGGREGATE: bad length',
  },
  {
    title: 'AGGREGATOR of 5 octets',
    fields: route(mandatory, 'c0 07 05 fde9c00002'),
    attribute: 7,
    reason: 'AGGREGATOR: bad length',
  },
  {
    title: 'AGGREGATOR of 7 octets',
    fields: route(mandatory, 'c0 07 07 fde9c000020100'),
    attribute: 7,
    reason: 'AGGREGATOR: bad length',
  },
  {
    title: 'AGGREGATOR of 9 octets',
    fields: route(mandatory, 'c0 07 09 0000fde9c000020100'),
    attribute: 7,
    reason: 'AGGREGATOR: bad length',
  },
  {
    title: 'AGGREGATOR of 6 octets on a 4-octet session',
    fields: route(mandatory, 'c0 07 06 fde9c0000201'),
    attribute: 7,
    reason: 'AGGREGATOR: bad length',
  },
  {
    title: 'AGGREGATOR of AS 0',
    fields: route(mandatory, 'c0 07 08 00000000c0000201'),
    attribute: 7,
    reason: 'AGGREGATOR: AS number 0 (RFC 7607)',
  },
  {
    title: 'AGGREGATOR of 8 octets on a 2-octet session',
    fields: route(narrowMandatory, 'c0 07 08 0000fde9c0000201'),
    context: twoOctet,
    attribute: 7,
    reason: 'AGGREGATOR: bad length',
  },
  {
    title: 'AS4_PATH with a bad segment type',
    fields: route(narrowMandatory, 'c0 11 06 07 01 0000fde9'),
    context: twoOctet,
    attribute: 17,
    reason: 'AS4_PATH: unknown segment type',
  },
  {
    title: 'AS4_PATH with a confederation segment',
    fields: route(narrowMandatory, 'c0 11 06 03 01 0000fde9'),
    context: twoOctet,
    attribute: 17,
    reason: 'AS4_PATH: a confederation segment from outside a confederation',
  },
  {
    title: 'AS4_PATH of no octets',
    fields: route(narrowMandatory, 'c0 11 00'),
    context: twoOctet,
    attribute: 17,
    reason: 'AS4_PATH: bad length',
  },
  {
    title: 'AS4_PATH before AS_PATH and cut short',
    fields: route('c0 11 05 02 01 0000fd', narrowMandatory),
    context: twoOctet,
    attribute: 17,
    reason: 'AS4_PATH: a segment is cut short',
  },
  {
    title: 'AS4_AGGREGATOR of 7 octets',
    fields: route(narrowMandatory, 'c0 12 07 0000fde9c00002'),
    context: twoOctet,
    attribute: 18,
    reason: 'AS4_AGGREGATOR: bad length',
  },
  {
    title: 'AS4_AGGREGATOR of AS 0',
    fields: route(narrowMandatory, 'c0 12 08 00000000c0000201'),
    context: twoOctet,
    attribute: 18,
    reason: 'AS4_AGGREGATOR: AS number 0 (RFC 7607)',
  },
  {
    title: 'a second MED (the first counts)',
    fields: route(mandatory, '80 04 04 00000001 80 04 04 00000002'),
    attribute: 4,
    reason: 'MULTI_EXIT_DISC: repeated',
    left: '80 04 04 00000001',
  },
  {
    title: 'a second unknown attribute (the first counts)',
    fields: route(mandatory, 'c0 63 01 01 c0 63 01 02'),
    attribute: 99,
    reason: 'attribute 99: repeated',
    left: 'e0 63 01 01',
  },
  {
    title: 'MP_REACH_NLRI of a family that was not negotiated',
    fields: route(mpReach, mandatory),
    context: onlyIPv4,
    attribute: 14,
    reason: 'MP_REACH_NLRI: AFI 2 SAFI 1, a family that was not negotiated',
  },
  {
    title: 'MP_REACH_NLRI of a family unknown here',
    fields: route('80 0e 06 0019 46 00 00 ff', mandatory),
    attribute: 14,
    reason: 'MP_REACH_NLRI: AFI 25 SAFI 70, a family that was not negotiated',
  },
  {
    title: 'MP_UNREACH_NLRI of a family that was not negotiated',
    fields: route('80 0f 03 0002 01', mandatory),
    context: onlyIPv4,
    attribute: 15,
    reason: 'MP_UNREACH_NLRI: AFI 2 SAFI 1, a family that was not negotiated',
  },
]

for (const row of discarded)
  test(`${row.title}: discarded, the rest of the route stands`, () => {
    const reader = read(row)
    assert.equal(reader.verdict, 'accept')
    assert.deepEqual(reader.faults, [{ attribute: row.attribute, verdict: 'discard', reason: row.reason }])
    const left = Buffer.from(reader.attributes.subarray(0, reader.attributesEnd)).toString('hex')
    assert.equal(left, Buffer.from(hex(`${origin} ${asPath} ${row.left ?? ''}`)).toString('hex'))
    assert.equal(reader.mpReachFamily, 0)
    assert.equal(reader.mpUnreachFamily, 0)
  })

test('IPv4 NLRI where only IPv6 was negotiated is ignored, with a fault that says so', () => {
  const reader = read({ title: '', fields: { withdrawn: '08 0a', ...route(mandatory, mpReach) }, context: onlyIPv6 })
  assert.deepEqual(reader.faults, [
    { attribute: 0, verdict: 'discard', reason: 'IPv4 NLRI, a family that was not negotiated' },
  ])
  assert.equal(reader.nlriEnd, reader.nlriStart)
  assert.equal(reader.withdrawnEnd, reader.withdrawnStart)
  assert.equal(reader.mpReachFamily, 6)
  assert.equal(reader.verdict, 'accept')
})

test('what is malformed but means nothing from outside is ignored: LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST of any length', () => {
  const reader = read({ title: '', fields: route(mandatory, '40 05 03 000064 80 09 03 010203 80 0a 05 0102030405') })
  assert.equal(reader.verdict, 'accept')
  assert.deepEqual(reader.faults, [])
})

test('LOCAL_PREF missing from inside is no fault', () => {
  assert.equal(read({ title: '', fields: route(mandatory), context: internal }).verdict, 'accept')
})

const well: Case[] = [
  {
    title: 'an own AS number in the path (a loop is the decision’s affair)',
    fields: route(origin, '40 02 0a 02 02 0000fde9 0000fde8', nextHop),
  },
  {
    title: 'NEXT_HOP 0.0.0.0 (whether it can be used is the decision’s affair)',
    fields: route(origin, asPath, '40 03 04 00000000'),
  },
  {
    title: 'a next hop of two global addresses',
    fields: {
      attributes: `80 0e 2a 0002 01 20 ${mpNextHop} 20010db8000000000000000000000002 00 20 20010db8 ${origin} ${asPath}`,
    },
  },
  {
    title: 'a next hop ::',
    fields: { attributes: `80 0e 1a 0002 01 10 ${'00'.repeat(16)} 00 20 20010db8 ${origin} ${asPath}` },
  },
  {
    title: 'a malformed tunnel encapsulation attribute (unknown here, passed on)',
    fields: route(mandatory, 'c0 17 04 0001 00ff'),
  },
  { title: 'a malformed AIGP attribute (unknown here, dropped)', fields: route(mandatory, '80 1a 00') },
  { title: '4,000 withdrawals', fields: { withdrawn: '00'.repeat(4000) } },
  { title: 'the same default route 4,000 times', fields: { attributes: mandatory, nlri: '00'.repeat(4000) } },
]

for (const row of well)
  test(`${row.title} is well`, () => {
    const reader = read(row)
    assert.equal(reader.verdict, 'accept')
    assert.deepEqual(reader.faults, [])
  })
