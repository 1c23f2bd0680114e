/** Arithmetic on subnets that the values of lib/base do without: text in, text out, for rows and messages are text. */
import { Address, bitsOf, type Family, parseAddress } from '../../base/ip.ts'
import { Prefix, parsePrefix } from '../../base/prefix.ts'

export function familyOf(text: string): Family {
  return text.includes(':') ? 6 : 4
}

/** An address with the length of its subnet, `10.244.255.1/16`, as its two parts. @throws InputFault */
export function parseInterface(text: string): { readonly address: Address; readonly subnet: Prefix } {
  const [head = '', length] = text.split('/')
  const address = parseAddress(head)
  return { address, subnet: new Prefix(address.bytes, length === undefined ? bitsOf(address.family) : Number(length)) }
}

export function overlap(one: Prefix, other: Prefix): boolean {
  return one.contains(other) || other.contains(one)
}

/** The first address of a subnet that a host may have: what CNI bridges take. Of /31, /32, /127 and /128 the network itself. */
export function firstHost(prefix: Prefix): Address {
  return prefix.length + 1 >= bitsOf(prefix.family) ? prefix.address : fromNumber(numberOf(prefix) + 1n, prefix.family)
}

/** The subnet of this length that is the last of `prefix`, or so many before it; undefined where there are not as many. */
export function subnetFromEnd(prefix: Prefix, length: number, before: number): Prefix | undefined {
  const many = 1n << BigInt(length - prefix.length)
  if (length < prefix.length || BigInt(before) >= many) return undefined
  const step = 1n << BigInt(bitsOf(prefix.family) - length)
  const first = numberOf(prefix) + (many - 1n - BigInt(before)) * step
  return new Prefix(fromNumber(first, prefix.family).bytes, length)
}

/** The other half of the prefix that is one bit shorter. */
export function neighbourOf(prefix: Prefix): Prefix {
  const half = 1n << BigInt(bitsOf(prefix.family) - prefix.length)
  return new Prefix(fromNumber(numberOf(prefix) ^ half, prefix.family).bytes, prefix.length)
}

/** Texts that a parser has made before: they parse. */
export function prefixes(texts: readonly string[]): Prefix[] {
  return texts.map(text => parsePrefix(text))
}

function numberOf({ bytes }: Prefix): bigint {
  return bytes.reduce((number, octet) => (number << 8n) | BigInt(octet), 0n)
}

function fromNumber(number: bigint, family: Family): Address {
  const bytes = new Uint8Array(bitsOf(family) / 8)
  for (let at = bytes.length - 1, rest = number; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn)
  return new Address(bytes)
}
