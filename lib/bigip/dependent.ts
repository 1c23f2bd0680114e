/**
 * What stands on what: what has to go before an object can be deleted or made again, and come back after; and what must not be
 * put on an object of others. Pure. Rules: an object that something foreign refers to is left as it is; what comes back is no
 * deletion.
 */

import { parseAddress } from '../base/ip.ts'
import { Prefix } from '../base/prefix.ts'
import { differencesOf } from './difference.ts'
import { subjectOf } from './expectation.ts'
import type { Finding } from './finding.ts'
import { factsOf } from './kind.ts'
import { type Kind, type Row, type RowName, rowKey } from './row.ts'
import type { RowIndex } from './row-index.ts'

/** All rows that refer to one of `roots`, directly or by another one; those that refer come before what they refer to. */
export function dependentsOf(roots: readonly Row[], actual: RowIndex): readonly Row[] {
  const found = new Set<Row>()
  let front = roots
  while (front.length > 0) {
    const objects = new Set(front.map(rowKey))
    const subnets = front.flatMap(row => (row.kind === 'self IP' ? subnetOf(row) : []))
    const next: Row[] = []
    for (const row of actual.rows()) {
      if (found.has(row)) continue
      const isUser = factsOf(row.kind)
        .references(row)
        .some(one => objects.has(rowKey(one)))
      if (!isUser && !leadsInto(row, subnets)) continue
      found.add(row)
      next.push(row)
    }
    front = next
  }
  return [...found].sort((one, other) => factsOf(other.kind).level - factsOf(one.kind).level)
}

/**
 * Keys of wanted rows that would stand on an object of others which is not what is wanted: a tunnel that has the name of ours,
 * with another key. @param isForeign whether what is there is not ours
 */
export function standingOnOthers(
  desired: readonly Row[],
  actual: RowIndex,
  isForeign: (found: Row) => boolean,
): ReadonlySet<string> {
  const others = desired.filter(row => {
    const found = isReferredTo(row.kind) ? actual.get(row) : undefined
    if (found === undefined || !isForeign(found)) return false
    return differencesOf(row, found).some(({ field }) => field !== 'description')
  })
  return standingOn(desired, others)
}

/** Keys of those of `rows` that refer to one of `roots`, directly or by one another. */
function standingOn(rows: readonly Row[], roots: readonly RowName[]): ReadonlySet<string> {
  const standing = new Set<string>()
  if (roots.length === 0) return standing
  const objects = new Set(roots.map(rowKey))
  for (const row of rows.toSorted((one, other) => factsOf(one.kind).level - factsOf(other.kind).level)) {
    const isUser = factsOf(row.kind)
      .references(row)
      .some(one => objects.has(rowKey(one)))
    if (!isUser) continue
    standing.add(rowKey(row))
    objects.add(rowKey(row))
  }
  return standing
}

interface Replacement {
  readonly row: Row
  readonly before: Row
}

/** Of changes, those that need not wait for objects that stay under the names they had. */
export function withoutWaiting<C extends { readonly row: Row }>(
  changes: readonly C[],
  staying: readonly Replacement[],
) {
  const waiting = standingOn(
    changes.map(({ row }) => row),
    staying.filter(isRenamed).map(({ row }) => row),
  )
  return waiting.size === 0 ? changes : changes.filter(({ row }) => !waiting.has(rowKey(row)))
}

/**
 * Of deletions, those that may be done while objects stay that should have been made again: not of what these refer to, nor of
 * what stands on one that will have another name, nor of a kind of which nothing is wanted any more, for what they become
 * may be what takes its place (ARP entries, where a tunnel is to flood).
 */
export function withoutNeeded(
  deletions: readonly Row[],
  staying: readonly Replacement[],
  desired: readonly Row[],
): readonly Row[] {
  if (staying.length === 0) return deletions
  const wanted = new Set(desired.map(({ kind }) => kind))
  const standing = standingOn(
    deletions,
    staying.filter(isRenamed).map(({ before }) => before),
  )
  const superfluous = deletions.filter(row => wanted.has(row.kind) && !standing.has(rowKey(row)))
  const going = new Map(superfluous.map(row => [rowKey(row), row]))
  const users = staying.map(({ before }) => before)
  for (const user of users)
    for (const used of factsOf(user.kind).references(user)) {
      const needed = going.get(rowKey(used))
      if (needed !== undefined && going.delete(rowKey(used))) users.push(needed)
    }
  return [...going.values()]
}

function isRenamed({ row, before }: Replacement): boolean {
  return row.name !== before.name
}

const LEAVES: readonly Kind[] = [
  'FDB record',
  'ARP',
  'NDP',
  'route',
  'BGP neighbor',
  'route advertisement',
  'data group',
]

/** Whether objects of this kind can have others that stand on them. */
export function isReferredTo(kind: Kind): boolean {
  return !LEAVES.includes(kind)
}

export function inUse(row: Row, by: readonly Row[]): Finding {
  const users = by.slice(0, 3).map(subjectOf).join(', ')
  return {
    code: 'in-use-by-other',
    severity: 'warning',
    subject: subjectOf(row),
    cause: `it would be deleted or made again, but what is not ours depends on it: ${users}${by.length > 3 ? ' …' : ''}`,
    remedy: 'remove what depends on it, or give it another tunnel',
  }
}

function subnetOf({ fields }: Row<'self IP'>): Prefix[] {
  const [address = '', length] = fields.address.split('/')
  return [new Prefix(parseAddress(address.split('%')[0]!).bytes, Number(length))]
}

/** A route whose gateway is reached by one of these subnets: the device does not let the self IP go before it. */
function leadsInto(row: Row, subnets: readonly Prefix[]): boolean {
  if (subnets.length === 0 || row.kind !== 'route' || row.fields.gateway === undefined) return false
  const gateway = parseAddress(row.fields.gateway.split('%')[0]!)
  return subnets.some(subnet => subnet.contains(gateway))
}
