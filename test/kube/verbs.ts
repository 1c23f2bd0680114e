/**
 * A handler per verb: what one request does to the store and what it answers. Watches live in watch-stream.
 */
import { isDeepStrictEqual } from 'node:util'
import { type KubeObject, keyOf } from '../../lib/kube/object.ts'
import { applyConfig } from './apply.ts'
import { deleteObject, mayGo } from './deletion.ts'
import { validateConfig, validateFields } from './field-validation.ts'
import { at, isObject, type Json, type JsonObject } from './json.ts'
import { applyJsonPatch } from './json-patch.ts'
import { apiVersionOf, collectionOf, type Kind } from './kinds.ts'
import { listPage, reachedVersion, selection } from './list.ts'
import type { Writer } from './managed-fields.ts'
import { applyMergePatch } from './merge-patch.ts'
import { renderList, renderObject } from './representation.ts'
import type { ResourceRequest, Verb } from './request.ts'
import { type Circumstances, checkDeletion, prepareCreate, prepareUpdate } from './rules.ts'
import {
  alreadyExists,
  badRequest,
  detailsOf,
  methodNotAllowed,
  nameMismatch,
  namespaceTerminating,
  noSuchPath,
  notFound,
  type Status,
  success,
  unsupportedMediaType,
} from './status.ts'
import type { Store } from './store.ts'
import { applyStrategicPatch } from './strategic-merge-patch.ts'
import { APPLY, type WriteOptions, writeOptions } from './write-options.ts'

export interface World {
  readonly store: Store
  /** All that are served now. */
  kinds(): readonly Kind[]
  circumstances(): Circumstances
  /** Told of every object that was deleted or marked as to be deleted. */
  deleted(kind: Kind, object: KubeObject): void
}

export interface Reply {
  readonly code: number
  /** JSON. */
  readonly text: string
  /** For `Warning` headers. */
  readonly warnings?: readonly string[]
}

type Handler = (world: World, request: ResourceRequest) => Reply

export const verbs: { readonly [V in Exclude<Verb, 'watch'>]: Handler } = {
  get: (world, request) => {
    reachedVersion(world.store, request.query)
    return reply(200, request, stored(world, request))
  },
  list,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeAll,
}

function list(world: World, request: ResourceRequest): Reply {
  const { items, metadata } = listPage(world.store, request)
  return { code: 200, text: renderList(request, metadata, items) }
}

function create(world: World, request: ResourceRequest): Reply {
  const { kind, namespace } = request
  checkSubresource(request)
  if (kind.namespaced && namespace === undefined) throw methodNotAllowed()
  const options = writeOptions(request)
  const body = asObject(request.body)
  const warnings = validateFields(request, options.fieldValidation, body)
  const given = world.circumstances()
  const object = prepareCreate(kind, body as unknown as KubeObject, namespace, given, writerOf(request, given))
  checkNamespace(world, kind, object)
  if (world.store.get(collectionOf(kind), keyOf(object)) !== undefined) throw alreadyExists(kind, object.metadata.name)
  return reply(201, request, write(world, request, options, object), warnings)
}

function update(world: World, request: ResourceRequest): Reply {
  const { kind, name = '', namespace, subresource } = request
  checkSubresource(request)
  const options = writeOptions(request)
  const body = asObject(request.body)
  const warnings = validateFields(request, options.fieldValidation, body)
  const given = world.circumstances()
  const writer = writerOf(request, given)
  if (find(world, request) === undefined && kind.createOnUpdate && subresource === undefined) {
    if (at(body, ['metadata', 'name']) !== name) throw nameMismatch(name, at(body, ['metadata', 'name']))
    const object = prepareCreate(kind, named(body, name), namespace, given, writer)
    checkNamespace(world, kind, object)
    return reply(201, request, write(world, request, options, object), warnings)
  }
  const object = prepareUpdate(kind, body as unknown as KubeObject, stored(world, request), name, writer)
  return reply(200, request, write(world, request, options, object), warnings)
}

/** A new object needs a namespace that is there to stay. */
function checkNamespace({ store, kinds }: World, kind: Kind, { metadata: { name, namespace } }: KubeObject): void {
  if (namespace === undefined) return
  const home = store.get('namespaces', namespace)
  if (home === undefined) throw notFound(kinds().find(other => other.kind === 'Namespace')!, namespace)
  if (home.metadata.deletionTimestamp !== undefined) throw namespaceTerminating(kind, name, namespace)
}

function named(body: JsonObject, name: string): KubeObject {
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  return { ...body, metadata: { name, ...metadata, resourceVersion: '' } }
}

function writerOf({ kind, manager, subresource = '', contentType }: ResourceRequest, { now }: Circumstances): Writer {
  const operation = contentType === APPLY ? 'Apply' : 'Update'
  return { manager, operation, apiVersion: apiVersionOf(kind), subresource, time: now }
}

const STRATEGIC = 'application/strategic-merge-patch+json'

const patchers: Readonly<Record<string, (target: JsonObject, patch: Json, kind: Kind) => Json>> = {
  'application/json-patch+json': applyJsonPatch,
  'application/merge-patch+json': applyMergePatch,
  [STRATEGIC]: (target, patch, kind) => {
    if (!isObject(patch)) throw badRequest('a strategic merge patch is an object')
    return applyStrategicPatch(target, patch, kind.schema)
  },
}

