/** The kinds of one API server: the built-in rows, and a row for each served version of its CustomResourceDefinitions. */
import { builtInKinds } from './built-in-kinds.ts'
import type { Kind } from './kinds.ts'
import type { Store } from './store.ts'

export class ServedKinds {
  readonly #custom: readonly Kind[] = []

  constructor(_store: Store) {}

  get all(): readonly Kind[] {
    return [...builtInKinds, ...this.#custom]
  }
}
