/**
 * The other end of the control API: asks the agent behind a socket. Every way in which it can fail is a WorldFault or an
 * InputFault with a sentence for the person who asked. Loads nothing but Node's own: the CLI must start at once.
 */
import { lstatSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { request } from '../http.ts'
import {
  type AgentStatus,
  type EffectiveConfig,
  type ErrorDocument,
  type Explanation,
  type PeerStatus,
  type PeersDocument,
  type RouteRow,
  type RoutesQuery,
  VERSION_HEADER,
} from './document.ts'

/** Codes of the WorldFaults of this client; those of the agent's own error documents come beside them. */
export type ClientFaultCode =
  | 'AGENT_NOT_RUNNING'
  | 'PERMISSION_DENIED'
  | 'AGENT_SILENT'
  | 'AGENT_BROKE_OFF'
  | 'NOT_AN_AGENT'

/** Milliseconds without a sign from the agent. */
const PATIENCE = 10_000

export class ControlClient {
  readonly #socket: string

  constructor(socket: string) {
    this.#socket = socket
  }

  status(): Promise<AgentStatus> {
    return this.#ask('GET', '/v1/status')
  }

  async peers(): Promise<readonly PeerStatus[]> {
    return (await this.#ask<PeersDocument>('GET', '/v1/peers')).peers
  }

  /** @param name the peer's name or address */
  peer(name: string): Promise<PeerStatus> {
    return this.#ask('GET', `/v1/peers/${encodeURIComponent(name)}`)
  }

  /** Rows as they come, some at a time; leaving the loop early ends the listing. */
  async *routes(query: RoutesQuery): AsyncGenerator<RouteRow[]> {
    const response = await this.#open('GET', `/v1/routes?${new URLSearchParams({ ...query })}`)
    response.setEncoding('utf8')
    let rest = ''
    try {
      for await (const text of response) {
        const lines = (rest + text).split('\n')
        rest = lines.pop()!
        if (lines.length > 0) yield lines.map(line => JSON.parse(line))
      }
    } catch (error) {
      throw brokenOff(error)
    } finally {
      response.destroy()
    }
  }

  explain(target: string): Promise<Explanation> {
    return this.#ask('GET', `/v1/explain?${new URLSearchParams({ target })}`)
  }

  config(): Promise<EffectiveConfig> {
    return this.#ask('GET', '/v1/config')
  }

  drain(): Promise<AgentStatus> {
    return this.#ask('POST', '/v1/drain')
  }

  undrain(): Promise<AgentStatus> {
    return this.#ask('POST', '/v1/undrain')
  }

  async #ask<Document>(method: string, target: string): Promise<Document> {
    return JSON.parse(await textOf(await this.#open(method, target)))
  }

  /** An answer of status 200 whose body is still to be read. */
  async #open(method: string, target: string): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asking = request({ socketPath: this.#socket, method, path: target, timeout: PATIENCE }, answer => {
        // from here on it is the reader that may take its time
        asking.setTimeout(0)
        resolve(answer)
      })
      asking.once('timeout', () => asking.destroy(silence(this.#socket)))
      asking.once('error', error => reject(this.#fault(error)))
      asking.end()
    })
    if (response.headers[VERSION_HEADER] === undefined)
      throw new WorldFault('NOT_AN_AGENT', `what answers on ${this.#socket} is not podpeer`, { retry: false })
    if (response.statusCode === 200) return response
    const { error }: ErrorDocument = JSON.parse(await textOf(response))
    throw new WorldFault(error.code, error.message, { retry: false })
  }

  #fault(error: NodeJS.ErrnoException): WorldFault {
    if (error instanceof WorldFault) return error
    const make = (code: ClientFaultCode, message: string): WorldFault =>
      new WorldFault(code, message, { retry: true, cause: error })
    switch (error.code) {
      case 'ENOENT':
        return make('AGENT_NOT_RUNNING', `no agent is running here: there is no socket ${this.#socket}`)
      case 'ECONNREFUSED':
        if (!isSocket(this.#socket)) return make('NOT_AN_AGENT', `${this.#socket} is not a socket`)
        return make('AGENT_NOT_RUNNING', `the agent is not running: nobody answers on ${this.#socket} any more`)
      case 'EACCES':
      case 'EPERM':
        return make(
          'PERMISSION_DENIED',
          `no permission to open ${this.#socket}: it is the agent's own user's (try as root)`,
        )
      case 'ECONNRESET':
      case 'EPIPE':
        return make('AGENT_BROKE_OFF', 'the agent closed the connection before it had answered')
      default:
        return make('NOT_AN_AGENT', `${this.#socket} cannot be used as an agent's socket: ${reasonOf(error)}`)
    }
  }
}

/** Where it cannot be told: as if it were one. */
function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket()
  } catch {
    return true
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  try {
    for await (const chunk of response) text += chunk
  } catch (error) {
    throw brokenOff(error)
  }
  return text
}

function silence(socket: string): WorldFault {
  const message = `the agent behind ${socket} has not answered for ${PATIENCE / 1000} s`
  return new WorldFault('AGENT_SILENT', message, { retry: true })
}

function brokenOff(error: unknown): WorldFault {
  if (error instanceof WorldFault) return error
  const message = `the agent broke off in the middle of its answer: ${reasonOf(error)}`
  return new WorldFault('AGENT_BROKE_OFF', message, { retry: true, cause: error })
}
