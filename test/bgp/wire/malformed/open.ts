/** Cases 5 to 15: OPEN (RFC 4271 §6.2, RFC 5492, RFC 9072), as far as it is judged without knowing the peering. */
import { accepted, type MalformedRow, reset, whole } from './row.ts'

/** Version 4, AS 65001, hold time 90, router id 192.0.2.1. */
const fixed = '04 fde9 005a c0000201'

const open = (body: string) => whole('open', body)
/** An OPEN with one parameter that holds these capabilities. */
const offering = (capabilities: string) => {
  const length = capabilities.replaceAll(' ', '').length / 2
  const octet = (value: number) => value.toString(16).padStart(2, '0')
  return open(`${fixed} ${octet(length + 2)} 02 ${octet(length)} ${capabilities}`)
}

const brokenCapabilities: readonly (readonly [string, string])[] = [
  ['multiprotocol of 3 octets', '01 03 0001 01'],
  ['multiprotocol of 5 octets', '01 05 0001 00 01 00'],
  ['route refresh of one octet', '02 01 00'],
  ['extended next hop of 5 octets', '05 05 0001 0001 00'],
  ['extended message of one octet', '06 01 00'],
  ['a role of no octets', '09 00'],
  ['a role of 2 octets', '09 02 0000'],
  ['graceful restart of 1 octet', '40 01 00'],
  ['graceful restart of 3 octets', '40 03 0078 00'],
  ['add-path of 5 octets', '45 05 0001 01 03 00'],
  ['add-path that neither sends nor receives', '45 04 0001 01 00'],
  ['add-path with a direction of 4', '45 08 0001 01 03 0002 01 04'],
  ['enhanced route refresh of one octet', '46 01 00'],
  ['long-lived graceful restart of 6 octets', '47 06 0001 01 80 0000'],
  ['a host name past the end', '49 02 ff 68'],
  ['a host name without a domain', '49 02 01 68'],
  ['a domain past the end', '49 04 01 68 02 61'],
  ['a host name that is no UTF-8', '49 03 01 ff 00'],
  ['a software version of no octets', '4b 00'],
  ['a software version with an inner length of 0', '4b 01 00'],
  ['a software version past the end', '4b 02 ff 78'],
  ['an unassigned one', 'fa 03 010203'],
]

export const openRows: readonly MalformedRow[] = [
  reset(5, 'version 3', open('03 fde9 005a c0000201 00'), '2/1', '0004'),
  reset(5, 'version 5', open('05 fde9 005a c0000201 00'), '2/1', '0004'),
  reset(6, 'AS number 0', open('04 0000 005a c0000201 00'), '2/2'),
  reset(6, 'a 4-octet AS number 0', offering('41 04 00000000'), '2/2'),
  reset(6, 'AS_TRANS without the 4-octet AS capability', open('04 5ba0 005a c0000201 00'), '2/2'),
  reset(7, 'router id 0.0.0.0', open('04 fde9 005a 00000000 00'), '2/3'),
  accepted(7, 'a router id of the multicast range (RFC 6286)', open('04 fde9 005a e0000001 00')),
  reset(8, 'a hold time of 1', open('04 fde9 0001 c0000201 00'), '2/6'),
  reset(8, 'a hold time of 2', open('04 fde9 0002 c0000201 00'), '2/6'),
  accepted(8, 'a hold time of 0', open('04 fde9 0000 c0000201 00')),
  accepted(8, 'a hold time of 3', open('04 fde9 0003 c0000201 00')),
  reset(9, '255 octets of parameters announced, none there', open(`${fixed} ff`), '2/0'),
  reset(9, 'octets after the parameters', open(`${fixed} 00 00`), '2/0'),
  reset(9, 'a parameter that is cut short', open(`${fixed} 02 02 04`), '2/0'),
  reset(9, 'half a parameter header', open(`${fixed} 01 02`), '2/0'),
  reset(10, 'the extended form with half a parameter header', open(`${fixed} ff ff 0002 02 00`), '2/0'),
  reset(10, 'the extended form with a length past the end', open(`${fixed} ff ff 0010 02 0000`), '2/0'),
  reset(10, 'the extended form with a parameter past the end', open(`${fixed} ff ff 0004 02 0006 41`), '2/0'),
  accepted(11, 'the extended form with a total under 255', open(`${fixed} ff ff 0009 02 0006 41 04 00011170`)),
  accepted(11, 'the extended form of no parameters', open(`${fixed} ff ff 0000`)),
  reset(12, 'an authentication parameter (type 1)', open(`${fixed} 03 01 01 00`), '2/4'),
  reset(12, 'an unknown parameter (type 77)', open(`${fixed} 02 4d 00`), '2/4'),
  reset(13, 'a capability past its parameter', open(`${fixed} 04 02 02 01 04`), '2/0'),
  reset(13, 'half a capability header', open(`${fixed} 03 02 01 41`), '2/0'),
  reset(13, 'a 4-octet AS capability of 3 octets', offering('41 03 00fde9'), '2/0'),
  ...brokenCapabilities.map(([title, octets]) => accepted(13, `a capability of no use: ${title}`, offering(octets))),
  accepted(14, 'graceful restart twice', offering('40 02 0078 40 02 805a')),
  accepted(14, 'the 4-octet AS twice', offering('41 04 0000fde9 41 04 00011170')),
  accepted(15, 'no capabilities at all', open(`${fixed} 00`)),
  accepted(15, 'many empty capability parameters', open(`${fixed} 06 0200 0200 0200`)),
]
