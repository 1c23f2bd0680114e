/** For tests of the stand-in: somebody who asks a BIG-IP over HTTPS, with a token or as he is told. */
import { Agent, request } from 'node:https'
import type { BigIp } from './big-ip.ts'

export interface Answer {
  readonly status: number
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the device says
  readonly body: any
}

export class RestAsker {
  readonly #device: BigIp
  readonly #agent: Agent
  /** Sent with each call; none before `login`. */
  token: string | undefined

  constructor(device: BigIp) {
    this.#device = device
    this.#agent = new Agent({ keepAlive: true, ca: device.ca })
  }

  /** Somebody with a token of his own. */
  static async login(device: BigIp): Promise<RestAsker> {
    const asker = new RestAsker(device)
    const { body } = await asker.ask('POST', '/shared/authn/login', device.credentials)
    asker.token = body.token.token
    return asker
  }

  /** @param path below /mgmt */
  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const own = this.token === undefined ? {} : { 'X-F5-Auth-Token': this.token }
    const octets = Buffer.isBuffer(body) ? body : body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    return new Promise((resolve, reject) => {
      const asked = request(`${this.#device.url}/mgmt${path}`, {
        method,
        agent: this.#agent,
        headers: { 'Content-Type': 'application/json', ...own, ...headers },
      })
      asked.on('error', reject)
      asked.on('response', response => {
        const chunks: Buffer[] = []
        response.on('error', reject)
        response.on('data', chunk => chunks.push(chunk))
        response.on('end', () => {
          const type = response.headers['content-type'] ?? ''
          const text = Buffer.concat(chunks).toString()
          const parsed = type.includes('json') && text !== '' ? JSON.parse(text) : text
          resolve({ status: response.statusCode ?? 0, type, body: parsed })
        })
      })
      asked.end(octets)
    })
  }

  /** The code of an answer and, where it is a refusal, its message. */
  async told(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await this.ask(method, path, body)
    return answer.status === 200 ? '200' : `${answer.status} ${answer.body.message ?? answer.body}`
  }

  close(): void {
    this.#agent.destroy()
  }
}
