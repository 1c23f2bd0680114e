/** NLRI as prefixes, for tests: the product never makes an object of a route. */
import { pathIdLength } from '../../../bgp/wire/nlri.ts'
import { readUint32 } from '../../../bgp/wire/octets.ts'
import { bitsOf, type Family } from '../../../lib/base/ip.ts'
import { Prefix } from '../../../lib/base/prefix.ts'

/** The prefixes of NLRI without a flaw, host bits cleared, each with its path identifier where there are such. */
export function decodePaths(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: Family,
  addPath: boolean,
): { prefix: Prefix; pathId: number | undefined }[] {
  const paths: { prefix: Prefix; pathId: number | undefined }[] = []
  for (let at = start; at < end; ) {
    const pathId = addPath ? readUint32(bytes, at) : undefined
    if (addPath) at += pathIdLength
    const length = bytes[at]!
    const next = at + 1 + ((length + 7) >>> 3)
    const address = new Uint8Array(bitsOf(family) / 8)
    address.set(bytes.subarray(at + 1, next))
    paths.push({ prefix: new Prefix(address, length), pathId })
    at = next
  }
  return paths
}

/** The prefixes alone. */
export function decodeNlri(bytes: Uint8Array, start: number, end: number, family: Family, addPath = false): Prefix[] {
  return decodePaths(bytes, start, end, family, addPath).map(({ prefix }) => prefix)
}
