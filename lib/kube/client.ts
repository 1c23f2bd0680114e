/**
 * HTTP to one API server: the KubeConfig of @kubernetes/client-node says where and as whom, undici does the rest. Knows
 * requests and lines, no kinds. Rules: client-node is loaded on first use (0.5 s and 87 MB: keep this file out of the main
 * thread); every failure is an ApiFault; after one, `renew` reads kubeconfig and credentials again.
 */
import type { KubeConfig } from '@kubernetes/client-node'
import { Agent, type Dispatcher } from 'undici'
import { ApiFault, faultOfAnswer, nonsense, unreachable, unreadable } from './api-fault.ts'

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Such as `/api/v1/nodes`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Of the body: `application/json` where absent; PATCH says here which patch it is. */
  readonly contentType?: string
  readonly signal?: AbortSignal
  /** Milliseconds without a byte of the answer; 30 s where absent. */
  readonly patience?: number
}

const PATIENCE = 30_000
/** The server's own limit for one object is 3 MiB. */
const LONGEST_LINE = 16 * 1024 * 1024

interface Connection {
  readonly config: KubeConfig
  readonly server: string
  readonly dispatcher: Dispatcher
}

export class KubeClient {
  readonly #kubeconfig: string | undefined
  #connection: Connection | undefined
  /** What the kubeconfig said when it was last readable; holds secrets. */
  #said: string | undefined

  /** @param kubeconfig a file; where absent `$KUBECONFIG`, then `~/.kube/config`, then the pod's own service account */
  constructor(kubeconfig?: string) {
    this.#kubeconfig = kubeconfig
  }

  /** The answer's JSON. @throws ApiFault */
  async request(request: ApiRequest): Promise<unknown> {
    const response = await this.#send(request)
    const text = await response.body.text().catch(cause => {
      throw unreachable(cause)
    })
    if (response.statusCode >= 300) throw refusal(response, text)
    const body = parseJson(text)
    if (body === undefined) throw nonsense(`no JSON from ${request.path}`)
    return body
  }

  /** The answer's lines, each a JSON text, while they come; ends when the server ends. @throws ApiFault, also while iterating */
  async lines(request: ApiRequest): Promise<AsyncIterable<string>> {
    const response = await this.#send(request)
    if (response.statusCode < 300) return splitLines(response.body)
    throw refusal(response, await response.body.text().catch(() => ''))
  }

  /**
   * Reads kubeconfig, certificates and token files again before the next request.
   * @returns whether it now is another cluster or user
   */
  async renew(): Promise<boolean> {
    const before = this.#said
    await this.close()
    await this.#connected()
    return before !== undefined && before !== this.#said
  }

  async close(): Promise<void> {
    await this.#connection?.dispatcher.destroy()
    this.#connection = undefined
  }

  async #connected(): Promise<Connection> {
    if (this.#connection === undefined) {
      this.#connection = await connect(this.#kubeconfig)
      this.#said = this.#connection.config.exportConfig()
    }
    return this.#connection
  }

  async #send(request: ApiRequest): Promise<Dispatcher.ResponseData> {
    const { config, server, dispatcher } = await this.#connected()
    const { headers } = await authenticate(config, server)
    const url = new URL(server + request.path)
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value)
    const patience = request.patience ?? PATIENCE
    const options: Dispatcher.RequestOptions & { allowH2: boolean } = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method ?? 'GET',
      headers: {
        ...headers,
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      // one connection per watch: a broken one then breaks one watch
      allowH2: false,
      headersTimeout: patience,
      bodyTimeout: patience,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    }
    try {
      return await dispatcher.request(options)
    } catch (cause) {
      throw unreachable(cause)
    }
  }
}

async function connect(kubeconfig: string | undefined): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  try {
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
  } catch (cause) {
    throw unreadable(cause)
  }
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw unreadable('it has no current-context with a cluster')
  // what loadFromDefault says when it found nothing at all
  if (kubeconfig === undefined && cluster.server === 'http://localhost:8080')
    throw unreadable('no file given, no $KUBECONFIG, no ~/.kube/config and no service account')
  const server = cluster.server.replace(/\/+$/, '')
  if (!URL.canParse(server)) throw unreadable(`server "${server}" is no URL`)
  const { dispatcher = new Agent() } = await authenticate(config, server)
  return { config, server, dispatcher }
}

/** Headers for one request (tokens are re-read by client-node when due), and a dispatcher that trusts the cluster's CA. */
async function authenticate(
  config: KubeConfig,
  server: string,
): Promise<{ headers: Record<string, string>; dispatcher: Dispatcher | undefined }> {
  const { HttpMethod, RequestContext } = await import('@kubernetes/client-node')
  try {
    const context = new RequestContext(server, HttpMethod.GET)
    await config.applySecurityAuthentication(context)
    return { headers: context.getHeaders(), dispatcher: context.getDispatcher() }
  } catch (cause) {
    throw unreadable(cause)
  }
}

function refusal(response: Dispatcher.ResponseData, text: string): ApiFault {
  const retryAfter = response.headers['retry-after']
  return faultOfAnswer(response.statusCode, parseJson(text), Array.isArray(retryAfter) ? retryAfter[0] : retryAfter)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function* splitLines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of body) {
      let start = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        yield Buffer.concat([...parts, chunk.subarray(start, end)]).toString()
        parts = []
        length = 0
        start = end + 1
      }
      if (start === chunk.length) continue
      parts.push(chunk.subarray(start))
      length += chunk.length - start
      if (length > LONGEST_LINE) throw nonsense(`a line of more than ${LONGEST_LINE} octets`)
    }
  } catch (cause) {
    throw cause instanceof ApiFault ? cause : unreachable(cause)
  }
}
