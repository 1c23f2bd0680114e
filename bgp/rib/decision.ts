/**
 * Route selection: which path of a prefix is the best one, which others are as good (multipath), and at which step each of the
 * rest lost.
 *
 * RFC 4271 §9.1.2 has two phases. Phase 1 and 2 ask for the degree of preference: inside an AS it is LOCAL_PREF, and a path
 * from outside, which carries none, has the default, 100. What follows are tie-breaks, each of which takes paths out of the
 * race until one is left. They are worded as eliminations from a set, not as a comparison of two, and that matters for MED:
 * it compares only paths of the same neighbour AS, so "is better than" over pairs is not transitive, and a speaker that
 * walks a list pair by pair gets results that depend on the order of arrival. Here every step looks at the whole set of those
 * still in the race, so the outcome is a function of the set alone.
 *
 * A path is in the race when import policy accepted it, its next hop can be used (next-hop-table.ts), and it is no loop (own
 * AS in AS_PATH, own router id as ORIGINATOR_ID, own cluster id in CLUSTER_LIST; RFC 4456 §8). Others are kept, with the
 * reason. A stale path (RFC 4724) races as if it were not stale. Then:
 *
 *   1. A route of our own beats every learned one.
 *   2. A path without LLGR_STALE beats one that has it: what a peer said long ago is the last resort (RFC 9494 §4.3).
 *   3. Higher LOCAL_PREF.
 *   4. Shorter AS_PATH (§9.1.2.2 a; an AS_SET counts one).
 *   5. Lower ORIGIN: IGP, EGP, INCOMPLETE (b).
 *   6. Lower MED among paths of the same neighbour AS, where a missing one is 0 (c). Paths with an empty AS_PATH come from our
 *      own AS and are compared with one another.
 *   7. eBGP before iBGP (d).
 *      (Interior cost, e: every usable next hop costs the same for now.)
 *      Whoever is left here is as good as the best: these are the multipath set.
 *   8. Lower BGP identifier (f), where ORIGINATOR_ID stands for that of the peer (RFC 4456 §9).
 *   9. Shorter CLUSTER_LIST (RFC 4456 §9).
 *  10. Lower peer address (g), and where two sessions share an address, the one configured first.
 *  11. Lower path id, of two paths of one peer (RFC 7911 has no word on it).
 *
 * Steps 1 to 5 compare every path with every other, so they are one number per announcement (`rank`), and most prefixes are
 * decided by one pass over it. The second best path is the one that is best without the best, and so on: that is the order in
 * which peers are sent several. Knows no export and no kernel.
 */
import { resized } from '../../lib/base/typed-array.ts'
import { communityBit } from '../wire/decision-keys.ts'
import type { AnnouncementTable } from './announcement-table.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { NextHopTable } from './next-hop-table.ts'
import { type PathTable, pathFlag } from './path-table.ts'
import { LOCAL_PEER } from './peer.ts'
import type { PeerTable } from './peer-table.ts'

/** The steps by number, as people read them: what the winner has, and what the loser has. Index 0: nobody lost. */
export const decisionSteps = [
  { won: 'the only eligible path', lost: '' },
  { won: 'a route of our own', lost: 'a route of our own is preferred' },
  { won: 'not stale for long', lost: 'stale for long (LLGR_STALE)' },
  { won: 'higher LOCAL_PREF', lost: 'lower LOCAL_PREF' },
  { won: 'shorter AS_PATH', lost: 'longer AS_PATH' },
  { won: 'better ORIGIN', lost: 'worse ORIGIN' },
  { won: 'lower MED', lost: 'higher MED' },
  { won: 'eBGP over iBGP', lost: 'iBGP, and the best is eBGP' },
  { won: 'lower router id', lost: 'higher router id' },
  { won: 'shorter CLUSTER_LIST', lost: 'longer CLUSTER_LIST' },
  { won: 'lower peer address', lost: 'higher peer address' },
  { won: 'lower path id', lost: 'higher path id' },
] as const

export type DecisionStep = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11

const BY_MED = 6
const BY_KIND = 7
/** Stands for steps 1 to 5 until somebody asks which of them it was. */
const BY_RANK = 255

