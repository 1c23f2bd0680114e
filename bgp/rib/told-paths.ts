/**
 * Which paths of each prefix an export group that sends several has told: a list per prefix, through arrays. What was told of
 * a path is in the group's Adj-RIB-Out; a path that is gone stays here until its withdrawal is on the way.
 */
import { resized } from '../../lib/base/typed-array.ts'

export class ToldPaths {
  /** By prefix: the first path of its list, 0 for none. */
  #first = new Int32Array(0)
  /** By path. */
  #next = new Int32Array(0)

  /** The first path told of a prefix; 0: none is. */
  first(prefix: number): number {
    return this.#first[prefix] ?? 0
  }

  next(path: number): number {
    return this.#next[path] ?? 0
  }

  add(prefix: number, path: number): void {
    if (prefix >= this.#first.length) this.#first = resized(this.#first, roomFor(prefix))
    if (path >= this.#next.length) this.#next = resized(this.#next, roomFor(path))
    this.#next[path] = this.#first[prefix]!
    this.#first[prefix] = path
  }

  remove(prefix: number, path: number): void {
    let before = 0
    for (let told = this.#first[prefix]!; told !== path; told = this.#next[told]!) before = told
    if (before === 0) this.#first[prefix] = this.#next[path]!
    else this.#next[before] = this.#next[path]!
  }

  copy(): ToldPaths {
    const copy = new ToldPaths()
    copy.#first = this.#first.slice()
    copy.#next = this.#next.slice()
    return copy
  }
}

function roomFor(id: number): number {
  return Math.max(64, 2 ** Math.ceil(Math.log2(id + 1)))
}
