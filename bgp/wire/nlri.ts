/**
 * NLRI (RFC 4271 §4.3): a length in bits and as many octets as it takes, one after another; where add-path was negotiated,
 * each behind a path identifier of 4 octets (RFC 7911 §3).
 */
import { bitsOf, type Family } from '../../lib/base/ip.ts'

/** How NLRI and what stands around it look to one kind of receiver. */
export interface NlriForm {
  readonly family: Family
  /** AS numbers of 4 octets (RFC 6793). */
  readonly fourOctetAs: boolean
  /** Each NLRI has a path identifier (RFC 7911). */
  readonly addPath: boolean
  /** IPv4 goes in MP_REACH_NLRI and MP_UNREACH_NLRI, where a next hop may be IPv6 (RFC 8950). */
  readonly extendedNextHop: boolean
  /** Most octets of a message (RFC 8654). */
  readonly maxLength: 4096 | 65535
}

/** Octets of a path identifier. */
export const pathIdLength = 4

/** What is wrong with NLRI in `bytes[start, end)`, if anything. Host bits that are set are no flaw (RFC 4271 §4.3). */
export function nlriFlaw(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: Family,
  addPath: boolean,
): string | undefined {
  const bits = bitsOf(family)
  const before = addPath ? pathIdLength : 0
  for (let at = start; at < end; ) {
    at += before
    if (at >= end) return 'the last path identifier stands alone'
    const length = bytes[at]!
    if (length > bits) return `a prefix length of ${length}`
    at += 1 + ((length + 7) >>> 3)
    if (at > end) return 'the last prefix is cut short'
  }
  return undefined
}
