/**
 * The helper of a restarting peer (RFC 4724 §4.2): what becomes of the peer's routes when its session is lost and when it
 * returns. Only a lost TCP connection, or a new one beside it, is a restart; a NOTIFICATION in either direction is not,
 * and the hold timer's expiry sends one. Knows no connection and no OPEN.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { PeerEffect } from './effect.ts'
import type { Negotiated } from './negotiation.ts'

export type RouteEffect = Extract<PeerEffect, { type: 'stale' | 'sweep' | 'flush' }>

/** RFC 4724 §4.2 leaves the bound to us: ms that stale routes wait for an End-of-RIB after the peer's return, or after ours. */
const STALE_TIME = 360_000

/**
 * `tcp`: the connection is gone; `notification`: one side said so; `stopped`: this process is about to end without a word,
 * and its successor will want the routes where they are.
 */
export type Loss = 'tcp' | 'notification' | 'stopped'

export class RestartHelper {
  readonly #stale = new Set<Family>()
  #until = Number.POSITIVE_INFINITY

  /** Families with routes of a session that is over. */
  get families(): Family[] {
    return [...this.#stale]
  }

  deadline(): number {
    return this.#until
  }

  /** An Established session has ended. */
  lost(session: Negotiated, loss: Loss, now: number): RouteEffect[] {
    const kept = keptFamilies(session, loss)
    const effects = session.families.flatMap(family => this.#lose(family, kept.includes(family)))
    const wait = session.gracefulRestart?.restartTime
    this.#until = loss === 'tcp' && kept.length > 0 && wait !== undefined ? now + 1000 * wait : Number.POSITIVE_INFINITY
    return effects
  }

  /** The session is Established again: families that the peer did not preserve go now, the others at its End-of-RIB. */
  returned(session: Negotiated, now: number): RouteEffect[] {
    const gone = this.families.filter(family => !preserved(session, family))
    for (const family of gone) this.#stale.delete(family)
    this.#until = this.#stale.size > 0 ? now + STALE_TIME : Number.POSITIVE_INFINITY
    return gone.map(family => ({ type: 'flush', family }))
  }

  endOfRib(family: Family): RouteEffect[] {
    if (!this.#stale.delete(family)) return []
    if (this.#stale.size === 0) this.#until = Number.POSITIVE_INFINITY
    return [{ type: 'sweep', family }]
  }

  /** We stop without a word: what is kept stays, for whoever comes after. */
  suspend(): void {
    this.#until = Number.POSITIVE_INFINITY
  }

  /** We start again ourselves: what was kept is not kept for ever. */
  resume(now: number): void {
    if (this.#stale.size > 0 && this.#until === Number.POSITIVE_INFINITY) this.#until = now + STALE_TIME
  }

  /** The peer is late, or is not wanted any more. */
  giveUp(): RouteEffect[] {
    const effects = this.families.map(family => ({ type: 'sweep' as const, family }))
    this.#stale.clear()
    this.#until = Number.POSITIVE_INFINITY
    return effects
  }

  #lose(family: Family, keep: boolean): RouteEffect[] {
    const wasStale = this.#stale.delete(family)
    if (!keep) return [{ type: 'flush', family }]
    this.#stale.add(family)
    // RFC 4724 §4.2: a route that was stale already does not survive a second restart
    return wasStale
      ? [
          { type: 'sweep', family },
          { type: 'stale', family },
        ]
      : [{ type: 'stale', family }]
  }
}

function keptFamilies(session: Negotiated, loss: Loss): readonly Family[] {
  if (loss === 'stopped') return session.families
  const { gracefulRestart } = session
  if (loss === 'notification' || gracefulRestart === undefined || gracefulRestart.restartTime === 0) return []
  return gracefulRestart.families.map(row => row.family)
}

function preserved(session: Negotiated, family: Family): boolean {
  return session.gracefulRestart?.families.some(row => row.family === family && row.forwarding) ?? false
}
