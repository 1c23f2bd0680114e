/**
 * The socket filter by which a listener drops segments that come from too far away (RFC 5082 §3): who may be how far is a
 * question of the source address, and one listener serves many. The kernel runs it on every segment, the first SYN among
 * them, and connections inherit it when they are accepted. Pure.
 */
import { bitsOf, type Family } from '../base/ip.ts'
import type { Prefix } from '../base/prefix.ts'
import {
  AND,
  DROP,
  encodeFilter,
  FROM_NETWORK_HEADER,
  type Instruction,
  JUMP_AT_LEAST,
  JUMP_EQUAL,
  KEEP,
  LOAD_OCTET,
  LOAD_WORD,
  RETURN,
} from './socket-filter.ts'

/** Offsets in the headers of IPv4 and IPv6. */
const SOURCE = { 4: 12, 6: 8 } as const
const TTL = { 4: 8, 6: 7 } as const

export interface TtlRule {
  readonly from: Prefix
  /** 1–255; absent: whatever it is. */
  readonly minimumTtl?: number
}

/**
 * For a socket of this family; of several rules for an address the longest prefix counts.
 * @returns undefined where no rule drops anything
 */
export function ttlFilter(family: Family, rules: readonly TtlRule[]): Uint8Array | undefined {
  const strict = rules.filter(({ from, minimumTtl }) => from.family === family && minimumTtl !== undefined)
  if (strict.length === 0) return undefined
  // a rule that drops nothing matters only where it makes an exception from a strict one
  const exceptions = rules.filter(
    ({ from, minimumTtl }) => minimumTtl === undefined && strict.some(rule => rule.from.contains(from)),
  )
  const ordered = [...strict, ...exceptions].sort((one, other) => other.from.length - one.from.length)
  return encodeFilter([...ordered.flatMap(instructions), [RETURN, 0, 0, KEEP]])
}

/** Returns where the address matches, else falls through to what comes behind. */
function instructions({ from, minimumTtl }: TtlRule): Instruction[] {
  const verdict: Instruction[] =
    minimumTtl === undefined
      ? [[RETURN, 0, 0, KEEP]]
      : [
          [LOAD_OCTET, 0, 0, FROM_NETWORK_HEADER + TTL[from.family]],
          [JUMP_AT_LEAST, 0, 1, minimumTtl],
          [RETURN, 0, 0, KEEP],
          [RETURN, 0, 0, DROP],
        ]
  const program = [...verdict]
  const words = new DataView(from.bytes.buffer, from.bytes.byteOffset)
  for (let at = bitsOf(from.family) - 32; at >= 0; at -= 32) {
    const bits = Math.min(32, from.length - at)
    if (bits <= 0) continue
    const mask = bits === 32 ? [] : [[AND, 0, 0, (0xffffffff << (32 - bits)) >>> 0] as const]
    const match: Instruction[] = [
      [LOAD_WORD, 0, 0, FROM_NETWORK_HEADER + SOURCE[from.family] + at / 8],
      ...mask,
      [JUMP_EQUAL, 0, program.length, words.getUint32(at / 8)],
    ]
    program.unshift(...match)
  }
  return program
}
