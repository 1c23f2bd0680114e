/** What iControl REST says of a whole collection: judged before it is believed, for an empty list lets others delete. Pure. */
import type { JsonObject } from './exchange.ts'

/**
 * The objects of a collection.
 * @param path of the collection, such as `/mgmt/tm/net/arp`
 * @returns why the answer cannot be the whole collection, as text
 */
export function parseCollection(path: string, answer: JsonObject): readonly JsonObject[] | string {
  const { kind, items = [], nextLink, totalItems } = answer
  const last = path.slice(path.lastIndexOf('/') + 1)
  if (typeof kind !== 'string' || !kind.endsWith(`:${last}:${last}collectionstate`))
    return `kind ${JSON.stringify(kind)} instead of a collection of ${last}`
  if (!Array.isArray(items)) return 'items are no list'
  if (nextLink !== undefined || (typeof totalItems === 'number' && totalItems !== items.length))
    return `${items.length} items are a part of the list`
  const odd = items.find(item => typeof item !== 'object' || item === null || Array.isArray(item))
  return odd === undefined ? (items as readonly JsonObject[]) : 'an item is no object'
}
