/**
 * Kubernetes' strategic merge patch: a merge patch whose lists merge by key, with directives. Which lists merge is given by
 * path, never guessed from a field's name. Returns a new value; its arguments stay as they are.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json, type JsonObject } from './json.ts'
import type { ListMerge } from './kinds.ts'
import { badRequest } from './status.ts'

type Merges = Readonly<Record<string, ListMerge>>

const ORDER = '$setElementOrder/'
const DELETE_SCALARS = '$deleteFromPrimitiveList/'

/** @param path of the object within the kind: `status.conditions` has the items of that list below it */
export function applyStrategicPatch(target: JsonObject, patch: JsonObject, merges: Merges, path = ''): JsonObject {
  const directive = patch['$patch']
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw badRequest(`Unknown patch type found: ${directive}`)
  const result = retained(target, patch)
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$')) continue
    const below = path === '' ? field : `${path}.${field}`
    const before = result[field]
    if (value === null) delete result[field]
    else if (isObject(value)) result[field] = applyStrategicPatch(isObject(before) ? before : {}, value, merges, below)
    else if (Array.isArray(value)) result[field] = patchList(Array.isArray(before) ? before : [], value, merges, below)
    else result[field] = value
  }
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(DELETE_SCALARS)) removeScalars(result, field.slice(DELETE_SCALARS.length), list(value))
    if (field.startsWith(ORDER)) reorder(result, field.slice(ORDER.length), list(value), merges, path)
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

function patchList(before: Json[], patch: Json[], merges: Merges, path: string): Json[] {
  const merge = merges[path]
  if (merge === undefined) return patch
  if (merge === 'set')
    return [...before, ...patch.filter(item => !before.some(known => isDeepStrictEqual(known, item)))]
  const { key } = merge
  const items = patch.filter(isObject)
  if (items.some(item => item['$patch'] === 'replace')) return items.filter(item => item['$patch'] === undefined)
  let result = [...before]
  for (const item of items) {
    if (item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    const found = result.findIndex(known => isObject(known) && known[key] === item[key])
    if (item['$patch'] === 'delete') result = result.filter((_, index) => index !== found)
    else if (found < 0) result.push(applyStrategicPatch({}, item, merges, path))
    else result[found] = applyStrategicPatch(result[found] as JsonObject, item, merges, path)
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
function reorder(result: JsonObject, field: string, order: Json[], merges: Merges, path: string): void {
  const before = result[field]
  const merge = merges[path === '' ? field : `${path}.${field}`]
  if (!Array.isArray(before) || merge === undefined) return
  const keyOf = (item: Json): Json => (merge === 'set' || !isObject(item) ? item : (item[merge.key] ?? null))
  const wanted = order.map(keyOf)
  const rank = (item: Json) => wanted.findIndex(key => isDeepStrictEqual(key, keyOf(item)))
  const named = before.filter(item => rank(item) >= 0).sort((a, b) => rank(a) - rank(b))
  result[field] = before.map(item => (rank(item) >= 0 ? named.shift()! : item))
}
