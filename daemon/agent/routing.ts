/**
 * One life of the speaker under one identity, with the kernel's route table beside it: what the RIB chose goes to the
 * kernel, and what a former agent left there goes when its time has come. A new identity needs a new Routing, which takes
 * over from this one as one agent from another. It decides nothing about what to announce or whom to peer with.
 */
import {
  type KernelChange,
  type NextHopChange,
  type PeerEnd,
  type Restart,
  Speaker,
  type SpeakerConfig,
  type SpeakerObserver,
} from '../../bgp/index.ts'
import type { Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { AdoptedPath } from '../../lib/linux/table/state.ts'
import type { EffectiveConfig } from '../config/index.ts'
import { type Announcement, type Identity, isService } from './desired.ts'
import { nextHopSources } from './next-hop-sources.ts'
import { parseEnd, renderEnd } from './peer-end.ts'
import type { NextHopSource } from './saved-state.ts'
import { AdoptedRoutes } from './succession.ts'
import type { AgentWorld, KernelTable } from './world.ts'

/** Kernel changes taken from the RIB in one turn: about a millisecond. */
const SLICE = 2048
/** Milliseconds without a kernel change after which what a peer sent before its End-of-RIB has arrived in the table. */
const QUIET = 1000
/** Milliseconds: while routes change without end it takes some work to say where next hops come from. */
const SOURCES_PAUSE = 500

export interface RoutingOptions {
  readonly identity: Identity
  readonly kernel: EffectiveConfig['kernel']
  readonly restart: Restart | undefined
  /** Milliseconds before old routes of unknown or silent peers are swept. */
  readonly deferralTime: number
  /** What the former agent left. */
  readonly sources: readonly NextHopSource[]
  readonly world: Pick<AgentWorld, 'transport' | 'clock' | 'openTable'>
  readonly observer: RoutingObserver
}

/** Who may send routes. */
export interface Awaited {
  readonly peers: readonly PeerEnd[]
  readonly ranges: readonly { readonly prefix: Prefix }[]
}

export interface RoutingObserver
  extends Pick<SpeakerObserver, 'stateChanged' | 'notice' | 'endOfRib' | 'rangePeersChanged' | 'restarted'> {
  /** A line for the log. */
  kernelNotice(text: string): void
  swept(count: number, why: string): void
  /** `sources` may have something else to say. */
  sourcesChanged(): void
}

export class Routing {
  readonly speaker: Speaker
  /** Absent: routes are not installed. */
  readonly table: KernelTable | undefined
  readonly #options: RoutingOptions
  readonly #adopted: AdoptedRoutes
  /** Ends of peers that are there, or may be. */
  #awaited: Pick<ReadonlySet<string>, 'has'> = new Set()
  /** What the speaker was told last, as text: most news change nothing of it. */
  #configured = ''
  #known = false
  #speaking = false
  #stopped = false
  #taking = false
  #cancelSweep: (() => void) | undefined
  #cancelSources: (() => void) | undefined
  #cancelDeferral: (() => void) | undefined

  /** @throws WorldFault when the kernel's table cannot be had */
  constructor(options: RoutingOptions) {
    const { identity, kernel, restart, observer } = options
    const { transport, clock, openTable } = options.world
    this.#options = options
    this.#adopted = new AdoptedRoutes(options.sources)
    if (kernel.install) {
      const { table, protocol, metric } = kernel
      this.table = openTable({
        table,
        protocol,
        metric,
        onNotice: text => observer.kernelNotice(text),
        onNextHops: verdicts => {
          this.speaker.setNextHops(verdicts)
          this.#tellSourcesSoon()
        },
      })
    }
    const seed = Math.floor(clock.random() * 2 ** 32)
    const world = { transport, clock, observer: this.#observer(observer) }
    const { install, maxPaths } = kernel
    this.speaker = new Speaker({ ...identity, maxPaths, kernel: install, seed }, world, restart)
  }

  /**
   * @param awaited all that may send routes some day: also those that cannot run now
   * @throws WorldFault when the port cannot be had: the peers are as before then, and nobody listens
   */
  configure({ listen, peers, ranges }: SpeakerConfig, awaited: Awaited): void {
    const ends = new Set(awaited.peers.map(renderEnd))
    const isInRange = (end: string) => awaited.ranges.some(({ prefix }) => prefix.contains(parseEnd(end).address))
    this.#awaited = { has: end => ends.has(end) || isInRange(end) }
    const key = JSON.stringify({ listen, peers, ranges })
    if (key === this.#configured) return
    this.speaker.configure({ listen, peers, ...(ranges && { ranges }) })
    this.#configured = key
    this.#speaking ||= listen !== undefined
    this.#considerSweep()
  }

  /** The whole set; the first call says that it is known, and so are the peers. */
  originate(announced: readonly Announcement[]): void {
    const [services, others] = [announced.filter(isService), announced.filter(one => !isService(one))]
    this.speaker.originate(
      others.map(({ prefix }) => prefix),
      services.map(({ prefix }) => prefix),
    )
    if (this.#known) return
    this.#known = true
    this.#considerSweep()
  }

  /** For the next agent: where the installed routes came from. */
  get sources(): NextHopSource[] {
    const { table } = this
    if (table === undefined) return []
    const peers = this.speaker.nextHopSources()
    const endsOf = (nextHop: string) => peers.get(nextHop)?.flatMap(peer => this.#endOf(peer) ?? []) ?? []
    const inherited = table.counts().adopted > 0 ? this.#options.sources : []
    return nextHopSources(table.nextHopStates(), endsOf, inherited)
  }

  /**
   * Ends the sessions and leaves the kernel's routes as they are.
   * @param goodbye whether the peers are told, so that they forget our routes
   */
  async stop(goodbye: boolean): Promise<void> {
    this.#cancelDeferral?.()
    this.#cancelSweep?.()
    this.#cancelSources?.()
    this.#stopped = true
    this.speaker.stop(goodbye)
    await this.table?.close()
  }

  #endOf(peer: string): string | undefined {
    const config = this.speaker.peer(peer)?.config
    return config && renderEnd(config)
  }

  #observer(outer: RoutingObserver): SpeakerObserver {
    return {
      stateChanged: (peer, from, to, reason) => outer.stateChanged(peer, from, to, reason),
      notice: (peer, code, text) => outer.notice(peer, code, text),
      rangePeersChanged: () => outer.rangePeersChanged(),
      restarted: () => outer.restarted(),
      kernelChanged: () => this.#takeSoon(),
      nextHopsChanged: changes => this.#judgeNextHops(changes),
      endOfRib: (peer, family) => {
        outer.endOfRib(peer, family)
        this.#endOfRib(peer, family)
      },
    }
  }

  #takeSoon(): void {
    if (this.#taking) return
    this.#taking = true
    this.#options.world.clock.yield(() => {
      this.#taking = false
      if (!this.#stopped) this.#take()
    })
  }

  /**
   * The kernel is asked before the speaker chooses, so that nothing is announced only to be withdrawn. What it cannot tell
   * yet counts as reachable: a wrong yes costs an announcement, a wrong no takes a good route away.
   */
  #judgeNextHops(changes: readonly NextHopChange[]): void {
    const { table } = this
    if (table === undefined || this.#stopped) return
    const verdicts = changes.map(({ address, used }) => {
      if (used) return table.track(address)
      table.untrack(address)
      return { address, reason: undefined }
    })
    this.speaker.setNextHops(verdicts)
  }

  #take(): void {
    this.#tellSourcesSoon()
    const changes = this.speaker.takeKernelChanges(SLICE)
    if (changes.length === 0) return
    for (const change of changes) this.#want(change)
    if (this.#cancelSweep !== undefined) this.#sweepSoon()
    this.#takeSoon()
  }

  #tellSourcesSoon(): void {
    const { world, observer } = this.#options
    this.#cancelSources ??= world.clock.wake(world.clock.now() + SOURCES_PAUSE, () => {
      this.#cancelSources = undefined
      observer.sourcesChanged()
    })
  }

  #want({ prefix, nextHops }: KernelChange): void {
    const { table } = this
    if (table === undefined) return
    const wanted = nextHops.length === 0 ? undefined : table.nextHops(nextHops)
    table.want(prefix.family, prefix.bytes, 0, prefix.length, wanted)
  }

  #endOfRib(peer: string, family: Family): void {
    const end = this.#endOf(peer)
    if (end === undefined) return
    this.#adopted.finished(end, family)
    this.#considerSweep()
  }

  /** Nothing goes before it is known whom we peer with, and before the peers have had a chance to speak. */
  #considerSweep(): void {
    if (!this.#known || !this.#speaking) return
    const { world, deferralTime } = this.#options
    this.#cancelDeferral ??= world.clock.wake(world.clock.now() + deferralTime, () =>
      this.#sweep('the deferral time is over', () => true),
    )
    this.#sweepSoon()
  }

  #sweepSoon(): void {
    const { clock } = this.#options.world
    this.#cancelSweep?.()
    this.#cancelSweep = clock.wake(clock.now() + QUIET, () => {
      if (this.#taking || this.speaker.busy) return this.#sweepSoon()
      this.#cancelSweep = undefined
      this.#sweep('their peers have sent all they have', path => this.#adopted.isGone(path, this.#awaited))
    })
  }

  #sweep(why: string, gone: (path: AdoptedPath) => boolean): void {
    const count = this.table?.sweep(gone) ?? 0
    if (count > 0) this.#options.observer.swept(count, why)
  }
}
