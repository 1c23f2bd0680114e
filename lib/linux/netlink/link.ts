/**
 * Links (network devices) of rtnetlink: list, make, change, delete (include/uapi/linux/if_link.h). It knows the kinds
 * that podpeer and its lab use: veth, bridge, vxlan.
 */
import { Address } from '../../base/ip.ts'
import {
  decodeAttributes,
  type Message,
  type MessageWriter,
  NLM_F_CREATE,
  NLM_F_EXCL,
  stringOf,
  u32At,
} from './message.ts'
import type { NetlinkSocket } from './socket.ts'

export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
const RTM_GETLINK = 18

const IFF_UP = 1
const IFF_LOWER_UP = 0x10000

const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINK = 5
const IFLA_MASTER = 10
const IFLA_LINKINFO = 18
const IFLA_NET_NS_FD = 28
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const VETH_INFO_PEER = 1
const IFLA_VXLAN_ID = 1
const IFLA_VXLAN_LINK = 3
const IFLA_VXLAN_LOCAL = 4
const IFLA_VXLAN_LEARNING = 7
const IFLA_VXLAN_PORT = 15
const IFLA_VXLAN_LOCAL6 = 17
const IFLA_VXLAN_UDP_ZERO_CSUM6_RX = 20
const IFLA_VXLAN_COLLECT_METADATA = 25

/** struct ifinfomsg */
const HEADER = 16

export interface Link {
  readonly index: number
  readonly name: string
  /** Set up by an administrator (IFF_UP). */
  readonly up: boolean
  /** There is a carrier (IFF_LOWER_UP). */
  readonly carrier: boolean
  readonly mtu: number
  /** Six octets for Ethernet; empty where there is none. */
  readonly mac: Uint8Array
  /** `veth`, `bridge`, `vxlan` …; empty for hardware and `lo`. */
  readonly kind: string
  /** Index of the bridge or bond it is in, else 0. */
  readonly master: number
  /** Index of the link below or, of a veth, of the other end (which may be in another namespace); 0: none. */
  readonly below: number
  /** Of a VXLAN device. */
  readonly vxlan?: Vxlan
}

/** What a VXLAN device was made with (RFC 7348). */
export interface Vxlan {
  readonly vni: number
  /** UDP port of both ends. */
  readonly port: number
  /** Where its packets come from; undefined: as the routes say. */
  readonly local: Address | undefined
  readonly learning: boolean
  /** Index of the link below; 0: any. */
  readonly below: number
  /** Packets over IPv6 with UDP checksum 0, as RFC 7348 wants them, are not dropped. */
  readonly zeroChecksum6: boolean
  /** Where packets go is said with each of them (`external`), not by the FDB. */
  readonly external: boolean
}

interface LinkCommon {
  readonly name: string
  readonly mtu?: number
  readonly mac?: Uint8Array
  /** Descriptor of the network namespace it is to be in; default: the one of the socket. */
  readonly namespace?: number
}

export type LinkSpec =
  | (LinkCommon & { readonly kind: 'veth'; readonly peer: LinkCommon })
  | (LinkCommon & { readonly kind: 'bridge' })
  | (LinkCommon & {
      readonly kind: 'vxlan'
      readonly vni: number
      readonly port: number
      readonly local?: Address
      /** Index of the link below. */
      readonly below?: number
      readonly learning: boolean
    })

export interface LinkChange {
  readonly up?: boolean
  readonly name?: string
  readonly mtu?: number
  readonly mac?: Uint8Array
  /** 0: out of its bridge. */
  readonly master?: number
  /** Descriptor of the network namespace to move it to. */
  readonly namespace?: number
}

export function listLinks(socket: NetlinkSocket): Link[] {
  return socket.dump('listing links', RTM_GETLINK, new Uint8Array(HEADER)).map(decodeLink)
}

/** @throws WorldFault ENODEV */
export function findLink(socket: NetlinkSocket, name: string): Link {
  return decodeLink(
    socket.ask(`looking for the link ${name}`, message =>
      begin(message, RTM_GETLINK, 0, 0).attributeString(IFLA_IFNAME, name).end(),
    ),
  )
}

/** @throws WorldFault EEXIST … */
export function createLink(socket: NetlinkSocket, spec: LinkSpec): void {
  socket.change(`making the link ${spec.name}`, message => {
    common(begin(message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0), spec)
      .nest(IFLA_LINKINFO, () => {
        message.attributeString(IFLA_INFO_KIND, spec.kind)
        if (spec.kind !== 'bridge') message.nest(IFLA_INFO_DATA, () => info(message, spec))
      })
      .end()
  })
}

