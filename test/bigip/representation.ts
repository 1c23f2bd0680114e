/** Objects and collections as answers: properties, links, `$filter`, `$select`, pages, subcollections in place. */
import type { Json, JsonObject } from '../kube/json.ts'
import type { Box } from './box.ts'
import { renderFields } from './field.ts'
import { type Entry, type Kind, typeOf } from './kind.ts'
import { subcollectionsOf, type Target } from './kinds.ts'
import { badBody } from './rest-error.ts'

const HOST = 'https://localhost/mgmt/tm'
/** From this one on the records of an FDB are a subcollection. */
const SUBCOLLECTIONS_SINCE = 12.1

export function renderObject(box: Box, entry: Entry, query: URLSearchParams): JsonObject {
  return select(render(box, entry, query), query)
}

export function renderCollection(box: Box, { kind, parent }: Target, query: URLSearchParams): JsonObject {
  const entries = kind.absent?.(box) === undefined ? box.store.list(kind.collection, parent) : []
  const chosen = filter(entries, query.get('$filter'))
  const skip = pageNumber(query, '$skip') ?? 0
  const top = pageNumber(query, '$top')
  const page = top === undefined ? chosen.slice(skip) : chosen.slice(skip, skip + top)
  const answer: JsonObject = {
    kind: `${typeOf(kind).replace(/state$/, '')}collectionstate`,
    selfLink: link(box, collectionPath(kind, parent)),
  }
  if (top !== undefined) {
    Object.assign(answer, { currentItemCount: page.length, itemsPerPage: top, startIndex: skip + 1 })
    Object.assign(answer, { totalItems: chosen.length, pageIndex: Math.floor(skip / top) + 1 })
    Object.assign(answer, { totalPages: Math.max(1, Math.ceil(chosen.length / top)) })
    if (skip + top < chosen.length)
      answer['nextLink'] = `${link(box, collectionPath(kind, parent))}&$top=${top}&$skip=${skip + top}`
  }
  // devices leave the list out when it is empty
  if (page.length > 0) answer['items'] = page.map(entry => renderObject(box, entry, query))
  return answer
}

function render(box: Box, entry: Entry, query: URLSearchParams): JsonObject {
  const { kind, name, partition, path, parent, generation } = entry
  const own = partition || 'Common'
  const parts = path.split('/').slice(2, -1)
  const place = { partition: own, routeDomain: box.defaultRouteDomain(parent === '' ? own : partitionOf(parent)) }
  return {
    kind: `${typeOf(kind)}state`,
    name,
    ...(kind.naming === 'folder' && partition !== '' ? { partition } : {}),
    ...(kind.naming === 'folder' && parts.length > 0 && partition !== '/' ? { subPath: parts.join('/') } : {}),
    fullPath: path,
    generation,
    selfLink: link(box, objectPath(entry)),
    ...renderFields(kind.fields, entry.values, place),
    ...referenceLinks(box, entry),
    ...subcollections(box, entry, query),
  }
}

function partitionOf(path: string): string {
  return path.split('/')[1] ?? 'Common'
}

/** `vlanReference: { link }` beside `vlan`. */
function referenceLinks(box: Box, { kind, values }: Entry): JsonObject {
  const links: JsonObject = {}
  for (const [property, { refers }] of Object.entries(kind.fields)) {
    const path = values[property]
    const collection = refers?.find(one => box.store.get(one, String(path)))
    if (collection !== undefined)
      links[`${property}Reference`] = { link: link(box, `${collection}/${tilde(String(path))}`) }
  }
  return links
}

function subcollections(box: Box, entry: Entry, query: URLSearchParams): JsonObject {
  const rendered: JsonObject = {}
  for (const child of subcollectionsOf(entry.kind)) {
    const items = () =>
      box.store.list(child.collection, entry.path).map(inner => render(box, inner, new URLSearchParams()))
    const property = child.inline ?? child.title
    if (Number.parseFloat(query.get('ver') ?? '99') < SUBCOLLECTIONS_SINCE) {
      rendered[property] = items()
      continue
    }
    const reference: JsonObject = { link: link(box, collectionPath(child, entry.path)), isSubcollection: true }
    if (query.get('expandSubcollections') === 'true') {
      const expanded = items()
      if (expanded.length > 0) reference['items'] = expanded
    }
    rendered[`${property}Reference`] = reference
  }
  return rendered
}

function select(object: JsonObject, query: URLSearchParams): JsonObject {
  const properties = query.get('$select')
  if (properties === null || properties === '') return object
  const entries = properties.split(',').flatMap((property): [string, Json][] => {
    const value = object[property.trim()]
    return value === undefined ? [] : [[property.trim(), value]]
  })
  return Object.fromEntries(entries)
}

/** Devices know partitions alone, and `eq`. */
function filter(entries: readonly Entry[], text: string | null): readonly Entry[] {
  if (text === null || text === '') return entries
  const [, property, value] = /^(\w+) eq '?([^' ]+)'?$/.exec(text.trim()) ?? []
  if (property !== 'partition') throw badBody(`The filter "${text}" is not supported.`)
  return entries.filter(({ partition }) => partition === value)
}

function pageNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d+$/.test(text)) throw badBody(`The value "${text}" of ${name} is no number.`)
  return Number(text)
}

function collectionPath(kind: Kind, parent: string): string {
  if (kind.parent === undefined) return kind.collection
  return `${kind.parent}/${tilde(parent)}/${kind.collection.split('/').at(-1)}`
}

function objectPath({ kind, parent, path }: Entry): string {
  return `${collectionPath(kind, parent)}/${kind.naming === 'folder' ? tilde(path) : path}`
}

const tilde = (path: string) => encodeURIComponent(path).replaceAll('%2F', '~').replaceAll('%3A', ':')

export function link({ machine }: Box, path: string): string {
  return `${HOST}${path}?ver=${machine.version}`
}
