/**
 * One BFD session (RFC 5880 §6): asynchronous mode, the active role, no echo, no authentication; a peer in demand mode is
 * answered as it asks. It is pure: packets, time and chance come in, packets to send and changes of state go out. It does
 * not know how packets travel; that one is the session's own, and came with a good TTL, is the table's affair.
 *
 * Rules: a packet goes out at once when the state changes, and otherwise on the jittered timer; a changed interval is told
 * with a Poll Sequence, and until the peer has answered it the slower of old and new counts (§6.8.3). Demultiplexing and
 * timers hold in every state, so that a peer that has vanished is forgotten in Down as well.
 */
import { type BfdState, type ControlPacket, diagnostic, renderDiagnostic } from './packet.ts'
import type { BfdTimers } from './session-config.ts'
import type { BfdChange, BfdSessionStatus } from './session-status.ts'
import { detectionTime, jittered, SLOW, transmitInterval } from './timers.ts'
import { nextState } from './transition.ts'

export type SessionInput =
  | { readonly type: 'packet'; readonly packet: ControlPacket }
  /** `deadline()` has come; early or late does no harm. */
  | { readonly type: 'timer' }
  | { readonly type: 'configure'; readonly timers: BfdTimers }
  /** A person ends the session: the peer is told, and nothing that it says counts any more. */
  | { readonly type: 'disable' }

export type SessionEffect =
  | { readonly type: 'send'; readonly packet: ControlPacket }
  | ({ readonly type: 'change' } & Omit<BfdChange, 'name'>)

/** What the peer's last packet said. */
type Remote = Pick<
  ControlPacket,
  | 'state'
  | 'diagnostic'
  | 'controlPlaneIndependent'
  | 'demand'
  | 'detectMultiplier'
  | 'desiredMinTx'
  | 'requiredMinRx'
  | 'myDiscriminator'
>

interface Turn {
  readonly now: number
  readonly random: number
  readonly effects: SessionEffect[]
}

const NEVER = Number.POSITIVE_INFINITY
/** §6.8.1: bfd.RemoteMinRxInterval before the peer has said any. */
const UNHEARD_MIN_RX = 1

export class BfdSession {
  readonly discriminator: number
  #timers: BfdTimers
  #state: BfdState = 'Down'
  #since: number
  #diagnostic: number = diagnostic.none
  #remote: Remote | undefined
  #heardAt = 0
  #sentAt = -NEVER
  #transmitAt: number
  /** Microseconds that the transmission timer goes by; follows `#desired` at once or with the end of a Poll Sequence. */
  #effectiveTx = SLOW
  /** The same of detection, and bfd.RequiredMinRxInterval. */
  #effectiveRx: number
  /** bfd.DesiredMinTxInterval as it is told now. */
  #desired = SLOW
  #polling = false
  #ups = 0
  #downs = 0
  #lastDown: BfdSessionStatus['lastDown']
  #revision = 0

  /** Begins to speak within a second. @param discriminator uint32, not 0, no other session's */
  constructor(discriminator: number, timers: BfdTimers, now: number, random: number) {
    this.discriminator = discriminator
    this.#timers = timers
    this.#since = now
    this.#effectiveRx = micros(timers.receive)
    // many sessions that begin together do not speak together
    this.#transmitAt = now + (random * SLOW) / 1000
  }

  /** Another number whenever `status` has something else to say. */
  get revision(): number {
    return this.#revision
  }

