/**
 * IP addresses as values: a family and its bytes in network order. Parsing leaves the work to ip-num; text is always
 * RFC 5952, so that two equal addresses have equal text. A zone (`%eth0`, RFC 4007 §11) is part of an address where somebody
 * gave it one; what people write has none.
 */
import { IPv4, IPv6 } from 'ip-num'
import { InputFault } from './failure.ts'

/** 4 or 6; also how many bits an address has: `bitsOf(family)`. */
export type Family = 4 | 6

export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128
}

export class Address {
  readonly family: Family
  /** 4 or 16 octets, network order; never written to after construction. */
  readonly bytes: Uint8Array
  /** The interface whose link a link-local address is on; absent: not known, or not needed. */
  readonly zone: string | undefined
  #text: string | undefined

  constructor(bytes: Uint8Array, zone?: string) {
    if (bytes.length !== 4 && bytes.length !== 16)
      throw new RangeError(`an address has 4 or 16 octets, not ${bytes.length}`)
    this.family = bytes.length === 4 ? 4 : 6
    this.bytes = bytes
    this.zone = zone
  }

  equals(other: Address): boolean {
    return this.toString() === other.toString()
  }

  get isUnspecified(): boolean {
    return this.bytes.every(octet => octet === 0)
  }

  /** fe80::/10, RFC 4291 §2.5.6. */
  get isLinkLocal(): boolean {
    return this.family === 6 && this.bytes[0] === 0xfe && (this.bytes[1]! & 0xc0) === 0x80
  }

  /** An IPv4 address as an unsigned 32-bit number: the form of router ids and of the IPv4 RIB. */
  get uint32(): number {
    if (this.family !== 4) throw new RangeError(`${this} is not an IPv4 address`)
    return new DataView(this.bytes.buffer, this.bytes.byteOffset).getUint32(0)
  }

  toString(): string {
    this.#text ??= (this.family === 4 ? this.bytes.join('.') : renderIPv6(this.bytes)) + this.#zoneText
    return this.#text
  }

  toJSON(): string {
    return this.toString()
  }

  get #zoneText(): string {
    return this.zone === undefined ? '' : `%${this.zone}`
  }
}

export function addressOfUint32(value: number): Address {
  return new Address(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value))
}

/** @throws InputFault that names `path` */
export function parseAddress(text: string, path = ''): Address {
  const bytes = addressBytes(text)
  if (bytes === undefined)
    throw new InputFault(path, `"${text}" is not an IP address`, 'write one such as 192.0.2.1 or 2001:db8::1')
  return new Address(bytes)
}

function addressBytes(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return undefined
  try {
    if (!text.includes(':')) return numberBytes(IPv4.fromString(text).getValue(), 4)
    const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
    if (dotted === null) return numberBytes(IPv6.fromString(text).getValue(), 16)
    // RFC 4291 §2.2 (3): the last 32 bits may be written as an IPv4 address
    const low = IPv4.fromString(dotted[2]!).getValue()
    return numberBytes(
      IPv6.fromString(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`).getValue(),
      16,
    )
  } catch {
    return undefined
  }
}

function numberBytes(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = length - 1, rest = value; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn)
  return bytes
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`. */
function renderIPv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, at) => (bytes[2 * at]! << 8) | bytes[2 * at + 1]!)
  let best = { at: 8, length: 1 }
  for (let at = 0, start = 0; at <= 8; at++) {
    if (at < 8 && groups[at] === 0) continue
    if (at - start > best.length) best = { at: start, length: at - start }
    start = at + 1
  }
  const hex = groups.map(group => group.toString(16))
  if (best.at === 8) return hex.join(':')
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`
}
