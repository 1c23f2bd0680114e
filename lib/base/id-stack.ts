/**
 * Ids that are free to be given out again, the last one first: in an array of their own, and not a list through the arrays of what
 * they stood for, so that those which come next can be told without a look at each.
 */
import { resized } from './typed-array.ts'

const FIRST_LENGTH = 64

export class IdStack {
  #ids = new Int32Array(FIRST_LENGTH)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) this.#ids = resized(this.#ids, 2 * this.#length)
    this.#ids[this.#length++] = id
  }

  /** There must be one. */
  pop(): number {
    return this.#ids[--this.#length]!
  }

  /** The one that `pop` would give after it had given so many others; there must be as many. */
  peek(others: number): number {
    return this.#ids[this.#length - 1 - others]!
  }

  /** Gives room back that is not used. To be called at rest. */
  trim(): void {
    const length = Math.max(FIRST_LENGTH, 2 * this.#length)
    if (this.#ids.length > 2 * length) this.#ids = resized(this.#ids.subarray(0, this.#length), length)
  }

  /** Forgets all, and gives their room back. */
  clear(): void {
    this.#length = 0
    if (this.#ids.length > FIRST_LENGTH) this.#ids = new Int32Array(FIRST_LENGTH)
  }
}
