/**
 * Which routes wait, and until when: the kernel refused them, or somebody takes them away again and again. The first
 * disturbance is answered at once, each further one later. Pure; times are milliseconds on any clock that only grows.
 */
import { backoff } from '../../base/backoff.ts'

const REFUSED = { first: 100, most: 30_000 }
const FOUGHT = { first: 50, most: 30_000 }
/** Undisturbed for so long, and the next disturbance counts as the first. */
const PEACE = 60_000

interface Wait {
  readonly until: number
  readonly reason: string
  /** Refusals in a row; 0: somebody fights us. */
  readonly refusals: number
}

export class Patience {
  readonly #waits = new Map<number, Wait>()
  // by route id
  #fights = new Uint8Array(0)
  /** In seconds. */
  #foughtAt = new Uint32Array(0)

  /** How many routes wait. */
  get size(): number {
    return this.#waits.size
  }

  /** When the first wait is over; Infinity: none. */
  get deadline(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { until } of this.#waits.values()) first = Math.min(first, until)
    return first
  }

  refused(id: number, reason: string, now: number, random: number): void {
    const refusals = (this.#waits.get(id)?.refusals ?? 0) + 1
    const until = now + backoff(REFUSED, refusals - 1, random)
    this.#waits.set(id, { until, reason: `the kernel refused: ${reason}`, refusals })
  }

  /** Somebody took the row away or changed it. */
  disturbed(id: number, now: number, random: number): void {
    const quiet = now - this.#foughtAt[id]! * 1000 > PEACE
    const fights = quiet ? 1 : Math.min(255, this.#fights[id]! + 1)
    this.#fights[id] = fights
    this.#foughtAt[id] = Math.floor(now / 1000)
    if (fights === 1) return
    const until = now + backoff(FOUGHT, fights - 2, random)
    this.#waits.set(id, { until, reason: `somebody keeps removing it: put back ${fights - 1} times`, refusals: 0 })
  }

  /** How often the row has been disturbed of late. */
  fights(id: number): number {
    return this.#fights[id] ?? 0
  }

  isWaiting(id: number, now: number): boolean {
    return (this.#waits.get(id)?.until ?? now) > now
  }

  /** Why the route waits, if it does. */
  reason(id: number): string | undefined {
    return this.#waits.get(id)?.reason
  }

  /** The routes whose wait is over. They stay on the list until `settled`. */
  *due(now: number): Generator<number> {
    for (const [id, { until }] of this.#waits) if (until <= now) yield id
  }

  /** There is nothing to wait for any more. */
  settled(id: number): void {
    this.#waits.delete(id)
  }

  /** What was refused may be accepted now. Returns those routes. */
  forgive(): number[] {
    const ids = [...this.#waits].filter(([, { refusals }]) => refusals > 0).map(([id]) => id)
    for (const id of ids) this.#waits.delete(id)
    return ids
  }

  /** The id will name another route. */
  forget(id: number): void {
    this.#waits.delete(id)
    this.#fights[id] = 0
  }

  /** Room for ids below `capacity`. */
  grow(capacity: number): void {
    const fights = new Uint8Array(capacity)
    fights.set(this.#fights)
    this.#fights = fights
    const foughtAt = new Uint32Array(capacity)
    foughtAt.set(this.#foughtAt)
    this.#foughtAt = foughtAt
  }
}
