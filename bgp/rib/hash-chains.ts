/**
 * Ids of interned things by their hash: a list for each hash, through arrays. One that goes moves no other, so that only its own
 * list is read. Knows neither what the ids stand for nor their hashes: whoever adds and removes an id says the hash.
 */

export class HashChains {
  /** By hash, cut to the length of the array: the first id; 0: none. */
  readonly #heads: Int32Array
  /** By id: the next one of the list; 0: none. */
  readonly #next: Int32Array

  /** @param capacity a power of two; ids are from 1 to less than this */
  constructor(capacity: number) {
    this.#heads = new Int32Array(capacity)
    this.#next = new Int32Array(capacity)
  }

  /** The first id of a list that has all ids with this hash, and maybe others; 0: there is none. */
  first(hash: number): number {
    return this.#heads[hash & (this.#heads.length - 1)]!
  }

  /** The next one of the list. */
  next(id: number): number {
    return this.#next[id]!
  }

  add(id: number, hash: number): void {
    const head = hash & (this.#heads.length - 1)
    this.#next[id] = this.#heads[head]!
    this.#heads[head] = id
  }

  /** @param id one that was added with this hash */
  remove(id: number, hash: number): void {
    const next = this.#next
    const head = hash & (this.#heads.length - 1)
    let before = this.#heads[head]!
    if (before === id) {
      this.#heads[head] = next[id]!
      return
    }
    while (next[before] !== id) before = next[before]!
    next[before] = next[id]!
  }
}
