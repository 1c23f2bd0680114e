/**
 * Route refresh on one session (RFC 2918, RFC 7313): answers to the peer's requests, told apart by where they begin and end,
 * and what becomes of the peer's routes while it answers ours. Begins anew with each session.
 */
import type { Family } from '../../lib/base/ip.ts'
import { afiOf, familyOf, refreshSubtype, safi } from '../wire/iana.ts'
import type { RouteRefresh } from '../wire/refresh.ts'
import type { NoticeCode, PeerEffect } from './effect.ts'
import type { Negotiated } from './negotiation.ts'

export type RefreshEffect = Extract<PeerEffect, { type: 'refresh' | 'beginRefresh' | 'endRefresh' | 'notice' }>
/** What is to be sent, or done. */
export type RefreshStep = RouteRefresh | RefreshEffect

/** ms that a refresh of the peer may take before what it did not repeat goes (RFC 7313 §4 leaves the bound to us). */
const LONGEST_REFRESH = 360_000

export class RefreshExchange {
  readonly #session: Negotiated
  readonly #endOfRib = { sent: new Set<Family>(), received: new Set<Family>() }
  /** Families whose answer to the peer has begun and not ended. */
  readonly #answering = new Set<Family>()
  /** Families that the peer is refreshing, and when that has to be over, ms. */
  readonly #refreshing = new Map<Family, number>()

  constructor(session: Negotiated) {
    this.#session = session
  }

  deadline(): number {
    let least = Number.POSITIVE_INFINITY
    for (const until of this.#refreshing.values()) least = Math.min(least, until)
    return least
  }

  /** What asks the peer for its routes of a family again, or why it cannot be asked. */
  ask(family: Family): RefreshStep[] {
    const { routeRefresh, families } = this.#session
    if (!families.includes(family)) return [notice('refreshImpossible', `ipv${family} is not of this session`)]
    if (!routeRefresh) return [notice('refreshImpossible', 'the peer takes no ROUTE-REFRESH')]
    return [message(family, refreshSubtype.request)]
  }

  received({ afi, safi: safiNumber, subtype }: RouteRefresh, now: number): RefreshStep[] {
    const family = familyOf(afi, safiNumber)
    const ignored = (why: string) => [
      notice('refreshIgnored', `ROUTE-REFRESH for AFI ${afi} SAFI ${safiNumber}, subtype ${subtype}: ${why}`),
    ]
    if (family === 0 || !this.#session.families.includes(family)) return ignored('not of this session')
    if (subtype === refreshSubtype.request) return this.#answer(family)
    if (!this.#session.enhancedRefresh) return ignored('enhanced route refresh was not negotiated')
    if (subtype === refreshSubtype.begin) {
      // RFC 7313 §4: what comes before End-of-RIB is no refresh
      if (this.#session.gracefulRestart !== undefined && !this.#endOfRib.received.has(family))
        return ignored('it comes before End-of-RIB')
      this.#refreshing.set(family, now + LONGEST_REFRESH)
      return [{ type: 'beginRefresh', family }]
    }
    if (subtype !== refreshSubtype.end) return ignored('unknown')
    return this.#refreshing.delete(family) ? [{ type: 'endRefresh', family }] : ignored('no beginning came before')
  }

  /** Our answer to a `refresh` effect is out. */
  answered(family: Family): RefreshStep[] {
    return this.#answering.delete(family) ? [message(family, refreshSubtype.end)] : []
  }

  endOfRib(direction: 'sent' | 'received', family: Family): void {
    this.#endOfRib[direction].add(family)
  }

  /** What a peer began and did not end in time is over. */
  expire(now: number): RefreshStep[] {
    const late = [...this.#refreshing].flatMap(([family, until]) => (now < until ? [] : [family]))
    return late.flatMap((family): RefreshStep[] => {
      this.#refreshing.delete(family)
      return [
        notice('staleRoutesDropped', `the peer did not end its refresh of ipv${family} in time`),
        { type: 'endRefresh', family },
      ]
    })
  }

  /** RFC 7313 §4: before our own End-of-RIB everything is told for the first time, and no markers are sent. */
  #answer(family: Family): RefreshStep[] {
    const refresh: RefreshStep = { type: 'refresh', family }
    if (!this.#session.enhancedRefresh || !this.#endOfRib.sent.has(family)) return [refresh]
    this.#answering.add(family)
    return [message(family, refreshSubtype.begin), refresh]
  }
}

function message(family: Family, subtype: number): RouteRefresh {
  return { type: 'routeRefresh', afi: afiOf(family), safi: safi.unicast, subtype }
}

function notice(code: NoticeCode, text: string): RefreshEffect {
  return { type: 'notice', code, text }
}
