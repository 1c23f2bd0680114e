import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBgp4mp, encodeBgp4mp, type RecordedMessage } from '../../../bgp/mrt/bgp4mp.ts'
import { encodeMrtRecord, MrtFramer, type MrtRecord } from '../../../bgp/mrt/record.ts'
import {
  decodeDumpIndex,
  decodeDumpPrefix,
  dumpAttributes,
  encodeDumpIndex,
  encodeDumpPrefix,
  isDumpIndex,
  ownPeer,
} from '../../../bgp/mrt/table-dump.ts'
import { digestAttributes } from '../../../bgp/update-digest.ts'
import { encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { InputFault } from '../../../lib/base/failure.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'

const AT = Date.parse('2026-11-21T09:00:00.000Z')
const attributes = encodeAttributes({ origin: 'igp', asPath: [65100, 4200000000], med: 7 })
const index = {
  routerId: 0xc0000201,
  view: 'edge',
  peers: [
    ownPeer,
    { routerId: 5, address: parseAddress('10.0.0.254'), asNumber: 4200000000 },
    { routerId: 6, address: parseAddress('2001:db8::fe'), asNumber: 65100 },
  ],
}

function framed(octets: Uint8Array, cut = octets.length): MrtRecord[] {
  const framer = new MrtFramer()
  const records: MrtRecord[] = []
  for (let at = 0; at < octets.length; at += cut) {
    framer.push(octets.subarray(at, at + cut))
    for (let one = framer.next(); one !== undefined; one = framer.next())
      records.push({ ...one, body: one.body.slice() })
  }
  framer.end()
  return records
}

test('the list of peers comes back as it was written', () => {
  const [record] = framed(encodeMrtRecord(encodeDumpIndex(index, AT)))
  assert.ok(record !== undefined && isDumpIndex(record))
  assert.equal(record.at, AT)
  assert.deepEqual(decodeDumpIndex(record.body), index)
})

test('paths of a prefix come back as they were written, in both families and with path ids', () => {
  for (const [text, hop, pathId] of [
    ['10.0.0.0/9', '10.0.0.9', undefined],
    ['10.1.0.0/16', '10.0.0.9', 3],
    ['2001:db8:1::/48', '2001:db8::9', undefined],
    ['::/0', '2001:db8::9', 4_000_000_000],
    // RFC 8950
    ['10.2.0.0/16', '2001:db8::9', undefined],
  ] as const) {
    const prefix = parsePrefix(text)
    const entries = [1, 2].map(peer => ({
      peer,
      originated: 1_700_000_000,
      ...(pathId !== undefined && { pathId }),
      attributes: dumpAttributes(attributes, prefix.family, parseAddress(hop).bytes),
    }))
    const dumped = { sequence: 42, prefix, entries }
    const [record] = framed(encodeMrtRecord(encodeDumpPrefix(dumped, AT)))
    assert.deepEqual(decodeDumpPrefix(record!.subtype, record!.body), dumped)
    assert.deepEqual(digestAttributes(entries[0]!.attributes), {
      nextHops: [hop],
      attributes: { ORIGIN: 'igp', AS_PATH: '65100 4200000000', MULTI_EXIT_DISC: '7' },
    })
  }
})

test('messages come back as they were written, in every form, with milliseconds', () => {
  for (const bits of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const recorded: RecordedMessage = {
      kind: 'message',
      peerAs: 65100,
      localAs: 65010,
      peerAddress: parseAddress(bits === 0 ? '10.0.0.254' : '2001:db8::fe'),
      localAddress: parseAddress(bits === 0 ? '10.0.0.1' : '2001:db8::1'),
      fourOctetAs: (bits & 1) !== 0,
      sent: (bits & 2) !== 0,
      addPath: (bits & 4) !== 0,
      octets: Uint8Array.of(...new Array<number>(16).fill(255), 0, 19, 4),
    }
    const [record] = framed(encodeMrtRecord(encodeBgp4mp(recorded, AT + 123)))
    assert.equal(record!.at, AT + 123)
    assert.deepEqual(decodeBgp4mp(record!.subtype, record!.body), recorded)
  }
})

test('a change of state comes back', () => {
  const change = {
    kind: 'state',
    peerAs: 4200000000,
    localAs: 65010,
    peerAddress: parseAddress('10.0.0.254'),
    localAddress: parseAddress('0.0.0.0'),
    from: 5,
    to: 6,
  } as const
  const [record] = framed(encodeMrtRecord(encodeBgp4mp(change, AT)))
  assert.deepEqual(decodeBgp4mp(record!.subtype, record!.body), change)
})

test('any cutting of a file gives the same records', () => {
  const one = encodeMrtRecord(encodeDumpIndex(index, AT))
  const entries = [{ peer: 1, originated: 1, attributes }]
  const two = encodeMrtRecord(encodeDumpPrefix({ sequence: 0, prefix: parsePrefix('10.0.0.0/8'), entries }, AT))
  const octets = Buffer.concat([one, two, one])
  const whole = framed(octets)
  assert.equal(whole.length, 3)
  for (const cut of [1, 2, 11, 13, 40]) assert.deepEqual(framed(octets, cut), whole)
})

test('what is no MRT file, or ends within a record, is told as such', () => {
  const framer = new MrtFramer()
  framer.push(Buffer.from('#!/bin/sh\necho this is no MRT file\n'))
  assert.throws(() => framer.next(), /at octet 0 there is no MRT record/)
  const octets = encodeMrtRecord(encodeDumpIndex(index, AT))
  assert.throws(() => framed(octets.subarray(0, 20)), /the file ends within a record, 20 octets after its begin/)
})

test('whatever a record holds it is read or refused, and never more than its octets are kept', () => {
  const samples = [
    encodeDumpIndex(index, AT),
    encodeDumpPrefix(
      { sequence: 1, prefix: parsePrefix('10.0.0.0/8'), entries: [{ peer: 1, originated: 1, attributes }] },
      AT,
    ),
    encodeBgp4mp(
      {
        kind: 'state',
        peerAs: 1,
        localAs: 2,
        peerAddress: parseAddress('10.0.0.254'),
        localAddress: parseAddress('10.0.0.1'),
        from: 1,
        to: 2,
      },
      AT,
    ),
  ]
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...samples.map(({ body }) => body))),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
      fc.nat(12),
      fc.nat(200),
      (random, edits, subtype, end) => {
        const body = random.slice(0, end)
        for (const [at, octet] of edits) if (at < body.length) body[at] = octet
        for (const read of [
          () => decodeDumpIndex(body).peers.length,
          () => decodeDumpPrefix(subtype, body)?.entries.map(entry => digestAttributes(entry.attributes)).length,
          () => (decodeBgp4mp(subtype, body) === undefined ? 0 : 1),
        ])
          try {
            assert.ok((read() ?? 0) <= body.length)
          } catch (thrown) {
            assert.ok(thrown instanceof InputFault, String(thrown))
          }
      },
    ),
    { numRuns: 3000 },
  )
})
