/** A call and its answer as values: what handlers get and give, without HTTP. */
import { isObject, type Json, type JsonObject } from '../kube/json.ts'
import { badBody } from './rest-error.ts'

export interface Request {
  readonly method: string
  /** Below `/mgmt`, without the query: `/tm/net/arp/~Common~a`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Parsed where it is JSON. */
  readonly body: Json | undefined
  /** Octets and range of an upload. */
  readonly upload?: { readonly octets: Buffer; readonly range: string }
  /** Id of the transaction that it is for. */
  readonly transaction?: string
}

export interface Answer {
  readonly status: number
  readonly body: JsonObject | string
}

export const ok = (body: JsonObject | string = {}): Answer => ({ status: 200, body })

/** @throws RestError where there is no object */
export function bodyOf({ body }: Pick<Request, 'body'>): JsonObject {
  if (!isObject(body)) throw badBody('Found invalid JSON body in the request.')
  return body
}

/** The collection that a call is counted under: names of objects and parents left out. */
export function collectionOf(path: string): string {
  if (!path.startsWith('/tm/')) return path.split('/').slice(0, 4).join('/')
  const parts = path.split('/').slice(1)
  const ids = new Set<number>()
  for (const [at, part] of parts.entries())
    if (part.startsWith('~') || COUNTED_AFTER.has(parts[at - 1] ?? '')) ids.add(at)
  return `/${parts.filter((part, at) => part !== '' && !ids.has(at)).join('/')}`
}

/** Segments whose next one is a name without a tilde. */
const COUNTED_AFTER = new Set([
  'transaction',
  'records',
  'neighbor',
  'peer-group',
  'entries',
  'db',
  'partition',
  'commands',
])
