/**
 * The kinds of one API server: the built-in rows, and those of the CustomResourceDefinitions in its store, which count from
 * the moment of their writing. With a definition go all objects of its kind.
 */
import { keyOf } from '../../lib/kube/object.ts'
import { builtInKinds } from './built-in-kinds.ts'
import { type Definition, kindsOf } from './custom-kinds.ts'
import { collectionOf, type Kind } from './kinds.ts'
import type { Change, Store } from './store.ts'

const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions'

export class ServedKinds {
  readonly #store: Store
  #all: readonly Kind[] = builtInKinds

  constructor(store: Store) {
    this.#store = store
    store.subscribe(DEFINITIONS, change => this.#changed(change))
  }

  get all(): readonly Kind[] {
    return this.#all
  }

  #changed({ type, object }: Change): void {
    const { objects } = this.#store.current(DEFINITIONS)
    this.#all = [...builtInKinds, ...objects.flatMap(definition => kindsOf(definition as Definition))]
    if (type !== 'DELETED') return
    const [gone] = kindsOf(object as Definition)
    const collection = gone && collectionOf(gone)
    for (const left of collection === undefined ? [] : this.#store.current(collection).objects)
      this.#store.remove(collection!, keyOf(left))
  }
}
