/**
 * The RIB: Adj-RIBs-In, selection, Adj-RIBs-Out and the wanted kernel routes of all peers and both families, behind one object.
 * It is mutable and deterministic: no clock, no socket, no logger. Routes leave it through the sink and the kernel queue.
 *
 * `learn` and the other inputs only note which prefixes are touched; `decide` chooses for these, `export` sends what changed.
 * Both take a budget and say whether work is left, so that a bulk load never holds the event loop. Nothing is lost by waiting
 * between them: however often a prefix changes meanwhile, it is decided and sent once, in its last state. Whoever waits a
 * little gets fuller UPDATEs.
 *
 * The data: a path is a prefix and an announcement (peer, attributes, next hop); all are small integers into arrays.
 */
import type { Address, Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import { editAttributes, editGrowth } from '../wire/attribute-edit.ts'
import { encodeAttributes } from '../wire/attribute-list.ts'
import type { AttributeMemory } from '../wire/attribute-memory.ts'
import { headerLength } from '../wire/iana.ts'
import type { UpdateReader } from '../wire/update-reader.ts'
import { AnnouncementTable, announcementMark, type LeakRule } from './announcement-table.ts'
import { AttributeStore } from './attribute-store.ts'
import { Decision } from './decision.ts'
import { Derivation } from './derivation.ts'
import type { RibSink } from './export-group.ts'
import { Exports } from './exports.ts'
import { type KernelChange, KernelRoutes } from './kernel-routes.ts'
import type { RibIdentity } from './loops.ts'
import { isLinkLocal, type NextHopChange, NextHopTable, type NextHopVerdict, SELF } from './next-hop-table.ts'
import { PathTable } from './path-table.ts'
import { LOCAL_PEER, type RibPeer, type RibSession } from './peer.ts'
import { PeerTable } from './peer-table.ts'
import { Prefetch } from './prefetch.ts'
import { RouteViews } from './route-views.ts'
import type { RouteCursor, RouteExplanation, RouteQuery } from './view.ts'

export { type KernelChange, LOCAL_PEER, type NextHopChange, type NextHopVerdict, type RibIdentity, type RibSink }

export interface RibOptions {
  /** Most next hops of one kernel route; 1: no multipath. */
  readonly maxPaths: number
  /** Of the hash tables; random per process. */
  readonly seed?: number
  /** Whether changes are kept for `takeKernelChanges` and `takeNextHopChanges`; where nobody takes them they would only pile up. */
  readonly kernel: boolean
}

export interface RibCounts {
  /** Paths in the Adj-RIB-In. */
  readonly received: number
  /** Prefixes that these are for: fewer where the peer sends several paths of one. */
  readonly prefixes: number
  /** Of these, the ones that count against limits: not stale. */
  readonly counted: number
  /** Paths accepted by import policy. */
  readonly accepted: number
  readonly stale: number
  /** Announcements beyond `maxPrefixes` that were not taken in, in total. */
  readonly dropped: number
  /** Routes in the Adj-RIB-Out: prefixes, or paths where the peer is sent several. */
  readonly advertised: number
  /** Routes that the peer is not told, for `maxPrefixesOut` are. */
  readonly withheld: number
}

const families: readonly Family[] = [4, 6]

export class Rib {
  readonly #attributes: AttributeStore
  readonly #nextHops: NextHopTable
  readonly #announcements: AnnouncementTable
  readonly #peers: PeerTable
  readonly #decision: Decision
  readonly #tables: Readonly<Record<Family, PathTable>>
  readonly #kernel: Readonly<Record<Family, KernelRoutes>> | undefined
  readonly #prefetch: Prefetch
  readonly #exports: Exports
  readonly #views: RouteViews
  readonly #ownAttributes: Uint8Array

  constructor(identity: RibIdentity, options: RibOptions, sink: RibSink) {
    const seed = options.seed ?? 0
    this.#attributes = new AttributeStore(identity, seed)
    this.#nextHops = new NextHopTable(seed, options.kernel)
    this.#announcements = new AnnouncementTable(this.#attributes, this.#nextHops, seed)
    const derivation = new Derivation(identity.asNumber, this.#announcements, this.#attributes, this.#nextHops)
    this.#peers = new PeerTable(derivation)
    this.#decision = new Decision(this.#announcements, this.#attributes, this.#nextHops, this.#peers)
    const table = (family: Family) => new PathTable(family, this.#announcements, seed)
    this.#tables = { 4: table(4), 6: table(6) }
    const sources = {
      identity,
      announcements: this.#announcements,
      attributes: this.#attributes,
      nextHops: this.#nextHops,
      peers: this.#peers,
      decision: this.#decision,
    }
    const routes = (family: Family) => new KernelRoutes(this.#tables[family], sources, options.maxPaths)
    this.#kernel = options.kernel ? { 4: routes(4), 6: routes(6) } : undefined
    this.#prefetch = new Prefetch({ ...sources, paths: this.#tables })
    this.#exports = new Exports(this.#tables, sink, sources, derivation)
    this.#views = new RouteViews(this.#tables, this.#decision, this.#exports, this.#kernel, sources, derivation)
    this.#ownAttributes = encodeAttributes({ origin: 'igp', asPath: [] })
  }

  /** For the readers of sessions whose UPDATEs are learned here. */
  get attributeMemory(): AttributeMemory {
    return this.#attributes
  }

  /** A peer of the configuration; the number is small, and used again after `removePeer`. Never 0 (LOCAL_PEER). */
  addPeer(peer: RibPeer): number {
    const number = this.#peers.add(peer)
    for (const family of families) {
      this.#tables[family].welcome(number)
      this.#tables[family].counts.limit(number, peer.maxPrefixes?.[family])
    }
    return number
  }

  /** Takes over what changed: import policy is applied again to every route by `decide`, export policy by `export`; no session is touched. */
  configurePeer(peer: number, to: RibPeer): void {
    const { imports, config } = this.#peers.get(peer)
    this.#peers.configure(peer, to)
    const now = this.#peers.get(peer).imports
    const isOther = (['internal', 'routeReflectorClient', 'node', 'install'] as const).some(
      field => config[field] !== to[field],
    )
    for (const family of families) {
      this.#tables[family].counts.limit(peer, to.maxPrefixes?.[family])
      if (imports[family].key !== now[family].key) this.#tables[family].filter(peer, now[family])
      if (isOther) this.#tables[family].reconsider(peer)
    }
    this.#exports.regroup(peer)
  }

  /** Leaves, flushes and forgets. */
  removePeer(peer: number): void {
    this.leave(peer)
    for (const family of families) this.flush(peer, family)
    this.#announcements.setLeakRule(peer, undefined)
    this.#own(peer, [])
    this.#peers.remove(peer)
  }

  /** The peer's session is Established: it gets the Adj-RIB-Out of each negotiated family, then End-of-RIB. */
  join(peer: number, session: RibSession): void {
    this.#peers.join(peer, session)
    if (this.#announcements.setLeakRule(peer, leakRule(session)))
      for (const family of families) this.#tables[family].reconsider(peer)
    this.#own(peer, Object.values(session.self))
    this.#exports.join(peer)
  }

  /** The session is down: nothing more is sent. Its routes stay until `flush` or `sweep`. */
  leave(peer: number): void {
    this.#peers.get(peer).session = undefined
    this.#exports.leave(peer)
  }

  /** Sends the whole Adj-RIB-Out of a family again (RFC 2918); End-of-RIB is not repeated. */
  refresh(peer: number, family: Family): void {
    this.#exports.refresh(peer, family)
  }

  /** The peer's queue is below its bound again. */
  resume(peer: number): void {
    this.#exports.resume(peer)
  }

  /** While held, no peer gets the End-of-RIB of this family (RFC 4724 §4.1, the restarting speaker). Not held at first. */
  holdEndOfRib(family: Family, held: boolean): void {
    this.#exports.holdEndOfRib(family, held)
  }

  /** Takes in one UPDATE as the reader found it in `buffer`. Hot. */
  learn(peer: number, update: UpdateReader, buffer: Uint8Array): void {
    const four = this.#tables[4]
    this.#prefetch.look(peer, buffer, update.withdrawnStart - 2 - headerLength)
    // what it withdraws may be the last that had the attributes which it announces
    if (update.known !== 0) this.#attributes.retain(update.known)
    if (update.withdrawnEnd > update.withdrawnStart)
      four.withdraw(peer, buffer, update.withdrawnStart, update.withdrawnEnd, this.#peers.sendsIds(peer, 4))
    if (update.mpUnreachFamily !== 0) {
      const family = update.mpUnreachFamily
      const withIds = this.#peers.sendsIds(peer, family)
      this.#tables[family].withdraw(peer, buffer, update.mpUnreachStart, update.mpUnreachEnd, withIds)
    }
    if (update.nlriEnd > update.nlriStart)
      this.#reach(four, peer, update, true, buffer, update.nlriStart, update.nlriEnd)
    if (update.mpReachFamily !== 0) {
      const table = this.#tables[update.mpReachFamily]
      this.#reach(table, peer, update, false, buffer, update.mpReachStart, update.mpReachEnd)
    }
    if (update.known !== 0) this.#attributes.release(update.known)
  }

  /** Marks the peer's paths stale (RFC 4724 §4.2): kept and used until learned again or swept. */
  stale(peer: number, family: Family): void {
    this.#tables[family].markStale(peer)
  }

  /** Removes the paths still stale; returns how many. */
  sweep(peer: number, family: Family): number {
    return this.#tables[family].flush(peer, 'stale')
  }

  /**
   * Keeps the peer's stale paths for long (RFC 9494 §4.2): those with NO_LLGR go, the others bear LLGR_STALE and come last in
   * selection, until learned again or swept. Returns how many are kept.
   */
  longLive(peer: number, family: Family): number {
    return this.#tables[family].prolong(peer, this.#peers.get(peer).imports[family])
  }

  /** The peer begins to send everything again (RFC 7313 §4): notes all of its paths. Stale ones stay stale. */
  beginRefresh(peer: number, family: Family): void {
    this.#tables[family].markUnrefreshed(peer)
  }

  /** The peer has sent everything: removes what was not learned again since `beginRefresh`; returns how many. */
  endRefresh(peer: number, family: Family): number {
    return this.#tables[family].flush(peer, 'unrefreshed')
  }

  /** Removes all paths of the peer; returns how many. */
  flush(peer: number, family: Family): number {
    return this.#tables[family].flush(peer, 'all')
  }

  /** While it is set, all that is announced is announced as about to go: GRACEFUL_SHUTDOWN (RFC 8326). Not set at first. */
  setDraining(draining: boolean): void {
    this.#exports.setDraining(draining)
  }

  /**
   * Announces a prefix of our own: ORIGIN IGP, empty AS_PATH, next hop self. Idempotent.
   * @param source `service`: the address of a Service; only policies tell them apart
   */
  originate(prefix: Prefix, source: 'local' | 'service' = 'local'): void {
    const attributes = this.#attributes.intern(this.#ownAttributes, 0, this.#ownAttributes.length)
    const announcement = this.#announcements.intern(
      LOCAL_PEER,
      attributes,
      SELF,
      source === 'service' ? announcementMark.service : 0,
    )
    this.#tables[prefix.family].originate(announcement, prefix)
    this.#announcements.release(announcement)
  }

  withdrawLocal(prefix: Prefix): void {
    this.#tables[prefix.family].withdrawOne(LOCAL_PEER, prefix)
  }

  /** Makes paths over next hops ineligible (RFC 4271 §9.1.2), or eligible again. One look at all paths, however many verdicts. */
  setNextHops(verdicts: readonly NextHopVerdict[]): void {
    this.#touch(verdicts.map(verdict => this.#nextHops.judge(verdict)))
  }

  /** Learned next hops that came into use or went out of it since last taken, at most `limit`. */
  takeNextHopChanges(limit: number): NextHopChange[] {
    return this.#nextHops.takeChanges(limit)
  }

  /** The peers that each learned next hop came from, by its address. Not cheap where announcements are many: a millisecond for some 100,000. */
  peersByNextHop(): Map<string, readonly number[]> {
    const found = Array.from(this.#announcements.peersByNextHop())
    return new Map(found.map(([nextHop, peers]) => [this.#nextHops.address(nextHop).toString(), [...peers]]))
  }

  /** Applies edited import policies and chooses again, for at most `budget` paths and changed prefixes; returns whether some are left. */
  decide(budget: number): boolean {
    for (const family of families) budget = this.#decide(family, budget)
    return this.#isUndecided
  }

  /**
   * Sends at most about `budget` changes to each export group, and the same number to all peers that are catching up
   * together; returns whether more can be done now.
   */
  export(budget: number): boolean {
    const isMore = this.#exports.export(budget)
    if (!this.busy) this.#trim()
    return isMore
  }

  /** Whether `decide` or `export` have something to do. */
  get busy(): boolean {
    return this.#isUndecided || this.#exports.busy
  }

  /** Wanted kernel routes that changed since last taken, at most `limit`; learned routes only. Empty: nothing is left. */
  takeKernelChanges(limit: number): KernelChange[] {
    if (this.#kernel === undefined) return []
    const changes = this.#kernel[4].take(limit)
    return changes.concat(this.#kernel[6].take(limit - changes.length))
  }

  counts(peer: number, family: Family): RibCounts {
    const { counts } = this.#tables[family]
    const received = counts.received[peer]!
    const group = this.#exports.groupOf(peer, family)
    return {
      received,
      prefixes: counts.prefixesOf(peer),
      counted: counts.countedOf(peer),
      accepted: received - counts.rejected[peer]!,
      stale: counts.stale[peer]!,
      dropped: counts.dropped[peer]!,
      advertised: group?.sizeFor(peer) ?? 0,
      withheld: group?.withheld ?? 0,
    }
  }

  /** A listing that gives a slice per call; routes that change while it runs may or may not be in it. */
  routes(query: RouteQuery): RouteCursor {
    return this.#views.routes(query)
  }

  /** The paths of the longest prefix that holds the target, with the reason of each; undefined: there is none. */
  explain(target: Prefix): RouteExplanation | undefined {
    return this.#views.explain(target)
  }

  /** How much there is of everything: for metrics, and for tests that memory comes back. */
  sizes(): {
    prefixes: number
    /** Places for prefixes: what memory grows with. */
    prefixCapacity: number
    paths: number
    /** Places for paths. */
    pathCapacity: number
    announcements: number
    attributeSets: number
    attributeOctets: number
    nextHops: number
    exportGroups: number
  } {
    return {
      prefixes: this.#tables[4].populated + this.#tables[6].populated,
      prefixCapacity: this.#tables[4].prefixes.capacity + this.#tables[6].prefixes.capacity,
      paths: this.#tables[4].size + this.#tables[6].size,
      pathCapacity: this.#tables[4].pathCapacity + this.#tables[6].pathCapacity,
      announcements: this.#announcements.size,
      attributeSets: this.#attributes.size,
      attributeOctets: this.#attributes.octets,
      nextHops: this.#nextHops.size,
      exportGroups: this.#exports.size,
    }
  }

  /** Returns what is left of the budget. A loop of its own: V8 leaves optimized code at each exit of a loop within another. */
  #decide(family: Family, budget: number): number {
    const table = this.#tables[family]
    const kernel = this.#kernel?.[family]
    budget -= table.filterMore((budget + 1) >> 1) // what others say meanwhile must not wait for an edit
    for (; table.dirty.length > 0 && budget > 0; budget--) {
      const prefix = table.nextDirty()
      const best = this.#decision.decide(table, prefix)
      table.choose(prefix, best)
      kernel?.update(prefix, best, this.#decision)
    }
    return budget
  }

  #trim(): void {
    for (const family of families) this.#tables[family].trim()
    this.#announcements.trim()
    this.#attributes.trim()
  }

  get #isUndecided(): boolean {
    return families.some(family => this.#tables[family].isFiltering || this.#tables[family].dirty.length > 0)
  }

  /** Our addresses on a peer's session. They are still ours when it is down, for stale paths may name them. */
  #own(peer: number, addresses: readonly Address[]): void {
    const entry = this.#peers.get(peer)
    const owned = addresses.map(address => this.#nextHops.own(address))
    this.#touch([...owned, ...entry.own.map(address => this.#nextHops.disown(address))])
    entry.own = addresses
  }

  /** Puts all paths over these next hops before selection again. */
  #touch(nextHops: readonly (number | undefined)[]): void {
    const changed = new Set(nextHops.filter(nextHop => nextHop !== undefined))
    if (changed.size > 0) for (const family of families) this.#tables[family].touchNextHops(changed)
  }

  /** @param classic whether the NLRI is that of the message's own field, and its next hop the NEXT_HOP attribute */
  #reach(
    table: PathTable,
    peer: number,
    update: UpdateReader,
    classic: boolean,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const withIds = this.#peers.sendsIds(peer, table.family)
    if (update.verdict === 'withdraw') {
      table.withdraw(peer, buffer, start, end, withIds)
      return
    }
    const nextHop = classic ? this.#nextHops.internUint32(update.nextHop4) : this.#mpNextHop(peer, update)
    const attributes = this.#marked(peer, this.#attributesOf(update))
    const announcement = this.#announcements.intern(peer, attributes, nextHop)
    table.announce(announcement, buffer, start, end, withIds, this.#peers.get(peer).imports[table.family])
    this.#announcements.release(announcement)
  }

  /** The attributes of an UPDATE, with one reference more. */
  #attributesOf({ known, attributes, attributesEnd, memorable }: UpdateReader): number {
    if (known === 0) return this.#attributes.intern(attributes, 0, attributesEnd, memorable)
    this.#attributes.retain(known)
    return known
  }

  /** A link-local next hop is on the link that we share with the peer (RFC 2545 §2). */
  #mpNextHop(peer: number, { mpNextHop, mpNextHopLength }: UpdateReader): number {
    const link = mpNextHopLength !== 4 && isLinkLocal(mpNextHop) ? this.#peers.get(peer).session?.interface : undefined
    if (link !== undefined) return this.#nextHops.internLinkLocal(mpNextHop, link)
    return this.#nextHops.intern(mpNextHop, mpNextHopLength === 4 ? 4 : 6)
  }

  /** Attributes as they count here: with ONLY_TO_CUSTOMER, where the peer's role asks for it (RFC 9234 §5, ingress 3). Takes and gives a reference. */
  #marked(peer: number, attributes: number): number {
    const otc = this.#peers.otc[peer]!
    if (otc === 0 || this.#attributes.otcOf(attributes) !== 0) return attributes
    const { pool, start } = this.#attributes
    const [from, end] = [start[attributes]!, this.#attributes.end(attributes)]
    const edits = { otc }
    const target = new Uint8Array(end - from + editGrowth(edits))
    const marked = this.#attributes.intern(target, 0, editAttributes(pool, from, end, edits, target, 0))
    this.#attributes.release(attributes)
    return marked
  }
}

function leakRule({ role, remoteAs }: RibSession): LeakRule | undefined {
  if (role === 'provider' || role === 'rs') return 'any'
  return role === 'peer' ? { but: remoteAs } : undefined
}
