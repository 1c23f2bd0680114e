/**
 * A control API as a function of a request: a table of resources, the parsing of what was asked, the error documents. Knows
 * no socket, no HTTP server, and not what is asked for: each daemon has a table of its own.
 */
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { ErrorDocument } from './document.ts'
import type { EventFeed } from './event-feed.ts'
import type { OctetCursor, RowCursor } from './source.ts'

/** `document` is the whole body; `rows` and what comes into a `feed` are streamed, one JSON document a line, `octets` as they are. */
export type Answer =
  | { readonly status: number; readonly document: unknown; readonly allow?: string }
  | { readonly status: 200; readonly rows: RowCursor }
  | { readonly status: 200; readonly feed: EventFeed }
  | { readonly status: 200; readonly octets: OctetCursor }

export interface ControlRequest {
  readonly method: string
  /** Path and query as they came: `/v1/routes?table=best`. A HEAD is answered as the GET that it asks about. */
  readonly target: string
}

/** Takes beside the request what gets a bug of ours. */
export type Api = (request: ControlRequest, report: (bug: unknown) => void) => Promise<Answer>

export interface Resource<Source> {
  readonly method: 'GET' | 'POST'
  /** One that ends in `/` stands for all paths with one segment more: its name. */
  readonly path: string
  /** Parameters that its query may have. */
  readonly query: readonly string[]
  answer(source: Source, query: URLSearchParams, name: string): Answer | Promise<Answer>
}

/**
 * Answers any request: InputFaults with 400, NotFound with 404, WorldFaults with 503; what else is thrown is a bug of ours: `report` gets it, the
 * client a 500.
 * @param who answers: `agent`
 */
export function apiOf<Source>(who: string, source: Source, resources: readonly Resource<Source>[]): Api {
  return async (request, report) => {
    try {
      return await dispatch(source, resources, request)
    } catch (thrown) {
      if (thrown instanceof NotFound) return refuse(404, 'NOT_FOUND', thrown.message)
      if (thrown instanceof InputFault) return refuse(400, 'BAD_REQUEST', thrown.message)
      if (thrown instanceof WorldFault) return refuse(503, thrown.code, thrown.message)
      report(thrown)
      return refuse(500, 'INTERNAL', `the ${who} failed to answer: ${reasonOf(thrown)}`)
    }
  }
}

export function ok(document: unknown): Answer {
  return { status: 200, document }
}

export function errorDocument(code: string, message: string): ErrorDocument {
  return { error: { code, message } }
}

export class NotFound extends Error {}

/** Nothing that this API has a name for is longer; whatever is wrong is repeated in the answer. */
const LONGEST_TARGET = 2048

function dispatch<Source>(
  source: Source,
  resources: readonly Resource<Source>[],
  request: ControlRequest,
): Answer | Promise<Answer> {
  const { target } = request
  const method = request.method === 'HEAD' ? 'GET' : request.method
  if (target.length > LONGEST_TARGET)
    throw new InputFault('', 'the request is too long', `use at most ${LONGEST_TARGET} characters`)
  const [path = '', search = ''] = target.split('?', 2)
  const there = resources.filter(resource => nameIn(path, resource.path) !== undefined)
  if (there.length === 0)
    throw new NotFound(`there is no ${path} here; this API has ${resources.map(one => one.path).join(', ')}`)
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

function refuse(status: number, code: string, message: string): Answer {
  return { status, document: errorDocument(code, message) }
}
