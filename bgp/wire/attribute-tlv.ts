/**
 * Attributes made of type, length and value that this speaker does not understand and would pass on: whether they are whole.
 * A cut one that is handed through resets sessions far away (RFC 7606 §1), so these are judged although nothing is done with them.
 */
import type { Flaw } from './as-path.ts'
import { updateError } from './notification.ts'
import { readUint16 } from './octets.ts'

const flaw = (reason: string): Flaw => ({ subcode: updateError.optionalAttribute, reason })
const cut = flaw('a TLV is cut short')
const cutWithin = flaw('a sub-TLV is cut short')
const none = flaw('no TLV')
const wrongLength = flaw('a TLV of the wrong length')
const short = flaw('bad length')
const reservedType = flaw('a reserved tunnel type')

/** RFC 9012 §2: type 2, length 2, sub-TLVs; §3.1: type 1, length of 1 octet below type 128 and of 2 from there. */
export function tunnelEncapsulationFlaw(bytes: Uint8Array, start: number, end: number): Flaw | undefined {
  for (let at = start; at < end; ) {
    if (at + 4 > end) return cut
    const next = at + 4 + readUint16(bytes, at + 2)
    if (next > end) return cut
    for (at += 4; at < next; ) {
      const valueStart = at + (bytes[at]! < 128 ? 2 : 3)
      if (valueStart > next) return cutWithin
      at = valueStart + (valueStart === at + 2 ? bytes[at + 1]! : readUint16(bytes, at + 1))
      if (at > next) return cutWithin
    }
  }
  return start === end ? none : undefined
}

/** RFC 7311 §3: type 1, length 2 that counts the head as well; the AIGP TLV (1) has 11 octets. */
export function aigpFlaw(bytes: Uint8Array, start: number, end: number): Flaw | undefined {
  for (let at = start; at < end; ) {
    if (at + 3 > end) return cut
    const length = readUint16(bytes, at + 1)
    if (length < 3 || (bytes[at] === 1 && length !== 11)) return wrongLength
    at += length
    if (at > end) return cut
  }
  return start === end ? none : undefined
}

/** RFC 8669 §3: type 1, length 2; the Label-Index TLV (1) has a value of 7 octets. */
export function prefixSidFlaw(bytes: Uint8Array, start: number, end: number): Flaw | undefined {
  for (let at = start; at < end; ) {
    if (at + 3 > end) return cut
    const length = readUint16(bytes, at + 1)
    if (bytes[at] === 1 && length !== 7) return wrongLength
    at += 3 + length
    if (at > end) return cut
  }
  return start === end ? none : undefined
}

/** RFC 6514 §5: flags 1, tunnel type 1, label 3, identifier. */
export function pmsiTunnelFlaw(bytes: Uint8Array, start: number, end: number): Flaw | undefined {
  if (end - start < 5) return short
  return bytes[start + 1] === 0xff ? reservedType : undefined
}
