/**
 * What every kind offers to be read and written over iControl REST, and the bits of bodies that kinds have in common. Pure.
 * Rules: a decoder is total, for a row or a DeviceFault; it takes what it compares and leaves the rest alone.
 */
import { nonsenseOf } from './fault.ts'
import type { Kind, Row } from './row.ts'

export type Body = Readonly<Record<string, unknown>>

export interface RowCodec<K extends Kind> {
  /** Path of the collection under `/mgmt/tm`: `net/arp`, `net/fdb/tunnel/~Common~t/records`. */
  collection(parent: string | undefined): string
  /** Whether a row takes in what the object keeps in a subcollection. */
  readonly expanded?: true
  /** @throws DeviceFault for what is not an object of this kind */
  decode(body: unknown, parent: string | undefined): Row<K>
  /** The body of a POST. */
  create(row: Row<K>): Body
  /** The body of a PATCH of what is there: nothing in it that is fixed from the creation on. */
  change(row: Row<K>, before: Row<K>): Body
}

/** `/Common/folder/x` → where it is to be made. */
export function placeOf(path: string): Body {
  const [, partition = '', ...rest] = path.split('/')
  const name = rest.pop() ?? ''
  return { name, partition, ...(rest.length > 0 && { subPath: rest.join('/') }) }
}

export function descriptionOf({ description }: Pick<Row, 'description'>): Body {
  return description === undefined ? {} : { description }
}

/** One object of a collection, asked field by field. */
export class Item {
  readonly #kind: Kind
  readonly #body: Readonly<Record<string, unknown>>

  constructor(kind: Kind, body: unknown) {
    if (typeof body !== 'object' || body === null) throw nonsenseOf(kind, 'it is no object')
    this.#kind = kind
    this.#body = body as Readonly<Record<string, unknown>>
  }

  /** @throws DeviceFault where it is absent or of another type, as the next two */
  text(field: string): string {
    const value = this.#body[field]
    if (typeof value !== 'string') throw nonsenseOf(this.#kind, `${field} is not a text`)
    return value
  }

  number(field: string): number {
    const value = Number(this.#body[field])
    if (!Number.isInteger(value)) throw nonsenseOf(this.#kind, `${field} is not a number`)
    return value
  }

  value(field: string): unknown {
    return this.#body[field]
  }

  /** Undefined: absent, or one of the words that mean nothing is set. */
  optional(field: string, ...nothing: readonly string[]): string | undefined {
    const value = this.#body[field]
    return typeof value !== 'string' || nothing.includes(value) ? undefined : value
  }

  /** What every row has. */
  get head(): { readonly name: string; readonly description?: string } {
    const description = this.optional('description')
    return { name: this.text('fullPath'), ...(description !== undefined && { description }) }
  }
}
