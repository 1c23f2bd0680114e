/** A set of small integers as a bitmap, taken out from the lowest on. Costs a bit for each id up to the highest one. */
import { resized } from '../../lib/base/typed-array.ts'

export class IdSet {
  #words: Uint32Array
  #count = 0
  /** Words before it are empty. */
  #cursor = 0

  /** @param capacity of ids that are expected; higher ones make it grow */
  constructor(capacity = 0) {
    this.#words = new Uint32Array(Math.ceil(capacity / 32))
  }

  get count(): number {
    return this.#count
  }

  has(id: number): boolean {
    return ((this.#words[id >>> 5] ?? 0) & (1 << (id & 31))) !== 0
  }

  /** Returns whether it is new. */
  add(id: number): boolean {
    const word = id >>> 5
    const bit = 1 << (id & 31)
    if (word >= this.#words.length) this.#words = resized(this.#words, Math.max(word + 1, 2 * this.#words.length))
    if ((this.#words[word]! & bit) !== 0) return false
    this.#words[word]! |= bit
    this.#count++
    if (word < this.#cursor) this.#cursor = word
    return true
  }

  delete(id: number): void {
    if (!this.has(id)) return
    this.#words[id >>> 5]! &= ~(1 << (id & 31))
    this.#count--
  }

  /** Takes out the lowest id; -1 when there is none. */
  take(): number {
    if (this.#count === 0) return -1
    while (this.#words[this.#cursor] === 0) this.#cursor++
    const word = this.#words[this.#cursor]!
    const bit = word & -word
    this.#words[this.#cursor] = word ^ bit
    this.#count--
    return 32 * this.#cursor + (31 - Math.clz32(bit))
  }
}
