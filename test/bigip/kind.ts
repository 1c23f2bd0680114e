/** What a kind of object is: a row of the tables in `*-kinds.ts`. Knows no kind by name. */
import type { JsonObject } from '../kube/json.ts'
import type { Box } from './box.ts'
import type { Fields } from './field.ts'
import type { RestError } from './rest-error.ts'

export interface Kind {
  /** Below `/mgmt/tm`: `/net/arp`; of a subcollection with its parent's: `/net/fdb/tunnel/records`. */
  readonly collection: string
  /** In texts: `Self IP`. */
  readonly title: string
  readonly fields: Fields
  /** `folder`: objects lie in folders and have full paths; `name`: their names are all that tells them apart. */
  readonly naming: 'folder' | 'name'
  /** Collection of the parent, of a subcollection. */
  readonly parent?: string
  /** The property of the parent that has a whole subcollection: `records`. */
  readonly inline?: string
  /** What clients may do; reading goes always. */
  readonly verbs: readonly ('create' | 'modify' | 'delete')[]
  /** Whether a config sync brings it to the other unit. */
  readonly synced?: (box: Box, entry: Entry) => boolean
  /** The stored form of a name. @throws RestError */
  readonly name?: (name: string, parent: Entry | undefined) => string
  /** Rules beyond single properties; may complete the values. @throws RestError */
  readonly check?: (box: Box, entry: Entry, before: Entry | undefined) => Entry
  /** Objects that it needs, beside those that reference fields name. */
  readonly references?: (entry: Entry) => readonly Reference[]
  /** No two objects have one in common. */
  readonly unique?: (entry: Entry) => readonly string[]
  readonly clash?: (entry: Entry, other: Entry) => RestError
  /** Why clients of REST cannot write it as things are; reading finds nothing then. */
  readonly absent?: (box: Box) => RestError | undefined
  /** Why it cannot be replaced as a whole. @throws RestError */
  readonly checkReplacement?: (box: Box, entry: Entry) => void
  /** Rules of deletion beyond references. @throws RestError */
  readonly checkDeletion?: (box: Box, entry: Entry) => void
  /** What a change leads to. */
  readonly changed?: (box: Box, before: Entry | undefined, after: Entry | undefined) => void
}

/** One object. Never changed in place. */
export interface Entry {
  readonly kind: Kind
  /** Path of the object whose subcollection has it; empty at the top. */
  readonly parent: string
  /** `/Common/name`, or the name where the kind has no folders. */
  readonly path: string
  readonly name: string
  /** Empty where the kind has no folders. */
  readonly partition: string
  /** In stored form. */
  readonly values: Readonly<JsonObject>
  readonly generation: number
}

export interface Reference {
  /** Any of them. */
  readonly collections: readonly string[]
  readonly path: string
}

/** `tm:net:arp:arp`, to which devices add `state` and `collectionstate`. */
export function typeOf({ collection }: Kind): string {
  const parts = collection.slice(1).split('/')
  return `tm:${parts.join(':')}:${parts.at(-1)}`
}

export function referencesOf(entry: Entry): Reference[] {
  const found = [...(entry.kind.references?.(entry) ?? [])]
  for (const [property, { refers }] of Object.entries(entry.kind.fields)) {
    const path = entry.values[property]
    if (refers !== undefined && typeof path === 'string') found.push({ collections: refers, path })
  }
  return found
}
