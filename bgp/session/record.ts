/**
 * What a peering remembers of itself for those who ask: state, counts and the last error. Decides nothing.
 *
 * The last error is what an operator wants to read while there is no session. A session or an exchange of OPENs that failed
 * says why the peering is down; a TCP connection that fails afterwards only says that it still is. So the latter does not
 * hide the former: both are shown, until a session is up again.
 */
import type { ConnectionEvent } from './event.ts'
import type { State } from './state.ts'
import type { MessageCounts } from './status.ts'

type Counts<Type extends keyof MessageCounts> = Record<Type, number>

export class SessionRecord {
  #state: State = 'Idle'
  #since: number | undefined
  #establishedAt = 0
  #established = 0
  #failure: string | undefined
  /** A failed attempt since `#failure`. */
  #attempt: string | undefined
  readonly received: Counts<keyof MessageCounts> = {
    open: 0,
    update: 0,
    notification: 0,
    keepalive: 0,
    routeRefresh: 0,
  }
  readonly sent: Counts<Exclude<keyof MessageCounts, 'update'>> = {
    open: 0,
    notification: 0,
    keepalive: 0,
    routeRefresh: 0,
  }

  get state(): State {
    return this.#state
  }

  /** How long there has been a session, or none, whatever is tried meanwhile; ms. */
  get since(): number {
    return this.#since ?? 0
  }

  /** When the last session came up, ms. */
  get establishedAt(): number {
    return this.#establishedAt
  }

  /** Sessions so far. */
  get established(): number {
    return this.#established
  }

  get lastError(): string | undefined {
    if (this.#failure === undefined || this.#attempt === undefined) return this.#failure ?? this.#attempt
    return `${this.#failure}; since then: ${this.#attempt}`
  }

  started(now: number): void {
    this.#since ??= now
  }

  enter(state: State, now: number): void {
    if ((state === 'Established') !== (this.#state === 'Established')) this.#since = now
    this.#state = state
  }

  sessionUp(now: number): void {
    this.#establishedAt = now
    this.#established++
    this.#attempt = undefined
  }

  /** Something failed, for `reason`, at an event in `state`. */
  failed(event: ConnectionEvent, state: State, reason: string): void {
    const isTcp = event.type === 'tcpFails' || event.type === 'connectRetryExpires'
    if (isTcp && (state === 'Connect' || state === 'Active' || state === 'OpenSent')) this.#attempt = reason
    else this.explain(reason)
  }

  /** Why there is no session, once more is known of it than the event said. */
  explain(reason: string): void {
    this.#failure = reason
    this.#attempt = undefined
  }
}
