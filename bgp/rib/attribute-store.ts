/**
 * Attribute sets, interned: equal canonical bytes have one id, one copy of the bytes and one set of decoded decision keys,
 * counted by references. Knows no peer, next hop or prefix; of sessions only of which kind they are, for what was good on one of a
 * kind need not be judged again on another.
 *
 * Sets that nobody refers to any more stay for a while, a quarter as many as there are others, and the oldest goes first: routes
 * that flap come back with the attributes that they had, and to find a set costs half of what it takes to enter it again.
 *
 * The bytes lie one after another in a pool. A freed set leaves a hole; when the pool is full and a good part of it is
 * holes, or when little of a large pool is left in use, the living sets are moved together, so memory comes back. Ids do not
 * move: `trim` gives back those above the highest one in use.
 */
import { IdStack } from '../../lib/base/id-stack.ts'
import { GROWTH } from '../../lib/base/prefix-table.ts'
import { resized } from '../../lib/base/typed-array.ts'
import { attributeEnd } from '../wire/attribute-header.ts'
import type { AttributeMemory } from '../wire/attribute-memory.ts'
import { communityBit, DecisionKeys } from '../wire/decision-keys.ts'
import type { UpdateContext } from '../wire/update-context.ts'
import { HashChains } from './hash-chains.ts'
import { IdQueue } from './id-queue.ts'
import { loopOf, type RibIdentity } from './loops.ts'
import { isTrimDue, trimmedCapacity } from './trim.ts'

const FIRST_CAPACITY = 64
const FIRST_POOL = 4096
const DEFAULT_LOCAL_PREF = 100
/** Of the sets that are referred to, up to this part (a quarter) as many more may stay. */
const DORMANT_PART = 4
const MAX_PATH_LENGTH = 4095
/** What the array by set can hold; of what comes later nothing is remembered. */
const MOST_KINDS = 65_535
/** More than any rank: what has LLGR_STALE comes after all else (RFC 9494 §4.3). */
const LONG_STALE = 2 ** 47

export class AttributeStore implements AttributeMemory {
  /** The pool; replaced when it grows. A set is `pool[start[id], end(id))`. */
  pool = new Uint8Array(FIRST_POOL)
  start = new Uint32Array(FIRST_CAPACITY)
  #length = new Uint16Array(FIRST_CAPACITY)
  #hashes = new Int32Array(FIRST_CAPACITY)
  #references = new Uint32Array(FIRST_CAPACITY)
  /** LLGR_STALE, LOCAL_PREF (100 where absent), path length and origin as one number: the higher is preferred. Exact in a double. */
  rank = new Float64Array(FIRST_CAPACITY)
  /** Missing MED is 0, the most preferred (RFC 4271 §9.1.2.2 c). */
  med = new Uint32Array(FIRST_CAPACITY)
  neighborAs = new Uint32Array(FIRST_CAPACITY)
  /** 0 when absent. */
  originatorId = new Uint32Array(FIRST_CAPACITY)
  clusterListLength = new Uint16Array(FIRST_CAPACITY)
  /** Bits of communityBit. */
  communities = new Uint8Array(FIRST_CAPACITY)
  /** Index into `loops`, but for leaks. */
  loop = new Uint8Array(FIRST_CAPACITY)
  /** By id: the kind of session on which it came last and was good; 0: it was made here. */
  #goodOn = new Uint16Array(FIRST_CAPACITY)
  /** By what the judgement depends on, as one number. Never forgotten: readers keep theirs. */
  readonly #kinds = new Map<number, number>()
  /** By id, as far as any set has it. */
  #otc = new Uint32Array(0)

  readonly #identity: RibIdentity
  readonly #keys = new DecisionKeys()
  readonly #seed: number
  /** Ids start at 1. */
  #chains = new HashChains(FIRST_CAPACITY)
  #size = 0
  /** Sets that nobody refers to, and their octets. */
  #dormant = 0
  #dormantOctets = 0
  /** Those and some that have come into use again, the longest there first; and by id, whether it is in it. */
  readonly #leaving = new IdQueue()
  #isLeaving = new Uint8Array(FIRST_CAPACITY)
  /** Ids below have been handed out. */
  #fresh = 1
  readonly #freed = new IdStack()
  /** Since `trim` looked last. */
  #hasFreed = false
  #poolEnd = 0
  #holes = 0

