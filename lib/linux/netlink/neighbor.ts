/**
 * Neighbours of rtnetlink (include/uapi/linux/neighbour.h): ARP and NDP entries, proxy entries, and the forwarding database
 * (FDB) of VXLAN devices, which the kernel tells with the same message under the family AF_BRIDGE.
 */
import { Address } from '../../base/ip.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import { familyNumber } from './address.ts'
import {
  decodeAttributes,
  type Message,
  MessageWriter,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  u16At,
  u32At,
} from './message.ts'
import type { NetlinkSocket } from './socket.ts'

export const RTM_NEWNEIGH = 28
export const RTM_DELNEIGH = 29
const RTM_GETNEIGH = 30

const AF_UNSPEC = 0
const AF_BRIDGE = 7

/** struct ndmsg */
const HEADER = 12

const NDA_DST = 1
const NDA_LLADDR = 2
const NDA_PROTOCOL = 12
const NDA_NH_ID = 13

const NUD_NOARP = 0x40
const NUD_PERMANENT = 0x80
const NTF_SELF = 0x02
const NTF_PROXY = 0x08

/** An ARP or NDP entry: packets to `address` go to `mac`. */
export interface KernelNeighbor {
  readonly kind: 'neighbor'
  readonly link: number
  readonly address: Address
  /** Six octets; undefined while the kernel is asking for it. */
  readonly mac: Uint8Array | undefined
  /** Not found out by the kernel: it stays until somebody takes it away. */
  readonly permanent: boolean
  /** Who put it there, a number as routes have it; 0: nobody said. */
  readonly protocol: number
}

/** The kernel answers ARP or NDP for `address` on this link. */
export interface KernelProxy {
  readonly kind: 'proxy'
  readonly link: number
  readonly address: Address
  readonly protocol: number
}

/** A row of a VXLAN device's FDB: frames to `mac` go to the VTEP, or to those of a nexthop group. */
export interface KernelFdbRow {
  readonly kind: 'fdb'
  readonly link: number
  readonly mac: Uint8Array
  /** Undefined where a nexthop group says it. */
  readonly endpoint: Address | undefined
  /** Id of a nexthop group; 0: none. */
  readonly nextHopGroup: number
  /** Not learned. */
  readonly permanent: boolean
}

export type KernelNeighborRow = KernelNeighbor | KernelProxy | KernelFdbRow

/** What is put there is permanent. */
export type NeighborSpec =
  | (Pick<KernelNeighbor, 'kind' | 'link' | 'address' | 'protocol'> & { readonly mac: Uint8Array })
  | KernelProxy
  | (Pick<KernelFdbRow, 'kind' | 'link' | 'mac'> & ({ readonly endpoint: Address } | { readonly nextHopGroup: number }))

/**
 * - `add`: refused with EEXIST when the key (link and address, or link and MAC) is taken;
 * - `replace`: takes the key over, whosever it is; an FDB row with an endpoint cannot be replaced by one with a group.
 */
export type NeighborChange = 'add' | 'replace' | 'delete'

const CHANGE_FLAGS = { add: NLM_F_CREATE | NLM_F_EXCL, replace: NLM_F_CREATE | NLM_F_REPLACE, delete: 0 } as const

export function writeNeighbor(message: MessageWriter, change: NeighborChange, row: NeighborSpec): void {
  const type = change === 'delete' ? RTM_DELNEIGH : RTM_NEWNEIGH
  const state = row.kind === 'fdb' ? NUD_PERMANENT | NUD_NOARP : row.kind === 'neighbor' ? NUD_PERMANENT : 0
  const flags = { fdb: NTF_SELF, proxy: NTF_PROXY, neighbor: 0 }[row.kind]
  message.begin(type, CHANGE_FLAGS[change])
  header(message, row.kind === 'fdb' ? AF_BRIDGE : familyNumber(row.address.family), row.link, state, flags)
  if (row.kind !== 'fdb') message.attribute(NDA_DST, row.address.bytes)
  else if ('endpoint' in row) message.attribute(NDA_DST, row.endpoint.bytes)
  // a delete that names a group is refused
  else if (change !== 'delete') message.attributeU32(NDA_NH_ID, row.nextHopGroup)
  if (row.kind !== 'proxy') message.attribute(NDA_LLADDR, row.mac)
  if (row.kind !== 'fdb') message.attributeU8(NDA_PROTOCOL, row.protocol)
  message.end()
}

/** A RTM_NEWNEIGH or RTM_DELNEIGH; undefined for rows that are none of the three kinds, such as those of bridges. */
export function decodeNeighbor({ body }: Message): KernelNeighborRow | undefined {
  if (body.length < HEADER) return undefined
  const family = body[0]!
  const link = u32At(body, 4)
  const state = u16At(body, 8)
  const flags = body[10]!
  const attributes = decodeAttributes(body, HEADER)
  const destination = attributes.get(NDA_DST)
  const address = destination && new Address(destination.slice())
  const mac = attributes.get(NDA_LLADDR)?.slice()
  const permanent = (state & (NUD_PERMANENT | NUD_NOARP)) !== 0
  if (family === AF_BRIDGE) {
    if ((flags & NTF_SELF) === 0 || mac === undefined) return undefined
    const group = attributes.get(NDA_NH_ID)
    if (address === undefined && group === undefined) return undefined
    return { kind: 'fdb', link, mac, endpoint: address, nextHopGroup: group ? u32At(group, 0) : 0, permanent }
  }
  if ((family !== AF_INET && family !== AF_INET6) || address === undefined) return undefined
  const protocol = attributes.get(NDA_PROTOCOL)?.[0] ?? 0
  if ((flags & NTF_PROXY) !== 0) return { kind: 'proxy', link, address, protocol }
  return { kind: 'neighbor', link, address, mac, permanent, protocol }
}

/** ARP and NDP entries of all links, those of the kernel's own finding too. @throws WorldFault */
export function listNeighbors(socket: NetlinkSocket): KernelNeighborRow[] {
  return list(socket, 'listing neighbours', AF_UNSPEC, 0)
}

/** @throws WorldFault */
export function listProxies(socket: NetlinkSocket): KernelNeighborRow[] {
  return list(socket, 'listing proxy neighbours', AF_UNSPEC, NTF_PROXY)
}

/** FDB rows of one VXLAN device. @throws WorldFault */
export function listFdb(socket: NetlinkSocket, link: number): KernelNeighborRow[] {
  return list(socket, `listing the FDB of link ${link}`, AF_BRIDGE, 0, link)
}

function list(socket: NetlinkSocket, what: string, family: number, flags: number, link = 0): KernelNeighborRow[] {
  const body = header(new MessageWriter(), family, link, 0, flags).bytes
  return socket.dump(what, RTM_GETNEIGH, body).flatMap(message => decodeNeighbor(message) ?? [])
}

function header(message: MessageWriter, family: number, link: number, state: number, flags: number): MessageWriter {
  return message.u8(family).u8(0).u16(0).u32(link).u16(state).u8(flags).u8(0)
}
