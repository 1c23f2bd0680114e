/**
 * THE attribute table: a row per path attribute that this speaker understands. What is said here is not said again: the
 * reader takes flags, verdict and check from it, the CLI takes names and text, tests walk its rows. Duplicates,
 * wrong flags, unknown types and truncation are the reader's affair, once for all rows.
 */
import { type Address, addressOfUint32 } from '../../lib/base/ip.ts'
import { asPathFlaw, decodeAsPath, encodeAsPath, type Flaw, firstAsFlaw } from './as-path.ts'
import { aigpFlaw, pmsiTunnelFlaw, prefixSidFlaw, tunnelEncapsulationFlaw } from './attribute-tlv.ts'
import { communityKinds } from './community.ts'
import { attributeCode, attributeFlag, originCode } from './iana.ts'
import { updateError } from './notification.ts'
import { readUint32, writeUint32 } from './octets.ts'
import type { UpdateContext } from './update-context.ts'

/** The attributes of one route as a person or a test sees them. The next hop is not among them: it is kept beside. */
export interface AttributeValues {
  readonly origin: Origin
  /** Nearest AS first. */
  readonly asPath: readonly number[]
  readonly med?: number
  readonly localPref?: number
  readonly atomicAggregate?: true
  readonly aggregator?: Aggregator
  /** RFC 1997, as uint32. */
  readonly communities?: readonly number[]
  readonly originatorId?: Address
  readonly clusterList?: readonly Address[]
  /** RFC 4360, as `communityKinds` renders them: `rt:65000:1`, or 16 hexadecimal digits. */
  readonly extendedCommunities?: readonly string[]
  /** RFC 5701, 20 octets each, in hexadecimal. */
  readonly ipv6ExtendedCommunities?: readonly string[]
  /** RFC 8092, each `global:local1:local2`. */
  readonly largeCommunities?: readonly string[]
  /** RFC 9234 §5: ONLY_TO_CUSTOMER, an AS number. */
  readonly otc?: number
  /** Optional transitive attributes without a row in the table, in type order. */
  readonly unknown?: readonly UnknownAttribute[]
}

export type Origin = keyof typeof originCode

export interface Aggregator {
  readonly asNumber: number
  readonly address: Address
}

export interface UnknownAttribute {
  readonly code: number
  readonly value: Uint8Array
}

/** How the value octets of an attribute turn into a field of AttributeValues, into octets again, and into text. */
export interface ValueCodec {
  readonly key: Exclude<keyof AttributeValues, 'unknown'>
  readonly decode: (bytes: Uint8Array, start: number, end: number) => unknown
  readonly encode: (value: never) => Uint8Array
  readonly render: (value: never) => string
}

export interface AttributeRow {
  readonly code: number
  readonly name: string
  /** The Optional and Transitive bits it must carry. */
  readonly flags: number
  /** What a malformed one costs (RFC 7606 §7). MP_REACH_NLRI and MP_UNREACH_NLRI are judged by the reader and always `reset`. */
  readonly malformed: 'discard' | 'withdraw' | 'reset'
  /** Sessions it means something on; on any other it is discarded unread. */
  readonly only?: 'internal' | 'twoOctet'
  /** Judges the value octets as received. */
  readonly check: (bytes: Uint8Array, start: number, end: number, context: UpdateContext) => Flaw | undefined
  /** Absent for those that are no part of canonical attribute bytes, and for those that are `passedOn`. */
  readonly value?: ValueCodec
  /** Judged, but not understood: what is whole fares like an unknown attribute. */
  readonly passedOn?: true
}

const wellKnown = attributeFlag.transitive
const optionalTransitive = attributeFlag.optional | attributeFlag.transitive
const optionalNonTransitive = attributeFlag.optional

const badLength: Flaw = { subcode: updateError.attributeLength, reason: 'bad length' }
const badOrigin: Flaw = { subcode: updateError.invalidOrigin, reason: 'value over 2' }
const asZero: Flaw = { subcode: updateError.optionalAttribute, reason: 'AS number 0 (RFC 7607)' }

type Check = AttributeRow['check']

const exactly =
  (length: number): Check =>
  (_bytes, start, end) =>
    end - start === length ? undefined : badLength

/** One or more elements of `length` octets. */
const listOf =
  (length: number): Check =>
  (_bytes, start, end) =>
    end > start && (end - start) % length === 0 ? undefined : badLength

const checkOrigin: Check = (bytes, start, end) =>
  end - start !== 1 ? badLength : bytes[start]! > 2 ? badOrigin : undefined

