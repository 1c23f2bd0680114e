/**
 * What etcd is to the API server: objects by collection and key, one revision for all, the history that watches resume from,
 * and snapshots that pages of one list share. Knows no kinds and no rules; stored objects are values that nobody changes.
 * Rules: each write has a revision of its own and is told to the listeners before it returns.
 */
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  /** As written; for DELETED the last state with the revision of the deletion. */
  readonly object: KubeObject
  readonly previous?: KubeObject
}

export interface Snapshot {
  readonly revision: number
  /** In the order of their keys. */
  readonly objects: readonly KubeObject[]
}

interface Collection {
  readonly objects: Map<string, KubeObject>
  readonly listeners: Set<(change: Change) => void>
  history: Change[]
  /** Watches can resume from this revision and later. */
  horizon: number
}

const SNAPSHOTS_KEPT = 64

export class Store {
  readonly #collections = new Map<string, Collection>()
  readonly #snapshots = new Map<string, Snapshot>()
  readonly #window: number
  #revision = 1

  /** @param window how many changes of a collection watches can go back */
  constructor(window = 10_000) {
    this.#window = window
  }

  get revision(): number {
    return this.#revision
  }

  get(collection: string, key: string): KubeObject | undefined {
    return this.#collection(collection).objects.get(key)
  }

  /** The objects as they are now, in no order. */
  objects(collection: string): Iterable<KubeObject> {
    return this.#collection(collection).objects.values()
  }

  /** The collection as it is now. */
  current(collection: string): Snapshot {
    return { revision: this.#revision, objects: inOrder(this.#collection(collection).objects) }
  }

  /** The collection as it is now, kept for a while, so that later pages of a list are of the same revision. */
  snapshot(collection: string): Snapshot {
    const snapshot = this.current(collection)
    this.#snapshots.set(`${collection}@${snapshot.revision}`, snapshot)
    const [oldest] = this.#snapshots.keys()
    if (this.#snapshots.size > SNAPSHOTS_KEPT) this.#snapshots.delete(oldest!)
    return snapshot
  }

  /** The collection as it was at a revision; undefined when that is forgotten. */
  snapshotAt(collection: string, revision: number): Snapshot | undefined {
    const kept = this.#snapshots.get(`${collection}@${revision}`)
    if (kept !== undefined) return kept
    const later = this.since(collection, revision)
    if (later === undefined) return undefined
    const objects = new Map(this.#collection(collection).objects)
    for (const { object, previous } of later.toReversed()) {
      if (previous === undefined) objects.delete(keyOf(object))
      else objects.set(keyOf(object), previous)
    }
    return { revision, objects: inOrder(objects) }
  }

  /** Writes an object and returns it with its new resourceVersion. */
  put(collection: string, key: string, object: KubeObject): KubeObject {
    const previous = this.get(collection, key)
    const written = this.#stamped(object)
    this.#collection(collection).objects.set(key, written)
    this.#tell(
      collection,
      previous === undefined
        ? { type: 'ADDED', revision: this.#revision, object: written }
        : { type: 'MODIFIED', revision: this.#revision, object: written, previous },
    )
    return written
  }

  remove(collection: string, key: string): void {
    const previous = this.get(collection, key)
    if (previous === undefined) return
    this.#collection(collection).objects.delete(key)
    this.#tell(collection, { type: 'DELETED', object: this.#stamped(previous), revision: this.#revision, previous })
  }

  /** The changes after a revision; undefined when they are no longer known. */
  since(collection: string, revision: number): readonly Change[] | undefined {
    const { history, horizon } = this.#collection(collection)
    return revision < horizon ? undefined : history.filter(change => change.revision > revision)
  }

  /** @returns how to stop */
  subscribe(collection: string, listener: (change: Change) => void): () => void {
    const { listeners } = this.#collection(collection)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** What compaction does: forgets all history and all snapshots. */
  forget(): void {
    this.#snapshots.clear()
    // a compaction is of no use to a test if the next watch from "now" were still answered
    this.#revision++
    for (const collection of this.#collections.values()) {
      collection.history = []
      collection.horizon = this.#revision
    }
  }

  #collection(name: string): Collection {
    const known = this.#collections.get(name)
    if (known !== undefined) return known
    const made: Collection = { objects: new Map(), listeners: new Set(), history: [], horizon: 0 }
    this.#collections.set(name, made)
    return made
  }

  #stamped(object: KubeObject): KubeObject {
    this.#revision++
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } }
  }

  #tell(name: string, change: Change): void {
    const collection = this.#collection(name)
    collection.history.push(change)
    if (collection.history.length > 2 * this.#window) {
      const forgotten = collection.history.splice(0, this.#window)
      collection.horizon = forgotten.at(-1)!.revision
    }
    for (const listener of collection.listeners) listener(change)
  }
}

function inOrder(objects: ReadonlyMap<string, KubeObject>): KubeObject[] {
  return [...objects.keys()].sort().map(key => objects.get(key)!)
}