export class Decision {
  readonly #announcements: AnnouncementTable
  readonly #attributes: AttributeStore
  readonly #nextHops: NextHopTable
  readonly #peers: PeerTable
  /** Of the prefix decided last: `paths[0, count)` were in the race; `lost` holds where each lost, 0: the best or its equal. */
  paths = new Int32Array(16)
  lost = new Uint8Array(16)
  count = 0
  #ranks = new Float64Array(16)

  constructor(announcements: AnnouncementTable, attributes: AttributeStore, nextHops: NextHopTable, peers: PeerTable) {
    this.#announcements = announcements
    this.#attributes = attributes
    this.#nextHops = nextHops
    this.#peers = peers
  }

  /** The best path of a prefix, 0 when none is eligible. */
  decide(table: PathTable, prefix: number): number {
    const only = table.head[prefix]!
    if (only !== 0 && table.next[only] === 0) {
      this.count = this.isEligible(table, only) ? 1 : 0
      this.paths[0] = only
      this.lost[0] = 0
      return this.count === 1 ? only : 0
    }
    this.#gather(table, only)
    return this.#select(table)
  }

  /**
   * Puts the best paths of a prefix into `ranked`, at most `limit` of those that `allows` lets through, best first; where all
   * of them fit, in any order. What is known of the prefix decided last is lost.
   */
  rank(table: PathTable, prefix: number, limit: number, allows: (path: number) => boolean, ranked: number[]): void {
    ranked.length = 0
    this.#gather(table, table.head[prefix]!)
    for (let at = this.count - 1; at >= 0; at--) if (!allows(this.paths[at]!)) this.#drop(at)
    if (this.count <= limit) for (let at = 0; at < this.count; at++) ranked.push(this.paths[at]!)
    else
      while (ranked.length < limit) {
        const best = this.#select(table)
        ranked.push(best)
        this.#drop(this.paths.indexOf(best))
      }
  }

  isEligible(table: PathTable, path: number): boolean {
    const announcement = table.announcement[path]!
    return (
      (table.flags[path]! & pathFlag.rejected) === 0 &&
      this.#announcements.loop[announcement] === 0 &&
      this.#nextHops.unusable[this.#announcements.nextHop[announcement]!] === 0
    )
  }

  /** At which step `loser` lost the race won by `best`; both were in `paths` of the last decision. */
  stepOf(table: PathTable, loser: number, best: number): DecisionStep {
    const step = this.lost[this.paths.subarray(0, this.count).indexOf(loser)]!
    if (step === 0) return this.#identityStep(table, loser, best)
    return step === BY_RANK
      ? this.#rankStep(table.announcement[loser]!, table.announcement[best]!)
      : (step as DecisionStep)
  }

  /** Whether a path of the last decision was as good as the best up to step 7. */
  isEqual(path: number): boolean {
    return this.lost[this.paths.subarray(0, this.count).indexOf(path)] === 0
  }