  /** @param now ms on a monotonic clock @param random in [0, 1) */
  handle(input: SessionInput, now: number, random: number): SessionEffect[] {
    const turn: Turn = { now, random, effects: [] }
    switch (input.type) {
      case 'packet':
        if (this.#state !== 'AdminDown') this.#receive(input.packet, turn)
        break
      case 'timer':
        this.#expire(turn)
        break
      case 'configure':
        this.#configure(input.timers, turn)
        break
      case 'disable':
        if (this.#state !== 'AdminDown') this.#enter('AdminDown', diagnostic.administrativelyDown, false, turn)
        break
    }
    return turn.effects
  }

  /** When `timer` is due, ms; Infinity: never. */
  deadline(): number {
    return Math.min(this.#transmitAt, this.#detectAt)
  }

  /** Milliseconds after which the peer, had it heard our last packet and no more, would miss us. */
  get remoteDetectionTime(): number {
    return (this.#timers.multiplier * Math.max(this.#desired, this.#remote?.requiredMinRx ?? 0)) / 1000
  }

  status(): Omit<BfdSessionStatus, 'name' | 'sendError'> {
    const remote = this.#remote
    return {
      state: this.#state,
      since: this.#since,
      localDiscriminator: this.discriminator,
      diagnostic: this.#diagnostic,
      ...(remote && {
        remote: {
          state: remote.state,
          diagnostic: remote.diagnostic,
          discriminator: remote.myDiscriminator,
          controlPlaneIndependent: remote.controlPlaneIndependent,
          demand: remote.demand,
          multiplier: remote.detectMultiplier,
          desiredTransmit: remote.desiredMinTx / 1000,
          requiredReceive: remote.requiredMinRx / 1000,
        },
        detectionTime: this.#detectionTime(remote),
      }),
      transmitInterval: this.#interval / 1000,
      ups: this.#ups,
      downs: this.#downs,
      ...(this.#lastDown && { lastDown: this.#lastDown }),
    }
  }

  get #interval(): number {
    return transmitInterval(this.#effectiveTx, this.#remote?.requiredMinRx ?? UNHEARD_MIN_RX)
  }

  get #detectAt(): number {
    return this.#remote === undefined ? NEVER : this.#heardAt + this.#detectionTime(this.#remote)
  }

  #detectionTime({ detectMultiplier, desiredMinTx }: Remote): number {
    return detectionTime(detectMultiplier, this.#effectiveRx, desiredMinTx)
  }

  /** §6.8.6, from where the session has been found. */
  #receive(packet: ControlPacket, turn: Turn): void {
    const before = this.#interval
    if (this.#remote === undefined || differ(this.#remote, packet)) this.#revision++
    this.#remote = packet
    this.#heardAt = turn.now
    if (packet.final && this.#polling) this.#endPoll()
    const state = this.#state as Exclude<BfdState, 'AdminDown'>
    const next = nextState(state, packet.state)
    if (next === state) this.#reschedule(before, turn)
    else if (next === 'Down') this.#enter(next, diagnostic.neighborSignaledDown, packet.state !== 'AdminDown', turn)
    else this.#enter(next, diagnostic.none, false, turn)
    if (packet.poll) turn.effects.push({ type: 'send', packet: { ...this.#packet(), poll: false, final: true } })
  }

  #expire(turn: Turn): void {
    if (turn.now >= this.#detectAt) {
      // whoever speaks next may be another: nothing that this one said counts for it
      const lost = this.#remote
      const before = this.#interval
      this.#remote = undefined
      this.#polling = false
      this.#revision++
      if (this.#state === 'Init' || this.#state === 'Up')
        this.#enter('Down', diagnostic.detectionTimeExpired, true, turn, lost)
      // one that wanted no packets is asked for again by the active role (§6.1), or nobody would ever begin
      else this.#reschedule(before, turn)
    }
    if (turn.now >= this.#transmitAt) this.#send(turn)
  }

  #configure(timers: BfdTimers, turn: Turn): void {
    const before = this.#interval
    if (timers.receive !== this.#timers.receive) this.#poll()
    this.#timers = timers
    this.#desire()
    this.#reschedule(before, turn)
    this.#revision++
  }

  /** §6.8.3: what is told of our pace follows the state and the configuration; what is done follows when it may. */
  #desire(): void {
    const wanted = this.#state === 'Up' ? micros(this.#timers.transmit) : Math.max(SLOW, micros(this.#timers.transmit))
    if (wanted !== this.#desired) this.#poll()
    this.#desired = wanted
    this.#effectiveTx = this.#state === 'Up' ? Math.min(this.#effectiveTx, wanted) : wanted
    const rx = micros(this.#timers.receive)
    this.#effectiveRx = this.#state === 'Up' ? Math.max(this.#effectiveRx, rx) : rx
  }

  /** There must be somebody to answer: whoever comes later is told of our pace when the session comes up. */
  #poll(): void {
    this.#polling = this.#remote !== undefined
  }

  #endPoll(): void {
    this.#revision++
    this.#polling = false
    this.#effectiveTx = this.#desired
    this.#effectiveRx = micros(this.#timers.receive)
  }

  /** @param remote as it was when what follows was decided: it may be forgotten by now */
  #enter(state: BfdState, why: number, failure: boolean, turn: Turn, remote = this.#remote): void {
    const before = this.#state
    const independent = remote?.controlPlaneIndependent ?? false
    this.#state = state
    this.#since = turn.now
    this.#diagnostic = why
    this.#revision++
    this.#desire()
    if (state === 'Up') {
      this.#ups++
      turn.effects.push({ type: 'change', up: true, failure: false, independent, reason: 'the session is up' })
    }
    if (before === 'Up') {
      const reason = this.#reason()
      if (failure) this.#downs++
      this.#lastDown = { at: turn.now, reason }
      turn.effects.push({ type: 'change', up: false, failure, independent, reason })
    }
    this.#send(turn)
  }

  #reason(): string {
    const ours = renderDiagnostic(this.#diagnostic)
    const theirs = this.#diagnostic === diagnostic.neighborSignaledDown ? this.#remote : undefined
    if (theirs === undefined) return ours
    if (theirs.state === 'AdminDown') return `${ours} (administratively down)`
    return theirs.diagnostic === diagnostic.none ? ours : `${ours} (${renderDiagnostic(theirs.diagnostic)})`
  }

  #send(turn: Turn): void {
    turn.effects.push({ type: 'send', packet: this.#packet() })
    this.#sentAt = turn.now
    this.#transmitAt = this.#isSilent
      ? NEVER
      : turn.now + jittered(this.#interval, this.#timers.multiplier, turn.random)
  }

  /** §6.8.7: whether no packet may go out on the timer. */
  get #isSilent(): boolean {
    const remote = this.#remote
    if (remote === undefined) return false
    const demanded = remote.demand && this.#state === 'Up' && remote.state === 'Up' && !this.#polling
    return demanded || remote.requiredMinRx === 0
  }

  /** §6.8.3: a shorter interval counts from the packet sent last; a longer one from the next on. */
  #reschedule(before: number, { now, random }: Turn): void {
    if (this.#isSilent) this.#transmitAt = NEVER
    else if (this.#transmitAt === NEVER || this.#interval < before) {
      const due = this.#sentAt + jittered(this.#interval, this.#timers.multiplier, random)
      this.#transmitAt = Math.max(now, Math.min(this.#transmitAt, due))
    }
  }

  #packet(): ControlPacket {
    return {
      diagnostic: this.#diagnostic,
      state: this.#state,
      poll: this.#polling,
      final: false,
      // a thread of the agent's own process: it goes when the agent goes
      controlPlaneIndependent: false,
      demand: false,
      detectMultiplier: this.#timers.multiplier,
      myDiscriminator: this.discriminator,
      yourDiscriminator: this.#remote?.myDiscriminator ?? 0,
      desiredMinTx: this.#desired,
      requiredMinRx: micros(this.#timers.receive),
      requiredMinEchoRx: 0,
    }
  }
}

function differ(one: Remote, other: Remote): boolean {
  return (
    one.state !== other.state ||
    one.diagnostic !== other.diagnostic ||
    one.controlPlaneIndependent !== other.controlPlaneIndependent ||
    one.demand !== other.demand ||
    one.detectMultiplier !== other.detectMultiplier ||
    one.desiredMinTx !== other.desiredMinTx ||
    one.requiredMinRx !== other.requiredMinRx ||
    one.myDiscriminator !== other.myDiscriminator
  )
}

function micros(milliseconds: number): number {
  return milliseconds * 1000
}
