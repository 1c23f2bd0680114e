/**
 * Finds the router at the other end of a link by its router advertisements, and lets itself be found in the same way. It is
 * made for links between two routers: of several on one link it stays with the one it has, until that one is silent.
 *
 * The socket is looked at in intervals: advertisements come every few seconds, and a thread would be dear for that. It belongs
 * to the network namespace of the thread that began the watch.
 */
import { WorldFault } from '../base/failure.ts'
import { type Address, parseAddress } from '../base/ip.ts'
import {
  AF_INET6,
  attachFilter,
  closeDescriptor,
  openSocket,
  receiveFrom,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
  sendTo,
  setSocketOption,
} from './libc.ts'
import { findLink, type Link } from './netlink/link.ts'
import { NetlinkSocket } from './netlink/socket.ts'
import {
  encodeRouterAdvertisement,
  encodeRouterSolicitation,
  ROUTER_ADVERTISEMENT,
  ROUTER_SOLICITATION,
} from './router-advertisement.ts'
import { decodeAddress, encodeSocketAddress } from './socket-address.ts'
import { DROP, encodeFilter, FROM_NETWORK_HEADER, JUMP_EQUAL, KEEP, LOAD_OCTET, RETURN } from './socket-filter.ts'

const IPPROTO_IPV6 = 41
const IPPROTO_ICMPV6 = 58
const SO_BINDTODEVICE = 25
const IPV6_MULTICAST_IF = 17
const IPV6_MULTICAST_HOPS = 18
const IPV6_MULTICAST_LOOP = 19
const IPV6_ADD_MEMBERSHIP = 20
const ICMPV6_FILTER = 1

const ALL_NODES = parseAddress('ff02::1')
const ALL_ROUTERS = parseAddress('ff02::2')

/** Milliseconds. */
const LOOK = 500
const ADVERTISE = 10_000
/** The least time between two advertisements (RFC 4861 §6.2.6). */
const LEAST_PAUSE = 3000
/** After this a router that has said nothing gives way to another one. */
const SILENCE = 60_000

/** Octets; more of an advertisement does not matter. */
const LONGEST = 1500

export interface RouterWatcher {
  /** A router at the other end, or another one than before. */
  heard(router: Address): void
  /** In words: what keeps the watch from hearing and being heard; undefined: nothing does (any more). */
  problem(text: string | undefined): void
}

export class RouterWatch {
  readonly #interface: string
  readonly #watcher: RouterWatcher
  readonly #namespace: NetlinkSocket
  readonly #timer: NodeJS.Timeout
  #socket: { readonly fd: number; readonly link: Link } | undefined
  #router: Address | undefined
  #heardAt = Number.NEGATIVE_INFINITY
  #saidAt = Number.NEGATIVE_INFINITY
  /** Somebody has asked who is there, since we said it last. */
  #isAsked = false
  #problem: string | undefined

  /** @throws WorldFault where there are no netlink sockets */
  constructor(interfaceName: string, watcher: RouterWatcher) {
    this.#interface = interfaceName
    this.#watcher = watcher
    this.#namespace = new NetlinkSocket()
    this.#timer = setInterval(() => this.#turn(), LOOK)
    this.#turn()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#shut()
    this.#namespace.close()
  }

  /** A link that is not there, not up, or another one of the same name: the next turn tries again. */
  #turn(): void {
    try {
      this.#socket ??= this.#open()
      const { fd, link } = this.#socket
      this.#listen(fd)
      const pause = performance.now() - this.#saidAt
      if (pause >= (this.#isAsked ? LEAST_PAUSE : ADVERTISE)) this.#advertise(fd, link)
      this.#report(undefined)
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.#shut()
      this.#report(thrown.message)
    }
  }

  #open(): { fd: number; link: Link } {
    const link = findLink(this.#namespace, this.#interface)
    const fd = openSocket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMPV6)
    try {
      setSocketOption(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${link.name}\0`), 'SO_BINDTODEVICE')
      setSocketOption(
        fd,
        IPPROTO_ICMPV6,
        ICMPV6_FILTER,
        passOnly(ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT),
        'ICMPV6_FILTER',
      )
      attachFilter(fd, UNROUTED)
      setSocketOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, link.index, 'IPV6_MULTICAST_IF')
      setSocketOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255, 'IPV6_MULTICAST_HOPS')
      setSocketOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, 'IPV6_MULTICAST_LOOP')
      setSocketOption(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, membership(ALL_ROUTERS, link.index), 'IPV6_ADD_MEMBERSHIP')
      this.#send(fd, encodeRouterSolicitation(link.mac), ALL_ROUTERS)
      this.#saidAt = Number.NEGATIVE_INFINITY
      return { fd, link }
    } catch (thrown) {
      closeDescriptor(fd)
      throw thrown
    }
  }

  #listen(fd: number): void {
    const buffer = new Uint8Array(LONGEST)
    for (;;) {
      const datagram = receiveFrom(fd, buffer, `hearing routers on ${this.#interface}`)
      if (datagram === undefined) return
      const sender = decodeAddress(datagram.sender)
      if (datagram.data[0] === ROUTER_SOLICITATION) this.#isAsked = true
      else if (sender.isLinkLocal) this.#hear(sender)
    }
  }

  #hear(router: Address): void {
    const now = performance.now()
    const known = this.#router
    const isSame = known?.equals(router) ?? false
    if (known !== undefined && !isSame && now - this.#heardAt < SILENCE) return
    this.#heardAt = now
    this.#router = router
    if (!isSame) this.#watcher.heard(router)
  }

  #advertise(fd: number, { mac }: Link): void {
    this.#send(fd, encodeRouterAdvertisement(mac), ALL_NODES)
    this.#saidAt = performance.now()
    this.#isAsked = false
  }

  #send(fd: number, message: Uint8Array, to: Address): void {
    sendTo(fd, message, encodeSocketAddress({ address: to, port: 0 }), `being heard by routers on ${this.#interface}`)
  }

  #shut(): void {
    if (this.#socket !== undefined) closeDescriptor(this.#socket.fd)
    this.#socket = undefined
  }

  #report(problem: string | undefined): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#watcher.problem(problem)
  }
}

/** RFC 4861 §6.1: what has passed a router comes with fewer than 255 hops, and from somebody who is not on the link. */
const UNROUTED = encodeFilter([
  [LOAD_OCTET, 0, 0, FROM_NETWORK_HEADER + 7],
  [JUMP_EQUAL, 0, 1, 255],
  [RETURN, 0, 0, KEEP],
  [RETURN, 0, 0, DROP],
])

/** struct icmp6_filter: a bit for each type, set where it is blocked. */
function passOnly(...types: readonly number[]): Uint8Array {
  const words = new Uint32Array(8).fill(0xffffffff)
  for (const type of types) words[type >> 5]! &= ~(1 << (type & 31))
  return new Uint8Array(words.buffer)
}

/** struct ipv6_mreq */
function membership(group: Address, link: number): Uint8Array {
  const bytes = new Uint8Array(20)
  bytes.set(group.bytes)
  new Uint32Array(bytes.buffer)[4] = link
  return bytes
}
