/**
 * An export group: the peers that are told the same in the same form, and the one Adj-RIB-Out they share.
 *
 * `out` holds the announcement last sent for each entry. An entry is a prefix; where members are sent several paths of a
 * prefix (RFC 7911), it is a path, and its id in the path table is the path id that they see. A member has been told of an
 * entry if `out` has an announcement there that did not come from that member: no route goes back to the peer it was learned
 * from. So when an entry changes from an announcement of peer a to one of peer b, everybody is sent the new one but b, who is
 * sent a withdrawal instead (if b was the source before as well, it knows nothing of the entry and is sent nothing).
 *
 * Which paths are sent is the same for all members: the best ones of those that any of them may be told, so that a member from
 * which one of them came is sent one less. The same holds for the most routes that members may be told: what was there first
 * stays, and what was withheld is told, lowest prefix id first, when there is room.
 *
 * Changes come as slices of prefix ids and go out as one array of octets that all members share; the sockets of the members
 * decide nothing here. A member that cannot take the stream is behind (CatchUp) and is served alone until it has caught up.
 * A new group fills its Adj-RIB-Out by going through all prefixes once, so peers that join it at the start share that too.
 */
import type { Family } from '../../lib/base/ip.ts'
import { resized } from '../../lib/base/typed-array.ts'
import { CatchUp } from './catch-up.ts'
import { type Encoding, ExportRule, type ExportSources } from './export-rule.ts'
import { IdSet } from './id-set.ts'
import type { PathTable } from './path-table.ts'
import { LOCAL_PEER } from './peer.ts'
import type { RouteSource } from './policy.ts'
import type { PrefixFilter } from './policy-filter.ts'
import type { RoutePolicy } from './route-policy.ts'
import { ToldPaths } from './told-paths.ts'
import { BATCH_SIZE, type UpdateBatch } from './update-batch.ts'

/** Where exported UPDATEs go. The arrays are shared by many peers and never written to again. */
export interface RibSink {
  /**
   * Queues whole messages for a peer that joined; must not call back into the RIB. Returns false when the peer's queue has
   * passed its bound: from then on changes for it are only noted, until `resume`.
   */
  send(peer: number, chunks: readonly Uint8Array[]): boolean
  /** The End-of-RIB of a family has been queued for the peer, once since it joined. */
  endOfRibSent(peer: number, family: Family): void
  /** All that a `refresh` of the family sends again has been queued. */
  refreshed(peer: number, family: Family): void
  /** The peer is told no more routes of a family, for it has as many as it may be told; once until all fit again. */
  limitReached(peer: number, family: Family): void
}

export interface GroupLimits {
  /** Most paths of one prefix; more than one only in forms with path ids. */
  readonly paths: number
  /** Most entries of the Adj-RIB-Out. */
  readonly routes: number
}

export interface Member {
  readonly peer: number
  /** Undefined: it takes the group's stream. */
  behind: CatchUp | undefined
  /** Its queue has passed its bound. */
  blocked: boolean
  endOfRibSent: boolean
}

export type ExportPolicies = Readonly<Record<RouteSource, RoutePolicy>>

export class ExportGroup {
  readonly key: string
  readonly table: PathTable
  readonly rule: ExportRule
  readonly policies: ExportPolicies
  readonly #sources: ExportSources
  readonly #batch: UpdateBatch
  readonly #sink: RibSink
  readonly members = new Map<number, Member>()
  readonly #lagging = new Set<Member>()
  readonly #limits: GroupLimits
  /** The entries of each prefix; undefined: entries are prefixes. */
  #told: ToldPaths | undefined
  /** Prefixes of which something is not told, for there are as many entries as there may be. */
  readonly #withheld = new IdSet()
  #isLimited = false
  /** By entry: the announcement told, 0 for none; holds a reference. */
  out = new Int32Array(0)
  /** Announcements in `out`. */
  size = 0
  /** Of these, by source peer. */
  #sizeOf = new Uint32Array(16)
  /** Prefix ids before it have been filled in; Infinity: all. */
  #fill = 0
  /** Withdrawals of the slice under work for peers that became the source of an entry. */
  readonly #withdrawals = new Map<number, number[]>()
  /** Scratch: the paths to tell of a prefix. */
  readonly #paths: number[] = []
  // of the slice under work: the last announcement asked for, and whether and through which filter it may go out
  #askedFor = 0
  #askedPolicy: RoutePolicy | undefined
  #askedFilter: PrefixFilter | undefined
  // the last one that policy let out, and whether its next hop can be told
  #named = 0
  #canName = false

