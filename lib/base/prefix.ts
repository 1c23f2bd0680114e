/** IP prefixes as values: bytes with the host bits cleared, and a length. */
import { InputFault } from './failure.ts'
import { Address, bitsOf, type Family, parseAddress } from './ip.ts'

export class Prefix {
  readonly family: Family
  /** 4 or 16 octets, host bits zero. */
  readonly bytes: Uint8Array
  readonly length: number
  #text: string | undefined

  /** Host bits of `bytes` are cleared in a copy. */
  constructor(bytes: Uint8Array, length: number) {
    this.family = new Address(bytes).family
    if (!Number.isInteger(length) || length < 0 || length > bitsOf(this.family))
      throw new RangeError(`prefix length ${length}`)
    this.bytes = masked(bytes, length)
    this.length = length
  }

  get address(): Address {
    return new Address(this.bytes)
  }

  /** Whether the whole of `inner` lies in this prefix (equal counts). */
  contains(inner: Prefix | Address): boolean {
    const length = inner instanceof Prefix ? inner.length : bitsOf(inner.family)
    if (inner.family !== this.family || length < this.length) return false
    return masked(inner.bytes, this.length).every((octet, at) => octet === this.bytes[at])
  }

  equals(other: Prefix): boolean {
    return this.toString() === other.toString()
  }

  toString(): string {
    this.#text ??= `${this.address}/${this.length}`
    return this.#text
  }

  toJSON(): string {
    return this.toString()
  }
}

/** The /32 or /128 of one address. */
export function hostPrefix(address: Address): Prefix {
  return new Prefix(address.bytes, bitsOf(address.family))
}

/**
 * `192.0.2.0/24`; a bare address means its host prefix. Host bits that are set are an error, for they are a typing slip.
 * @throws InputFault that names `path`
 */
export function parsePrefix(text: string, path = ''): Prefix {
  const [head = '', tail, more] = text.split('/')
  const address = parseAddress(head, path)
  if (tail === undefined) return hostPrefix(address)
  const bits = bitsOf(address.family)
  if (more !== undefined || !/^\d{1,3}$/.test(tail) || Number(tail) > bits)
    throw new InputFault(path, `"${text}" has no length from 0 to ${bits}`, `write one such as ${address}/${bits}`)
  const prefix = new Prefix(address.bytes, Number(tail))
  if (!prefix.address.equals(address)) throw new InputFault(path, `"${text}" has host bits set`, `write ${prefix}`)
  return prefix
}

function masked(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((octet, at) => octet & (0xff00 >> Math.min(8, Math.max(0, length - 8 * at))) & 0xff)
}
