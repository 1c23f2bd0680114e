/** Policy rules of rtnetlink (include/uapi/linux/fib_rules.h): packets to a prefix look into a table of their own. */
import type { Family } from '../../base/ip.ts'
import { bitsOf } from '../../base/ip.ts'
import { Prefix } from '../../base/prefix.ts'
import { AF_INET, AF_INET6 } from '../libc.ts'
import { familyNumber } from './address.ts'
import { decodeAttributes, type Message, type MessageWriter, NLM_F_CREATE, NLM_F_EXCL, u32At } from './message.ts'
import type { NetlinkSocket } from './socket.ts'

export const RTM_NEWRULE = 32
export const RTM_DELRULE = 33
const RTM_GETRULE = 34

/** struct fib_rule_hdr */
const HEADER = 12

const FRA_DST = 1
const FRA_SRC = 2
const FRA_PRIORITY = 6
const FRA_TABLE = 15
const FRA_PROTOCOL = 21

const FR_ACT_TO_TBL = 1

/** `ip rule add to PREFIX lookup TABLE priority PRIORITY`. */
export interface KernelRule {
  readonly to: Prefix
  readonly table: number
  readonly priority: number
  /** Who put it there, a number as routes have it. */
  readonly protocol: number
}

export function writeRule(message: MessageWriter, change: 'add' | 'delete', rule: KernelRule): void {
  message
    .begin(change === 'delete' ? RTM_DELRULE : RTM_NEWRULE, change === 'delete' ? 0 : NLM_F_CREATE | NLM_F_EXCL)
    .u8(familyNumber(rule.to.family))
    .u8(rule.to.length)
    .u16(0)
    .u8(0)
    .u16(0)
    .u8(FR_ACT_TO_TBL)
    .u32(0)
    .attribute(FRA_DST, rule.to.bytes)
    .attributeU32(FRA_PRIORITY, rule.priority)
    .attributeU32(FRA_TABLE, rule.table)
    .attributeU8(FRA_PROTOCOL, rule.protocol)
    .end()
}

/** Any rule that leads into a table, as far as it chooses by source and destination. */
export interface AnyRule extends KernelRule {
  readonly from: Prefix
}

/** A RTM_NEWRULE or RTM_DELRULE; undefined where it says more, or something else, than `to PREFIX lookup TABLE`. */
export function decodeRule(message: Message): KernelRule | undefined {
  const rule = decodeAnyRule(message)
  if (rule === undefined || rule.from.length > 0 || rule.to.length === 0) return undefined
  const { from: _, ...own } = rule
  return own
}

function decodeAnyRule({ body }: Message): AnyRule | undefined {
  const number = body[0]
  if (body.length < HEADER || (number !== AF_INET && number !== AF_INET6) || body[7] !== FR_ACT_TO_TBL) return undefined
  const family: Family = number === AF_INET ? 4 : 6
  const attributes = decodeAttributes(body, HEADER)
  const u32 = (type: number) => {
    const value = attributes.get(type)
    return value === undefined ? 0 : u32At(value, 0)
  }
  const prefix = (type: number, length: number) => {
    const bytes = new Uint8Array(bitsOf(family) >> 3)
    bytes.set(attributes.get(type) ?? [])
    return new Prefix(bytes, length)
  }
  return {
    from: prefix(FRA_SRC, body[2]!),
    to: prefix(FRA_DST, body[1]!),
    table: u32(FRA_TABLE) || body[4]!,
    priority: u32(FRA_PRIORITY),
    protocol: attributes.get(FRA_PROTOCOL)?.[0] ?? 0,
  }
}

/** @throws WorldFault */
export function listRules(socket: NetlinkSocket, family: Family): KernelRule[] {
  return dumpRules(socket, family).flatMap(message => decodeRule(message) ?? [])
}

/** In the order in which they are asked. @throws WorldFault */
export function listAllRules(socket: NetlinkSocket, family: Family): AnyRule[] {
  const rules = dumpRules(socket, family).flatMap(message => decodeAnyRule(message) ?? [])
  return rules.sort((one, other) => one.priority - other.priority)
}

function dumpRules(socket: NetlinkSocket, family: Family): Message[] {
  const body = new Uint8Array(HEADER)
  body[0] = familyNumber(family)
  return socket.dump('listing rules', RTM_GETRULE, body)
}
