/**
 * The helper of a restarting peer: what becomes of the peer's routes when its session is lost and when it returns (RFC 4724
 * §4.2, RFC 8538 §4), and of those that it does not come back for in time (RFC 9494). Each family has a life of its own:
 *
 *   lost → stale, for the restart time → long-lived stale, for the stale time → swept
 *          stale → the peer returns → End-of-RIB → swept
 *
 * Knows no connection and no OPEN; what counts as a restart event.ts says.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { PeerEffect } from './effect.ts'
import type { Negotiated } from './negotiation.ts'

export type RouteEffect = Extract<PeerEffect, { type: 'stale' | 'longLived' | 'sweep' | 'flush' }>

/** RFC 4724 §4.2 leaves the bound to us: ms that stale routes wait for an End-of-RIB after the peer's return, or after ours. */
const STALE_TIME = 360_000

/**
 * `restart`: the peer may be back, and its routes are kept where that was negotiated; `end`: one side ended the session for
 * good; `stopped`: this process is about to end without a word, and its successor will want the routes where they are.
 */
export type Loss = 'restart' | 'end' | 'stopped'

interface StaleFamily {
  /** `restart`: the peer is awaited; `longLived`: it is late; `returned`: its End-of-RIB is awaited. */
  phase: 'restart' | 'longLived' | 'returned'
  /** ms: when the phase ends. */
  until: number
  /** ms, 0: no long life follows the restart time. */
  readonly longLife: number
  /** ms: however often the peer restarts, its stale routes do not outlive this (RFC 8538 §4.1); a long life is its own bound. */
  readonly bound: number
}

export class RestartHelper {
  readonly #stale = new Map<Family, StaleFamily>()

  /** Families with routes of a session that is over. */
  get families(): Family[] {
    return [...this.#stale.keys()].sort()
  }

  /** Those of them whose peer is so late that they are but a last resort. */
  get longLived(): Family[] {
    return this.families.filter(family => this.#stale.get(family)?.phase === 'longLived')
  }

  deadline(): number {
    let least = Number.POSITIVE_INFINITY
    for (const { until } of this.#stale.values()) least = Math.min(least, until)
    return least
  }

  /** An Established session has ended. */
  lost(session: Negotiated, loss: Loss, now: number): RouteEffect[] {
    return session.families.flatMap(family => this.#lose(family, session, loss, now))
  }

  /** The session is Established again: families that the peer did not preserve go now, the others at its End-of-RIB. */
  returned(session: Negotiated, now: number): RouteEffect[] {
    return this.families.flatMap(family => {
      const stale = this.#stale.get(family)!
      if (!preserved(session, family, stale.phase)) return this.#forget(family, 'flush')
      // RFC 9494 §4.2: the stale time runs on until End-of-RIB
      if (stale.phase === 'longLived') return []
      stale.phase = 'returned'
      stale.until = Math.min(now + STALE_TIME, stale.bound)
      return []
    })
  }

  endOfRib(family: Family): RouteEffect[] {
    return this.#stale.has(family) ? this.#forget(family, 'sweep') : []
  }

  /** The phase of some families is over: the next one begins, or the routes go. */
  expire(now: number): RouteEffect[] {
    return this.families.flatMap(family => {
      const { phase, until, longLife } = this.#stale.get(family)!
      if (now < until) return []
      return phase === 'restart' && longLife > 0 ? this.#prolong(family, now) : this.#forget(family, 'sweep')
    })
  }

  /** We stop without a word: what is kept stays, for whoever comes after. */
  suspend(): void {
    for (const stale of this.#stale.values()) stale.until = Number.POSITIVE_INFINITY
  }

  /** We start again ourselves: what was kept is not kept for ever. */
  resume(now: number): void {
    for (const stale of this.#stale.values())
      if (stale.until === Number.POSITIVE_INFINITY) stale.until = now + STALE_TIME
  }

  /** The peer is not wanted any more. */
  giveUp(): RouteEffect[] {
    return this.families.flatMap(family => this.#forget(family, 'sweep'))
  }

  #lose(family: Family, session: Negotiated, loss: Loss, now: number): RouteEffect[] {
    const former = this.#stale.get(family)
    this.#stale.delete(family)
    const life = lifeOf(session, family, loss)
    if (life === undefined) return [{ type: 'flush', family }]
    // RFC 9494 §4.2: until End-of-RIB the stale time runs on, and no further loss ends it or begins it anew
    if (former?.phase === 'longLived' && life.long > 0) {
      this.#stale.set(family, former)
      return [
        { type: 'stale', family },
        { type: 'longLived', family },
      ]
    }
    // RFC 4724 §4.2: a route that was stale already does not survive a second restart; with RFC 8538 §4.1 it does
    const survives = former !== undefined && session.gracefulRestart?.notification === true
    const bound = survives ? former.bound : now + life.restart + STALE_TIME
    const until = loss === 'stopped' ? Number.POSITIVE_INFINITY : Math.min(now + life.restart, bound)
    this.#stale.set(family, { phase: 'restart', until, longLife: life.long, bound })
    const effects: RouteEffect[] = former !== undefined && !survives ? [{ type: 'sweep', family }] : []
    effects.push({ type: 'stale', family })
    return life.restart === 0 && loss !== 'stopped' ? [...effects, ...this.#prolong(family, now)] : effects
  }

  #prolong(family: Family, now: number): RouteEffect[] {
    const stale = this.#stale.get(family)!
    stale.phase = 'longLived'
    stale.until = now + stale.longLife
    return [{ type: 'longLived', family }]
  }

  #forget(family: Family, type: 'sweep' | 'flush'): RouteEffect[] {
    this.#stale.delete(family)
    return [{ type, family }]
  }
}

/** How long the routes of a family are kept, ms; undefined: not at all. */
function lifeOf(session: Negotiated, family: Family, loss: Loss): { restart: number; long: number } | undefined {
  const { gracefulRestart, longLived } = session
  const isNamed = gracefulRestart?.families.some(row => row.family === family) ?? false
  const restart = isNamed ? 1000 * (gracefulRestart?.restartTime ?? 0) : 0
  const long = 1000 * (longLived?.find(row => row.family === family)?.staleTime ?? 0)
  if (loss === 'stopped') return { restart, long }
  return loss === 'restart' && restart + long > 0 ? { restart, long } : undefined
}

/** The F bit of the capability that the routes live by. */
function preserved({ gracefulRestart, longLived }: Negotiated, family: Family, phase: StaleFamily['phase']): boolean {
  const rows = phase === 'longLived' ? longLived : gracefulRestart?.families
  return rows?.some(row => row.family === family && row.forwarding) ?? false
}
