import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UpdateContext } from '../../../bgp/wire/update-context.ts'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { hex, updateBody } from './hex.ts'

const external: UpdateContext = { fourOctetAs: true, internal: false, families: [4, 6], localAs: 65000, peerAs: 65001 }
const internal: UpdateContext = { ...external, internal: true, peerAs: 65000 }
const twoOctet: UpdateContext = { ...external, fourOctetAs: false }
const onlyIPv6: UpdateContext = { ...external, families: [6] }
const onlyIPv4: UpdateContext = { ...external, families: [4] }

const origin = '40 01 01 00'
const asPath = '40 02 06 02 01 0000fde9'
const nextHop = '40 03 04 c0000201'
const mandatory = `${origin} ${asPath} ${nextHop}`
const narrowMandatory = `${origin} 40 02 04 02 01 fde9 ${nextHop}`
const mpNextHop = '20010db8000000000000000000000001'
const mpReach = `80 0e 1a 0002 01 10 ${mpNextHop} 00 20 20010db8`
const nlri = '18 c63364'

type Fields = Parameters<typeof updateBody>[0]

interface Case {
  readonly title: string
  readonly fields: Fields
  readonly context?: UpdateContext
}

function read({ fields, context = external }: Case): UpdateReader {
  const reader = new UpdateReader(context)
  const body = updateBody(fields)
  reader.read(body, 0, body.length)
  return reader
}

/** An UPDATE that announces one IPv4 prefix with these attributes. */
function route(...attributes: string[]): Fields {
  return { attributes: attributes.join(' '), nlri }
}

