/**
 * Neighbours and FDB rows of a namespace's kernel, by netlink (include/uapi/linux/neighbour.h): what the lab's BIG-IP and
 * its players of CNIs write, and what tests look up. Rule: rows are permanent, so that nothing but us makes them go.
 */
import { WorldFault } from '../../lib/base/failure.ts'
import { Address, parseAddress } from '../../lib/base/ip.ts'
import { familyNumber } from '../../lib/linux/netlink/address.ts'
import {
  decodeAttributes,
  type MessageWriter,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  u16At,
  u32At,
} from '../../lib/linux/netlink/message.ts'
import type { NetlinkSocket } from '../../lib/linux/netlink/socket.ts'

const RTM_NEWNEIGH = 28
const RTM_DELNEIGH = 29
const RTM_GETNEIGH = 30
const NLM_F_APPEND = 0x800

const AF_BRIDGE = 7
const NUD_NOARP = 0x40
const NUD_PERMANENT = 0x80
const NTF_SELF = 0x02
const NTF_PROXY = 0x08
const NDA_DST = 1
const NDA_LLADDR = 2

/** struct ndmsg */
const HEADER = 12
/** The FDB row that is used for whatever has no row of its own, and for broadcast. */
export const ANY_MAC = '00:00:00:00:00:00'

/** What a link knows of an address, or which address it answers for. */
export interface KernelNeighbor {
  readonly kind: 'neighbor' | 'proxy'
  readonly link: number
  readonly address: string
  /** Absent of a proxy. */
  readonly mac?: string
}

/** Where a VXLAN device sends frames for a MAC address. */
export interface KernelFdbRow {
  readonly kind: 'FDB row'
  readonly link: number
  readonly mac: string
  readonly endpoint: string
}

export type KernelRow = KernelNeighbor | KernelFdbRow

/** Makes it, or makes it so; of ANY_MAC there may be one for each endpoint. @throws WorldFault */
export function putRow(socket: NetlinkSocket, row: KernelRow): void {
  const many = row.kind === 'FDB row' && row.mac === ANY_MAC
  try {
    socket.change(`adding ${renderRow(row)}`, message =>
      write(message, RTM_NEWNEIGH, NLM_F_CREATE | (many ? NLM_F_APPEND : NLM_F_REPLACE), row),
    )
  } catch (thrown) {
    if (!(many && thrown instanceof WorldFault && thrown.code === 'EEXIST')) throw thrown
  }
}

/** Deletes it, if it is there. @throws WorldFault */
export function removeRow(socket: NetlinkSocket, row: KernelRow): void {
  try {
    socket.change(`deleting ${renderRow(row)}`, message => write(message, RTM_DELNEIGH, 0, row))
  } catch (thrown) {
    if (!(thrown instanceof WorldFault && thrown.code === 'ENOENT')) throw thrown
  }
}

/** The permanent rows of a link: its neighbours of both families, then its FDB. */
export function listRows(socket: NetlinkSocket, link: number): KernelRow[] {
  const neighbors = ([4, 6] as const).flatMap(family =>
    dump(socket, familyNumber(family)).flatMap(({ index, state, destination, mac }): KernelNeighbor[] =>
      index === link && (state & NUD_PERMANENT) !== 0 && destination !== undefined && mac !== undefined
        ? [{ kind: 'neighbor', link, address: destination, mac }]
        : [],
    ),
  )
  const fdb = dump(socket, AF_BRIDGE).flatMap(({ index, state, destination, mac }): KernelFdbRow[] =>
    index === link && (state & NUD_PERMANENT) !== 0 && destination !== undefined && mac !== undefined
      ? [{ kind: 'FDB row', link, mac, endpoint: destination }]
      : [],
  )
  return [...neighbors, ...fdb]
}

export function renderRow(row: KernelRow): string {
  if (row.kind === 'FDB row') return `FDB row ${row.mac} to ${row.endpoint}`
  return row.kind === 'proxy' ? `proxy ${row.address}` : `neighbour ${row.address} at ${row.mac}`
}

export function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), octet => Number.parseInt(octet, 16))
}

export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, octet => octet.toString(16).padStart(2, '0')).join(':')
}

function write(message: MessageWriter, type: number, flags: number, row: KernelRow): void {
  const fdb = row.kind === 'FDB row'
  const destination = parseAddress(fdb ? row.endpoint : row.address)
  message
    .begin(type, flags)
    .u8(fdb ? AF_BRIDGE : familyNumber(destination.family))
    .u8(0)
    .u16(0)
    .u32(row.link)
    .u16(fdb ? NUD_PERMANENT | NUD_NOARP : NUD_PERMANENT)
    .u8(fdb ? NTF_SELF : row.kind === 'proxy' ? NTF_PROXY : 0)
    .u8(0)
    .attribute(NDA_DST, destination.bytes)
  if (row.mac !== undefined) message.attribute(NDA_LLADDR, macBytes(row.mac))
  message.end()
}

function dump(socket: NetlinkSocket, family: number) {
  const body = new Uint8Array(HEADER)
  body[0] = family
  return socket.dump('listing neighbours', RTM_GETNEIGH, body).map(({ body }) => {
    const attributes = decodeAttributes(body, HEADER)
    const destination = attributes.get(NDA_DST)
    const mac = attributes.get(NDA_LLADDR)
    return {
      index: u32At(body, 4),
      state: u16At(body, 8),
      destination: destination && new Address(destination.slice()).toString(),
      mac: mac && macText(mac),
    }
  })
}
