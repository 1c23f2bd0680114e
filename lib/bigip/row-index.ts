/**
 * What a device holds, found by name and by what it has only one of. Mutable; knows no device. Whole collections are put in
 * as they are read, single rows as they are written.
 */
import { factsOf } from './kind.ts'
import type { Kind, Row, RowName } from './row.ts'

export class RowIndex {
  readonly #collections = new Map<Kind, Map<string, Map<string, Row>>>()
  readonly #unique = new Map<Kind, Map<string, Row[]>>()

  constructor(rows: Iterable<Row> = []) {
    for (const row of rows) this.set(row)
  }

  get({ kind, parent = '', name }: RowName): Row | undefined {
    return this.#collections.get(kind)?.get(parent)?.get(name)
  }

  /** The rows that have what a device has only one of; `kind` has a `unique`. */
  holders(kind: Kind, unique: string): readonly Row[] {
    return this.#unique.get(kind)?.get(unique) ?? []
  }

  set(row: Row): void {
    const rows = this.#collection(row.kind, row.parent)
    const before = rows.get(row.name)
    if (before !== undefined) this.#forget(before)
    rows.set(row.name, row)
    const unique = factsOf(row.kind).unique?.(row)
    if (unique === undefined) return
    const holders = this.#unique.get(row.kind) ?? new Map<string, Row[]>()
    this.#unique.set(row.kind, holders)
    const others = holders.get(unique)
    if (others === undefined) holders.set(unique, [row])
    else others.push(row)
  }

  /** Also what lives in it. */
  delete(row: RowName): void {
    const rows = this.#collections.get(row.kind)?.get(row.parent ?? '')
    const before = rows?.get(row.name)
    if (rows === undefined || before === undefined) return
    rows.delete(row.name)
    this.#forget(before)
    for (const [kind, byParent] of this.#collections)
      if (factsOf(kind).parent === row.kind && byParent.has(row.name)) this.replace(kind, row.name, [])
  }

  /** The rows of one collection, as just read. */
  replace(kind: Kind, parent: string | undefined, rows: Iterable<Row>): void {
    const before = this.#collections.get(kind)?.get(parent ?? '')
    if (before !== undefined) {
      for (const row of before.values()) this.#forget(row)
      before.clear()
    }
    for (const row of rows) this.set(row)
  }

  *rows(kind?: Kind, parent?: string): Generator<Row> {
    const kinds = kind === undefined ? this.#collections.values() : [this.#collections.get(kind) ?? new Map()]
    for (const byParent of kinds)
      if (parent !== undefined) yield* byParent.get(parent)?.values() ?? []
      else for (const rows of byParent.values()) yield* rows.values()
  }

  /** Full paths of the objects whose subcollections of this kind are known. */
  parents(kind: Kind): readonly string[] {
    return [...(this.#collections.get(kind)?.keys() ?? [])]
  }

  get size(): number {
    let rows = 0
    for (const byParent of this.#collections.values()) for (const some of byParent.values()) rows += some.size
    return rows
  }

  #collection(kind: Kind, parent = ''): Map<string, Row> {
    const byParent = this.#collections.get(kind) ?? new Map<string, Map<string, Row>>()
    this.#collections.set(kind, byParent)
    const rows = byParent.get(parent) ?? new Map<string, Row>()
    byParent.set(parent, rows)
    return rows
  }

  #forget(row: Row): void {
    const unique = factsOf(row.kind).unique?.(row)
    const holders = unique === undefined ? undefined : this.#unique.get(row.kind)?.get(unique)
    if (holders === undefined) return
    holders.splice(holders.indexOf(row), 1)
    if (holders.length === 0) this.#unique.get(row.kind)!.delete(unique!)
  }
}
