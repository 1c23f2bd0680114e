/**
 * HTTP in front of a unit: bodies, credentials, faults, latency, answers. One function for every call; what it was asked is
 * counted here.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '../kube/json.ts'
import type { Latency } from './big-ip.ts'
import type { Calls } from './calls.ts'
import { type Faults, refusalOf } from './faults.ts'
import { type Answer, bodyOf, collectionOf, ok, type Request } from './request.ts'
import { badBody, badRequest, RestError, unregistered } from './rest-error.ts'
import type { Unit } from './unit.ts'

export interface ServerContext {
  readonly unit: Unit
  readonly faults: Faults
  readonly calls: Calls
  readonly latency: () => Latency
}

const LONGEST_BODY = 64 * 1024 * 1024
const LOGIN = '/shared/authn/login'

/** Serves one call; never throws for anything a client can send. */
export async function serve(
  context: ServerContext,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'https://host')
  const method = incoming.method ?? 'GET'
  const path = url.pathname.replace(/^\/mgmt/, '').replace(/(?<=.)\/$/, '')
  let body: Json | undefined
  const transaction = incoming.headers['x-f5-rest-coordination-id']
  const count = (status: number) =>
    context.calls.add(
      {
        method,
        path,
        query: url.search,
        body,
        status,
        ...(transaction === undefined ? {} : { transaction: String(transaction) }),
      },
      collectionOf(path),
    )
  try {
    const octets = await readBody(incoming)
    const isUpload = path.startsWith('/shared/file-transfer/')
    if (!isUpload) body = parseBody(octets)
    const request: Request = {
      ...{ method, path, body, query: url.searchParams },
      ...(isUpload ? { upload: { octets, range: String(incoming.headers['content-range'] ?? '') } } : {}),
      ...(transaction === undefined ? {} : { transaction: String(transaction) }),
    }
    const fault = context.faults.strike({ method, path })
    if (fault === 'hang') return void count(0)
    if (fault === 'drop before') {
      count(0)
      return void incoming.socket.destroy()
    }
    if (typeof fault === 'object' && 'delay' in fault) await sleep(fault.delay)
    const refusal = fault && refusalOf(fault, { method, path })
    if (refusal !== undefined) throw refusal
    if (!url.pathname.startsWith('/mgmt/')) throw unregistered(path)
    const answer = await answerTo(context, incoming, request)
    if (fault === 'drop after') {
      count(0)
      return void incoming.socket.destroy()
    }
    count(answer.status)
    send(response, answer)
  } catch (thrown) {
    const { status, body } =
      thrown instanceof RestError
        ? thrown
        : new RestError(500, { code: 500, message: `fault of the stand-in: ${(thrown as Error).stack}` })
    count(status)
    send(response, { status, body: body as Answer['body'] })
  }
}

async function answerTo(
  { unit, latency }: ServerContext,
  incoming: IncomingMessage,
  request: Request,
): Promise<Answer> {
  const { method, path } = request
  if (path === LOGIN && method === 'POST') return ok(unit.tokens.login(bodyOf(request)))
  const token = incoming.headers['x-f5-auth-token']
  unit.tokens.identify(incoming.headers.authorization, token === undefined ? undefined : String(token))
  const { read, write } = latency()
  const milliseconds = method === 'GET' ? read : write
  // the work comes last, so that an answer and its effect are close together, as they are on a device
  if (milliseconds > 0) await sleep(milliseconds)
  return unit.handle(request)
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_BODY) throw badRequest(`the body is longer than ${LONGEST_BODY} octets`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseBody(octets: Buffer): Json | undefined {
  if (octets.length === 0) return undefined
  try {
    return JSON.parse(octets.toString())
  } catch {
    throw badBody('Found invalid JSON body in the request.')
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const isText = typeof body === 'string'
  const text = isText ? body : JSON.stringify(body)
  response.writeHead(status, {
    'Content-Type': isText && text !== '' ? 'text/html' : 'application/json; charset=UTF-8',
    'Content-Length': Buffer.byteLength(text),
    Server: 'Jetty(9.2.22.v20170606)',
  })
  response.end(text)
}
