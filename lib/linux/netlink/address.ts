/** Addresses of links in rtnetlink: list, add, delete (include/uapi/linux/if_addr.h). */
import { Address, type Family } from '../../base/ip.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import { decodeAttributes, type Message, type MessageWriter, NLM_F_CREATE, NLM_F_REPLACE, u32At } from './message.ts'
import type { NetlinkSocket } from './socket.ts'

const RTM_NEWADDR = 20
const RTM_DELADDR = 21
const RTM_GETADDR = 22

const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_F_NODAD = 0x02
const IFA_F_TENTATIVE = 0x40

/** struct ifaddrmsg */
const HEADER = 8

export interface LinkAddress {
  /** Index of the link. */
  readonly link: number
  readonly address: Address
  /** Of the network on the link. */
  readonly length: number
  /** Duplicate detection is not over: it cannot be bound yet. */
  readonly tentative: boolean
}

/** @param family both, if absent */
export function listAddresses(socket: NetlinkSocket, family?: Family): LinkAddress[] {
  const body = new Uint8Array(HEADER)
  body[0] = family === undefined ? 0 : familyNumber(family)
  return socket.dump('listing addresses', RTM_GETADDR, body).flatMap(decodeAddress)
}

/**
 * Adds it, or leaves it there. There is no duplicate detection for IPv6, so that the address can be bound at once; yet
 * the kernel makes the local route to it a moment (milliseconds) later, in a work queue of its own.
 * @throws WorldFault
 */
export function addAddress(socket: NetlinkSocket, link: number, address: Address, length: number): void {
  socket.change(`adding the address ${address}/${length}`, message =>
    write(message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, link, address, length),
  )
}

/** @throws WorldFault EADDRNOTAVAIL when it is not there */
export function deleteAddress(socket: NetlinkSocket, link: number, address: Address, length: number): void {
  socket.change(`deleting the address ${address}/${length}`, message =>
    write(message, RTM_DELADDR, 0, link, address, length),
  )
}

/** AF_INET or AF_INET6. */
export function familyNumber(family: Family): number {
  return family === 4 ? AF_INET : AF_INET6
}

function decodeAddress({ body }: Message): LinkAddress[] {
  const attributes = decodeAttributes(body, HEADER)
  // on a point-to-point link IFA_ADDRESS is the other end
  const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS)
  if (bytes === undefined) return []
  const tentative = (body[2]! & IFA_F_TENTATIVE) !== 0
  return [{ link: u32At(body, 4), address: new Address(bytes.slice()), length: body[1]!, tentative }]
}

function write(
  message: MessageWriter,
  type: number,
  flags: number,
  link: number,
  address: Address,
  length: number,
): void {
  message
    .begin(type, flags)
    .u8(familyNumber(address.family))
    .u8(length)
    .u8(address.family === 6 ? IFA_F_NODAD : 0)
    .u8(0)
    .u32(link)
    .attribute(IFA_LOCAL, address.bytes)
    .attribute(IFA_ADDRESS, address.bytes)
    .end()
}
