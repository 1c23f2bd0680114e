/**
 * Deleting an object as the API server does it: what has finalizers, or somebody who ends it in peace, is marked and stays.
 * What follows from a deletion is the business of controllers. Pure but for the store that it is given.
 */
import { isDeepStrictEqual } from 'node:util'
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'
import { at } from './json.ts'
import { collectionOf, type Kind } from './kinds.ts'
import type { Store } from './store.ts'
import { renderTime } from './time.ts'

export interface Deletion {
  /** Background where it is empty. */
  readonly propagation: string
  /** Seconds; undefined for the object's own. */
  readonly grace: number | undefined
  readonly dryRun: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

const PROPAGATION: Readonly<Record<string, string>> = { Foreground: 'foregroundDeletion', Orphan: 'orphan' }

/** @returns the object that waits, or undefined when it is gone */
export function deleteObject(store: Store, kind: Kind, object: KubeObject, deletion: Deletion): KubeObject | undefined {
  const waiting = waitingObject(kind, object, deletion)
  const collection = collectionOf(kind)
  if (waiting === object || deletion.dryRun) return waiting
  if (waiting !== undefined) return store.put(collection, keyOf(waiting), waiting)
  store.remove(collection, keyOf(object))
  return undefined
}

/** The object as it waits for its end; undefined when nothing holds it, itself when it waits already. */
function waitingObject(kind: Kind, object: KubeObject, { propagation, grace, now }: Deletion): KubeObject | undefined {
  const { finalizers: before = [], ...metadata } = object.metadata
  const own = PROPAGATION[propagation]
  const others = before.filter(name => propagation === '' || !Object.values(PROPAGATION).includes(name))
  const cleanup = metadata.deletionTimestamp === undefined ? kind.cleanup : undefined
  const finalizers = [...others, own, cleanup].filter(name => name !== undefined)
  const seconds = kind.kind === 'Pod' ? podGrace(object, grace) : 0
  const holds = finalizers.length > 0 || seconds > 0 || namespaceFinalizers(kind, object) > 0
  if (!holds) return undefined
  const marked = metadata.deletionTimestamp !== undefined
  if (marked && seconds >= Number(metadata['deletionGracePeriodSeconds']) && isDeepStrictEqual(finalizers, before))
    return object
  const counted = marked || metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }
  const time = metadata.deletionTimestamp ?? renderTime(now + seconds * 1000)
  const mark = { deletionTimestamp: time, deletionGracePeriodSeconds: seconds }
  const held = finalizers.length > 0 ? { finalizers } : {}
  const next = { ...object, metadata: { ...metadata, ...counted, ...mark, ...held } }
  return kind.kind === 'Namespace' ? { ...next, status: { phase: 'Terminating' } } : next
}

/** A pod that nobody runs, or that has ended, needs no time. */
function podGrace(pod: KubeObject, grace: number | undefined): number {
  if (!at(pod, ['spec', 'nodeName']) || ['Succeeded', 'Failed'].includes(String(at(pod, ['status', 'phase'])))) return 0
  return grace ?? Number(at(pod, ['spec', 'terminationGracePeriodSeconds']) ?? 30)
}

function namespaceFinalizers(kind: Kind, object: KubeObject): number {
  const finalizers = kind.kind === 'Namespace' ? at(object, ['spec', 'finalizers']) : undefined
  return Array.isArray(finalizers) ? finalizers.length : 0
}

/** Whether an update took away the last that held an object which was being deleted. */
export function mayGo(kind: Kind, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata
  const held = finalizers.length + Number(deletionGracePeriodSeconds) + namespaceFinalizers(kind, object)
  return deletionTimestamp !== undefined && held === 0
}
