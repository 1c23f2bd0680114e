/**
 * Edits of an attribute set that policy asks for: pure, from canonical attribute bytes (see UpdateReader) to canonical
 * attribute bytes. Knows no policy; the edits are compiled once and used for many sets.
 */
import type { Origin } from './attribute.ts'

/** What happens to a list of communities, in this order. Elements stand one after another, as on the wire. */
export interface CommunityEdit {
  /** Instead of what is there. */
  readonly replace?: Uint8Array
  readonly remove?: Uint8Array
  /** Those that are not there yet. */
  readonly add?: Uint8Array
}

/** What is absent stays as it is. */
export interface AttributeEdits {
  readonly origin?: Origin
  readonly localPref?: number
  readonly med?: number
  /** RFC 1997, 4 octets each. */
  readonly communities?: CommunityEdit
  /** RFC 4360, 8 octets each. */
  readonly extendedCommunities?: CommunityEdit
  /** RFC 8092, 12 octets each. */
  readonly largeCommunities?: CommunityEdit
  readonly prepend?: { readonly asNumber: number; readonly count: number }
  /** ONLY_TO_CUSTOMER (RFC 9234 §5). */
  readonly otc?: number
}

/** How many octets longer than its source an edited set can be. */
export function editGrowth(_edits: AttributeEdits): number {
  throw new Error('to be written')
}

/**
 * Writes the edited form of `source[start, end)` to `target` at `at`.
 * @returns the end in `target`
 * @throws RangeError when `target` has less room than the source's length plus `editGrowth`
 */
export function editAttributes(
  _source: Uint8Array,
  _start: number,
  _end: number,
  _edits: AttributeEdits,
  _target: Uint8Array,
  _at: number,
): number {
  throw new Error('to be written')
}
