/** Selecting and paging: which objects of a collection a list or a watch is about, and the pages of one list. */
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'
import { textAt } from './json.ts'
import { collectionOf } from './kinds.ts'
import type { ResourceRequest } from './request.ts'
import { parseFieldSelector, parseLabelSelector } from './selector.ts'
import {
  ApiError,
  badRequest,
  type Cause,
  expired,
  forbiddenValue,
  invalidOptions,
  unsupportedValue,
  versionTooLarge,
} from './status.ts'
import type { Snapshot, Store } from './store.ts'
import type { ListMetadata } from './table.ts'

const METADATA_FIELDS = ['metadata.name', 'metadata.namespace']
/** What the server says of fields where a kind has none of its own. */
const ONLY = METADATA_FIELDS.map(field => `"${field}"`).join(', ')

/** Whether an object is one that the request asks for. @throws ApiError 400 for a bad selector */
export function selection({ kind, namespace, name, query }: ResourceRequest): (object: KubeObject) => boolean {
  const bare = kind.fields.length === 0
  const known = [...METADATA_FIELDS.slice(0, bare || kind.namespaced ? 2 : 1), ...kind.fields]
  const label = parseLabelSelector(query.get('labelSelector') ?? '')
  const fieldText = query.get('fieldSelector') ?? ''
  const field = bare
    ? parseFieldSelector(fieldText, known, path => `"${path}" is not a known field selector: only ${ONLY}`)
    : parseFieldSelector(fieldText, known)
  const fields = (object: KubeObject) =>
    Object.fromEntries(known.map(path => [path, fieldText === '' ? '' : selectable(object, path)]))
  return object =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    label(object.metadata.labels ?? {}) &&
    field(fields(object))
}

/** There even where JSON leaves them out. */
const BOOLEANS = new Set(['spec.unschedulable', 'spec.hostNetwork'])

function selectable(object: KubeObject, path: string): string {
  return textAt(object, path.split('.')) || (BOOLEANS.has(path) ? 'false' : '')
}

export interface Page {
  readonly items: readonly KubeObject[]
  readonly metadata: ListMetadata
}

/** @throws ApiError 410 for a past that is forgotten, 504 for a version of the future, 4xx for parameters that make no sense */
export function listPage(store: Store, request: ResourceRequest): Page {
  const { query, kind } = request
  const limit = bound(query, 'limit')
  const { snapshot, after } = place(store, collectionOf(kind), query)
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

/** A parameter of the request such as `limit`; infinite where it says nothing. @throws ApiError 400 */
export function bound(query: URLSearchParams, parameter: string): number {
  const text = query.get(parameter) ?? '0'
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`)
  return Number(text) > 0 ? Number(text) : Number.POSITIVE_INFINITY
}

/** The `resourceVersion` of a request; 0 where none is said. @throws ApiError 500, as the server does, and 504 */
export function wantedVersion(query: URLSearchParams): number {
  const text = query.get('resourceVersion') || '0'
  if (!/^\d+$/.test(text))
    throw new ApiError(
      500,
      '',
      `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    )
  return Number(text)
}

/** As `wantedVersion`. @throws ApiError 504 for a version of the future */
export function reachedVersion(store: Store, query: URLSearchParams): number {
  const wanted = wantedVersion(query)
  if (wanted > store.revision) throw versionTooLarge(wanted, store.revision)
  return wanted
}

interface Place {
  readonly snapshot: Snapshot
  /** The key of the last object told. */
  readonly after: string | undefined
}

function place(store: Store, collection: string, query: URLSearchParams): Place {
  const match = query.get('resourceVersionMatch')
  if (match !== null) checkMatch(match, query)
  const token = query.get('continue')
  const wanted = reachedVersion(store, query)
  if (token) {
    if (wanted !== 0) throw badRequest('specifying resource version is not allowed when using continue')
    return resume(store, collection, token)
  }
  if (match !== 'Exact') return { snapshot: store.snapshot(collection), after: undefined }
  const snapshot = store.snapshotAt(collection, wanted)
  if (snapshot === undefined) throw expired('The resourceVersion for the provided list is too old.')
  return { snapshot, after: undefined }
}

const MATCHES = ['Exact', 'NotOlderThan', '']

function checkMatch(match: string, query: URLSearchParams): void {
  const field = 'resourceVersionMatch'
  const causes: Cause[] = []
  if (!query.get('resourceVersion'))
    causes.push(forbiddenValue(field, `${field} is forbidden unless resourceVersion is provided`))
  else if (!MATCHES.includes(match)) causes.push(unsupportedValue(field, match, MATCHES))
  if (causes.length > 0) throw invalidOptions('ListOptions', causes)
}

const FORGOTTEN =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

/** Stands in a token for whatever version is there: what remains of a list whose past is forgotten. */
const ANY_VERSION = -1

function resume(store: Store, collection: string, token: string): Place {
  const { revision, after } = parseToken(token)
  const snapshot = revision === ANY_VERSION ? store.snapshot(collection) : store.snapshotAt(collection, revision)
  if (snapshot === undefined) throw expired(FORGOTTEN, { continue: renderToken(ANY_VERSION, after) })
  return { snapshot, after }
}

function renderToken(revision: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url')
}

function parseToken(token: string): { revision: number; after: string } {
  try {
    const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString())
    return { revision: Number(rv), after: String(start) }
  } catch (thrown) {
    throw badRequest(`invalid continue token: continue key is not valid: ${(thrown as Error).message}`)
  }
}
