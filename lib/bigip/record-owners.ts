/**
 * Whose FDB records are, in the large: which tunnels are ours alone, and the journal of what we put into the others: a
 * data-group on the device. Pure. The journal is written before the record that it names, and cleared after it has gone, so
 * that a record of ours is never without an entry. Two controllers of one cluster that write at the same time, against the rule,
 * can lose an entry: its record then stays; nothing of others is taken for ours.
 */
import { type Identity, ownership, ownName, type RecordOwners, tagged } from './ownership.ts'
import { type Row, rowKey } from './row.ts'
import type { RowIndex } from './row-index.ts'

export interface TunnelShares {
  /** Full paths of tunnels whose records are all ours, beside those that we made. */
  readonly exclusiveTunnels?: readonly string[]
  /** Full paths of tunnels that we made, but others write records to, too. */
  readonly sharedTunnels?: readonly string[]
  /** Keys of records that turned out to be others', though the journal names them: they were made in the same moment. */
  readonly taken?: Pick<ReadonlySet<string>, 'has'>
}

const BETWEEN = ' '
/** Ends the description of a shared tunnel of ours, so that a later run knows it, too. */
const SHARED = '(shared)'
const noRecords: RecordOwners = { exclusive: new Set(), journal: new Map() }

export function journalName(identity: Identity): string {
  return ownName(identity, 'journal')
}

/** A wanted tunnel as it is described on the device. */
export function markShared(tunnel: Row<'tunnel'>): Row<'tunnel'> {
  return { ...tunnel, description: `${tunnel.description} ${SHARED}` }
}

export function recordOwners(
  desired: readonly Row[],
  actual: RowIndex,
  identity: Identity,
  { exclusiveTunnels = [], sharedTunnels = [], taken }: TunnelShares,
): RecordOwners {
  const journal = readJournal(actual, identity, taken)
  const wanted = new Set(desired.filter(({ kind }) => kind === 'tunnel').map(({ name }) => name))
  const exclusive = new Set(exclusiveTunnels)
  for (const tunnel of actual.rows('tunnel')) {
    const isShared = journal.has(tunnel.name) || tunnel.description?.endsWith(SHARED) === true
    const { owner } = ownership(tunnel, identity, noRecords, wanted.has(tunnel.name))
    if (owner === 'ours' && !isShared) exclusive.add(tunnel.name)
  }
  // one that is yet to be made holds nothing of others
  for (const name of wanted) if (actual.get({ kind: 'tunnel', name }) === undefined) exclusive.add(name)
  for (const name of sharedTunnels) exclusive.delete(name)
  return { exclusive, journal }
}

/** The journal as it has to be before the records of shared tunnels are written; undefined: it need not be there. */
export function wantedJournal(
  desired: readonly Row[],
  actual: RowIndex,
  identity: Identity,
  owners: RecordOwners,
): Row<'data group'> | undefined {
  const entries = new Set<string>()
  for (const row of desired) {
    if (row.kind !== 'FDB record' || row.parent === undefined || owners.exclusive.has(row.parent)) continue
    const found = actual.get(row)
    if (found === undefined || ownership(found, identity, owners, true).owner !== 'foreign')
      entries.add(row.parent + BETWEEN + row.name)
  }
  for (const [parent, names] of owners.journal)
    for (const name of names)
      if (actual.get({ kind: 'FDB record', parent, name }) !== undefined) entries.add(parent + BETWEEN + name)
  if (entries.size === 0) return undefined
  const fields = { records: [...entries].sort() }
  return { kind: 'data group', name: journalName(identity), description: tagged(identity, 'FDB records'), fields }
}

function readJournal(
  actual: RowIndex,
  identity: Identity,
  taken: TunnelShares['taken'],
): ReadonlyMap<string, ReadonlySet<string>> {
  const journal = new Map<string, Set<string>>()
  const found = actual.get({ kind: 'data group', name: journalName(identity) })
  if (found?.kind !== 'data group' || ownership(found, identity, noRecords, false).owner !== 'ours') return journal
  for (const entry of found.fields.records) {
    const [tunnel = '', name = ''] = entry.split(BETWEEN)
    if (taken?.has(rowKey({ kind: 'FDB record', parent: tunnel, name }))) continue
    const names = journal.get(tunnel) ?? new Set()
    journal.set(tunnel, names.add(name))
  }
  return journal
}
