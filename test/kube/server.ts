/**
 * HTTP in front of the store: authentication, routing, bodies, answers. One function for every listener of the stand-in.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { discover, VERSION } from './discovery.ts'
import type { Fault, Faults } from './faults.ts'
import type { Json } from './json.ts'
import { openapi } from './openapi.ts'
import { parsePath, type ResourceRequest, type Verb, verbOf } from './request.ts'
import {
  ApiError,
  badRequest,
  methodNotAllowed,
  noSuchPath,
  qualified,
  unauthorized,
  unsupportedMediaType,
} from './status.ts'
import { negotiate } from './table.ts'
import { verbs, type World } from './verbs.ts'
import { openWatch, type WatchTimes } from './watch-stream.ts'

export interface ServerContext {
  readonly world: World
  readonly faults: Faults
  readonly token: string
  readonly times: WatchTimes
}

const OPEN_PATHS = new Set(['/version', '/healthz', '/livez', '/readyz'])
const JSON_TYPE = 'application/json'

/** Serves one request; never throws for anything a client can send. */
export async function serve(context: ServerContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'https://host')
    const path = url.pathname.replace(/(?<=.)\/$/, '')
    const fault = context.faults.judge({ method: request.method ?? '', path, query: url.searchParams }) ?? {}
    if (fault.delay !== undefined) await sleep(fault.delay)
    if (fault.cutAfter === 0) return void request.socket.destroy()
    if (fault.code !== undefined) throw injected(fault)
    if (fault.cutAfter !== undefined) cutLater(response, fault.cutAfter)
    await answer(context, request, response, path, url.searchParams)
  } catch (thrown) {
    if (response.headersSent) return void request.socket.destroy()
    const { status } =
      thrown instanceof ApiError ? thrown : new ApiError(500, 'InternalError', `Internal error occurred: ${thrown}`)
    const retryAfter = status.details?.retryAfterSeconds
    if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter)
    send(response, status.code, JSON_TYPE, JSON.stringify(status))
  }
}

function injected({ code = 500, retryAfter }: Fault): ApiError {
  const reason = code === 429 ? 'TooManyRequests' : 'InternalError'
  return new ApiError(
    code,
    reason,
    code === 429 ? 'Too many requests, please try again later.' : 'Internal error occurred: injected',
    {
      ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
    },
  )
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
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: URLSearchParams,
): Promise<void> {
  const known = authenticate(context, request.headers.authorization)
  if (path === '/version') return send(response, 200, JSON_TYPE, JSON.stringify(VERSION))
  if (OPEN_PATHS.has(path)) return send(response, 200, 'text/plain; charset=utf-8', 'ok')
  const method = request.method ?? 'GET'
  const kinds = context.world.kinds()
  const target = parsePath(kinds, path)
  const verb = target && verbOf(method, target, query)
  if (!known) throw anonymous(path, method, target, verb)
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
  if (verb === undefined) throw methodNotAllowed()
  const contentType = (request.headers['content-type'] ?? JSON_TYPE).split(';')[0]!.trim()
  const form = negotiate(request.headers.accept)
  const body = await readBody(request, contentType)
  const resource: ResourceRequest = { ...target, verb, query, form, contentType, body }
  if (verb === 'watch') return watch(context, resource, response)
  const { code, text } = verbs[verb](context.world, resource)
  send(response, code, JSON_TYPE, text)
}

/** @returns false for a client without a token. @throws ApiError 401 for a wrong one */
function authenticate({ token }: ServerContext, header: string | undefined): boolean {
  if (header === undefined) return false
  const digest = (text: string) => createHash('sha256').update(text).digest()
  if (!timingSafeEqual(digest(header), digest(`Bearer ${token}`))) throw unauthorized()
  return true
}

function anonymous(
  path: string,
  method: string,
  target: ReturnType<typeof parsePath>,
  verb: Verb | undefined,
): ApiError {
  const who = 'User "system:anonymous" cannot'
  if (target === undefined)
    return new ApiError(403, 'Forbidden', `forbidden: ${who} ${method.toLowerCase()} path "${path}"`, {})
  const { kind, namespace, name } = target
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const what = `${qualified(kind)}${name === undefined ? '' : ` "${name}"`} is forbidden`
  const message = `${what}: ${who} ${verb ?? method.toLowerCase()} resource "${kind.plural}" in API group "${kind.group}" ${where}`
  return new ApiError(403, 'Forbidden', message, { ...(name === undefined ? {} : { name }), kind: kind.plural })
}

const BODY_TYPES = [JSON_TYPE, 'application/yaml']
const LONGEST_BODY = 3 * 1024 * 1024

async function readBody(request: IncomingMessage, contentType: string): Promise<Json | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_BODY)
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LONGEST_BODY}`)
    chunks.push(chunk)
  }
  if (length === 0) return undefined
  const text = Buffer.concat(chunks).toString()
  try {
    if (contentType === 'application/yaml') return parse(text)
    if (contentType === JSON_TYPE || contentType.endsWith('+json')) return JSON.parse(text)
  } catch (thrown) {
    throw badRequest(`the body of the request is malformed: ${(thrown as Error).message}`)
  }
  throw unsupportedMediaType(BODY_TYPES)
}

function watch({ world, faults, times }: ServerContext, request: ResourceRequest, response: ServerResponse): void {
  response.setHeader('Content-Type', JSON_TYPE)
  response.setHeader('Cache-Control', 'no-cache, private')
  const stop = openWatch(world.store, request, times, {
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
