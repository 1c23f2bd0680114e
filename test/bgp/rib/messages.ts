/**
 * UPDATEs written and read the slow and obvious way, by nothing but the RFCs: a second opinion on what the RIB is fed and on
 * what it sends. Shares no code with bgp/wire.
 */
import { Address, parseAddress } from '../../../lib/base/ip.ts'
import { Prefix, parsePrefix } from '../../../lib/base/prefix.ts'

export interface TestAttributes {
  origin: number
  asPath: number[]
  nextHop: string
  med?: number
  localPref?: number
  communities?: number[]
  originatorId?: string
  clusterList?: string[]
  /** 16 hexadecimal digits each. */
  extendedCommunities?: string[]
  /** `65000:1:2` */
  largeCommunities?: string[]
  /** ONLY_TO_CUSTOMER (RFC 9234). */
  otc?: number
}

const uint32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
const uint16 = (value: number) => [value >>> 8, value & 255]
const octets = (address: string) => [...parseAddress(address).bytes]
/** @param long whether the length has two octets though one would do */
const attributeOf = (flags: number, code: number, value: number[], long: boolean) =>
  long || value.length > 255
    ? [flags | 0x10, code, ...uint16(value.length), ...value]
    : [flags, code, value.length, ...value]

function nlri(prefixes: readonly string[]): number[] {
  return prefixes.flatMap(text => {
    const [prefix, pathId] = text.split('#') as [string, string | undefined]
    const { bytes, length } = parsePrefix(prefix)
    return [
      ...(pathId === undefined ? [] : uint32(Number(pathId))),
      length,
      ...bytes.subarray(0, Math.ceil(length / 8)),
    ]
  })
}

/**
 * The body of one UPDATE; a family is told from the text of its prefixes, and `10.0.0.0/8#7` has the path id 7. Attributes of an
 * even number of routes have long lengths.
 */
export function updateBody(
  announced: readonly string[],
  attributes: TestAttributes | undefined,
  withdrawn: readonly string[],
) {
  const long = announced.length % 2 === 0
  const attribute = (flags: number, code: number, value: number[]) => attributeOf(flags, code, value, long)
  const six = (text: string) => text.includes(':')
  const four = (text: string) => !six(text)
  const list: number[] = []
  const gone6 = withdrawn.filter(six)
  const new6 = announced.filter(six)
  /** RFC 8950: IPv4 with an IPv6 next hop cannot go in the classic fields. */
  const extended = announced.some(four) && attributes?.nextHop.includes(':') ? announced.filter(four) : []
  const new4 = extended.length > 0 ? [] : announced.filter(four)
  if (attributes !== undefined) {
    const { origin, asPath, nextHop, med, localPref, communities, originatorId, clusterList } = attributes
    const { extendedCommunities, largeCommunities, otc } = attributes
    list.push(...attribute(0x40, 1, [origin]))
    list.push(...attribute(0x40, 2, asPath.length > 0 ? [2, asPath.length, ...asPath.flatMap(uint32)] : []))
    if (new4.length > 0) list.push(...attribute(0x40, 3, octets(nextHop)))
    if (med !== undefined) list.push(...attribute(0x80, 4, uint32(med)))
    if (localPref !== undefined) list.push(...attribute(0x40, 5, uint32(localPref)))
    if (communities !== undefined) list.push(...attribute(0xc0, 8, communities.flatMap(uint32)))
    if (originatorId !== undefined) list.push(...attribute(0x80, 9, octets(originatorId)))
    if (clusterList !== undefined) list.push(...attribute(0x80, 10, clusterList.flatMap(octets)))
    if (extendedCommunities !== undefined)
      list.push(...attribute(0xc0, 16, [...Buffer.from(extendedCommunities.join(''), 'hex')]))
    if (largeCommunities !== undefined)
      list.push(
        ...attribute(
          0xc0,
          32,
          largeCommunities.flatMap(text => text.split(':').flatMap(part => uint32(Number(part)))),
        ),
      )
    if (otc !== undefined) list.push(...attribute(0xc0, 35, uint32(otc)))
    if (extended.length > 0) list.push(...attribute(0x80, 14, [0, 1, 1, 16, ...octets(nextHop), 0, ...nlri(extended)]))
    if (new6.length > 0) list.push(...attribute(0x80, 14, [0, 2, 1, 16, ...octets(nextHop), 0, ...nlri(new6)]))
  }
  if (gone6.length > 0) list.push(...attribute(0x80, 15, [0, 2, 1, ...nlri(gone6)]))
  const gone4 = nlri(withdrawn.filter(four))
  return Uint8Array.from([...uint16(gone4.length), ...gone4, ...uint16(list.length), ...list, ...nlri(new4)])
}

