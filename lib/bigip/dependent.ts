/**
 * What has to go before an object can be deleted or made again, and come back after. Pure. Rules: an object that something
 * foreign refers to is left as it is; what comes back is no deletion.
 */

import { parseAddress } from '../base/ip.ts'
import { Prefix } from '../base/prefix.ts'
import { subjectOf } from './expectation.ts'
import type { Finding } from './finding.ts'
import { factsOf } from './kind.ts'
import { type Row, rowKey } from './row.ts'
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
