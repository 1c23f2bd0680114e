/**
 * An export group: the peers that are told the same in the same form, and the one Adj-RIB-Out they share.
 *
 * `out` holds the announcement last sent for each prefix. A member has been told of a prefix if `out` has an announcement
 * there that did not come from that member: no route goes back to the peer it was learned from. So when a prefix changes
 * from an announcement of peer a to one of peer b, everybody is sent the new one but b, who is sent a withdrawal instead
 * (if b was the source before as well, it knows nothing of the prefix and is sent nothing).
 *
 * Changes come as slices of prefix ids and go out as one array of octets that all members share; the sockets of the members
 * decide nothing here. A member that cannot take the stream is behind (CatchUp) and is served alone until it has caught up.
 * A new group fills its Adj-RIB-Out by going through all prefixes once, so peers that join it at the start share that too.
 */
import type { Family } from '../../lib/base/ip.ts'
import { CatchUp } from './catch-up.ts'
import { type Encoding, ExportRule, type ExportSources } from './export-rule.ts'
import type { PathTable } from './path-table.ts'
import { LOCAL_PEER } from './peer-table.ts'
import type { PrefixFilter, RouteSource } from './policy.ts'
import { resized } from './typed-array.ts'
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
}

export interface Member {
  readonly peer: number
  /** Undefined: it takes the group's stream. */
  behind: CatchUp | undefined
  /** Its queue has passed its bound. */
  blocked: boolean
  endOfRibSent: boolean
}

export type ExportFilters = Readonly<Record<RouteSource, PrefixFilter>>

export class ExportGroup {
  readonly key: string
  readonly table: PathTable
  readonly rule: ExportRule
  readonly filters: ExportFilters
  readonly #sources: ExportSources
  readonly #batch: UpdateBatch
  readonly #sink: RibSink
  readonly members = new Map<number, Member>()
  readonly #lagging = new Set<Member>()
  /** By prefix: the announcement told, 0 for none; holds a reference. */
  out = new Int32Array(0)
  /** Announcements in `out`. */
  size = 0
  /** Of these, by source peer. */
  #sizeOf = new Uint32Array(16)
  /** Prefix ids before it have been filled in; Infinity: all. */
  #fill = 0
  /** Withdrawals of the slice under work for peers that became the source of a prefix. */
  readonly #withdrawals = new Map<number, number[]>()
  // of the slice under work: the last announcement asked for, and whether and through which filter it may go out
  #askedFor = 0
  #askedFilter: PrefixFilter | undefined

  constructor(
    key: string,
    encoding: Encoding,
    filters: ExportFilters,
    table: PathTable,
    sources: ExportSources,
    batch: UpdateBatch,
    sink: RibSink,
  ) {
    this.key = key
    this.table = table
    this.rule = new ExportRule(encoding, sources)
    this.filters = filters
    this.#sources = sources
    this.#batch = batch
    this.#sink = sink
  }

  /** Prefixes that a member has been told of, or will be once it has caught up. */
  sizeFor(peer: number): number {
    return this.size - (this.#sizeOf[peer] ?? 0)
  }

  /** Whether a member has been told of a prefix, or will be once it has caught up. */
  tells(peer: number, prefix: number): boolean {
    const told = this.out[prefix] ?? 0
    return told !== 0 && this.#sources.announcements.peer[told] !== peer
  }

  /** Whether the first pass over all prefixes is still under way. */
  get isFilling(): boolean {
    return this.#fill < this.table.prefixes.capacity
  }

  /** Takes in a peer that has been told nothing yet. */
  join(peer: number): void {
    const member: Member = { peer, behind: undefined, blocked: false, endOfRibSent: false }
    this.members.set(peer, member)
    if (this.size > 0) this.#tellAll(member, false)
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
  }

  /** Takes in a member of another group, and puts before it how what it has been told there differs. */
  transfer(member: Member, from: ExportGroup, sameForm: boolean): void {
    this.members.set(member.peer, member)
    const behind = member.behind ?? new CatchUp(this.table.prefixes.capacity)
    const length = Math.max(this.out.length, from.out.length)
    for (let prefix = 0; prefix < length; prefix++) {
      const before = from.out[prefix] ?? 0
      if (sameForm && before === (this.out[prefix] ?? 0)) continue
      if (from.tells(member.peer, prefix)) behind.mark(prefix, true)
      else if (this.tells(member.peer, prefix)) behind.mark(prefix, false)
    }
    this.#lag(member, behind)
  }

  /** Queues messages for one member; when it can take no more, it falls behind. */
  send(member: Member, messages: readonly Uint8Array[]): void {
    if (this.#sink.send(member.peer, messages)) return
    member.blocked = true
    this.#lag(member, member.behind ?? new CatchUp(this.table.prefixes.capacity))
  }

  #tellAll(member: Member, held: boolean): void {
    const { announcements } = this.#sources
    const behind = member.behind ?? new CatchUp(this.table.prefixes.capacity)
    for (let prefix = 0; prefix < this.out.length; prefix++) {
      const told = this.out[prefix]!
      if (told !== 0 && announcements.peer[told] !== member.peer) behind.mark(prefix, held)
    }
    this.#lag(member, behind)
  }

  #lag(member: Member, behind: CatchUp): void {
    member.behind = behind
    this.#lagging.add(member)
  }

