/** Cases 30 to 36: attributes that all have, their flags, and AS_PATH (RFC 4271 §5, RFC 7606 §3, §7). */
import { asPath, external, internal, mandatory, mpReach, nextHop, origin, route, twoOctet } from '../update-parts.ts'
import { accepted, discarded, type MalformedRow, reset, update, withdrawn } from './row.ts'

const path = (octets: string) => route(origin, octets, nextHop)

const longPath = (numbers: number) => {
  const segments = Array.from({ length: Math.ceil(numbers / 255) }, (_, at) => Math.min(255, numbers - 255 * at))
  const octets = segments
    .map(count => `02 ${count.toString(16).padStart(2, '0')} ${'0000fde9'.repeat(count)}`)
    .join(' ')
  const length = (4 * numbers + 2 * segments.length).toString(16).padStart(4, '0')
  return `50 02 ${length} ${octets}`
}

export const attributeRows: readonly MalformedRow[] = [
  withdrawn(30, 'no ORIGIN', route(asPath, nextHop), 'ORIGIN: missing'),
  withdrawn(30, 'no AS_PATH', route(origin, nextHop), 'AS_PATH: missing'),
  withdrawn(30, 'no NEXT_HOP beside classic NLRI', route(origin, asPath), 'NEXT_HOP: missing'),
  withdrawn(30, 'no ORIGIN beside MP_REACH_NLRI', { attributes: `${mpReach} ${asPath}` }, 'ORIGIN: missing'),
  accepted(30, 'no LOCAL_PREF from inside', update(route(mandatory)), internal),
  discarded(
    31,
    'a second MED',
    update(route(mandatory, '80 04 04 00000001 80 04 04 00000002')),
    'MULTI_EXIT_DISC: repeated',
    external,
    `${origin} ${asPath} 80 04 04 00000001`,
  ),
  discarded(
    31,
    'a second unknown attribute',
    update(route(mandatory, 'c0 63 01 01 c0 63 01 02')),
    'attribute 99: repeated',
    external,
    `${origin} ${asPath} e0 63 01 01`,
  ),
  reset(31, 'MP_REACH_NLRI twice', update({ attributes: `${mpReach} ${mpReach} ${origin} ${asPath}` }), '3/1'),
  reset(31, 'MP_UNREACH_NLRI twice', update({ attributes: '80 0f 03 0002 01 80 0f 03 0002 01' }), '3/1'),
  withdrawn(32, 'ORIGIN flagged optional', route('c0 01 01 00', asPath, nextHop), 'ORIGIN: wrong flags'),
  withdrawn(32, 'COMMUNITIES flagged well-known', route(mandatory, '40 08 04 00010002'), 'COMMUNITIES: wrong flags'),
  withdrawn(32, 'MED flagged transitive', route(mandatory, 'c0 04 04 00000000'), 'MULTI_EXIT_DISC: wrong flags'),
  withdrawn(32, 'ATOMIC_AGGREGATE flagged optional', route(mandatory, 'c0 06 00'), 'ATOMIC_AGGREGATE: wrong flags'),
  withdrawn(
    32,
    'MP_REACH_NLRI flagged transitive',
    { attributes: `${mpReach.replace('80 0e', 'c0 0e')} ${origin} ${asPath}` },
    'MP_REACH_NLRI: wrong flags',
  ),
  reset(33, 'an unknown well-known attribute', update(route(mandatory, '40 fe 02 abcd')), '3/2', '40 fe 02 abcd'),
  accepted(
    33,
    'an unknown transitive attribute',
    update(route(mandatory, 'c0 63 01 07')),
    external,
    `${origin} ${asPath} e0 63 01 07`,
  ),
  accepted(
    33,
    'an unknown attribute that is not transitive',
    update(route(mandatory, '80 63 01 07')),
    external,
    `${origin} ${asPath}`,
  ),
  accepted(
    33,
    'an unknown transitive attribute that is not to be passed on',
    update(route(mandatory, 'c0 63 01 07')),
    { ...external, discardUnknown: true },
    `${origin} ${asPath}`,
  ),
  withdrawn(34, 'ORIGIN of no octets', route('40 01 00', asPath, nextHop), 'ORIGIN: bad length'),
  withdrawn(34, 'ORIGIN of two octets', route('40 01 02 0000', asPath, nextHop), 'ORIGIN: bad length'),
  withdrawn(34, 'ORIGIN 3', route('40 01 01 03', asPath, nextHop), 'ORIGIN: value over 2'),
  withdrawn(34, 'ORIGIN 255', route('40 01 01 ff', asPath, nextHop), 'ORIGIN: value over 2'),
  withdrawn(35, 'a path segment of type 0', path('40 02 06 00 01 0000fde9'), 'AS_PATH: unknown segment type'),
  withdrawn(35, 'a path segment of type 5', path('40 02 06 05 01 0000fde9'), 'AS_PATH: unknown segment type'),
  withdrawn(35, 'an empty path segment', path('40 02 08 02 00 02 01 0000fde9'), 'AS_PATH: a segment is empty'),
  withdrawn(35, 'a segment with a count too large', path('40 02 06 02 02 0000fde9'), 'AS_PATH: a segment is cut short'),
  withdrawn(35, 'an odd octet at the end', path('40 02 07 02 01 0000fde9 02'), 'AS_PATH: a segment is cut short'),
  withdrawn(35, 'AS 0 in the path', path('40 02 0a 02 02 0000fde9 00000000'), 'AS_PATH: AS number 0 (RFC 7607)'),
  withdrawn(
    35,
    '4-octet AS numbers on a 2-octet session',
    route(mandatory),
    'AS_PATH: AS number 0 (RFC 7607)',
    twoOctet,
  ),
  withdrawn(35, 'an empty path from outside', path('40 02 00'), 'AS_PATH: the first AS is not the neighbour'),
  accepted(35, 'an empty path from inside', update(path('40 02 00')), internal),
  withdrawn(
    36,
    'a path that does not begin with the neighbour',
    path('40 02 06 02 01 0000fdea'),
    'AS_PATH: the first AS is not the neighbour',
  ),
  accepted(36, 'a path that does not begin with the route server', update(path('40 02 06 02 01 0000fdea')), {
    ...external,
    routeServer: true,
  }),
  accepted(36, 'our own AS in the path', update(path('40 02 0a 02 02 0000fde9 0000fde8'))),
  withdrawn(36, 'an AS_SET', path('40 02 0c 02 01 0000fde9 01 01 0000fdea'), 'AS_PATH: AS_SET (RFC 9774)'),
  withdrawn(36, 'an AS_SET from inside', path('40 02 06 01 01 0000fdea'), 'AS_PATH: AS_SET (RFC 9774)', internal),
  withdrawn(
    36,
    'a confederation segment from outside',
    path('40 02 06 03 01 0000fde9'),
    'AS_PATH: a confederation segment from outside a confederation',
  ),
  accepted(37, 'a path of 255 + 255 + 100 AS numbers', update(path(longPath(610)))),
]
