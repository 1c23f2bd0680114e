/** Cases 44 to 47 and 52: MP_REACH_NLRI, its next hops, and families that are not spoken (RFC 4760 §7, RFC 7606 §5.3). */
import { hex } from '../hex.ts'
import {
  asPath,
  external,
  mandatory,
  mpNextHop,
  mpReach,
  nextHop,
  nlri,
  onlyIPv4,
  origin,
  route,
} from '../update-parts.ts'
import { accepted, discarded, type MalformedRow, reset, update } from './row.ts'

/** MP_REACH_NLRI of a family, with a next hop of the length that is said. */
const reaching = (family: string, length: string, octets: string, prefixes: string) => {
  const value = `${family} ${length} ${octets} 00 ${prefixes}`
  return `80 0e ${hex(value).length.toString(16).padStart(2, '0')} ${value}`
}
const reaching6 = (length: string, octets: string) => reaching('0002 01', length, octets, '20 20010db8')

const alone = (mp: string) => update({ attributes: `${mp} ${origin} ${asPath}` })

/** The whole attribute is the data of the NOTIFICATION. */
const refused = (number: number, title: string, mp: string, session = external) =>
  reset(number, title, update(route(mp, mandatory)), '3/9', mp, session)

const linkLocal = 'fe800000000000000000000000000001'
const zeros = '00'.repeat(16)
const foreign = (title: string, mp: string, afi: number, safi: number) =>
  discarded(
    52,
    title,
    update(route(mp, mandatory)),
    `MP_REACH_NLRI: AFI ${afi} SAFI ${safi}, a family that was not negotiated`,
  )

export const multiprotocolRows: readonly MalformedRow[] = [
  refused(44, 'an MP_REACH_NLRI next hop of 0 octets', reaching6('00', '')),
  refused(44, 'an MP_REACH_NLRI next hop of 5 octets', reaching6('05', '2001 0db8 00')),
  refused(44, 'an MP_REACH_NLRI next hop of 9 octets', reaching6('09', '2001 0db8 00 00000000')),
  refused(44, 'an MP_REACH_NLRI next hop of 64 octets', reaching6('40', '00'.repeat(64))),
  refused(44, 'an MP_REACH_NLRI next hop of 16 octets with 8 there', '80 0e 0c 0002 01 10 2001 0db8 00000000'),
  refused(44, 'MP_REACH_NLRI shorter than 5 octets', '80 0e 04 0002 01 00'),
  refused(44, 'MP_REACH_NLRI of no octets', '80 0e 00'),
  refused(44, 'MP_UNREACH_NLRI of 2 octets', '80 0f 02 0002'),
  discarded(
    45,
    'MP_REACH_NLRI of a family that was not negotiated',
    update(route(mpReach, mandatory)),
    'MP_REACH_NLRI: AFI 2 SAFI 1, a family that was not negotiated',
    onlyIPv4,
  ),
  refused(45, 'IPv4 NLRI with a 16-octet next hop without RFC 8950', reaching('0001 01', '10', mpNextHop, '18 c63364')),
  accepted(
    45,
    'IPv4 NLRI with a 16-octet next hop with RFC 8950',
    alone(reaching('0001 01', '10', mpNextHop, '18 c63364')),
    {
      ...external,
      extendedNextHop: true,
    },
  ),
  refused(
    45,
    'IPv4 NLRI with a 24-octet next hop with RFC 8950',
    reaching('0001 01', '18', '00'.repeat(24), '18 c63364'),
    {
      ...external,
      extendedNextHop: true,
    },
  ),
  refused(45, 'IPv6 NLRI with a 4-octet next hop', reaching6('04', 'c0000201')),
  accepted(
    46,
    'MP_REACH_NLRI last, classic NLRI and withdrawals in one UPDATE',
    update({ withdrawn: '08 0a', attributes: `${origin} ${asPath} ${nextHop} ${mpReach}`, nlri }),
  ),
  accepted(46, 'a prefix both withdrawn and announced', update({ withdrawn: nlri, ...route(mandatory) })),
  accepted(47, 'a next hop of two global addresses', alone(reaching6('20', `${mpNextHop} ${mpNextHop}`))),
  accepted(47, 'a next hop ::', alone(reaching6('10', zeros))),
  accepted(47, 'a next hop :: with a link-local one behind it', alone(reaching6('20', `${zeros} ${linkLocal}`))),
  accepted(47, 'a link-local next hop alone', alone(reaching6('10', linkLocal))),
  foreign('FlowSpec NLRI past the end', '80 0e 07 0001 85 00 00 0a 01', 1, 133),
  foreign('FlowSpec NLRI of length 0', '80 0e 06 0001 85 00 00 00', 1, 133),
  foreign('EVPN of an unknown route type', '80 0e 0c 0019 46 04 c0000201 00 ff 01 00', 25, 70),
  foreign('an EVPN type 2 route with a MAC length of 40', '80 0e 06 0019 46 00 00 02', 25, 70),
  foreign('labelled IPv4 without the bottom of the stack', '80 0e 10 0001 04 04 c0000201 00 30 000010 c63364', 1, 4),
]
