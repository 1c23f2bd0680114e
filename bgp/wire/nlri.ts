/** NLRI (RFC 4271 §4.3): a length in bits and as many octets as it takes, one after another. */
import { bitsOf, type Family } from '../../lib/base/ip.ts'

/** What is wrong with NLRI in `bytes[start, end)`, if anything. Host bits that are set are no flaw (RFC 4271 §4.3). */
export function nlriFlaw(bytes: Uint8Array, start: number, end: number, family: Family): string | undefined {
  const bits = bitsOf(family)
  for (let at = start; at < end; ) {
    const length = bytes[at]!
    if (length > bits) return `a prefix length of ${length}`
    at += 1 + ((length + 7) >>> 3)
    if (at > end) return 'the last prefix is cut short'
  }
  return undefined
}
