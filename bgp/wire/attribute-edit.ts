/**
 * Edits of an attribute set that policy asks for: pure, from canonical attribute bytes (see UpdateReader) to canonical
 * attribute bytes. Knows no policy and no route.
 */
import { canonicalPathLength, writePrependedPath } from './as-path.ts'
import { attributeRow, type Origin } from './attribute.ts'
import { attributeEnd, attributeValueStart, writeAttributeHeader } from './attribute-header.ts'
import { communityKinds } from './community.ts'
import { attributeCode, attributeFlag, originCode } from './iana.ts'
import { copyOctets, noOctets, writeUint32 } from './octets.ts'

/** What is absent stays as it is. */
export interface AttributeEdits {
  readonly origin?: Origin
  readonly localPref?: number
  readonly med?: number | 'none'
  /** The whole list (RFC 1997), elements one after another as on the wire; empty for none. */
  readonly communities?: Uint8Array
  /** RFC 4360. */
  readonly extendedCommunities?: Uint8Array
  /** RFC 8092. */
  readonly largeCommunities?: Uint8Array
  /** `count` from 1 to 255. */
  readonly prepend?: { readonly asNumber: number; readonly count: number }
  /** ONLY_TO_CUSTOMER (RFC 9234 §5). */
  readonly otc?: number
}

/** Writes the edited value of an attribute, or of one that is not there (an empty range); returns its end. */
type ValueWriter = (source: Uint8Array, start: number, end: number, target: Uint8Array, at: number) => number

interface Edit {
  readonly code: number
  readonly write: ValueWriter
  /** At most so many octets more than the value that is there. */
  readonly growth: number
}

/** An attribute header with an extended length. */
const longestHeader = 4

/** How many octets longer than its source an edited set can be. */
export function editGrowth(edits: AttributeEdits): number {
  return editsByCode(edits).reduce((sum, { growth }) => sum + growth + longestHeader, 0)
}

/**
 * Writes the edited form of `source[start, end)` to `target` at `at`. What is left empty is left out.
 * @returns the end in `target`
 * @throws RangeError when `target` has less room than the source's length plus `editGrowth`
 */
export function editAttributes(
  source: Uint8Array,
  start: number,
  end: number,
  edits: AttributeEdits,
  target: Uint8Array,
  at: number,
): number {
  const byCode = editsByCode(edits)
  const growth = byCode.reduce((sum, edit) => sum + edit.growth + longestHeader, 0)
  if (target.length - at < end - start + growth) throw new RangeError('no room for the edited attributes')
  let from = start
  for (const edit of byCode) {
    const untouched = from
    while (from < end && source[from + 1]! < edit.code) from = attributeEnd(source, from)
    at = copyOctets(source, untouched, from, target, at)
    const present = from < end && source[from + 1] === edit.code
    const next = present ? attributeEnd(source, from) : from
    const flags = attributeRow[edit.code]!.flags | (present ? source[from]! & attributeFlag.partial : 0)
    at = writeEdited(edit, flags, source, present ? attributeValueStart(source, from) : from, next, target, at)
    from = next
  }
  return copyOctets(source, from, end, target, at)
}

/** The value is written where a long header would leave it, and drawn up when the header turns out short. */
function writeEdited(
  edit: Edit,
  flags: number,
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  const valueStart = at + longestHeader
  const length = edit.write(source, start, end, target, valueStart) - valueStart
  if (length === 0 && edit.code !== attributeCode.asPath) return at
  const to = writeAttributeHeader(target, at, flags, edit.code, length)
  target.copyWithin(to, valueStart, valueStart + length)
  return to + length
}

/** In type order. */
function editsByCode(edits: AttributeEdits): Edit[] {
  const { origin, localPref, med, otc, prepend } = edits
  const found: Edit[] = []
  if (origin !== undefined) found.push(valueEdit(attributeCode.origin, Uint8Array.of(originCode[origin])))
  if (prepend !== undefined) found.push(prependEdit(prepend.asNumber, prepend.count))
  if (med !== undefined) found.push(valueEdit(attributeCode.med, med === 'none' ? noOctets : uint32(med)))
  if (localPref !== undefined) found.push(valueEdit(attributeCode.localPref, uint32(localPref)))
  for (const kind of ['communities', 'extendedCommunities', 'largeCommunities'] as const) {
    const list = edits[kind]
    if (list !== undefined) found.push(valueEdit(communityKinds[kind].code, list))
  }
  if (otc !== undefined) found.push(valueEdit(attributeCode.onlyToCustomer, uint32(otc)))
  return found
}

function valueEdit(code: number, value: Uint8Array): Edit {
  const write: ValueWriter = (_source, _start, _end, target, at) => copyOctets(value, 0, value.length, target, at)
  return { code, write, growth: value.length }
}

function prependEdit(asNumber: number, count: number): Edit {
  const write: ValueWriter = (source, start, end, target, at) =>
    writePrependedPath(source, start, end, asNumber, count, target, at)
  return { code: attributeCode.asPath, write, growth: canonicalPathLength(count) + 2 }
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  writeUint32(bytes, 0, value)
  return bytes
}
