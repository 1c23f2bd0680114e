/**
 * BFD beside the speaker: the sessions that its peers want, and what these find out told to it. A session that a person has
 * ended at either end says nothing of the path, and the speaker does not hear of it (RFC 5882 §3.2).
 */
import type { BfdChange, BfdCounters, BfdSessionConfig, BfdSessionStatus, SpeakerPeer } from '../../bgp/index.ts'
import type { BfdDocument, BfdStatus } from '../control/bfd-document.ts'
import { bfdSession, bfdStatus } from './bfd-status.ts'
import type { Timestamp } from './peer-status.ts'
import type { AgentWorld, BfdSessions } from './world.ts'

/** Of a speaker, as far as BFD is concerned. */
export interface BfdClient {
  configs(): readonly SpeakerPeer[]
  bfdChanged(peer: string, state: 'up' | 'down', independent?: boolean): void
}

export interface BfdKeeperOptions {
  readonly world: Pick<AgentWorld, 'openBfd' | 'log'>
  /** `problems` has something else to say. */
  readonly changed: () => void
  /** A session has come up or gone down. */
  readonly told: (peer: string, state: 'Up' | 'Down', reason: string) => void
}

const NOTHING: BfdCounters = { sessions: new Map(), discarded: {} }

export class BfdKeeper {
  readonly #options: BfdKeeperOptions
  #client: BfdClient | undefined
  #sessions: BfdSessions | undefined
  #wanted: ReadonlyMap<string, BfdSessionConfig & { readonly strict: boolean }> = new Map()
  /** What was asked for last, as text: most news change nothing of it. */
  #asked = '[]'

  constructor(options: BfdKeeperOptions) {
    this.#options = options
  }

  /** The peers of `client` are those that count from now on. @param client undefined: nobody speaks */
  follow(client: BfdClient | undefined): void {
    const isNew = client !== this.#client
    this.#client = client
    const wanted = (client?.configs() ?? []).flatMap(config => sessionOf(config) ?? [])
    this.#wanted = new Map(wanted.map(session => [session.name, session]))
    const asked = JSON.stringify(wanted)
    if (asked !== this.#asked) {
      this.#asked = asked
      this.#sessions ??= this.#open()
      this.#sessions.want(wanted)
    }
    if (isNew) for (const { name, state } of this.#statuses) if (state === 'Up') client?.bfdChanged(name, 'up')
  }

  /** Sentences. */
  get problems(): readonly string[] {
    return this.#wanted.size === 0 ? [] : (this.#sessions?.problems ?? [])
  }

  /** By the peer's name, as far as the sessions have told. */
  status(timestamp: Timestamp): Map<string, BfdStatus> {
    return new Map(
      this.#statuses.map(status => [status.name, bfdStatus(status, this.#wanted.get(status.name)!, timestamp)]),
    )
  }

  async document(timestamp: Timestamp): Promise<BfdDocument> {
    const counters = (await this.#sessions?.counters()) ?? NOTHING
    const sessions = this.#statuses.map(status =>
      bfdSession(status, this.#wanted.get(status.name)!, counters.sessions.get(status.name), timestamp),
    )
    return { sessions, discarded: { ...counters.discarded } }
  }

  async close(): Promise<void> {
    this.#client = undefined
    await this.#sessions?.close()
  }

  get #statuses(): BfdSessionStatus[] {
    return (this.#sessions?.status() ?? []).filter(({ name }) => this.#wanted.has(name))
  }

  #open(): BfdSessions {
    const { world, changed } = this.#options
    return world.openBfd({
      changed: change => this.#changed(change),
      problemsChanged: changed,
      notice: text => world.log.warn('bfd', { text }),
    })
  }

  #changed({ name, up, failure, independent, reason }: BfdChange): void {
    // a peer that a range has made may be no more
    this.follow(this.#client)
    if (!this.#wanted.has(name)) return
    const state = up ? 'Up' : 'Down'
    this.#options.world.log[failure ? 'warn' : 'info']('bfd', { peer: name, state, reason })
    this.#options.told(name, state, reason)
    if (up || failure) this.#client?.bfdChanged(name, up ? 'up' : 'down', independent)
  }
}

function sessionOf(peer: SpeakerPeer): (BfdSessionConfig & { readonly strict: boolean }) | undefined {
  const { name, address, localAddress, interface: link, bfd } = peer
  if (bfd === undefined || address.isUnspecified) return undefined
  return {
    ...bfd,
    name,
    remote: address,
    ...(localAddress && { local: localAddress }),
    ...(link !== undefined && { interface: link }),
  }
}
