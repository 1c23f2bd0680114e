/**
 * Communities as text and as octets: standard (RFC 1997), extended (RFC 4360) and large (RFC 8092). One row per kind; an element is the
 * octets that it has on the wire, so that lists are searched without a value for each.
 */
import { attributeCode, wellKnownCommunity } from './iana.ts'
import { readUint16, readUint32, writeUint32 } from './octets.ts'

export interface CommunityKind {
  /** Of the attribute that lists them. */
  readonly code: number
  /** Octets of an element. */
  readonly width: 4 | 8 | 12
  /** How one is written, for an error message. */
  readonly form: string
  /** Undefined when the text is none. */
  parse(text: string): Uint8Array | undefined
  render(bytes: Uint8Array, at: number): string
}

/** By number, as people write them. */
const wellKnownNames: Readonly<Record<string, number>> = {
  'graceful-shutdown': wellKnownCommunity.gracefulShutdown,
  'llgr-stale': wellKnownCommunity.llgrStale,
  'no-llgr': wellKnownCommunity.noLlgr,
  blackhole: wellKnownCommunity.blackhole,
  'no-export': wellKnownCommunity.noExport,
  'no-advertise': wellKnownCommunity.noAdvertise,
  'no-export-subconfed': wellKnownCommunity.noExportSubconfed,
}
const nameOfWellKnown = new Map(Object.entries(wellKnownNames).map(([name, value]) => [value, name]))

const UINT16 = 0xffff
const UINT32 = 0xffffffff

/** Two-octet AS, IPv4 address and four-octet AS specific, transitive: RFC 4360 §3, RFC 5668 §2. */
const extendedType = { as2: 0x00, address: 0x01, as4: 0x02 } as const
/** Sub-types that have a name: RFC 4360 §4, §5. */
const extendedSubtype: Readonly<Record<string, number>> = { rt: 0x02, soo: 0x03 }
const nameOfSubtype = new Map(Object.entries(extendedSubtype).map(([name, value]) => [value, name]))

export const communityKinds = {
  communities: {
    code: attributeCode.communities,
    width: 4,
    form: '65000:100 or a name such as no-export',
    parse(text) {
      const known = wellKnownNames[text]
      const parts = known === undefined ? numbers(text, [UINT16, UINT16]) : [known >>> 16, known & UINT16]
      return parts && Uint8Array.of(parts[0]! >>> 8, parts[0]!, parts[1]! >>> 8, parts[1]!)
    },
    render: (bytes, at) =>
      nameOfWellKnown.get(readUint32(bytes, at)) ?? `${readUint16(bytes, at)}:${readUint16(bytes, at + 2)}`,
  },
  extendedCommunities: {
    code: attributeCode.extendedCommunities,
    width: 8,
    form: 'rt:65000:100, rt:192.0.2.1:100, soo:65000:100 or 16 hexadecimal digits',
    parse: parseExtended,
    render: renderExtended,
  },
  largeCommunities: {
    code: attributeCode.largeCommunities,
    width: 12,
    form: '65000:1:2',
    parse(text) {
      const parts = numbers(text, [UINT32, UINT32, UINT32])
      return parts && uint32s(parts)
    },
    render: (bytes, at) => [0, 4, 8].map(offset => readUint32(bytes, at + offset)).join(':'),
  },
} as const satisfies Readonly<Record<string, CommunityKind>>

/** `rt:` and `soo:` of a two-octet AS, an IPv4 address or a four-octet AS; any other as its octets. */
function parseExtended(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{16}$/i.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'))
  const [, name = '', global = '', local = ''] = /^([a-z]+):([\d.]+):(\d+)$/.exec(text) ?? []
  const subtype = extendedSubtype[name]
  if (subtype === undefined) return undefined
  const address = numbers(global, [255, 255, 255, 255], '.')
  if (address !== undefined) return extended(extendedType.address, subtype, Uint8Array.from(address), local)
  const asNumber = numbers(global, [UINT32])?.[0]
  if (asNumber === undefined) return undefined
  if (asNumber > UINT16) return extended(extendedType.as4, subtype, uint32s([asNumber]), local)
  return extended(extendedType.as2, subtype, Uint8Array.of(asNumber >>> 8, asNumber), local)
}

/** @param global 2 octets leave 4 for the local part, 4 leave 2 */
function extended(type: number, subtype: number, global: Uint8Array, local: string): Uint8Array | undefined {
  const part = numbers(local, [global.length === 2 ? UINT32 : UINT16])
  if (part === undefined) return undefined
  const bytes = new Uint8Array(8)
  writeUint32(bytes, 4, part[0]!)
  bytes.set(global, 2)
  bytes[0] = type
  bytes[1] = subtype
  return bytes
}

function renderExtended(bytes: Uint8Array, at: number): string {
  const name = nameOfSubtype.get(bytes[at + 1]!)
  switch (name === undefined ? undefined : bytes[at]) {
    case extendedType.as2:
      return `${name}:${readUint16(bytes, at + 2)}:${readUint32(bytes, at + 4)}`
    case extendedType.address:
      return `${name}:${bytes.subarray(at + 2, at + 6).join('.')}:${readUint16(bytes, at + 6)}`
    case extendedType.as4:
      return `${name}:${readUint32(bytes, at + 2)}:${readUint16(bytes, at + 6)}`
    default:
      return Buffer.from(bytes.subarray(at, at + 8)).toString('hex')
  }
}

/** Decimal numbers between separators, each at most what `limits` says; undefined when the text is not that. */
function numbers(text: string, limits: readonly number[], separator = ':'): number[] | undefined {
  const parts = text.split(separator)
  if (parts.length !== limits.length || !parts.every(part => /^\d{1,10}$/.test(part))) return undefined
  const values = parts.map(Number)
  return values.every((value, index) => value <= limits[index]!) ? values : undefined
}

function uint32s(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length)
  for (const [index, value] of values.entries()) writeUint32(bytes, 4 * index, value)
  return bytes
}
