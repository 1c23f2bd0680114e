/**
 * AS_PATH (RFC 4271 §4.3 b) in its wire forms. AS_SET and the confederation segments end in treat-as-withdraw (RFC 9774 §3,
 * RFC 5065 §5), so every path this speaker keeps is one plain list of AS numbers; its canonical form is
 * AS_SEQUENCEs of 4-octet numbers, all full (255) but the last.
 */

import { asTrans, segmentType } from './iana.ts'
import { updateError } from './notification.ts'
import { copyOctets, readUint16, readUint32, writeUint16, writeUint32 } from './octets.ts'

/** What is wrong with an attribute: the UPDATE error subcode that it would earn (RFC 4271 §6.3), and words. */
export interface Flaw {
  readonly subcode: number
  readonly reason: string
}

const maxSegmentCount = 255

const flaw = (reason: string): Flaw => ({ subcode: updateError.malformedAsPath, reason })
const cut = flaw('a segment is cut short')
const emptySegment = flaw('a segment is empty')
const set = flaw('AS_SET (RFC 9774)')
const confederation = flaw('a confederation segment from outside a confederation')
const unknownSegment = flaw('unknown segment type')
const zero = flaw('AS number 0 (RFC 7607)')
const firstAs = flaw('the first AS is not the neighbour')

/** @param width octets of an AS number */
export function asPathFlaw(bytes: Uint8Array, start: number, end: number, width: 2 | 4): Flaw | undefined {
  for (let at = start; at < end; ) {
    const type = bytes[at]!
    if (type !== segmentType.sequence)
      return type === segmentType.set ? set : type === 3 || type === 4 ? confederation : unknownSegment
    if (at + 2 > end) return cut
    const count = bytes[at + 1]!
    if (count === 0) return emptySegment
    at += 2
    const segmentEnd = at + count * width
    if (segmentEnd > end) return cut
    for (; at < segmentEnd; at += width) if (asNumberAt(bytes, at, width) === 0) return zero
  }
  return undefined
}

/** RFC 4271 §6.3: a path from outside begins with the neighbour's own AS. `start`–`end` has no `asPathFlaw`. */
export function firstAsFlaw(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: 2 | 4,
  peerAs: number,
): Flaw | undefined {
  const expected = width === 2 && peerAs > 0xffff ? asTrans : peerAs
  return end - start < 2 + width || asNumberAt(bytes, start + 2, width) !== expected ? firstAs : undefined
}

/** How many AS numbers a well-formed path has. */
export function asPathCount(bytes: Uint8Array, start: number, end: number, width: 2 | 4): number {
  let count = 0
  for (let at = start; at < end; at += 2 + bytes[at + 1]! * width) count += bytes[at + 1]!
  return count
}

/** Writes the first `count` AS numbers of a well-formed path as bare 4-octet numbers, without segment headers; returns the end. */
function unpack(bytes: Uint8Array, start: number, width: 2 | 4, count: number, target: Uint8Array, at: number): number {
  for (let from = start; count > 0; ) {
    const segment = Math.min(bytes[from + 1]!, count)
    from += 2
    for (let i = 0; i < segment; i++, from += width, at += 4) writeUint32(target, at, asNumberAt(bytes, from, width))
    count -= segment
  }
  return at
}

/** Writes bare 4-octet numbers as AS_SEQUENCEs of `width` octets; returns the end. Numbers that do not fit become AS_TRANS. */
function pack(numbers: Uint8Array, start: number, end: number, width: 2 | 4, target: Uint8Array, at: number): number {
  for (let from = start; from < end; ) {
    const count = Math.min(maxSegmentCount, (end - from) / 4)
    target[at++] = segmentType.sequence
    target[at++] = count
    for (let i = 0; i < count; i++, from += 4, at += width) {
      const asNumber = readUint32(numbers, from)
      if (width === 4) writeUint32(target, at, asNumber)
      else writeUint16(target, at, asNumber > 0xffff ? asTrans : asNumber)
    }
  }
  return at
}

/** Room for the AS numbers of any path that a message holds (RFC 8654: 65535 octets of 2-octet numbers), and as many in front as fit an octet. */
const numbers = new Uint8Array(4 * (32_768 + 255))