  /** Gives back every reference; the group is not used again. */
  dissolve(): void {
    for (const announcement of this.out) if (announcement !== 0) this.#sources.announcements.release(announcement)
    this.out = new Int32Array(0)
  }

  /** Whether somebody needs the prefix id: it is told of, or a member has still to hear of its withdrawal. */
  needs(prefix: number): boolean {
    if ((this.out[prefix] ?? 0) !== 0) return true
    for (const { behind } of this.#lagging) if (behind?.isPending(prefix)) return true
    return false
  }

  /** Brings `out` up to date for a slice of at most BATCH_SIZE settled prefixes, and tells the members. */
  drain(prefixes: Int32Array, count: number): void {
    // it also shrinks with the prefix table, which it does only when nothing was told any more
    if (this.out.length !== this.table.prefixes.capacity) this.out = resized(this.out, this.table.prefixes.capacity)
    this.#askedFor = 0
    for (let at = 0; at < count; at++) {
      const prefix = prefixes[at]!
      const wanted = this.wanted(prefix)
      const told = this.out[prefix]!
      if (wanted !== told) this.#change(prefix, told, wanted)
    }
    this.#tell()
  }

  /** Goes on with the pass over all prefixes; returns how many it looked at. */
  fill(scratch: Int32Array): number {
    const { prefixes } = this.table
    const start = this.#fill
    let count = 0
    while (this.#fill < prefixes.capacity && count < BATCH_SIZE) {
      const prefix = this.#fill++
      if (prefixes.has(prefix) && this.table.isSettled(prefix)) scratch[count++] = prefix
    }
    const looked = this.#fill - start
    if (!this.isFilling) this.#fill = Number.POSITIVE_INFINITY
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
      const prefix = behind.next()
      const told = this.out[prefix] ?? 0
      if (told !== 0 && announcements.peer[told] !== member.peer) this.#batch.announce(prefix, told)
      else if (behind.isHeld(prefix)) this.#batch.withdraw(prefix, LOCAL_PEER)
    }
    if (!this.#batch.isEmpty) {
      const bytes = this.#batch.encode(this.table.prefixes, this.rule, () => {})
      this.#batch.clear()
      this.send(member, [bytes])
    }
    this.#lagging.delete(member)
    if (behind.count === 0 && !member.blocked) member.behind = undefined
    else this.#lagging.add(member) // at the end: others have their turn first
    return count
  }

  /** The announcement that a prefix should be told with now, 0 for none. The prefix is settled. */
  wanted(prefix: number): number {
    const chosen = this.table.chosen(prefix)
    if (chosen === 0) return 0
    if (chosen !== this.#askedFor) {
      this.#askedFor = chosen
      const source = this.#sources.peers.source(this.#sources.announcements.peer[chosen]!)
      this.#askedFilter = this.rule.denial(chosen) === undefined ? this.filters[source] : undefined
    }
    const filter = this.#askedFilter
    if (filter === undefined) return 0
    return (filter.constant ?? filter.accepts(this.table.prefixes, prefix)) ? chosen : 0
  }

  #change(prefix: number, told: number, wanted: number): void {
    const { announcements } = this.#sources
    const before = announcements.peer[told]!
    const now = announcements.peer[wanted]!
    this.out[prefix] = wanted
    if (told !== 0) {
      this.size--
      this.#sizeOf[before]!--
    }
    if (wanted === 0) {
      if (this.#isHeard(before)) this.#batch.withdraw(prefix, before)
    } else {
      announcements.references[wanted]!++
      this.size++
      if (now >= this.#sizeOf.length) this.#sizeOf = resized(this.#sizeOf, this.#sources.peers.capacity)
      this.#sizeOf[now]!++
      if (this.#isHeard(now)) this.#batch.announce(prefix, wanted)
      if (told !== 0 && before !== now && this.members.has(now)) this.#withdrawFrom(now, prefix)
    }
    for (const { peer, behind } of this.#lagging) behind?.mark(prefix, told !== 0 && before !== peer)
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

  #withdrawFrom(peer: number, prefix: number): void {
    const list = this.#withdrawals.get(peer)
    if (list === undefined) this.#withdrawals.set(peer, [prefix])
    else list.push(prefix)
  }

  /** Sends the slice to the members that keep up. */
  #tell(): void {
    const batch = this.#batch
    if (batch.isEmpty && this.#withdrawals.size === 0) return
    const { prefixes } = this.table
    const bytes = batch.encode(prefixes, this.rule, prefix => this.#retract(prefix))
    for (const member of this.members.values()) {
      if (member.behind !== undefined) continue
      const parts = batch.partFor(member.peer, bytes)
      const withdrawn = this.#withdrawals.get(member.peer)
      if (withdrawn !== undefined) parts.push(batch.encodeWithdrawals(prefixes, withdrawn))
      if (parts.length > 0) this.send(member, parts)
    }
    batch.clear()
    this.#withdrawals.clear()
  }

  /** The attributes fit no message: the prefix is not told of. */
  #retract(prefix: number): void {
    const told = this.out[prefix]!
    this.out[prefix] = 0
    this.size--
    this.#sizeOf[this.#sources.announcements.peer[told]!]!--
    this.#sources.announcements.release(told)
  }
}
