/**
 * TCP sockets with options that must be set before the first segment. Gives descriptors; who reads and writes them is
 * the caller's affair (`net.Socket({ fd })`). Keys appear in no error text.
 */

import { WorldFault } from '../base/failure.ts'
import { type Address, bitsOf, type Family } from '../base/ip.ts'
import { hostPrefix, type Prefix } from '../base/prefix.ts'
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  closeDescriptor,
  listenSocket,
  openSocket,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  setSocketOption,
} from './libc.ts'
import { encodeSocketAddress, type SocketAddress } from './socket-address.ts'

const SO_REUSEADDR = 2
const IPPROTO_IP = 0
const IP_TOS = 1
const IP_TTL = 2
const IP_MINTTL = 21
const IPPROTO_TCP = 6
const TCP_MD5SIG = 14
const TCP_MD5SIG_EXT = 32
const TCP_MD5SIG_FLAG_PREFIX = 1
const IPPROTO_IPV6 = 41
const IPV6_UNICAST_HOPS = 16
const IPV6_V6ONLY = 26
const IPV6_TCLASS = 67
const IPV6_MINHOPCOUNT = 73

/** Of struct tcp_md5sig: a sockaddr_storage, flags, prefix length, key length, interface, key. */
const MD5 = { flags: 128, prefixLength: 129, keyLength: 130, key: 136, size: 216, longest: 80 } as const

/** A socket that is not connected yet. The caller closes it. @throws WorldFault */
export function openTcpSocket(family: Family): number {
  return openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0)
}

/** A socket with an address that does not listen yet. The caller closes it. @throws WorldFault as `listenTcp` */
export function bindTcpSocket(local: SocketAddress): number {
  const fd = openTcpSocket(local.address.family)
  try {
    setSocketOption(fd, SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR')
    if (local.address.family === 6) setSocketOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, 'IPV6_V6ONLY')
    bindSocket(fd, encodeSocketAddress(local), listening(local))
    return fd
  } catch (thrown) {
    closeDescriptor(fd)
    throw thrown
  }
}

/** From now on the kernel answers. @throws WorldFault EADDRINUSE, EADDRNOTAVAIL, EACCES … naming address and port */
export function listenTcp(fd: number, local: SocketAddress, backlog: number): void {
  listenSocket(fd, backlog, listening(local))
}

/** A socket that listens. The caller closes it. @throws WorldFault as `listenTcp` */
export function openTcpListener(local: SocketAddress, backlog: number): number {
  const fd = bindTcpSocket(local)
  try {
    listenTcp(fd, local, backlog)
    return fd
  } catch (thrown) {
    closeDescriptor(fd)
    throw thrown
  }
}

function listening({ address, port }: SocketAddress): string {
  return `listening on ${address} port ${port}`
}

/** The kernel's own TTL or hop limit. */
export const DEFAULT_TTL = -1

/** TTL or hop limit of what is sent, 1–255 or DEFAULT_TTL. @throws WorldFault */
export function setTtl(fd: number, family: Family, ttl: number): void {
  if (family === 4) setSocketOption(fd, IPPROTO_IP, IP_TTL, ttl, 'IP_TTL')
  else setSocketOption(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl, 'IPV6_UNICAST_HOPS')
}

/** From now on segments with a lower TTL or hop limit are dropped in silence (RFC 5082 §3). @throws WorldFault */
export function setMinimumTtl(fd: number, family: Family, ttl: number): void {
  if (family === 4) setSocketOption(fd, IPPROTO_IP, IP_MINTTL, ttl, 'IP_MINTTL')
  else setSocketOption(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, ttl, 'IPV6_MINHOPCOUNT')
}

/** @param value the octet, DSCP in its upper six bits. @throws WorldFault */
export function setTrafficClass(fd: number, family: Family, value: number): void {
  if (family === 4) setSocketOption(fd, IPPROTO_IP, IP_TOS, value, 'IP_TOS')
  else setSocketOption(fd, IPPROTO_IPV6, IPV6_TCLASS, value, 'IPV6_TCLASS')
}

/**
 * From now on segments from and to `peer` carry this key (RFC 2385), and those without it are dropped in silence. Of several
 * keys for an address that of the longest prefix counts.
 * @param password at most 80 octets of UTF-8; `undefined` takes the key away
 * @throws WorldFault
 */
export function setMd5Key(fd: number, peer: Address | Prefix, password: string | undefined): void {
  const key = Buffer.from(password ?? '')
  if (key.length > MD5.longest)
    throw new WorldFault('EINVAL', `the TCP MD5 key for ${peer} is longer than ${MD5.longest} octets`, { retry: false })
  const { address, length } = 'length' in peer ? peer : hostPrefix(peer)
  const option = new Uint8Array(MD5.size)
  option.set(encodeSocketAddress({ address, port: 0 }))
  new Uint16Array(option.buffer)[MD5.keyLength / 2] = key.length
  option.set(key, MD5.key)
  const name = length === bitsOf(address.family) ? TCP_MD5SIG : TCP_MD5SIG_EXT
  if (name === TCP_MD5SIG_EXT) {
    option[MD5.flags] = TCP_MD5SIG_FLAG_PREFIX
    option[MD5.prefixLength] = length
  }
  setSocketOption(fd, IPPROTO_TCP, name, option, `TCP_MD5SIG for ${peer}`)
}
