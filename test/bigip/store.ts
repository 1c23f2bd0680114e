/**
 * The objects of a device: by collection, parent and path, with an index of what is unique and of who refers to whom, and a
 * journal from which a change is told or taken back. Knows no kind by name and no rule.
 */
import { type Entry, referencesOf } from './kind.ts'

export interface Change {
  readonly before?: Entry
  readonly after?: Entry
}

/** All objects at one moment. */
export type Snapshot = readonly Entry[]

const NOTHING: ReadonlyMap<string, Entry> = new Map()

export class Store {
  /** By collection and parent, then path. */
  readonly #tables = new Map<string, Map<string, Entry>>()
  readonly #unique = new Map<string, Entry>()
  /** By collection and path of what is referred to. */
  readonly #referrers = new Map<string, Set<Entry>>()
  #journal: Change[] = []
  #generation = 1

  get(collection: string, path: string, parent = ''): Entry | undefined {
    return this.#tables.get(`${collection}\t${parent}`)?.get(path)
  }

  list(collection: string, parent = ''): readonly Entry[] {
    return [...(this.#tables.get(`${collection}\t${parent}`) ?? NOTHING).values()]
  }

  count(collection: string, parent = ''): number {
    return this.#tables.get(`${collection}\t${parent}`)?.size ?? 0
  }

  /** Whoever has this key already. */
  owner(key: string): Entry | undefined {
    return this.#unique.get(key)
  }

  referrers(collection: string, path: string): readonly Entry[] {
    return [...(this.#referrers.get(`${collection}\t${path}`) ?? [])]
  }

  nextGeneration(): number {
    return ++this.#generation
  }

  put(after: Entry): void {
    const before = this.get(after.kind.collection, after.path, after.parent)
    if (before !== undefined) this.#forget(before)
    const table = `${after.kind.collection}\t${after.parent}`
    const entries = this.#tables.get(table) ?? new Map<string, Entry>()
    this.#tables.set(table, entries.set(after.path, after))
    for (const key of after.kind.unique?.(after) ?? []) this.#unique.set(key, after)
    for (const key of referenceKeys(after)) this.#referrers.set(key, (this.#referrers.get(key) ?? new Set()).add(after))
    this.#journal.push(before === undefined ? { after } : { before, after })
  }

  remove(before: Entry): void {
    this.#forget(before)
    this.#tables.get(`${before.kind.collection}\t${before.parent}`)!.delete(before.path)
    this.#journal.push({ before })
  }

  /** What has changed since it was asked last, in order. */
  takeChanges(): readonly Change[] {
    const changes = this.#journal
    this.#journal = []
    return changes
  }

  /** Takes back what has changed since `takeChanges` was called last. */
  undo(): void {
    for (const { before, after } of this.takeChanges().toReversed()) {
      if (after !== undefined) this.remove(after)
      if (before !== undefined) this.put(before)
    }
    this.takeChanges()
  }

  snapshot(): Snapshot {
    return [...this.#tables.values()].flatMap(table => [...table.values()])
  }

  /** Makes it hold exactly these; objects that are the same stay untouched. */
  restore(snapshot: Snapshot): void {
    const wanted = new Set(snapshot)
    for (const entry of this.snapshot()) if (!wanted.has(entry)) this.remove(entry)
    for (const entry of snapshot)
      if (this.get(entry.kind.collection, entry.path, entry.parent) !== entry) this.put(entry)
  }

  #forget(entry: Entry): void {
    for (const key of entry.kind.unique?.(entry) ?? []) this.#unique.delete(key)
    for (const key of referenceKeys(entry)) {
      const referrers = this.#referrers.get(key)
      referrers?.delete(entry)
      if (referrers?.size === 0) this.#referrers.delete(key)
    }
  }
}

function referenceKeys(entry: Entry): string[] {
  return referencesOf(entry).flatMap(({ collections, path }) => collections.map(one => `${one}\t${path}`))
}
