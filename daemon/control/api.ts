/**
 * The control API as a function of a request: the table of resources, the parsing of their queries, the error documents.
 * Knows no socket and no HTTP server; what the agent is it asks of a ControlSource.
 */
import { InputFault, reasonOf } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { ErrorDocument, FamilyName, PeerStatus, RouteTableName } from './document.ts'
import type { ControlSource, RouteListing, RowCursor } from './source.ts'

/** `document` is the whole body; `rows` are streamed, one JSON document a line. */
export type Answer =
  | { readonly status: number; readonly document: unknown; readonly allow?: string }
  | { readonly status: 200; readonly rows: RowCursor }

export interface ControlRequest {
  readonly method: string
  /** Path and query as they came: `/v1/routes?table=best`. A HEAD is answered as the GET that it asks about. */
  readonly target: string
}

interface Resource {
  readonly method: 'GET' | 'POST'
  /** One that ends in `/` stands for all paths with one segment more: its name. */
  readonly path: string
  /** Parameters that its query may have. */
  readonly query: readonly string[]
  answer(source: ControlSource, query: URLSearchParams, name: string): Answer | Promise<Answer>
}

const RESOURCES: readonly Resource[] = [
  { method: 'GET', path: '/v1/status', query: [], answer: source => ok(source.status()) },
  { method: 'GET', path: '/v1/peers', query: [], answer: source => ok({ peers: source.peers() }) },
  { method: 'GET', path: '/v1/peers/', query: [], answer: (source, _, name) => ok(peerOf(source, name)) },
  {
    method: 'GET',
    path: '/v1/routes',
    query: ['table', 'peer', 'prefix', 'family'],
    answer: (source, query) => ({ status: 200, rows: source.routes(parseListing(source, query)) }),
  },
  {
    method: 'GET',
    path: '/v1/explain',
    query: ['target'],
    answer: async (source, query) => {
      const target = query.get('target')
      if (!target) throw new InputFault('target', 'it is missing', 'name a prefix or an address')
      return ok({ ...(await source.explain(parsePrefix(target, 'target'))), target })
    },
  },
  { method: 'GET', path: '/v1/config', query: [], answer: source => ok(source.config()) },
  {
    method: 'POST',
    path: '/v1/drain',
    query: [],
    answer: source => {
      source.drain()
      return ok(source.status())
    },
  },
  {
    method: 'POST',
    path: '/v1/undrain',
    query: [],
    answer: source => {
      source.undrain()
      return ok(source.status())
    },
  },
]

/** Answers any request. What is thrown beside InputFault is a bug of ours: `report` gets it, the client a 500. */
export async function answer(
  source: ControlSource,
  request: ControlRequest,
  report: (bug: unknown) => void,
): Promise<Answer> {
  try {
    return await dispatch(source, request)
  } catch (thrown) {
    if (thrown instanceof NotFound) return refuse(404, 'NOT_FOUND', thrown.message)
    if (thrown instanceof InputFault) return refuse(400, 'BAD_REQUEST', thrown.message)
    report(thrown)
    return refuse(500, 'INTERNAL', `the agent failed to answer: ${reasonOf(thrown)}`)
  }
}

export function errorDocument(code: string, message: string): ErrorDocument {
  return { error: { code, message } }
}

class NotFound extends Error {}

/** Nothing that this API has a name for is longer; whatever is wrong is repeated in the answer. */
const LONGEST_TARGET = 2048

function dispatch(source: ControlSource, request: ControlRequest): Answer | Promise<Answer> {
  const { target } = request
  const method = request.method === 'HEAD' ? 'GET' : request.method
  if (target.length > LONGEST_TARGET)
    throw new InputFault('', 'the request is too long', `use at most ${LONGEST_TARGET} characters`)
  const [path = '', search = ''] = target.split('?', 2)
  const there = RESOURCES.filter(resource => nameIn(path, resource.path) !== undefined)
  if (there.length === 0)
    throw new NotFound(`there is no ${path} here; this API has ${RESOURCES.map(one => one.path).join(', ')}`)
  const resource = there.find(one => one.method === method)
  if (resource === undefined) {
    const allow = there.map(one => one.method).join(', ')
    const message = `${path} takes ${allow}, not ${method}`
    const document = errorDocument('METHOD_NOT_ALLOWED', message)
    return { status: 405, document, allow: allow.replace('GET', 'GET, HEAD') }
  }
  const query = new URLSearchParams(search)
  for (const name of query.keys()) {
    if (!resource.query.includes(name))
      throw new InputFault(name, `${path} has no such parameter`, `it has ${resource.query.join(', ') || 'none'}`)
    if (query.getAll(name).length > 1) throw new InputFault(name, 'it is there more than once', 'give one value')
  }
  return resource.answer(source, query, nameIn(path, resource.path) ?? '')
}

/** The name in `path`, '' where the resource has none; undefined: not this resource. */
function nameIn(path: string, resource: string): string | undefined {
  if (!resource.endsWith('/')) return path === resource ? '' : undefined
  const name = path.startsWith(resource) ? path.slice(resource.length) : ''
  if (name === '' || name.includes('/')) return undefined
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}

function ok(document: unknown): Answer {
  return { status: 200, document }
}

function refuse(status: number, code: string, message: string): Answer {
  return { status, document: errorDocument(code, message) }
}

/** By name or address; an address may be written in any form. */
function peerOf(source: ControlSource, text: string): PeerStatus {
  const peers = source.peers()
  const address = canonicalAddress(text)
  const peer = peers.find(({ name }) => name === text) ?? peers.find(one => one.address === address)
  if (peer !== undefined) return peer
  const known = peers.map(one => one.name).join(', ') || 'none is configured'
  throw new NotFound(`there is no peer ${text}; peers: ${known}`)
}

function canonicalAddress(text: string): string {
  try {
    return parseAddress(text).toString()
  } catch {
    return text
  }
}

function parseListing(source: ControlSource, query: URLSearchParams): RouteListing {
  const table = query.get('table') ?? 'best'
  const family = query.get('family') ?? undefined
  const peer = query.get('peer') ?? undefined
  const within = query.get('prefix') ?? undefined
  if (!isTable(table)) throw new InputFault('table', `there is no table "${table}"`, 'use best, received or advertised')
  if (family !== undefined && !isFamily(family))
    throw new InputFault('family', `there is no family "${family}"`, 'use ipv4 or ipv6')
  return {
    table,
    ...(family && { family }),
    ...(peer !== undefined && { peer: peerOf(source, peer).name }),
    ...(within !== undefined && { within: parsePrefix(within, 'prefix') }),
  }
}

function isTable(text: string): text is RouteTableName {
  return text === 'best' || text === 'received' || text === 'advertised'
}

function isFamily(text: string): text is FamilyName {
  return text === 'ipv4' || text === 'ipv6'
}
