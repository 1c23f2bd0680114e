/** Selecting and paging: which objects of a collection a list or a watch is about, and the pages of one list. */
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'
import { textAt } from './json.ts'
import { collectionOf } from './kinds.ts'
import type { ResourceRequest } from './request.ts'
import { parseFieldSelector, parseLabelSelector } from './selector.ts'
import { badRequest, expired, versionTooLarge } from './status.ts'
import type { Snapshot, Store } from './store.ts'
import type { TableMetadata } from './table.ts'

const METADATA_FIELDS = ['metadata.name', 'metadata.namespace']

/** Whether an object is one that the request asks for. @throws ApiError 400 for a bad selector */
export function selection({ kind, namespace, name, query }: ResourceRequest): (object: KubeObject) => boolean {
  const known = [...METADATA_FIELDS, ...kind.fields]
  const label = parseLabelSelector(query.get('labelSelector') ?? '')
  const fieldText = query.get('fieldSelector') ?? ''
  const field = parseFieldSelector(fieldText, known)
  const fields = (object: KubeObject) =>
    Object.fromEntries(known.map(path => [path, fieldText === '' ? '' : selectable(object, path)]))
  return object =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    label(object.metadata.labels ?? {}) &&
    field(fields(object))
}

function selectable(object: KubeObject, path: string): string {
  // booleans of the API are there even where JSON leaves them out
  return textAt(object, path.split('.')) || (path === 'spec.unschedulable' ? 'false' : '')
}

export interface Page {
  readonly items: readonly KubeObject[]
  readonly metadata: TableMetadata
}

/** @throws ApiError 410 for a continue token whose snapshot is gone, 504 for a version of the future */
export function listPage(store: Store, request: ResourceRequest): Page {
  const { query, kind } = request
  const limit = Number(query.get('limit') ?? 0) || Number.POSITIVE_INFINITY
  const wanted = Number(query.get('resourceVersion') ?? 0)
  if (wanted > store.revision) throw versionTooLarge(wanted, store.revision)
  const token = query.get('continue')
  const { snapshot, after } = token ? resume(store, collectionOf(kind), token) : start(store, collectionOf(kind))
  const matching = snapshot.objects.filter(selection(request))
  const rest = after === undefined ? matching : matching.filter(object => keyOf(object) > after)
  const items = rest.slice(0, limit)
  const left = rest.length - items.length
  const selected = query.has('labelSelector') || query.has('fieldSelector')
  return {
    items,
    metadata: {
      resourceVersion: String(snapshot.revision),
      ...(left === 0 ? {} : { continue: renderToken(snapshot.revision, keyOf(items.at(-1)!)) }),
      // the server does not count what a selector would have to look at
      ...(left === 0 || selected ? {} : { remainingItemCount: left }),
    },
  }
}

interface Place {
  readonly snapshot: Snapshot
  /** The key of the last object told. */
  readonly after: string | undefined
}

function start(store: Store, collection: string): Place {
  return { snapshot: store.snapshot(collection), after: undefined }
}

function resume(store: Store, collection: string, token: string): Place {
  const { revision, after } = parseToken(token)
  const snapshot = store.snapshotAt(collection, revision)
  if (snapshot === undefined)
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
    )
  return { snapshot, after }
}

function renderToken(revision: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url')
}

function parseToken(token: string): { revision: number; after: string } {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString())
    return { revision: Number(rv), after: String(start) }
  } catch {
    throw badRequest('invalid continue token')
  }
}
