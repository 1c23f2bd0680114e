/**
 * One peering: the connection it dials, the one that the peer has opened meanwhile, and which of the two stays; idle hold,
 * graceful restart and capabilities that the peer refuses. Pure: time and chance come in as values, and all that is to
 * happen goes out as effects.
 *
 * Rules: once started, a main connection in Idle means that idle hold runs. Every `up` has its `down`, and every `down`
 * is followed by what becomes of each family.
 */
import { PeerFault } from '../wire/fault.ts'
import { familyOf } from '../wire/iana.ts'
import type { Message } from '../wire/message.ts'
import { cease, errorCode, type Notification, openError } from '../wire/notification.ts'
import type { Open } from '../wire/open.ts'
import { loserOf } from './collision.ts'
import { deservesRetry, type LocalIdentity, type PeerConfig, resetReason } from './config.ts'
import { Connection } from './connection.ts'
import { ConnectionPair } from './connection-pair.ts'
import type { NoticeCode, PeerEffect } from './effect.ts'
import { type ConnectionEvent, faultEvent, isRoutesFault, isTrouble, lossOf, reasonOfEvent } from './event.ts'
import { IdleHold } from './idle-hold.ts'
import type { ConnectionId, PeerInput } from './input.ts'
import { type Negotiated, negotiate, offer } from './negotiation.ts'
import { SessionRecord } from './record.ts'
import { RefusedCapabilities } from './refused-capabilities.ts'
import { RestartHelper } from './restart-helper.ts'
import type { SessionStatus } from './status.ts'

/** One call of `handle`: what came in beside the input, and what goes out. */
interface Turn {
  readonly now: number
  readonly random: number
  readonly effects: PeerEffect[]
  /** Of the last change of state. */
  reason: string
}

/**
 * ms after Established in which a further connection is the late half of a collision: both sides dialled, and a
 * restart would show as a lost connection first. Later a valid OPEN beside a session is a restart (RFC 4724 §5).
 */
const COLLISION_WINDOW = 5_000

export class Peer {
  #config: PeerConfig
  #local: LocalIdentity
  #isStarted = false
  #lastConnection = 0
  readonly #pair = new ConnectionPair(() => this.#connection())
  readonly #idleHold = new IdleHold()
  readonly #helper = new RestartHelper()
  readonly #refused = new RefusedCapabilities()

  readonly #record = new SessionRecord()

  /** Idle until `start`. */
  constructor(config: PeerConfig, local: LocalIdentity) {
    this.#config = config
    this.#local = local
  }

  get config(): PeerConfig {
    return this.#config
  }

  /** A number for a connection that the peer has opened; those of `dial` effects are from the same series. */
  newConnection(): ConnectionId {
    return ++this.#lastConnection
  }

  /**
   * @param now ms on a monotonic clock
   * @param random in [0, 1), for jitter
   */
  handle(input: PeerInput, now: number, random: number): PeerEffect[] {
    const turn: Turn = { now, random, effects: [], reason: '' }
    this.#take(input, turn)
    this.#settle(turn)
    return turn.effects
  }

