import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asPath,
  type Case,
  internal,
  mandatory,
  mpNextHop,
  mpReach,
  nextHop,
  nlri,
  origin,
  read,
  route,
  twoOctet,
} from './update-parts.ts'

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
