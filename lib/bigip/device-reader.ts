/**
 * What a device holds, read: all of it, one list per collection, or just what is not known any more. Rules: nothing of what is
 * known changes until every list of a reading has come in whole; what others changed of ours meanwhile is told.
 */
import type { Access } from './access.ts'
import { differencesOf, type FieldDifference, isAsWanted } from './difference.ts'
import { isDeviceFault } from './fault.ts'
import { notesAdvertisements } from './former-advertisement.ts'
import { journalName, readJournal } from './journal.ts'
import { KIND_NAMES, KINDS } from './kind.ts'
import { type Identity, ownership } from './ownership.ts'
import { recordOwners, type TunnelShares } from './record-owners.ts'
import { type Kind, type Row, rowKey } from './row.ts'
import { RowIndex } from './row-index.ts'

/** What decides which collections matter. */
export interface ReadingScope extends TunnelShares {
  readonly desired: readonly Row[]
  readonly expectations: readonly Row[]
  readonly unavailable?: readonly Kind[]
  /** Of both, by kind the full paths of the objects that hold them. */
  readonly parents: ReadonlyMap<Kind, ReadonlySet<string>>
}

export function parentsOf(rows: Iterable<Row>): ReadonlyMap<Kind, ReadonlySet<string>> {
  const parents = new Map<Kind, Set<string>>()
  for (const { kind, parent } of rows)
    if (parent !== undefined) parents.set(kind, (parents.get(kind) ?? new Set()).add(parent))
  return parents
}

export interface Drift {
  readonly row: Row
  /** Undefined: it was deleted. */
  readonly found: Row | undefined
  readonly differences: readonly FieldDifference[]
}

interface Collection {
  readonly kind: Kind
  readonly parent: string | undefined
}

interface Listing extends Collection {
  readonly rows: readonly Row[]
}

export class DeviceReader {
  readonly #access: Access
  readonly #actual: RowIndex
  readonly #identity: Identity
  /** Everything, before it was ever read. */
  #stale: Map<string, Collection> | 'everything' = 'everything'
  /** Keys of the collections that were ever read. */
  readonly #known = new Set<string>()

  /** @param actual is kept as the device is read to be */
  constructor(access: Access, actual: RowIndex, identity: Identity) {
    this.#access = access
    this.#actual = actual
    this.#identity = identity
  }

  get isStale(): boolean {
    return this.#stale === 'everything' || this.#stale.size > 0
  }

  /** What is known of all collections may be wrong. */
  doubt(): void {
    this.#stale = 'everything'
  }

