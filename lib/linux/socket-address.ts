/** struct sockaddr_in and sockaddr_in6 as bytes: the form in which system calls name an address and a port. */
import { Address } from '../base/ip.ts'
import { AF_INET, AF_INET6, LITTLE_ENDIAN } from './libc.ts'

export interface SocketAddress {
  readonly address: Address
  readonly port: number
  /** Number of the interface, which a link-local address needs (sin6_scope_id). */
  readonly scope?: number
}

export function encodeSocketAddress({ address, port, scope = 0 }: SocketAddress): Uint8Array {
  const bytes = new Uint8Array(address.family === 4 ? 16 : 28)
  new DataView(bytes.buffer).setUint16(0, address.family === 4 ? AF_INET : AF_INET6, LITTLE_ENDIAN)
  new DataView(bytes.buffer).setUint16(2, port)
  bytes.set(address.bytes, address.family === 4 ? 4 : 8)
  if (address.family === 6) new DataView(bytes.buffer).setUint32(24, scope, LITTLE_ENDIAN)
  return bytes
}

/** @throws RangeError where it is of neither family */
export function decodeSocketAddress(bytes: Uint8Array): SocketAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const family = view.getUint16(0, LITTLE_ENDIAN)
  const port = view.getUint16(2)
  if (family === AF_INET) return { address: new Address(bytes.slice(4, 8)), port }
  if (family !== AF_INET6) throw new RangeError(`address family ${family}`)
  return { address: new Address(bytes.slice(8, 24)), port, scope: view.getUint32(24, LITTLE_ENDIAN) }
}

/** The address of a struct sockaddr_in or sockaddr_in6. */
export function decodeAddress(bytes: Uint8Array): Address {
  return new Address(bytes.length === 16 ? bytes.slice(4, 8) : bytes.slice(8, 24))
}

/** An IPv4-mapped address (RFC 4291 §2.5.5.2) is the IPv4 address it holds: `::ffff:192.0.2.1` is 192.0.2.1. */
export function unmapped(address: Address): Address {
  const mapped = address.family === 6 && address.bytes.every((octet, at) => at >= 12 || octet === (at < 10 ? 0 : 255))
  return mapped ? new Address(address.bytes.slice(12)) : address
}
