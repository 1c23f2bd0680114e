/**
 * All paths of one family: the Adj-RIBs-In of every peer, with the chosen path of each prefix beside them (the Loc-RIB), as
 * arrays by prefix id and by path id. A path is a prefix, an announcement and flags; the paths of a prefix are a list.
 * Routes are kept as received: import policy is a flag, so that a policy edit needs no session reset.
 *
 * There is no list per peer: what concerns one peer (flush, sweep, policy) is a scan of the path arrays that stops when the
 * peer's last path is found. A million paths are scanned in about the time of ten thousand list steps with cache misses, and
 * two links per path would cost a third of its memory.
 *
 * Rules: whoever changes what selection could see calls `touch`; a prefix without paths is released by `releaseVacant` only
 * when nobody else needs its id.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import { PrefixTable } from '../../lib/base/prefix-table.ts'
import type { AnnouncementTable } from './announcement-table.ts'
import type { PrefixFilter } from './policy.ts'
import { IdQueue, resized } from './typed-array.ts'

/** Bits of a path's flags. */
export const pathFlag = {
  /** Of a session that is gone (RFC 4724). */
  stale: 1,
  rejected: 2,
  /** Not learned again yet since the peer began to send everything again (RFC 7313). */
  unrefreshed: 4,
} as const

