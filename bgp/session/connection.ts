/**
 * One TCP connection of a peering: runs the table of state.ts and owns the timers of the connection. Knows nothing of a
 * second connection, of routes or of graceful restart.
 *
 * Timers are deadlines that are looked at when somebody asks: hearing from the peer only notes the time.
 */
import { encodeMessage, type Message } from '../wire/message.ts'
import { cease, errorCode } from '../wire/notification.ts'
import type { Open } from '../wire/open.ts'
import type { PeerConfig } from './config.ts'
import type { PeerEffect } from './effect.ts'
import { type ConnectionEvent, isHardEnd, notificationFor } from './event.ts'
import type { ConnectionId } from './input.ts'
import type { Negotiated } from './negotiation.ts'
import { encodeHardReset } from './notification-text.ts'
import { type Action, type Event, type State, transitions } from './state.ts'

/** What the connections of a peering share. */
export interface Surroundings {
  readonly config: PeerConfig
  /** The OPEN to send now. */
  open(): Open
  newConnection(): ConnectionId
  /** Counts. */
  sent(type: Message['type']): void
}

export type ConnectionEffect = Extract<PeerEffect, { type: 'dial' | 'send' | 'close' }>

/** ms to wait for the OPEN: the large value of RFC 4271 §8.2.2, OpenSent. */
const OPEN_HOLD = 240_000
/** A hold timer seen this much after its deadline means that we slept: what came meanwhile is read first. */
const LATE = 100
const LATE_GRACE = 1_000

type Timer = Extract<Event, `${string}Expires`>

export class Connection {
  readonly #around: Surroundings
  #state: State = 'Idle'
  #id: ConnectionId | undefined
  #offered: Open | undefined
  #negotiated: Negotiated | undefined
  #initiator: 'local' | 'peer' = 'local'
  #confirmedAt = 0

  #retryAt = Number.POSITIVE_INFINITY
  #openAt = Number.POSITIVE_INFINITY
  #keepaliveAt = Number.POSITIVE_INFINITY
  /** ms, 0: no hold timer. */
  #holdTime = 0
  #heardAt = 0
  #excusedUntil = 0
  #blockedAt = Number.POSITIVE_INFINITY

  constructor(around: Surroundings) {
    this.#around = around
  }

  get state(): State {
    return this.#state
  }

  get id(): ConnectionId | undefined {
    return this.#id
  }

  /** The OPEN that we sent on this connection. */
  get offered(): Open | undefined {
    return this.#offered
  }

  /** In OpenConfirm and Established. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated
  }

  /** Who opened the TCP connection: decides collisions (RFC 4271 §6.8). */
  get initiator(): 'local' | 'peer' {
    return this.#initiator
  }

  /** ms: when the TCP connection came up. */
  get confirmedAt(): number {
    return this.#confirmedAt
  }

  /** Whether TCP is up. */
  get isConnected(): boolean {
    return (
      this.#state === 'OpenSent' || this.#state === 'OpenConfirm' || this.#state === 'Established' || this.isDelayed
    )
  }

  /** TCP is up, and our OPEN waits (DelayOpenTimer runs). */
  get isDelayed(): boolean {
    return this.#openAt !== Number.POSITIVE_INFINITY
  }

  /** When connect retry expires, ms; Infinity: it does not run. */
  get nextAttempt(): number {
    return this.#retryAt
  }

  /** Takes over a connection that the peer has opened; `tcpConfirmed` follows. */
  attach(id: ConnectionId): void {
    this.#id = id
    this.#initiator = 'peer'
  }

  /** The TCP connection is gone: there is nothing left to close; `tcpFails` follows. */
  detach(): void {
    this.#id = undefined
  }

  /** The peer has sent something that the state allows. */
  heard(now: number): void {
    this.#heardAt = now
    this.#excusedUntil = 0
  }

  writeBlocked(now: number): void {
    this.#blockedAt = now
  }

  writeDrained(): void {
    this.#blockedAt = Number.POSITIVE_INFINITY
  }

  /**
   * Runs one event through the table.
   * @param count called where the table counts a failure
   */
  handle(event: ConnectionEvent, now: number, random: number, count: () => void): ConnectionEffect[] {
    const before = this.#state
    const { next, actions } = transitions[before][event.type]
    const effects: ConnectionEffect[] = []
    this.#state = next
    if (event.type === 'tcpDelayed' || (event.type === 'tcpConfirmed' && before !== next)) this.#confirmedAt = now
    for (const action of actions) {
      if (action === 'count') count()
      else if (action === 'notify') this.#notify(event, before, effects)
      else this.#act(action, event, now, random, effects)
    }
    return effects
  }

  /** Sends a message that belongs to no event. */
  say(message: Message): ConnectionEffect[] {
    const effects: ConnectionEffect[] = []
    this.#send(message, effects)
    return effects
  }

