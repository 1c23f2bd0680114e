/**
 * The shell around one Peer: it carries out the peer's effects on channels and on the RIB, and turns what the channels
 * bring into inputs. It decides nothing. A bug of ours in a decoder or in the session costs this peering its session and no
 * other one; a bug in the RIB, which is everybody's, is not caught.
 */
import { reasonOf, WorldFault } from '../lib/base/failure.ts'
import type { Address, Family } from '../lib/base/ip.ts'
import { BlackBox, blackBoxDepth } from './black-box.ts'
import { Link } from './link.ts'
import type { MessageSink, MessageTap, Passage, PassingPeer } from './passage.ts'
import { dialOptions, ribPeer, ribSession, updateContext } from './peering-terms.ts'
import { PrefixWatch } from './prefix-watch.ts'
import type { Rib } from './rib/rib.ts'
import type { LocalIdentity } from './session/config.ts'
import type { PeerEffect } from './session/effect.ts'
import type { ConnectionId, PeerInput } from './session/input.ts'
import type { Negotiated } from './session/negotiation.ts'
import { Peer } from './session/peer.ts'
import type { State } from './session/state.ts'
import type { SpeakerPeer } from './speaker-config.ts'
import type { Attachment, Channel, Clock, Transport } from './transport.ts'
import { WakeUp } from './wake-up.ts'
import { PeerFault } from './wire/fault.ts'
import { countMessages } from './wire/header.ts'
import { headerLength, messageType } from './wire/iana.ts'
import { cease, errorCode } from './wire/notification.ts'
import { UpdateReader } from './wire/update-reader.ts'

/** Octets that may wait in a channel before changes for its peer are only noted. */
const QUEUE_BOUND = 1 << 20

/** ms that a peering rests after a bug of ours in its session. */
const REST_AFTER_BUG = 60_000

/** What a peering tells the speaker. */
export interface PeeringObserver {
  stateChanged(peering: Peering, from: State, to: State, reason: string): void
  /** The RIB may have work. */
  changed(): void
  endOfRib(peering: Peering, family: Family): void
  notice(peering: Peering, code: string, text: string): void
}

interface Session {
  readonly link: Link
  readonly reader: UpdateReader
  readonly negotiated: Negotiated
  readonly watch: PrefixWatch
}

interface World {
  readonly rib: Rib
  readonly transport: Transport
  readonly clock: Clock
  readonly observer: PeeringObserver
  readonly taps: ReadonlySet<MessageTap>
}

export class Peering implements MessageSink, PassingPeer {
  /** This peer's number in the RIB. */
  readonly number: number
  readonly endOfRib = { sent: new Set<Family>(), received: new Set<Family>() }
  /** The last messages, over all sessions. */
  readonly blackBox = new BlackBox()
  /** The last OPENs; of a session both are its own, for what follows them is refused. */
  readonly opens: { received?: Uint8Array; sent?: Uint8Array } = {}
  updatesSent = 0
  readonly #world: World
  #peer: Peer
  readonly #links = new Map<ConnectionId, Link>()
  #config: SpeakerPeer
  #identity: LocalIdentity
  #isWanted = false
  /** What BFD said last. */
  #bfd: 'up' | 'down' = 'down'
  #session: Session | undefined
  readonly #wakeUp: WakeUp

  constructor(config: SpeakerPeer, identity: LocalIdentity, world: World) {
    this.#config = config
    this.#identity = identity
    this.#world = world
    this.#wakeUp = new WakeUp(world.clock)
    this.#peer = new Peer(config, identity)
    this.number = world.rib.addPeer(ribPeer(config))
  }

  get config(): SpeakerPeer {
    return this.#config
  }

  get status(): ReturnType<Peer['status']> {
    return this.#peer.status()
  }

  /** Both in Established only. */
  get negotiated(): Negotiated | undefined {
    return this.#session?.negotiated
  }

  get channel(): Channel | undefined {
    return this.#session?.link.channel
  }

  /** It may be forgotten: there is no connection, and nothing to remember. */
  get isIdle(): boolean {
    return this.#peer.isIdle
  }

  /** The families whose End-of-RIB a live session still owes us, while we restart (RFC 4724 §4.1 leaves out those that restart too). */
  get awaited(): Family[] {
    const peer = this.negotiated?.gracefulRestart
    if (peer === undefined || peer.restarting) return []
    return this.negotiated!.families.filter(family => !this.endOfRib.received.has(family))
  }

  get localAddress(): Address | undefined {
    return this.channel?.local ?? this.#links.values().next().value?.channel.local
  }

