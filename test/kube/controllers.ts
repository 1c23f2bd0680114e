/**
 * What a cluster's controllers and kubelets do after a deletion: dependents go with their owner, or are let go; a namespace
 * is emptied; a pod ends. Like them it works on what is in the store, a moment after the answer.
 */
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'
import { type Deletion, deleteObject, mayGo } from './deletion.ts'
import { draft, isObject } from './json.ts'
import { collectionOf, type Kind } from './kinds.ts'
import type { Store } from './store.ts'

export class Controllers {
  readonly #store: Store
  readonly #kinds: () => readonly Kind[]

  constructor(store: Store, kinds: () => readonly Kind[]) {
    this.#store = store
    this.#kinds = kinds
  }

  /** To be called for each object that was deleted or marked as to be deleted. */
  deleted(kind: Kind, object: KubeObject): void {
    setImmediate(() => {
      const stored = this.#store.get(collectionOf(kind), keyOf(object))
      if (stored?.metadata.uid === object.metadata.uid) this.#end(kind, stored!)
      else this.#buried(kind, object)
    })
  }

  /** Does for an object what its end waits for, as far as that is known here. */
  #end(kind: Kind, object: KubeObject): void {
    const { finalizers = [], uid, name } = object.metadata
    if (finalizers.includes('orphan')) this.#each(ownedBy(uid), (inner, found) => this.#release(inner, found, uid))
    if (finalizers.includes('foregroundDeletion'))
      this.#each(ownedBy(uid), (inner, found) => this.#delete(inner, found))
    if (kind.kind === 'Namespace') {
      this.#each(inNamespace(name), (inner, found) => this.#delete(inner, found))
      if (this.#some(inNamespace(name))) return
    }
    const next = draft(object)
    next.metadata['finalizers'] = finalizers.filter(one => one !== 'orphan' && one !== 'foregroundDeletion')
    next.metadata['deletionGracePeriodSeconds'] = 0
    if (kind.kind === 'Namespace' && isObject(next['spec'])) next['spec']['finalizers'] = []
    this.#write(kind, next as unknown as KubeObject)
  }

  #buried(kind: Kind, { metadata }: KubeObject): void {
    this.#each(ownedBy(metadata.uid), (inner, found) => {
      const others = ownersOf(found).filter(owner => owner.uid !== metadata.uid)
      // another owner keeps it
      if (others.length > 0) this.#release(inner, found, metadata.uid)
      else this.#delete(inner, found)
    })
    if (!kind.namespaced) return
    const namespaces = this.#kinds().find(other => other.kind === 'Namespace')!
    const own = this.#store.get(collectionOf(namespaces), metadata.namespace!)
    if (own?.metadata.deletionTimestamp !== undefined) this.deleted(namespaces, own)
  }

  #delete(kind: Kind, object: KubeObject): void {
    const deletion: Deletion = { propagation: '', grace: 0, dryRun: false, now: Date.now() }
    if (deleteObject(this.#store, kind, object, deletion) === undefined) this.deleted(kind, object)
  }

  #release(kind: Kind, object: KubeObject, uid: string | undefined): void {
    const { ownerReferences: _, ...metadata } = object.metadata
    const left = ownersOf(object).filter(owner => owner.uid !== uid)
    const kept = left.length > 0 ? { ownerReferences: left } : {}
    this.#write(kind, { ...object, metadata: { ...metadata, ...kept } })
  }

  #write(kind: Kind, object: KubeObject): void {
    if (!mayGo(kind, object)) return void this.#store.put(collectionOf(kind), keyOf(object), object)
    this.#store.remove(collectionOf(kind), keyOf(object))
    this.deleted(kind, object)
  }

  #some(matches: Test): boolean {
    let found = false
    this.#each(matches, () => {
      found = true
    })
    return found
  }

  #each(matches: Test, act: (kind: Kind, object: KubeObject) => void): void {
    // versions of one kind share a collection
    for (const [collection, kind] of new Map(this.#kinds().map(kind => [collectionOf(kind), kind])))
      for (const object of [...this.#store.objects(collection)]) if (matches(object, kind)) act(kind, object)
  }
}

type Test = (object: KubeObject, kind: Kind) => boolean

const inNamespace =
  (name: string): Test =>
  ({ metadata }, { namespaced }) =>
    namespaced && metadata.namespace === name

const ownedBy =
  (uid: string | undefined): Test =>
  object =>
    ownersOf(object).some(owner => owner.uid === uid)

function ownersOf({ metadata }: KubeObject): readonly { readonly uid?: string }[] {
  return (metadata['ownerReferences'] as { uid?: string }[] | undefined) ?? []
}
