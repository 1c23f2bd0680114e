/**
 * The journal: a data-group on the device, for what its objects have no room to say: which FDB records of shared tunnels are
 * ours (record-owners.ts), and what virtual addresses had before us (former-advertisement.ts). Pure; one text an entry. Rule: an
 * entry is there before what it speaks of is written, and goes after that has gone. Two controllers of one cluster that write
 * at the same time, against the rule, can lose an entry: what it spoke of then stays; nothing of others is taken for ours.
 */
import { type Identity, NOT_SYNCED, ownership, ownName, type RecordOwners, tagged } from './ownership.ts'
import type { Row } from './row.ts'
import type { RowIndex } from './row-index.ts'

/** Where units of a pair do not sync: each has records of its own, and would clear the other's entries. */
export function journalName(identity: Identity): string {
  return ownName({ ...identity, partition: NOT_SYNCED }, 'journal')
}

/** Its entries as the device has them; none where it is not there, or somebody else's. */
export function readJournal(actual: RowIndex, identity: Identity): readonly string[] {
  const found = actual.get({ kind: 'data group', name: journalName(identity) })
  if (found?.kind !== 'data group') return []
  // a data-group is told by name and tag, whatever tunnels hold
  const { owner } = ownership(found, identity, { exclusive: new Set(), journal: new Map() }, false)
  return owner === 'ours' ? found.fields.records : []
}

/** Undefined: with nothing to say it need not be there. */
export function journalOf(identity: Identity, entries: Iterable<string>): Row<'data group'> | undefined {
  const records = [...new Set(entries)].sort()
  if (records.length === 0) return undefined
  return {
    kind: 'data group',
    name: journalName(identity),
    description: tagged(identity, 'journal'),
    fields: { records },
  }
}

/** Whether such a row is written only after the journal speaks of it. */
export function isNoted({ exclusive }: RecordOwners): (row: Row) => boolean {
  return ({ kind, parent = '' }) => kind === 'route advertisement' || (kind === 'FDB record' && !exclusive.has(parent))
}
