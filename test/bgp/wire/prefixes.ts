/** NLRI as prefixes, for tests: the product never makes an object of a route. */
import { pathIdLength } from '../../../bgp/wire/nlri.ts'
import { bitsOf, type Family } from '../../../lib/base/ip.ts'
import { Prefix } from '../../../lib/base/prefix.ts'

/** The prefixes of NLRI without a flaw, host bits cleared; path identifiers are passed over. */
export function decodeNlri(bytes: Uint8Array, start: number, end: number, family: Family, addPath = false): Prefix[] {
  const prefixes: Prefix[] = []
  for (let at = start; at < end; ) {
    if (addPath) at += pathIdLength
    const length = bytes[at]!
    const next = at + 1 + ((length + 7) >>> 3)
    const address = new Uint8Array(bitsOf(family) / 8)
    address.set(bytes.subarray(at + 1, next))
    prefixes.push(new Prefix(address, length))
    at = next
  }
  return prefixes
}
