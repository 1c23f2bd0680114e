/** struct sockaddr_in and sockaddr_in6 as bytes: the form in which system calls name an address and a port. */
import { Address } from '../base/ip.ts'
import { AF_INET, AF_INET6, LITTLE_ENDIAN } from './libc.ts'
import { u16At } from './netlink/message.ts'

export interface SocketAddress {
  readonly address: Address
  readonly port: number
}

export function encodeSocketAddress({ address, port }: SocketAddress): Uint8Array {
  const bytes = new Uint8Array(address.family === 4 ? 16 : 28)
  new DataView(bytes.buffer).setUint16(0, address.family === 4 ? AF_INET : AF_INET6, LITTLE_ENDIAN)
  new DataView(bytes.buffer).setUint16(2, port)
  bytes.set(address.bytes, address.family === 4 ? 4 : 8)
  return bytes
}

/** An IPv4-mapped address (RFC 4291 §2.5.5.2) comes back as the IPv4 address it is. */
export function decodeSocketAddress(bytes: Uint8Array): SocketAddress {
  const port = (bytes[2]! << 8) | bytes[3]!
  const address = u16At(bytes, 0) === AF_INET ? bytes.slice(4, 8) : bytes.slice(8, 24)
  return { address: unmapped(new Address(address)), port }
}

/** `::ffff:192.0.2.1` is 192.0.2.1. */
export function unmapped(address: Address): Address {
  const mapped = address.family === 6 && address.bytes.every((octet, at) => at >= 12 || octet === (at < 10 ? 0 : 255))
  return mapped ? new Address(address.bytes.slice(12)) : address
}
