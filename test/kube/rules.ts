/**
 * What every write goes through, whatever the kind: names, metadata that the server owns, optimistic locking, no-op writes.
 * Pure: takes the object of the client and the stored one, returns what to store, or throws the ApiError.
 */
import { isDeepStrictEqual } from 'node:util'
import { type KubeObject, keyOf, type ObjectMeta } from '../../lib/kube/object.ts'
import { builtInType } from './built-in-types.ts'
import { draft, isObject, type Json, type JsonObject } from './json.ts'
import { apiVersionOf, collectionOf, type Kind } from './kinds.ts'
import { trackUpdate, type Writer } from './managed-fields.ts'
import { metadataCauses } from './metadata-rules.ts'
import { ApiError, badRequest, conflict, forbidden, invalid, modified, nameMismatch } from './status.ts'

/** What the rules cannot know of themselves. */
export interface Circumstances {
  /** RFC 3339, whole seconds. */
  readonly now: string
  readonly uid: string
  /** Five characters for `generateName`. */
  readonly suffix: string
  /** Never the same twice: what addresses and ports are given out by. */
  readonly serial: number
}

/** @param namespace of the URL; undefined for kinds without one */
export function prepareCreate(
  kind: Kind,
  body: KubeObject,
  namespace: string | undefined,
  given: Circumstances,
  writer: Writer,
) {
  const object = draft(checkedBody(kind, body))
  const { metadata } = object
  if (namespace !== undefined && metadata['namespace'] && metadata['namespace'] !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (metadata['resourceVersion'])
    throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created')
  if (!metadata['name'] && metadata['generateName']) metadata['name'] = `${metadata['generateName']}${given.suffix}`
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink']) delete metadata[field]
  if (namespace !== undefined) metadata['namespace'] = namespace
  metadata['uid'] = given.uid
  metadata['creationTimestamp'] = given.now
  if (kind.generation) metadata['generation'] = 1
  kind.created?.(object, given)
  if (kind.initialStatus !== undefined) object['status'] = kind.initialStatus
  else if (kind.custom && kind.status) delete object['status']
  const made = judged(kind, object as unknown as KubeObject, undefined)
  return writer.operation === 'Apply' ? made : trackUpdate(kind, undefined, made, writer)
}

/**
 * @param name of the URL
 * @param writer through `/status` it leaves the spec alone, of a custom resource all but the status; elsewhere the status stays. What an
 *   applier sends has its managers already
 * @returns the stored object itself when nothing would change
 */
export function prepareUpdate(
  kind: Kind,
  body: KubeObject,
  stored: KubeObject,
  name: string,
  writer: Writer,
): KubeObject {
  const object = draft(checkedBody(kind, body))
  const { metadata } = object
  if (metadata['name'] !== name) throw nameMismatch(name, metadata['name'])
  const { namespace } = stored.metadata
  if (namespace !== undefined && metadata['namespace'] && metadata['namespace'] !== namespace)
    throw badRequest(
      `the namespace of the object (${metadata['namespace']}) does not match the namespace on the request (${namespace})`,
    )
  checkPreconditions(kind, stored, metadata)
  if (namespace !== undefined) metadata['namespace'] = namespace
  for (const field of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'selfLink',
  ]) {
    const value = stored.metadata[field]
    if (value === undefined) delete metadata[field]
    else metadata[field] = value as string
  }
  metadata['resourceVersion'] = stored.metadata.resourceVersion ?? ''
  const next =
    writer.subresource === 'status' ? withStatusOf(kind, stored, object) : withOwnStatus(kind, stored, object)
  const prepared = counted(kind, judged(kind, next, stored), stored)
  const tracked = writer.operation === 'Apply' ? prepared : trackUpdate(kind, stored, prepared, writer)
  return isDeepStrictEqual(tracked, stored) ? stored : tracked
}

/** The generation counts what its controller has to look at: all but metadata and a status that others write. */
function counted(kind: Kind, object: KubeObject, stored: KubeObject): KubeObject {
  if (!kind.generation) return object
  const intent = ({ metadata: _, status, ...rest }: KubeObject) => (kind.status ? rest : { ...rest, status })
  if (isDeepStrictEqual(intent(object), intent(stored))) return object
  return { ...object, metadata: { ...object.metadata, generation: (stored.metadata.generation ?? 0) + 1 } }
}

