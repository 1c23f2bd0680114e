/**
 * The speaker: all peers and the RIB behind one interface. It is told the whole of what is wanted (`configure`,
 * `originate`) and touches only what changed. It knows no kernel and no Kubernetes; time and TCP come in with the world.
 *
 * Supported: RFC 4271, 4760 and 2545 (IPv4 and IPv6 unicast), 5492, 6793, 2918, 7313, 4724, 8538, 9494, 4456, 7606, 6286, 6608,
 * 4486, 7911, 8326, 8654, 8950, 9003, 9234, 9687, 2385 and 5082 (where the transport has them).
 */
import type { Family } from '../lib/base/ip.ts'
import type { Prefix } from '../lib/base/prefix.ts'
import type { KeptMessage } from './black-box.ts'
import { Drain, type DrainPhase, type DrainTerms } from './drain.ts'
import { Listening } from './listening.ts'
import { NumberedPeerings } from './numbered-peerings.ts'
import { Originations } from './originations.ts'
import type { MessageTap, PassingPeer } from './passage.ts'
import { type PeerView, peerView } from './peer-view.ts'
import { Peering, type PeeringObserver } from './peering.ts'
import { endOf, isMeant, isSameEnd, RangePeers } from './range-peers.ts'
import { Refusals } from './refusals.ts'
import { SpeakerRestart } from './restart.ts'
import { type KernelChange, type NextHopChange, type NextHopVerdict, Rib } from './rib/rib.ts'
import type { RouteCursor, RouteExplanation, RouteQuery } from './rib/view.ts'
import type { LocalIdentity } from './session/config.ts'
import type { State } from './session/state.ts'
import type { Restart, SpeakerConfig, SpeakerIdentity, SpeakerPeer } from './speaker-config.ts'
import type { Channel, Clock, Transport } from './transport.ts'
import { WakeUp } from './wake-up.ts'
import { cease } from './wire/notification.ts'

const FAMILIES: readonly Family[] = [4, 6]

/** Changes that one turn works off before sockets and timers get their turn: about a millisecond or two. */
const SLICE = 8192
/** Next hops that are told in one turn: to find out about each takes the shell some tens of microseconds. */
const NEXT_HOPS = 128
/** Milliseconds without a session after which a peer of a range is forgotten: idle hold has had its say by then. */
const RANGE_PEER_GRACE = 120_000
/** Milliseconds between two looks for such peers. */
const RANGE_PEER_LOOK = 30_000

export interface SpeakerWorld {
  readonly transport: Transport
  readonly clock: Clock
  readonly observer: SpeakerObserver
}

/** What a speaker says of itself while it runs. Peers go by their configured name. */
export interface SpeakerObserver {
  stateChanged(peer: string, from: State, to: State, reason: string): void
  /** Worth a line in the log; `code` is a stable word. `peer` is absent where none is known. */
  notice(peer: string | undefined, code: string, text: string): void
  /** `takeKernelChanges` has something to give. */
  kernelChanged(): void
  /**
   * Learned next hops came into use or went out of it; only where wanted kernel routes are kept. What `setNextHops` is told
   * before this returns counts before any path over a new next hop is chosen.
   */
  nextHopsChanged(changes: readonly NextHopChange[]): void
  /** The peer has sent all it has of a family since its session came up. */
  endOfRib(peer: string, family: Family): void
  /** A range has made a peer, or has forgotten some; what `configure` changes is not told. */
  rangePeersChanged(): void
  /** The restart is over: every peer has sent its End-of-RIB, or the deferral time has passed. */
  restarted(): void
}

/** Hears nothing. */
export const silence: SpeakerObserver = {
  stateChanged: () => {},
  notice: () => {},
  kernelChanged: () => {},
  nextHopsChanged: () => {},
  endOfRib: () => {},
  rangePeersChanged: () => {},
  restarted: () => {},
}

export class Speaker {
  readonly identity: SpeakerIdentity
  readonly #world: SpeakerWorld
  readonly #rib: Rib
  readonly #peerings = new Map<string, Peering>()
  readonly #numbered = new NumberedPeerings()
  readonly #ranges = new RangePeers()
  readonly #refusals = new Refusals()
  readonly #look: WakeUp
  readonly #observer: PeeringObserver
  readonly #originations: Originations
  #config: SpeakerConfig = { listen: undefined, peers: [] }
  readonly #listening: Listening
  /** Absent: there was no speaker before this one, or none that matters. */
  readonly #restart: SpeakerRestart | undefined
  readonly #deferral: WakeUp
  readonly #drain: Drain
  #working = false
  /** All messages of all peers pass by each of these. */
  readonly taps = new Set<MessageTap>()

