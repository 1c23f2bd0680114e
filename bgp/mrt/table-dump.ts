/**
 * TABLE_DUMP_V2 (RFC 6396 §4.3, RFC 8050 §4): the peers, then a record for each prefix with the paths of all of them. Values in,
 * records out, and back.
 */
import { InputFault } from '../../lib/base/failure.ts'
import { type Address, addressOfUint32, bitsOf, type Family } from '../../lib/base/ip.ts'
import { Prefix } from '../../lib/base/prefix.ts'
import { writeAttributeHeader } from '../wire/attribute-header.ts'
import { attributeCode, attributeFlag } from '../wire/iana.ts'
import { BodyReader, uint16, uint32 } from './body.ts'
import { type MrtRecord, mrtType } from './record.ts'

export interface DumpPeer {
  /** uint32; 0: not known. */
  readonly routerId: number
  readonly address: Address
  readonly asNumber: number
}

export interface DumpIndex {
  /** uint32: of the speaker whose table it is. */
  readonly routerId: number
  readonly view: string
  readonly peers: readonly DumpPeer[]
}

export interface DumpEntry {
  /** Index in the list of peers. */
  readonly peer: number
  /** Seconds since the epoch. */
  readonly originated: number
  /** RFC 8050; the entries of a record all have one, or none. */
  readonly pathId?: number
  /** Path attributes with 4-octet AS numbers, the next hop among them: in MP_REACH_NLRI alone, without the fields around it. */
  readonly attributes: Uint8Array
}

export interface DumpPrefix {
  readonly sequence: number
  readonly prefix: Prefix
  readonly entries: readonly DumpEntry[]
}

const peerIndexTable = 1
/** By family, without and with path ids. */
const ribSubtype = { 4: { plain: 2, addPath: 8 }, 6: { plain: 4, addPath: 10 } } as const

/** Bits of a peer's type. */
const isIpv6Bit = 1
const isWideBit = 2

/** @param at ms since the epoch */
export function encodeDumpIndex({ routerId, view, peers }: DumpIndex, at: number): MrtRecord {
  const name = new TextEncoder().encode(view)
  const rows = peers.flatMap(({ routerId: id, address, asNumber }) => [
    isWideBit | (address.family === 6 ? isIpv6Bit : 0),
    ...uint32(id),
    ...address.bytes,
    ...uint32(asNumber),
  ])
  const body = Uint8Array.of(...uint32(routerId), ...uint16(name.length), ...name, ...uint16(peers.length), ...rows)
  return { type: mrtType.tableDumpV2, subtype: peerIndexTable, at, body }
}

/** @param at ms since the epoch */
export function encodeDumpPrefix({ sequence, prefix, entries }: DumpPrefix, at: number): MrtRecord {
  const addPath = entries[0]?.pathId !== undefined
  const octets = (prefix.length + 7) >>> 3
  const width = addPath ? 12 : 8
  const body = new Uint8Array(
    entries.reduce((sum, { attributes }) => sum + width + attributes.length, 4 + 1 + octets + 2),
  )
  body.set([...uint32(sequence), prefix.length, ...prefix.bytes.subarray(0, octets), ...uint16(entries.length)])
  let to = 7 + octets
  for (const { peer, originated, pathId = 0, attributes } of entries) {
    const id = addPath ? uint32(pathId) : []
    body.set([...uint16(peer), ...uint32(originated), ...id, ...uint16(attributes.length)], to)
    body.set(attributes, to + width)
    to += width + attributes.length
  }
  return { type: mrtType.tableDumpV2, subtype: ribSubtype[prefix.family][addPath ? 'addPath' : 'plain'], at, body }
}

/** @param attributes canonical octets, without next hop @param nextHop 4 octets, 16, or 32 with a link-local address */
export function dumpAttributes(attributes: Uint8Array, family: Family, nextHop: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(attributes.length + 4 + nextHop.length)
  bytes.set(attributes)
  const isClassic = family === 4 && nextHop.length === 4
  const [flags, code, before] = isClassic
    ? [attributeFlag.transitive, attributeCode.nextHop, []]
    : [attributeFlag.optional, attributeCode.mpReach, [nextHop.length]]
  const start = writeAttributeHeader(bytes, attributes.length, flags, code, before.length + nextHop.length)
  bytes.set([...before, ...nextHop], start)
  return bytes.subarray(0, start + before.length + nextHop.length)
}

/** @throws InputFault */
export function decodeDumpIndex(body: Uint8Array): DumpIndex {
  const reader = new BodyReader(body)
  const routerId = reader.uint32()
  const view = Buffer.from(reader.octets(reader.uint16())).toString('utf8')
  const peers = Array.from({ length: Math.min(reader.uint16(), body.length) }, () => {
    const type = reader.uint8()
    const id = reader.uint32()
    const address = reader.address((type & isIpv6Bit) !== 0)
    return { routerId: id, address, asNumber: reader.asNumber((type & isWideBit) !== 0) }
  })
  return { routerId, view, peers }
}

/** Undefined: a subtype of another kind, such as multicast. @throws InputFault */
export function decodeDumpPrefix(subtype: number, body: Uint8Array): DumpPrefix | undefined {
  const family = ([4, 6] as const).find(one => Object.values(ribSubtype[one]).some(known => known === subtype))
  if (family === undefined) return undefined
  const addPath = subtype === ribSubtype[family].addPath
  const reader = new BodyReader(body)
  const sequence = reader.uint32()
  const length = reader.uint8()
  if (length > bitsOf(family)) throw new InputFault('', `a prefix length of ${length}`)
  const octets = new Uint8Array(bitsOf(family) / 8)
  octets.set(reader.octets((length + 7) >>> 3))
  const count = reader.uint16()
  const entries: DumpEntry[] = []
  for (let at = 0; at < count; at++) {
    const peer = reader.uint16()
    const originated = reader.uint32()
    const pathId = addPath ? reader.uint32() : undefined
    const attributes = reader.octets(reader.uint16())
    entries.push({ peer, originated, ...(pathId !== undefined && { pathId }), attributes })
  }
  return { sequence, prefix: new Prefix(octets, length), entries }
}

export function isDumpIndex({ type, subtype }: MrtRecord): boolean {
  return type === mrtType.tableDumpV2 && subtype === peerIndexTable
}

/** The peer of routes of our own, as other speakers write it. */
export const ownPeer: DumpPeer = { routerId: 0, address: addressOfUint32(0), asNumber: 0 }