  /**
   * The short way for UPDATE and KEEPALIVE in Established: restarts the hold time, allocates nothing. False when this
   * connection is not the Established one; then the message goes through `handle`.
   */
  received(connection: ConnectionId, type: 'update' | 'keepalive', now: number): boolean {
    if (this.#pair.main.id !== connection || this.#pair.main.state !== 'Established') return false
    this.#pair.main.heard(now)
    this.#record.received[type]++
    return true
  }

  /**
   * Takes a new configuration or identity. What a live session cannot change (`resetReason`) ends it with Cease / Other
   * Configuration Change and starts it anew; everything else counts from the next time it is used. A peering that is
   * still without a session tries again at once.
   */
  reconfigure(config: PeerConfig, local: LocalIdentity, now: number, random: number): PeerEffect[] {
    const reset =
      resetReason(this.#config, config) ?? (local.routerId === this.#local.routerId ? undefined : 'routerId changed')
    const retry = reset !== undefined || (!this.#pair.main.isConnected && deservesRetry(this.#config, config))
    const turn: Turn = { now, random, effects: [], reason: '' }
    const restart = this.#isStarted && retry
    if (restart && reset !== undefined)
      this.#stop({ type: 'stop', cease: cease.otherConfigurationChange, why: reset }, turn)
    else if (restart) this.#run(this.#pair.main, { type: 'stop' }, turn)
    this.#config = config
    this.#local = local
    if (restart) this.#start(turn)
    this.#settle(turn)
    return turn.effects
  }

  /** When `timer` is due, ms on the clock of `now`; Infinity: never. Ask again after every call; cheap. */
  deadline(): number {
    const { until } = this.#idleHold
    const rival = this.#pair.rival?.deadline() ?? Number.POSITIVE_INFINITY
    return Math.min(until, this.#helper.deadline(), this.#pair.main.deadline(), rival)
  }

  status(): SessionStatus {
    const { negotiated } = this.#pair.foremost
    const next = Math.min(this.#idleHold.until, this.#pair.main.nextAttempt)
    const { state, since, lastError, established, received, sent } = this.#record
    return {
      state,
      since,
      ...(lastError !== undefined && { lastError }),
      ...(negotiated !== undefined && { negotiated }),
      withheld: this.#refused.names,
      staleFamilies: this.#helper.families,
      ...(Number.isFinite(next) && { nextAttempt: next }),
      established,
      received: { ...received },
      sent: { ...sent },
    }
  }

  #take(input: PeerInput, turn: Turn): void {
    switch (input.type) {
      case 'start':
        if (!this.#isStarted) this.#start(turn)
        return
      case 'stop':
        return this.#stop(input, turn)
      case 'timer':
        return this.#timer(turn)
      case 'accepted':
        return this.#accept(input.connection, turn)
      case 'endOfRib':
        if (this.#pair.main.state === 'Established') turn.effects.push(...this.#helper.endOfRib(input.family))
        return
      case 'reset':
      case 'askRefresh':
      case 'refreshed':
      case 'prefixLimit':
      case 'bfdUp':
      case 'bfdDown':
        return
      default: {
        const connection = this.#pair.find(input.connection)
        if (connection !== undefined) this.#takeOf(connection, input, turn)
      }
    }
  }

  /** An input of one connection that we still hold. */
  #takeOf(connection: Connection, input: Extract<PeerInput, { connection: number }>, turn: Turn): void {
    switch (input.type) {
      case 'dialled':
        return this.#run(connection, { type: 'tcpConfirmed' }, turn)
      case 'closed':
        connection.detach()
        return this.#run(connection, { type: 'tcpFails', reason: input.reason }, turn)
      case 'message':
        return this.#message(connection, input.message, turn)
      case 'fault':
        return this.#run(connection, { type: faultEvent(input.fault), fault: input.fault }, turn)
      case 'writeBlocked':
        return connection.writeBlocked(turn.now)
      case 'writeDrained':
        return connection.writeDrained()
      case 'accepted':
    }
  }

  #start(turn: Turn): void {
    this.#isStarted = true
    this.#idleHold.forget()
    this.#helper.resume(turn.now)
    this.#run(this.#pair.main, { type: this.#config.passive ? 'startPassive' : 'start' }, turn)
  }

  #stop(input: Extract<ConnectionEvent, { type: 'stop' }>, turn: Turn): void {
    this.#isStarted = false
    for (const connection of this.#pair.all) this.#run(connection, input, turn)
    this.#idleHold.forget()
    this.#refused.forget()
    if (input.cease === undefined) this.#helper.suspend()
    else turn.effects.push(...this.#helper.giveUp())
  }

  #timer(turn: Turn): void {
    const { now, effects } = turn
    if (now >= this.#idleHold.until) {
      this.#idleHold.end()
      this.#run(this.#pair.main, { type: this.#config.passive ? 'startPassive' : 'start' }, turn)
    }
    for (const connection of this.#pair.all) {
      const timer = connection.due(now)
      if (timer !== undefined) this.#run(connection, { type: timer }, turn)
    }
    if (now >= this.#helper.deadline()) {
      this.#notice('staleRoutesDropped', 'the peer did not return, or not send End-of-RIB, in time', turn)
      effects.push(...this.#helper.giveUp())
    }
  }

  #accept(id: ConnectionId, turn: Turn): void {
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      this.#notice('connectionRefused', refusal, turn)
      turn.effects.push({ type: 'close', connection: id })
      return
    }
    if (this.#pair.main.state === 'Idle') this.#run(this.#pair.main, { type: 'startPassive' }, turn)
    let connection = this.#pair.main
    if (connection.state !== 'Active') {
      if (this.#pair.rival !== undefined) this.#run(this.#pair.rival, { type: 'collisionDump' }, turn)
      connection = this.#pair.challenge()
      this.#run(connection, { type: 'startPassive' }, turn)
    }
    connection.attach(id)
    this.#run(connection, { type: 'tcpConfirmed' }, turn)
  }

  /** Why a connection from the peer is not taken. */
  #refusal(): string | undefined {
    if (!this.#isStarted) return 'the peering is stopped'
    if (this.#idleHold.isShut) return `idle hold after ${this.#record.lastError}`
    if (this.#pair.rival?.state === 'OpenConfirm') return 'a third connection while two are being opened'
    return undefined
  }

  #message(connection: Connection, message: Message | { readonly type: 'update' }, turn: Turn): void {
    this.#record.received[message.type]++
    switch (message.type) {
      case 'open':
        return this.#open(connection, message, turn)
      case 'notification':
        return this.#notification(connection, message, turn)
      case 'routeRefresh': {
        const session = connection.state === 'Established' ? connection.negotiated : undefined
        this.#run(connection, { type: 'routeRefresh' }, turn)
        if (session !== undefined) this.#refresh(session, message, turn)
        return
      }
      default:
        return this.#run(connection, { type: message.type }, turn)
    }
  }

  #open(connection: Connection, open: Open, turn: Turn): void {
    const { offered } = connection
    if (connection.state !== 'OpenSent' || offered === undefined) return this.#run(connection, { type: 'open' }, turn)
    const verdict = negotiate(offered, open, this.#config)
    if (verdict instanceof PeerFault) return this.#run(connection, { type: 'openError', fault: verdict }, turn)
    const loser = this.#collision(connection, verdict, turn)
    if (loser !== undefined) this.#run(loser, { type: 'collisionDump' }, turn)
    if (loser !== connection) this.#run(connection, { type: 'open', negotiated: verdict }, turn)
  }

  /** The OPEN on `connection` is good: which of two connections has to go, if there are two. */
  #collision(connection: Connection, negotiated: Negotiated, turn: Turn): Connection | undefined {
    const other = this.#pair.otherThan(connection)
    if (other?.state === 'OpenConfirm') return loserOf(connection, other, negotiated, this.#local.routerId)
    if (other?.state !== 'Established') return undefined
    const helps = other.negotiated?.gracefulRestart !== undefined
    if (!helps || connection.confirmedAt < this.#record.establishedAt + COLLISION_WINDOW) return connection
    this.#run(other, { type: 'tcpFails', reason: 'the peer has restarted: it opened a new session' }, turn)
    return undefined
  }

  #notification(connection: Connection, notification: Notification, turn: Turn): void {
    const { state, offered } = connection
    const isVersion = notification.code === errorCode.open && notification.subcode === openError.unsupportedVersion
    this.#run(connection, { type: isVersion ? 'notificationVersion' : 'notification', notification }, turn)
    if (state === 'Established' || offered === undefined) return
    const refusal = this.#refused.refused(notification, offered)
    if (refusal === undefined) return
    this.#record.explain(`${turn.reason}: ${refusal.text}`)
    this.#notice('capabilityRefused', refusal.text, turn)
    if (refusal.retry && this.#pair.main.state === 'Idle') this.#idleHold.cutShort(turn.now)
  }

  #refresh(session: Negotiated, message: { afi: number; safi: number; subtype: number }, turn: Turn): void {
    const family = familyOf(message.afi, message.safi)
    if (message.subtype === 0 && family !== 0 && session.families.includes(family))
      turn.effects.push({ type: 'refresh', family })
    else
      this.#notice(
        'refreshIgnored',
        `ROUTE-REFRESH for AFI ${message.afi} SAFI ${message.safi}, subtype ${message.subtype}`,
        turn,
      )
  }

  /** Gives one event to one connection, and draws the peering's conclusions. */
  #run(connection: Connection, event: ConnectionEvent, turn: Turn): void {
    const before = connection.state
    const session = connection.negotiated
    const reason = reasonOfEvent(event, before, this.#config.password !== undefined)
    let failed = false
    const effects = connection.handle(event, turn.now, turn.random, () => {
      failed = true
    })
    turn.effects.push(...effects)
    const after = connection.state
    // beside a session that is well, a stranger's failure counts for nothing
    if (failed && this.#pair.main.state !== 'Established')
      this.#idleHold.fail(before === 'Established' && isRoutesFault(event))
    if (failed || isTrouble(event, before)) this.#record.failed(event, before, reason)
    // a collision's loser says nothing of why the peering is where it is
    if (before !== after && event.type !== 'collisionDump') turn.reason = reason
    if (event.type === 'collisionDump' && before !== 'Connect') this.#notice('collision', reason, turn)
    if (before === 'Established' && after !== 'Established' && session !== undefined) this.#down(session, event, turn)
    if (before !== 'Established' && after === 'Established') this.#up(connection, turn)
  }

  #up(connection: Connection, turn: Turn): void {
    const { id, negotiated } = connection
    if (id === undefined || negotiated === undefined) throw new TypeError('Established without a session')
    this.#record.sessionUp(turn.now)
    turn.effects.push(...this.#helper.returned(negotiated, turn.now), { type: 'up', connection: id, negotiated })
  }

  #down(session: Negotiated, event: ConnectionEvent, turn: Turn): void {
    this.#idleHold.lasted(turn.now - this.#record.establishedAt)
    this.#refused.forget()
    turn.effects.push({ type: 'down', reason: turn.reason })
    turn.effects.push(...this.#helper.lost(session, lossOf(event), turn.now))
  }

  /** Brings the two connections back under the rules at the top, and reports a change of state. */
  #settle(turn: Turn): void {
    const { main, rival } = this.#pair
    if (rival?.state === 'Established' && main.state === 'Connect') this.#run(main, { type: 'collisionDump' }, turn)
    this.#pair.settle()
    if (this.#pair.main.state !== 'Idle') this.#idleHold.end()
    else if (this.#isStarted && this.#idleHold.until === Number.POSITIVE_INFINITY)
      this.#idleHold.begin(turn.now, turn.random)
    const from = this.#record.state
    const to = this.#pair.foremost.state
    if (to === from) return
    this.#record.enter(to, turn.now)
    turn.effects.push({ type: 'state', from, to, reason: turn.reason })
  }

  #connection(): Connection {
    const peer = this
    return new Connection({
      get config() {
        return peer.#config
      },
      open: () => this.#refused.without(offer(this.#config, this.#local)),
      newConnection: () => this.newConnection(),
      sent: type => {
        this.#record.sent[type]++
      },
    })
  }

  #notice(code: NoticeCode, text: string, turn: Turn): void {
    turn.effects.push({ type: 'notice', code, text })
  }
}