  /** Notes all eligible paths of a list, and their ranks. */
  #gather(table: PathTable, head: number): void {
    const { rank } = this.#announcements
    let count = 0
    for (let path = head; path !== 0; path = table.next[path]!) {
      if (!this.isEligible(table, path)) continue
      if (count === this.paths.length) {
        this.paths = resized(this.paths, 2 * count)
        this.lost = resized(this.lost, 2 * count)
        this.#ranks = resized(this.#ranks, 2 * count)
      }
      this.paths[count] = path
      this.#ranks[count++] = rank[table.announcement[path]!]!
    }
    this.count = count
  }

  #drop(at: number): void {
    const last = --this.count
    this.paths[at] = this.paths[last]!
    this.#ranks[at] = this.#ranks[last]!
  }

  /** The best of `paths[0, count)`, 0 when there are none. */
  #select(table: PathTable): number {
    let left = this.#byRank()
    if (left > 1) left = this.#byMed(table, left)
    if (left > 1) this.#byKind(table)
    return this.#byIdentity(table)
  }

  /** Steps 1 to 5. */
  #byRank(): number {
    const { count, lost } = this
    const ranks = this.#ranks
    let highest = Number.NEGATIVE_INFINITY
    for (let at = 0; at < count; at++) if (ranks[at]! > highest) highest = ranks[at]!
    let left = 0
    for (let at = 0; at < count; at++) {
      const isHighest = ranks[at] === highest
      lost[at] = isHighest ? 0 : BY_RANK
      if (isHighest) left++
    }
    return left
  }

  /** Step 6. */
  #byMed(table: PathTable, left: number): number {
    const { med, neighborAs } = this.#attributes
    if (this.#haveOneMed(table)) return left
    for (let at = 0; at < this.count; at++) {
      if (this.lost[at] !== 0) continue
      const mine = this.#attributesOf(table, at)
      for (let other = 0; other < this.count; other++) {
        if (this.lost[other] !== 0 && this.lost[other] !== BY_MED) continue
        const theirs = this.#attributesOf(table, other)
        if (neighborAs[theirs] !== neighborAs[mine] || med[theirs]! >= med[mine]!) continue
        this.lost[at] = BY_MED
        left--
        break
      }
    }
    return left
  }

  /** Spares the comparison of all pairs where it could find nothing. */
  #haveOneMed(table: PathTable): boolean {
    let first = -1
    for (let at = 0; at < this.count; at++) {
      if (this.lost[at] !== 0) continue
      const med = this.#attributes.med[this.#attributesOf(table, at)]!
      if (first === -1) first = med
      else if (med !== first) return false
    }
    return true
  }

  /** Step 7. */
  #byKind(table: PathTable): void {
    let externals = 0
    for (let at = 0; at < this.count; at++) if (this.lost[at] === 0 && !this.#isInternal(table, at)) externals++
    if (externals === 0) return
    for (let at = 0; at < this.count; at++)
      if (this.lost[at] === 0 && this.#isInternal(table, at)) this.lost[at] = BY_KIND
  }

  /** Steps 8 to 11: a total order, so pairs are enough. */
  #byIdentity(table: PathTable): number {
    let best = 0
    for (let at = 0; at < this.count; at++) {
      if (this.lost[at] !== 0) continue
      const path = this.paths[at]!
      if (best === 0 || this.#compareIdentity(table, path, best) < 0) best = path
    }
    return best
  }

  #rankStep(loser: number, best: number): DecisionStep {
    const { peer, attributes, rank } = this.#announcements
    if (peer[best] === LOCAL_PEER) return 1
    const isLongStale = (announcement: number) =>
      (this.#attributes.communities[attributes[announcement]!]! & communityBit.llgrStale) !== 0
    if (isLongStale(loser) !== isLongStale(best)) return 2
    const low = this.#attributes.partsOfRank(rank[loser]!)
    const high = this.#attributes.partsOfRank(rank[best]!)
    return low.localPref !== high.localPref ? 3 : low.pathLength !== high.pathLength ? 4 : 5
  }

  #identityStep(table: PathTable, loser: number, best: number): DecisionStep {
    const [low, high] = [table.announcement[loser]!, table.announcement[best]!]
    if (this.#routerId(low) !== this.#routerId(high)) return 8
    if (this.#clusterListLength(low) !== this.#clusterListLength(high)) return 9
    return this.#announcements.peer[low] !== this.#announcements.peer[high] ? 10 : 11
  }

  #compareIdentity(table: PathTable, path: number, other: number): number {
    const [one, two] = [table.announcement[path]!, table.announcement[other]!]
    const routerId = this.#routerId(one) - this.#routerId(two)
    if (routerId !== 0) return routerId
    const clusters = this.#clusterListLength(one) - this.#clusterListLength(two)
    if (clusters !== 0) return clusters
    const peers = [this.#announcements.peer[one]!, this.#announcements.peer[two]!] as const
    if (peers[0] !== peers[1]) return this.#peers.compareAddresses(...peers) || peers[0] - peers[1]
    return table.pathIdOf(path) - table.pathIdOf(other)
  }

  #attributesOf(table: PathTable, at: number): number {
    return this.#announcements.attributes[table.announcement[this.paths[at]!]!]!
  }

  #isInternal(table: PathTable, at: number): boolean {
    return this.#peers.internal[this.#announcements.peer[table.announcement[this.paths[at]!]!]!] === 1
  }

  #routerId(announcement: number): number {
    const originator = this.#attributes.originatorId[this.#announcements.attributes[announcement]!]!
    return originator === 0 ? this.#peers.routerId[this.#announcements.peer[announcement]!]! : originator
  }

  #clusterListLength(announcement: number): number {
    return this.#attributes.clusterListLength[this.#announcements.attributes[announcement]!]!
  }
}
