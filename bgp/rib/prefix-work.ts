/**
 * What is due for the prefixes of one family: selection, export, the kernel, release; each a queue of ids in which a prefix is
 * once. Holds what is by prefix: the first path of its list, the chosen path, and in which queues it is.
 *
 * Rules: whoever changes what selection could see calls `touch`; a prefix without paths is released by `releaseVacant` only
 * when nobody else needs its id.
 */
import type { Family } from '../../lib/base/ip.ts'
import { PrefixTable } from '../../lib/base/prefix-table.ts'
import { resized } from '../../lib/base/typed-array.ts'
import { IdQueue } from './id-queue.ts'

/** Bits of a prefix's state. */
export const prefixState = {
  /** In the queue for selection. */
  dirty: 1,
  /** The chosen path says something else than it did when it was chosen. */
  bestReplaced: 2,
  /** In the queue for export. */
  changed: 4,
  /** In the queue of kernel changes. */
  kernel: 8,
  /** In the queue of prefixes without paths. */
  vacant: 16,
} as const

const FIRST_CAPACITY = 64
/** Of the prefixes with paths, up to this part (a quarter) as many may lie there without. */
const VACANT_PART = 4
/** Most prefixes that one call of `releaseVacant` looks at. */
const VACANT_PASS = 16_384

export class PrefixWork {
  readonly family: Family
  readonly prefixes: PrefixTable
  /** By prefix: first path of its list, 0 when it has none. */
  head = new Int32Array(FIRST_CAPACITY)
  /** By prefix: the chosen path, 0 for none. Only valid while `isSettled`. */
  best = new Int32Array(FIRST_CAPACITY)
  protected state = new Uint8Array(FIRST_CAPACITY)
  /** Prefixes that have paths. */
  populated = 0
  /** Calls of `releaseVacant` to let pass, for none could be released last time. */
  #patience = 0
  /** Waiting for selection, for export, for the kernel; without paths. */
  readonly dirty = new IdQueue()
  readonly changed = new IdQueue()
  readonly kernel = new IdQueue()
  readonly vacant = new IdQueue()
  /** Whether each path of a prefix is up for export, not the chosen one alone. */
  protected everyPathCounts = false

  constructor(family: Family, seed: number) {
    this.family = family
    this.prefixes = new PrefixTable(family, seed)
  }

  /** Puts a prefix before selection. */
  touch(prefix: number): void {
    if ((this.state[prefix]! & prefixState.dirty) !== 0) return
    this.state[prefix]! |= prefixState.dirty
    this.dirty.push(prefix)
  }

  /** Takes the next prefix to select for. */
  nextDirty(): number {
    const prefix = this.dirty.shift()
    this.state[prefix]! &= ~prefixState.dirty
    return prefix
  }

  /** Enters the chosen path (0: none); returns whether something is up for export by it: another route or, where peers are sent several, any path. */
  choose(prefix: number, path: number): boolean {
    const state = this.state[prefix]!
    if (path === 0 && this.head[prefix] === 0 && (state & prefixState.vacant) === 0) {
      this.state[prefix]! |= prefixState.vacant
      this.vacant.push(prefix)
    }
    const isSame = this.best[prefix] === path && (state & prefixState.bestReplaced) === 0
    if (isSame && !this.everyPathCounts) return false
    this.best[prefix] = path
    this.state[prefix]! &= ~prefixState.bestReplaced
    if ((state & prefixState.changed) === 0) {
      this.state[prefix]! |= prefixState.changed
      this.changed.push(prefix)
    }
    return true
  }

  nextChanged(): number {
    const prefix = this.changed.shift()
    this.state[prefix]! &= ~prefixState.changed
    return prefix
  }

  /** Whether `best` says what it said when it was chosen. If not, selection is due, and the prefix then comes up as changed. */
  isSettled(prefix: number): boolean {
    return (this.state[prefix]! & prefixState.bestReplaced) === 0
  }

  touchKernel(prefix: number): void {
    if ((this.state[prefix]! & prefixState.kernel) !== 0) return
    this.state[prefix]! |= prefixState.kernel
    this.kernel.push(prefix)
  }

  nextKernel(): number {
    const prefix = this.kernel.shift()
    this.#patience = 0
    this.state[prefix]! &= ~prefixState.kernel
    return prefix
  }

  /** Whether so many prefixes have no path that it is time to release them. */
  get isSparse(): boolean {
    return this.#patience <= 0 && VACANT_PART * (this.prefixes.size - this.populated) > this.populated
  }

  /**
   * Releases the ids of prefixes that have no path and that nobody else needs, once there are many. Some are kept: routes
   * that flap come back soon, and to find a prefix is much cheaper than to remove it and to enter it again.
   */
  releaseVacant(isNeeded: (prefix: number) => boolean): void {
    if (this.#patience > 0) this.#patience--
    if (!this.isSparse) return
    const busy = prefixState.dirty | prefixState.changed | prefixState.kernel
    const before = this.vacant.length
    for (let left = Math.min(before, VACANT_PASS); left > 0; left--) {
      const prefix = this.vacant.shift()
      if (this.head[prefix] !== 0) this.state[prefix]! &= ~prefixState.vacant
      else if ((this.state[prefix]! & busy) !== 0 || isNeeded(prefix)) this.vacant.push(prefix)
      else {
        this.state[prefix] = 0
        this.prefixes.release(prefix)
      }
    }
    if (this.vacant.length === before) this.#patience = (before >> 6) + 1
    if (this.prefixes.size === 0) this.reset()
  }

  /** As `AttributeStore.trim`. */
  trim(): void {
    this.prefixes.trim()
    this.dirty.trim()
    this.changed.trim()
    this.kernel.trim()
    this.vacant.trim()
  }

  /** Makes room for as many prefixes as there may be ids. */
  protected growPrefixes(): void {
    const capacity = this.prefixes.capacity
    this.head = resized(this.head, capacity)
    this.best = resized(this.best, capacity)
    this.state = resized(this.state, capacity)
  }

  /** No prefix is left: all memory goes back. */
  protected reset(): void {
    if (this.head.length > this.prefixes.capacity) this.growPrefixes()
  }
}
