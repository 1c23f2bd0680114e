/** Many single writes of an exclusive tunnel's FDB records as one write of its whole list, where that is sooner done. Pure. */
import type { Operation, RecordsOperation, RowOperation } from './operation.ts'
import type { Row } from './row.ts'
import type { RowIndex } from './row-index.ts'

/** So many single writes go out side by side, in the time of one; more of them are slower than the list. */
const SINGLE = 4

/** @param exclusive full paths of tunnels whose records are all ours */
export function gatherRecords(
  operations: readonly RowOperation[],
  actual: RowIndex,
  exclusive: ReadonlySet<string>,
): Operation[] {
  const byTunnel = new Map<string, RowOperation[]>()
  for (const operation of operations) {
    const { kind, parent = '' } = operation.row
    if (kind !== 'FDB record' || !exclusive.has(parent)) continue
    const some = byTunnel.get(parent)
    if (some === undefined) byTunnel.set(parent, [operation])
    else some.push(operation)
  }
  for (const [tunnel, some] of byTunnel) if (some.length <= SINGLE) byTunnel.delete(tunnel)
  if (byTunnel.size === 0) return [...operations]
  const lists = Array.from(byTunnel, ([tunnel, some]) => listOf(tunnel, some, actual))
  return [...lists, ...operations.filter(({ row }) => row.kind !== 'FDB record' || !byTunnel.has(row.parent ?? ''))]
}

function listOf(tunnel: string, operations: readonly RowOperation[], actual: RowIndex): RecordsOperation {
  const rows = new Map<string, Row<'FDB record'>>()
  for (const row of actual.rows('FDB record', tunnel)) rows.set(row.name, row as Row<'FDB record'>)
  const changes = { create: 0, update: 0, delete: 0 }
  for (const { verb, row } of operations) {
    if (verb === 'delete') rows.delete(row.name)
    else rows.set(row.name, row as Row<'FDB record'>)
    changes[verb === 'replace' ? 'update' : verb]++
  }
  const reason = `${operations.length} records of it change`
  return { verb: 'records', tunnel, rows: [...rows.values()], operations, changes, reason }
}
