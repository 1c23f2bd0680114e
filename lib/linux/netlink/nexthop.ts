/**
 * Nexthop objects of rtnetlink (include/uapi/linux/nexthop.h), as far as VXLAN needs them: an `fdb` nexthop is a VTEP's
 * address, an `fdb` group is what a row of the FDB can refer to. Unlike FDB rows they remember who made them. Linux ≥ 5.8.
 */
import { Address } from '../../base/ip.ts'
import { familyNumber } from './address.ts'
import { decodeAttributes, type Message, type MessageWriter, NLM_F_CREATE, NLM_F_REPLACE, u32At } from './message.ts'
import type { NetlinkSocket } from './socket.ts'

export const RTM_NEWNEXTHOP = 104
export const RTM_DELNEXTHOP = 105
const RTM_GETNEXTHOP = 106

/** struct nhmsg */
const HEADER = 8
/** struct nexthop_grp */
const MEMBER = 8

const NHA_ID = 1
const NHA_GROUP = 2
const NHA_GATEWAY = 6
const NHA_FDB = 11

/** An `fdb` nexthop (it has an endpoint), an `fdb` group (it has members), or one of another sort (it has neither). */
export interface KernelNextHop {
  readonly id: number
  readonly protocol: number
  readonly endpoint: Address | undefined
  /** Ids of nexthops. */
  readonly members: readonly number[]
}

export type NextHopChange = 'put' | 'delete'

/** `put` makes it, or changes the one that has the id. */
export function writeNextHop(message: MessageWriter, change: NextHopChange, row: KernelNextHop): void {
  const put = change === 'put'
  message
    .begin(put ? RTM_NEWNEXTHOP : RTM_DELNEXTHOP, put ? NLM_F_CREATE | NLM_F_REPLACE : 0)
    .u8(put && row.endpoint !== undefined ? familyNumber(row.endpoint.family) : 0)
    .u8(0)
    .u8(put ? row.protocol : 0)
    .u8(0)
    .u32(0)
    .attributeU32(NHA_ID, row.id)
  if (put) {
    if (row.endpoint === undefined)
      message.list(NHA_GROUP, () => {
        for (const member of row.members) message.u32(member).u32(0)
      })
    else message.attribute(NHA_GATEWAY, row.endpoint.bytes)
    message.attribute(NHA_FDB, new Uint8Array())
  }
  message.end()
}

/** A RTM_NEWNEXTHOP or RTM_DELNEXTHOP. */
export function decodeNextHop({ body }: Message): KernelNextHop {
  const attributes = decodeAttributes(body, HEADER)
  const id = attributes.get(NHA_ID)
  const group = attributes.get(NHA_GROUP) ?? new Uint8Array()
  const gateway = attributes.has(NHA_FDB) ? attributes.get(NHA_GATEWAY) : undefined
  return {
    id: id === undefined ? 0 : u32At(id, 0),
    protocol: body[2]!,
    endpoint: gateway && new Address(gateway.slice()),
    members: attributes.has(NHA_FDB)
      ? Array.from({ length: Math.floor(group.length / MEMBER) }, (_, at) => u32At(group, at * MEMBER))
      : [],
  }
}

/** @throws WorldFault EOPNOTSUPP where the kernel has none */
export function listNextHops(socket: NetlinkSocket): KernelNextHop[] {
  return socket.dump('listing nexthops', RTM_GETNEXTHOP, new Uint8Array(HEADER)).map(decodeNextHop)
}
