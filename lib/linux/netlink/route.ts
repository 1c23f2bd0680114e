/**
 * Unicast routes of rtnetlink: bytes of one row in both directions, dumps, and the kernel's own choice for an address
 * (include/uapi/linux/rtnetlink.h). Family is data. It does not know which rows are ours.
 */

import { WorldFault } from '../../base/failure.ts'
import { Address, bitsOf, type Family } from '../../base/ip.ts'
import { Prefix } from '../../base/prefix.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import { familyNumber } from './address.ts'
import { findLink } from './link.ts'
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

export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
const RTM_GETROUTE = 26

/** struct rtmsg */
const HEADER = 12
/** struct rtnexthop */
const NEXT_HOP_HEADER = 8

const RTA_DST = 1
const RTA_SRC = 2
const RTA_IIF = 3
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_PRIORITY = 6
const RTA_MULTIPATH = 9
const RTA_TABLE = 15
const RTA_VIA = 18

const RTM_F_CLONED = 0x200
const RTM_F_LOOKUP_TABLE = 0x1000
const RTM_F_FIB_MATCH = 0x2000
/** IPv6 tells the table in any case, and refuses to be asked. */
const LOOKUP_FLAGS = { 4: RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE, 6: RTM_F_FIB_MATCH } as const
const RTNH_F_ONLINK = 4

const RT_SCOPE_UNIVERSE = 0
const RT_SCOPE_LINK = 253
/** In a delete: any. */
const RT_SCOPE_NOWHERE = 255

export const MAIN_TABLE = 254
/** Routes of the kernel itself: addresses and the networks of addresses. */
export const PROTOCOL_KERNEL = 2

/** rtm_type. */
const TYPES = [
  'unspecified',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
] as const
const MORE_TYPES = ['prohibit', 'throw', 'nat', 'xresolve'] as const
const TYPE_NAMES = [...TYPES, ...MORE_TYPES]
export type RouteType = (typeof TYPE_NAMES)[number]

/** One way out: to a gateway on a link, or straight onto the link. */
export interface Hop {
  readonly gateway: Address | undefined
  /** Index of the link. */
  readonly link: number
  /** The gateway counts as being on the link although no network of the link holds it. */
  readonly onlink: boolean
  /** 1–256, the share among several. */
  readonly weight: number
}

/** Where a route leads. Without hops: `blackhole` and its like. */
export interface Path {
  readonly type: RouteType
  readonly hops: readonly Hop[]
}

/** A row as the kernel holds it. */
export interface KernelRoute extends Path {
  readonly family: Family
  /** 4 or 16 octets. */
  readonly bytes: Uint8Array
  readonly length: number
  readonly table: number
  readonly metric: number
  readonly protocol: number
  readonly tos: number
}

/** A path in the form that goes into a message, made once for many routes. */
export interface EncodedPath {
  readonly type: number
  readonly scope: number
  readonly flags: number
  readonly attributes: Uint8Array
}

/** What our rows have in common. */
export interface RouteKey {
  readonly family: Family
  readonly table: number
  readonly protocol: number
  readonly metric: number
}

/**
 * - `add`: refused with EEXIST when there is a row at (prefix, table, metric), whosever it is;
 * - `replace`: takes the place of such a row, whosever it is, without a gap;
 * - `delete`: of our protocol and with just these hops.
 */
export type RouteChange = 'add' | 'replace' | 'delete'

const CHANGE_FLAGS = { add: NLM_F_CREATE | NLM_F_EXCL, replace: NLM_F_CREATE | NLM_F_REPLACE, delete: 0 } as const

/**
 * Writes one change. @param write puts the 4 or 16 octets of the prefix, host bits zero, at an offset of an array
 */