export interface ReadUpdate {
  announced: string[]
  attributes: TestAttributes | undefined
  withdrawn: string[]
  endOfRib: 4 | 6 | undefined
}

/**
 * Reads whole UPDATE messages, header and all; anything else is an error.
 * @param withIds families whose prefixes have path ids
 * @param most octets of a message
 */
export function* readUpdates(bytes: Uint8Array, withIds: readonly (4 | 6)[] = [], most = 4096): Generator<ReadUpdate> {
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at + 16]! << 8) | bytes[at + 17]!
    if (bytes.subarray(at, at + 16).some(octet => octet !== 255)) throw new Error('marker')
    if (length < 23 || length > most || at + length > bytes.length || bytes[at + 18] !== 2) throw new Error('header')
    yield readUpdate(bytes.subarray(at + 19, at + length), withIds)
    at += length
  }
}

function readUpdate(body: Uint8Array, withIds: readonly (4 | 6)[]): ReadUpdate {
  const goneEnd = 2 + ((body[0]! << 8) | body[1]!)
  const attributesEnd = goneEnd + 2 + ((body[goneEnd]! << 8) | body[goneEnd + 1]!)
  const update: ReadUpdate = {
    announced: readNlri(body.subarray(attributesEnd), 4, withIds),
    attributes: undefined,
    withdrawn: readNlri(body.subarray(2, goneEnd), 4, withIds),
    endOfRib: body.length === 4 ? 4 : undefined,
  }
  const attributes: TestAttributes = { origin: -1, asPath: [], nextHop: '' }
  for (let at = goneEnd + 2; at < attributesEnd; ) {
    const extended = (body[at]! & 0x10) !== 0
    const valueAt = at + (extended ? 4 : 3)
    const length = extended ? (body[at + 2]! << 8) | body[at + 3]! : body[at + 2]!
    readAttribute(body[at + 1]!, body.subarray(valueAt, valueAt + length), attributes, update, withIds)
    at = valueAt + length
    if (at > attributesEnd) throw new Error('attribute runs over')
  }
  if (update.announced.length > 0) update.attributes = attributes
  return update
}

function readAttribute(
  code: number,
  value: Uint8Array,
  attributes: TestAttributes,
  update: ReadUpdate,
  withIds: readonly (4 | 6)[],
): void {
  const numbers = (from: number) =>
    Array.from({ length: (value.length - from) / 4 }, (_, at) =>
      new DataView(value.buffer, value.byteOffset).getUint32(from + 4 * at),
    )
  const quads = () => numbers(0).map(word => uint32(word).join('.'))
  const readers: Record<number, () => void> = {
    1: () => (attributes.origin = value[0]!),
    2: () => (attributes.asPath = value.length > 0 ? numbers(2) : []),
    3: () => (attributes.nextHop = value.join('.')),
    4: () => (attributes.med = numbers(0)[0]!),
    5: () => (attributes.localPref = numbers(0)[0]!),
    8: () => (attributes.communities = numbers(0)),
    9: () => (attributes.originatorId = quads()[0]!),
    10: () => (attributes.clusterList = quads()),
    16: () => (attributes.extendedCommunities = Buffer.from(value).toString('hex').match(/.{16}/g) ?? []),
    32: () => {
      const parts = numbers(0)
      attributes.largeCommunities = parts.flatMap((_, at) => (at % 3 === 0 ? [parts.slice(at, at + 3).join(':')] : []))
    },
    35: () => (attributes.otc = numbers(0)[0]!),
    14: () => {
      const end = 4 + value[3]!
      const family = value[1] === 1 ? 4 : 6
      // of two the global one, which is the first (RFC 2545 §3)
      attributes.nextHop = String(new Address(value.slice(4, Math.min(end, 20))))
      update.announced.push(...readNlri(value.subarray(end + 1), family, withIds))
    },
    15: () => {
      if (value.length === 3) update.endOfRib = 6
      update.withdrawn.push(...readNlri(value.subarray(3), value[1] === 1 ? 4 : 6, withIds))
    },
  }
  const read = readers[code]
  if (read === undefined) throw new Error(`attribute ${code}`)
  read()
}

function readNlri(bytes: Uint8Array, family: 4 | 6, withIds: readonly (4 | 6)[]): string[] {
  const prefixes: string[] = []
  for (let at = 0; at < bytes.length; ) {
    let pathId = ''
    if (withIds.includes(family)) {
      pathId = `#${new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0)}`
      at += 4
    }
    const length = bytes[at++]!
    const address = new Uint8Array(family === 4 ? 4 : 16)
    address.set(bytes.subarray(at, at + Math.ceil(length / 8)))
    at += Math.ceil(length / 8)
    prefixes.push(`${new Prefix(address, length)}${pathId}`)
  }
  return prefixes
}