/** Whether a well-formed path of 4-octet numbers is canonical by being empty or one AS_SEQUENCE. */
export function isPlainPath(bytes: Uint8Array, start: number, end: number): boolean {
  return start === end || start + 2 + 4 * bytes[start + 1]! === end
}

/** Octets of the canonical form of a path with this many AS numbers. */
export function canonicalPathLength(count: number): number {
  return 4 * count + 2 * Math.ceil(count / maxSegmentCount)
}

/**
 * Writes the canonical form of a well-formed path; returns the end. The path is what AS_PATH in `bytes[start, end)` and AS4_PATH in
 * `bytes[as4Start, as4End)` (an empty range where there is none) mean together (RFC 6793 §4.2.3): the leading part by which
 * AS_PATH is longer, then AS4_PATH; an AS4_PATH longer than AS_PATH is ignored. Either way it is as long as AS_PATH.
 */
export function writeCanonicalPath(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: 2 | 4,
  as4Start: number,
  as4End: number,
  target: Uint8Array,
  at: number,
): number {
  const count = asPathCount(bytes, start, end, width)
  const as4Count = asPathCount(bytes, as4Start, as4End, 4)
  const usable = as4Count <= count ? as4Count : 0
  const middle = unpack(bytes, start, width, count - usable, numbers, 0)
  return pack(numbers, 0, unpack(bytes, as4Start, 4, usable, numbers, middle), 4, target, at)
}

/** Writes a canonical path with 2-octet numbers, for an old peer; returns the end. */
export function writeNarrowPath(bytes: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  const numbersEnd = unpack(bytes, start, 4, asPathCount(bytes, start, end, 4), numbers, 0)
  return pack(numbers, 0, numbersEnd, 2, target, at)
}

/** Whether a canonical path holds a number that 2 octets cannot. */
export function pathNeedsFourOctets(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const segmentEnd = at + 2 + 4 * bytes[at + 1]!
    for (at += 2; at < segmentEnd; at += 4) if (bytes[at] !== 0 || bytes[at + 1] !== 0) return true
  }
  return false
}

/** Writes a canonical path with an AS number `count` times (1 to 255) in front; returns the end. */
export function writePrependedPath(
  bytes: Uint8Array,
  start: number,
  end: number,
  asNumber: number,
  count: number,
  target: Uint8Array,
  at: number,
): number {
  const before = start === end ? 0 : bytes[start + 1]!
  if (before + count > maxSegmentCount) return repackWithFront(bytes, start, end, asNumber, count, target, at)
  target[at] = segmentType.sequence
  target[at + 1] = before + count
  at += 2
  for (let i = 0; i < count; i++, at += 4) writeUint32(target, at, asNumber)
  return copyOctets(bytes, Math.min(start + 2, end), end, target, at)
}

function repackWithFront(
  bytes: Uint8Array,
  start: number,
  end: number,
  asNumber: number,
  count: number,
  target: Uint8Array,
  at: number,
): number {
  for (let i = 0; i < count; i++) writeUint32(numbers, 4 * i, asNumber)
  const numbersEnd = unpack(bytes, start, 4, asPathCount(bytes, start, end, 4), numbers, 4 * count)
  return pack(numbers, 0, numbersEnd, 4, target, at)
}

/** The AS numbers of a well-formed 4-octet path, nearest first. */
export function decodeAsPath(bytes: Uint8Array, start: number, end: number): number[] {
  const bare = new Uint8Array(4 * asPathCount(bytes, start, end, 4))
  unpack(bytes, start, 4, bare.length / 4, bare, 0)
  return Array.from({ length: bare.length / 4 }, (_, at) => readUint32(bare, 4 * at))
}

/** The value octets of a canonical AS_PATH. */
export function encodeAsPath(path: readonly number[]): Uint8Array {
  const bare = new Uint8Array(4 * path.length)
  for (const [at, asNumber] of path.entries()) writeUint32(bare, 4 * at, asNumber)
  const bytes = new Uint8Array(canonicalPathLength(path.length))
  pack(bare, 0, bare.length, 4, bytes, 0)
  return bytes
}

function asNumberAt(bytes: Uint8Array, at: number, width: 2 | 4): number {
  return width === 4 ? readUint32(bytes, at) : readUint16(bytes, at)
}