export function writeRoute(
  message: MessageWriter,
  change: RouteChange,
  key: RouteKey,
  length: number,
  write: (target: Uint8Array, at: number) => void,
  path: EncodedPath,
): void {
  message
    .begin(change === 'delete' ? RTM_DELROUTE : RTM_NEWROUTE, CHANGE_FLAGS[change])
    .u8(familyNumber(key.family))
    .u8(length)
    .u16(0)
    .u8(key.table < 256 ? key.table : 0)
    .u8(key.protocol)
    .u8(change === 'delete' ? RT_SCOPE_NOWHERE : path.scope)
    .u8(path.type)
    .u32(path.flags)
  const octets = bitsOf(key.family) >> 3
  message.u16(4 + octets).u16(RTA_DST)
  const { bytes, at } = message.space(octets)
  write(bytes, at)
  message.attributeU32(RTA_TABLE, key.table).attributeU32(RTA_PRIORITY, key.metric).raw(path.attributes).end()
}

export function encodePath(family: Family, path: Path): EncodedPath {
  const message = new MessageWriter()
  const [only, ...others] = path.hops
  const type = TYPE_NAMES.indexOf(path.type)
  if (only === undefined) return { type, scope: RT_SCOPE_UNIVERSE, flags: 0, attributes: new Uint8Array() }
  if (others.length === 0) {
    encodeGateway(message, family, only)
    message.attributeU32(RTA_OIF, only.link)
  } else
    message.list(RTA_MULTIPATH, () => {
      for (const hop of path.hops)
        message.sized(() => {
          message
            .u8(hop.onlink ? RTNH_F_ONLINK : 0)
            .u8(hop.weight - 1)
            .u32(hop.link)
          encodeGateway(message, family, hop)
        })
    })
  return {
    type,
    scope: family === 4 && path.hops.every(hop => hop.gateway === undefined) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
    flags: others.length === 0 && only.onlink ? RTNH_F_ONLINK : 0,
    attributes: message.bytes,
  }
}

/** RFC 8950 routes: a gateway of the other family goes into RTA_VIA. */
function encodeGateway(message: MessageWriter, family: Family, { gateway }: Hop): void {
  if (gateway === undefined) return
  if (gateway.family === family) message.attribute(RTA_GATEWAY, gateway.bytes)
  else
    message
      .u16(6 + gateway.bytes.length)
      .u16(RTA_VIA)
      .u16(familyNumber(gateway.family))
      .raw(gateway.bytes)
}

/** A RTM_NEWROUTE or RTM_DELROUTE; undefined for cached copies and for families that are not IP. */
export function decodeRoute({ body }: Message): KernelRoute | undefined {
  const number = body[0]
  if (body.length < HEADER || (number !== AF_INET && number !== AF_INET6)) return undefined
  const flags = u32At(body, 8)
  if ((flags & RTM_F_CLONED) !== 0) return undefined
  const family = number === AF_INET ? 4 : 6
  const attributes = decodeAttributes(body, HEADER)
  const u32 = (type: number, otherwise: number) => {
    const value = attributes.get(type)
    return value === undefined ? otherwise : u32At(value, 0)
  }
  const bytes = new Uint8Array(bitsOf(family) >> 3)
  bytes.set(attributes.get(RTA_DST) ?? [])
  return {
    family,
    bytes,
    length: body[1]!,
    table: u32(RTA_TABLE, body[4]!),
    metric: u32(RTA_PRIORITY, 0),
    protocol: body[5]!,
    tos: body[3]!,
    type: TYPE_NAMES[body[7]!] ?? 'unspecified',
    hops: decodeHops(attributes, u32(RTA_OIF, 0), flags),
  }
}

function decodeHops(attributes: Map<number, Uint8Array>, link: number, flags: number): Hop[] {
  const multipath = attributes.get(RTA_MULTIPATH)
  if (multipath === undefined) {
    const gateway = decodeGateway(attributes)
    if (gateway === undefined && link === 0) return []
    return [{ gateway, link, onlink: (flags & RTNH_F_ONLINK) !== 0, weight: 1 }]
  }
  const hops: Hop[] = []
  for (let at = 0; at + NEXT_HOP_HEADER <= multipath.length; ) {
    const length = u16At(multipath, at)
    if (length < NEXT_HOP_HEADER || at + length > multipath.length) break
    hops.push({
      gateway: decodeGateway(decodeAttributes(multipath.subarray(0, at + length), at + NEXT_HOP_HEADER)),
      link: u32At(multipath, at + 4),
      onlink: (multipath[at + 2]! & RTNH_F_ONLINK) !== 0,
      weight: multipath[at + 3]! + 1,
    })
    at += (length + 3) & ~3
  }
  return hops
}

