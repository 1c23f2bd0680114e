/**
 * What happens to an attribute set on its way out (RFC 4271 §5.1, RFC 4456 §8): pure, from canonical bytes to canonical bytes.
 * Called once per export group and attribute set. The next hop is not in these bytes: UpdateWriter puts it in.
 */

export type ExportRules =
  | {
      readonly to: 'external'
      /** Put in front of AS_PATH. LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST are taken out. */
      readonly localAs: number
      /** MED of another AS stays inside this one (RFC 4271 §5.1.4); true for routes of our own. */
      readonly keepMed: boolean
    }
  | {
      readonly to: 'internal'
      /** LOCAL_PREF to add where there is none. */
      readonly localPref: number
      /** Set when this speaker reflects: ORIGINATOR_ID where there is none, and the id put in front of CLUSTER_LIST. */
      readonly reflect?: { readonly originatorId: number; readonly clusterId: number }
    }

/** A rewritten set is at most this many octets longer than its source. */
export const rewriteGrowth = 32

/**
 * Writes the rewritten form of `source[start, end)` to `target` at `at`.
 * @returns the end in `target`
 * @throws RangeError when `target` has less room than the source's length plus `rewriteGrowth`
 */
export function rewriteForExport(
  _source: Uint8Array,
  _start: number,
  _end: number,
  _rules: ExportRules,
  _target: Uint8Array,
  at: number,
): number {
  return at
}
