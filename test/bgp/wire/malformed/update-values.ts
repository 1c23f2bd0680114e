/** Cases 38 to 43, 50 and 51: lengths and values of single attributes (RFC 7606 §7), and those that are only passed on. */
import { asPath, internal, mandatory, mpNextHop, narrowMandatory, origin, route, twoOctet } from '../update-parts.ts'
import { accepted, discarded, type MalformedRow, update, withdrawn } from './row.ts'

const emptyTlvs = Array.from({ length: 1000 }, () => '0001 0000').join(' ')

export const valueRows: readonly MalformedRow[] = [
  withdrawn(38, 'NEXT_HOP of 3 octets', route(origin, asPath, '40 03 03 c00002'), 'NEXT_HOP: bad length'),
  withdrawn(38, 'NEXT_HOP of 5 octets', route(origin, asPath, '40 03 05 c000020100'), 'NEXT_HOP: bad length'),
  withdrawn(38, 'NEXT_HOP of 16 octets', route(origin, asPath, `40 03 10 ${mpNextHop}`), 'NEXT_HOP: bad length'),
  accepted(38, 'NEXT_HOP 0.0.0.0', update(route(origin, asPath, '40 03 04 00000000'))),
  accepted(38, 'NEXT_HOP 127.0.0.1', update(route(origin, asPath, '40 03 04 7f000001'))),
  accepted(38, 'NEXT_HOP 224.0.0.1', update(route(origin, asPath, '40 03 04 e0000001'))),
  withdrawn(39, 'MED of no octets', route(mandatory, '80 04 00'), 'MULTI_EXIT_DISC: bad length'),
  withdrawn(39, 'MED of 3 octets', route(mandatory, '80 04 03 000000'), 'MULTI_EXIT_DISC: bad length'),
  withdrawn(39, 'MED of 5 octets', route(mandatory, '80 04 05 0000000000'), 'MULTI_EXIT_DISC: bad length'),
  withdrawn(39, 'LOCAL_PREF of 3 octets', route(mandatory, '40 05 03 000064'), 'LOCAL_PREF: bad length', internal),
  accepted(39, 'LOCAL_PREF from outside', update(route(mandatory, '40 05 03 000064'))),
  discarded(
    40,
    'ATOMIC_AGGREGATE of one octet',
    update(route(mandatory, '40 06 01 00')),
    'ATOMIC_AGGREGATE: bad length',
  ),
  ...['05 fde9c00002', '06 fde9c0000201', '07 fde9c000020100', '09 0000fde9c000020100'].map(octets =>
    discarded(
      40,
      `AGGREGATOR of ${Number.parseInt(octets, 16)} octets`,
      update(route(mandatory, `c0 07 ${octets}`)),
      'AGGREGATOR: bad length',
    ),
  ),
  discarded(
    40,
    'AGGREGATOR of AS 0',
    update(route(mandatory, 'c0 07 08 00000000c0000201')),
    'AGGREGATOR: AS number 0 (RFC 7607)',
  ),
  discarded(
    40,
    'AGGREGATOR of 8 octets on a 2-octet session',
    update(route(narrowMandatory, 'c0 07 08 0000fde9c0000201')),
    'AGGREGATOR: bad length',
    twoOctet,
  ),
  withdrawn(41, 'COMMUNITIES of no octets', route(mandatory, 'c0 08 00'), 'COMMUNITIES: bad length'),
  withdrawn(41, 'COMMUNITIES of 5 octets', route(mandatory, 'c0 08 05 0001000200'), 'COMMUNITIES: bad length'),
  withdrawn(41, 'EXTENDED_COMMUNITIES of no octets', route(mandatory, 'c0 10 00'), 'EXTENDED_COMMUNITIES: bad length'),
  withdrawn(
    41,
    'EXTENDED_COMMUNITIES of 9 octets',
    route(mandatory, 'c0 10 09 000200010000000100'),
    'EXTENDED_COMMUNITIES: bad length',
  ),
  withdrawn(
    41,
    'IPV6_EXTENDED_COMMUNITIES of no octets',
    route(mandatory, 'c0 19 00'),
    'IPV6_EXTENDED_COMMUNITIES: bad length',
  ),
  withdrawn(
    41,
    'IPV6_EXTENDED_COMMUNITIES of 21 octets',
    route(mandatory, `c0 19 15 0002 ${mpNextHop} 0001 00`),
    'IPV6_EXTENDED_COMMUNITIES: bad length',
  ),
  withdrawn(41, 'LARGE_COMMUNITIES of no octets', route(mandatory, 'c0 20 00'), 'LARGE_COMMUNITIES: bad length'),
  withdrawn(
    41,
    'LARGE_COMMUNITIES of 13 octets',
    route(mandatory, 'c0 20 0d 00000001000000020000000300'),
    'LARGE_COMMUNITIES: bad length',
  ),
  withdrawn(
    42,
    'ORIGINATOR_ID of 3 octets',
    route(mandatory, '80 09 03 010203'),
    'ORIGINATOR_ID: bad length',
    internal,
  ),
  withdrawn(
    42,
    'ORIGINATOR_ID of 5 octets',
    route(mandatory, '80 09 05 0102030405'),
    'ORIGINATOR_ID: bad length',
    internal,
  ),
  withdrawn(42, 'CLUSTER_LIST of no octets', route(mandatory, '80 0a 00'), 'CLUSTER_LIST: bad length', internal),
  withdrawn(
    42,
    'CLUSTER_LIST of 5 octets',
    route(mandatory, '80 0a 05 0102030405'),
    'CLUSTER_LIST: bad length',
    internal,
  ),
  accepted(
    42,
    'ORIGINATOR_ID and CLUSTER_LIST from outside',
    update(route(mandatory, '80 09 03 010203 80 0a 05 0102030405')),
  ),
  ...(
    [
      ['AS4_PATH with a bad segment type', 'c0 11 06 07 01 0000fde9', 'AS4_PATH: unknown segment type'],
      [
        'AS4_PATH with a confederation segment',
        'c0 11 06 03 01 0000fde9',
        'AS4_PATH: a confederation segment from outside a confederation',
      ],
      ['AS4_PATH of no octets', 'c0 11 00', 'AS4_PATH: bad length'],
      ['AS4_AGGREGATOR of 7 octets', 'c0 12 07 0000fde9c00002', 'AS4_AGGREGATOR: bad length'],
      ['AS4_AGGREGATOR of AS 0', 'c0 12 08 00000000c0000201', 'AS4_AGGREGATOR: AS number 0 (RFC 7607)'],
    ] as const
  ).map(([title, octets, reason]) =>
    discarded(43, title, update(route(narrowMandatory, octets)), reason, twoOctet, `${origin} ${asPath}`),
  ),
  discarded(
    43,
    'AS4_PATH before AS_PATH and cut short',
    update(route('c0 11 05 02 01 0000fd', narrowMandatory)),
    'AS4_PATH: a segment is cut short',
    twoOctet,
  ),
  accepted(
    43,
    'AS4_PATH longer than AS_PATH',
    update(route(narrowMandatory, 'c0 11 0a 02 02 0000fde9 0000fdea')),
    twoOctet,
  ),
  accepted(
    43,
    'AS4_PATH and AS4_AGGREGATOR from a 4-octet peer',
    update(route(mandatory, 'c0 11 00 c0 12 07 00000000000000')),
  ),
  withdrawn(
    50,
    'a tunnel TLV past the end',
    route(mandatory, 'c0 17 05 0001 00ff 00'),
    'TUNNEL_ENCAPSULATION: a TLV is cut short',
  ),
  withdrawn(
    50,
    'a tunnel sub-TLV past the end',
    route(mandatory, 'c0 17 07 0001 0003 01 05 00'),
    'TUNNEL_ENCAPSULATION: a sub-TLV is cut short',
  ),
  withdrawn(
    50,
    'a tunnel sub-TLV of a long length with half of it',
    route(mandatory, 'c0 17 06 0001 0002 80 00'),
    'TUNNEL_ENCAPSULATION: a sub-TLV is cut short',
  ),
  accepted(50, '1,000 empty tunnel TLVs', update(route(mandatory, `d0 17 0fa0 ${emptyTlvs}`))),
  discarded(51, 'AIGP of no octets', update(route(mandatory, '80 1a 00')), 'AIGP: no TLV'),
  discarded(
    51,
    'an AIGP TLV of 10',
    update(route(mandatory, '80 1a 0a 01 000a 00000000000000')),
    'AIGP: a TLV of the wrong length',
  ),
  discarded(
    51,
    'one octet left in AIGP',
    update(route(mandatory, '80 1a 0c 01 000b 0000000000000001 00')),
    'AIGP: a TLV is cut short',
  ),
  discarded(
    51,
    'an AIGP TLV of length 0',
    update(route(mandatory, '80 1a 03 02 0000')),
    'AIGP: a TLV of the wrong length',
  ),
  discarded(
    51,
    'a PREFIX_SID TLV past the end',
    update(route(mandatory, 'c0 28 04 05 0009 00')),
    'PREFIX_SID: a TLV is cut short',
  ),
  discarded(
    51,
    'a PREFIX_SID label index of 3',
    update(route(mandatory, 'c0 28 06 01 0003 000000')),
    'PREFIX_SID: a TLV of the wrong length',
  ),
  withdrawn(51, 'ONLY_TO_CUSTOMER of 3 octets', route(mandatory, 'c0 23 03 00fde9'), 'ONLY_TO_CUSTOMER: bad length'),
  withdrawn(
    51,
    'ONLY_TO_CUSTOMER of AS 0',
    route(mandatory, 'c0 23 04 00000000'),
    'ONLY_TO_CUSTOMER: AS number 0 (RFC 7607)',
  ),
  withdrawn(51, 'PMSI_TUNNEL of 4 octets', route(mandatory, 'c0 16 04 00000000'), 'PMSI_TUNNEL: bad length'),
  withdrawn(
    51,
    'PMSI_TUNNEL of type ff',
    route(mandatory, 'c0 16 05 00ff000000'),
    'PMSI_TUNNEL: a reserved tunnel type',
  ),
]
