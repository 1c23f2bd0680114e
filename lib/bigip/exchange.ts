/**
 * One HTTP exchange with one device: a request out, JSON or a DeviceFault back. Knows neither turns nor tokens nor when to try
 * again. Rules: redirects are not followed, answers are bounded, every exchange is reported once.
 */
import { Agent, type Dispatcher, errors } from 'undici'
import { InputFault } from '../base/failure.ts'
import type { Clock } from './clock.ts'
import { DeviceFault, type DeviceFaultCode, faultOfAnswer, nonsenseOf, unreachable, untrusted } from './fault.ts'
import { pathShape } from './path.ts'
import { connectorOf, isCertificateVerdict, type TlsOptions } from './tls.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [field: string]: Json | undefined
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Request {
  readonly method: Method
  /** Such as `/mgmt/tm/net/arp`. */
  readonly path: string
  /** As it follows the `?`. */
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: JsonObject
}

/** One exchange, for metrics. */
export interface CallReport {
  readonly method: Method
  /** Without names of objects: `/mgmt/tm/net/arp/*`. */
  readonly path: string
  /** HTTP status; absent when there was no answer. */
  readonly status?: number
  /** Absent where it went well. */
  readonly fault?: DeviceFaultCode
  readonly milliseconds: number
}

export type Send = (request: Request) => Promise<JsonObject>

/**
 * Where a device is asked: `192.0.2.10`, `bigip.example:8443`, `2001:db8::1` or a URL of these; `https://192.0.2.10` comes out.
 * @throws InputFault that names `path` and quotes nothing, for people write passwords into URLs
 */
export function parseOrigin(text: string, path = 'url'): string {
  const bare = text.trim().replace(/\/+$/, '')
  const full = bare.includes('://')
    ? bare
    : `https://${(bare.match(/:/g) ?? []).length > 1 && !bare.startsWith('[') ? `[${bare}]` : bare}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  const plain = url !== undefined && url.username + url.password + url.search + url.hash === '' && url.pathname === '/'
  if (url === undefined || url.protocol !== 'https:' || !plain)
    throw new InputFault(path, 'not where a BIG-IP is asked', 'write an address, or https://ADDRESS:PORT and no more')
  return url.origin
}

/** Octets: 20,000 ARP entries take some 6 MB. */
const LONGEST_ANSWER = 64 * 1024 * 1024

export class Exchange {
  readonly #origin: string
  readonly #clock: Clock
  readonly #onCall: (report: CallReport) => void
  readonly #dispatcher: Agent

  /** @throws InputFault */
  constructor(origin: string, tls: TlsOptions, clock: Clock, onCall: (report: CallReport) => void) {
    this.#origin = origin
    this.#clock = clock
    this.#onCall = onCall
    this.#dispatcher = new Agent({
      allowH2: false,
      connect: connectorOf(tls),
      maxResponseSize: LONGEST_ANSWER,
      // the caller's signal is the one deadline
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /** @throws DeviceFault; the signal's reason, once it is aborted */
  async send(request: Request, signal: AbortSignal): Promise<JsonObject> {
    signal.throwIfAborted()
    const started = this.#clock.now()
    let status: number | undefined
    let fault: DeviceFault | undefined
    try {
      const response = await this.#dispatch(request, signal)
      status = response.statusCode
      return await read(request, response, signal)
    } catch (thrown) {
      if (thrown instanceof DeviceFault) fault = thrown
      throw thrown
    } finally {
      this.#onCall({
        method: request.method,
        path: pathShape(request.path),
        ...(status === undefined ? {} : { status }),
        ...(fault === undefined ? {} : { fault: fault.code }),
        milliseconds: this.#clock.now() - started,
      })
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }

  async #dispatch(request: Request, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#dispatcher.request({
        origin: this.#origin,
        path: request.query ? `${request.path}?${request.query}` : request.path,
        method: request.method,
        headers: {
          accept: 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...request.headers,
        },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal,
      })
    } catch (cause) {
      throw brokenOff(request, cause, signal)
    }
  }
}

async function read(request: Request, response: Dispatcher.ResponseData, signal: AbortSignal): Promise<JsonObject> {
  const text = await response.body.text().catch(cause => {
    throw brokenOff(request, cause, signal)
  })
  const body = parseJson(text)
  const { statusCode: status, headers } = response
  if (status < 200 || status >= 300) {
    const retryAfter = headers['retry-after']
    throw faultOfAnswer(callOf(request), status, body, Array.isArray(retryAfter) ? retryAfter[0] : retryAfter)
  }
  if (text === '' && request.method === 'DELETE') return {}
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw nonsenseOf(callOf(request), body === undefined ? 'no JSON, or a part of it' : 'no JSON object')
  return body as JsonObject
}

function brokenOff(request: Request, cause: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  // a request that cannot be sent at all is our bug
  if (cause instanceof errors.InvalidArgumentError) return cause
  return isCertificateVerdict(cause) ? untrusted(callOf(request), cause) : unreachable(callOf(request), cause)
}

/** For texts: without what may be a token. */
function callOf({ method, path }: Request): string {
  return `${method} ${path.includes('/authz/tokens/') ? pathShape(path) : path}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
