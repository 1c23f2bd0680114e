/**
 * What a member of an export group has still to be told, when it does not take the group's common stream: it has just joined,
 * asked for a refresh, or reads too slowly. A bitmap over the entries of the Adj-RIB-Out, so that however often one changes
 * meanwhile, it is sent once, in its last state. A second bitmap says whether the peer holds an earlier announcement of it;
 * without it, routes that came and went unseen would be withdrawn for nothing.
 */
import { IdSet } from './id-set.ts'

export class CatchUp {
  readonly #pending: IdSet
  /** Only meaningful where pending is set. */
  readonly #held: IdSet

  /** @param capacity of entries */
  constructor(capacity: number) {
    this.#pending = new IdSet(capacity)
    this.#held = new IdSet(capacity)
  }

  /** Entries still to be sent. */
  get count(): number {
    return this.#pending.count
  }

  isPending(entry: number): boolean {
    return this.#pending.has(entry)
  }

  /** Whether the peer has been told of a pending entry and not been told otherwise. */
  isHeld(entry: number): boolean {
    return this.#held.has(entry)
  }

  /** Notes a change. `held`: whether the peer holds the entry now; of no effect when a change is pending already. */
  mark(entry: number, held: boolean): void {
    if (!this.#pending.add(entry)) return
    if (held) this.#held.add(entry)
    else this.#held.delete(entry)
  }

  /** There is nothing to announce any more: what the peer does not hold needs no word. */
  settle(entry: number): void {
    if (this.#pending.has(entry) && !this.#held.has(entry)) this.#pending.delete(entry)
  }

  /** Takes the next pending entry; -1 when there is none. */
  next(): number {
    return this.#pending.take()
  }
}
