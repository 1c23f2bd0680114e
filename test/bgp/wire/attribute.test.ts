import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AttributeValues, attributeName, attributeTable } from '../../../bgp/wire/attribute.ts'
import { decodeAttributes, encodeAttributes, renderAttributes } from '../../../bgp/wire/attribute-list.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { hex, spaced } from './hex.ts'

const bare = { origin: 'incomplete', asPath: [] } as const
const bareOctets = '40 01 01 02 40 02 00'

/** A case for every row of the table that has a value: octets, value, text. */
const cases: { [Name: string]: { octets: string; values: AttributeValues; text: string }[] } = {
  ORIGIN: [
    { octets: '40 01 01 00 40 02 00', values: { ...bare, origin: 'igp' }, text: 'igp' },
    { octets: '40 01 01 01 40 02 00', values: { ...bare, origin: 'egp' }, text: 'egp' },
    { octets: bareOctets, values: bare, text: 'incomplete' },
  ],
  AS_PATH: [
    { octets: bareOctets, values: bare, text: '' },
    {
      octets: '40 01 01 02 40 02 0a 02 02 00 00 fd e9 00 01 11 70',
      values: { ...bare, asPath: [65001, 70000] },
      text: '65001 70000',
    },
    {
      octets: `40 01 01 02 50 02 04 04 02 ff ${'00 00 fd e9 '.repeat(255)}02 01 00 00 fd e9`,
      values: { ...bare, asPath: new Array(256).fill(65001) },
      text: new Array(256).fill(65001).join(' '),
    },
  ],
  MULTI_EXIT_DISC: [
    { octets: `${bareOctets} 80 04 04 ff ff ff ff`, values: { ...bare, med: 4294967295 }, text: '4294967295' },
  ],
  LOCAL_PREF: [{ octets: `${bareOctets} 40 05 04 00 00 00 64`, values: { ...bare, localPref: 100 }, text: '100' }],
  ATOMIC_AGGREGATE: [{ octets: `${bareOctets} 40 06 00`, values: { ...bare, atomicAggregate: true }, text: 'yes' }],
  AGGREGATOR: [
    {
      octets: `${bareOctets} c0 07 08 00 01 11 70 c0 00 02 01`,
      values: { ...bare, aggregator: { asNumber: 70000, address: parseAddress('192.0.2.1') } },
      text: 'AS70000 192.0.2.1',
    },
  ],
  COMMUNITIES: [
    {
      octets: `${bareOctets} c0 08 0c fd e9 00 01 ff ff ff 01 ff ff 00 00`,
      values: { ...bare, communities: [0xfde90001, 0xffffff01, 0xffff0000] },
      text: '65001:1 no-export graceful-shutdown',
    },
  ],
  ORIGINATOR_ID: [
    {
      octets: `${bareOctets} 80 09 04 c0 00 02 01`,
      values: { ...bare, originatorId: parseAddress('192.0.2.1') },
      text: '192.0.2.1',
    },
  ],
  CLUSTER_LIST: [
    {
      octets: `${bareOctets} 80 0a 08 c0 00 02 01 0a 00 00 01`,
      values: { ...bare, clusterList: [parseAddress('192.0.2.1'), parseAddress('10.0.0.1')] },
      text: '192.0.2.1 10.0.0.1',
    },
  ],
  EXTENDED_COMMUNITIES: [
    {
      octets: `${bareOctets} c0 10 10 00 02 fd e9 00 00 00 64 00 03 fd e9 00 00 00 65`,
      values: { ...bare, extendedCommunities: ['rt:65001:100', 'soo:65001:101'] },
      text: 'rt:65001:100 soo:65001:101',
    },
  ],
  IPV6_EXTENDED_COMMUNITIES: [
    {
      octets: `${bareOctets} c0 19 14 00 02 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 00 64`,
      values: { ...bare, ipv6ExtendedCommunities: ['000220010db80000000000000000000000010064'] },
      text: '000220010db80000000000000000000000010064',
    },
  ],
  LARGE_COMMUNITIES: [
    {
      octets: `${bareOctets} c0 20 18 00 01 11 70 00 00 00 01 00 00 00 02 ff ff ff ff 00 00 00 00 00 00 00 00`,
      values: { ...bare, largeCommunities: ['70000:1:2', '4294967295:0:0'] },
      text: '70000:1:2 4294967295:0:0',
    },
  ],
  ONLY_TO_CUSTOMER: [{ octets: `${bareOctets} c0 23 04 00 01 11 70`, values: { ...bare, otc: 70000 }, text: '70000' }],
  'attribute 99': [
    {
      octets: `${bareOctets} e0 63 02 ab cd`,
      values: { ...bare, unknown: [{ code: 99, value: hex('abcd') }] },
      text: 'abcd',
    },
  ],
}

for (const [name, rows] of Object.entries(cases))
  for (const { octets, values, text } of rows)
    test(`${name} "${text.slice(0, 40)}" decodes, encodes and renders`, () => {
      const bytes = hex(octets)
      assert.deepEqual(decodeAttributes(bytes, 0, bytes.length), values)
      assert.equal(spaced(encodeAttributes(values)), octets)
      assert.equal(renderAttributes(values)[name], text)
    })

test('every row of the table with a value has a case above, and every code one row', () => {
  const named = attributeTable.filter(row => row.value !== undefined).map(row => row.name)
  assert.deepEqual(
    named.toSorted(),
    Object.keys(cases)
      .filter(name => name !== 'attribute 99')
      .toSorted(),
  )
  const codes = attributeTable.map(row => row.code)
  assert.equal(new Set(codes).size, codes.length)
  assert.equal(attributeName(8), 'COMMUNITIES')
  assert.equal(attributeName(200), 'attribute 200')
})

test('all attributes together are encoded in type order, unknown ones in their place', () => {
  const values: AttributeValues = {
    largeCommunities: ['1:2:3'],
    unknown: [
      { code: 11, value: hex('01') },
      { code: 255, value: new Uint8Array(300) },
    ],
    communities: [1],
    asPath: [1],
    origin: 'igp',
  }
  const bytes = encodeAttributes(values)
  assert.equal(
    spaced(bytes.subarray(0, 41)),
    '40 01 01 00 40 02 06 02 01 00 00 00 01 c0 08 04 00 00 00 01 e0 0b 01 01 c0 20 0c 00 00 00 01 00 00 00 02 00 00 00 03 f0 ff',
  )
  assert.deepEqual(decodeAttributes(bytes, 0, bytes.length), values)
  assert.deepEqual(Object.keys(renderAttributes(values)).slice(0, 3), ['ORIGIN', 'AS_PATH', 'COMMUNITIES'])
})