export function setLink(socket: NetlinkSocket, index: number, change: LinkChange): void {
  socket.change(`changing the link ${index}`, message => {
    begin(message, RTM_NEWLINK, 0, index, change.up)
    if (change.master !== undefined) message.attributeU32(IFLA_MASTER, change.master)
    common(message, change).end()
  })
}

/** Of a veth both ends go. */
export function deleteLink(socket: NetlinkSocket, index: number): void {
  socket.change(`deleting the link ${index}`, message => begin(message, RTM_DELLINK, 0, index).end())
}

export function decodeLink({ body }: Message): Link {
  const attributes = decodeAttributes(body, HEADER)
  const number = (type: number) => {
    const value = attributes.get(type)
    return value === undefined ? 0 : u32At(value, 0)
  }
  const linkInfo = decodeAttributes(attributes.get(IFLA_LINKINFO) ?? new Uint8Array())
  const kindName = linkInfo.get(IFLA_INFO_KIND)
  const kind = kindName === undefined ? '' : stringOf(kindName)
  const data = linkInfo.get(IFLA_INFO_DATA)
  const flags = u32At(body, 8)
  return {
    index: u32At(body, 4),
    name: stringOf(attributes.get(IFLA_IFNAME) ?? new Uint8Array()),
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    mtu: number(IFLA_MTU),
    mac: (attributes.get(IFLA_ADDRESS) ?? new Uint8Array()).slice(),
    kind,
    master: number(IFLA_MASTER),
    below: number(IFLA_LINK),
    ...(kind === 'vxlan' && data !== undefined && { vxlan: decodeVxlan(data) }),
  }
}

function decodeVxlan(data: Uint8Array): Vxlan {
  const attributes = decodeAttributes(data)
  const number = (type: number) => {
    const value = attributes.get(type)
    return value === undefined ? 0 : u32At(value, 0)
  }
  const flag = (type: number) => attributes.get(type)?.[0] === 1
  const port = attributes.get(IFLA_VXLAN_PORT) ?? new Uint8Array(2)
  const local = attributes.get(IFLA_VXLAN_LOCAL) ?? attributes.get(IFLA_VXLAN_LOCAL6)
  return {
    vni: number(IFLA_VXLAN_ID),
    port: (port[0]! << 8) | port[1]!,
    local: local && new Address(local.slice()),
    learning: flag(IFLA_VXLAN_LEARNING),
    below: number(IFLA_VXLAN_LINK),
    zeroChecksum6: flag(IFLA_VXLAN_UDP_ZERO_CSUM6_RX),
    external: flag(IFLA_VXLAN_COLLECT_METADATA),
  }
}

/** @param up undefined: as it is */
function begin(message: MessageWriter, type: number, flags: number, index: number, up?: boolean): MessageWriter {
  message.begin(type, flags)
  return header(message, index, up)
}

function header(message: MessageWriter, index: number, up?: boolean): MessageWriter {
  return message
    .u32(0)
    .u32(index)
    .u32(up === true ? IFF_UP : 0)
    .u32(up === undefined ? 0 : IFF_UP)
}

function common(message: MessageWriter, link: Partial<LinkCommon>): MessageWriter {
  if (link.name !== undefined) message.attributeString(IFLA_IFNAME, link.name)
  if (link.mtu !== undefined) message.attributeU32(IFLA_MTU, link.mtu)
  if (link.mac !== undefined) message.attribute(IFLA_ADDRESS, link.mac)
  if (link.namespace !== undefined) message.attributeU32(IFLA_NET_NS_FD, link.namespace)
  return message
}

function info(message: MessageWriter, spec: Exclude<LinkSpec, { kind: 'bridge' }>): void {
  if (spec.kind === 'veth') {
    message.nest(VETH_INFO_PEER, () => common(header(message, 0), spec.peer))
    return
  }
  message.attributeU32(IFLA_VXLAN_ID, spec.vni)
  message.attributePort(IFLA_VXLAN_PORT, spec.port)
  message.attributeU8(IFLA_VXLAN_LEARNING, spec.learning ? 1 : 0)
  if (spec.below !== undefined) message.attributeU32(IFLA_VXLAN_LINK, spec.below)
  if (spec.local === undefined) return
  const six = spec.local.family === 6
  message.attribute(six ? IFLA_VXLAN_LOCAL6 : IFLA_VXLAN_LOCAL, spec.local.bytes)
  // RFC 7348 senders use UDP checksum 0 over IPv6, which Linux drops unless told
  if (six) message.attributeU8(IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 1)
}
