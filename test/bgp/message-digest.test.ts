import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestMessage } from '../../bgp/message-digest.ts'
import { encodeAttributes } from '../../bgp/wire/attribute-list.ts'
import { encodeMessage } from '../../bgp/wire/message.ts'
import type { NlriForm } from '../../bgp/wire/nlri.ts'
import { UpdateWriter } from '../../bgp/wire/update-writer.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'

const FORM = { fourOctetAs: true, addPath: [] } as const

function nlriForm(family: 4 | 6, change: Partial<NlriForm> = {}): NlriForm {
  return { family, fourOctetAs: true, addPath: false, extendedNextHop: false, maxLength: 4096, ...change }
}

function update(prefixes: readonly string[], nextHop: string, form: NlriForm, ids: readonly number[] = []): Uint8Array {
  const writer = new UpdateWriter()
  const attributes = encodeAttributes({
    origin: 'igp',
    asPath: [65100, 4200000000],
    med: 5,
    communities: [0xffffff01],
    aggregator: { asNumber: 65100, address: parseAddress('192.0.2.1') },
  })
  assert.ok(writer.announce(attributes, 0, attributes.length, parseAddress(nextHop).bytes, form))
  for (const [at, text] of prefixes.entries()) {
    const { bytes, length } = parsePrefix(text)
    writer.add(bytes, 0, length, ids[at])
  }
  writer.finish()
  return writer.take()
}

const digest = (octets: Uint8Array, form: Parameters<typeof digestMessage>[2] = FORM) =>
  digestMessage(octets, octets.length, form)

test('an UPDATE is told as prefixes, next hop and attributes', () => {
  assert.deepEqual(digest(update(['10.0.0.0/8', '192.0.2.0/25'], '10.0.0.9', nlriForm(4))), {
    type: 'update',
    announced: [{ prefix: '10.0.0.0/8' }, { prefix: '192.0.2.0/25' }],
    withdrawn: [],
    nextHops: ['10.0.0.9'],
    attributes: {
      ORIGIN: 'igp',
      AS_PATH: '65100 4200000000',
      MULTI_EXIT_DISC: '5',
      AGGREGATOR: 'AS65100 192.0.2.1',
      COMMUNITIES: 'no-export',
    },
  })
})

test('IPv6 and path ids are told, and 2-octet AS numbers read as such', () => {
  const octets = update(['2001:db8::/32'], '2001:db8::1', nlriForm(6, { addPath: true, fourOctetAs: false }), [7])
  const told = digest(octets, { fourOctetAs: false, addPath: [6] })
  assert.ok(told.type === 'update')
  assert.deepEqual(told.announced, [{ prefix: '2001:db8::/32', pathId: 7 }])
  assert.deepEqual(told.nextHops, ['2001:db8::1'])
  assert.equal(told.attributes['AS_PATH'], '65100 23456')
  assert.equal(told.attributes['AS4_PATH'], '65100 4200000000')
  assert.equal(told.attributes['AGGREGATOR'], 'AS65100 192.0.2.1')
  assert.equal(told.untold, undefined)
})

test('withdrawals and End-of-RIB are told for each family', () => {
  for (const family of [4, 6] as const) {
    const writer = new UpdateWriter()
    writer.withdraw(nlriForm(family))
    const { bytes, length } = parsePrefix(family === 4 ? '10.0.0.0/8' : '2001:db8::/32')
    writer.add(bytes, 0, length)
    writer.finish()
    const told = digest(writer.take())
    assert.ok(told.type === 'update')
    assert.deepEqual(told.withdrawn, [{ prefix: family === 4 ? '10.0.0.0/8' : '2001:db8::/32' }])
    assert.equal(told.endOfRib, undefined)
    writer.endOfRib(family)
    const end = digest(writer.take())
    assert.equal(end.type === 'update' && end.endOfRib, family === 4 ? 'ipv4' : 'ipv6')
  }
})

test('of an UPDATE of which only the beginning is left it is said how much is not told', () => {
  const octets = update(
    Array.from({ length: 200 }, (_, at) => `10.0.${at}.0/24`),
    '10.0.0.9',
    nlriForm(4),
  )
  const told = digestMessage(octets.subarray(0, 256), octets.length, FORM)
  assert.ok(told.type === 'update')
  assert.equal(told.announced.length, Math.floor((256 - (octets.length - 800)) / 4))
  assert.equal(told.untold, 4 * (200 - told.announced.length))
})

test('sets and confederations show as such', () => {
  const path = [1, 1, 0, 0, 0xfd, 0xe9, 2, 1, 0, 0, 0xfd, 0xea, 3, 1, 0, 0, 0xfd, 0xeb]
  const attribute = [0x40, 2, path.length, ...path]
  const body = [0, 0, 0, attribute.length, ...attribute]
  const octets = Uint8Array.of(...new Array<number>(16).fill(255), 0, 19 + body.length, 2, ...body)
  const told = digest(octets)
  assert.equal(told.type === 'update' && told.attributes['AS_PATH'], '{65001} 65002 (65003)')
})

test('OPEN, NOTIFICATION and ROUTE-REFRESH are told in words', () => {
  assert.deepEqual(
    digest(
      encodeMessage({
        type: 'open',
        asNumber: 23456,
        holdTime: 90,
        routerId: 0xc0000201,
        capabilities: [
          { type: 'fourOctetAs', asNumber: 4200000000 },
          { type: 'multiprotocol', afi: 2, safi: 1 },
        ],
      }),
    ),
    {
      type: 'open',
      asNumber: 4200000000,
      holdTime: 90,
      routerId: '192.0.2.1',
      capabilities: ['4-octet AS 4200000000', 'multiprotocol ipv6 unicast'],
    },
  )
  const data = Uint8Array.of(2, 0x68, 0x69)
  assert.deepEqual(digest(encodeMessage({ type: 'notification', code: 6, subcode: 2, data })), {
    type: 'notification',
    code: 6,
    subcode: 2,
    text: 'Cease / Administrative Shutdown (6/2): "hi"',
    data: '026869',
  })
  assert.deepEqual(digest(encodeMessage({ type: 'routeRefresh', afi: 1, safi: 1, subtype: 1 })), {
    type: 'routeRefresh',
    family: 'ipv4',
    subtype: 1,
  })
})

test('whatever octets there are, something is told', () => {
  const octets = update(['10.0.0.0/8'], '10.0.0.9', nlriForm(4))
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constant(octets)),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
      fc.nat(70_000),
      fc.constantFrom(1, 2, 3, 4, 5, 6),
      fc.boolean(),
      (random, edits, length, type, fourOctetAs) => {
        const bytes = random.slice()
        for (const [at, octet] of edits) if (at < bytes.length) bytes[at] = octet
        if (bytes.length > 18) bytes[18] = type
        const told = digestMessage(bytes, Math.max(length, bytes.length), { fourOctetAs, addPath: [4] })
        assert.ok(JSON.stringify(told).length < 100_000)
      },
    ),
    { numRuns: 3000 },
  )
})