const checkAsPath: Check = (bytes, start, end, context) => {
  const width = context.fourOctetAs ? 4 : 2
  const flaw = asPathFlaw(bytes, start, end, width)
  if (flaw !== undefined || context.internal || context.routeServer) return flaw
  return firstAsFlaw(bytes, start, end, width, context.peerAs)
}

const checkAggregator: Check = (bytes, start, end, context) => {
  if (end - start !== (context.fourOctetAs ? 8 : 6)) return badLength
  const asNumber = context.fourOctetAs ? readUint32(bytes, start) : (bytes[start]! << 8) | bytes[start + 1]!
  return asNumber === 0 ? asZero : undefined
}

const checkOtc: Check = (bytes, start, end) =>
  end - start !== 4 ? badLength : readUint32(bytes, start) === 0 ? asZero : undefined

const judgedByReader: Check = () => undefined

function codec<Key extends ValueCodec['key']>(
  key: Key,
  decode: (bytes: Uint8Array, start: number, end: number) => NonNullable<AttributeValues[Key]>,
  encode: (value: NonNullable<AttributeValues[Key]>) => Uint8Array,
  render: (value: NonNullable<AttributeValues[Key]>) => string,
): ValueCodec {
  return { key, decode, encode, render }
}

const origins: readonly Origin[] = ['igp', 'egp', 'incomplete']

const words = (value: readonly (number | string | Address)[]) => value.join(' ')

/** Communities as their own text. */
const communityCodec = (key: 'extendedCommunities' | 'largeCommunities') => {
  const { width, parse, render } = communityKinds[key]
  return codec(
    key,
    (bytes, start, end) => elements(start, end, width).map(at => render(bytes, at)),
    value => Uint8Array.from(value.flatMap(text => [...(parse(text) ?? missing(text))])),
    words,
  )
}

const missing = (text: string): never => {
  throw new RangeError(`not a community: ${text}`)
}

const uint32Codec = (key: 'med' | 'localPref' | 'otc') => codec(key, readUint32, value => uint32s([value]), String)