  constructor(identity: RibIdentity, seed: number) {
    // of one shape, whoever asks: code made for a rehearsal's identity is then right for the real one
    const { asNumber, routerId, clusterId } = identity
    this.#identity = { asNumber, routerId, clusterId }
    this.#seed = seed | 0
  }

  /** Sets that are referred to. */
  get size(): number {
    return this.#size
  }

  /** Octets of the pool that they take. */
  get octets(): number {
    return this.#poolEnd - this.#holes - this.#dormantOctets
  }

  /** Octets that the pool has. */
  get poolSize(): number {
    return this.pool.length
  }

  end(id: number): number {
    return this.start[id]! + this.#length[id]!
  }

  /** The AS number of ONLY_TO_CUSTOMER (RFC 9234 §5); 0 when absent. */
  otcOf(id: number): number {
    return this.#otc[id] ?? 0
  }

  /** The values that a rank is made of, beside LLGR_STALE. */
  partsOfRank(rank: number): { localPref: number; pathLength: number; origin: number } {
    if (rank < 0) rank += LONG_STALE
    const upper = Math.floor(rank / 4)
    const brevity = upper % (MAX_PATH_LENGTH + 1)
    return {
      localPref: Math.floor(upper / (MAX_PATH_LENGTH + 1)),
      pathLength: MAX_PATH_LENGTH - brevity,
      origin: 3 - (rank % 4),
    }
  }

  /** A copy of the bytes, for views. */
  bytes(id: number): Uint8Array {
    return this.pool.slice(this.start[id]!, this.end(id))
  }