function withStatusOf({ custom }: Kind, stored: KubeObject, update: JsonObject): KubeObject {
  const { status: _, ...rest } = stored
  const { managedFields } = update['metadata'] as JsonObject
  const own = managedFields === undefined ? stored.metadata : { ...stored.metadata, managedFields }
  const metadata = custom ? own : (update['metadata'] as unknown as ObjectMeta)
  return { ...rest, metadata, ...(update['status'] === undefined ? {} : { status: update['status'] }) }
}

function withOwnStatus(kind: Kind, stored: KubeObject, update: JsonObject): KubeObject {
  if (!kind.status) return update as unknown as KubeObject
  const { status: _, ...rest } = update
  const own = stored['status'] === undefined ? {} : { status: stored['status'] }
  return { ...rest, ...own } as unknown as KubeObject
}

/** Optimistic locking, and the uid, of an update. */
function checkPreconditions(kind: Kind, stored: KubeObject, wanted: JsonObject): void {
  const { name, uid, resourceVersion } = stored.metadata
  const where = `/registry/${collectionOf(kind)}/${keyOf(stored)}`
  const mismatch = `Precondition failed: UID in precondition: ${wanted['uid']}, UID in object meta: ${uid}`
  const storage = `StorageError: invalid object, Code: 4, Key: ${where}, ResourceVersion: 0, AdditionalErrorMsg: ${mismatch}`
  if (wanted['uid'] && wanted['uid'] !== uid) throw conflict(kind, name, storage)
  if (wanted['resourceVersion'] && wanted['resourceVersion'] !== resourceVersion) throw conflict(kind, name, modified)
}

const KEPT_NAMESPACES = ['default', 'kube-system', 'kube-public']

/** The preconditions of a deletion. */
export function checkDeletion(kind: Kind, { metadata }: KubeObject, wanted: JsonObject): void {
  if (kind.kind === 'Namespace' && KEPT_NAMESPACES.includes(metadata.name))
    throw forbidden(kind, metadata.name, 'this namespace may not be deleted')
  const compare = (what: string, given: Json | undefined, actual: string, fate: string) => {
    if (!given || given === actual) return
    const why = `the ${what} in the precondition (${given}) does not match the ${what} in record (${actual}). The object might have been ${fate}`
    // the server names the kind here, not the resource
    throw conflict({ ...kind, plural: kind.kind }, metadata.name, why)
  }
  compare('UID', wanted['uid'], metadata.uid ?? '', 'deleted and then recreated')
  compare('ResourceVersion', wanted['resourceVersion'], metadata.resourceVersion ?? '', 'modified')
}

const undecodable = (kind: Kind, why: string) =>
  badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`)

function checkedBody(kind: Kind, body: unknown): KubeObject {
  if (!isObject(body)) throw badRequest(`couldn't get version/kind; json parse error: the body is no object`)
  const expected = apiVersionOf(kind)
  // built-in types know what they are, custom ones only by what they say
  if (kind.custom && !body['kind']) throw undecodable(kind, `Object 'Kind' is missing in '${JSON.stringify(body)}'`)
  const { apiVersion = expected, kind: name = kind.kind, ...rest } = body
  if (apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    )
  if (name !== kind.kind) throw undecodable(kind, `the kind in the data is ${name}`)
  const metadata = isObject(rest['metadata']) ? rest['metadata'] : {}
  for (const field of ['labels', 'annotations']) {
    for (const value of Object.values(metadata[field] ?? {})) {
      if (typeof value !== 'string')
        throw badRequest(
          `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: json: cannot unmarshal ${typeof value === 'boolean' ? 'bool' : typeof value} into Go struct field ObjectMeta.metadata.${field} of type string`,
        )
    }
  }
  return { apiVersion, kind: name, ...rest, metadata: metadata as unknown as KubeObject['metadata'] } as KubeObject
}

function judged(kind: Kind, object: KubeObject, previous: KubeObject | undefined): KubeObject {
  const normal = withoutEmptyMetadata(kind.normal?.(object, previous) ?? object)
  const causes = [...metadataCauses(kind, normal, previous), ...(kind.causes?.(normal, previous) ?? [])]
  if (causes.length > 0) throw invalid(kind, normal.metadata.name ?? '', causes)
  return normal
}

/** The server never stores an empty map or list of metadata, nor a null, nor a field that metadata has not. */
function withoutEmptyMetadata(object: KubeObject): KubeObject {
  const known = builtInType('ObjectMeta').properties!
  const kept = Object.entries(object.metadata).filter(([field, value]) => {
    if (value === null || value === '' || known[field] === undefined) return false
    return typeof value !== 'object' || Object.keys(value as object).length > 0
  })
  return { ...object, metadata: Object.fromEntries(kept) as KubeObject['metadata'] }
}
