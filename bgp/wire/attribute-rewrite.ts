/**
 * What happens to an attribute set on its way out (RFC 4271 §5.1, RFC 4360 §6, RFC 4456 §8): pure, from canonical bytes to canonical bytes.
 * Called once per export group and attribute set. The next hop is not in these bytes: UpdateWriter puts it in.
 */

import { asPathCount, canonicalPathLength, writePrependedPath } from './as-path.ts'
import { attributeRow } from './attribute.ts'
import { attributeEnd, attributeValueStart, writeAttributeHeader } from './attribute-header.ts'
import { attributeCode, attributeFlag } from './iana.ts'
import { copyOctets, writeUint32 } from './octets.ts'

export type ExportRules =
  | {
      readonly to: 'external'
      /** Put in front of AS_PATH. LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST and extended communities that are not transitive are taken out. */
      readonly localAs: number
      /** MED of another AS stays inside this one (RFC 4271 §5.1.4); true for routes of our own. */
      readonly keepMed: boolean
      /** ONLY_TO_CUSTOMER to add where there is none (RFC 9234 §5). */
      readonly otc?: number
    }
  | {
      readonly to: 'internal'
      /** LOCAL_PREF to add where there is none. */
      readonly localPref: number
      /** Set when this speaker reflects: ORIGINATOR_ID where there is none, and the id put in front of CLUSTER_LIST. */
      readonly reflect?: { readonly originatorId: number; readonly clusterId: number }
    }

/** Octets of one element. */
const extendedCommunityWidth: Readonly<Record<number, number>> = {
  [attributeCode.extendedCommunities]: 8,
  [attributeCode.ipv6ExtendedCommunities]: 20,
}
/** In the first octet of an extended community: it stays inside the AS (RFC 4360 §2). */
const nonTransitive = 0x40

/** A rewritten set is at most this many octets longer than its source. */
export const rewriteGrowth = 32

/**
 * Writes the rewritten form of `source[start, end)` to `target` at `at`.
 * @returns the end in `target`
 * @throws RangeError when `target` has less room than the source's length plus `rewriteGrowth`
 */
export function rewriteForExport(
  source: Uint8Array,
  start: number,
  end: number,
  rules: ExportRules,
  target: Uint8Array,
  at: number,
): number {
  if (target.length - at < end - start + rewriteGrowth) throw new RangeError('no room for the rewritten attributes')
  let before = 0
  for (let from = start; from < end; ) {
    const code = source[from + 1]!
    const valueStart = attributeValueStart(source, from)
    const next = attributeEnd(source, from)
    at = writeAbsent(rules, before, code, target, at)
    if (rules.to === 'external') {
      const width = extendedCommunityWidth[code]
      if (code === attributeCode.asPath) at = prependPath(source, valueStart, next, rules.localAs, target, at)
      else if (width !== undefined) at = writeTransitive(source, from, valueStart, next, width, target, at)
      else if (leavesTheAs(code, rules.keepMed)) at = copyOctets(source, from, next, target, at)
    } else if (rules.reflect && code === attributeCode.clusterList) {
      at = prependCluster(source, valueStart, next, rules.reflect.clusterId, target, at)
    } else {
      at = copyOctets(source, from, next, target, at)
    }
    before = code
    from = next
  }
  return writeAbsent(rules, before, 256, target, at)
}

/** Writes what the rules ask for and the source lacks between two neighbouring codes. */
function writeAbsent(rules: ExportRules, before: number, after: number, target: Uint8Array, at: number): number {
  const lacks = (code: number) => before < code && code < after
  if (rules.to === 'external') {
    if (rules.otc === undefined || !lacks(attributeCode.onlyToCustomer)) return at
    return writeUint32Attribute(attributeCode.onlyToCustomer, rules.otc, target, at)
  }
  if (lacks(attributeCode.localPref)) at = writeUint32Attribute(attributeCode.localPref, rules.localPref, target, at)
  if (rules.reflect === undefined) return at
  if (lacks(attributeCode.originatorId))
    at = writeUint32Attribute(attributeCode.originatorId, rules.reflect.originatorId, target, at)
  if (lacks(attributeCode.clusterList))
    at = writeUint32Attribute(attributeCode.clusterList, rules.reflect.clusterId, target, at)
  return at
}

function leavesTheAs(code: number, keepMed: boolean): boolean {
  return code === attributeCode.med ? keepMed : attributeRow[code]?.only !== 'internal'
}

/** The attribute with its transitive elements only, and not at all without any. */
function writeTransitive(
  source: Uint8Array,
  from: number,
  start: number,
  end: number,
  width: number,
  target: Uint8Array,
  at: number,
): number {
  let count = 0
  for (let element = start; element < end; element += width) if ((source[element]! & nonTransitive) === 0) count++
  if (count * width === end - start) return copyOctets(source, from, end, target, at)
  if (count === 0) return at
  const partial = source[from]! & attributeFlag.partial
  const code = source[from + 1]!
  at = writeAttributeHeader(target, at, attributeRow[code]!.flags | partial, code, count * width)
  for (let element = start; element < end; element += width)
    if ((source[element]! & nonTransitive) === 0) at = copyOctets(source, element, element + width, target, at)
  return at
}

function prependPath(
  source: Uint8Array,
  start: number,
  end: number,
  localAs: number,
  target: Uint8Array,
  at: number,
): number {
  const length = canonicalPathLength(asPathCount(source, start, end, 4) + 1)
  const valueStart = writeAttributeHeader(target, at, attributeFlag.transitive, attributeCode.asPath, length)
  return writePrependedPath(source, start, end, localAs, 1, target, valueStart)
}

function prependCluster(
  source: Uint8Array,
  start: number,
  end: number,
  clusterId: number,
  target: Uint8Array,
  at: number,
): number {
  const code = attributeCode.clusterList
  const valueStart = writeAttributeHeader(target, at, attributeFlag.optional, code, end - start + 4)
  writeUint32(target, valueStart, clusterId)
  return copyOctets(source, start, end, target, valueStart + 4)
}

function writeUint32Attribute(code: number, value: number, target: Uint8Array, at: number): number {
  const valueStart = writeAttributeHeader(target, at, attributeRow[code]!.flags, code, 4)
  writeUint32(target, valueStart, value)
  return valueStart + 4
}
