/**
 * Server-side apply: what an applier declares is merged into the object, what it no longer declares goes, and what another
 * manager holds is a conflict unless the applier forces it. Pure: the rules of every write come after it.
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../lib/kube/object.ts'
import { wholeSchema } from './built-in-types.ts'
import { below, compare, type FieldSet, fieldsOf, isWithin, type Path, partsOf, renderPath } from './field-set.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import type { Kind } from './kinds.ts'
import { isSameWriter, managed, type Owner, ownersOf, type Writer, withOwners, without } from './managed-fields.ts'
import type { Schema } from './schema.ts'
import { ApiError } from './status.ts'

/**
 * @param live undefined when there is no such object yet
 * @param config what the applier declares; its metadata.managedFields must be absent
 * @returns the object to store, or `live` itself when nothing would change
 * @throws ApiError 409 that names every field which another manager holds
 */
export function applyConfig(
  kind: Kind,
  live: KubeObject | undefined,
  config: JsonObject,
  writer: Writer,
  force: boolean,
): KubeObject {
  const schema = wholeSchema(kind)
  const declared = within(kind, writer.subresource, config)
  const before = (live ?? {}) as unknown as JsonObject
  const merged = merge(before, declared, schema) as JsonObject
  const owners = live === undefined ? [] : ownersOrFirst(live, kind, writer)
  const known = owners.find(owner => isSameWriter(owner, writer))
  const others = owners.filter(owner => owner !== known)
  const difference = compare(before, merged, schema, kind.custom)
  const conflicts = others.flatMap(owner =>
    [...owner.fields].filter(path => difference.changed.has(path)).map((path): [Owner, Path] => [owner, path]),
  )
  if (conflicts.length > 0 && !force) throw conflict(conflicts)
  const fields = managed(fieldsOf(declared, schema))
  const left = others.map(owner => ({ ...owner, fields: without(owner.fields, difference) }))
  const dropped = [...(known?.fields ?? [])].filter(path => !fields.has(path))
  const result = drop(
    merged,
    schema,
    dropped,
    new Set([fields, ...left.map(owner => owner.fields)].flatMap(set => [...set])),
  )
  const same = isDeepStrictEqual(result, before) && known !== undefined && isDeepStrictEqual(known.fields, fields)
  const time = same ? known.time : writer.time
  return withOwners(result as unknown as KubeObject, [...left, { ...writer, time, fields }])
}

/** The part of a declaration that its endpoint takes: the status through `/status` only, and there nothing else. */
function within({ status }: Kind, subresource: string, config: JsonObject): JsonObject {
  const { status: declared, ...rest } = config
  if (subresource === '') return status ? rest : config
  return declared === undefined ? {} : { status: declared }
}

/** Whatever an object had before anybody tracked it counts as one manager's. */
function ownersOrFirst(live: KubeObject, kind: Kind, { apiVersion, time }: Writer): Owner[] {
  const owners = ownersOf(live)
  if (owners.length > 0) return owners
  const fields = managed(compare(undefined, live as unknown as Json, wholeSchema(kind), kind.custom).changed)
  return [{ manager: 'before-first-apply', operation: 'Update', apiVersion, subresource: '', time, fields }]
}

function merge(live: Json | undefined, config: Json, schema: Schema | undefined): Json {
  const wanted = partsOf(config, schema)
  const existing = partsOf(live, schema)
  if (wanted === undefined || existing === undefined) return config
  const merged = new Map([...existing].map(([element, [value]]) => [element, value]))
  for (const [element, [value, type]] of wanted) merged.set(element, merge(merged.get(element), value, type))
  if (isObject(config))
    return Object.fromEntries(
      [...merged].flatMap(([element, value]) => (value === null ? [] : [[element.slice(2), value]])),
    )
  // the applier's order counts where it names all items
  const order = [...existing.keys()].every(element => wanted.has(element)) ? wanted : merged
  return [...order.keys()].map(element => merged.get(element)!)
}

/**
 * Takes out what its applier no longer declares and nobody else holds: an item of a list goes whole, and so does a container
 * that is empty then.
 */
function drop(object: JsonObject, schema: Schema | undefined, dropped: readonly Path[], held: FieldSet): Json {
  if (dropped.length === 0) return object
  const isHeld = (path: Path) => [...held].some(other => isWithin(other, path))
  const gone = new Set(dropped.filter(path => !isHeld(path)))
  return descend(object, schema, '')

  function descend(value: Json, type: Schema | undefined, path: Path): Json {
    const parts = partsOf(value, type)
    if (parts === undefined) return value
    const kept: [string, Json][] = []
    for (const [element, [inner, innerType]] of parts) {
      const at = below(path, element)
      if (gone.has(at) && !isKey(at)) continue
      const left = descend(inner, innerType, at)
      const emptied = left !== inner && typeof left === 'object' && left !== null && Object.keys(left).length === 0
      if (!emptied || isHeld(at)) kept.push([element, left])
    }
    if (kept.length === parts.size && kept.every(([element, inner]) => inner === parts.get(element)![0])) return value
    return Array.isArray(value)
      ? kept.map(([, inner]) => inner)
      : Object.fromEntries(kept.map(([name, inner]) => [name.slice(2), inner]))
  }
}

/** Whether the path is that of a field which tells its item apart: it stays as long as the item does. */
function isKey(path: Path): boolean {
  const [, keys, field] = /(?:^|\n)k:([^\n]*)\nf:([^\n]*)$/.exec(path) ?? []
  return keys !== undefined && Object.hasOwn(JSON.parse(keys), field!)
}

function conflict(conflicts: readonly [Owner, Path][]): ApiError {
  const causes = conflicts.map(([owner, path]) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${renderWriter(owner)}`,
    field: renderPath(path),
  }))
  const [first] = causes
  if (causes.length === 1)
    return new ApiError(409, 'Conflict', `Apply failed with 1 conflict: ${first!.message}: ${first!.field}`, { causes })
  const byWriter = Map.groupBy(causes, ({ message }) => message.replace('conflict', 'conflicts'))
  const lines = [...byWriter.keys()]
    .sort()
    .flatMap(who => [`${who}:`, ...byWriter.get(who)!.map(({ field }) => `- ${field}`)])
  return new ApiError(409, 'Conflict', `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`, { causes })
}

function renderWriter({ manager, operation, apiVersion, subresource }: Writer): string {
  const where = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`
  return `${JSON.stringify(manager)}${where}${operation === 'Update' ? ` using ${apiVersion}` : ''}`
}
