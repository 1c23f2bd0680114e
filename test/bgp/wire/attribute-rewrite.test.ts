import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttributeValues } from '../../../bgp/wire/attribute.ts'
import { decodeAttributes, encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { type ExportRules, rewriteForExport, rewriteGrowth } from '../../../bgp/wire/attribute-rewrite.ts'
import { addressOfUint32, parseAddress } from '../../../lib/base/ip.ts'

function rewritten(values: AttributeValues, rules: ExportRules): AttributeValues {
  const source = encodeAttributes(values)
  const target = new Uint8Array(source.length + rewriteGrowth)
  const end = rewriteForExport(source, 0, source.length, rules, target, 0)
  const decoded = decodeAttributes(target, 0, end)
  assert.deepEqual(encodeAttributes(decoded), target.slice(0, end), 'the result is canonical')
  return decoded
}

const external: ExportRules = { to: 'external', localAs: 65000, keepMed: false }
const internal: ExportRules = { to: 'internal', localPref: 100 }
const reflect: ExportRules = {
  to: 'internal',
  localPref: 100,
  reflect: { originatorId: 0x0a000001, clusterId: 0x0a000009 },
}

const received: AttributeValues = {
  origin: 'igp',
  asPath: [65001, 70000],
  med: 7,
  localPref: 200,
  atomicAggregate: true,
  communities: [1],
  originatorId: parseAddress('10.0.0.5'),
  clusterList: [parseAddress('10.0.0.6')],
  largeCommunities: ['1:2:3'],
  unknown: [{ code: 99, value: Uint8Array.of(1) }],
}

test('to an external peer the own AS goes in front, what is internal and the MED of others stay behind', () => {
  const { med, localPref, originatorId, clusterList, ...rest } = received
  assert.deepEqual(rewritten(received, external), { ...rest, asPath: [65000, 65001, 70000] })
})

test('extended communities that are not transitive stay inside the AS, and an attribute of nothing else with them', () => {
  const target = 'rt:65000:1'
  const bandwidth = '4004fde84b000000'
  const wide = '000200010db80000000000000000000000000001'
  const wideLocal = `40${wide.slice(2)}`
  const values = (extendedCommunities: string[], ipv6ExtendedCommunities: string[]): AttributeValues => ({
    origin: 'igp',
    asPath: [65001],
    extendedCommunities,
    ipv6ExtendedCommunities,
  })
  const outside = { origin: 'igp', asPath: [65000, 65001] }
  const mixed = values([bandwidth, target, bandwidth], [wideLocal, wide])
  assert.deepEqual(rewritten(mixed, external), {
    ...outside,
    extendedCommunities: [target],
    ipv6ExtendedCommunities: [wide],
  })
  assert.deepEqual(rewritten(values([bandwidth], [wideLocal]), external), outside)
  assert.deepEqual(rewritten(mixed, internal), { ...mixed, localPref: 100 })
  const many = values(Array(40).fill(target).concat(bandwidth), [wide])
  assert.deepEqual(rewritten(many, external), { ...many, ...outside, extendedCommunities: Array(40).fill(target) })
})

test('to an external peer a route of our own keeps its MED and gets a path of one', () => {
  const own: AttributeValues = { origin: 'igp', asPath: [], med: 5 }
  assert.deepEqual(rewritten(own, { ...external, keepMed: true }), { ...own, asPath: [65000] })
})

test('to an internal peer everything stays and LOCAL_PREF is added where it lacks', () => {
  assert.deepEqual(rewritten(received, internal), received)
  const own: AttributeValues = { origin: 'igp', asPath: [], communities: [1] }
  assert.deepEqual(rewritten(own, internal), { ...own, localPref: 100 })
  assert.deepEqual(rewritten({ origin: 'igp', asPath: [] }, internal), { origin: 'igp', asPath: [], localPref: 100 })
})

test('a reflector puts its cluster id in front and adds ORIGINATOR_ID only where it lacks', () => {
  assert.deepEqual(rewritten(received, reflect), {
    ...received,
    clusterList: [parseAddress('10.0.0.9'), parseAddress('10.0.0.6')],
  })
  for (const values of [
    { origin: 'igp', asPath: [] },
    { origin: 'igp', asPath: [], communities: [1] },
    { origin: 'igp', asPath: [], largeCommunities: ['1:2:3'] },
  ] as const)
    assert.deepEqual(rewritten(values, reflect), {
      ...values,
      localPref: 100,
      originatorId: parseAddress('10.0.0.1'),
      clusterList: [parseAddress('10.0.0.9')],
    })
})

test('prepending at the ends of segments of 255 opens a new one', () => {
  for (const length of [1, 62, 63, 64, 254, 255, 256, 509, 510, 511]) {
    const asPath = Array.from({ length }, (_, at) => 1000 + at)
    assert.deepEqual(rewritten({ origin: 'igp', asPath }, external).asPath, [65000, ...asPath], `${length}`)
  }
})

test('a CLUSTER_LIST that passes 255 octets gets an extended length', () => {
  const clusterList = Array.from({ length: 63 }, (_, at) => addressOfUint32(at + 1))
  const result = rewritten({ ...received, clusterList }, reflect)
  assert.equal(result.clusterList?.length, 64)
  assert.deepEqual(result.largeCommunities, received.largeCommunities)
})

test('the largest growth fits what is promised, and less room is refused', () => {
  const source = encodeAttributes({ origin: 'igp', asPath: new Array(255).fill(1) })
  const end = rewriteForExport(source, 0, source.length, reflect, new Uint8Array(source.length + rewriteGrowth), 0)
  assert.equal(end, source.length + 7 + 7 + 7)
  const small = new Uint8Array(source.length + rewriteGrowth - 1)
  assert.throws(() => rewriteForExport(source, 0, source.length, external, small, 0), RangeError)
})
