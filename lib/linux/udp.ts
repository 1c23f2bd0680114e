/**
 * UDP sockets that tell of each datagram how it came: its addresses, its interface and its TTL, which `dgram` does not say.
 * Gives descriptors; who waits for them is the caller's affair. What is sent goes through a connected socket by
 * `fs.writeSync`.
 */
import { Address, type Family } from '../base/ip.ts'
import {
  AF_INET,
  AF_INET6,
  allocate,
  bindSocket,
  closeDescriptor,
  connectSocket,
  LITTLE_ENDIAN,
  openSocket,
  receiveMessage,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  setSocketOption,
} from './libc.ts'
import { decodeSocketAddress, encodeSocketAddress, type SocketAddress } from './socket-address.ts'
import { setTtl } from './tcp.ts'

const IPPROTO_IP = 0
const IP_TTL = 2
const IP_PKTINFO = 8
const IP_RECVTTL = 12
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const IPV6_RECVPKTINFO = 49
const IPV6_PKTINFO = 50
const IPV6_RECVHOPLIMIT = 51
const IPV6_HOPLIMIT = 52

/** A socket on a port of all our addresses. @throws WorldFault EADDRINUSE … naming the port */
export function openUdpReceiver(family: Family, port: number): number {
  const fd = openUdpSocket(family)
  try {
    if (family === 4) {
      setSocketOption(fd, IPPROTO_IP, IP_RECVTTL, 1, 'IP_RECVTTL')
      setSocketOption(fd, IPPROTO_IP, IP_PKTINFO, 1, 'IP_PKTINFO')
    } else {
      setSocketOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, 'IPV6_V6ONLY')
      setSocketOption(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, 'IPV6_RECVHOPLIMIT')
      setSocketOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, 'IPV6_RECVPKTINFO')
    }
    const address = unspecified(family)
    bindSocket(fd, encodeSocketAddress({ address, port }), `receiving on UDP port ${port} (IPv${family})`)
    return fd
  } catch (thrown) {
    closeDescriptor(fd)
    throw thrown
  }
}

export interface UdpSenderOptions {
  /** Its port is the source port; without `address` the kernel chooses one for that destination. */
  readonly local: { readonly address?: Address; readonly port: number; readonly scope?: number }
  readonly remote: SocketAddress
  readonly ttl: number
}

/** A socket that sends to one place. @throws WorldFault EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH … */
export function openUdpSender({ local, remote, ttl }: UdpSenderOptions): number {
  const { family } = remote.address
  const fd = openUdpSocket(family)
  try {
    setTtl(fd, family, ttl)
    const source = { address: unspecified(family), ...local }
    bindSocket(fd, encodeSocketAddress(source), `sending from ${source.address} port ${source.port}`)
    connectSocket(fd, encodeSocketAddress(remote), `sending to ${remote.address} port ${remote.port}`)
    return fd
  } catch (thrown) {
    closeDescriptor(fd)
    throw thrown
  }
}

/** A datagram; `bytes` hold until the next is received. */
export interface Datagram {
  readonly bytes: Uint8Array
  readonly source: Address
  readonly destination: Address
  /** Number of the interface. */
  readonly link: number
  /** TTL or hop limit as it arrived. */
  readonly ttl: number
}

/** Of struct msghdr, struct iovec and what they point to, on machines of 64 bits: offsets in one piece of memory. */
const HEADER = { name: 0, nameLength: 8, vector: 16, vectorLength: 24, control: 32, controlLength: 40 }
const VECTOR = 56
const NAME = { at: 72, size: 28 }
const CONTROL = { at: 104, size: 128 }
const DATA = { at: 232, size: 1500 }
/** Of struct cmsghdr: a length of 64 bits, level, type. */
const CONTROL_HEADER = 16

export class DatagramReader {
  readonly #memory = allocate(DATA.at + DATA.size)
  readonly #view = new DataView(this.#memory.bytes.buffer)

  /** @returns undefined: none waits. @throws WorldFault */
  receive(fd: number): Datagram | undefined {
    const { address, bytes } = this.#memory
    this.#prepare()
    const length = receiveMessage(fd, address)
    if (length === undefined) return undefined
    const { address: source } = decodeSocketAddress(bytes.subarray(NAME.at, NAME.at + NAME.size))
    return { bytes: bytes.subarray(DATA.at, DATA.at + length), source, ...this.#control() }
  }

  #prepare(): void {
    const { address } = this.#memory
    const pointer = (at: number, to: number) => this.#view.setBigUint64(at, address + BigInt(to), LITTLE_ENDIAN)
    const count = (at: number, value: number) => this.#view.setBigUint64(at, BigInt(value), LITTLE_ENDIAN)
    pointer(HEADER.name, NAME.at)
    this.#view.setUint32(HEADER.nameLength, NAME.size, LITTLE_ENDIAN)
    pointer(HEADER.vector, VECTOR)
    count(HEADER.vectorLength, 1)
    pointer(HEADER.control, CONTROL.at)
    count(HEADER.controlLength, CONTROL.size)
    pointer(VECTOR, DATA.at)
    count(VECTOR + 8, DATA.size)
  }

  /** What the kernel tells beside the octets: struct in_pktinfo, struct in6_pktinfo, an int. */
  #control(): Pick<Datagram, 'destination' | 'link' | 'ttl'> {
    const { bytes } = this.#memory
    const view = this.#view
    const int = (at: number) => view.getInt32(at, LITTLE_ENDIAN)
    const address = (at: number, size: number) => new Address(bytes.slice(at, at + size))
    const end = CONTROL.at + Number(view.getBigUint64(HEADER.controlLength, LITTLE_ENDIAN))
    let told = { destination: unspecified(4), link: 0, ttl: 0 }
    for (let at = CONTROL.at; at + CONTROL_HEADER <= end; ) {
      const size = Number(view.getBigUint64(at, LITTLE_ENDIAN))
      const [level, type, data] = [int(at + 8), int(at + 12), at + CONTROL_HEADER]
      if (level === IPPROTO_IP && type === IP_TTL) told = { ...told, ttl: int(data) }
      if (level === IPPROTO_IP && type === IP_PKTINFO)
        told = { ...told, link: int(data), destination: address(data + 8, 4) }
      if (level === IPPROTO_IPV6 && type === IPV6_HOPLIMIT) told = { ...told, ttl: int(data) }
      if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO)
        told = { ...told, destination: address(data, 16), link: int(data + 16) }
      at += Math.max(CONTROL_HEADER, (size + 7) & ~7)
    }
    return told
  }
}

function openUdpSocket(family: Family): number {
  return openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0)
}

function unspecified(family: Family): Address {
  return new Address(new Uint8Array(family === 4 ? 4 : 16))
}