  doubtCollection(kind: Kind, parent: string | undefined): void {
    if (this.#stale !== 'everything') this.#stale.set(keyOf({ kind, parent }), { kind, parent })
  }

  /** What was never read, and matters now, is not known either. */
  doubtUnread(scope: ReadingScope): void {
    const isUnread = (kind: Kind) => !this.#known.has(keyOf({ kind, parent: undefined }))
    if (this.#objectKinds(scope, this.#actual).some(isUnread)) return this.doubt()
    for (const [kind, parents] of scope.parents)
      for (const parent of parents)
        if (!this.#known.has(keyOf({ kind, parent })) && this.#actual.get({ kind: KINDS[kind].parent!, name: parent }))
          this.doubtCollection(kind, parent)
  }

  /** Reads what is not known. @returns what others did to rows of ours; undefined: not everything was read @throws WorldFault */
  async read(scope: ReadingScope): Promise<readonly Drift[] | undefined> {
    const stale = this.#stale
    if (stale !== 'everything') {
      this.#store(await this.#lists([...stale.values()]))
      stale.clear()
      return undefined
    }
    const kinds = this.#objectKinds(scope, this.#actual)
    const journal: Collection = { kind: 'data group', parent: undefined }
    const objects = await this.#lists([journal, ...kinds.map(kind => ({ kind, parent: undefined }))])
    const found = new RowIndex(objects.flatMap(({ rows }) => rows))
    // the journal may speak of kinds that nothing wanted
    const noted = this.#objectKinds(scope, found).filter(kind => !kinds.includes(kind))
    const [others, parts] = await Promise.all([
      this.#lists(noted.map(kind => ({ kind, parent: undefined }))),
      this.#lists(this.#subcollections(scope, found)),
    ])
    const lists = [...objects, ...others, ...parts]
    const drifts = this.#drifts(lists, scope)
    this.#store(lists)
    this.#forgetOrphans(parts)
    this.#stale = new Map()
    return drifts
  }

  #lists(collections: readonly Collection[]): Promise<Listing[]> {
    return Promise.all(collections.map(one => this.#list(one)))
  }

  async #list({ kind, parent }: Collection): Promise<Listing> {
    try {
      if (kind === 'data group') {
        const journal = await this.#access.find({ kind, name: journalName(this.#identity) })
        return { kind, parent, rows: journal ? [journal] : [] }
      }
      return { kind, parent, rows: await this.#access.read(kind, parent) }
    } catch (thrown) {
      // the object that held them is gone since it was listed
      if (parent !== undefined && isDeviceFault(thrown, 'BIGIP_NOT_FOUND')) return { kind, parent, rows: [] }
      throw thrown
    }
  }

  /** @param found the objects that may hold something */
  #subcollections(scope: ReadingScope, found: RowIndex): Collection[] {
    const owners = recordOwners(scope.desired, found, this.#identity, scope)
    const mayHoldOurs = (holder: Row) =>
      holder.kind !== 'tunnel' ||
      owners.exclusive.has(holder.name) ||
      owners.journal.has(holder.name) ||
      ownership(holder, this.#identity, owners, true).owner === 'ours'
    return KIND_NAMES.flatMap(kind => {
      const holder = KINDS[kind].parent
      if (holder === undefined || !isRead(kind, scope)) return []
      return [...found.rows(holder)]
        .filter(row => scope.parents.get(kind)?.has(row.name) || mayHoldOurs(row))
        .map(({ name }) => ({ kind, parent: name }))
    })
  }

  /** Kinds whose objects stand for themselves, but the journal. @param found holds the journal */
  #objectKinds(scope: ReadingScope, found: RowIndex): Kind[] {
    const isNoted = notesAdvertisements(readJournal(found, this.#identity))
    return KIND_NAMES.filter(
      kind =>
        KINDS[kind].parent === undefined &&
        kind !== 'data group' &&
        (isRead(kind, scope) || (isNoted && kind === 'route advertisement')),
    )
  }

  /** The object that held them is not there any more. */
  #forgetOrphans(parts: readonly Listing[]): void {
    for (const kind of KIND_NAMES)
      for (const parent of this.#actual.parents(kind))
        if (parent !== '' && !parts.some(one => one.kind === kind && one.parent === parent)) {
          this.#actual.replace(kind, parent, [])
          this.#known.delete(keyOf({ kind, parent }))
        }
  }

  /** Rows that are as we knew them stay the very objects that they were: equality is then told without comparing. */
  #store(lists: readonly Listing[]): void {
    for (const { kind, parent, rows } of lists) {
      const kept = rows.map(found => {
        const known = this.#actual.get(found)
        return known !== undefined && isAsWanted(known, found) ? known : found
      })
      this.#actual.replace(kind, parent, kept)
      this.#known.add(keyOf({ kind, parent }))
    }
  }

  #drifts(lists: readonly Listing[], scope: ReadingScope): Drift[] {
    const owners = recordOwners(scope.desired, this.#actual, this.#identity, scope)
    const chosen = new Set(scope.desired.filter(({ kind }) => KINDS[kind].owner === 'field').map(rowKey))
    return lists.flatMap(({ kind, parent, rows }) => {
      if (!this.#known.has(keyOf({ kind, parent }))) return []
      const found = new Map(rows.map(row => [row.name, row]))
      const drifts: Drift[] = []
      for (const row of this.#actual.rows(kind, parent ?? '')) {
        const now = found.get(row.name)
        if (now !== undefined && isAsWanted(row, now)) continue
        // of the fields of others' objects only those that are chosen are ours
        if (KINDS[kind].owner === 'field' && !chosen.has(rowKey(row))) continue
        if (ownership(row, this.#identity, owners, true).owner !== 'ours') continue
        drifts.push({ row, found: now, differences: now === undefined ? [] : differencesOf(row, now) })
      }
      return drifts
    })
  }
}

function isRead(kind: Kind, { desired, expectations, unavailable = [] }: ReadingScope): boolean {
  if (unavailable.includes(kind)) return false
  if (KINDS[kind].owner !== 'field') return true
  return desired.some(row => row.kind === kind) || expectations.some(row => row.kind === kind)
}

function keyOf({ kind, parent }: Collection): string {
  return `${kind}\t${parent ?? ''}`
}
