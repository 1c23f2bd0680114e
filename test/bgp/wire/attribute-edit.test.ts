import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttributeValues } from '../../../bgp/wire/attribute.ts'
import { type AttributeEdits, editAttributes, editGrowth } from '../../../bgp/wire/attribute-edit.ts'
import { decodeAttributes, encodeAttributes } from '../../../bgp/wire/attribute-list.ts'
import { communityKinds } from '../../../bgp/wire/community.ts'
import { spaced } from './hex.ts'

/** The edited form in exactly the room that is asked for, somewhere within a larger buffer. */
function edited(values: AttributeValues, edits: AttributeEdits): Uint8Array {
  const source = encodeAttributes(values)
  const target = new Uint8Array(5 + source.length + editGrowth(edits)).fill(0xee)
  const end = editAttributes(source, 0, source.length, edits, target, 5)
  assert.deepEqual(target.subarray(0, 5), new Uint8Array(5).fill(0xee))
  return target.slice(5, end)
}

function valuesAfter(values: AttributeValues, edits: AttributeEdits): AttributeValues {
  const bytes = edited(values, edits)
  const after = decodeAttributes(bytes, 0, bytes.length)
  assert.equal(
    spaced(bytes),
    spaced(encodeAttributes(after)),
    'canonical: each once, in type order, headers short where they can be',
  )
  return after
}

const standard = (...texts: string[]) =>
  Uint8Array.from(texts.flatMap(text => [...communityKinds.communities.parse(text)!]))
const extended = (...texts: string[]) =>
  Uint8Array.from(texts.flatMap(text => [...communityKinds.extendedCommunities.parse(text)!]))
const large = (...texts: string[]) =>
  Uint8Array.from(texts.flatMap(text => [...communityKinds.largeCommunities.parse(text)!]))

const bare: AttributeValues = { origin: 'igp', asPath: [65001] }
const unknown = [{ code: 99, value: Uint8Array.of(1, 2) }]

test('no edits leave the octets as they are', () => {
  const values: AttributeValues = { ...bare, med: 1, communities: [1, 2], unknown }
  assert.deepEqual(edited(values, {}), encodeAttributes(values))
})

test('single values are set where there are none and replaced where there are', () => {
  const edits = { origin: 'incomplete', localPref: 200, med: 0, otc: 70000 } as const
  assert.deepEqual(valuesAfter({ ...bare, unknown }, edits), { ...bare, ...edits, unknown })
  const others: AttributeValues = { ...bare, localPref: 1, med: 4294967295, otc: 1, communities: [5], unknown }
  assert.deepEqual(valuesAfter(others, edits), { ...others, ...edits })
})

test('a list of communities is set where there is none, replaced where there is one, and left out when it is empty', () => {
  const edits = {
    communities: standard('65000:1', 'no-export'),
    extendedCommunities: extended('rt:65000:2'),
    largeCommunities: large('4:5:6', '7:8:9'),
  }
  const after: AttributeValues = {
    ...bare,
    communities: [0xfde80001, 0xffffff01],
    extendedCommunities: ['rt:65000:2'],
    largeCommunities: ['4:5:6', '7:8:9'],
    unknown,
  }
  assert.deepEqual(valuesAfter({ ...bare, unknown }, edits), after)
  assert.deepEqual(valuesAfter({ ...after, communities: [1, 2, 3], largeCommunities: ['1:1:1'] }, edits), after)
  const none = new Uint8Array(0)
  const emptied = { communities: none, extendedCommunities: none, largeCommunities: none }
  assert.deepEqual(valuesAfter(after, emptied), { ...bare, unknown })
  assert.deepEqual(valuesAfter(bare, emptied), bare)
})

test('a list that grows over 255 octets gets a long header, one that shrinks a short one', () => {
  const many = Array.from({ length: 63 }, (_, at) => at + 1)
  const octets = (communities: number[]) => encodeAttributes({ ...bare, communities }).subarray(-4 * communities.length)
  const grown = valuesAfter({ ...bare, communities: many }, { communities: octets([...many, 64]) })
  assert.equal(grown.communities?.length, 64)
  const shrunk = valuesAfter(grown, { communities: octets(many) })
  assert.deepEqual(shrunk.communities, many)
})

for (const length of [0, 1, 254, 255, 256, 509, 510, 511])
  for (const count of [1, 2, 255])
    test(`${count} AS numbers in front of a path of ${length} give one path of ${length + count} in full segments`, () => {
      const asPath = Array.from({ length }, (_, at) => 70000 + at)
      const after = valuesAfter({ origin: 'igp', asPath }, { prepend: { asNumber: 65000, count } })
      assert.deepEqual(after.asPath, [...Array(count).fill(65000), ...asPath])
    })

test('the Partial bit of an attribute that is edited stays', () => {
  const source = Uint8Array.of(0x40, 1, 1, 0, 0x40, 2, 0, 0xe0, 8, 4, 0, 0, 0, 1)
  const target = new Uint8Array(64)
  const end = editAttributes(source, 0, source.length, { communities: standard('0:2') }, target, 0)
  assert.equal(spaced(target.subarray(7, end)), 'e0 08 04 00 00 00 02')
})

test('too little room is our own mistake, not a wrong set', () => {
  const source = encodeAttributes(bare)
  const edits = { localPref: 1 }
  const target = new Uint8Array(source.length + editGrowth(edits) - 1)
  assert.throws(() => editAttributes(source, 0, source.length, edits, target, 0), RangeError)
})
