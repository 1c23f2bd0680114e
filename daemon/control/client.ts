/** Asks the agent behind a socket for its documents. Fails as SocketAsker does. */
import type { IncomingMessage } from 'node:http'
import type { BfdDocument } from './bfd-document.ts'
import type {
  AgentStatus,
  EffectiveConfig,
  Explanation,
  FamilyName,
  PeerStatus,
  PeersDocument,
  RouteRow,
  RoutesQuery,
} from './document.ts'
import type { NodeJourneys } from './journey-document.ts'
import type { MonitorEvent, MonitorQuery, PeerMessages } from './message-document.ts'
import type { ProbeStatus, ProbesDocument, VxlanStatus } from './overlay-document.ts'
import { SocketAsker } from './socket-asker.ts'

/** Milliseconds that the probing of tunnels may take. */
const PROBING = 60_000

export class ControlClient {
  readonly #asker: SocketAsker
  readonly #patient: SocketAsker

  constructor(socket: string) {
    this.#asker = new SocketAsker(socket, 'agent')
    this.#patient = new SocketAsker(socket, 'agent', PROBING)
  }

  status(): Promise<AgentStatus> {
    return this.#asker.ask('GET', '/v1/status')
  }

  async peers(): Promise<readonly PeerStatus[]> {
    return (await this.#asker.ask<PeersDocument>('GET', '/v1/peers')).peers
  }

  /** @param name the peer's name or address */
  peer(name: string): Promise<PeerStatus> {
    return this.#asker.ask('GET', `/v1/peers/${encodeURIComponent(name)}`)
  }

  /** Rows as they come, some at a time; leaving the loop early ends the listing. */
  async *routes(query: RoutesQuery): AsyncGenerator<RouteRow[]> {
    yield* this.#lines(await this.#asker.open('GET', `/v1/routes?${new URLSearchParams({ ...query })}`))
  }

  /** What happens from the moment on in which this resolves, without end; leaving the loop ends it. */
  async monitor(query: MonitorQuery): Promise<AsyncGenerator<MonitorEvent[]>> {
    return this.#lines(await this.#asker.open('GET', `/v1/monitor?${new URLSearchParams({ ...query })}`))
  }

  /** All routes as an MRT file, in pieces that are read once this resolves. */
  async dump(): Promise<AsyncGenerator<Uint8Array>> {
    return this.#pieces(await this.#asker.open('GET', '/v1/mrt'))
  }

  /** @param peer its address or name */
  messages(peer: string): Promise<PeerMessages> {
    return this.#asker.ask('GET', `/v1/messages?${new URLSearchParams({ peer })}`)
  }

  explain(target: string): Promise<Explanation> {
    return this.#asker.ask('GET', `/v1/explain?${new URLSearchParams({ target })}`)
  }

  /** @param pod its address */
  journeys(pod: string): Promise<NodeJourneys> {
    return this.#asker.ask('GET', `/v1/journeys?${new URLSearchParams({ pod })}`)
  }

  config(): Promise<EffectiveConfig> {
    return this.#asker.ask('GET', '/v1/config')
  }

  takeOver(): Promise<VxlanStatus> {
    return this.#asker.ask('POST', '/v1/vxlan/take-over')
  }

  bfd(): Promise<BfdDocument> {
    return this.#asker.ask('GET', '/v1/bfd')
  }

  vxlan(): Promise<VxlanStatus> {
    return this.#asker.ask('GET', '/v1/vxlan')
  }

  /** Measures for some seconds. @param vtep its name; undefined: all of them */
  async probeVteps(vtep?: string): Promise<readonly ProbeStatus[]> {
    const query = vtep === undefined ? '' : `?${new URLSearchParams({ vtep })}`
    return (await this.#patient.ask<ProbesDocument>('POST', `/v1/vxlan/probe${query}`)).probes
  }

  /** @param peer its address or name */
  refresh(peer: string, direction: 'in' | 'out', family?: FamilyName): Promise<PeerStatus> {
    const query = new URLSearchParams({ peer, direction, ...(family && { family }) })
    return this.#asker.ask('POST', `/v1/refresh?${query}`)
  }

  /** @param text for the operator of the peer */
  reset(peer: string, text?: string): Promise<PeerStatus> {
    return this.#asker.ask('POST', `/v1/reset?${new URLSearchParams({ peer, ...(text && { text }) })}`)
  }

  /** @param wait seconds from GRACEFUL_SHUTDOWN to withdrawal @param text for the operators of the peers */
  drain({ wait, text }: { readonly wait?: string; readonly text?: string } = {}): Promise<AgentStatus> {
    const terms = new URLSearchParams({ ...(wait !== undefined && { wait }), ...(text !== undefined && { text }) })
    return this.#asker.ask('POST', terms.size === 0 ? '/v1/drain' : `/v1/drain?${terms}`)
  }

  undrain(): Promise<AgentStatus> {
    return this.#asker.ask('POST', '/v1/undrain')
  }

  async *#pieces(response: IncomingMessage): AsyncGenerator<Uint8Array> {
    try {
      yield* response
    } catch (error) {
      throw this.#asker.brokenOff(error)
    } finally {
      response.destroy()
    }
  }

  async *#lines<Row>(response: IncomingMessage): AsyncGenerator<Row[]> {
    response.setEncoding('utf8')
    let rest = ''
    try {
      for await (const text of response) {
        const lines = (rest + text).split('\n')
        rest = lines.pop()!
        if (lines.length > 0) yield lines.map(line => JSON.parse(line))
      }
    } catch (error) {
      throw this.#asker.brokenOff(error)
    } finally {
      response.destroy()
    }
  }
}