  /**
   * Reads ahead what it takes to recall sets; leaves in `ids` that which each hash leads to, 0 where there is none.
   * @returns as of `PrefixTable.prefetch`
   */
  prefetch(hashes: Int32Array, count: number, ids: Int32Array): number {
    const { pool, start } = this
    let touched = 0
    for (let index = 0; index < count; index++) ids[index] = this.#chains.first(hashes[index]!)
    for (let index = 0; index < count; index++) {
      const id = ids[index]!
      touched |= start[id]! | this.#length[id]! | this.#references[id]! | this.#goodOn[id]! | this.#chains.next(id)
      touched |= this.rank[id]! | this.communities[id]! | this.loop[id]!
      if (this.#hashes[id] !== hashes[index]) ids[index] = 0
    }
    for (let index = 0; index < count; index++) {
      const id = ids[index]!
      if (id !== 0) touched |= pool[start[id]!]! | pool[this.end(id) - 1]!
    }
    return touched
  }

  /** Reads ahead what it takes to let go of these. @returns as of `PrefixTable.prefetch` */
  prefetchKnown(ids: Int32Array, count: number): number {
    let touched = 0
    for (let index = 0; index < count; index++) {
      const id = ids[index]!
      touched |= this.#length[id]! | this.#references[id]! | this.#isLeaving[id]!
    }
    return touched
  }

  /** Of two ranges of attributes as of one: seeded, so that a peer cannot choose colliding sets. */
  hash(bytes: Uint8Array, start: number, gap: number, gapEnd: number, end: number): number {
    let hash = hashAttributes(this.#seed, bytes, start, gap)
    hash = hashAttributes(hash, bytes, gapEnd, end)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    return hash ^ (hash >>> 13)
  }

  kindOf({ fourOctetAs, internal, peerAs, discardUnknown, routeServer }: UpdateContext): number {
    const firstAs = internal || routeServer ? 0 : peerAs
    const key = firstAs * 8 + (fourOctetAs ? 4 : 0) + (internal ? 2 : 0) + (discardUnknown ? 1 : 0)
    const known = this.#kinds.get(key)
    if (known !== undefined || this.#kinds.size === MOST_KINDS) return known ?? 0
    this.#kinds.set(key, this.#kinds.size + 1)
    return this.#kinds.size
  }

  recall(kind: number, bytes: Uint8Array, start: number, gap: number, gapEnd: number, end: number): number {
    if (kind === 0) return 0
    const id = this.#find(this.hash(bytes, start, gap, gapEnd, end), bytes, start, gap, gapEnd, end)
    return this.#goodOn[id] === kind ? id : 0
  }

  /**
   * The id of canonical attribute bytes, with one reference more; the caller gives it back by `release`.
   * @param kind of session on which equal octets need not be judged again; 0: none
   */
  intern(bytes: Uint8Array, start: number, end: number, kind = 0): number {
    const hash = this.hash(bytes, start, end, end, end)
    let id = this.#find(hash, bytes, start, end, end, end)
    if (id === 0) id = this.#insert(bytes, start, end - start, hash)
    else this.retain(id)
    if (kind !== 0) this.#goodOn[id] = kind
    return id
  }

  /** One reference more, of a set that somebody refers to or that `recall` has just found. */
  retain(id: number): void {
    if (this.#references[id]!++ === 0) this.#wake(id)
  }

  release(id: number): void {
    if (--this.#references[id]! > 0) return
    this.#size--
    this.#dormant++
    this.#dormantOctets += this.#length[id]!
    if (this.#isLeaving[id] === 0) {
      this.#isLeaving[id] = 1
      this.#leaving.push(id)
    }
    this.#forget(this.#size / DORMANT_PART)
    if (this.#size === 0) this.#reset()
    else if (this.pool.length > 16 * FIRST_POOL && this.octets < this.pool.length / 8) this.#compact()
  }

  /** Gives back what a flood took, once most of it has gone. To be called at rest: it may look at every id. */
  trim(): void {
    this.#trimIds()
    this.#freed.trim()
    this.#leaving.trim()
  }

  #trimIds(): void {
    if (!this.#hasFreed || !isTrimDue(this.#size, this.start.length)) return
    this.#hasFreed = false
    this.#forget(0)
    const capacity = trimmedCapacity(this.#references, this.#fresh, FIRST_CAPACITY)
    if (capacity === undefined) return
    this.#fresh = Math.min(this.#fresh, capacity)
    this.#freed.clear()
    for (let id = this.#fresh - 1; id > 0; id--) if (this.#references[id] === 0) this.#freed.push(id)
    this.#resize(capacity)
  }

  /** It was dormant, and somebody refers to it again. */
  #wake(id: number): void {
    this.#size++
    this.#dormant--
    this.#dormantOctets -= this.#length[id]!
  }

  /** Lets dormant sets go until there are at most so many. */
  #forget(most: number): void {
    while (this.#dormant > most) {
      const id = this.#leaving.shift()
      this.#isLeaving[id] = 0
      if (this.#references[id] === 0) this.#remove(id)
    }
  }

  #remove(id: number): void {
    const length = this.#length[id]!
    this.#dormant--
    this.#dormantOctets -= length
    this.#chains.remove(id, this.#hashes[id]!)
    this.#holes += length
    this.#freed.push(id)
    this.#hasFreed = true
  }

  #insert(bytes: Uint8Array, start: number, length: number, hash: number): number {
    if (this.#freed.length === 0 && this.#fresh === this.start.length) this.#resize(GROWTH * this.start.length)
    const id = this.#freed.length > 0 ? this.#freed.pop() : this.#fresh++
    if (this.#poolEnd + length > this.pool.length) this.#makeRoom(length)
    const at = this.#poolEnd
    for (let index = 0; index < length; index++) this.pool[at + index] = bytes[start + index]!
    this.#poolEnd += length
    this.start[id] = at
    this.#length[id] = length
    this.#hashes[id] = hash
    this.#references[id] = 1
    this.#goodOn[id] = 0
    this.#size++
    this.#readKeys(id, at, at + length)
    this.#chains.add(id, hash)
    return id
  }

  #readKeys(id: number, start: number, end: number): void {
    const keys = this.#keys
    keys.read(this.pool, start, end)
    const localPref = keys.localPref === -1 ? DEFAULT_LOCAL_PREF : keys.localPref
    const brevity = MAX_PATH_LENGTH - Math.min(keys.pathLength, MAX_PATH_LENGTH)
    this.rank[id] = (localPref * (MAX_PATH_LENGTH + 1) + brevity) * 4 + (3 - keys.origin)
    if ((keys.communities & communityBit.llgrStale) !== 0) this.rank[id]! -= LONG_STALE
    this.med[id] = keys.med === -1 ? 0 : keys.med
    this.neighborAs[id] = keys.neighborAs
    this.originatorId[id] = keys.originatorId
    this.clusterListLength[id] = keys.clusterListLength
    this.communities[id] = keys.communities
    this.loop[id] = loopOf(this.pool, start, end, keys, this.#identity)
    if (keys.otc !== 0 && id >= this.#otc.length) this.#otc = resized(this.#otc, this.start.length)
    if (id < this.#otc.length) this.#otc[id] = keys.otc
  }

  /** The set whose bytes are these two ranges; 0: there is none. */
  #find(hash: number, bytes: Uint8Array, start: number, gap: number, gapEnd: number, end: number): number {
    const chains = this.#chains
    const length = gap - start + end - gapEnd
    let id = chains.first(hash)
    while (id !== 0) {
      if (this.#hashes[id] === hash && this.#length[id] === length) {
        const from = this.start[id]!
        if (this.#holds(from, bytes, start, gap) && this.#holds(from + gap - start, bytes, gapEnd, end)) break
      }
      id = chains.next(id)
    }
    return id
  }

  /** Whether the pool has these bytes at a place. */
  #holds(at: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { pool } = this
    for (let from = start; from < end; from++) if (pool[at++] !== bytes[from]) return false
    return true
  }

  /** Dormant sets go: what is moved is told by its references. */
  #resize(capacity: number): void {
    this.#forget(0)
    this.start = resized(this.start, capacity)
    this.#length = resized(this.#length, capacity)
    this.#hashes = resized(this.#hashes, capacity)
    this.#references = resized(this.#references, capacity)
    this.rank = resized(this.rank, capacity)
    this.med = resized(this.med, capacity)
    this.neighborAs = resized(this.neighborAs, capacity)
    this.originatorId = resized(this.originatorId, capacity)
    this.clusterListLength = resized(this.clusterListLength, capacity)
    this.communities = resized(this.communities, capacity)
    this.loop = resized(this.loop, capacity)
    this.#isLeaving = resized(this.#isLeaving, capacity)
    this.#goodOn = resized(this.#goodOn, capacity)
    if (this.#otc.length > capacity) this.#otc = resized(this.#otc, capacity)
    this.#chains = new HashChains(capacity)
    for (let id = 1; id < this.#fresh; id++) if (this.#references[id] !== 0) this.#chains.add(id, this.#hashes[id]!)
  }

  #makeRoom(length: number): void {
    const spare = this.#holes + this.#dormantOctets
    if (spare > this.pool.length / 4 && this.octets + length <= this.pool.length) this.#compact()
    if (this.#poolEnd + length <= this.pool.length) return
    this.pool = resized(this.pool, Math.max(GROWTH * this.pool.length, this.#poolEnd + length))
  }

  #compact(): void {
    this.#forget(0)
    const pool = new Uint8Array(Math.max(FIRST_POOL, 2 ** Math.ceil(Math.log2(2 * this.octets))))
    let at = 0
    for (let id = 1; id < this.#fresh; id++) {
      if (this.#references[id] === 0) continue
      const from = this.start[id]!
      pool.set(this.pool.subarray(from, from + this.#length[id]!), at)
      this.start[id] = at
      at += this.#length[id]!
    }
    this.pool = pool
    this.#poolEnd = at
    this.#holes = 0
  }

  /** Nothing is left: all memory goes back. */
  #reset(): void {
    this.#fresh = 1
    this.#freed.clear()
    this.#poolEnd = 0
    this.#holes = 0
    this.pool = new Uint8Array(FIRST_POOL)
    this.#otc = new Uint32Array(0)
    if (this.start.length > FIRST_CAPACITY) this.#resize(FIRST_CAPACITY)
  }
}

/** Murmur3's mixing, four octets at a time, and anew for each attribute: so it is the same wherever a list of them is cut. */
function hashAttributes(hash: number, bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const next = at + 4 > end ? end : Math.min(end, attributeEnd(bytes, at)) // a peer may end them where it likes
    for (; at + 4 <= next; at += 4)
      hash = mix(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    let tail = 0
    for (; at < next; at++) tail = (tail << 8) | bytes[at]!
    hash = mix(hash, tail)
  }
  return hash
}

function mix(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51)
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593) ^ hash
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}