function decodeGateway(attributes: Map<number, Uint8Array>): Address | undefined {
  const bytes = attributes.get(RTA_GATEWAY) ?? attributes.get(RTA_VIA)?.subarray(2)
  return bytes === undefined ? undefined : new Address(bytes.slice())
}

export interface RouteFilter {
  readonly family: Family
  readonly table: number
  /** Only rows of this one. */
  readonly protocol?: number
  /** Only rows that lead out of the link of this index. */
  readonly link?: number
}

/** Rows page by page; a table that the kernel has not made yet has none. Returns whether nothing disturbed the reading. */
export function* routePages(
  socket: NetlinkSocket,
  filter: RouteFilter,
): Generator<KernelRoute[], 'whole' | 'interrupted'> {
  const body = new MessageWriter().raw(requestHeader(filter.family, 0, filter.protocol ?? 0, 0))
  body.attributeU32(RTA_TABLE, filter.table)
  if (filter.link !== undefined) body.attributeU32(RTA_OIF, filter.link)
  const pages = socket.pages('listing routes', RTM_GETROUTE, body.bytes)
  try {
    for (;;) {
      const page = pages.next()
      if (page.done === true) return page.value
      // a kernel without IPv6 answers with the routes of all other families
      yield page.value.map(decodeRoute).filter(route => route?.family === filter.family) as KernelRoute[]
    }
  } catch (thrown) {
    if (thrown instanceof WorldFault && thrown.code === 'ENOENT') return 'whole'
    throw thrown
  }
}

/** A packet that comes in by a link to be passed on. */
export interface Arrival {
  readonly source: Address
  /** Index of the link. */
  readonly link: number
}

/**
 * The row that the kernel itself would follow to an address (an address with a zone: over that link), policy rules counted in.
 * @param arrival absent: the packet is one of this machine's own
 * @throws WorldFault ENETUNREACH, EHOSTUNREACH … when there is none; ENODEV where the link of the zone is not there; EINVAL too where an IPv4 source may not come in there
 */
export function routeTo(socket: NetlinkSocket, address: Address, arrival?: Arrival): KernelRoute {
  const bits = bitsOf(address.family)
  const link = address.zone === undefined ? undefined : findLink(socket, address.zone).index
  const message = socket.ask(`looking for a route to ${address}`, writer => {
    writer
      .begin(RTM_GETROUTE, 0)
      .raw(requestHeader(address.family, bits, 0, LOOKUP_FLAGS[address.family], arrival && bits))
      .attribute(RTA_DST, address.bytes)
    if (link !== undefined) writer.attributeU32(RTA_OIF, link)
    if (arrival !== undefined) writer.attribute(RTA_SRC, arrival.source.bytes).attributeU32(RTA_IIF, arrival.link)
    writer.end()
  })
  const route = decodeRoute(message)
  if (route === undefined)
    throw new WorldFault('ENETUNREACH', `looking for a route to ${address}: no answer`, { retry: true })
  return route
}

/** @param length of the destination @param sourceLength of the source */
function requestHeader(family: Family, length: number, protocol: number, flags: number, sourceLength = 0): Uint8Array {
  const header = new MessageWriter().u8(familyNumber(family)).u8(length).u8(sourceLength).u8(0)
  return header.u8(0).u8(protocol).u16(0).u32(flags).bytes
}

export function prefixOf(route: KernelRoute): Prefix {
  return new Prefix(route.bytes, route.length)
}
