/**
 * Kubernetes' strategic merge patch: a merge patch whose lists merge by key, with directives. Which lists merge is said by
 * the schema of the kind, never guessed from a field's name. Returns a new value; its arguments stay as they are.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json, type JsonObject } from './json.ts'
import { fieldOf, type Schema } from './schema.ts'
import { badRequest } from './status.ts'

const ORDER = '$setElementOrder/'
const DELETE_SCALARS = '$deleteFromPrimitiveList/'

export function applyStrategicPatch(target: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = patch['$patch']
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw badRequest(`Unknown patch type found: ${directive}`)
  const result = retained(target, patch)
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$')) continue
    const below = fieldOf(schema, field)
    const before = result[field]
    if (value === null) delete result[field]
    else if (isObject(value)) result[field] = applyStrategicPatch(isObject(before) ? before : {}, value, below)
    else if (Array.isArray(value)) result[field] = patchList(Array.isArray(before) ? before : [], value, below)
    else result[field] = value
  }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(DELETE_SCALARS)) removeScalars(result, field.slice(DELETE_SCALARS.length), list(value))
    if (field.startsWith(ORDER))
      reorder(result, field.slice(ORDER.length), list(value), fieldOf(schema, field.slice(ORDER.length)))
  }
  return result
}

function retained(target: JsonObject, patch: JsonObject): JsonObject {
  const keep = patch['$retainKeys']
  if (!Array.isArray(keep)) return { ...target }
  return Object.fromEntries(Object.entries(target).filter(([field]) => keep.includes(field)))
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([field]) => !field.startsWith('$')))
}

function patchList(before: Json[], patch: Json[], schema: Schema | undefined): Json[] {
  if (schema?.['x-kubernetes-patch-strategy'] !== 'merge') return patch
  const key = schema['x-kubernetes-patch-merge-key']
  if (key === undefined)
    return [...before, ...patch.filter(item => !before.some(known => isDeepStrictEqual(known, item)))]
  const items = patch.filter(isObject)
  if (items.some(item => item['$patch'] === 'replace')) return items.filter(item => item['$patch'] === undefined)
  let result = [...before]
  for (const item of items) {
    if (item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    const found = result.findIndex(known => isObject(known) && known[key] === item[key])
    if (item['$patch'] === 'delete') result = result.filter((_, index) => index !== found)
    else if (found < 0) result.push(applyStrategicPatch({}, item, schema.items))
    else result[found] = applyStrategicPatch(result[found] as JsonObject, item, schema.items)
  }
  return result
}

function list(value: Json): Json[] {
  if (!Array.isArray(value)) throw badRequest('a list directive of a strategic merge patch needs a list')
  return value
}

function removeScalars(result: JsonObject, field: string, gone: Json[]): void {
  const before = result[field]
  if (Array.isArray(before)) result[field] = before.filter(item => !gone.includes(item))
}

/** Items named by the directive take its order; the others keep their place behind the item they followed. */
function reorder(result: JsonObject, field: string, order: Json[], schema: Schema | undefined): void {
  const before = result[field]
  if (!Array.isArray(before) || schema?.['x-kubernetes-patch-strategy'] !== 'merge') return
  const key = schema['x-kubernetes-patch-merge-key']
  const keyOf = (item: Json): Json => (key === undefined || !isObject(item) ? item : (item[key] ?? null))
  const wanted = order.map(keyOf)
  const rank = (item: Json) => wanted.findIndex(key => isDeepStrictEqual(key, keyOf(item)))
  const named = before.filter(item => rank(item) >= 0).sort((a, b) => rank(a) - rank(b))
  result[field] = before.map(item => (rank(item) >= 0 ? named.shift()! : item))
}
