/**
 * All paths of one family: the Adj-RIBs-In of every peer, with the chosen path of each prefix beside them (the Loc-RIB), as
 * arrays by prefix id and by path id. A path is a prefix, an announcement and flags; the paths of a prefix are a list.
 * Routes are kept as received, so that a policy edit needs no session reset: rejection is a flag, and where import policy made
 * another announcement of a route, the one that was received is kept beside it, in an array that exists only then.
 *
 * There is no list per peer: what concerns one peer (flush, sweep, policy) is a scan of the path arrays that stops when the
 * peer's last path is found. A million paths are scanned in about the time of ten thousand list steps with cache misses, and
 * two links per path would cost a third of its memory.
 *
 * A peer may have several paths for a prefix, told apart by the path ids that it sends (RFC 7911); they cost an array that
 * exists only once some peer does. Where peers are sent several paths of a prefix, the id of a path here is the id that they
 * see: it stays with the path over a replacement, and is used again only when nobody holds it any more.
 *
 * What is due for a prefix is prefix-work.ts'.
 */
import { IdStack } from '../../lib/base/id-stack.ts'
import type { Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import { GROWTH } from '../../lib/base/prefix-table.ts'
import { resized } from '../../lib/base/typed-array.ts'
import { readUint32 } from '../wire/octets.ts'
import type { AnnouncementTable } from './announcement-table.ts'
import { DepartedPaths } from './departed-paths.ts'
import { PathCounts } from './path-counts.ts'
import { PolicyPasses } from './policy-pass.ts'
import { PrefixWork, prefixState } from './prefix-work.ts'
import type { RoutePolicy } from './route-policy.ts'

/** Bits of a path's flags. */
export const pathFlag = {
  /** Of a session that is gone (RFC 4724). */
  stale: 1,
  rejected: 2,
  /** Not learned again yet since the peer began to send everything again (RFC 7313). */
  unrefreshed: 4,
  /** Stale, and kept for long (RFC 9494). */
  longStale: 8,
} as const

const FIRST_CAPACITY = 64

export class PathTable extends PrefixWork {
  readonly #announcements: AnnouncementTable
  /** By path; path 0 is nobody's and says nothing. */
  announcement = new Int32Array(FIRST_CAPACITY)
  prefix = new Int32Array(FIRST_CAPACITY)
  next = new Int32Array(FIRST_CAPACITY)
  flags = new Uint8Array(FIRST_CAPACITY)
  /** By path: the announcement as received, 0 where it is `announcement`. Undefined: nowhere has policy made another one. */
  original: Int32Array | undefined
  /** By path: the id that the peer gave it. Undefined: no peer sends such ids, all are 0. */
  pathIds: Uint32Array | undefined
  #freshPath = 1
  readonly #freed = new IdStack()
  #paths = 0
  readonly counts = new PathCounts()
  readonly #departed = new DepartedPaths()
  readonly #passes = new PolicyPasses()

  constructor(family: Family, announcements: AnnouncementTable, seed: number) {
    super(family, seed)
    this.#announcements = announcements
  }

  /** Paths in the table. */
  get size(): number {
    return this.#paths
  }

  /** Path ids are less than this. */
  get pathCapacity(): number {
    return this.next.length
  }

  /** Begins anew with a number that was another peer's. */
  welcome(peer: number): void {
    this.counts.welcome(peer)
    this.#passes.forget(peer)
  }

  /**
   * Learns or replaces the peer's path for each NLRI of a judged range of `buffer`.
   * @param withIds whether a path id is before each prefix
   */
  announce(
    announcement: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    withIds: boolean,
    policy: RoutePolicy,
  ): void {
    const peer = this.#announcements.peer[announcement]!
    const filter = policy.filterFor(announcement)
    const { constant, derives } = filter
    if (withIds) this.pathIds ??= new Uint32Array(this.next.length)
    const gap = withIds ? 4 : 0
    for (let at = start; at < end; ) {
      const pathId = withIds ? readUint32(buffer, at) : 0
      const length = buffer[at + gap]!
      const prefix = this.prefixes.intern(buffer, at + gap + 1, length)
      at += gap + 1 + ((length + 7) >> 3)
      if (prefix >= this.head.length) this.growPrefixes()
      const outcome = constant ?? filter.decide(this.prefixes, prefix)
      const effective = policy.effective(announcement, filter, outcome)
      this.#put(prefix, peer, pathId, announcement, effective || announcement, effective === 0 ? pathFlag.rejected : 0)
    }
    if (derives) policy.settle()
  }

  /** Removes the peer's path for each NLRI of a judged range of `buffer`; unknown prefixes cost a look-up. */
  withdraw(peer: number, buffer: Uint8Array, start: number, end: number, withIds: boolean): void {
    const gap = withIds ? 4 : 0
    for (let at = start; at < end; ) {
      const pathId = withIds ? readUint32(buffer, at) : 0
      const length = buffer[at + gap]!
      const prefix = this.prefixes.find(buffer, at + gap + 1, length)
      at += gap + 1 + ((length + 7) >> 3)
      if (prefix !== -1) this.#take(prefix, peer, pathId)
    }
  }

  /**
   * Reads ahead what it takes to learn or withdraw these prefixes: what is by prefix, the first path of each, and the paths that
   * will be given to those that have none. Leaves the announcement of the first path in `ids`, 0 where there is none.
   * @param places,returns as of `PrefixTable.prefetch`
   */
  prefetch(bytes: Uint8Array, places: Int32Array, count: number, ids: Int32Array): number {
    const { head, best, state, announcement, prefix, next, flags } = this
    let touched = this.prefixes.prefetch(bytes, places, count, ids)
    let vacant = 0
    for (let index = 0; index < count; index++) {
      const id = ids[index]!
      if (id !== -1) touched |= best[id]! | state[id]!
      const path = id === -1 ? 0 : head[id]!
      if (path === 0) vacant++
      ids[index] = path
    }
    for (let index = 0; index < count; index++) {
      const path = ids[index]!
      touched |= next[path]! | flags[path]!
      ids[index] = announcement[path]!
    }
    for (let others = Math.min(vacant, this.#freed.length) - 1; others >= 0; others--) {
      const path = this.#freed.peek(others)
      touched |= announcement[path]! | prefix[path]! | next[path]! | flags[path]!
    }
    return touched
  }

  /** One prefix, for routes of our own. */
  originate(announcement: number, prefix: Prefix): void {
    const id = this.prefixes.intern(prefix.bytes, 0, prefix.length)
    if (id >= this.head.length) this.growPrefixes()
    this.#put(id, this.#announcements.peer[announcement]!, 0, announcement, announcement, 0)
  }

  withdrawOne(peer: number, prefix: Prefix): void {
    const id = this.prefixes.find(prefix.bytes, 0, prefix.length)
    if (id !== -1) this.#take(id, peer, 0)
  }

  /** Marks all paths of a peer stale. */
  markStale(peer: number): void {
    this.#scan(peer, path => {
      if ((this.flags[path]! & pathFlag.stale) !== 0) return
      this.flags[path]! |= pathFlag.stale
      this.counts.stale[peer]!++
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
    const before = this.counts.received[peer]!
    if (only === 'stale' && this.counts.stale[peer] === 0) return 0
    this.#scan(peer, path => {
      if (only === 'all' || (this.flags[path]! & pathFlag[only]) !== 0) this.#remove(path)
    })
    return before - this.counts.received[peer]!
  }

  /**
   * Keeps the stale paths of a peer for long: as what `policy` makes of long-stale ones. Those that must not be kept so go.
   * Returns how many are kept.
   */
  prolong(peer: number, policy: RoutePolicy): number {
    const known = new Map<number, number>()
    this.#scan(peer, path => {
      if ((this.flags[path]! & pathFlag.stale) === 0) return
      const before = this.announcement[path]!
      const prolonged = known.get(before) ?? policy.prolonged(before)
      known.set(before, prolonged)
      if (prolonged === 0) this.#remove(path)
      else {
        this.flags[path]! |= pathFlag.longStale
        if (this.#replaceEffective(path, prolonged)) this.touch(this.prefix[path]!)
      }
    })
    policy.settle()
    return this.counts.stale[peer]!
  }

  /**
   * Applies import policy again to the routes as they were received, as `filterMore` is called; what comes out as before is not
   * touched, and what must not be kept for long now goes.
   */
  filter(peer: number, policy: RoutePolicy): void {
    if (this.counts.received[peer]! > 0) this.#passes.begin(peer, policy)
    else this.#passes.forget(peer) // or what comes next would be judged by a policy of before
  }

  get isFiltering(): boolean {
    return !this.#passes.isEmpty
  }

  /** Applies policies to at most `budget` paths; returns to how many. */
  filterMore(budget: number): number {
    return this.#passes.continue(budget, this.#freshPath, (path, peer, policy) => {
      const isOf = this.#announcements.peer[this.announcement[path]!] === peer
      if (isOf) this.#filterOne(path, peer, policy)
      return isOf
    })
  }

  #filterOne(path: number, peer: number, policy: RoutePolicy): void {
    const prefix = this.prefix[path]!
    const announcement = this.receivedAs(path)
    const filter = policy.filterFor(announcement)
    const outcome = filter.constant ?? filter.decide(this.prefixes, prefix)
    const was = (this.flags[path]! & pathFlag.rejected) !== 0
    const accepted = policy.effective(announcement, filter, outcome)
    const isLongStale = (this.flags[path]! & pathFlag.longStale) !== 0
    const effective = isLongStale ? policy.prolonged(accepted || announcement) : accepted || announcement
    if (effective === 0) {
      this.#remove(path)
      return
    }
    const isOther = this.#replaceEffective(path, effective)
    if (was !== (accepted === 0)) {
      this.flags[path]! ^= pathFlag.rejected
      this.counts.rejected[peer]! += was ? -1 : 1
    } else if (!isOther) return
    this.touch(prefix)
  }

  /** The announcement of a path before import policy. */
  receivedAs(path: number): number {
    return this.original?.[path] || this.announcement[path]!
  }

  /** Puts all paths of a peer before selection and export again: what the peer is to us has changed. */
  reconsider(peer: number): void {
    this.#scan(peer, path => {
      const prefix = this.prefix[path]!
      if (this.best[prefix] === path) this.state[prefix]! |= prefixState.bestReplaced
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

  /** The peer's path for a prefix with this id, 0 when it has none. */
  find(prefix: number, peer: number, pathId: number): number {
    const ids = this.pathIds
    for (let path = this.head[prefix]!; path !== 0; path = this.next[path]!)
      if (this.#announcements.peer[this.announcement[path]!] === peer && (ids === undefined || ids[path] === pathId))
        return path
    return 0
  }

  /** The id that the peer gave a path, 0 where it gives none. */
  pathIdOf(path: number): number {
    return this.pathIds?.[path] ?? 0
  }

  /** The peer's paths for a prefix. */
  *pathsOf(prefix: number, peer: number): IterableIterator<number> {
    for (let path = this.head[prefix]!; path !== 0; path = this.next[path]!)
      if (this.#announcements.peer[this.announcement[path]!] === peer) yield path
  }

  /** Whether peers are sent several paths of a prefix, so that each path counts for export, and ids stay theirs for a while. */
  sendIds(sends: boolean): void {
    this.everyPathCounts = sends
    if (!sends) while (this.#departed.size > 0) this.releaseDeparted(() => false)
  }

  /** Releases ids of paths that are gone, but those that somebody needs. */
  releaseDeparted(isNeeded: (path: number) => boolean): void {
    this.#departed.release(isNeeded, this.prefix, path => this.#freed.push(path))
  }

  override trim(): void {
    super.trim()
    this.#freed.trim()
    this.#departed.trim()
  }

  /** Whether a path of the prefix is gone whose id somebody may hold still. */
  isDeparting(prefix: number): boolean {
    return this.#departed.isOf(prefix)
  }

  /** The announcement of the chosen path, 0 for none; only valid while `isSettled`. */
  chosen(prefix: number): number {
    return this.announcement[this.best[prefix]!]!
  }

  /** Enters what policy makes of a path's announcement now; returns whether that is another one than before. */
  #replaceEffective(path: number, effective: number): boolean {
    const before = this.announcement[path]!
    if (before === effective) return false
    const prefix = this.prefix[path]!
    this.#announcements.retain(effective)
    this.#noteOriginal(path, effective, this.receivedAs(path))
    this.announcement[path] = effective
    this.#announcements.release(before)
    if (this.best[prefix] === path) this.state[prefix]! |= prefixState.bestReplaced
    return true
  }

  /** Keeps what was received where policy made another one of it, and lets go of what was kept before. */
  #noteOriginal(path: number, effective: number, received: number): void {
    const now = effective === received ? 0 : received
    if (this.original === undefined) {
      if (now === 0) return
      this.original = new Int32Array(this.next.length)
    }
    const before = this.original[path]!
    if (now !== 0) this.#announcements.retain(now)
    this.original[path] = now
    if (before !== 0) this.#announcements.release(before)
  }

  /** @param effective what import policy made of the announcement */
  #put(prefix: number, peer: number, pathId: number, received: number, effective: number, flags: number): void {
    const path = this.find(prefix, peer, pathId)
    if (path !== 0) this.#replace(path, peer, received, effective, flags)
    else if (this.#admits(prefix, peer)) this.#add(prefix, peer, pathId, received, effective, flags)
  }

  #add(prefix: number, peer: number, pathId: number, received: number, effective: number, flags: number): void {
    this.#announcements.references[effective]!++
    const path = this.#allocate()
    if (this.pathIds !== undefined) this.pathIds[path] = pathId
    this.announcement[path] = effective
    if (effective !== received) this.#noteOriginal(path, effective, received)
    this.prefix[path] = prefix
    this.flags[path] = flags
    const head = this.head[prefix]!
    if (head === 0) this.populated++
    this.next[path] = head
    this.head[prefix] = path
    this.counts.received[peer]!++
    if (flags !== 0) this.counts.rejected[peer]!++
    this.touch(prefix)
  }

  #replace(path: number, peer: number, received: number, effective: number, flags: number): void {
    this.#announcements.references[effective]!++
    if (effective !== received || this.original !== undefined) this.#noteOriginal(path, effective, received)
    const prefix = this.prefix[path]!
    const old = this.announcement[path]!
    const before = this.flags[path]!
    this.flags[path] = flags
    if ((before & pathFlag.stale) !== 0) this.counts.stale[peer]!--
    const rejectedBefore = (before & pathFlag.rejected) !== 0
    const rejectedNow = (flags & pathFlag.rejected) !== 0
    if (rejectedBefore !== rejectedNow) this.counts.rejected[peer]! += rejectedNow ? 1 : -1
    this.announcement[path] = effective
    this.#announcements.release(old)
    if (old === effective && rejectedBefore === rejectedNow) return
    if (this.best[prefix] === path) this.state[prefix]! |= prefixState.bestReplaced
    this.touch(prefix)
  }

  /** Counts a path that is about to be added; false: the peer has as many prefixes as it may. */
  #admits(prefix: number, peer: number): boolean {
    if (this.pathIds !== undefined && this.#isAmong(prefix, peer)) this.counts.further[peer]!++
    else if (!this.counts.hasRoom(peer)) {
      this.counts.dropped[peer]!++
      this.touch(prefix) // it may be without any path, to be released
      return false
    }
    return true
  }

  /** Whether the peer has any path for the prefix. */
  #isAmong(prefix: number, peer: number): boolean {
    for (let path = this.head[prefix]!; path !== 0; path = this.next[path]!)
      if (this.#announcements.peer[this.announcement[path]!] === peer) return true
    return false
  }

  #take(prefix: number, peer: number, pathId: number): void {
    const ids = this.pathIds
    let before = 0
    for (let path = this.head[prefix]!; path !== 0; before = path, path = this.next[path]!) {
      if (this.#announcements.peer[this.announcement[path]!] !== peer) continue
      if (ids !== undefined && ids[path] !== pathId) continue
      this.#unlink(prefix, before, path, peer)
      return
    }
  }

  #remove(path: number): void {
    const prefix = this.prefix[path]!
    let before = 0
    for (let other = this.head[prefix]!; other !== path; other = this.next[other]!) before = other
    this.#unlink(prefix, before, path, this.#announcements.peer[this.announcement[path]!]!)
  }

  /** @param before the path before it in the list, 0: it is the first */
  #unlink(prefix: number, before: number, path: number, peer: number): void {
    const announcement = this.announcement[path]!
    if (before === 0) {
      this.head[prefix] = this.next[path]!
      if (this.head[prefix] === 0) this.populated--
    } else this.next[before] = this.next[path]!
    if ((this.flags[path]! & pathFlag.stale) !== 0) this.counts.stale[peer]!--
    if ((this.flags[path]! & pathFlag.rejected) !== 0) this.counts.rejected[peer]!--
    this.counts.received[peer]!--
    if (this.pathIds !== undefined && this.#isAmong(prefix, peer)) this.counts.further[peer]!--
    // the id may come back at once as another path of this prefix
    if (this.best[prefix] === path) this.state[prefix]! |= prefixState.bestReplaced
    this.announcement[path] = 0
    if (this.original !== undefined) this.#noteOriginal(path, 0, 0)
    this.#paths--
    if (this.everyPathCounts) this.#departed.add(path, prefix)
    else this.#freed.push(path)
    this.#announcements.release(announcement)
    this.touch(prefix)
  }

  #allocate(): number {
    this.#paths++
    if (this.#freed.length > 0) return this.#freed.pop()
    if (this.#freshPath === this.next.length) this.#resizePaths(GROWTH * this.next.length)
    return this.#freshPath++
  }

  /** Visits the paths of a peer; `visit` may remove the path it is given. */
  #scan(peer: number, visit: (path: number) => void): void {
    let left = this.counts.received[peer]!
    for (let path = 1; left > 0; path++) {
      const announcement = this.announcement[path]!
      if (announcement === 0 || this.#announcements.peer[announcement] !== peer) continue
      left--
      visit(path)
    }
  }

  #resizePaths(capacity: number): void {
    this.announcement = resized(this.announcement, capacity)
    this.prefix = resized(this.prefix, capacity)
    this.next = resized(this.next, capacity)
    this.flags = resized(this.flags, capacity)
    if (this.pathIds !== undefined) this.pathIds = resized(this.pathIds, capacity)
    if (this.original !== undefined) this.original = resized(this.original, capacity)
  }

  protected override reset(): void {
    super.reset()
    if (this.next.length === FIRST_CAPACITY) return
    this.#freshPath = 1
    this.#freed.clear()
    this.pathIds = undefined
    this.original = undefined
    this.#resizePaths(FIRST_CAPACITY)
  }
}
