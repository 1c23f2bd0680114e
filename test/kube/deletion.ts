/**
 * Deleting: an object with finalizers stays until they are gone; with a namespace goes what is in it, with an owner go its
 * dependents. A cluster's controllers do the latter two a little later; here they happen within the request.
 */
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'
import { collectionOf, type Kind } from './kinds.ts'
import type { Store } from './store.ts'

/** @returns the object that waits for its finalizers, or undefined when it may go at once */
export function waitingObject(object: KubeObject, now: string): KubeObject | undefined {
  if ((object.metadata.finalizers ?? []).length === 0) return undefined
  if (object.metadata.deletionTimestamp !== undefined) return object
  const { generation } = object.metadata
  const counted = generation === undefined ? {} : { generation: generation + 1 }
  const metadata = { ...object.metadata, ...counted, deletionTimestamp: now, deletionGracePeriodSeconds: 0 }
  return { ...object, metadata }
}

/** Whether an update emptied the finalizers of an object that was being deleted. */
export function mayGo({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0
}

export interface Place {
  readonly store: Store
  readonly kinds: readonly Kind[]
  /** RFC 3339. */
  readonly now: string
}

/**
 * Deletes an object, or marks it as to be deleted.
 * @param propagation `Orphan` leaves the dependents alone, without their reference; they go otherwise
 * @returns the object that waits, or undefined when it is gone
 */
export function deleteObject(
  place: Place,
  kind: Kind,
  object: KubeObject,
  propagation: string,
): KubeObject | undefined {
  const waiting = waitingObject(object, place.now)
  const collection = collectionOf(kind)
  if (waiting === object) return object
  if (waiting !== undefined) return place.store.put(collection, keyOf(waiting), waiting)
  erase(place, kind, object, propagation)
  return undefined
}

/** Takes an object out, whatever its finalizers, and deletes what goes with it. */
export function erase(place: Place, kind: Kind, object: KubeObject, propagation: string): void {
  place.store.remove(collectionOf(kind), keyOf(object))
  if (kind.kind === 'Namespace')
    forEach(place, inNamespace(object.metadata.name), (inner, found) => erase(place, inner, found, ''))
  const { uid } = object.metadata
  forEach(place, ownedBy(uid), (inner, found) => {
    const left = ownersOf(found).filter(owner => owner.uid !== uid)
    // another owner that is still there keeps it
    if (propagation !== 'Orphan' && left.length === 0) return void deleteObject(place, inner, found, propagation)
    const metadata = { ...found.metadata, ownerReferences: left }
    place.store.put(collectionOf(inner), keyOf(found), { ...found, metadata })
  })
}

type Test = (object: KubeObject, kind: Kind) => boolean

function forEach({ store, kinds }: Place, matches: Test, act: (kind: Kind, object: KubeObject) => void): void {
  // versions of one kind share a collection
  for (const kind of new Map(kinds.map(kind => [collectionOf(kind), kind])).values())
    for (const object of [...store.objects(collectionOf(kind))]) if (matches(object, kind)) act(kind, object)
}

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