  /** @param restart given when this speaker takes over from one before it whose routes the peers may still hold */
  constructor(identity: SpeakerIdentity, world: SpeakerWorld, restart?: Restart) {
    this.identity = identity
    this.#world = world
    this.#listening = new Listening(world.transport, channel => this.#accept(channel))
    this.#look = new WakeUp(world.clock)
    this.#deferral = new WakeUp(world.clock)
    this.#rib = new Rib(identity, identity, this.#numbered)
    this.#originations = new Originations(this.#rib)
    this.#drain = new Drain(world.clock, {
      withdraw: () => this.#applyLocal(),
      endSessions: text => {
        for (const peering of this.#peerings.values()) peering.stop(cease.administrativeShutdown, text)
      },
    })
    this.#observer = {
      stateChanged: (peering, from, to, reason) => this.#stateChanged(peering, from, to, reason),
      changed: () => this.#work(),
      endOfRib: (peering, family) => {
        world.observer.endOfRib(peering.config.name, family)
        this.#considerRestart()
      },
      notice: (peering, code, text) => world.observer.notice(peering.config.name, code, text),
    }
    if (restart === undefined) return
    this.#restart = new SpeakerRestart(restart)
    for (const family of FAMILIES) this.#rib.holdEndOfRib(family, true)
    this.#deferral.set(world.clock.now() + restart.deferralTime, () => this.#endRestart())
  }

  /**
   * Makes peers and listener as wanted. Sessions whose parameters did not change are not touched.
   * @throws WorldFault when the port cannot be had, and nobody listens then, or when the kernel cannot take a peer's key: the peers
   * are as before
   */
  configure(config: SpeakerConfig): void {
    const before = this.#config.listen
    this.#listening.configure(config)
    this.#config = config
    const peers = [...config.peers, ...this.#ranges.configure(config.ranges ?? [], config.peers)]
    const wanted = new Map(peers.map(peer => [peer.name, peer]))
    for (const [name, peering] of [...this.#peerings]) {
      const peer = wanted.get(name)
      if (peer === undefined || !isSameEnd(peer, peering.config)) this.#remove(peering)
    }
    for (const peer of peers) {
      const peering = this.#peerings.get(peer.name)
      if (peering === undefined) this.#add(peer)
      else peering.reconfigure(peer, this.#localIdentity(peering))
    }
    if (before !== undefined && config.listen === undefined)
      for (const peering of this.#peerings.values()) peering.stop()
    if (before === undefined && config.listen !== undefined) this.#startAll()
    this.#lookAfterRanges()
    this.#considerRestart()
  }

  /**
   * The whole set of prefixes that originate here. The first call also says that they are known: a restarted speaker
   * sends no End-of-RIB before.
   * @param services addresses of Services, which policies tell apart
   */
  originate(prefixes: Iterable<Prefix>, services: Iterable<Prefix> = []): void {
    this.#originations.replace(prefixes, services)
    this.#applyLocal()
    this.#considerRestart()
  }

  /**
   * Takes this speaker out of service, until `undrain`: all that is announced is announced as about to go (RFC 8326), so that
   * peers turn to others; after a while what originates here is withdrawn, and then the sessions end with Cease / Administrative
   * Shutdown. Idempotent: terms that come later do not count.
   */
  drain(terms: DrainTerms = {}): void {
    if (this.draining !== 'no') return
    this.#drain.begin(terms)
    this.#rib.setDraining(true)
    this.#work()
  }

  undrain(): void {
    if (this.draining === 'no') return
    this.#drain.end()
    this.#rib.setDraining(false)
    this.#applyLocal()
    this.#startAll()
  }

  /**
   * Asks a peer, by its configured name, for its routes again (`in`), or sends it ours again (`out`). Returns why that cannot
   * be, in words; undefined: done.
   * @param family absent: all of the session
   */
  refresh(peer: string, direction: 'in' | 'out', family?: Family): string | undefined {
    const peering = this.#peerings.get(peer)
    return peering === undefined ? 'no session of it runs' : peering.refresh(direction, family)
  }

  /**
   * Ends a peer's session with Cease / Administrative Reset and begins anew at once, whatever was against it. Returns why that
   * cannot be, in words; undefined: done.
   * @param text for the operator of the peer (RFC 9003)
   */
  reset(peer: string, text?: string): string | undefined {
    const peering = this.#peerings.get(peer)
    return peering === undefined ? 'no session of it runs' : peering.reset(text)
  }

  /**
   * What BFD has found out about the path to a peer, by its configured name (RFC 5882 §4); docs/bgp.md says what follows.
   * @param independent of `down`: the peer's C bit, its BFD does not share the fate of its control plane
   */
  bfdChanged(peer: string, state: 'up' | 'down', independent = false): void {
    this.#peerings.get(peer)?.bfd(state, independent)
  }

  get draining(): DrainPhase {
    return this.#drain.phase
  }

  /**
   * Ends all sessions and stops listening; kernel changes that follow from it are the caller's to ignore.
   * @param goodbye with a Cease; else none is sent, so that peers with graceful restart keep our routes
   */
  stop(goodbye: boolean): void {
    this.#look.cancel()
    this.#deferral.cancel()
    this.#drain.cancelWait()
    this.#listening.end()
    for (const peering of this.#peerings.values()) peering.stop(goodbye ? cease.administrativeShutdown : undefined)
  }

  get restarting(): boolean {
    return this.#restart?.isOver === false
  }

  get originated(): readonly Prefix[] {
    return this.#originations.prefixes
  }

  peers(): PeerView[] {
    return [...this.#peerings.values()].map(peering =>
      peerView(peering, this.#ranges.rangeOf(peering.config.name), this.#rib),
    )
  }

  /** The peers as they are configured, those that ranges have made with them. */
  configs(): SpeakerPeer[] {
    return Array.from(this.#peerings.values(), ({ config }) => config)
  }

  /** The configured name of a peer number of a listing. */
  peerName(number: number): string | undefined {
    return this.#numbered.get(number)?.config.name
  }

  /** One that runs, by its configured name. */
  peer(name: string): PassingPeer | undefined {
    return this.#peerings.get(name)
  }

  /** The last messages of a peer that runs, by its configured name, oldest first. */
  messages(peer: string): readonly KeptMessage[] {
    return this.#peerings.get(peer)?.blackBox.messages() ?? []
  }

  routes(query: RouteQuery): RouteCursor {
    return this.#rib.routes(query)
  }

  explain(target: Prefix): RouteExplanation | undefined {
    return this.#rib.explain(target)
  }

  takeKernelChanges(limit: number): KernelChange[] {
    return this.#rib.takeKernelChanges(limit)
  }

  /** Paths over a next hop that cannot be reached are not used (RFC 4271 §9.1.2). Next hops nobody judges can. */
  setNextHops(verdicts: readonly NextHopVerdict[]): void {
    this.#rib.setNextHops(verdicts)
    this.#work()
  }

  /** From which peers, by their configured names, each learned next hop came, by its address. */
  nextHopSources(): Map<string, readonly string[]> {
    const named = (peers: readonly number[]) => peers.flatMap(peer => this.peerName(peer) ?? [])
    return new Map(Array.from(this.#rib.peersByNextHop(), ([nextHop, peers]) => [nextHop, named(peers)]))
  }

  /** Whether routes that were learned have not been decided on yet. */
  get busy(): boolean {
    return this.#working
  }

  #add(peer: SpeakerPeer): Peering {
    const { transport, clock } = this.#world
    const peering = new Peering(peer, this.#localIdentity(), {
      rib: this.#rib,
      transport,
      clock,
      observer: this.#observer,
      taps: this.taps,
    })
    this.#peerings.set(peer.name, peering)
    this.#numbered.add(peering)
    if (this.#config.listen !== undefined && this.draining === 'no') peering.start()
    return peering
  }

  #remove(peering: Peering): void {
    this.#peerings.delete(peering.config.name)
    peering.remove()
    this.#numbered.remove(peering)
  }

  #startAll(): void {
    if (this.#config.listen === undefined || this.draining !== 'no') return
    for (const peering of this.#peerings.values()) peering.start()
  }

  #accept(channel: Channel): void {
    for (const peering of this.#peerings.values()) if (isMeant(peering.config, channel)) return peering.accept(channel)
    const admission =
      this.draining === 'no' ? this.#ranges.admit(endOf(channel), name => this.#peerings.get(name)!.isIdle) : undefined
    if (admission === undefined) return this.#turnAway(channel, 'unknownPeer', 'which is not a configured peer')
    if (typeof admission === 'string') return this.#turnAway(channel, 'rangeFull', admission)
    const former = this.#peerings.get(admission.inPlaceOf ?? '')
    if (former !== undefined) this.#remove(former)
    const peering = this.#add(admission.peer)
    this.#world.observer.rangePeersChanged()
    if (this.#ranges.peers.length === 1) this.#lookAfterRanges()
    peering.accept(channel)
  }

  /**
   * Without a NOTIFICATION (RFC 4486 §4 would have Cease / Connection Rejected): whom we do not know yet we may know in a
   * moment, and a peer waits longer after a NOTIFICATION than after a closed connection.
   */
  #turnAway(channel: Channel, code: string, why: string): void {
    const silent = this.#refusals.note(this.#world.clock.now())
    channel.destroy()
    if (silent === undefined) return
    const others = silent === 0 ? '' : `; ${silent} more connections were turned away since the last such line`
    this.#world.observer.notice(undefined, code, `connection from ${channel.remote}, ${why}${others}`)
  }

  /** Looks now and then, while there are peers of ranges, for those that may go. */
  #lookAfterRanges(): void {
    const { clock } = this.#world
    this.#look.cancel()
    if (this.#ranges.peers.length === 0) return
    this.#look.set(clock.now() + RANGE_PEER_LOOK, () => {
      const isOver = ({ isIdle, status }: Peering) => isIdle && clock.now() - status.since >= RANGE_PEER_GRACE
      const gone = this.#ranges.peers.map(name => this.#peerings.get(name)!).filter(isOver)
      for (const peering of gone) {
        this.#ranges.forget(peering.config.name)
        this.#remove(peering)
      }
      if (gone.length > 0) this.#world.observer.rangePeersChanged()
      this.#lookAfterRanges()
    })
  }

  #stateChanged(peering: Peering, from: State, to: State, reason: string): void {
    this.#world.observer.stateChanged(peering.config.name, from, to, reason)
    if (to === 'Established') peering.identify(this.#localIdentity(peering))
    this.#considerRestart()
  }

  /**
   * R only while we restart. F in the first session with a peer, however late it comes, says what the speaker before us left;
   * then all families have it: the kernel keeps forwarding whatever becomes of a session, and without the bit a helper would
   * drop our routes at the next reconnect (RFC 4724 §4.2).
   */
  #localIdentity(peering?: Peering): LocalIdentity {
    const isFirst = peering === undefined || peering.status.established === 0
    const forwarding = isFirst ? (this.#restart?.forwarding ?? []) : FAMILIES
    return { routerId: this.identity.routerId, restarting: this.restarting, forwarding }
  }

  #applyLocal(): void {
    this.#originations.apply(this.#drain.isAnnouncing)
    this.#work()
  }

  /** RFC 4724 §4.1: End-of-RIB goes out when our own prefixes are known and the peers that are here have sent theirs. */
  #considerRestart(): void {
    const restart = this.#restart
    if (restart === undefined) return
    const peerings = [...this.#peerings.values()]
    const { known } = this.#originations
    for (const family of FAMILIES) this.#rib.holdEndOfRib(family, restart.holds(family, known, peerings))
    this.#work()
    if (known && restart.isComplete(peerings, end => this.#ranges.covers(end))) this.#endRestart()
  }

  #endRestart(): void {
    if (!this.restarting) return
    this.#restart?.end()
    this.#deferral.cancel()
    for (const peering of this.#peerings.values()) peering.identify(this.#localIdentity(peering))
    this.#considerRestart()
    this.#world.observer.restarted()
  }

  /** One slice per turn of the event loop, until nothing is left. */
  #work(): void {
    if (this.#working) return
    this.#working = true
    this.#world.clock.yield(() => {
      this.#working = false
      const nextHops = this.#rib.takeNextHopChanges(NEXT_HOPS)
      if (nextHops.length > 0) this.#world.observer.nextHopsChanged(nextHops)
      const undecided = this.#rib.decide(SLICE)
      const unsent = this.#rib.export(SLICE)
      if (this.identity.kernel) this.#world.observer.kernelChanged()
      if (undecided || unsent || nextHops.length === NEXT_HOPS) this.#work()
      else this.#drain.settled(this.#isHeard)
    })
  }

  /** Whether any session is up. */
  get #isHeard(): boolean {
    return [...this.#peerings.values()].some(({ negotiated }) => negotiated !== undefined)
  }
}