/** Bits of a prefix's state. */
const prefixState = {
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

export class PathTable {
  readonly family: Family
  readonly prefixes: PrefixTable
  readonly #announcements: AnnouncementTable
  /** By prefix: first path of its list, 0 when it has none. */
  head = new Int32Array(FIRST_CAPACITY)
  /** By prefix: the chosen path, 0 for none. Only valid while `isSettled`. */
  best = new Int32Array(FIRST_CAPACITY)
  #state = new Uint8Array(FIRST_CAPACITY)
  /** By path; path 0 is nobody's and says nothing. */
  announcement = new Int32Array(FIRST_CAPACITY)
  prefix = new Int32Array(FIRST_CAPACITY)
  next = new Int32Array(FIRST_CAPACITY)
  flags = new Uint8Array(FIRST_CAPACITY)
  #freshPath = 1
  /** Freed paths, linked through `next`. */
  #freePath = 0
  #paths = 0
  /** Prefixes that have paths. */
  #populated = 0
  /** Calls of `releaseVacant` to let pass, for none could be released last time. */
  #patience = 0
  /** Waiting for selection, for export, for the kernel; without paths. */
  readonly dirty = new IdQueue()
  readonly changed = new IdQueue()
  readonly kernel = new IdQueue()
  readonly vacant = new IdQueue()
  /** By peer. */
  received = new Uint32Array(16)
  rejected = new Uint32Array(16)
  stale = new Uint32Array(16)

  constructor(family: Family, announcements: AnnouncementTable, seed: number) {
    this.family = family
    this.prefixes = new PrefixTable(family, seed)
    this.#announcements = announcements
  }

  /** Paths in the table. */
  get size(): number {
    return this.#paths
  }

  /** Prefixes that have paths. */
  get populated(): number {
    return this.#populated
  }

  /** Makes room for a new peer's counters. */
  welcome(peer: number): void {
    if (peer < this.received.length) return
    this.received = resized(this.received, 2 * peer)
    this.rejected = resized(this.rejected, 2 * peer)
    this.stale = resized(this.stale, 2 * peer)
  }

  /** Learns or replaces the peer's path for each NLRI of a judged range of `buffer`. */
  announce(announcement: number, buffer: Uint8Array, start: number, end: number, filter: PrefixFilter): void {
    const peer = this.#announcements.peer[announcement]!
    const constant = filter.constant
    for (let at = start; at < end; ) {
      const length = buffer[at]!
      const prefix = this.prefixes.intern(buffer, at + 1, length)
      at += 1 + ((length + 7) >> 3)
      if (prefix >= this.head.length) this.#growPrefixes()
      const accept = constant ?? filter.accepts(this.prefixes, prefix)
      this.#put(prefix, peer, announcement, accept ? 0 : pathFlag.rejected)
    }
  }

  /** Removes the peer's path for each NLRI of a judged range of `buffer`; unknown prefixes cost a look-up. */
  withdraw(peer: number, buffer: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const length = buffer[at]!
      const prefix = this.prefixes.find(buffer, at + 1, length)
      at += 1 + ((length + 7) >> 3)
      if (prefix !== -1) this.#take(prefix, peer)
    }
  }

  /** One prefix, for routes of our own. */
  originate(announcement: number, prefix: Prefix): void {
    const id = this.prefixes.intern(prefix.bytes, 0, prefix.length)
    if (id >= this.head.length) this.#growPrefixes()
    this.#put(id, this.#announcements.peer[announcement]!, announcement, 0)
  }

  withdrawOne(peer: number, prefix: Prefix): void {
    const id = this.prefixes.find(prefix.bytes, 0, prefix.length)
    if (id !== -1) this.#take(id, peer)
  }

  /** Marks all paths of a peer stale. */
  markStale(peer: number): void {
    this.#scan(peer, path => {
      if ((this.flags[path]! & pathFlag.stale) !== 0) return
      this.flags[path]! |= pathFlag.stale
      this.stale[peer]!++
    })
  }

  /** Marks all paths of a peer, until each is learned again. */
  markUnrefreshed(peer: number): void {
    this.#scan(peer, path => {
      this.flags[path]! |= pathFlag.unrefreshed
    })
  }

  /** Removes all paths of a peer, or only those that are marked; returns how many. */
  flush(peer: number, only: 'all' | 'stale' | 'unrefreshed'): number {
    const before = this.received[peer]!
    if (only === 'stale' && this.stale[peer] === 0) return 0
    this.#scan(peer, path => {
      if (only === 'all' || (this.flags[path]! & pathFlag[only]) !== 0) this.#take(this.prefix[path]!, peer)
    })
    return before - this.received[peer]!
  }

  /** Applies import policy again. */
  filter(peer: number, filter: PrefixFilter): void {
    this.#scan(peer, path => {
      const prefix = this.prefix[path]!
      const was = (this.flags[path]! & pathFlag.rejected) !== 0
      if (filter.accepts(this.prefixes, prefix) !== was) return
      this.flags[path]! ^= pathFlag.rejected
      this.rejected[peer]! += was ? -1 : 1
      this.touch(prefix)
    })
  }

  /** Puts all paths of a peer before selection and export again: what the peer is to us has changed. */
  reconsider(peer: number): void {
    this.#scan(peer, path => {
      const prefix = this.prefix[path]!
      if (this.best[prefix] === path) this.#state[prefix]! |= prefixState.bestReplaced
      this.touch(prefix)
    })
  }

  /** Puts the prefixes of all paths over these next hops before selection again. */
  touchNextHops(nextHops: ReadonlySet<number>): void {
    for (let path = 1; path < this.#freshPath; path++) {
      const announcement = this.announcement[path]!
      if (announcement !== 0 && nextHops.has(this.#announcements.nextHop[announcement]!)) this.touch(this.prefix[path]!)
    }
  }

  /** The peer's path for a prefix, 0 when it has none. */
  find(prefix: number, peer: number): number {
    for (let path = this.head[prefix]!; path !== 0; path = this.next[path]!)
      if (this.#announcements.peer[this.announcement[path]!] === peer) return path
    return 0
  }

  /** Puts a prefix before selection. */
  touch(prefix: number): void {
    if ((this.#state[prefix]! & prefixState.dirty) !== 0) return
    this.#state[prefix]! |= prefixState.dirty
    this.dirty.push(prefix)
  }

  /** Takes the next prefix to select for. */
  nextDirty(): number {
    const prefix = this.dirty.shift()
    this.#state[prefix]! &= ~prefixState.dirty
    return prefix
  }

  /** Enters the chosen path (0: none); returns whether the route is another one than before, which is then up for export. */
  choose(prefix: number, path: number): boolean {
    const state = this.#state[prefix]!
    if (path === 0 && this.head[prefix] === 0 && (state & prefixState.vacant) === 0) {
      this.#state[prefix]! |= prefixState.vacant
      this.vacant.push(prefix)
    }
    if (this.best[prefix] === path && (state & prefixState.bestReplaced) === 0) return false
    this.best[prefix] = path
    this.#state[prefix]! &= ~prefixState.bestReplaced
    if ((state & prefixState.changed) === 0) {
      this.#state[prefix]! |= prefixState.changed
      this.changed.push(prefix)
    }
    return true
  }

  nextChanged(): number {
    const prefix = this.changed.shift()
    this.#state[prefix]! &= ~prefixState.changed
    return prefix
  }

  /** Whether `best` says what it said when it was chosen. If not, selection is due, and the prefix then comes up as changed. */
  isSettled(prefix: number): boolean {
    return (this.#state[prefix]! & prefixState.bestReplaced) === 0
  }

  /** The announcement of the chosen path, 0 for none; only valid while `isSettled`. */
  chosen(prefix: number): number {
    return this.announcement[this.best[prefix]!]!
  }

  touchKernel(prefix: number): void {
    if ((this.#state[prefix]! & prefixState.kernel) !== 0) return
    this.#state[prefix]! |= prefixState.kernel
    this.kernel.push(prefix)
  }

  nextKernel(): number {
    const prefix = this.kernel.shift()
    this.#patience = 0
    this.#state[prefix]! &= ~prefixState.kernel
    return prefix
  }

  /** Whether so many prefixes have no path that it is time to release them. */
  get isSparse(): boolean {
    return this.#patience <= 0 && this.prefixes.size - this.#populated > this.#populated / VACANT_PART
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
      if (this.head[prefix] !== 0) this.#state[prefix]! &= ~prefixState.vacant
      else if ((this.#state[prefix]! & busy) !== 0 || isNeeded(prefix)) this.vacant.push(prefix)
      else {
        this.#state[prefix] = 0
        this.prefixes.release(prefix)
      }
    }
    if (this.vacant.length === before) this.#patience = before / 64
    if (this.prefixes.size === 0 && this.head.length > this.prefixes.capacity) this.#reset()
  }

  #put(prefix: number, peer: number, announcement: number, flags: number): void {
    const path = this.find(prefix, peer)
    this.#announcements.references[announcement]!++
    if (path === 0) {
      const added = this.#allocate()
      this.announcement[added] = announcement
      this.prefix[added] = prefix
      this.flags[added] = flags
      if (this.head[prefix] === 0) this.#populated++
      this.next[added] = this.head[prefix]!
      this.head[prefix] = added
      this.received[peer]!++
      if (flags !== 0) this.rejected[peer]!++
      this.touch(prefix)
      return
    }
    const old = this.announcement[path]!
    const before = this.flags[path]!
    this.flags[path] = flags
    if ((before & pathFlag.stale) !== 0) this.stale[peer]!--
    const rejectedBefore = (before & pathFlag.rejected) !== 0
    const rejectedNow = (flags & pathFlag.rejected) !== 0
    if (rejectedBefore !== rejectedNow) this.rejected[peer]! += rejectedNow ? 1 : -1
    this.announcement[path] = announcement
    this.#announcements.release(old)
    if (old === announcement && rejectedBefore === rejectedNow) return
    if (this.best[prefix] === path) this.#state[prefix]! |= prefixState.bestReplaced
    this.touch(prefix)
  }

  #take(prefix: number, peer: number): void {
    let before = 0
    for (let path = this.head[prefix]!; path !== 0; before = path, path = this.next[path]!) {
      const announcement = this.announcement[path]!
      if (this.#announcements.peer[announcement] !== peer) continue
      if (before === 0) {
        this.head[prefix] = this.next[path]!
        if (this.head[prefix] === 0) this.#populated--
      } else this.next[before] = this.next[path]!
      if ((this.flags[path]! & pathFlag.stale) !== 0) this.stale[peer]!--
      if ((this.flags[path]! & pathFlag.rejected) !== 0) this.rejected[peer]!--
      this.received[peer]!--
      // the id may come back at once as another path of this prefix
      if (this.best[prefix] === path) this.#state[prefix]! |= prefixState.bestReplaced
      this.announcement[path] = 0
      this.next[path] = this.#freePath
      this.#freePath = path
      this.#paths--
      this.#announcements.release(announcement)
      this.touch(prefix)
      return
    }
  }

  #allocate(): number {
    this.#paths++
    const path = this.#freePath
    if (path !== 0) {
      this.#freePath = this.next[path]!
      return path
    }
    if (this.#freshPath === this.next.length) this.#resizePaths(2 * this.next.length)
    return this.#freshPath++
  }

  /** Visits the paths of a peer; `visit` may remove the path it is given. */
  #scan(peer: number, visit: (path: number) => void): void {
    let left = this.received[peer]!
    for (let path = 1; left > 0; path++) {
      const announcement = this.announcement[path]!
      if (announcement === 0 || this.#announcements.peer[announcement] !== peer) continue
      left--
      visit(path)
    }
  }

  #growPrefixes(): void {
    const capacity = this.prefixes.capacity
    this.head = resized(this.head, capacity)
    this.best = resized(this.best, capacity)
    this.#state = resized(this.#state, capacity)
  }

  #resizePaths(capacity: number): void {
    this.announcement = resized(this.announcement, capacity)
    this.prefix = resized(this.prefix, capacity)
    this.next = resized(this.next, capacity)
    this.flags = resized(this.flags, capacity)
  }

  /** No prefix is left: all memory goes back. */
  #reset(): void {
    this.#growPrefixes()
    this.#freshPath = 1
    this.#freePath = 0
    this.#resizePaths(FIRST_CAPACITY)
  }
}
