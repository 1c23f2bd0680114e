/**
 * HTTP in front of the store: authentication, routing, bodies, answers. One function for every listener of the stand-in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Access, requestedAct } from './access.ts'
import { JSON_TYPE, readBody } from './body.ts'
import { discover, VERSION } from './discovery.ts'
import { type Exec, openExec } from './exec.ts'
import { type Faults, refusalOf } from './faults.ts'
import { openapi } from './openapi.ts'
import { negotiate } from './representation.ts'
import { parsePath, type ResourceRequest, verbOf } from './request.ts'
import { review } from './reviews.ts'
import { ApiError, methodNotAllowed, noSuchPath } from './status.ts'
import { verbs, type World } from './verbs.ts'
import { openWatch, type WatchTimes } from './watch-stream.ts'

export interface ServerContext {
  readonly world: World
  readonly faults: Faults
  readonly exec: Exec | undefined
  readonly access: Access
  readonly times: WatchTimes
}

const OPEN_PATHS = new Set(['/version', '/healthz', '/livez', '/readyz'])

/**
 * Serves one request; never throws for anything a client can send.
 * @param head what came after a request for an upgrade; undefined for ordinary requests
 */
export async function serve(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
  head?: Buffer,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'https://host')
    const path = url.pathname.replace(/(?<=.)\/$/, '')
    const fault = context.faults.judge({ method: request.method ?? '', path, query: url.searchParams }) ?? {}
    if (fault.delay !== undefined) await sleep(fault.delay)
    if (fault.cutAfter === 0) return void request.socket.destroy()
    const refusal = refusalOf(fault)
    if (refusal !== undefined) throw refusal
    if (fault.cutAfter !== undefined) cutLater(response, fault.cutAfter)
    await answer(context, { request, head }, response, path, url.searchParams)
  } catch (thrown) {
    if (response.headersSent) return void request.socket.destroy()
    const { status } =
      thrown instanceof ApiError ? thrown : new ApiError(500, 'InternalError', `Internal error occurred: ${thrown}`)
    const retryAfter = status.details?.retryAfterSeconds
    if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter)
    send(response, status.code, JSON_TYPE, JSON.stringify(status))
  }
}

/** Lets the headers and the first octets of the body through, then breaks the connection. */
function cutLater(response: ServerResponse, octets: number): void {
  response.end = ((body: Buffer | string) => {
    response.write(Buffer.from(body).subarray(0, octets), () => response.socket?.destroy())
    return response
  }) as ServerResponse['end']
}

async function answer(
  context: ServerContext,
  { request, head }: { request: IncomingMessage; head: Buffer | undefined },
  response: ServerResponse,
  path: string,
  query: URLSearchParams,
): Promise<void> {
  const { access, world } = context
  const method = request.method ?? 'GET'
  const kinds = world.kinds()
  const target = parsePath(kinds, path)
  const verb = target && verbOf(method, target, query)
  const user = access.identify(request.headers)
  const asked = target && requestedAct(target, verb ?? method.toLowerCase(), query)
  access.check(user, asked ?? { verb: method.toLowerCase(), path })
  if (path === '/version') return send(response, 200, JSON_TYPE, JSON.stringify(VERSION))
  if (OPEN_PATHS.has(path)) return send(response, 200, 'text/plain; charset=utf-8', 'ok')
  const document =
    method === 'GET' ? (discover(kinds, path, request.headers.accept ?? '') ?? openapi(kinds, path)) : undefined
  if (document !== undefined)
    return send(
      response,
      200,
      document.type,
      Buffer.isBuffer(document.body) ? document.body : JSON.stringify(document.body),
    )
  if (target === undefined) throw noSuchPath()
  if (verb === undefined || !target.kind.verbs.includes(verb)) throw methodNotAllowed()
  if (target.subresource === 'exec') return openExec(context.exec, world.store, target, query, { request, head })
  const contentType = (request.headers['content-type'] ?? JSON_TYPE).split(';')[0]!.trim()
  const form = negotiate(request.headers.accept)
  const resource: ResourceRequest = {
    ...target,
    verb,
    query,
    form,
    contentType,
    manager: managerOf(request, query),
    ...(await readBody(request, contentType)),
  }
  if (verb === 'watch') return watch(context, resource, response)
  const answered = verb === 'create' ? review(resource, { user, access, store: world.store }) : undefined
  if (answered !== undefined) return send(response, 201, JSON_TYPE, JSON.stringify(answered))
  const { code, text, warnings = [] } = verbs[verb](world, resource)
  if (warnings.length > 0)
    response.setHeader(
      'Warning',
      warnings.map(warning => `299 - ${JSON.stringify(warning)}`),
    )
  send(response, code, JSON_TYPE, text)
}

/** As the server names a writer who does not say. */
function managerOf({ headers }: IncomingMessage, query: URLSearchParams): string {
  return query.get('fieldManager') || (headers['user-agent'] ?? 'unknown').split('/')[0]!
}

function watch({ world, faults, times }: ServerContext, request: ResourceRequest, response: ServerResponse): void {
  response.setHeader('Content-Type', JSON_TYPE)
  response.setHeader('Cache-Control', 'no-cache, private')
  const stop = openWatch(world.store, request, times, {
    bookmark: revision => revision - faults.bookmarkLag,
    line: text => void response.write(`${text}\n`),
    end: () => void response.end(),
  })
  // clients wait for the headers also while there is nothing to tell
  response.flushHeaders()
  const forget = faults.opened(() => response.socket?.destroy())
  response.on('close', () => {
    stop()
    forget()
  })
}

function send(response: ServerResponse, code: number, type: string, body: string | Buffer): void {
  response.writeHead(code, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-cache, private',
  })
  response.end(body)
}
