/**
 * The kinds of one API server: the built-in rows, and those of the CustomResourceDefinitions in its store, which count from
 * the moment of their writing. A definition that is deleted stays until the last object of its kind is gone.
 */
import { keyOf } from '../../lib/kube/object.ts'
import { builtInKinds } from './built-in-kinds.ts'
import { type Definition, kindsOf } from './custom-kinds.ts'
import { CLEANUP } from './custom-resource-definition.ts'
import { deleteObject } from './deletion.ts'
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
    const [kind] = kindsOf(object as Definition)
    if (kind === undefined) return
    if (type === 'DELETED') this.#empty(kind)
    else if (object.metadata.finalizers?.includes(CLEANUP))
      setImmediate(() => this.#cleanUp(object.metadata.name, kind))
  }

  /** Deletes the objects of a kind as a client would, then waits for those that have finalizers. */
  #cleanUp(name: string, kind: Kind): void {
    const collection = collectionOf(kind)
    const deletion = { propagation: '', grace: 0, dryRun: false, now: Date.now() }
    for (const object of this.#store.current(collection).objects) deleteObject(this.#store, kind, object, deletion)
    const finish = () => {
      const definition = this.#store.get(DEFINITIONS, name)
      const { finalizers: before = [] } = definition?.metadata ?? {}
      // it may have gone another way, and come back
      const asked = before.includes(CLEANUP)
      if (asked && this.#store.current(collection).objects.length > 0) return
      stop()
      if (definition === undefined || !asked) return
      const finalizers = before.filter(one => one !== CLEANUP)
      if (finalizers.length === 0) return this.#store.remove(DEFINITIONS, name)
      this.#store.put(DEFINITIONS, name, { ...definition, metadata: { ...definition.metadata, finalizers } })
    }
    const stop = this.#store.subscribe(collection, finish)
    finish()
  }

  /** Whatever is left of a definition that went without being asked. */
  #empty(kind: Kind): void {
    for (const left of this.#store.current(collectionOf(kind)).objects)
      this.#store.remove(collectionOf(kind), keyOf(left))
  }
}
