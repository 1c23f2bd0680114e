/**
 * The other end of a control socket: one question, one answer. Knows no resources. Every way in which it can fail is a
 * WorldFault with a sentence for the person who asked; loads nothing but Node's own, for the command line must start at once.
 */
import { lstatSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { request } from '../http.ts'
import { type ErrorDocument, VERSION_HEADER } from './document.ts'

/** Who is asked: part of the sentences and, in capitals, of the codes of faults (`AGENT_NOT_RUNNING`). */
export type Asked = 'agent' | 'controller'

/** Milliseconds without a sign of life. */
const PATIENCE = 10_000

export class SocketAsker {
  readonly #socket: string
  readonly #who: Asked
  readonly #patience: number

  /** @param patience milliseconds without a sign of life */
  constructor(socket: string, who: Asked, patience = PATIENCE) {
    this.#socket = socket
    this.#who = who
    this.#patience = patience
  }

  /** @throws WorldFault; with the code of the answerer's own error document where it has one */
  async ask<Document>(method: string, target: string): Promise<Document> {
    return JSON.parse(await this.#textOf(await this.open(method, target)))
  }

  /** An answer of status 200 whose body is still to be read. @throws as `ask` */
  async open(method: string, target: string): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asking = request({ socketPath: this.#socket, method, path: target, timeout: this.#patience }, answer => {
        // from here on it is the reader that may take its time
        asking.setTimeout(0)
        resolve(answer)
      })
      asking.once('timeout', () => asking.destroy(this.#silence()))
      asking.once('error', error => reject(this.#fault(error)))
      asking.end()
    })
    if (response.headers[VERSION_HEADER] === undefined)
      throw new WorldFault(this.#stranger, `what answers on ${this.#socket} is not podpeer`, { retry: false })
    if (response.statusCode === 200) return response
    const { error }: ErrorDocument = JSON.parse(await this.#textOf(response))
    throw new WorldFault(error.code, error.message, { retry: false })
  }

  /** For who reads what `open` gave, and was left alone. */
  brokenOff(error: unknown): WorldFault {
    if (error instanceof WorldFault) return error
    const message = `the ${this.#who} broke off in the middle of its answer: ${reasonOf(error)}`
    return new WorldFault(this.#code('BROKE_OFF'), message, { retry: true, cause: error })
  }

  get #stranger(): string {
    return this.#who === 'agent' ? 'NOT_AN_AGENT' : 'NOT_A_CONTROLLER'
  }

  #code(what: string): string {
    return `${this.#who.toUpperCase()}_${what}`
  }

  #fault(error: NodeJS.ErrnoException): WorldFault {
    if (error instanceof WorldFault) return error
    const who = this.#who
    const make = (code: string, message: string): WorldFault =>
      new WorldFault(code, message, { retry: true, cause: error })
    switch (error.code) {
      case 'ENOENT':
        return make(this.#code('NOT_RUNNING'), `no ${who} is running here: there is no socket ${this.#socket}`)
      case 'ECONNREFUSED':
        if (!isSocket(this.#socket)) return make(this.#stranger, `${this.#socket} is not a socket`)
        return make(this.#code('NOT_RUNNING'), `the ${who} is not running: nobody answers on ${this.#socket} any more`)
      case 'EACCES':
      case 'EPERM':
        return make(
          'PERMISSION_DENIED',
          `no permission to open ${this.#socket}: it is the ${who}'s own user's (try as root)`,
        )
      case 'ECONNRESET':
      case 'EPIPE':
        return make(this.#code('BROKE_OFF'), `the ${who} closed the connection before it had answered`)
      default:
        return make(
          this.#stranger,
          `${this.#socket} cannot be used as ${who === 'agent' ? 'an agent' : 'a controller'}'s socket: ${reasonOf(error)}`,
        )
    }
  }

  async #textOf(response: IncomingMessage): Promise<string> {
    response.setEncoding('utf8')
    let text = ''
    try {
      for await (const chunk of response) text += chunk
    } catch (error) {
      throw this.brokenOff(error)
    }
    return text
  }

  #silence(): WorldFault {
    const message = `the ${this.#who} behind ${this.#socket} has not answered for ${this.#patience / 1000} s`
    return new WorldFault(this.#code('SILENT'), message, { retry: true })
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
