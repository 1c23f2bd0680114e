/**
 * A BIG-IP that says what a test tells it to say: an HTTPS server with logins and tokens, and nothing behind it. For what the
 * client does about answers; what a device does is test/bigip.
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { BigIpClient, type BigIpClientOptions, type CallReport, type JsonObject } from '../../../lib/bigip/client.ts'
import { Authority } from '../../kube/certificates.ts'
import { HandClock } from './hand-clock.ts'

export interface PlayedCall {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly token: string | undefined
  readonly transaction: string | undefined
  readonly body: JsonObject | undefined
}

/** `drop`: the connection breaks off; `half`: after half of the answer; `silence`: nothing comes. */
export type Answer =
  | { readonly status?: number; readonly body: JsonObject | string; readonly headers?: Record<string, string> }
  | 'drop'
  | 'half'
  | 'silence'

export const mark = {
  busy: {
    status: 503,
    body: { code: 503, message: 'There is an active asynchronous task executing.', apiError: 32964609 },
  },
  unregistered: { status: 404, body: { code: 404, message: 'Public URI path not registered' } },
  absent: {
    status: 404,
    body: { code: 404, message: '01020036:3: The requested Static ARP (/Common/a) was not found.', apiError: 3 },
  },
  exists: {
    status: 409,
    body: {
      code: 409,
      message: '01020066:3: The requested Static ARP (/Common/a) already exists in partition Common.',
      apiError: 3,
    },
  },
  unknownToken: { status: 401, body: { code: 401, message: 'X-F5-Auth-Token does not exist.' } },
  wrongPassword: { status: 401, body: { code: 401, message: 'Authentication failed.' } },
} satisfies Record<string, Answer>

export const empty = (collection: string): Answer => ({
  body: { kind: `tm:net:${collection}:${collection}collectionstate` },
})

export class PlayedDevice {
  /** All but logins and tokens. */
  readonly calls: PlayedCall[] = []
  /** Logins, and what was done to tokens: `login`, `extend T1`, `delete T1`. */
  readonly tokens: string[] = []
  readonly clock = new HandClock()
  readonly reports: CallReport[] = []
  /** What it says to a call; `{}` where nothing is said. */
  answer: (call: PlayedCall, nth: number) => Answer | undefined | Promise<Answer | undefined> = () => undefined
  /** What it says to a login instead of a token. */
  login: (body: JsonObject) => Answer | undefined = () => undefined
  /** Whether it gives tokens a longer life. */
  extends = true
  ca = ''
  readonly #server: Server
  readonly #clients: BigIpClient[] = []
  #logins = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<PlayedDevice> {
    const authority = await Authority.create()
    const device = new PlayedDevice(
      createServer(await authority.issue(['127.0.0.1']), (request, response) => void device.#serve(request, response)),
    )
    device.ca = authority.pem
    device.#server.listen(0, '127.0.0.1')
    await once(device.#server, 'listening')
    return device
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  client(options: Partial<BigIpClientOptions> = {}): BigIpClient {
    const client = new BigIpClient({
      url: this.url,
      credentials: async () => ({ username: 'operator', password: 'open sesame' }),
      tls: { ca: this.ca },
      clock: this.clock,
      onCall: report => this.reports.push(report),
      ...options,
    })
    this.#clients.push(client)
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = Promise.all(this.#clients.map(client => client.close()))
    this.#server.closeAllConnections()
    await gone
    this.#server.close()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request)
    const { method = '', url = '', headers } = request
    const body = text === '' ? undefined : (JSON.parse(text) as JsonObject)
    if (url.startsWith('/mgmt/shared/auth')) return send(this.#serveTokens(method, url, body ?? {}), response)
    const header = (name: string) => headers[name] as string | undefined
    const call = {
      method,
      path: url,
      token: header('x-f5-auth-token'),
      transaction: header('x-f5-rest-coordination-id'),
      body,
    }
    this.calls.push(call)
    send((await this.answer(call, this.calls.length)) ?? { body: {} }, response)
  }

  #serveTokens(method: string, url: string, body: JsonObject): Answer {
    if (method === 'POST') {
      this.tokens.push('login')
      return this.login(body) ?? { body: { token: { token: `T${++this.#logins}`, timeout: 1200 } } }
    }
    this.tokens.push(`${method === 'DELETE' ? 'delete' : 'extend'} ${url.split('/').at(-1)}`)
    if (method === 'PATCH' && !this.extends) return { status: 400, body: { code: 400, message: 'not for you' } }
    return { body: method === 'DELETE' ? {} : { timeout: Number(body['timeout']) } }
  }
}

function send(answer: Answer, response: ServerResponse): void {
  if (answer === 'silence') return
  if (answer === 'drop') return void response.socket?.destroy()
  if (answer === 'half') {
    response.writeHead(200, { 'content-length': 100 })
    return void response.write('{"kind":', () => response.socket?.destroy())
  }
  const { status = 200, body, headers } = answer
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