const withdrawn: (Case & { attribute: number; reason: string })[] = [
  // truncation (RFC 7606 §4)
  {
    title: 'a last attribute that runs past the section',
    fields: route(mandatory, 'c0 08 08 00010002'),
    attribute: 8,
    reason: 'COMMUNITIES: runs past the attributes',
  },
  {
    title: 'one octet left in the section',
    fields: route(mandatory, 'c0'),
    attribute: 0,
    reason: 'attribute 0: runs past the attributes',
  },
  {
    title: 'two octets left in the section',
    fields: route(mandatory, 'c0 08'),
    attribute: 8,
    reason: 'COMMUNITIES: runs past the attributes',
  },
  {
    title: 'three octets left with the extended length flag',
    fields: route(mandatory, 'd0 08 00'),
    attribute: 8,
    reason: 'COMMUNITIES: runs past the attributes',
  },
  // mandatory ones missing
  { title: 'NLRI and no attributes at all', fields: { nlri }, attribute: 1, reason: 'ORIGIN: missing' },
  { title: 'no ORIGIN', fields: route(asPath, nextHop), attribute: 1, reason: 'ORIGIN: missing' },
  { title: 'no AS_PATH', fields: route(origin, nextHop), attribute: 2, reason: 'AS_PATH: missing' },
  {
    title: 'no NEXT_HOP beside classic NLRI',
    fields: route(origin, asPath),
    attribute: 3,
    reason: 'NEXT_HOP: missing',
  },
  {
    title: 'no ORIGIN beside MP_REACH_NLRI',
    fields: { attributes: `${mpReach} ${asPath}` },
    attribute: 1,
    reason: 'ORIGIN: missing',
  },
  {
    title: 'MP_UNREACH_NLRI and classic NLRI without mandatory attributes',
    fields: route('80 0f 08 0002 01 20 20010db8'),
    attribute: 1,
    reason: 'ORIGIN: missing',
  },
  // flags (RFC 7606 §3 c)
  {
    title: 'ORIGIN flagged optional',
    fields: route('c0 01 01 00', asPath, nextHop),
    attribute: 1,
    reason: 'ORIGIN: wrong flags',
  },
  {
    title: 'COMMUNITIES flagged well-known',
    fields: route(mandatory, '40 08 04 00010002'),
    attribute: 8,
    reason: 'COMMUNITIES: wrong flags',
  },
  {
    title: 'MED flagged transitive',
    fields: route(mandatory, 'c0 04 04 00000000'),
    attribute: 4,
    reason: 'MULTI_EXIT_DISC: wrong flags',
  },
  {
    title: 'ATOMIC_AGGREGATE flagged optional',
    fields: route(mandatory, 'c0 06 00'),
    attribute: 6,
    reason: 'ATOMIC_AGGREGATE: wrong flags',
  },
  {
    title: 'MP_REACH_NLRI flagged transitive',
    fields: { attributes: `${mpReach.replace('80 0e', 'c0 0e')} ${origin} ${asPath}` },
    attribute: 14,
    reason: 'MP_REACH_NLRI: wrong flags',
  },
  // ORIGIN
  {
    title: 'ORIGIN of no octets',
    fields: route('40 01 00', asPath, nextHop),
    attribute: 1,
    reason: 'ORIGIN: bad length',
  },
  {
    title: 'ORIGIN of two octets',
    fields: route('40 01 02 0000', asPath, nextHop),
    attribute: 1,
    reason: 'ORIGIN: bad length',
  },
  { title: 'ORIGIN 3', fields: route('40 01 01 03', asPath, nextHop), attribute: 1, reason: 'ORIGIN: value over 2' },
  { title: 'ORIGIN 255', fields: route('40 01 01 ff', asPath, nextHop), attribute: 1, reason: 'ORIGIN: value over 2' },
  // AS_PATH
  {
    title: 'a path segment of type 0',
    fields: route(origin, '40 02 06 00 01 0000fde9', nextHop),
    attribute: 2,
    reason: 'AS_PATH: unknown segment type',
  },
  {
    title: 'a path segment of type 5',
    fields: route(origin, '40 02 06 05 01 0000fde9', nextHop),
    attribute: 2,
    reason: 'AS_PATH: unknown segment type',
  },
  {
    title: 'an empty path segment',
    fields: route(origin, '40 02 08 02 00 02 01 0000fde9', nextHop),
    attribute: 2,
    reason: 'AS_PATH: a segment is empty',
  },
  {
    title: 'a path segment with a count too large',
    fields: route(origin, '40 02 06 02 02 0000fde9', nextHop),
    attribute: 2,
    reason: 'AS_PATH: a segment is cut short',
  },
  {
    title: 'an odd octet at the end of the path',
    fields: route(origin, '40 02 07 02 01 0000fde9 02', nextHop),
    attribute: 2,
    reason: 'AS_PATH: a segment is cut short',
  },
  {
    title: 'AS number 0 in the path',
    fields: route(origin, '40 02 0a 02 02 0000fde9 00000000', nextHop),
    attribute: 2,
    reason: 'AS_PATH: AS number 0 (RFC 7607)',
  },
  {
    title: 'an empty path from outside',
    fields: route(origin, '40 02 00', nextHop),
    attribute: 2,
    reason: 'AS_PATH: the first AS is not the neighbour',
  },
  {
    title: 'a path that does not begin with the neighbour',
    fields: route(origin, '40 02 06 02 01 0000fdea', nextHop),
    attribute: 2,
    reason: 'AS_PATH: the first AS is not the neighbour',
  },
  {
    title: 'an AS_SET',
    fields: route(origin, '40 02 0c 02 01 0000fde9 01 01 0000fdea', nextHop),
    attribute: 2,
    reason: 'AS_PATH: AS_SET (RFC 9774)',
  },
  {
    title: 'a confederation segment from outside',
    fields: route(origin, '40 02 06 03 01 0000fde9', nextHop),
    attribute: 2,
    reason: 'AS_PATH: a confederation segment from outside a confederation',
  },
  {
    title: '4-octet AS numbers on a 2-octet session',
    fields: route(mandatory),
    context: twoOctet,
    attribute: 2,
    reason: 'AS_PATH: AS number 0 (RFC 7607)',
  },
  {
    title: 'an AS_SET in a path from inside',
    fields: route(origin, '40 02 06 01 01 0000fdea', nextHop),
    context: internal,
    attribute: 2,
    reason: 'AS_PATH: AS_SET (RFC 9774)',
  },
  // lengths of the others
  {
    title: 'NEXT_HOP of 3 octets',
    fields: route(origin, asPath, '40 03 03 c00002'),
    attribute: 3,
    reason: 'NEXT_HOP: bad length',
  },
  {
    title: 'NEXT_HOP of 5 octets',
    fields: route(origin, asPath, '40 03 05 c000020100'),
    attribute: 3,
    reason: 'NEXT_HOP: bad length',
  },
  {
    title: 'NEXT_HOP of 16 octets',
    fields: route(origin, asPath, `40 03 10 ${mpNextHop}`),
    attribute: 3,
    reason: 'NEXT_HOP: bad length',
  },
  {
    title: 'MED of no octets',
    fields: route(mandatory, '80 04 00'),
    attribute: 4,
    reason: 'MULTI_EXIT_DISC: bad length',
  },
  {
    title: 'MED of 3 octets',
    fields: route(mandatory, '80 04 03 000000'),
    attribute: 4,
    reason: 'MULTI_EXIT_DISC: bad length',
  },
  {
    title: 'MED of 5 octets',
    fields: route(mandatory, '80 04 05 0000000000'),
    attribute: 4,
    reason: 'MULTI_EXIT_DISC: bad length',
  },
  {
    title: 'LOCAL_PREF of 3 octets from inside',
    fields: route(mandatory, '40 05 03 000064'),
    context: internal,
    attribute: 5,
    reason: 'LOCAL_PREF: bad length',
  },
  {
    title: 'COMMUNITIES of no octets',
    fields: route(mandatory, 'c0 08 00'),
    attribute: 8,
    reason: 'COMMUNITIES: bad length',
  },
  {
    title: 'COMMUNITIES of 5 octets',
    fields: route(mandatory, 'c0 08 05 0001000200'),
    attribute: 8,
    reason: 'COMMUNITIES: bad length',
  },
  {
    title: 'EXTENDED_COMMUNITIES of no octets',
    fields: route(mandatory, 'c0 10 00'),
    attribute: 16,
    reason: 'EXTENDED_COMMUNITIES: bad length',
  },
  {
    title: 'EXTENDED_COMMUNITIES of 9 octets',
    fields: route(mandatory, 'c0 10 09 000200010000000100'),
    attribute: 16,
    reason: 'EXTENDED_COMMUNITIES: bad length',
  },
  {
    title: 'IPV6_EXTENDED_COMMUNITIES of no octets',
    fields: route(mandatory, 'c0 19 00'),
    attribute: 25,
    reason: 'IPV6_EXTENDED_COMMUNITIES: bad length',
  },
  {
    title: 'IPV6_EXTENDED_COMMUNITIES of 21 octets',
    fields: route(mandatory, `c0 19 15 0002 ${mpNextHop} 0001 00`),
    attribute: 25,
    reason: 'IPV6_EXTENDED_COMMUNITIES: bad length',
  },
  {
    title: 'LARGE_COMMUNITIES of no octets',
    fields: route(mandatory, 'c0 20 00'),
    attribute: 32,
    reason: 'LARGE_COMMUNITIES: bad length',
  },
  {
    title: 'LARGE_COMMUNITIES of 13 octets',
    fields: route(mandatory, 'c0 20 0d 00000001000000020000000300'),
    attribute: 32,
    reason: 'LARGE_COMMUNITIES: bad length',
  },
  {
    title: 'ORIGINATOR_ID of 3 octets from inside',
    fields: route(mandatory, '80 09 03 010203'),
    context: internal,
    attribute: 9,
    reason: 'ORIGINATOR_ID: bad length',
  },
  {
    title: 'ORIGINATOR_ID of 5 octets from inside',
    fields: route(mandatory, '80 09 05 0102030405'),
    context: internal,
    attribute: 9,
    reason: 'ORIGINATOR_ID: bad length',
  },
  {
    title: 'CLUSTER_LIST of no octets from inside',
    fields: route(mandatory, '80 0a 00'),
    context: internal,
    attribute: 10,
    reason: 'CLUSTER_LIST: bad length',
  },
  {
    title: 'CLUSTER_LIST of 5 octets from inside',
    fields: route(mandatory, '80 0a 05 0102030405'),
    context: internal,
    attribute: 10,
    reason: 'CLUSTER_LIST: bad length',
  },
]

