/**
 * Messages as trees of fields with lengths, made by a seed: a good one for a kind of session, and the ways to break it that
 * keep the rest in form, so that a decoder gets as far as the broken place.
 */
import { attributeTable } from '../../../bgp/wire/attribute.ts'
import { writeHeader } from '../../../bgp/wire/header.ts'
import { afiOf, attributeCode, capabilityName, headerLength } from '../../../bgp/wire/iana.ts'
import type { UpdateContext } from '../../../bgp/wire/update-context.ts'
import { bitsOf, type Family } from '../../../lib/base/ip.ts'
import { uint16 } from './hex.ts'

type Random = (below: number) => number

/** Octets of its own, then a length of so many octets, then what the length counts. */
interface Field {
  readonly head: number[]
  readonly lengthOctets: 0 | 1 | 2
  readonly items: Field[]
  readonly octets: number[]
  /** What a wrong length has too many or too few. */
  bias: number
}

const edges = [0, 1, 2, 3, 4, 5, 8, 16, 17, 32, 33, 127, 128, 129, 192, 254, 255]
const asNumbers = [1, 23456, 65001, 65535, 65536, 70000, 4294967295]

const leaf = (octets: number[], head: number[] = [], lengthOctets: 0 | 1 | 2 = 0): Field => ({
  head,
  lengthOctets,
  items: [],
  octets,
  bias: 0,
})

const branch = (items: Field[], head: number[] = [], lengthOctets: 0 | 1 | 2 = 0): Field => ({
  head,
  lengthOctets,
  items,
  octets: [],
  bias: 0,
})

const some = <Value>(next: Random, most: number, make: () => Value): Value[] =>
  Array.from({ length: next(most + 1) }, make)

const pick = <Value>(next: Random, values: readonly Value[]): Value => values[next(values.length)]!

const octets = (next: Random, count: number): number[] => Array.from({ length: count }, () => next(256))

const uint32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]

function prefix(next: Random, family: Family, addPath: boolean): Field {
  const length = next(bitsOf(family) + 1)
  return leaf([...(addPath ? octets(next, 4) : []), length, ...octets(next, (length + 7) >>> 3)])
}

function attribute(flags: number, code: number, items: Field[]): Field {
  const length = items.reduce((sum, item) => sum + serialized(item).length, 0)
  const long = length > 255
  return branch(items, [long ? flags | 0x10 : flags, code], long ? 2 : 1)
}

/** Segments whose first number is the neighbour's. */
function asPath(next: Random, session: UpdateContext): Field[] {
  const width = session.fourOctetAs ? 4 : 2
  const number = (value: number) => (width === 4 ? uint32(value) : [...uint16(value > 0xffff ? 23456 : value)])
  const counts = [1 + next(4), ...some(next, 2, () => 1 + next(next(8) === 0 ? 255 : 3))]
  return counts.map((count, at) => {
    const numbers = Array.from({ length: count }, (_, index) =>
      at + index === 0 ? session.peerAs : pick(next, asNumbers),
    )
    return leaf([2, count, ...numbers.flatMap(number)])
  })
}

/** Value octets of the attributes that may come once or not, by code. */
const values: Readonly<Record<number, (next: Random, session: UpdateContext) => number[]>> = {
  [attributeCode.med]: next => octets(next, 4),
  [attributeCode.localPref]: next => octets(next, 4),
  [attributeCode.atomicAggregate]: () => [],
  [attributeCode.aggregator]: (next, { fourOctetAs }) => [
    ...(fourOctetAs ? uint32(pick(next, asNumbers)) : [0xfd, 0xe9]),
    ...octets(next, 4),
  ],
  [attributeCode.communities]: next => octets(next, 4 * (1 + next(next(8) === 0 ? 200 : 4))),
  [attributeCode.originatorId]: next => octets(next, 4),
  [attributeCode.clusterList]: next => octets(next, 4 * (1 + next(3))),
  [attributeCode.extendedCommunities]: next => octets(next, 8 * (1 + next(4))),
  [attributeCode.as4Path]: () => [2, 2, ...uint32(65001), ...uint32(70000)],
  [attributeCode.as4Aggregator]: next => [...uint32(pick(next, asNumbers)), ...octets(next, 4)],
  [attributeCode.pmsiTunnel]: next => [0, next(11), ...octets(next, 3 + next(9))],
  [attributeCode.tunnelEncapsulation]: next => [0, 1, 0, 5, 1, 3, ...octets(next, 3)],
  [attributeCode.ipv6ExtendedCommunities]: next => octets(next, 20 * (1 + next(2))),
  [attributeCode.aigp]: next => [1, 0, 11, ...octets(next, 8)],
  [attributeCode.largeCommunities]: next => octets(next, 12 * (1 + next(3))),
  [attributeCode.onlyToCustomer]: next => uint32(pick(next, asNumbers)),
  [attributeCode.prefixSid]: next => [1, 0, 7, ...octets(next, 7)],
}

function nextHop(next: Random, family: Family, session: UpdateContext): number[] {
  if (family === 4 && !(session.extendedNextHop && next(2) === 0)) return octets(next, 4)
  return [0x20, 0x01, ...octets(next, 14), ...(next(2) === 0 ? [] : [0xfe, 0x80, ...octets(next, 14)])]
}

