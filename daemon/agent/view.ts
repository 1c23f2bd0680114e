/** The agent as its control API, its metrics and its health see it: documents of the moment, made on demand. */
import type { DrainTerms } from '../../bgp/index.ts'
import { WorldFault } from '../../lib/base/failure.ts'
import { type Address, addressOfUint32 } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { BfdDocument } from '../control/bfd-document.ts'
import type { AgentStatus, EffectiveConfig, Explanation, FamilyName, PeerStatus } from '../control/document.ts'
import type { EventFeed } from '../control/event-feed.ts'
import type { NodeJourneys } from '../control/journey-document.ts'
import type { PeerMessages } from '../control/message-document.ts'
import type { ProbeStatus, VxlanStatus } from '../control/overlay-document.ts'
import type { ControlSource, Listening, OctetCursor, RouteListing, RowCursor } from '../control/source.ts'
import { version } from '../version.ts'
import type { Agent } from './agent.ts'
import { explain, renderForeign } from './explanation.ts'
import { messageStatus } from './message-status.ts'
import { vxlanStatus } from './overlay-status.ts'
import { idlePeerStatus, peerStatus, type Timestamp } from './peer-status.ts'
import { listRoutes } from './route-listing.ts'
import { dumpTable } from './table-dump.ts'

const NOT_YET = 'the agent does not run sessions yet'

/** A status is read by people. */
const SHOWN_CONFLICTS = 20

/** Milliseconds that the time of day may differ before we believe that it was set. */
const CLOCK_STEP = 1000

export class AgentView implements ControlSource {
  readonly #agent: Agent
  readonly #file: string
  /** Milliseconds from the agent's clock to the time of day. */
  #toTimeOfDay = -Infinity

  /** @param file path of the configuration */
  constructor(agent: Agent, file: string) {
    this.#agent = agent
    this.#file = file
  }

  status(): AgentStatus {
    const { desired, situation, routing, problems, startedAt } = this.#agent
    const { config } = desired
    const identity = routing?.speaker.identity
    const { addresses, port } = config.listen
    const peers = this.peers()
    const listening = routing !== undefined && desired.speaking ? addresses : []
    return {
      version,
      pid: process.pid,
      startedAt: new Date(startedAt).toISOString(),
      node: config.node,
      ...(identity && {
        asNumber: identity.asNumber,
        routerId: addressOfUint32(identity.routerId).toString(),
        clusterId: addressOfUint32(identity.clusterId).toString(),
      }),
      phase: this.#phase(),
      problems,
      listening: listening.map(address => (address.family === 4 ? `${address}:${port}` : `[${address}]:${port}`)),
      kubernetes: {
        state: situation.api.phase,
        ...(situation.api.phase === 'away' && { reason: situation.api.reason }),
      },
      announced: (situation.drained ? [] : (desired.announced ?? [])).map(({ prefix, origin }) => ({
        prefix: prefix.toString(),
        origin,
      })),
      kernel: {
        install: routing?.table !== undefined,
        routes: routing?.table?.counts().installed ?? 0,
        conflicts: (routing?.table?.conflicts(SHOWN_CONFLICTS) ?? []).map(foreign => ({
          prefix: foreign.prefix.toString(),
          foreign: renderForeign(foreign),
        })),
      },
      peers: {
        total: peers.length,
        established: peers.filter(({ state }) => state === 'Established').length,
      },
    }
  }

  peers(): PeerStatus[] {
    const { desired, routing, problems, startedAt } = this.#agent
    const { config } = desired
    const { now } = this.#agent
    const timestamp = this.#timestamps(now)
    const bfd = this.#agent.bfd.status(timestamp)
    const running = (routing?.speaker.peers() ?? []).map(view =>
      peerStatus(view, now, timestamp, bfd.get(view.config.name)),
    )
    const names = new Set(running.map(({ name }) => name))
    const since = new Date(startedAt).toISOString()
    const idle = config.peers
      .filter(({ name }) => !names.has(name))
      .map(peer => idlePeerStatus(peer, config.asNumber ?? 0, whyIdle(peer.name, problems), since))
    return [...running, ...idle]
  }

