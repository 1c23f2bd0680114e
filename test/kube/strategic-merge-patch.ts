/**
 * Kubernetes' strategic merge patch: a merge patch whose lists merge by key, with directives. Which lists merge is said by
 * the schema of the kind, never guessed from a field's name. Returns a new value; its arguments stay as they are.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json, type JsonObject } from './json.ts'
import { fieldOf, type Schema } from './schema.ts'
import { ApiError, badRequest } from './status.ts'

const ORDER = '$setElementOrder/'
const DELETE_SCALARS = '$deleteFromPrimitiveList/'

/** @throws ApiError 400 for a directive that is none, 500 for lists that do not fit, as the server has it */
export function applyStrategicPatch(target: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  const directive = patch['$patch']
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw badRequest(`Unknown patch type found: ${directive}`)
  const result = retained(target, patch)
  for (const [field, value] of Object.entries(patch))
    if (field.startsWith(DELETE_SCALARS)) removeScalars(result, field.slice(DELETE_SCALARS.length), list(value))
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$')) continue
    const below = fieldOf(schema, field)
    const before = result[field]
    if (value === null) delete result[field]
    else if (isObject(value)) result[field] = applyStrategicPatch(isObject(before) ? before : {}, value, below)
    else if (Array.isArray(value)) {
      const order = patch[`${ORDER}${field}`]
      result[field] = patchList(
        Array.isArray(before) ? before : [],
        value,
        below,
        order === undefined ? order : list(order),
      )
    } else result[field] = value
  }
  for (const [directive, value] of Object.entries(patch)) {
    const field = directive.slice(ORDER.length)
    const before = result[field]
    const merge = mergeOf(fieldOf(schema, field))
    // an order without items of its own is for those that are there
    if (directive.startsWith(ORDER) && patch[field] === undefined && Array.isArray(before) && merge !== undefined)
      result[field] = ordered(before, list(value), before, merge)
  }
  return result
}

/** What tells apart the items of a list that merges. */
type Merge = (item: Json) => Json

function mergeOf(schema: Schema | undefined): Merge | undefined {
  if (schema?.['x-kubernetes-patch-strategy'] !== 'merge') return undefined
  const key = schema['x-kubernetes-patch-merge-key']
  if (key === undefined) return item => item
  return item => {
    const value = isObject(item) ? item[key] : undefined
    if (value !== undefined) return value
    throw new ApiError(500, '', `map: ${goText(item)} does not contain declared merge key: ${key}`)
  }
}

function retained(target: JsonObject, patch: JsonObject): JsonObject {
  const keep = patch['$retainKeys']
  if (!Array.isArray(keep)) return { ...target }
  return Object.fromEntries(Object.entries(target).filter(([field]) => keep.includes(field)))
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([field]) => !field.startsWith('$')))
}

function patchList(before: Json[], patch: Json[], schema: Schema | undefined, order: Json[] | undefined): Json[] {
  const keyOf = mergeOf(schema)
  if (keyOf === undefined) return patch
  const items = patch.filter(item => !(isObject(item) && item['$patch'] === 'replace'))
  if (items.length < patch.length) return items
  const find = (among: Json[], item: Json) => among.findIndex(known => isDeepStrictEqual(keyOf(known), keyOf(item)))
  const result = [...before]
  const added: Json[] = []
  for (const item of items) {
    const found = find(result, item)
    if (isObject(item) && item['$patch'] === 'delete') {
      if (found >= 0) result.splice(found, 1)
      continue
    }
    added.push(item)
    if (order !== undefined && find(order, item) < 0) throw misordered(added, order)
    if (found < 0) result.push(isObject(item) ? applyStrategicPatch({}, item, schema?.items) : item)
    else if (isObject(item)) result[found] = applyStrategicPatch(result[found] as JsonObject, item, schema?.items)
  }
  return ordered(result, order ?? added, before, keyOf)
}

/**
 * Items that `order` names take its order. Each of the others comes before them as long as it did so in the list as it was;
 * so what is new comes first, unless the order says otherwise.
 */
function ordered(items: readonly Json[], order: readonly Json[], before: readonly Json[], keyOf: Merge): Json[] {
  const rankIn = (among: readonly Json[], item: Json) =>
    among.findIndex(known => isDeepStrictEqual(keyOf(known), keyOf(item)))
  const named = items.filter(item => rankIn(order, item) >= 0).sort((a, b) => rankIn(order, a) - rankIn(order, b))
  const others = items.filter(item => rankIn(order, item) < 0)
  const result: Json[] = []
  while (named.length > 0 && others.length > 0) {
    const rank = rankIn(before, named[0]!)
    const next = rank >= 0 && rankIn(before, others[0]!) < rank ? others : named
    result.push(next.shift()!)
  }
  return [...result, ...named, ...others]
}

function list(value: Json): Json[] {
  if (!Array.isArray(value)) throw badRequest('a list directive of a strategic merge patch needs a list')
  return value
}

function removeScalars(result: JsonObject, field: string, gone: Json[]): void {
  const before = result[field]
  if (Array.isArray(before)) result[field] = before.filter(item => !gone.includes(item))
}

function misordered(items: Json[], order: Json[]): ApiError {
  return new ApiError(
    500,
    '',
    `The order in patch list:\n${goText(items)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
  )
}

/** As Go prints a value. */
function goText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isObject(value)) return String(value)
  const fields = Object.keys(value).sort()
  return `map[${fields.map(field => `${field}:${goText(value[field]!)}`).join(' ')}]`
}
