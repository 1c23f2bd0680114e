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
 *   2. Higher LOCAL_PREF.
 *   3. Shorter AS_PATH (§9.1.2.2 a; an AS_SET counts one).
 *   4. Lower ORIGIN: IGP, EGP, INCOMPLETE (b).
 *   5. Lower MED among paths of the same neighbour AS, where a missing one is 0 (c). Paths with an empty AS_PATH come from our
 *      own AS and are compared with one another.
 *   6. eBGP before iBGP (d).
 *      (Interior cost, e: every usable next hop costs the same for now.)
 *      Whoever is left here is as good as the best: these are the multipath set.
 *   7. Lower BGP identifier (f), where ORIGINATOR_ID stands for that of the peer (RFC 4456 §9).
 *   8. Shorter CLUSTER_LIST (RFC 4456 §9).
 *   9. Lower peer address (g), and where two sessions share an address, the one configured first.
 *
 * Steps 1 to 4 compare every path with every other, so they are one number per announcement (`rank`), and most prefixes are
 * decided by one pass over it. Knows no export and no kernel.
 */
import type { AnnouncementTable } from './announcement-table.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { NextHopTable } from './next-hop-table.ts'
import { type PathTable, pathFlag } from './path-table.ts'
import { LOCAL_PEER, type PeerTable } from './peer-table.ts'
import { resized } from './typed-array.ts'

/** The steps by number, as people read them: what the winner has, and what the loser has. Index 0: nobody lost. */
export const decisionSteps = [
  { won: 'the only eligible path', lost: '' },
  { won: 'a route of our own', lost: 'a route of our own is preferred' },
  { won: 'higher LOCAL_PREF', lost: 'lower LOCAL_PREF' },
  { won: 'shorter AS_PATH', lost: 'longer AS_PATH' },
  { won: 'better ORIGIN', lost: 'worse ORIGIN' },
  { won: 'lower MED', lost: 'higher MED' },
  { won: 'eBGP over iBGP', lost: 'iBGP, and the best is eBGP' },
  { won: 'lower router id', lost: 'higher router id' },
  { won: 'shorter CLUSTER_LIST', lost: 'longer CLUSTER_LIST' },
  { won: 'lower peer address', lost: 'higher peer address' },
] as const

export type DecisionStep = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** Stands for steps 1 to 4 until somebody asks which of them it was. */
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
    let left = this.#byRank(table, only)
    if (left > 1) left = this.#byMed(table, left)
    if (left > 1) this.#byKind(table)
    return this.#byIdentity(table)
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
    if (step === 0) return this.#identityStep(table.announcement[loser]!, table.announcement[best]!)
    return step === BY_RANK
      ? this.#rankStep(table.announcement[loser]!, table.announcement[best]!)
      : (step as DecisionStep)
  }

  /** Whether a path of the last decision was as good as the best up to step 6. */
  isEqual(path: number): boolean {
    return this.lost[this.paths.subarray(0, this.count).indexOf(path)] === 0
  }

  /** Steps 1 to 4. */
  #byRank(table: PathTable, head: number): number {
    const { rank } = this.#announcements
    let count = 0
    let highest = -1
    let left = 0
    for (let path = head; path !== 0; path = table.next[path]!) {
      if (!this.isEligible(table, path)) continue
      const value = rank[table.announcement[path]!]!
      if (value > highest) {
        this.lost.fill(BY_RANK, 0, count)
        highest = value
        left = 0
      }
      if (count === this.paths.length) {
        this.paths = resized(this.paths, 2 * count)
        this.lost = resized(this.lost, 2 * count)
      }
      this.paths[count] = path
      this.lost[count++] = value === highest ? 0 : BY_RANK
      if (value === highest) left++
    }
    this.count = count
    return left
  }

  /** Step 5. */
  #byMed(table: PathTable, left: number): number {
    const { med, neighborAs } = this.#attributes
    if (this.#haveOneMed(table)) return left
    for (let at = 0; at < this.count; at++) {
      if (this.lost[at] !== 0) continue
      const mine = this.#attributesOf(table, at)
      for (let other = 0; other < this.count; other++) {
        if (this.lost[other] !== 0 && this.lost[other] !== 5) continue
        const theirs = this.#attributesOf(table, other)
        if (neighborAs[theirs] !== neighborAs[mine] || med[theirs]! >= med[mine]!) continue
        this.lost[at] = 5
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

  /** Step 6. */
  #byKind(table: PathTable): void {
    let externals = 0
    for (let at = 0; at < this.count; at++) if (this.lost[at] === 0 && !this.#isInternal(table, at)) externals++
    if (externals === 0) return
    for (let at = 0; at < this.count; at++) if (this.lost[at] === 0 && this.#isInternal(table, at)) this.lost[at] = 6
  }

  /** Steps 7 to 9: a total order, so pairs are enough. */
  #byIdentity(table: PathTable): number {
    let best = 0
    for (let at = 0; at < this.count; at++) {
      if (this.lost[at] !== 0) continue
      const path = this.paths[at]!
      if (best === 0 || this.#compareIdentity(table.announcement[path]!, table.announcement[best]!) < 0) best = path
    }
    return best
  }

  #rankStep(loser: number, best: number): DecisionStep {
    if (this.#announcements.peer[best] === LOCAL_PEER) return 1
    const ranks = [this.#announcements.rank[loser]!, this.#announcements.rank[best]!] as const
    const [low, high] = ranks.map(rank => this.#attributes.partsOfRank(rank)) as [RankParts, RankParts]
    return low.localPref !== high.localPref ? 2 : low.pathLength !== high.pathLength ? 3 : 4
  }

  #identityStep(loser: number, best: number): DecisionStep {
    if (this.#routerId(loser) !== this.#routerId(best)) return 7
    return this.#clusterListLength(loser) !== this.#clusterListLength(best) ? 8 : 9
  }

  #compareIdentity(one: number, other: number): number {
    const routerId = this.#routerId(one) - this.#routerId(other)
    if (routerId !== 0) return routerId
    const clusters = this.#clusterListLength(one) - this.#clusterListLength(other)
    if (clusters !== 0) return clusters
    const peers = [this.#announcements.peer[one]!, this.#announcements.peer[other]!] as const
    return this.#peers.compareAddresses(...peers) || peers[0] - peers[1]
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

type RankParts = ReturnType<AttributeStore['partsOfRank']>