export const attributeTable: readonly AttributeRow[] = [
  {
    code: attributeCode.origin,
    name: 'ORIGIN',
    flags: wellKnown,
    malformed: 'withdraw',
    check: checkOrigin,
    value: codec(
      'origin',
      (bytes, start) => origins[bytes[start]!] ?? 'incomplete',
      value => Uint8Array.of(originCode[value]),
      String,
    ),
  },
  {
    code: attributeCode.asPath,
    name: 'AS_PATH',
    flags: wellKnown,
    malformed: 'withdraw',
    check: checkAsPath,
    value: codec('asPath', decodeAsPath, encodeAsPath, words),
  },
  {
    code: attributeCode.nextHop,
    name: 'NEXT_HOP',
    flags: wellKnown,
    malformed: 'withdraw',
    check: exactly(4),
  },
  {
    code: attributeCode.med,
    name: 'MULTI_EXIT_DISC',
    flags: optionalNonTransitive,
    malformed: 'withdraw',
    check: exactly(4),
    value: uint32Codec('med'),
  },
  {
    code: attributeCode.localPref,
    name: 'LOCAL_PREF',
    flags: wellKnown,
    malformed: 'withdraw',
    only: 'internal',
    check: exactly(4),
    value: uint32Codec('localPref'),
  },
  {
    code: attributeCode.atomicAggregate,
    name: 'ATOMIC_AGGREGATE',
    flags: wellKnown,
    malformed: 'discard',
    check: exactly(0),
    value: codec(
      'atomicAggregate',
      () => true,
      () => new Uint8Array(0),
      () => 'yes',
    ),
  },
  {
    code: attributeCode.aggregator,
    name: 'AGGREGATOR',
    flags: optionalTransitive,
    malformed: 'discard',
    check: checkAggregator,
    value: codec(
      'aggregator',
      (bytes, at) => ({ asNumber: readUint32(bytes, at), address: addressOfUint32(readUint32(bytes, at + 4)) }),
      value => uint32s([value.asNumber, value.address.uint32]),
      value => `AS${value.asNumber} ${value.address}`,
    ),
  },
  {
    code: attributeCode.communities,
    name: 'COMMUNITIES',
    flags: optionalTransitive,
    malformed: 'withdraw',
    check: listOf(4),
    value: codec('communities', readUint32s, uint32s, value =>
      value.map(community => communityKinds.communities.render(uint32s([community]), 0)).join(' '),
    ),
  },
  {
    code: attributeCode.originatorId,
    name: 'ORIGINATOR_ID',
    flags: optionalNonTransitive,
    malformed: 'withdraw',
    only: 'internal',
    check: exactly(4),
    value: codec(
      'originatorId',
      (bytes, at) => addressOfUint32(readUint32(bytes, at)),
      value => uint32s([value.uint32]),
      String,
    ),
  },
  {
    code: attributeCode.clusterList,
    name: 'CLUSTER_LIST',
    flags: optionalNonTransitive,
    malformed: 'withdraw',
    only: 'internal',
    check: listOf(4),
    value: codec(
      'clusterList',
      (bytes, start, end) => readUint32s(bytes, start, end).map(addressOfUint32),
      value => uint32s(value.map(id => id.uint32)),
      words,
    ),
  },
  {
    code: attributeCode.mpReach,
    name: 'MP_REACH_NLRI',
    flags: optionalNonTransitive,
    malformed: 'reset',
    check: judgedByReader,
  },
  {
    code: attributeCode.mpUnreach,
    name: 'MP_UNREACH_NLRI',
    flags: optionalNonTransitive,
    malformed: 'reset',
    check: judgedByReader,
  },
  {
    code: attributeCode.extendedCommunities,
    name: 'EXTENDED_COMMUNITIES',
    flags: optionalTransitive,
    malformed: 'withdraw',
    check: listOf(8),
    value: communityCodec('extendedCommunities'),
  },
  {
    // RFC 6793 §6: a malformed one is discarded, and AS_PATH stands alone
    code: attributeCode.as4Path,
    name: 'AS4_PATH',
    flags: optionalTransitive,
    malformed: 'discard',
    only: 'twoOctet',
    check: (bytes, start, end) => (start === end ? badLength : asPathFlaw(bytes, start, end, 4)),
  },
  {
    code: attributeCode.as4Aggregator,
    name: 'AS4_AGGREGATOR',
    flags: optionalTransitive,
    malformed: 'discard',
    only: 'twoOctet',
    check: (bytes, start, end) => (end - start !== 8 ? badLength : readUint32(bytes, start) === 0 ? asZero : undefined),
  },
  {
    code: attributeCode.ipv6ExtendedCommunities,
    name: 'IPV6_EXTENDED_COMMUNITIES',
    flags: optionalTransitive,
    malformed: 'withdraw',
    check: listOf(20),
    value: codec(
      'ipv6ExtendedCommunities',
      (bytes, start, end) =>
        elements(start, end, 20).map(at => Buffer.from(bytes.subarray(at, at + 20)).toString('hex')),
      value => Uint8Array.from(Buffer.from(value.join(''), 'hex')),
      words,
    ),
  },
  {
    code: attributeCode.largeCommunities,
    name: 'LARGE_COMMUNITIES',
    flags: optionalTransitive,
    malformed: 'withdraw',
    check: listOf(12),
    value: communityCodec('largeCommunities'),
  },
  {
    code: attributeCode.onlyToCustomer,
    name: 'ONLY_TO_CUSTOMER',
    flags: optionalTransitive,
    malformed: 'withdraw',
    check: checkOtc,
    value: uint32Codec('otc'),
  },
  {
    code: attributeCode.pmsiTunnel,
    name: 'PMSI_TUNNEL',
    flags: optionalTransitive,
    malformed: 'withdraw',
    check: pmsiTunnelFlaw,
    passedOn: true,
  },
  {
    code: attributeCode.tunnelEncapsulation,
    name: 'TUNNEL_ENCAPSULATION',
    flags: optionalTransitive,
    malformed: 'withdraw',
    check: tunnelEncapsulationFlaw,
    passedOn: true,
  },
  {
    code: attributeCode.aigp,
    name: 'AIGP',
    flags: optionalNonTransitive,
    malformed: 'discard',
    check: aigpFlaw,
    passedOn: true,
  },
  {
    code: attributeCode.prefixSid,
    name: 'PREFIX_SID',
    flags: optionalTransitive,
    malformed: 'discard',
    check: prefixSidFlaw,
    passedOn: true,
  },
]

/** The row of a type code, if this speaker understands it. */
export const attributeRow: readonly (AttributeRow | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  attributeTable.find(row => row.code === code),
)

export function attributeName(code: number): string {
  return attributeRow[code]?.name ?? `attribute ${code}`
}

/** Where each element of a list attribute begins. */
function elements(start: number, end: number, length: number): number[] {
  return Array.from({ length: (end - start) / length }, (_, at) => start + at * length)
}

function readUint32s(bytes: Uint8Array, start: number, end: number): number[] {
  return elements(start, end, 4).map(at => readUint32(bytes, at))
}

function uint32s(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  for (const [at, value] of values.entries()) writeUint32(bytes, 4 * at, value)
  return bytes
}
