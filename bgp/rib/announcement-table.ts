/**
 * Announcements, interned: what an UPDATE says of its prefixes, as one small integer: the peer that said it, the attributes
 * and the next hop. A path is then a prefix and an announcement, "same route" is one comparison of integers, and all that
 * selection asks of a route is computed once per announcement. Counted by references; knows no prefix.
 */
import { IdStack } from '../../lib/base/id-stack.ts'
import { GROWTH } from '../../lib/base/prefix-table.ts'
import { resized } from '../../lib/base/typed-array.ts'
import type { AttributeStore } from './attribute-store.ts'
import { HashChains } from './hash-chains.ts'
import { LEAK } from './loops.ts'
import { type NextHopTable, SELF } from './next-hop-table.ts'
import { LOCAL_PEER } from './peer.ts'
import { isTrimDue, trimmedCapacity } from './trim.ts'

const FIRST_CAPACITY = 64

/**
 * What is not in the attributes. `service`: a route of our own is a Service's address. Of what an export policy made: `keepMed`,
 * `keepNextHop`: the receiver is told MED and next hop as they are.
 */
export const announcementMark = { service: 1, keepMed: 2, keepNextHop: 4 } as const

/** Which routes of a peer are leaks, by their ONLY_TO_CUSTOMER (RFC 9234 §5, ingress 1 and 2): all that have one, or all but this AS. */
export type LeakRule = 'any' | { readonly but: number }

export class AnnouncementTable {
  readonly #attributes: AttributeStore
  readonly #nextHops: NextHopTable
  peer = new Uint16Array(FIRST_CAPACITY)
  attributes = new Int32Array(FIRST_CAPACITY)
  nextHop = new Int32Array(FIRST_CAPACITY)
  /** By id, as far as any announcement has marks. */
  #marks = new Uint8Array(0)
  /** By id, as far as anybody has asked; 0: not asked since it was given out. */
  #stamps = new Uint32Array(0)
  #lastStamp = 0
  /** How many paths, export groups and callers hold it. Add and subtract through `retain` and `release`. */
  references = new Uint32Array(FIRST_CAPACITY)
  /** The first steps of route selection as one number, higher is preferred; our own routes beat all. */
  rank = new Float64Array(FIRST_CAPACITY)
  /** Index into `loops`. */
  loop = new Uint8Array(FIRST_CAPACITY)
  /** Ids start at 1. */
  #chains = new HashChains(FIRST_CAPACITY)
  #size = 0
  /** By peer. */
  readonly #leakRules = new Map<number, LeakRule>()
  #fresh = 1
  readonly #freed = new IdStack()
  /** What the hash of the last announcement had besides its attributes: that of the next one mostly has the same. */
  #near = 0
  /** Since `trim` looked last. */
  #hasFreed = false
  /** Cut to what V8 holds as a small integer: with a larger one it would throw `intern` away that it made in the rehearsal. */
  readonly #seed: number

