/**
 * TCP on Linux for the engine: dials and listens with the socket options of BGP, and knows the addresses of the host.
 * It keeps no session state and decides nothing. Passwords go into the kernel and nowhere else.
 */
import { createServer, type Server, Socket } from 'node:net'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { Address, type Family } from '../../lib/base/ip.ts'
import { Prefix } from '../../lib/base/prefix.ts'
import { attachFilter, closeDescriptor, detachFilter } from '../../lib/linux/libc.ts'
import { listAddresses } from '../../lib/linux/netlink/address.ts'
import { findLink } from '../../lib/linux/netlink/link.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import type { SocketAddress } from '../../lib/linux/socket-address.ts'
import {
  bindTcpSocket,
  DEFAULT_TTL,
  listenTcp,
  openTcpSocket,
  setMd5Key,
  setMinimumTtl,
  setTrafficClass,
  setTtl,
} from '../../lib/linux/tcp.ts'
import { ttlFilter } from '../../lib/linux/ttl-filter.ts'
import type { Attachment, Channel, DialOptions, Listener, ListenRule, Transport } from '../transport.ts'
import { FailedChannel, SocketChannel } from './channel.ts'

/** CS6, network control, in the octet's upper six bits (RFC 4594 §3.2): routing survives congestion. */
const NETWORK_CONTROL = 0xc0
/** A thousand clients may come at once after a restart. */
const BACKLOG = 1024

/** Its sockets belong to the network namespace that the calling thread is in at each call. */
export const tcpTransport: Transport = { dial, listen, attachment }

type Accept = Parameters<Transport['listen']>[1]

function dial({ address, port, localAddress, interface: link, password, ttl, minimumTtl }: DialOptions): Channel {
  const ends = {
    local: localAddress ?? new Address(new Uint8Array(address.bytes.length)),
    remote: address,
    interface: link,
  }
  let fd: number | undefined
  try {
    fd = openTcpSocket(address.family)
    setTrafficClass(fd, address.family, NETWORK_CONTROL)
    if (ttl !== undefined) setTtl(fd, address.family, ttl)
    if (minimumTtl !== undefined) setMinimumTtl(fd, address.family, minimumTtl)
    if (password !== undefined) setMd5Key(fd, address, password)
    const socket = new Socket({ fd, readable: true, writable: true })
    const zoned = (end: Address) => (link !== undefined && end.isLinkLocal ? `${end}%${link}` : end.toString())
    socket.connect({ host: zoned(address), port, ...(localAddress && { localAddress: zoned(localAddress) }) })
    return new SocketChannel(socket, ends)
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    if (fd !== undefined) closeDescriptor(fd)
    return new FailedChannel(ends, reasonOf(thrown))
  }
}

/** A listening socket, or one that is about to be. */
interface Ear {
  readonly local: SocketAddress
  readonly fd: number
  /** The socket filter that is attached, as text; empty: none. */
  filter: string
  server: Server | undefined
}

function listen({ addresses, port, rules = [] }: Parameters<Transport['listen']>[0], accept: Accept): Listener {
  const ears: Ear[] = []
  const keys = new Map<string, ListenRule>()
  const close = () => {
    for (const { fd, server } of ears)
      if (server === undefined) closeDescriptor(fd)
      else server.close()
  }
  const secure = (wanted: readonly ListenRule[]) => {
    secureKeys(ears, keys, wanted)
    for (const ear of ears) limitHops(ear, wanted)
  }
  try {
    for (const address of addresses) ears.push(openEar({ address, port }))
    secure(rules)
    for (const ear of ears) hear(ear, accept)
  } catch (thrown) {
    close()
    throw thrown
  }
  return { secure, close }
}

/** @param keys those that are set, by prefix */
function secureKeys(ears: readonly Ear[], keys: Map<string, ListenRule>, rules: readonly ListenRule[]): void {
  const wanted = new Map(rules.filter(({ password }) => password !== undefined).map(rule => [String(rule.from), rule]))
  for (const [name, { from }] of keys) {
    if (wanted.has(name)) continue
    for (const { fd } of earsFor(ears, from)) setMd5Key(fd, from, undefined)
    keys.delete(name)
  }
  for (const [name, rule] of wanted) {
    if (keys.get(name)?.password === rule.password) continue
    for (const { fd } of earsFor(ears, rule.from)) setMd5Key(fd, rule.from, rule.password)
    keys.set(name, rule)
  }
}

/** Accepted connections inherit all of it. Our own answers to a SYN must pass the same check at the other end. */
function limitHops(ear: Ear, rules: readonly ListenRule[]): void {
  const { family } = ear.local.address
  const filter = ttlFilter(family, rules)
  const key = filter === undefined ? '' : Buffer.from(filter).toString('latin1')
  if (key === ear.filter) return
  setTtl(ear.fd, family, filter === undefined ? DEFAULT_TTL : 255)
  if (filter === undefined) detachFilter(ear.fd)
  else attachFilter(ear.fd, filter)
  ear.filter = key
}

function openEar(local: SocketAddress): Ear {
  const fd = bindTcpSocket(local)
  setTrafficClass(fd, local.address.family, NETWORK_CONTROL) // accepted sockets inherit it
  return { local, fd, filter: '', server: undefined }
}

function hear(ear: Ear, accept: Accept): void {
  listenTcp(ear.fd, ear.local, BACKLOG)
  ear.server = createServer({ noDelay: true }, socket => accept(new SocketChannel(socket)))
  // a connection that could not be accepted (its dialler has gone, no descriptors) is lost alone: the listener goes on
  ear.server.on('error', () => {})
  ear.server.listen({ fd: ear.fd, backlog: BACKLOG })
}

function earsFor(ears: readonly Ear[], { family }: Prefix): Ear[] {
  return ears.filter(({ local }) => local.address.family === family)
}

function attachment(local: Address, interfaceName?: string): Attachment {
  const socket = new NetlinkSocket()
  try {
    const all = listAddresses(socket)
    const named = interfaceName === undefined ? undefined : findLink(socket, interfaceName).index
    const link = named ?? all.find(({ address }) => address.equals(local))?.link
    const here = all.filter(one => one.link === link)
    const usable = (family: Family) => here.map(({ address }) => address).find(isUsable(family))
    // a link-local address is told only where there is no other one
    const self = (family: Family) =>
      family !== local.family ? usable(family) : local.isLinkLocal ? (usable(family) ?? local) : local
    const [v4, v6] = [self(4), self(6)]
    return {
      self: { ...(v4 && { 4: v4 }), ...(v6 && { 6: v6 }) },
      subnets: here.map(({ address, length }) => new Prefix(address.bytes, length)),
    }
  } finally {
    socket.close()
  }
}

/** As a next hop for others: of the family, and neither loopback nor link-local, which alone says no interface (RFC 2545 §3). */
function isUsable(family: Family): (address: Address) => boolean {
  return address =>
    address.family === family &&
    !address.isLinkLocal &&
    (family === 4 ? address.bytes[0] !== 127 : !LOOPBACK.equals(address))
}

const LOOPBACK = new Address(Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? 1 : 0)))
