/**
 * Sets of fields of one object, as managedFields have them: a path is made of `f:NAME`, `k:{KEYS}` for the item of a list
 * that is told apart by keys, and `v:VALUE` for the member of a set. What the schema calls atomic is one field, whatever is
 * in it. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json, type JsonObject } from './json.ts'
import { fieldOf, type Schema } from './schema.ts'

/** Elements joined by line feeds, which none of them has: as text, paths are members of plain sets. */
export type Path = string
export type FieldSet = ReadonlySet<Path>

/** A value taken apart into what apply tells apart in it; undefined for what it takes as one. */
export function partsOf(
  value: Json | undefined,
  schema: Schema | undefined,
): Map<string, [Json, Schema | undefined]> | undefined {
  if (isObject(value)) {
    if (schema?.['x-kubernetes-map-type'] === 'atomic') return undefined
    return new Map(Object.entries(value).map(([field, inner]) => [`f:${field}`, [inner, fieldOf(schema, field)]]))
  }
  const type = schema?.['x-kubernetes-list-type']
  if (!Array.isArray(value) || (type !== 'map' && type !== 'set')) return undefined
  const name = type === 'set' ? (item: Json) => `v:${JSON.stringify(item)}` : (item: Json) => keyedName(item, schema!)
  return new Map(value.map(item => [name(item), [item, schema?.items]]))
}

function keyedName(item: Json, { items, 'x-kubernetes-list-map-keys': keys = [] }: Schema): string {
  const fields = isObject(item) ? item : {}
  const named = [...keys]
    .sort()
    .map(key => [key, fields[key] ?? (items?.properties?.[key]?.['default'] as Json) ?? null])
  return `k:${JSON.stringify(Object.fromEntries(named))}`
}

export function below(path: Path, element: string): Path {
  return path === '' ? element : `${path}\n${element}`
}

/** Whether a path is another one, or leads on from it. */
export function isWithin(path: Path, container: Path): boolean {
  return path === container || path.startsWith(`${container}\n`)
}

/** The first list in a value that has an item twice, as the server complains of it; undefined when there is none. */
export function duplicateItem(value: Json, schema: Schema | undefined, path: Path = ''): string | undefined {
  const parts = partsOf(value, schema)
  if (parts === undefined) return undefined
  if (Array.isArray(value) && parts.size < value.length) {
    const names = value.map(item => [...partsOf([item], schema)!.keys()][0]!)
    const twice = names.find((name, index) => names.indexOf(name) < index)!
    return `${renderPath(path)}: duplicate entries for key ${renderElement(twice)}`
  }
  for (const [element, [inner, innerSchema]] of parts) {
    const found = duplicateItem(inner, innerSchema, below(path, element))
    if (found !== undefined) return found
  }
  return undefined
}

/** All fields of a value, as an applier owns them: leaves, and items of lists. */
export function fieldsOf(value: Json, schema: Schema | undefined, path: Path = ''): Set<Path> {
  const parts = partsOf(value, schema)
  if (parts === undefined || parts.size === 0) return new Set([path])
  return new Set(
    [...parts].flatMap(([element, [inner, innerSchema]]) => {
      const at = below(path, element)
      return [...(element.startsWith('f:') ? [] : [at]), ...fieldsOf(inner, innerSchema, at)]
    }),
  )
}

export interface Difference {
  /** Fields that are new or of another value. A container that is new is among them itself. */
  readonly changed: Set<Path>
  /** Fields that are gone, with all that was in them. */
  readonly removed: Set<Path>
}

/**
 * @param structs whether objects of fixed fields are containers of their own: so the server sees those of custom resources
 */
export function compare(
  before: Json | undefined,
  after: Json | undefined,
  schema: Schema | undefined,
  structs: boolean,
) {
  const difference: Difference = { changed: new Set(), removed: new Set() }
  descend(before, after, schema, '')
  return difference

  function descend(old: Json | undefined, now: Json | undefined, type: Schema | undefined, path: Path): void {
    if (isDeepStrictEqual(old, now)) return
    if (now === undefined) return void difference.removed.add(path)
    const [oldParts, parts] = [partsOf(old, type), partsOf(now, type)]
    if (parts === undefined) return void difference.changed.add(path)
    const isContainer = structs || type?.properties === undefined || /\nk:[^\n]*$/.test(path)
    if (oldParts === undefined && path !== '' && (isContainer || parts.size === 0)) difference.changed.add(path)
    for (const element of oldParts?.keys() ?? []) if (!parts.has(element)) difference.removed.add(below(path, element))
    for (const [element, [inner, innerType]] of parts)
      descend(oldParts?.get(element)?.[0], inner, innerType, below(path, element))
  }
}

/** As fieldsV1: `{ "f:data": { ".": {}, "f:a": {} } }`. */
export function encodeFields(fields: FieldSet): JsonObject {
  const root: JsonObject = {}
  for (const path of fields) {
    let here = root
    for (const element of path.split('\n')) {
      here[element] ??= {}
      here = here[element] as JsonObject
    }
    here['.'] = {}
  }
  return plainLeaves(root)
}

function plainLeaves(node: JsonObject): JsonObject {
  const names = Object.keys(node).sort()
  if (names.length === 1 && names[0] === '.') return {}
  return Object.fromEntries(names.map(name => [name, plainLeaves(node[name] as JsonObject)]))
}

export function decodeFields(node: JsonObject, path: Path = ''): Path[] {
  const inner = Object.entries(node)
  if (inner.length === 0) return path === '' ? [] : [path]
  return inner.flatMap(([element, value]) =>
    element === '.' ? [path] : decodeFields(isObject(value) ? value : {}, below(path, element)),
  )
}

/** `.spec.ports[port=80,protocol="TCP"].name`: as messages show a path. */
export function renderPath(path: Path): string {
  return path.split('\n').map(renderElement).join('')
}

function renderElement(element: string): string {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return `.${rest}`
  if (element.startsWith('v:')) return `[=${rest}]`
  const keys = Object.entries(JSON.parse(rest)).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return `[${keys.join(',')}]`
}
