/**
 * Listens in the tunnels of BIG-IP for its questions, by ARP and NDP, where addresses are, and for the answers. Opens raw
 * sockets, and decides nothing.
 */
import { closeSync, readSync } from 'node:fs'
import { Address } from '../../../lib/base/ip.ts'
import { bindSocket, LITTLE_ENDIAN, openSocket, SOCK_NONBLOCK } from '../../../lib/linux/libc.ts'
import { findLink } from '../../../lib/linux/netlink/link.ts'
import type { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import { removeRow } from '../neighbors.ts'
import { inPlace } from '../network.ts'

/** include/uapi/linux/if_packet.h, if_ether.h */
const AF_PACKET = 17
const SOCK_RAW = 3
const ETH_P_ALL = 3
const ETH_P_ARP = 0x0806
const ETH_P_IPV6 = 0x86dd
const ETHERNET = 14
const ICMPV6 = 58
const LONGEST = 2048

/** By RFC 826 and RFC 4861 §4.3, §4.4. */
const ARP = { request: 1, reply: 2 }
const NEIGHBOR = { solicitation: 135, advertisement: 136 }

export interface Heard {
  readonly is: 'question' | 'answer'
  readonly address: string
}

export class Questions {
  readonly #fds: readonly number[]
  readonly #heard: Heard[] = []

  constructor({ device }: BigIpLab) {
    this.#fds = inPlace(BIGIP, socket => device.kernel.tunnels.map(name => openTap(findLink(socket, name).index)))
  }

  /** Since the start. */
  about(address: string): { readonly questions: number; readonly answers: number } {
    for (const fd of this.#fds) this.#heard.push(...readAll(fd))
    const count = (is: Heard['is']) => this.#heard.filter(one => one.is === is && one.address === address).length
    return { questions: count('question'), answers: count('answer') }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds) closeSync(fd)
  }
}

/** BIG-IP no longer knows where an address is, and has to ask. */
export function forget({ device }: BigIpLab, address: string): void {
  inPlace(BIGIP, socket => {
    for (const name of device.kernel.tunnels)
      removeRow(socket, { kind: 'neighbor', link: findLink(socket, name).index, address })
  })
}

/** What goes in and out of a link. */
function openTap(link: number): number {
  const fd = openSocket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0)
  const address = new DataView(new ArrayBuffer(20))
  address.setUint16(0, AF_PACKET, LITTLE_ENDIAN)
  address.setUint16(2, ETH_P_ALL)
  address.setInt32(4, link, LITTLE_ENDIAN)
  bindSocket(fd, new Uint8Array(address.buffer))
  return fd
}

function* readAll(fd: number): Generator<Heard> {
  const frame = new Uint8Array(LONGEST)
  for (;;) {
    let length: number
    try {
      length = readSync(fd, frame)
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'EAGAIN') return
      throw thrown
    }
    const heard = decode(frame.subarray(0, length))
    if (heard !== undefined) yield heard
  }
}

function decode(frame: Uint8Array): Heard | undefined {
  const view = new DataView(frame.buffer, 0, frame.length)
  const kind = view.getUint16(12)
  const addressAt = (at: number, octets: number) => new Address(frame.slice(at, at + octets)).toString()
  if (kind === ETH_P_ARP) {
    const operation = view.getUint16(ETHERNET + 6)
    if (operation === ARP.request) return { is: 'question', address: addressAt(ETHERNET + 24, 4) }
    return operation === ARP.reply ? { is: 'answer', address: addressAt(ETHERNET + 14, 4) } : undefined
  }
  if (kind !== ETH_P_IPV6 || frame[ETHERNET + 6] !== ICMPV6) return undefined
  const type = frame[ETHERNET + 40]
  if (type !== NEIGHBOR.solicitation && type !== NEIGHBOR.advertisement) return undefined
  return { is: type === NEIGHBOR.solicitation ? 'question' : 'answer', address: addressAt(ETHERNET + 48, 16) }
}
