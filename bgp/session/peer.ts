/**
 * One peering: the connection it dials, the one that the peer has opened meanwhile, and which of the two stays; idle hold,
 * graceful restart and capabilities that the peer refuses. Pure: time and chance come in as values, and all that is to
 * happen goes out as effects.
 *
 * Rules: once started, a main connection in Idle means that idle hold runs or that something restrains the peering. Every `up`
 * has its `down`, and every `down` is followed by what becomes of each family.
 */
import type { Family } from '../../lib/base/ip.ts'
import { PeerFault } from '../wire/fault.ts'
import type { Message } from '../wire/message.ts'
import { cease, errorCode, type Notification, openError } from '../wire/notification.ts'
import type { Open } from '../wire/open.ts'
import { loserOf } from './collision.ts'
import { deservesRetry, type LocalIdentity, type PeerConfig, resetReason, routesStay } from './config.ts'
import { Connection } from './connection.ts'
import { ConnectionPair } from './connection-pair.ts'
import type { NoticeCode, PeerEffect } from './effect.ts'
import { bfdLost, exceeded, goodbye, type StopEvent, tooMany } from './ending.ts'
import { type ConnectionEvent, faultEvent, isRoutesFault, isTrouble, lossOf, reasonOfEvent } from './event.ts'
import { IdleHold } from './idle-hold.ts'
import type { ConnectionId, PeerInput } from './input.ts'
import { type Negotiated, negotiate } from './negotiation.ts'
import { offer } from './offer.ts'
import { SessionRecord } from './record.ts'
import { RefreshExchange, type RefreshStep } from './refresh-exchange.ts'
import { RefusedCapabilities } from './refused-capabilities.ts'
import { RestartHelper } from './restart-helper.ts'
import { Restraint } from './restraint.ts'
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
  readonly #restraint = new Restraint()
  /** In Established. */
  #refresh: RefreshExchange | undefined

  readonly #record = new SessionRecord()

  /** Idle until `start`. */
  constructor(config: PeerConfig, local: LocalIdentity) {
    this.#config = config
    this.#local = local
  }

  get config(): PeerConfig {
    return this.#config
  }

  /** Without a connection; nothing is kept for the peer's return, and no limit counts against it. */
  get isIdle(): boolean {
    const { state } = this.#record
    return (state === 'Idle' || state === 'Active') && this.#helper.families.length === 0 && !this.#restraint.isLimited
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
    if (retry) this.#restraint.lift()
    if (restart && reset !== undefined) {
      this.#endAll({ type: 'stop', cease: cease.otherConfigurationChange, why: reset }, turn)
      if (!routesStay(this.#config, config)) turn.effects.push(...this.#helper.giveUp())
    } else if (restart) this.#run(this.#pair.main, { type: 'stop' }, turn)
    this.#config = config
    this.#local = local
    if (restart) this.#start(turn)
    this.#settle(turn)
    return turn.effects
  }

  /** When `timer` is due, ms on the clock of `now`; Infinity: never. Ask again after every call; cheap. */
  deadline(): number {
    const rival = this.#pair.rival?.deadline() ?? Number.POSITIVE_INFINITY
    const refresh = this.#refresh?.deadline() ?? Number.POSITIVE_INFINITY
    const attempt = Math.min(this.#idleHold.until, this.#restraint.until)
    return Math.min(attempt, this.#helper.deadline(), this.#pair.main.deadline(), rival, refresh)
  }

  status(): SessionStatus {
    const { negotiated } = this.#pair.foremost
    const next = Math.min(this.#idleHold.until, this.#restraint.until, this.#pair.main.nextAttempt)
    const heldBack = this.#held
    const { state, since, lastError, established, received, sent } = this.#record
    return {
      state,
      since,
      ...(lastError !== undefined && { lastError }),
      ...(negotiated !== undefined && { negotiated }),
      withheld: this.#refused.names,
      staleFamilies: this.#helper.families,
      longLivedFamilies: this.#helper.longLived,
      ...(heldBack !== undefined && { heldBack }),
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
        return this.#stop(goodbye(input.cease, input.text), turn)
      case 'timer':
        return this.#timer(turn)
      case 'accepted':
        return this.#accept(input.connection, turn)
      case 'reset':
        return this.#reset(input.text, turn)
      case 'endOfRib':
        if (this.#pair.main.state !== 'Established') return
        this.#refresh?.endOfRib('received', input.family)
        turn.effects.push(...this.#helper.endOfRib(input.family))
        return
      case 'endOfRibSent':
        return this.#refresh?.endOfRib('sent', input.family)
      case 'askRefresh':
        return this.#takeSteps(this.#refresh?.ask(input.family), turn)
      case 'refreshed':
        return this.#takeSteps(this.#refresh?.answered(input.family), turn)
      case 'prefixLimit':
        return this.#exceeded(input.family, turn)
      case 'bfdUp':
        this.#restraint.bfd(true)
        return this.#attempt(turn)
      case 'bfdDown':
        return this.#bfdDown(input.independent, turn)
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
        return this.#run(connection, this.#confirmed, turn)
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
    this.#record.started(turn.now)
    this.#idleHold.forget()
    this.#helper.resume(turn.now)
    this.#attempt(turn)
  }

  /** Leaves Idle, unless idle hold runs or something is against it. */
  #attempt(turn: Turn): void {
    const isFree = this.#isStarted && this.#held === undefined && this.#idleHold.until === Number.POSITIVE_INFINITY
    if (isFree) this.#run(this.#pair.main, { type: this.#config.passive ? 'startPassive' : 'start' }, turn)
  }

  #stop(goodbye: StopEvent, turn: Turn): void {
    this.#isStarted = false
    this.#endAll(goodbye, turn)
    if (goodbye.cease === undefined) this.#helper.suspend()
    else turn.effects.push(...this.#helper.giveUp())
  }

  /** A person wants it to work now: nothing that went wrong before counts any more. */
  #reset(text: string | undefined, turn: Turn): void {
    if (!this.#isStarted) return
    this.#endAll(goodbye(cease.administrativeReset, text), turn)
    this.#attempt(turn)
  }

  /** Every connection, and all that went wrong before. */
  #endAll(event: StopEvent, turn: Turn): void {
    for (const connection of this.#pair.all) this.#run(connection, event, turn)
    this.#idleHold.forget()
    this.#restraint.lift()
    this.#refused.forget()
  }

  #timer(turn: Turn): void {
    const { now, effects } = turn
    if (now >= this.#idleHold.until) {
      this.#idleHold.end()
      this.#attempt(turn)
    }
    if (now >= this.#restraint.until) {
      this.#restraint.lift()
      this.#attempt(turn)
    }
    for (const connection of this.#pair.all) {
      const timer = connection.due(now)
      if (timer !== undefined) this.#run(connection, { type: timer }, turn)
    }
    this.#takeSteps(this.#refresh?.expire(now), turn)
    const expired = this.#helper.expire(now)
    if (expired.some(({ type }) => type === 'sweep'))
      this.#notice('staleRoutesDropped', 'the peer did not return, or not send End-of-RIB, in time', turn)
    effects.push(...expired)
  }

  /** Why no session is tried, beyond idle hold. */
  get #held(): string | undefined {
    return this.#restraint.reason(this.#needsBfd)
  }

  get #needsBfd(): boolean {
    return this.#config.bfd?.strict === true
  }

  get #confirmed(): ConnectionEvent {
    return { type: (this.#config.delayOpenTime ?? 0) > 0 ? 'tcpDelayed' : 'tcpConfirmed' }
  }

  #exceeded(family: Family, turn: Turn): void {
    const limit = this.#config.maxPrefixes?.[family]
    if (this.#pair.main.state !== 'Established' || limit === undefined) return
    const { count, restartTime } = limit
    const until = restartTime === undefined ? Number.POSITIVE_INFINITY : turn.now + 1000 * restartTime
    this.#restraint.limit(tooMany(family, count), until)
    this.#run(this.#pair.main, exceeded(family, limit), turn)
  }

  #bfdDown(independent: boolean, turn: Turn): void {
    const isStrict = this.#needsBfd
    this.#restraint.bfd(false)
    const session = this.#pair.main.state === 'Established' ? this.#pair.main.negotiated : undefined
    const event = bfdLost(session, isStrict, independent)
    for (const connection of this.#pair.all)
      if (isStrict || connection.state === 'Established') this.#run(connection, event, turn)
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
    if (connection.state !== 'Active' || connection.isDelayed) {
      if (this.#pair.rival !== undefined) this.#run(this.#pair.rival, { type: 'collisionDump' }, turn)
      connection = this.#pair.challenge()
      this.#run(connection, { type: 'startPassive' }, turn)
    }
    connection.attach(id)
    this.#run(connection, this.#confirmed, turn)
  }

  /** Why a connection from the peer is not taken. */
  #refusal(): string | undefined {
    if (!this.#isStarted) return 'the peering is stopped'
    if (this.#held !== undefined) return this.#held
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
      case 'routeRefresh':
        this.#run(connection, { type: 'routeRefresh' }, turn)
        if (connection.state === 'Established') this.#takeSteps(this.#refresh?.received(message, turn.now), turn)
        return
      default:
        return this.#run(connection, { type: message.type }, turn)
    }
  }

  #open(connection: Connection, open: Open, turn: Turn): void {
    const { isDelayed } = connection
    const offered = isDelayed ? this.#offer() : connection.offered
    if (!(isDelayed || connection.state === 'OpenSent') || offered === undefined)
      return this.#run(connection, { type: 'open' }, turn)
    const verdict = negotiate(offered, open, this.#config)
    if (verdict instanceof PeerFault) return this.#run(connection, { type: 'openError', fault: verdict }, turn)
    const loser = this.#collision(connection, verdict, turn)
    if (loser !== undefined) this.#run(loser, { type: 'collisionDump' }, turn)
    if (loser === connection) return
    this.#run(connection, { type: isDelayed ? 'openWhileDelayed' : 'open', negotiated: verdict }, turn)
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

  #takeSteps(steps: readonly RefreshStep[] = [], turn: Turn): void {
    for (const step of steps)
      if (step.type === 'routeRefresh') turn.effects.push(...this.#pair.main.say(step))
      else turn.effects.push(step)
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
    this.#refresh = new RefreshExchange(negotiated)
    turn.effects.push(...this.#helper.returned(negotiated, turn.now), { type: 'up', connection: id, negotiated })
  }

  #down(session: Negotiated, event: ConnectionEvent, turn: Turn): void {
    this.#idleHold.lasted(turn.now - this.#record.establishedAt)
    this.#refused.forget()
    this.#refresh = undefined
    turn.effects.push({ type: 'down', reason: turn.reason })
    turn.effects.push(...this.#helper.lost(session, lossOf(event, session), turn.now))
  }

  /** Brings the two connections back under the rules at the top, and reports a change of state. */
  #settle(turn: Turn): void {
    const { main, rival } = this.#pair
    if (rival?.state === 'Established' && main.state === 'Connect') this.#run(main, { type: 'collisionDump' }, turn)
    this.#pair.settle()
    if (this.#pair.main.state !== 'Idle') this.#idleHold.end()
    else if (this.#isStarted && this.#held === undefined && this.#idleHold.until === Number.POSITIVE_INFINITY)
      this.#idleHold.begin(turn.now, turn.random)
    const from = this.#record.state
    const to = this.#pair.foremost.state
    if (to === from) return
    this.#record.enter(to, turn.now)
    turn.effects.push({ type: 'state', from, to, reason: turn.reason })
  }

  #offer(): Open {
    return this.#refused.without(offer(this.#config, this.#local))
  }

  #connection(): Connection {
    const peer = this
    return new Connection({
      get config() {
        return peer.#config
      },
      open: () => this.#offer(),
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
