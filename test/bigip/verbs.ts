/**
 * Writes to objects, with all rules: create, modify, replace, delete. A handler per verb; they work on the store at once, and
 * who calls them takes the changes or takes them back.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject, type Json, type JsonObject } from '../kube/json.ts'
import type { Box } from './box.ts'
import { dashed, type Fields, type Place, parseFields } from './field.ts'
import { type Entry, type Kind, referencesOf } from './kind.ts'
import { kindOf, subcollectionsOf, type Target } from './kinds.ts'
import * as refusal from './rest-error.ts'

/** What answers add, and writers may send back. */
const METADATA = ['kind', 'selfLink', 'fullPath', 'generation', 'name', 'partition', 'subPath', 'isSubcollection']

export function find(box: Box, { kind, parent, path = '' }: Target): Entry {
  const owner = parentOf(box, kind, parent)
  const name = kind.name?.(path, owner) ?? path
  const entry = box.store.get(kind.collection, name, parent)
  if (entry === undefined) throw refusal.notFound(kind.title, name)
  return entry
}

/** @throws RestError where it is not there. Undefined at the top. */
export function parentOf(box: Box, kind: Kind, path: string): Entry | undefined {
  if (kind.parent === undefined) return undefined
  const parent = kindOf(kind.parent)
  const entry = box.store.get(parent.collection, path)
  if (entry === undefined) throw refusal.notFound(parent.title, path)
  return entry
}

export function create(box: Box, { kind, parent }: Target, body: JsonObject): Entry {
  const owner = parentOf(box, kind, parent)
  const place = identify(box, kind, owner, body)
  if (box.store.get(kind.collection, place.path, parent) !== undefined)
    throw refusal.exists(kind.title, place.path, place.partition || owner?.partition || 'Common')
  const { own, inline } = split(kind, body)
  const values = complete(kind, parseFields(kind.fields, own, placeOf(box, place, owner)))
  const entry = settle(box, { ...place, kind, parent, values, generation: box.store.nextGeneration() }, undefined)
  for (const [child, items] of inline) writeWhole(box, child, entry, items)
  return entry
}

export function modify(box: Box, target: Target, body: JsonObject, whole: boolean): Entry {
  const before = find(box, target)
  const { kind } = before
  const { own, inline } = split(kind, body)
  if (Object.keys(own).length === 0 && inline.length === 0 && !whole) throw refusal.nothingGiven()
  if (whole) kind.checkReplacement?.(box, before)
  const place = placeOf(box, before, parentOf(box, kind, before.parent))
  const given = parseFields(withoutPresets(kind), own, place)
  checkFixed(before, own, given)
  const presets = parseFields(kind.fields, {}, place)
  const base = whole ? { ...presets, ...lasting(before) } : { ...before.values }
  // what is named and has no value shall have none, or its preset
  for (const property of Object.keys(own))
    if (presets[property] === undefined) delete base[property]
    else base[property] = presets[property]
  const values = complete(kind, { ...base, ...given })
  const entry = settle(box, { ...before, values, generation: box.store.nextGeneration() }, before)
  for (const [child, items] of inline) writeWhole(box, child, entry, items)
  return entry
}

export function remove(box: Box, target: Target): void {
  removeEntry(box, find(box, target))
}

function removeEntry(box: Box, entry: Entry): void {
  const { kind, path, parent } = entry
  kind.checkDeletion?.(box, entry)
  const user = parent === '' ? box.store.referrers(kind.collection, path)[0] : undefined
  if (user !== undefined) throw refusal.refused('01070265:3', inUse(entry, user))
  for (const child of subcollectionsOf(kind).toReversed())
    for (const inner of box.store.list(child.collection, path)) box.store.remove(inner)
  box.store.remove(entry)
  kind.changed?.(box, entry, undefined)
}

function inUse(entry: Entry, user: Entry): string {
  const by = user.kind.title.startsWith('Self') ? 'self IP' : user.kind.title
  return `The ${entry.kind.title} (${entry.path}) cannot be deleted because it is in use by a ${by} (${user.path}).`
}

type Identity = Pick<Entry, 'path' | 'name' | 'partition'>

/** Where a new object is to be. */
function identify(box: Box, kind: Kind, owner: Entry | undefined, body: JsonObject): Identity {
  const { name, partition } = body
  if (typeof name !== 'string' || name === '') throw refusal.missing('name')
  if (kind.naming === 'name') {
    const path = kind.name?.(name, owner) ?? name
    return { path, name: path, partition: '' }
  }
  const given = name.startsWith('/') ? name : `${folderOf(body, kind)}/${name}`
  const parts = given.split('/').slice(1)
  const folder = `/${parts.slice(0, -1).join('/')}`
  if (folder !== '/' && box.store.get('/sys/folder', folder) === undefined) throw refusal.notFound('folder', folder)
  const own = parts.length > 1 ? parts[0]! : String(partition ?? '/')
  return { path: given, name: parts.at(-1)!, partition: own }
}