function updateOf(next: Random, session: UpdateContext): Field {
  const classic = session.families.includes(4)
  const addPath = (family: Family) => session.addPath.includes(family)
  const most = next(16) === 0 ? 400 : 5
  const nlri = classic ? some(next, most, () => prefix(next, 4, addPath(4))) : []
  const attributes = [attribute(0x40, attributeCode.origin, [leaf([next(3)])])]
  attributes.push(attribute(0x40, attributeCode.asPath, asPath(next, session)))
  if (nlri.length > 0) attributes.push(attribute(0x40, attributeCode.nextHop, [leaf(octets(next, 4))]))
  for (const { code, flags } of attributeTable) {
    const value = values[code]
    if (value !== undefined && next(4) === 0) attributes.push(attribute(flags, code, [leaf(value(next, session))]))
  }
  if (next(4) === 0) attributes.push(attribute(0xc0, 200 + next(50), [leaf(octets(next, next(40)))]))
  const family = pick(next, session.families)
  const numbers = [...uint16(afiOf(family)), 1]
  const prefixes = () => [
    prefix(next, family, addPath(family)),
    ...some(next, most, () => prefix(next, family, addPath(family))),
  ]
  if (nlri.length === 0 || next(4) === 0)
    attributes.push(
      attribute(0x80, attributeCode.mpReach, [
        leaf(numbers),
        leaf(nextHop(next, family, session), [], 1),
        leaf([0]),
        branch(prefixes()),
      ]),
    )
  if (next(4) === 0) attributes.push(attribute(0x80, attributeCode.mpUnreach, [leaf(numbers), branch(prefixes())]))
  const withdrawn = classic ? some(next, most, () => prefix(next, 4, addPath(4))) : []
  return branch([branch(withdrawn, [], 2), branch(attributes, [], 2), branch(nlri)])
}

const capabilityValues: Readonly<Record<number, (next: Random) => number[]>> = {
  1: next => [0, 1 + next(2), 0, 1],
  2: () => [],
  5: next => some(next, 3, () => [0, 1, 0, 1, 0, 1 + next(2)]).flat(),
  6: () => [],
  9: next => [next(5)],
  64: next => [next(256), next(256), ...some(next, 3, () => [0, 1 + next(2), 1, 128 * next(2)]).flat()],
  65: () => [0, 0, 0xfd, 0xe9],
  69: next => some(next, 3, () => [0, 1 + next(2), 1, 1 + next(3)]).flat(),
  70: () => [],
  71: next => some(next, 3, () => [0, 1 + next(2), 1, 128 * next(2), ...octets(next, 3)]).flat(),
  73: () => [2, 0x72, 0x31, 3, 0x6c, 0x61, 0x6e],
  75: () => [3, 0x31, 0x2e, 0x30],
  250: next => octets(next, next(60)),
}

function openOf(next: Random): Field {
  const capabilities = some(next, 12, () => {
    const code = Number(pick(next, Object.keys(capabilityValues)))
    return leaf(capabilityValues[code]!(next), [code], 1)
  })
  const fixed = [4, 0xfd, 0xe9, 0, next(2) * 90, 192, 0, 2, 1]
  const length = capabilities.reduce((sum, one) => sum + serialized(one).length, 0)
  const extended = length > 253 || next(4) === 0
  if (extended) return branch([branch(capabilities, [2], 2)], [...fixed, 255, 255], 2)
  return branch([branch(capabilities, [2], 1)], fixed, 1)
}

/** A good message of some type for a session. */
export function goodMessage(next: Random, session: UpdateContext): { type: number; field: Field } {
  switch (next(8)) {
    case 0:
    case 1:
      return { type: 1, field: openOf(next) }
    case 2:
      return { type: 3, field: leaf(octets(next, 2 + next(next(4) === 0 ? 300 : 20))) }
    case 3:
      return { type: 5, field: leaf([0, 1 + next(2), next(3), 1]) }
    default:
      return { type: 2, field: updateOf(next, session) }
  }
}

function serialized({ head, lengthOctets, items, octets, bias }: Field): number[] {
  const content = items.length > 0 ? items.flatMap(serialized) : octets
  const length = content.length + bias
  const lengths = lengthOctets === 2 ? [(length >>> 8) & 255, length & 255] : lengthOctets === 1 ? [length & 255] : []
  return [...head, ...lengths, ...content]
}

/** The whole message; its own length is right. */
export function encoded({ type, field }: { type: number; field: Field }): Uint8Array {
  const body = serialized(field).slice(0, 65535 - headerLength)
  const bytes = new Uint8Array(headerLength + body.length)
  bytes.set(body, writeHeader(bytes, 0, type, bytes.length))
  return bytes
}

function allOf(field: Field): Field[] {
  return [field, ...field.items.flatMap(allOf)]
}

const knownCodes = [...attributeTable.map(row => row.code), ...Object.keys(capabilityName).map(Number)]

/** Breaks one thing: a length, a flag, a type, a value, the order, or that something is there once and whole. */
export function breakOne(root: Field, next: Random): void {
  const field = pick(next, allOf(root))
  const { head, items } = field
  switch (next(8)) {
    case 0:
      field.bias += pick(next, [-2, -1, 1, 2, 3, -pick(next, edges), pick(next, edges), next(65536)])
      break
    case 1:
      if (head.length > 0) head[0] = head[0]! ^ (1 << next(8))
      break
    case 2:
      if (head.length > 0) head[head.length - 1] = next(2) === 0 ? pick(next, knownCodes) : next(256)
      break
    case 3:
      if (field.octets.length > 0)
        field.octets[next(field.octets.length)] = next(2) === 0 ? pick(next, edges) : next(256)
      break
    case 4:
      items.push(...items.splice(next(items.length + 1), 1))
      break
    case 5:
      if (items.length > 0)
        for (let times = next(next(8) === 0 ? 300 : 3); times >= 0; times--) items.push(pick(next, items))
      break
    case 6:
      items.splice(next(items.length + 1), 1)
      break
    default:
      field.octets.splice(next(field.octets.length + 1), next(next(4) === 0 ? 100 : 4), ...octets(next, next(3)))
  }
}