for (const row of withdrawn)
  test(`${row.title}: treat-as-withdraw, and no attributes are left`, () => {
    const reader = read(row)
    assert.equal(reader.verdict, 'withdraw')
    assert.deepEqual(reader.faults[0], { attribute: row.attribute, verdict: 'withdraw', reason: row.reason })
    assert.equal(reader.attributesEnd, 0)
    assert.ok(reader.nlriEnd > reader.nlriStart || reader.mpReachEnd > reader.mpReachStart, 'what to withdraw is there')
  })

test('treat-as-withdraw keeps the message’s own withdrawals', () => {
  const reader = read({ title: '', fields: { withdrawn: '08 0a', attributes: '80 0f 08 0002 01 20 20010db8', nlri } })
  assert.equal(reader.verdict, 'withdraw')
  assert.equal(reader.withdrawnEnd - reader.withdrawnStart, 2)
  assert.equal(reader.mpUnreachFamily, 6)
  assert.equal(reader.mpUnreachEnd - reader.mpUnreachStart, 5)
})

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

const reset: (Case & { subcode: number; data?: string; body?: string })[] = [
  // sections
  { title: 'withdrawn routes length ffff', fields: {}, body: 'ffff 0000', subcode: 1 },
  { title: 'withdrawn routes that leave no room for the attribute length', fields: {}, body: '0001 0000', subcode: 1 },
  { title: 'attributes length past the message', fields: {}, body: '0000 0001', subcode: 1 },
  {
    title: 'withdrawn and attribute lengths that overflow 16 bits together',
    fields: {},
    body: '0002 0000 ffff 00',
    subcode: 1,
  },
  { title: 'a body of 3 octets', fields: {}, body: '0000 00', subcode: 1 },
  { title: 'an empty body', fields: {}, body: '', subcode: 1 },
  // NLRI
  { title: 'NLRI /33', fields: { attributes: mandatory, nlri: '21 c633640000' }, subcode: 10 },
  { title: 'withdrawn /33', fields: { withdrawn: '21 c633640000' }, subcode: 10 },
  { title: 'NLRI cut in the middle', fields: { attributes: mandatory, nlri: '18 c633' }, subcode: 10 },
  { title: 'withdrawn cut in the middle', fields: { withdrawn: '18 c633' }, subcode: 10 },
  {
    title: 'NLRI with path identifiers that were not negotiated',
    fields: { attributes: mandatory, nlri: '00000001 18 c63364 00000002 18 c633' },
    subcode: 10,
  },
  {
    title: 'MP_REACH_NLRI /129',
    fields: { attributes: `80 0e 27 0002 01 10 ${mpNextHop} 00 81 ${mpNextHop} 00` },
    subcode: 9,
    data: `80 0e 27 0002 01 10 ${mpNextHop} 00 81 ${mpNextHop} 00`,
  },
  {
    title: 'MP_UNREACH_NLRI /129',
    fields: { attributes: `80 0f 15 0002 01 81 ${mpNextHop} 00` },
    subcode: 9,
    data: `80 0f 15 0002 01 81 ${mpNextHop} 00`,
  },
  // MP next hops and framing
  {
    title: 'MP_REACH_NLRI shorter than 5 octets',
    fields: route('80 0e 04 0002 01 00', mandatory),
    subcode: 9,
    data: '80 0e 04 0002 01 00',
  },
  { title: 'MP_REACH_NLRI of no octets', fields: route('80 0e 00', mandatory), subcode: 9, data: '80 0e 00' },
  {
    title: 'MP_UNREACH_NLRI of 2 octets',
    fields: route('80 0f 02 0002', mandatory),
    subcode: 9,
    data: '80 0f 02 0002',
  },
  ...[
    ['0', '00', ''],
    ['5', '05', '2001 0db8 00'],
    ['9', '09', '2001 0db8 00 00000000'],
    ['64', '40', '00'.repeat(64)],
  ].map(([title, length, octets]) => {
    const value = `0002 01 ${length} ${octets} 00 20 20010db8`
    const attribute = `80 0e ${hex(value).length.toString(16).padStart(2, '0')} ${value}`
    return {
      title: `an MP_REACH_NLRI next hop of ${title} octets`,
      fields: { attributes: `${attribute} ${origin} ${asPath}` },
      subcode: 9,
      data: attribute,
    }
  }),
  {
    title: 'an MP_REACH_NLRI next hop of 16 octets with 8 present',
    fields: { attributes: '80 0e 0c 0002 01 10 2001 0db8 00000000' },
    subcode: 9,
    data: '80 0e 0c 0002 01 10 2001 0db8 00000000',
  },
  {
    title: 'IPv4 NLRI with a 16-octet next hop without RFC 8950',
    fields: { attributes: `80 0e 19 0001 01 10 ${mpNextHop} 00 18 c63364` },
    subcode: 9,
    data: `80 0e 19 0001 01 10 ${mpNextHop} 00 18 c63364`,
  },
  { title: 'MP_REACH_NLRI twice', fields: { attributes: `${mpReach} ${mpReach} ${origin} ${asPath}` }, subcode: 1 },
  { title: 'MP_UNREACH_NLRI twice', fields: { attributes: '80 0f 03 0002 01 80 0f 03 0002 01' }, subcode: 1 },
  // unknown well-known
  {
    title: 'an unknown well-known attribute',
    fields: route(mandatory, '40 fe 02 abcd'),
    subcode: 2,
    data: '40 fe 02 abcd',
  },
  // RFC 7606 §5.2: nothing announced that could be withdrawn
  {
    title: 'an End-of-RIB with a malformed attribute beside it',
    fields: { attributes: '80 0f 03 0002 01 40 01 02 0000' },
    subcode: 5,
    data: '40 01 02 0000',
  },
  {
    title: 'a withdrawal with a malformed AS_PATH beside it',
    fields: { withdrawn: '08 0a', attributes: '40 02 06 09 01 0000fde9' },
    subcode: 11,
  },
  { title: 'attributes cut short with nothing announced', fields: { attributes: 'c0 08 08 00' }, subcode: 1 },
  {
    title: 'wrong flags with nothing announced',
    fields: { attributes: '80 01 01 00' },
    subcode: 4,
    data: '80 01 01 00',
  },
  { title: 'ORIGIN 9 with nothing announced', fields: { attributes: '40 01 01 09' }, subcode: 6, data: '40 01 01 09' },
  {
    title: 'an MP_REACH_NLRI without NLRI and a bad MED',
    fields: { attributes: `80 0e 15 0002 01 10 ${mpNextHop} 00 ${origin} ${asPath} 80 04 00` },
    subcode: 5,
    data: '80 04 00',
  },
]

for (const row of reset)
  test(`${row.title}: the session is reset with 3/${row.subcode}`, () => {
    const reader = new UpdateReader(row.context ?? external)
    const body = row.body === undefined ? updateBody(row.fields) : hex(row.body)
    assert.throws(() => reader.read(body, 0, body.length), {
      name: 'PeerFault',
      code: 3,
      subcode: row.subcode,
      data: hex(row.data ?? ''),
    })
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
