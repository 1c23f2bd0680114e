/**
 * What virtual addresses had before podpeer changed their route advertisement, so that they have it again once they are chosen
 * no longer. Pure; it is noted in the journal before the change. Rules: only what we changed is taken back, and only while it
 * still is what we made it; what was right before us is not noted.
 */
import type { Row, RowFields } from './row.ts'
import type { RowIndex } from './row-index.ts'

type Mode = RowFields['route advertisement']['mode']

interface Note {
  readonly before: Mode
  /** What we set. */
  readonly set: Mode
  readonly path: string
}

export interface FormerAdvertisements {
  /** Virtual addresses that nobody chooses any more, with what they had before. */
  readonly rows: readonly Row<'route advertisement'>[]
  /** Of the journal, as it has to be before anything is written. */
  readonly entries: readonly string[]
}

/** Apart from those of FDB records, which begin with a path. Names may hold blanks: they come last. */
const ENTRY = /^routeAdvertisement (disabled|enabled|always|selective|any|all) (\w+) (\/.+)$/

/** Whether the journal speaks of virtual addresses, so that they have to be read. */
export function notesAdvertisements(journal: readonly string[]): boolean {
  return journal.some(entry => ENTRY.test(entry))
}

/** @param actual holds the device's virtual addresses wherever they are wanted or noted */
export function formerAdvertisements(
  desired: readonly Row[],
  actual: RowIndex,
  journal: readonly string[],
): FormerAdvertisements {
  const notes = new Map(journal.flatMap(parseNote).map(note => [note.path, note]))
  const kept: Note[] = []
  const chosen = new Set<string>()
  for (const row of desired) {
    if (row.kind !== 'route advertisement') continue
    chosen.add(row.name)
    const found = modeOf(row.name, actual)
    const note = notes.get(row.name)
    const set = row.fields.mode
    const before = note?.before ?? found
    if (found !== undefined && before !== undefined && before !== set) kept.push({ before, set, path: row.name })
  }
  const left = [...notes.values()].filter(({ path, set }) => !chosen.has(path) && modeOf(path, actual) === set)
  return {
    rows: left.map(({ path, before }) => ({ kind: 'route advertisement', name: path, fields: { mode: before } })),
    entries: [...kept, ...left].map(({ before, set, path }) => `routeAdvertisement ${before} ${set} ${path}`),
  }
}

function modeOf(name: string, actual: RowIndex): Mode | undefined {
  const found = actual.get({ kind: 'route advertisement', name })
  return found?.kind === 'route advertisement' ? found.fields.mode : undefined
}

function parseNote(entry: string): Note[] {
  const [, before, set, path] = ENTRY.exec(entry) ?? []
  return path === undefined ? [] : [{ before: before as Mode, set: set as Mode, path }]
}
