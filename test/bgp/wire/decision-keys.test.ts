import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttributeValues } from '../../../bgp/wire/attribute.ts'
import { encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { clusterListContains, communityBit, DecisionKeys, pathContains } from '../../../bgp/wire/decision-keys.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { joined } from './hex.ts'

const full: AttributeValues = {
  origin: 'egp',
  asPath: [65001, 70000, 65002],
  med: 7,
  localPref: 0,
  communities: [1, 0xffffff01, 0xffffff03],
  originatorId: parseAddress('192.0.2.1'),
  clusterList: [parseAddress('10.0.0.1'), parseAddress('10.0.0.2')],
  otc: 70000,
  unknown: [{ code: 99, value: new Uint8Array(300) }],
}

test('all keys are read from canonical attribute bytes, wherever these lie', () => {
  const bytes = joined(new Uint8Array(9), encodeAttributes(full), new Uint8Array(9).fill(255))
  const keys = new DecisionKeys()
  keys.read(bytes, 9, bytes.length - 9)
  assert.deepEqual(
    { ...keys },
    {
      origin: 1,
      pathLength: 3,
      neighborAs: 65001,
      localPref: 0,
      med: 7,
      originatorId: 0xc0000201,
      clusterListLength: 2,
      communities: communityBit.noExport | communityBit.noExportSubconfed,
      otc: 70000,
    },
  )
})

for (const [bit, community] of [
  ['noExport', 0xffffff01],
  ['noAdvertise', 0xffffff02],
  ['noExportSubconfed', 0xffffff03],
  ['gracefulShutdown', 0xffff0000],
  ['blackhole', 0xffff029a],
  ['llgrStale', 0xffff0006],
  ['noLlgr', 0xffff0007],
] as const)
  test(`of the well-known communities ${bit} has a bit of its own`, () => {
    const bytes = encodeAttributes({ origin: 'igp', asPath: [], communities: [65000, community] })
    const keys = new DecisionKeys()
    keys.read(bytes, 0, bytes.length)
    assert.equal(keys.communities, communityBit[bit])
  })

test('what is absent has its own value, also after a set that had everything', () => {
  const keys = new DecisionKeys()
  const fullBytes = encodeAttributes(full)
  keys.read(fullBytes, 0, fullBytes.length)
  const bytes = encodeAttributes({ origin: 'igp', asPath: [] })
  keys.read(bytes, 0, bytes.length)
  assert.deepEqual({ ...keys }, { ...new DecisionKeys(), origin: 0 })
  assert.equal(keys.localPref, -1)
  assert.equal(keys.med, -1)
})

test('a path of several segments has its length, its first AS and every AS number in it', () => {
  const asPath = Array.from({ length: 600 }, (_, at) => 1000 + at)
  const bytes = encodeAttributes({ origin: 'igp', asPath })
  const keys = new DecisionKeys()
  keys.read(bytes, 0, bytes.length)
  assert.equal(keys.pathLength, 600)
  assert.equal(keys.neighborAs, 1000)
  for (const asNumber of [1000, 1254, 1255, 1510, 1599]) assert.ok(pathContains(bytes, 0, bytes.length, asNumber))
  for (const asNumber of [999, 1600, 0]) assert.ok(!pathContains(bytes, 0, bytes.length, asNumber))
})

test('an AS number or cluster id is found only in its own attribute', () => {
  const bytes = encodeAttributes({ ...full, communities: [123456] })
  assert.ok(!pathContains(bytes, 0, bytes.length, 123456))
  assert.ok(clusterListContains(bytes, 0, bytes.length, 0x0a000002))
  assert.ok(!clusterListContains(bytes, 0, bytes.length, 0xc0000201))
  const without = encodeAttributes({ origin: 'igp', asPath: [1] })
  assert.ok(!clusterListContains(without, 0, without.length, 0x0a000002))
})
