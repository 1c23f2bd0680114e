/**
 * Paths that are gone, whose ids peers may hold still (RFC 7911): an id that came back at once as another prefix's path could be
 * withdrawn from a peer under the wrong prefix. Knows no peer; whoever does says what is needed.
 */
import { IdQueue } from './id-queue.ts'

/** Most paths that one call of `release` looks at. */
const PASS = 4096

export class DepartedPaths {
  readonly #paths = new IdQueue()
  /** How many there are, by prefix. */
  readonly #byPrefix = new Map<number, number>()

  get size(): number {
    return this.#paths.length
  }

  /** As `AttributeStore.trim`. */
  trim(): void {
    this.#paths.trim()
  }

  isOf(prefix: number): boolean {
    return this.#byPrefix.has(prefix)
  }

  add(path: number, prefix: number): void {
    this.#paths.push(path)
    this.#byPrefix.set(prefix, (this.#byPrefix.get(prefix) ?? 0) + 1)
  }

  /** Hands those that nobody needs to `free`. @param prefixOf by path */
  release(isNeeded: (path: number) => boolean, prefixOf: Int32Array, free: (path: number) => void): void {
    for (let left = Math.min(this.size, PASS); left > 0; left--) {
      const path = this.#paths.shift()
      if (isNeeded(path)) {
        this.#paths.push(path)
        continue
      }
      const prefix = prefixOf[path]!
      const others = this.#byPrefix.get(prefix)! - 1
      if (others > 0) this.#byPrefix.set(prefix, others)
      else this.#byPrefix.delete(prefix)
      free(path)
    }
  }
}
