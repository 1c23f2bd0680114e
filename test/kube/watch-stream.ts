/**
 * One open watch: the changes of a collection as the lines a client gets, in plain form or as Tables. Knows no sockets.
 * A change that moves an object into or out of the selection is told as ADDED or DELETED.
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import { apiVersionOf, collectionOf } from './kinds.ts'
import { bound, selection, wantedVersion } from './list.ts'
import { eventRenderer } from './representation.ts'
import type { ResourceRequest } from './request.ts'
import { expired } from './status.ts'
import type { Change, Store } from './store.ts'

export interface Sink {
  /** The version to tell in a bookmark, given the true one. */
  bookmark?(revision: number): number
  /** One event, without the line feed. */
  line(text: string): void
  end(): void
}

export interface WatchTimes {
  /** Milliseconds between bookmarks, for watches that asked for them. */
  readonly bookmark: number
  /** Milliseconds that a watch lasts at most; the request may say less. */
  readonly most: number
}

/**
 * Tells what the request asks for, then every later change, until its time is over or the caller stops it.
 * @returns how to stop
 * @throws ApiError 400 for a bad selector, before anything is told
 */
export function openWatch(store: Store, request: ResourceRequest, times: WatchTimes, sink: Sink): () => void {
  const { kind, query } = request
  const collection = collectionOf(kind)
  const matches = selection(request)
  const from = wantedVersion(query)
  const lasting = bound(query, 'timeoutSeconds') * 1000
  const initial = from === 0 || query.get('sendInitialEvents') === 'true'
  const bookmarks = ['true', '1'].includes(query.get('allowWatchBookmarks') ?? '')
  const render = eventRenderer(request)
  let told = from

  const bookmark = (annotations?: Record<string, string>) => {
    const metadata = {
      name: '',
      resourceVersion: String(sink.bookmark?.(store.revision) ?? store.revision),
      creationTimestamp: null,
      annotations,
    }
    sink.line(
      render('BOOKMARK', { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata } as unknown as KubeObject),
    )
  }
  const tell = (change: Change) => {
    if (change.revision <= told) return
    told = change.revision
    const now = change.type !== 'DELETED' && matches(change.object)
    const before = change.previous !== undefined && matches(change.previous)
    if (now) sink.line(render(before ? 'MODIFIED' : 'ADDED', change.object))
    else if (before) sink.line(render('DELETED', departed(change)))
  }

  if (initial) {
    for (const object of store.current(collection).objects) if (matches(object)) sink.line(render('ADDED', object))
    told = store.revision
    if (query.get('sendInitialEvents') === 'true' && bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' })
  } else {
    const missed = store.since(collection, from)
    if (missed === undefined) {
      const { status } = expired(`too old resource version: ${from} (${store.revision})`)
      sink.line(JSON.stringify({ type: 'ERROR', object: status }))
      sink.end()
      return () => {}
    }
    missed.forEach(tell)
  }

  const unsubscribe = store.subscribe(collection, tell)
  const beat = setInterval(() => bookmarks && bookmark(), times.bookmark)
  const end = setTimeout(
    () => {
      stop()
      sink.end()
    },
    Math.min(times.most, lasting),
  )
  const stop = () => {
    unsubscribe()
    clearInterval(beat)
    clearTimeout(end)
  }
  return stop
}

/** What left the selection is told as it was last seen, at the version of the change. */
function departed({ object, previous }: Change): KubeObject {
  const { resourceVersion = '' } = object.metadata
  return { ...previous!, metadata: { ...previous!.metadata, resourceVersion } }
}
