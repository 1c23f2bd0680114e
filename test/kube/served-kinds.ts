/** The kinds of one API server: the built-in rows, and a row for each served version of its CustomResourceDefinitions. */
import { type Kind, kinds } from './kinds.ts'
import type { Store } from './store.ts'

export class ServedKinds {
  readonly #custom: readonly Kind[] = []

  constructor(_store: Store) {}

  get all(): readonly Kind[] {
    return [...kinds, ...this.#custom]
  }
}
