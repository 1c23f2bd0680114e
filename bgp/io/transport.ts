/**
 * TCP on Linux for the engine: dials and listens with the socket options of BGP, and knows the addresses of the host.
 * It keeps no session state and decides nothing. Passwords go into the kernel and nowhere else.
 */
import { createServer, type Server, Socket } from 'node:net'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { Address, type Family } from '../../lib/base/ip.ts'
import { Prefix } from '../../lib/base/prefix.ts'
import { closeDescriptor } from '../../lib/linux/libc.ts'
import { listAddresses } from '../../lib/linux/netlink/address.ts'
import { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'
import { openTcpListener, openTcpSocket, setMd5Key, setTrafficClass, setTtl } from '../../lib/linux/tcp.ts'
import type { Attachment, Channel, DialOptions, Listener, ListenOptions, Transport } from '../transport.ts'
import { FailedChannel, SocketChannel } from './channel.ts'

/** CS6, network control, in the octet's upper six bits (RFC 4594 §3.2): routing survives congestion. */
const NETWORK_CONTROL = 0xc0
/** A thousand clients may come at once after a restart. */
const BACKLOG = 1024

/** Its sockets belong to the network namespace that the calling thread is in at each call. */
export const tcpTransport: Transport = { dial, listen, attachment }

function dial({ address, port, localAddress, password, ttl }: DialOptions): Channel {
  const local = localAddress ?? new Address(new Uint8Array(address.bytes.length))
  let fd: number | undefined
  try {
    fd = openTcpSocket(address.family)
    setTrafficClass(fd, address.family, NETWORK_CONTROL)
    if (ttl !== undefined) setTtl(fd, address.family, ttl)
    if (password !== undefined) setMd5Key(fd, address, password)
    const socket = new Socket({ fd, readable: true, writable: true })
    socket.connect({ host: address.toString(), port, ...(localAddress && { localAddress: localAddress.toString() }) })
    return new SocketChannel(socket, { local, remote: address })
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    if (fd !== undefined) closeDescriptor(fd)
    return new FailedChannel(local, address, reasonOf(thrown))
  }
}

interface Ear {
  readonly family: Family
  readonly fd: number
  readonly server: Server
}

function listen({ addresses, port }: ListenOptions, accept: (channel: Channel) => void): Listener {
  const ears: Ear[] = []
  try {
    for (const address of addresses) ears.push(openEar(address, port, accept))
  } catch (thrown) {
    for (const { server } of ears) server.close()
    throw thrown
  }
  let secured = new Map<string, { address: Address; password: string }>()
  return {
    secure(keys) {
      const wanted = new Map(keys.map(key => [key.address.toString(), key]))
      for (const [name, { address }] of secured)
        if (!wanted.has(name)) for (const { fd } of earsFor(ears, address)) setMd5Key(fd, address, undefined)
      for (const [name, { address, password }] of wanted)
        if (secured.get(name)?.password !== password)
          for (const { fd } of earsFor(ears, address)) setMd5Key(fd, address, password)
      secured = wanted
    },
    close() {
      for (const { server } of ears) server.close()
    },
  }
}

function openEar(address: Address, port: number, accept: (channel: Channel) => void): Ear {
  const fd = openTcpListener({ address, port }, BACKLOG)
  setTrafficClass(fd, address.family, NETWORK_CONTROL) // accepted sockets inherit it
  const server = createServer({ noDelay: true }, socket => accept(new SocketChannel(socket)))
  // a connection that could not be accepted (its dialler has gone, no descriptors) is lost alone: the listener goes on
  server.on('error', () => {})
  server.listen({ fd, backlog: BACKLOG })
  return { family: address.family, fd, server }
}

function earsFor(ears: readonly Ear[], address: Address): Ear[] {
  return ears.filter(({ family }) => family === address.family)
}

function attachment(local: Address): Attachment {
  const socket = new NetlinkSocket()
  try {
    const all = listAddresses(socket)
    const link = all.find(({ address }) => address.equals(local))?.link
    const here = all.filter(one => one.link === link)
    const self = (family: Family) =>
      family === local.family ? local : here.map(({ address }) => address).find(isUsable(family))
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