function patch(world: World, request: ResourceRequest): Reply {
  const { kind, name = '', body = null } = request
  checkSubresource(request)
  if (request.contentType === APPLY) return apply(world, request)
  const types = Object.keys(patchers).filter(type => !(kind.custom && type === STRATEGIC))
  const patcher = types.includes(request.contentType) ? patchers[request.contentType] : undefined
  if (patcher === undefined) throw unsupportedMediaType([...types, APPLY])
  const options = writeOptions(request)
  const current = stored(world, request)
  const patched = asObject(patcher(current as unknown as JsonObject, body, kind))
  const warnings = validateFields(request, options.fieldValidation, patched)
  const writer = writerOf(request, world.circumstances())
  const object = prepareUpdate(kind, patched as unknown as KubeObject, current, name, writer)
  return reply(200, request, write(world, request, options, object), warnings)
}

function apply(world: World, request: ResourceRequest): Reply {
  const { kind, name = '', namespace, subresource } = request
  const options = writeOptions(request)
  const config = asObject(request.body)
  validateConfig(request, config)
  const given = world.circumstances()
  const writer = writerOf(request, given)
  if (find(world, request) === undefined && subresource === undefined) {
    const declared = applyConfig(kind, undefined, named(config, name) as unknown as JsonObject, writer, false)
    const object = prepareCreate(kind, declared, namespace, given, writer)
    checkNamespace(world, kind, object)
    return reply(201, request, write(world, request, options, object))
  }
  const current = stored(world, request)
  const applied = applyConfig(kind, current, config, writer, options.force)
  return reply(200, request, write(world, request, options, prepareUpdate(kind, applied, current, name, writer)))
}

function remove(world: World, request: ResourceRequest): Reply {
  const { kind, name = '' } = request
  const options = writeOptions(request)
  const current = stored(world, request)
  checkDeletion(kind, current, options.preconditions)
  const waiting = bury(world, kind, current, options)
  if (waiting !== undefined) return reply(200, request, waiting)
  if (kind.returnsDeleted) return reply(200, request, buried(world, current))
  const status = success({ ...detailsOf(kind, name), uid: current.metadata.uid ?? '' })
  return { code: 200, text: JSON.stringify(status satisfies Status) }
}

/** The object as it was when it went. */
function buried({ store, circumstances }: World, { metadata, ...rest }: KubeObject): KubeObject {
  const end = { deletionTimestamp: metadata.deletionTimestamp ?? circumstances().now, deletionGracePeriodSeconds: 0 }
  return { ...rest, metadata: { ...metadata, ...end, resourceVersion: String(store.revision) } }
}

function removeAll(world: World, request: ResourceRequest): Reply {
  const { kind, namespace } = request
  if (kind.namespaced && namespace === undefined) throw methodNotAllowed()
  const options = writeOptions(request)
  const { revision, objects } = world.store.current(collectionOf(kind))
  const chosen = objects.filter(selection(request))
  for (const object of chosen) bury(world, kind, object, options)
  return { code: 200, text: renderList(request, { resourceVersion: String(revision) }, chosen) }
}

function bury(world: World, kind: Kind, object: KubeObject, options: WriteOptions): KubeObject | undefined {
  const { propagation, grace, dryRun } = options
  const waiting = deleteObject(world.store, kind, object, { propagation, grace, dryRun, now: Date.now() })
  if (!dryRun) world.deleted(kind, waiting ?? object)
  return waiting
}

function write(world: World, { kind }: ResourceRequest, { dryRun }: WriteOptions, object: KubeObject): KubeObject {
  const collection = collectionOf(kind)
  const key = keyOf(object)
  const before = world.store.get(collection, key)
  // a write that changes nothing is no write: neither a new version nor an event
  if (dryRun || (before !== undefined && isSame(object, before))) return object
  if (before === undefined || !mayGo(kind, object)) return world.store.put(collection, key, object)
  world.store.remove(collection, key)
  world.deleted(kind, object)
  return object
}

function isSame(object: KubeObject, before: KubeObject): boolean {
  if (object.apiVersion === before.apiVersion) return object === before
  return isDeepStrictEqual(object, inVersion(object.apiVersion ?? '', before))
}

/** Versions differ in their names only: nothing is converted. */
function inVersion(apiVersion: string, object: KubeObject): KubeObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion }
}

function find({ store }: World, { kind, namespace, name }: ResourceRequest): KubeObject | undefined {
  return store.get(collectionOf(kind), namespace === undefined ? name! : `${namespace}/${name}`)
}

function stored(world: World, request: ResourceRequest): KubeObject {
  checkSubresource(request)
  const object = find(world, request)
  if (object === undefined) throw notFound(request.kind, request.name!)
  return inVersion(apiVersionOf(request.kind), object)
}

function checkSubresource({ kind, subresource }: ResourceRequest): void {
  if (subresource !== undefined && !(subresource === 'status' && kind.status)) throw noSuchPath()
}

function asObject(body: Json | undefined): JsonObject {
  if (!isObject(body)) throw badRequest('the body of the request is no object')
  return body
}

function reply(code: number, request: ResourceRequest, object: KubeObject, warnings: readonly string[] = []): Reply {
  return { code, text: renderObject(request, object), warnings }
}
