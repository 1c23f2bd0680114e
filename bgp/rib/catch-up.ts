/**
 * What a member of an export group has still to be told, when it does not take the group's common stream: it has just joined,
 * asked for a refresh, or reads too slowly. A bitmap over prefix ids, so that however often a prefix changes meanwhile, it
 * is sent once, in its last state. A second bitmap says whether the peer holds an earlier announcement of such a prefix;
 * without it, routes that came and went unseen would be withdrawn for nothing.
 */
import { resized } from './typed-array.ts'

export class CatchUp {
  #pending: Uint32Array
  /** Only meaningful where pending is set. */
  #held: Uint32Array
  #count = 0
  /** Words before it have no pending bit. */
  #cursor = 0

  /** @param capacity of the prefix table */
  constructor(capacity: number) {
    this.#pending = new Uint32Array(Math.ceil(capacity / 32))
    this.#held = new Uint32Array(Math.ceil(capacity / 32))
  }

  /** Prefixes still to be sent. */
  get count(): number {
    return this.#count
  }

  isPending(prefix: number): boolean {
    return ((this.#pending[prefix >>> 5] ?? 0) & (1 << (prefix & 31))) !== 0
  }

  /** Whether the peer has been told of a pending prefix and not been told otherwise. */
  isHeld(prefix: number): boolean {
    return ((this.#held[prefix >>> 5] ?? 0) & (1 << (prefix & 31))) !== 0
  }

  /** Notes a change. `held`: whether the peer holds the prefix now; of no effect when a change is pending already. */
  mark(prefix: number, held: boolean): void {
    const word = prefix >>> 5
    const bit = 1 << (prefix & 31)
    if (word >= this.#pending.length) this.#grow(word)
    if ((this.#pending[word]! & bit) !== 0) return
    this.#pending[word]! |= bit
    if (held) this.#held[word]! |= bit
    else this.#held[word]! &= ~bit
    this.#count++
    if (word < this.#cursor) this.#cursor = word
  }

  /** Takes the next pending prefix; -1 when there is none. */
  next(): number {
    if (this.#count === 0) return -1
    while (this.#pending[this.#cursor] === 0) this.#cursor++
    const word = this.#pending[this.#cursor]!
    const bit = word & -word
    this.#pending[this.#cursor] = word ^ bit
    this.#count--
    return 32 * this.#cursor + (31 - Math.clz32(bit))
  }

  #grow(word: number): void {
    const length = Math.max(word + 1, 2 * this.#pending.length)
    this.#pending = resized(this.#pending, length)
    this.#held = resized(this.#held, length)
  }
}