  get remoteAs(): number {
    return this.#session?.negotiated.remoteAs ?? this.#config.remoteAs
  }

  get depth(): number {
    return this.#world.taps.size === 0 ? blackBoxDepth : Number.POSITIVE_INFINITY
  }

  pass(passage: Passage, now: number, bytes: Uint8Array, start: number, end: number): void {
    this.blackBox.note(passage, now, bytes, start, end)
    if (bytes[start + headerLength - 1] === messageType.open) this.opens[passage.direction] = bytes.slice(start, end)
    if (this.#world.taps.size > 0) for (const tap of this.#world.taps) tap(this, passage, now, bytes, start, end)
  }

  start(): void {
    this.#isWanted = true
    // after a bug of ours the session knows nothing of it
    if (this.#bfd === 'up') this.#handle({ type: 'bfdUp' })
    this.#handle({ type: 'start' })
  }

  /**
   * @param subcode of the Cease that says goodbye; absent: none is sent, and the peer may keep our routes
   * @param text for the operator of the peer (RFC 9003)
   */
  stop(subcode?: number, text?: string): void {
    this.#isWanted = false
    this.#handle({ type: 'stop', ...(subcode !== undefined && { cease: subcode }), ...(text && { text }) })
  }

  /**
   * Ends what session there is with Cease / Administrative Reset, and tries anew at once, whatever was against it. Returns why
   * that cannot be, in words; undefined: done.
   */
  reset(text?: string): string | undefined {
    if (!this.#isWanted) return 'no session is wanted: the node is drained, or somebody else has its BGP port'
    this.#handle({ type: 'reset', ...(text && { text }) })
    return undefined
  }

  /**
   * `in`: asks the peer for its routes again; `out`: sends ours again. Returns why that cannot be, in words; undefined: done.
   * @param wanted absent: all families of the session
   */
  refresh(direction: 'in' | 'out', wanted?: Family): string | undefined {
    const { negotiated } = this
    if (negotiated === undefined) return 'there is no session'
    if (direction === 'in' && !negotiated.routeRefresh) return 'the peer takes no ROUTE-REFRESH: reset it'
    const families = negotiated.families.filter(family => wanted === undefined || family === wanted)
    if (families.length === 0) return `IPv${wanted} is not of this session`
    for (const family of families)
      if (direction === 'in') this.#handle({ type: 'askRefresh', family })
      else this.#world.rib.refresh(this.number, family)
    this.#world.observer.changed()
    return undefined
  }

  /** The RIB has queued our End-of-RIB. */
  endOfRibSent(family: Family): void {
    this.endOfRib.sent.add(family)
    this.#handle({ type: 'endOfRibSent', family })
  }

  /** The RIB has queued all that a refresh asked for. */
  refreshed(family: Family): void {
    this.#handle({ type: 'refreshed', family })
  }

  /** @param independent of `down`: the peer's C bit (RFC 5880 §4.1) */
  bfd(state: 'up' | 'down', independent = false): void {
    this.#bfd = state
    this.#handle(state === 'up' ? { type: 'bfdUp' } : { type: 'bfdDown', independent })
  }

  /** Stops for good. */
  remove(): void {
    this.stop(cease.peerDeconfigured)
    this.#wakeUp.cancel()
    this.#world.rib.removePeer(this.number)
    this.#world.observer.changed()
  }

  reconfigure(config: SpeakerPeer, identity: LocalIdentity): void {
    const isLimitOther = JSON.stringify(config.maxPrefixes) !== JSON.stringify(this.#config.maxPrefixes)
    this.#config = config
    this.#world.rib.configurePeer(this.number, ribPeer(config))
    this.identify(identity)
    if (isLimitOther && this.#session !== undefined) this.#limitAnew(this.#session)
    this.#world.observer.changed()
  }

  /** Who we are in the OPENs from now on. */
  identify(identity: LocalIdentity): void {
    const { clock } = this.#world
    this.#identity = identity
    this.#perform(this.#peer.reconfigure(this.#config, identity, clock.now(), clock.random()))
  }

  accept(channel: Channel): void {
    const connection = this.#peer.newConnection()
    this.#join(connection, channel)
    this.#handle({ type: 'accepted', connection })
  }

  /** Messages of the RIB. Returns whether the queue is still below its bound; `Rib.resume` follows when it is again. */
  send(chunks: readonly Uint8Array[]): boolean {
    if (this.#session === undefined) return false
    for (const chunk of chunks) this.updatesSent += countMessages(chunk)
    this.#write(this.#session.link, chunks)
    return this.#session.link.channel.bufferedBytes < QUEUE_BOUND
  }

  /** The RIB tells the peer no more routes. */
  limitReached(family: Family): void {
    const most = this.#config.maxPrefixesOut?.[family]
    this.#world.observer.notice(this, 'maxPrefixesOut', `no more than ${most} IPv${family} routes are announced`)
  }

  #handle(input: PeerInput): void {
    const { clock } = this.#world
    let effects: readonly PeerEffect[]
    try {
      effects = this.#peer.handle(input, clock.now(), clock.random())
    } catch (thrown) {
      return this.#beginAnew(thrown)
    }
    this.#perform(effects)
  }

  #perform(effects: readonly PeerEffect[]): void {
    const peer = this.#peer
    for (const effect of effects) if (this.#peer === peer) this.#carryOut(effect)
    this.#schedule()
  }

  /** The session's state cannot be trusted after a bug of ours: a new one takes its place, after a rest. */
  #beginAnew(thrown: unknown): void {
    const { rib, observer, clock } = this.#world
    const from = this.#peer.status().state
    for (const id of this.#links.keys()) this.#drop(id)?.channel.destroy()
    this.#session = undefined
    rib.leave(this.number)
    for (const family of this.#config.families) rib.flush(this.number, family)
    this.#peer = new Peer(this.#config, this.#identity)
    observer.notice(this, 'sessionBug', textOf(thrown))
    if (from !== 'Idle') observer.stateChanged(this, from, 'Idle', 'an internal error')
    observer.changed()
    this.#wakeUp.set(clock.now() + REST_AFTER_BUG, () => {
      if (this.#isWanted) this.start()
    })
  }

  #carryOut(effect: PeerEffect): void {
    const { rib, observer } = this.#world
    switch (effect.type) {
      case 'dial':
        return this.#dial(effect.connection)
      case 'send': {
        const link = this.#links.get(effect.connection)
        if (link !== undefined) this.#write(link, [effect.bytes])
        return
      }
      case 'close':
        return this.#drop(effect.connection)?.channel.close()
      case 'up':
        return this.#up(effect.connection, effect.negotiated)
      case 'down':
        this.#session = undefined
        rib.leave(this.number)
        return observer.changed()
      case 'stale':
        rib.stale(this.number, effect.family)
        return observer.changed()
      case 'longLived':
        rib.longLive(this.number, effect.family)
        return observer.changed()
      case 'beginRefresh':
        rib.beginRefresh(this.number, effect.family)
        return
      case 'endRefresh':
        rib.endRefresh(this.number, effect.family)
        return observer.changed()
      case 'sweep':
        rib.sweep(this.number, effect.family)
        return observer.changed()
      case 'flush':
        rib.flush(this.number, effect.family)
        return observer.changed()
      case 'refresh':
        rib.refresh(this.number, effect.family)
        return observer.changed()
      case 'state':
        return observer.stateChanged(this, effect.from, effect.to, effect.reason)
      case 'notice':
        return observer.notice(this, effect.code, effect.text)
    }
  }

  #dial(connection: ConnectionId): void {
    const channel = this.#world.transport.dial(dialOptions(this.#config))
    this.#join(connection, channel)
    channel.onConnect = () => this.#handle({ type: 'dialled', connection })
  }

  #join(id: ConnectionId, channel: Channel): void {
    const link = new Link(id, channel, this)
    this.#links.set(id, link)
    channel.onData = chunk => this.#receive(link, chunk)
    channel.onDrain = () => this.#drained(link)
    channel.onClosed = reason => {
      if (this.#drop(id) !== undefined) this.#handle({ type: 'closed', connection: id, reason })
    }
  }

  /** Forgets a connection: nothing that it still brings is heard. */
  #drop(id: ConnectionId): Link | undefined {
    const link = this.#links.get(id)
    this.#links.delete(id)
    return link
  }

  #up(connection: ConnectionId, negotiated: Negotiated): void {
    const link = this.#links.get(connection)!
    const attachment = this.#attachment(link)
    if (attachment === undefined) return
    link.agree(negotiated)
    const reader = new UpdateReader(updateContext(negotiated, this.#config), this.#world.rib.attributeMemory)
    const dropped = (family: Family) => this.#world.rib.counts(this.number, family).dropped
    const watch = new PrefixWatch(this.#config.maxPrefixes ?? {}, { 4: dropped(4), 6: dropped(6) })
    this.#session = { link, reader, negotiated, watch }
    this.endOfRib.sent.clear()
    this.endOfRib.received.clear()
    this.#world.rib.join(this.number, ribSession(negotiated, this.#config, attachment, link.channel.interface))
    this.#world.observer.changed()
  }

  /** Undefined where the kernel does not tell: without next hops of ours the session ends, and idle hold paces the next one. */
  #attachment({ id, channel }: Link): Attachment | undefined {
    const { transport, clock } = this.#world
    try {
      return transport.attachment(channel.local, channel.interface)
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      const fault = new PeerFault(errorCode.cease, cease.outOfResources, reasonOf(thrown))
      clock.yield(() => this.#handle({ type: 'fault', connection: id, fault })) // after the effects that are under way
      return undefined
    }
  }

  #receive(link: Link, chunk: Uint8Array): void {
    if (!this.#links.has(link.id)) return
    link.push(chunk, this.#world.clock.now())
    while (this.#links.has(link.id) && this.#readNext(link)) {}
    link.endChunk()
    this.#world.observer.changed()
    this.#schedule()
  }

  /** Takes one message; false when the chunk holds no whole one any more. */
  #readNext(link: Link): boolean {
    const reader = this.#session?.link === link ? this.#session.reader : undefined
    const input = link.next(reader, this.#decoderBug)
    if (input === 'more') return false
    if (input === 'routes') this.#learn(link, reader!)
    else if (!this.#isAlive(input, link.receivedAt)) this.#handle(input)
    return true
  }

  /** A KEEPALIVE of an Established session, and all that is to be done about it; some peers send thousands a second. */
  #isAlive(input: PeerInput, now: number): boolean {
    if (input.type !== 'message' || input.message.type !== 'keepalive') return false
    return this.#peer.received(input.connection, 'keepalive', now)
  }

  #learn(link: Link, reader: UpdateReader): void {
    this.#peer.received(link.id, 'update', link.receivedAt)
    for (const fault of reader.faults) this.#world.observer.notice(this, 'malformedAttribute', fault.reason)
    this.#world.rib.learn(this.number, reader, link.buffer)
    if (this.#session !== undefined) this.#watchPrefixes(this.#session.watch)
    if (reader.endOfRib !== 0) this.#endOfRib(reader.endOfRib)
  }

  #watchPrefixes(watch: PrefixWatch): void {
    const { rib, observer } = this.#world
    for (const family of watch.families) {
      const { counted, dropped } = rib.counts(this.number, family)
      const crossing = watch.look(family, counted, dropped)
      if (crossing === undefined) continue
      observer.notice(this, 'prefixLimit', crossing.text)
      if (crossing.ends) return this.#handle({ type: 'prefixLimit', family })
    }
  }

  /** Other limits count at once, and what the former ones kept out is asked for. */
  #limitAnew({ watch }: Session): void {
    for (const family of watch.change(this.#config.maxPrefixes ?? {})) this.#handle({ type: 'askRefresh', family })
    this.#watchPrefixes(watch)
  }

  readonly #decoderBug = (thrown: unknown): void => {
    this.#world.observer.notice(this, 'decoderBug', textOf(thrown))
  }

  #endOfRib(family: Family): void {
    this.endOfRib.received.add(family)
    this.#handle({ type: 'endOfRib', family })
    if (this.#session !== undefined) this.#watchPrefixes(this.#session.watch)
    this.#world.observer.endOfRib(this, family)
  }

  #write(link: Link, chunks: readonly Uint8Array[]): void {
    if (link.write(chunks, this.#world.clock.now())) this.#handle({ type: 'writeBlocked', connection: link.id })
  }

  /** A peer that reads slowly is not one that has stopped (RFC 9687 §3.2): the send hold time starts anew. */
  #lookForProgress(): void {
    for (const link of this.#links.values())
      if (link.progressed()) this.#handle({ type: 'writeBlocked', connection: link.id })
  }

  #drained(link: Link): void {
    if (!this.#links.has(link.id)) return
    link.drained()
    this.#handle({ type: 'writeDrained', connection: link.id })
    if (this.#session?.link !== link) return
    this.#world.rib.resume(this.number)
    this.#world.observer.changed()
  }

  /** Deadlines mostly move away (each message restarts the hold time): a wake-up that comes early costs one look. */
  #schedule(): void {
    const due = this.#peer.deadline()
    if (due >= this.#wakeUp.at) return
    this.#wakeUp.set(due, () => {
      this.#lookForProgress()
      this.#handle({ type: 'timer' })
    })
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? String(thrown.stack) : String(thrown)
}