  routes(query: RouteListing): RowCursor {
    const speaker = this.#agent.routing?.speaker
    return speaker === undefined ? { next: () => [], done: true } : listRoutes(speaker, query)
  }

  dump(): OctetCursor {
    const speaker = this.#agent.routing?.speaker
    if (speaker === undefined) throw new WorldFault('NOT_RUNNING', NOT_YET, { retry: true })
    return dumpTable(speaker, Date.now())
  }

  messages(peer: string): PeerMessages {
    const timestamp = this.#timestamps(this.#agent.now)
    const kept = this.#agent.routing?.speaker.messages(peer) ?? []
    return { peer, messages: kept.map(message => messageStatus(message, timestamp)) }
  }

  monitor(listening: Listening): EventFeed {
    return this.#agent.monitor.listen(listening)
  }

  async explain(target: Prefix): Promise<Explanation> {
    const { routing, kernel, problems } = this.#agent
    if (routing !== undefined) return await explain(target, routing.speaker, routing.table, kernel.metric)
    const reason = `no speaker runs: ${problems[0] ?? 'the agent is starting'}`
    const nothing = { installed: false, reason, nextHops: [] }
    return { target: target.toString(), paths: [], advertised: [], kernel: nothing }
  }

  config(): EffectiveConfig {
    const { desired, situation } = this.#agent
    const { document, origins } = desired.config
    return {
      file: this.#file,
      config: document,
      origins: Object.fromEntries(origins),
      ...(situation.rejected !== undefined && { rejected: situation.rejected }),
    }
  }

  vxlan(): VxlanStatus {
    const offset = Date.now() - performance.now()
    return vxlanStatus(this.#agent.overlay, moment => new Date(moment + offset).toISOString())
  }

  bfd(): Promise<BfdDocument> {
    return this.#agent.bfd.document(this.#timestamps(this.#agent.now))
  }

  async takeOver(): Promise<VxlanStatus> {
    await this.#agent.overlay.takeOver()
    return this.vxlan()
  }

  async probeVteps(vtep: string | undefined): Promise<readonly ProbeStatus[]> {
    return await this.#agent.probeVteps(vtep)
  }

  journeys(pod: Address): NodeJourneys {
    return this.#agent.journeys(pod)
  }

  refresh(peer: string, direction: 'in' | 'out', family: FamilyName | undefined): void {
    const number = family === undefined ? undefined : family === 'ipv4' ? 4 : 6
    const { routing } = this.#agent
    const why = routing === undefined ? NOT_YET : routing.speaker.refresh(peer, direction, number)
    if (why !== undefined) throw new WorldFault('NOT_REFRESHED', `${peer}: ${why}`, { retry: true })
  }

  reset(peer: string, text: string | undefined): void {
    const { routing } = this.#agent
    const why = routing === undefined ? NOT_YET : routing.speaker.reset(peer, text)
    if (why !== undefined) throw new WorldFault('NOT_RESET', `${peer}: ${why}`, { retry: true })
  }

  drain(terms: DrainTerms): void {
    this.#agent.hear({ type: 'drain', drained: true, terms })
  }

  undrain(): void {
    this.#agent.hear({ type: 'drain', drained: false })
  }

  #timestamps(now: number): Timestamp {
    const offset = this.#clockOffset(now)
    return moment => new Date(moment + offset).toISOString()
  }

  /** Steady, so that a moment is told alike each time; it follows when somebody sets the clock. */
  #clockOffset(now: number): number {
    const offset = Date.now() - now
    if (Math.abs(offset - this.#toTimeOfDay) > CLOCK_STEP) this.#toTimeOfDay = offset
    return this.#toTimeOfDay
  }

  #phase(): AgentStatus['phase'] {
    const speaker = this.#agent.routing?.speaker
    if (speaker === undefined) return this.#agent.situation.drained ? 'drained' : 'starting'
    if (speaker.draining !== 'no') return speaker.draining
    return speaker.restarting ? 'restarting' : 'running'
  }
}

/** What is said of this very peer, else what keeps all of them. */
function whyIdle(name: string, problems: readonly string[]): string | undefined {
  return problems.find(problem => problem.startsWith(`peer ${name} `)) ?? problems[0]
}
