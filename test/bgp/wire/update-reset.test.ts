import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpdateReader } from '../../../bgp/wire/update-reader.ts'
import { hex, updateBody } from './hex.ts'
import { asPath, type Case, external, mandatory, mpNextHop, mpReach, origin, route } from './update-parts.ts'

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