  deadline(): number {
    return Math.min(this.#retryAt, this.#openAt, this.#keepaliveAt, this.#holdAt(), this.#sendHoldAt())
  }

  /** A timer that is due; each expiry is seen once the event has been handled. */
  due(now: number): Timer | undefined {
    if (now >= this.#holdAt() && !this.#excuse(now)) return 'holdExpires'
    if (now >= this.#sendHoldAt()) return 'sendHoldExpires'
    if (now >= this.#openAt) return 'delayOpenExpires'
    if (now >= this.#retryAt) return 'connectRetryExpires'
    if (now >= this.#keepaliveAt) return 'keepaliveExpires'
    return undefined
  }

  #act(
    action: Exclude<Action, 'count' | 'notify'>,
    event: ConnectionEvent,
    now: number,
    random: number,
    effects: ConnectionEffect[],
  ): void {
    const { config } = this.#around
    switch (action) {
      case 'dial':
        this.#id = this.#around.newConnection()
        this.#initiator = 'local'
        effects.push({ type: 'dial', connection: this.#id })
        break
      case 'retry':
        this.#retryAt = config.passive ? Number.POSITIVE_INFINITY : now + jittered(config.connectRetryTime, random)
        break
      case 'delay':
        this.#retryAt = Number.POSITIVE_INFINITY
        this.#openAt = now + 1000 * (config.delayOpenTime ?? 0)
        break
      case 'sendOpen':
        this.#retryAt = Number.POSITIVE_INFINITY
        this.#openAt = Number.POSITIVE_INFINITY
        this.#holdTime = OPEN_HOLD
        this.heard(now)
        this.#offered = this.#around.open()
        this.#send(this.#offered, effects)
        break
      case 'negotiate':
        if (!('negotiated' in event) || event.negotiated === undefined)
          throw new TypeError('an OPEN that was not judged')
        this.#negotiated = event.negotiated
        this.#holdTime = 1000 * event.negotiated.holdTime
        this.heard(now)
        break
      case 'sendKeepalive': {
        const interval = this.#negotiated?.keepaliveTime ?? 0
        this.#keepaliveAt = interval === 0 ? Number.POSITIVE_INFINITY : now + jittered(interval, random)
        this.#send({ type: 'keepalive' }, effects)
        break
      }
      case 'hold':
        this.heard(now)
        break
      case 'drop':
        this.#drop(effects)
        break
    }
  }

  #notify(event: ConnectionEvent, state: State, effects: ConnectionEffect[]): void {
    const fault = notificationFor(event, state)
    if (fault === undefined) return
    const { code, subcode, data } = fault
    const isKnown = state === 'Established' && this.#negotiated?.gracefulRestart?.notification === true
    const wrapped = isKnown && isHardEnd(event, state)
    this.#send(
      wrapped
        ? {
            type: 'notification',
            code: errorCode.cease,
            subcode: cease.hardReset,
            data: encodeHardReset(code, subcode, data),
          }
        : { type: 'notification', code, subcode, data },
      effects,
    )
  }

  #send(message: Message, effects: ConnectionEffect[]): void {
    if (this.#id === undefined) return
    this.#around.sent(message.type)
    effects.push({ type: 'send', connection: this.#id, bytes: encodeMessage(message) })
  }

  #drop(effects: ConnectionEffect[]): void {
    if (this.#id !== undefined) effects.push({ type: 'close', connection: this.#id })
    this.#id = undefined
    this.#offered = undefined
    this.#negotiated = undefined
    this.#retryAt = Number.POSITIVE_INFINITY
    this.#openAt = Number.POSITIVE_INFINITY
    this.#keepaliveAt = Number.POSITIVE_INFINITY
    this.#holdTime = 0
    this.#excusedUntil = 0
    this.writeDrained()
  }

  #holdAt(): number {
    return this.#holdTime === 0
      ? Number.POSITIVE_INFINITY
      : Math.max(this.#heardAt + this.#holdTime, this.#excusedUntil)
  }

  #sendHoldAt(): number {
    const { sendHoldTime } = this.#around.config
    return sendHoldTime === 0 ? Number.POSITIVE_INFINITY : this.#blockedAt + 1000 * sendHoldTime
  }

  /** One more moment, once per silence, when the timer itself comes late: a loop that slept has octets to read. */
  #excuse(now: number): boolean {
    if (this.#excusedUntil !== 0 || now - this.#holdAt() <= LATE) return false
    this.#excusedUntil = now + LATE_GRACE
    return true
  }
}

/** RFC 4271 §10: the interval times a factor from 0.75 to 1.0. Seconds in, ms out. */
function jittered(seconds: number, random: number): number {
  return 1000 * seconds * (0.75 + random / 4)
}