function folderOf({ partition, subPath }: JsonObject, kind: Kind): string {
  if (kind.collection === '/sys/folder') return partition === '/' || partition === undefined ? '' : `/${partition}`
  return `/${partition ?? 'Common'}${typeof subPath === 'string' ? `/${subPath}` : ''}`
}

function placeOf(box: Box, { partition }: Identity, owner: Entry | undefined): Place {
  const own = partition || owner?.partition || 'Common'
  return { partition: own, routeDomain: box.defaultRouteDomain(own) }
}

/** A body's own properties, and whole subcollections in it. */
function split(kind: Kind, body: JsonObject): { own: JsonObject; inline: [Kind, Json][] } {
  const inline: [Kind, Json][] = []
  const own: JsonObject = {}
  const children = subcollectionsOf(kind)
  for (const [property, value] of Object.entries(body)) {
    const child = children.find(one => one.inline === property)
    if (child !== undefined) inline.push([child, value])
    else if (!METADATA.includes(property)) own[property] = value
  }
  // those that others refer to come first
  return { own, inline: inline.sort(([a], [b]) => children.indexOf(a) - children.indexOf(b)) }
}

function complete(kind: Kind, values: JsonObject): JsonObject {
  for (const [property, { required }] of Object.entries(kind.fields))
    if (required && values[property] === undefined) throw refusal.missing(dashed(property))
  return values
}

function checkFixed({ kind, values }: Entry, own: JsonObject, given: JsonObject): void {
  for (const [property, { fixed }] of Object.entries(kind.fields)) {
    if (fixed === undefined || own[property] === undefined) continue
    if (fixed === 'named' || given[property] !== values[property]) throw refusal.fixed(dashed(property))
  }
}

function withoutPresets({ fields }: Kind): Fields {
  return Object.fromEntries(Object.entries(fields).map(([property, { preset: _, ...field }]) => [property, field]))
}

/** What a replacement leaves: what cannot be changed, and what is no property, such as the MAC address of a tunnel. */
function lasting({ kind, values }: Entry): JsonObject {
  return Object.fromEntries(
    Object.entries(values).filter(([property]) => {
      const field = kind.fields[property]
      return field === undefined || field.fixed !== undefined
    }),
  )
}

/** Applies the rules that look at other objects, and stores. */
function settle(box: Box, given: Entry, before: Entry | undefined): Entry {
  const { kind } = given
  for (const { collections, path } of referencesOf(given))
    if (!collections.some(collection => box.store.get(collection, path)))
      throw refusal.notFound(kindOf(collections[0]!).title, path)
  const entry = kind.check?.(box, given, before) ?? given
  for (const key of kind.unique?.(entry) ?? []) {
    const other = box.store.owner(key)
    if (other !== undefined && !isSame(other, entry)) throw kind.clash!(entry, other)
  }
  if (before !== undefined && isDeepStrictEqual(before.values, entry.values)) return before
  box.store.put(entry)
  kind.changed?.(box, before, entry)
  return entry
}

function isSame(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && a.path === b.path && a.parent === b.parent
}

/** Makes a subcollection hold exactly what a list says; `{}` and null mean an empty one, as devices take it. */
function writeWhole(box: Box, kind: Kind, parent: Entry, given: Json): void {
  const items = Array.isArray(given) ? given : []
  if (!Array.isArray(given) && given !== null && !(isObject(given) && Object.keys(given).length === 0))
    throw refusal.invalidValue(dashed(kind.inline!), given)
  const wanted = new Map<string, JsonObject>()
  for (const item of items) {
    const body = typeof item === 'string' ? { name: item } : item
    if (!isObject(body) || typeof body['name'] !== 'string') throw refusal.missing('name')
    const name = kind.name?.(body['name'], parent) ?? body['name']
    if (wanted.has(name)) throw refusal.exists(kind.title, name, parent.partition)
    wanted.set(name, body)
  }
  for (const entry of box.store.list(kind.collection, parent.path)) if (!wanted.has(entry.path)) removeEntry(box, entry)
  for (const [path, body] of wanted) {
    const target = { kind, parent: parent.path, path, stats: false }
    if (box.store.get(kind.collection, path, parent.path) === undefined) create(box, target, body)
    else modify(box, target, body, true)
  }
}
