/**
 * Asks one API server, real or stand-in, over HTTPS: requests and watches with their answers as plain values. Knows no rule of
 * Kubernetes and no other code of the stand-in, so that both servers are asked by the very same words.
 */
import { Agent, type RequestOptions, request } from 'node:https'

/** Where a server is and how it is asked there. */
export interface Server {
  /** Such as `https://127.0.0.1:6443`. */
  readonly url: string
  /** PEM. */
  readonly ca: string
  /** Of an administrator. */
  readonly token: string
  /** 20 for 1.20. */
  readonly minor: number
  /** Makes it forget all history up to now, as it does by itself after some minutes. */
  forget(): Promise<void>
}

export interface Question {
  readonly method: string
  readonly path: string
  /** Sent as JSON, or as it is when it is text. */
  readonly body?: unknown
  /** Of the body. */
  readonly type?: string | undefined
  readonly accept?: string | undefined
  /** Instead of the administrator's; null for none. */
  readonly token?: string | null | undefined
}

export interface Answer {
  readonly code: number
  readonly type: string
  readonly warning: string | undefined
  readonly retryAfter: string | undefined
  /** Parsed where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the server says
  readonly body: any
}

export interface OpenWatch {
  /** So far. */
  // biome-ignore lint/suspicious/noExplicitAny: events are whatever the server says
  readonly events: readonly any[]
  readonly code: number
  readonly ended: boolean
  close(): void
}

const PATIENCE = 30_000

export class Asker {
  readonly #server: Server
  readonly #agent: Agent

  constructor(server: Server) {
    this.#server = server
    this.#agent = new Agent({ keepAlive: true, ca: server.ca })
  }

  close(): void {
    this.#agent.destroy()
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = this.#open(question, this.#agent)
      asked.on('error', reject)
      asked.setTimeout(PATIENCE, () => asked.destroy(new Error(`no answer to ${question.method} ${question.path}`)))
      asked.on('response', response => {
        const chunks: Buffer[] = []
        response.on('error', reject)
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () => {
          const { 'content-type': type = '', warning, 'retry-after': retryAfter } = response.headers
          const text = Buffer.concat(chunks).toString()
          const body = type.includes('json') && text !== '' ? JSON.parse(text) : text
          resolve({ code: response.statusCode ?? 0, type, warning: warning as string | undefined, retryAfter, body })
        })
      })
      this.#say(asked, question)
    })
  }

  /** Resolves when the server has taken the watch. */
  watch(question: Omit<Question, 'method'>): Promise<OpenWatch> {
    return new Promise((resolve, reject) => {
      const events: unknown[] = []
      const asked = this.#open({ method: 'GET', ...question }, false)
      asked.on('error', reject)
      asked.on('response', response => {
        const state = { events, code: response.statusCode ?? 0, ended: false, close: () => asked.destroy() }
        let rest = ''
        response.on('data', chunk => {
          const lines = `${rest}${chunk}`.split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) events.push(JSON.parse(line))
        })
        response.on('error', () => {})
        response.on('end', () => {
          state.ended = true
        })
        resolve(state)
      })
      asked.end()
    })
  }

  #open({ method, path, type, accept, token = this.#server.token }: Question, agent: Agent | false) {
    const headers = {
      accept: accept ?? 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(type === undefined ? {} : { 'content-type': type }),
    }
    const options: RequestOptions = { method, headers, agent, ca: this.#server.ca }
    return request(this.#server.url + path, options)
  }

  #say(asked: ReturnType<typeof request>, { body, type }: Question): void {
    if (body === undefined) return void asked.end()
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    if (type === undefined) asked.setHeader('content-type', 'application/json')
    asked.setHeader('content-length', Buffer.byteLength(text))
    asked.end(text)
  }
}
