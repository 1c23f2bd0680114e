/**
 * Whose FDB records are, in the large: which tunnels are ours alone, and what the journal says of those that we put into the
 * others. Pure.
 */
import { readJournal } from './journal.ts'
import { type Identity, ownership, type RecordOwners } from './ownership.ts'
import { type Row, rowKey } from './row.ts'
import type { RowIndex } from './row-index.ts'

export interface TunnelShares {
  /** Full paths of tunnels whose records are all ours, beside those that we made. */
  readonly exclusiveTunnels?: readonly string[]
  /** Full paths of tunnels that we made, but others write records to, too. */
  readonly sharedTunnels?: readonly string[]
  /** Names that were chosen for objects of ours, beside those of wanted ones. */
  readonly chosenNames?: readonly string[]
  /** Keys of records that turned out to be others', though the journal names them: they were made in the same moment. */
  readonly taken?: Pick<ReadonlySet<string>, 'has'>
}

const BETWEEN = ' '
/** Ends the description of a shared tunnel of ours, so that a later run knows it, too. */
const SHARED = '(shared)'
const noRecords: RecordOwners = { exclusive: new Set(), journal: new Map() }

/** A wanted tunnel as it is described on the device. */
export function markShared(tunnel: Row<'tunnel'>): Row<'tunnel'> {
  return { ...tunnel, description: `${tunnel.description} ${SHARED}` }
}

export function recordOwners(
  desired: readonly Row[],
  actual: RowIndex,
  identity: Identity,
  { exclusiveTunnels = [], sharedTunnels = [], chosenNames = [], taken }: TunnelShares,
): RecordOwners {
  const journal = journaled(readJournal(actual, identity), taken)
  const wanted = new Set(desired.filter(({ kind }) => kind === 'tunnel').map(({ name }) => name))
  const chosen = new Set([...wanted, ...chosenNames])
  const exclusive = new Set(exclusiveTunnels)
  for (const tunnel of actual.rows('tunnel')) {
    const isShared = journal.has(tunnel.name) || tunnel.description?.endsWith(SHARED) === true
    const { owner } = ownership(tunnel, identity, noRecords, chosen.has(tunnel.name))
    if (owner === 'ours' && !isShared) exclusive.add(tunnel.name)
  }
  // one that is yet to be made holds nothing of others
  for (const name of wanted) if (actual.get({ kind: 'tunnel', name }) === undefined) exclusive.add(name)
  for (const name of sharedTunnels) exclusive.delete(name)
  return { exclusive, journal }
}

/** Of the journal, as it has to be before the records of shared tunnels are written. */
export function recordEntries(
  desired: readonly Row[],
  actual: RowIndex,
  identity: Identity,
  owners: RecordOwners,
): string[] {
  const entries: string[] = []
  for (const row of desired) {
    if (row.kind !== 'FDB record' || row.parent === undefined || owners.exclusive.has(row.parent)) continue
    const found = actual.get(row)
    if (found === undefined || ownership(found, identity, owners, true).owner !== 'foreign')
      entries.push(row.parent + BETWEEN + row.name)
  }
  for (const [parent, names] of owners.journal)
    for (const name of names)
      if (actual.get({ kind: 'FDB record', parent, name }) !== undefined) entries.push(parent + BETWEEN + name)
  return entries
}

function journaled(entries: readonly string[], taken: TunnelShares['taken']): ReadonlyMap<string, ReadonlySet<string>> {
  const journal = new Map<string, Set<string>>()
  for (const entry of entries) {
    const [tunnel = '', name = ''] = entry.split(BETWEEN)
    // not a record's
    if (!tunnel.startsWith('/')) continue
    if (taken?.has(rowKey({ kind: 'FDB record', parent: tunnel, name }))) continue
    const names = journal.get(tunnel) ?? new Set()
    journal.set(tunnel, names.add(name))
  }
  return journal
}
