/**
 * Objects of a cluster, kept up to date: what the rest of podpeer sees of Kubernetes. The list-watches run in a thread of
 * their own (watch-thread); here is the mirror of their stores, so that a fallen thread costs a relist and no event is
 * lost or told twice. Rules: nothing is deleted but by the server's word; `synced` comes once per resource, when a whole
 * list has been told; a broken cluster is a state, never an exception.
 */
import { Worker } from 'node:worker_threads'
import { backoff } from '../base/backoff.ts'
import { reasonOf } from '../base/failure.ts'
import type { ProjectionName, Projections } from './object.ts'
import { type ObjectChange, ObjectStore } from './object-store.ts'
import type { SourceState } from './reflector.ts'

export type { ObjectChange } from './object-store.ts'
export type { SourceState } from './reflector.ts'

/** An object as one of the projections keeps it. */
export type View = Projections[ProjectionName]

/** One resource to watch; the same path may be asked for twice with different selectors. */
export interface WatchedResource<P extends ProjectionName = ProjectionName> {
  /** Such as `/api/v1/nodes` or `/apis/discovery.k8s.io/v1/namespaces/web/endpointslices`. */
  readonly path: string
  /** Such as `metadata.name=node-1`. */
  readonly fieldSelector?: string
  readonly labelSelector?: string
  /**
   * The cluster may not have the resource (a custom one): then it counts as synced without objects, is looked for again
   * every minute, and its state is `absent`. Where objects of it were known, they stay known.
   */
  readonly optional?: boolean
  /** What is kept of each object; `whole` where absent. */
  readonly project?: P
}

export interface WatchRequest {
  /** A file; where absent `$KUBECONFIG`, then `~/.kube/config`, then the pod's own service account. */
  readonly kubeconfig?: string
  readonly resources: readonly WatchedResource[]
}

/** `resource` is the index in `WatchRequest.resources`. */
export type WatchEvent =
  /** Changes of the projected objects, in slices of about 100, in the order of the server; what changes nothing is left out. */
  | {
      readonly type: 'changes'
      readonly resource: number
      readonly changes: readonly ObjectChange<View>[]
    }
  /** Once per resource, after the changes of its first whole list, or where an optional one is absent: what is not known by now does not exist. */
  | { readonly type: 'synced'; readonly resource: number }
  | { readonly type: 'state'; readonly resource: number; readonly state: SourceState }

export interface ObjectWatch {
  /** What is known of one resource now, by `NAME` or `NAMESPACE/NAME`. */
  objects(resource: number): ReadonlyMap<string, View>
  /** Resolves when the thread has ended; no event comes after the call. */
  close(): Promise<void>
}

export interface GrowingWatch extends ObjectWatch {
  /** Watches one more, in the same thread. @returns its index */
  add(resource: WatchedResource): number
}

/** What the thread is sent. */
export interface AddedResource {
  readonly resource: WatchedResource
  readonly index: number
}

/** What the thread posts. */
export type ThreadMessage =
  /** In the order of the server; undefined for what is gone. */
  | {
      readonly type: 'objects'
      readonly resource: number
      readonly objects: readonly (readonly [key: string, object: View | undefined])[]
    }
  /** A whole list has been told. */
  | { readonly type: 'listed'; readonly resource: number }
  /** The server has no such resource, which is optional. */
  | { readonly type: 'absent'; readonly resource: number }
  | { readonly type: 'state'; readonly resource: number; readonly state: SourceState }

/** Milliseconds between the fall of a thread and the start of the next. */
const RESTARTS = { first: 500, most: 30_000 }
/** Milliseconds; a thread that ran for longer before it fell counts as the first to fall. */
const STEADY = 60_000

/** Starts the thread. `onEvent` is called on the caller's thread; what it throws is the caller's own fault and surfaces. */
export function watchObjects(request: WatchRequest, onEvent: (event: WatchEvent) => void): GrowingWatch {
  const resources = [...request.resources]
  const stores = resources.map(() => new ObjectStore<View>())
  const synced = new Set<number>()
  let worker: Worker
  let restart: NodeJS.Timeout | undefined
  let closed = false
  let falls = 0

  const hear = (message: ThreadMessage) => {
    if (closed) return
    if (message.type === 'state') return onEvent(message)
    const { resource } = message
    const store = stores[resource]!
    const changes = changesOf(message, store)
    if (changes.length > 0) onEvent({ type: 'changes', resource, changes })
    if (message.type === 'objects' || synced.has(resource)) return
    synced.add(resource)
    onEvent({ type: 'synced', resource })
  }

  const start = () => {
    const began = performance.now()
    let reason = 'it ended'
    // a new thread knows nothing and tells all; the stores find out what that changes
    for (const store of stores) store.beginRelist()
    worker = new Worker(new URL(`./watch-thread${import.meta.url.slice(-3)}`, import.meta.url), {
      workerData: { ...request, resources },
    })
    worker.on('message', hear)
    worker.on('error', thrown => {
      reason = reasonOf(thrown)
    })
    worker.on('exit', () => {
      if (closed) return
      if (performance.now() - began > STEADY) falls = 0
      resources.forEach((_, resource) => {
        onEvent({ type: 'state', resource, state: { phase: 'failing', reason: `Kubernetes thread fell: ${reason}` } })
      })
      restart = setTimeout(start, backoff(RESTARTS, falls++, Math.random()))
    })
  }

  start()
  return {
    add(resource) {
      const index = resources.push(resource) - 1
      stores.push(new ObjectStore<View>())
      stores[index]!.beginRelist()
      // one that has fallen is started with all of them
      worker.postMessage({ resource, index } satisfies AddedResource)
      return index
    },
    objects: resource => stores[resource]!.objects,
    close: async () => {
      closed = true
      clearTimeout(restart)
      await worker.terminate()
    },
  }
}

function changesOf(message: Exclude<ThreadMessage, { type: 'state' }>, store: ObjectStore<View>): ObjectChange<View>[] {
  if (message.type === 'objects')
    return message.objects.flatMap(
      ([key, object]) => (object === undefined ? store.remove(key) : store.put(key, object)) ?? [],
    )
  return message.type === 'listed' ? store.endRelist() : []
}