  constructor(attributes: AttributeStore, nextHops: NextHopTable, seed: number) {
    this.#attributes = attributes
    this.#nextHops = nextHops
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  /** Ids are less than this. */
  get capacity(): number {
    return this.attributes.length
  }

  /** The announcement with one reference more, given back by `release`. Takes over one reference to `attributes` and `nextHop` each. */
  intern(peer: number, attributes: number, nextHop: number, marks = 0): number {
    const hash = this.#hash(peer, attributes, nextHop)
    this.#near = (hash - attributes) | 0
    const chains = this.#chains
    for (let id = chains.first(hash); id !== 0; id = chains.next(id)) {
      if (
        this.attributes[id] === attributes &&
        this.peer[id] === peer &&
        this.nextHop[id] === nextHop &&
        this.marksOf(id) === marks
      ) {
        this.references[id]!++
        this.#attributes.release(attributes)
        this.#nextHops.release(nextHop)
        return id
      }
    }
    if (this.#freed.length === 0 && this.#fresh === this.capacity) {
      this.#resize(GROWTH * this.capacity)
      return this.intern(peer, attributes, nextHop, marks)
    }
    const id = this.#freed.length > 0 ? this.#freed.pop() : this.#fresh++
    chains.add(id, hash)
    this.#size++
    this.peer[id] = peer
    this.attributes[id] = attributes
    this.nextHop[id] = nextHop
    if (marks !== 0 && id >= this.#marks.length) this.#marks = resized(this.#marks, this.capacity)
    if (id < this.#marks.length) this.#marks[id] = marks
    this.references[id] = 1
    this.rank[id] = peer === LOCAL_PEER ? Number.MAX_SAFE_INTEGER : this.#attributes.rank[attributes]!
    this.loop[id] = peer === LOCAL_PEER ? 0 : this.#loopOf(peer, attributes)
    return id
  }

  /** Reads ahead what it takes to let go of these; leaves the attributes of each in `ids`. @returns as of `PrefixTable.prefetch` */
  prefetch(ids: Int32Array, count: number): number {
    let touched = 0
    for (let index = 0; index < count; index++) {
      const id = ids[index]!
      touched |= this.peer[id]! | this.nextHop[id]! | this.references[id]! | this.#chains.next(id)
      ids[index] = this.attributes[id]!
    }
    for (let index = 0; index < count; index++) touched |= this.#chains.first(this.#near + ids[index]!)
    return touched
  }

  /**
   * Reads ahead what it takes to announce these attributes with the peer and the next hop of the last announcement.
   * @param attributes 0 where they are not known
   * @returns as of `PrefixTable.prefetch`
   */
  prefetchNew(attributes: Int32Array, count: number): number {
    let touched = 0
    for (let index = 0; index < count; index++) touched |= this.#chains.first(this.#near + attributes[index]!)
    for (let others = Math.min(count, this.#freed.length) - 1; others >= 0; others--) {
      const id = this.#freed.peek(others)
      touched |=
        this.peer[id]! | this.attributes[id]! | this.nextHop[id]! | this.references[id]! | this.#chains.next(id)
      touched |= this.loop[id]! | this.rank[id]!
    }
    return touched
  }

  /** What counts as a leak of a peer from now on; returns whether it was another one before, and its paths are to be judged again. */
  setLeakRule(peer: number, rule: LeakRule | undefined): boolean {
    if (JSON.stringify(rule) === JSON.stringify(this.#leakRules.get(peer))) return false
    if (rule === undefined) this.#leakRules.delete(peer)
    else this.#leakRules.set(peer, rule)
    for (let id = 1; id < this.#fresh; id++)
      if (this.references[id] !== 0 && this.peer[id] === peer) this.loop[id] = this.#loopOf(peer, this.attributes[id]!)
    return true
  }

  /**
   * What policy made of an announcement: the same peer's, with other attributes, next hop or marks. Gives and takes references
   * as `intern` does.
   */
  derive(from: number, attributes: number, nextHop: number, marks: number): number {
    return this.intern(this.peer[from]!, attributes, nextHop, marks)
  }

  /** Bits of announcementMark: part of what an announcement is. */
  marksOf(id: number): number {
    return this.#marks[id] ?? 0
  }

  /** Another one each time an id is given out: whoever keeps an id without a reference asks whether it is still the one it was. */
  stampOf(id: number): number {
    if (id >= this.#stamps.length) this.#stamps = resized(this.#stamps, this.capacity)
    if (this.#stamps[id] === 0) this.#stamps[id] = ++this.#lastStamp
    return this.#stamps[id] ?? 0
  }

  retain(id: number): void {
    this.references[id]!++
  }

  /** By next hop, the peers that any announcement over it is from; routes of our own left out. Looks at each announcement. */
  peersByNextHop(): Map<number, Set<number>> {
    const found = new Map<number, Set<number>>()
    let nextHop = SELF
    let peer = LOCAL_PEER
    for (let id = 1; id < this.#fresh; id++) {
      // neighbouring announcements mostly are from one peer
      if (this.references[id] === 0 || (this.nextHop[id] === nextHop && this.peer[id] === peer)) continue
      nextHop = this.nextHop[id]!
      peer = this.peer[id]!
      if (peer === LOCAL_PEER) continue
      const peers = found.get(nextHop)
      if (peers === undefined) found.set(nextHop, new Set([peer]))
      else peers.add(peer)
    }
    return found
  }

  release(id: number): void {
    if (--this.references[id]! > 0) return
    this.#chains.remove(id, this.#hashOf(id))
    this.#attributes.release(this.attributes[id]!)
    this.#nextHops.release(this.nextHop[id]!)
    if (id < this.#stamps.length) this.#stamps[id] = 0
    this.#freed.push(id)
    this.#size--
    this.#hasFreed = true
    if (this.#size === 0 && this.capacity > FIRST_CAPACITY) {
      this.#fresh = 1
      this.#freed.clear()
      this.#resize(FIRST_CAPACITY)
    }
  }

  /** As `AttributeStore.trim`. */
  trim(): void {
    this.#freed.trim()
    if (!this.#hasFreed || !isTrimDue(this.#size, this.capacity)) return
    this.#hasFreed = false
    const capacity = trimmedCapacity(this.references, this.#fresh, FIRST_CAPACITY)
    if (capacity === undefined) return
    this.#fresh = Math.min(this.#fresh, capacity)
    this.#freed.clear()
    for (let id = this.#fresh - 1; id > 0; id--) if (this.references[id] === 0) this.#freed.push(id)
    this.#resize(capacity)
  }

  #loopOf(peer: number, attributes: number): number {
    const loop = this.#attributes.loop[attributes]!
    return loop === 0 && this.#isLeak(peer, this.#attributes.otcOf(attributes)) ? LEAK : loop
  }

  #isLeak(peer: number, otc: number): boolean {
    const rule = otc === 0 ? undefined : this.#leakRules.get(peer)
    return rule !== undefined && (rule === 'any' || rule.but !== otc)
  }

  #resize(capacity: number): void {
    this.peer = resized(this.peer, capacity)
    this.attributes = resized(this.attributes, capacity)
    this.nextHop = resized(this.nextHop, capacity)
    this.references = resized(this.references, capacity)
    if (this.#marks.length > capacity) this.#marks = resized(this.#marks, capacity)
    if (this.#stamps.length > capacity) this.#stamps = resized(this.#stamps, capacity)
    this.rank = resized(this.rank, capacity)
    this.loop = resized(this.loop, capacity)
    this.#chains = new HashChains(capacity)
    for (let id = 1; id < this.#fresh; id++) if (this.references[id] !== 0) this.#chains.add(id, this.#hashOf(id))
  }

  #hashOf(id: number): number {
    return this.#hash(this.peer[id]!, this.attributes[id]!, this.nextHop[id]!)
  }

  /**
   * Seeded: a peer chooses how many next hops there are. Attribute sets that are interned one after another have neighbouring ids;
   * what one peer says with them has neighbouring hashes, and their lists begin in the same cache lines.
   */
  #hash(peer: number, attributes: number, nextHop: number): number {
    const mixed = Math.imul(peer, 0x1b873593) ^ Math.imul(nextHop ^ this.#seed, 0x85ebca6b)
    const hash = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35)
    return ((hash ^ (hash >>> 15)) + attributes) | 0
  }
}