  constructor(
    key: string,
    encoding: Encoding,
    policies: ExportPolicies,
    limits: GroupLimits,
    table: PathTable,
    sources: ExportSources,
    batch: UpdateBatch,
    sink: RibSink,
  ) {
    this.key = key
    this.table = table
    this.rule = new ExportRule(encoding, sources)
    this.policies = policies
    this.#limits = limits
    this.#told = encoding.addPath ? new ToldPaths() : undefined
    this.#sources = sources
    this.#batch = batch
    this.#sink = sink
  }

  /** Entries are less than this. */
  get #capacity(): number {
    return this.#told === undefined ? this.table.prefixes.capacity : this.table.pathCapacity
  }

  /** Prefixes of which members are not told everything, for the most routes that they may be told. */
  get withheld(): number {
    return this.#withheld.count
  }

  /** Why an entry of a prefix is not told, though it may be, in words. */
  reasonUntold(prefix: number): string {
    const { paths, routes } = this.#limits
    if (this.#withheld.has(prefix)) return `the peer is told of no more than ${routes} routes`
    if (this.#told !== undefined && paths !== Number.POSITIVE_INFINITY)
      return `not among the best ${paths} paths, or not sent yet`
    return 'not sent yet, or too large for a message'
  }

  /** The entries of a prefix that `out` has something for. */
  *entriesOf(prefix: number): IterableIterator<number> {
    const told = this.#told
    if (told !== undefined) for (let path = told.first(prefix); path !== 0; path = told.next(path)) yield path
    else if ((this.out[prefix] ?? 0) !== 0) yield prefix
  }

  /** Entries that a member has been told of, or will be once it has caught up. */
  sizeFor(peer: number): number {
    return this.size - (this.#sizeOf[peer] ?? 0)
  }

  /** Whether a member has been told of an entry, or will be once it has caught up. */
  tells(peer: number, entry: number): boolean {
    const told = this.out[entry] ?? 0
    return told !== 0 && this.#sources.announcements.peer[told] !== peer
  }

  /** Whether the first pass over all prefixes is still under way. */
  get isFilling(): boolean {
    return this.#fill !== Number.POSITIVE_INFINITY
  }

  /** Takes in a peer that has been told nothing yet. */
  join(peer: number): void {
    const member: Member = { peer, behind: undefined, blocked: false, endOfRibSent: false }
    this.members.set(peer, member)
    if (this.size > 0) this.#tellAll(member, false)
    if (this.#isLimited) this.#sink.limitReached(peer, this.table.family)
  }

  /** Sends a member everything again. */
  refresh(member: Member): void {
    this.#tellAll(member, true)
  }

  leave(member: Member): void {
    this.members.delete(member.peer)
    this.#lagging.delete(member)
  }

  /** The members that are behind. */
  get lagging(): ReadonlySet<Member> {
    return this.#lagging
  }

  /** Takes over the only copy of what a member has been told: its former group's Adj-RIB-Out, of the same form. */
  adopt(member: Member, from: ExportGroup): void {
    this.members.set(member.peer, member)
    if (member.behind !== undefined) this.#lagging.add(member)
    this.out = from.out.slice()
    for (const announcement of this.out) if (announcement !== 0) this.#sources.announcements.retain(announcement)
    this.size = from.size
    this.#sizeOf = from.#sizeOf.slice()
    this.#told = from.#told?.copy()
  }

  /** Takes in a member of another group, and puts before it how what it has been told there differs. */
  transfer(member: Member, from: ExportGroup, sameForm: boolean): void {
    this.members.set(member.peer, member)
    const behind = member.behind ?? new CatchUp(this.#capacity)
    const length = Math.max(this.out.length, from.out.length)
    for (let entry = 0; entry < length; entry++) {
      const before = from.out[entry] ?? 0
      if (sameForm && before === (this.out[entry] ?? 0)) continue
      if (from.tells(member.peer, entry)) behind.mark(entry, true)
      else if (this.tells(member.peer, entry)) behind.mark(entry, false)
    }
    this.#lag(member, behind)
  }

  /** Queues messages for one member; when it can take no more, it falls behind. */
  send(member: Member, messages: readonly Uint8Array[]): void {
    if (this.#sink.send(member.peer, messages)) return
    member.blocked = true
    this.#lag(member, member.behind ?? new CatchUp(this.#capacity))
  }

  #tellAll(member: Member, held: boolean): void {
    const { announcements } = this.#sources
    const behind = member.behind ?? new CatchUp(this.#capacity)
    for (let entry = 0; entry < this.out.length; entry++) {
      const told = this.out[entry]!
      if (told !== 0 && announcements.peer[told] !== member.peer) behind.mark(entry, held)
    }
    this.#lag(member, behind)
  }

  #lag(member: Member, behind: CatchUp): void {
    member.behind = behind
    this.#lagging.add(member)
  }

  /** Gives back every reference; the group is not used again. */
  dissolve(): void {
    // an iterator would leave an object for each of a full table
    for (let entry = 0; entry < this.out.length; entry++) {
      const announcement = this.out[entry]!
      if (announcement !== 0) this.#sources.announcements.release(announcement)
    }
    this.out = new Int32Array(0)
  }

  /** Whether somebody needs the prefix id: it is told of, or a member has still to hear of its withdrawal. */
  needs(prefix: number): boolean {
    // the prefixes of paths that are gone are the path table's to keep
    return this.#told === undefined ? this.#needsEntry(prefix) : this.#told.first(prefix) !== 0
  }

  /** Whether somebody needs the id of a path that is gone. */
  needsPath(path: number): boolean {
    return this.#told !== undefined && this.#needsEntry(path)
  }

  #needsEntry(entry: number): boolean {
    if ((this.out[entry] ?? 0) !== 0) return true
    for (const { behind } of this.#lagging) if (behind?.isPending(entry)) return true
    return false
  }

  /** Brings `out` up to date for a slice of at most BATCH_SIZE settled prefixes, and tells the members. */
  drain(prefixes: Int32Array, count: number): void {
    // it also shrinks with the tables, which they do only when nothing was told any more
    if (this.out.length !== this.#capacity) this.out = resized(this.out, this.#capacity)
    for (let at = 0; at < count; at++) this.#bring(prefixes[at]!)
    if (this.#withheld.count > 0) this.#makeGood()
    this.#tell()
    this.settle()
    if (this.#isLimited !== this.#withheld.count > 0) this.#noteLimit()
  }

  #bring(prefix: number): void {
    if (this.#limits.routes !== Number.POSITIVE_INFINITY) this.#withheld.delete(prefix)
    if (this.#told !== undefined) {
      this.#bringPaths(prefix, this.#told)
      return
    }
    const told = this.out[prefix]!
    const wanted = this.#withinLimit(prefix, told, this.wanted(prefix))
    if (wanted !== told) this.#change(prefix, told, wanted)
  }

  #bringPaths(prefix: number, list: ToldPaths): void {
    const { announcement } = this.table
    const paths = this.#paths
    const allows = (path: number) => this.allowed(announcement[path]!, prefix) !== 0
    this.#sources.decision.rank(this.table, prefix, this.#limits.paths, allows, paths)
    for (let path = list.first(prefix); path !== 0; ) {
      const next = list.next(path)
      if (!paths.includes(path)) this.#changePath(prefix, path, list, 0)
      path = next
    }
    for (const path of paths) {
      const allowed = this.allowed(announcement[path]!, prefix)
      this.#changePath(prefix, path, list, this.#withinLimit(prefix, this.out[path]!, allowed))
    }
  }

  #changePath(prefix: number, path: number, list: ToldPaths, wanted: number): void {
    const told = this.out[path]!
    if (told === wanted) return
    if (this.#batch.isFull) this.#tell()
    if (wanted === 0) list.remove(prefix, path)
    else if (told === 0) list.add(prefix, path)
    this.#change(path, told, wanted)
  }

  /** What an entry of the prefix may be told with: nothing, where there are as many entries as there may be. */
  #withinLimit(prefix: number, told: number, wanted: number): number {
    if (wanted === 0 || this.size - (told === 0 ? 0 : 1) < this.#limits.routes) return wanted
    this.#withheld.add(prefix)
    return 0
  }

  /** Tells what was withheld as far as there is room now. */
  #makeGood(): void {
    if (this.size >= this.#limits.routes) return
    this.#tell() // what has just been withdrawn for the limit may come back: never both in one batch
    while (this.size < this.#limits.routes && this.#withheld.count > 0) {
      if (this.#batch.isFull) this.#tell()
      const prefix = this.#withheld.take()
      if (this.table.isSettled(prefix)) this.#bring(prefix) // others come up again by themselves
    }
  }

  #noteLimit(): void {
    this.#isLimited = this.#withheld.count > 0
    if (this.#isLimited) for (const peer of this.members.keys()) this.#sink.limitReached(peer, this.table.family)
  }

  /** Goes on with the pass over all prefixes; returns how many it looked at. */
  fill(scratch: Int32Array): number {
    const { prefixes } = this.table
    const start = this.#fill
    let count = 0
    while (this.#fill < prefixes.end && count < BATCH_SIZE) {
      const prefix = this.#fill++
      if (prefixes.has(prefix) && this.table.isSettled(prefix)) scratch[count++] = prefix
    }
    const looked = this.#fill - start
    if (this.#fill >= prefixes.end) this.#fill = Number.POSITIVE_INFINITY
    this.drain(scratch, count)
    return looked
  }

  /** Sends a member that is behind at most about `budget` of what it lacks; returns how many. */
  catchUp(member: Member, budget: number): number {
    const behind = member.behind
    if (behind === undefined || member.blocked) return 0
    const { announcements } = this.#sources
    let count = 0
    for (; count < Math.min(budget, BATCH_SIZE) && behind.count > 0; count++) {
      const entry = behind.next()
      const told = this.out[entry] ?? 0
      if (told !== 0 && announcements.peer[told] !== member.peer) this.#batch.announce(entry, told)
      else if (behind.isHeld(entry)) this.#batch.withdraw(entry, LOCAL_PEER)
    }
    if (!this.#batch.isEmpty) {
      const bytes = this.#batch.encode(this.table, this.rule, entry => this.#retract(entry))
      this.#batch.clear()
      this.send(member, [bytes])
    }
    this.#lagging.delete(member)
    if (behind.count === 0 && !member.blocked) member.behind = undefined
    else this.#lagging.add(member) // at the end: others have their turn first
    return count
  }

  /** Lets go of what `wanted` derived. */
  settle(): void {
    this.#askedFor = this.#named = 0 // the ids may come to mean other announcements
    this.policies.local.settle()
  }

  /**
   * The announcement that a prefix should be told with now, 0 for none: that of the chosen path, or what policy makes of it,
   * which is good until `settle`. The prefix is settled.
   */
  wanted(prefix: number): number {
    const chosen = this.table.chosen(prefix)
    return chosen === 0 ? 0 : this.allowed(chosen, prefix)
  }

  /** The same of a path of the prefix that has the announcement `chosen`. */
  allowed(chosen: number, prefix: number): number {
    if (chosen !== this.#askedFor) {
      this.#askedFor = chosen
      this.#askedPolicy = this.policies[this.#sources.peers.sourceOf(chosen, this.#sources.announcements)]
      this.#askedFilter = this.rule.denial(chosen) === undefined ? this.#askedPolicy.filterFor(chosen) : undefined
    }
    const filter = this.#askedFilter
    if (filter === undefined) return 0
    const outcome = filter.constant ?? filter.decide(this.table.prefixes, prefix)
    const effective = this.#askedPolicy!.effective(chosen, filter, outcome)
    if (effective !== this.#named) {
      this.#named = effective
      this.#canName = this.rule.canName(effective)
    }
    return this.#canName ? effective : 0
  }

  #change(entry: number, told: number, wanted: number): void {
    const { announcements } = this.#sources
    const before = announcements.peer[told]!
    const now = announcements.peer[wanted]!
    this.out[entry] = wanted
    if (told !== 0) {
      this.size--
      this.#sizeOf[before]!--
    }
    if (wanted === 0) {
      if (this.#isHeard(before)) this.#batch.withdraw(entry, before)
    } else {
      announcements.references[wanted]!++
      this.size++
      if (now >= this.#sizeOf.length) this.#sizeOf = resized(this.#sizeOf, this.#sources.peers.capacity)
      this.#sizeOf[now]!++
      if (this.#isHeard(now)) this.#batch.announce(entry, wanted)
      if (told !== 0 && before !== now && this.members.has(now)) this.#withdrawFrom(now, entry)
    }
    for (const { peer, behind } of this.#lagging) {
      behind?.mark(entry, told !== 0 && before !== peer)
      if (wanted === 0) behind?.settle(entry)
    }
    if (told !== 0) announcements.release(told)
  }

  /** Whether a member that keeps up is told what comes from a source; nothing is encoded for nobody. */
  #isHeard(source: number): boolean {
    const keepUp = this.members.size - this.#lagging.size
    if (keepUp > 1) return true
    if (keepUp === 0) return false
    const member = this.members.get(source)
    return member === undefined || this.#lagging.has(member)
  }

  #withdrawFrom(peer: number, entry: number): void {
    const list = this.#withdrawals.get(peer)
    if (list === undefined) this.#withdrawals.set(peer, [entry])
    else list.push(entry)
  }

  /** Sends the slice to the members that keep up. */
  #tell(): void {
    const batch = this.#batch
    if (batch.isEmpty && this.#withdrawals.size === 0) return
    const { table, rule } = this
    const bytes = batch.encode(table, rule, entry => this.#retract(entry))
    for (const member of this.members.values()) {
      if (member.behind !== undefined) continue
      const parts = batch.partFor(member.peer, bytes)
      const withdrawn = this.#withdrawals.get(member.peer)
      if (withdrawn !== undefined) parts.push(batch.encodeWithdrawals(table, rule, withdrawn))
      if (parts.length > 0) this.send(member, parts)
    }
    batch.clear()
    this.#withdrawals.clear()
  }

  /** The attributes fit no message: the entry is not told of. */
  #retract(entry: number): void {
    const told = this.out[entry]!
    this.out[entry] = 0
    this.#told?.remove(this.table.prefix[entry]!, entry)
    this.size--
    this.#sizeOf[this.#sources.announcements.peer[told]!]!--
    this.#sources.announcements.release(told)
  }
}
