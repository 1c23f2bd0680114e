/**
 * IP prefixes of one family as small integers: an open-addressing hash table over typed arrays, no object per prefix.
 * An id stays with its prefix until `release`; freed ids are used again, so ids stay dense and any
 * per-prefix state elsewhere is an array indexed by id. Knows nothing of routes; ownership of an id (who may release it)
 * is the caller's affair.
 */
import { IdStack } from './id-stack.ts'
import { bitsOf, type Family } from './ip.ts'
import { Prefix } from './prefix.ts'
import { resized } from './typed-array.ts'

const FIRST_CAPACITY = 64
/**
 * A table that grows becomes so many times as large. What is not used of an array costs address space and no memory, but for the
 * slots; to copy and hash everything anew for each doubling took a tenth of the time in which a large table is learned.
 */
export const GROWTH = 4
/** Slots per id: at most half of the slots are taken, so probes stay short. */
const SLOTS_PER_ID = 2

export class PrefixTable {
  readonly family: Family
  /** 32-bit words of an address: 1 or 4. */
  readonly #width: 1 | 4
  readonly #seed: number
  /** Two numbers a slot: the tag of a prefix, and `id + 1`, 0 for empty. */
  #slots = new Int32Array(2 * FIRST_CAPACITY * SLOTS_PER_ID)
  #words: Uint32Array
  /** Length of the prefix; FREE, or beyond `#fresh`: there is none. */
  #lengths = new Uint8Array(FIRST_CAPACITY)
  #size = 0
  /** Ids ever handed out: all below are in use or freed. */
  #fresh = 0
  readonly #freed = new IdStack()
  /** How many prefixes of each length there are. */
  readonly #perLength = new Uint32Array(129)
  /** The id found last: what is said again mostly comes in the order in which it came first. */
  #last = -1
  // the prefix under work, host bits cleared
  #word0 = 0
  #word1 = 0
  #word2 = 0
  #word3 = 0

  /** @param seed of the hash; a random one per process keeps a hostile peer from choosing colliding prefixes */
  constructor(family: Family, seed = 0) {
    this.family = family
    this.#width = family === 4 ? 1 : 4
    this.#seed = seed | 0
    this.#words = new Uint32Array(FIRST_CAPACITY * this.#width)
  }

  /** Prefixes in the table. */
  get size(): number {
    return this.#size
  }

  /** Every id is less than this; it grows fourfold and never shrinks while prefixes are left. */
  get capacity(): number {
    return this.#lengths.length
  }

  /** Every id in use is less than this; it grows by one for each id that is handed out for the first time, and falls to 0 with the last prefix. */
  get end(): number {
    return this.#fresh
  }

  /**
   * The id of a prefix, new or known. `bytes` at `offset` holds at least `ceil(length / 8)` octets (the form of NLRI);
   * set host bits are ignored. The caller has checked `length` against the family.
   */
  intern(bytes: Uint8Array, offset: number, length: number): number {
    this.#load(bytes, offset, length)
    return this.#isNext(length) ? ++this.#last : this.#lookUp(length, true)
  }

  /** The id of a known prefix, else -1. The same arguments as `intern`. */
  find(bytes: Uint8Array, offset: number, length: number): number {
    this.#load(bytes, offset, length)
    return this.#isNext(length) ? ++this.#last : this.#lookUp(length, false)
  }

  /**
   * Puts the ids of prefixes into `ids`, -1 where one is not known, and reads ahead what a look-up of them will read. All are
   * hashed and all their slots read before the first is compared, so that the processor waits for memory once and not for each.
   * @param places where in `bytes` each has its length, with its octets behind it
   * @returns of no meaning, as of every `prefetch`: what was read is a part of it
   */
  prefetch(bytes: Uint8Array, places: Int32Array, count: number, ids: Int32Array): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let index = 0; index < count; index++) {
      const at = places[index]!
      this.#load(bytes, at + 1, bytes[at]!)
      ids[index] = this.#hash(bytes[at]!)
    }
    let touched = 0
    for (let index = 0; index < count; index++) touched |= slots[(2 * ids[index]!) & mask]!
    for (let index = 0; index < count; index++) {
      const at = places[index]!
      const length = bytes[at]!
      const hash = ids[index]!
      this.#load(bytes, at + 1, length)
      ids[index] = slots[this.#seek(hash, this.#tag(hash, length), length) + 1]! - 1
    }
    for (let index = 0; index < count; index++) {
      const id = ids[index]!
      if (id !== -1) touched |= this.#words[id * this.#width]! | this.#lengths[id]!
    }
    return touched
  }

  /** The id of the longest prefix that holds the address (4 or 16 octets), else -1. */
  longestMatch(address: Uint8Array): number {
    for (let length: number = bitsOf(this.family); length >= 0; length--) {
      if (this.#perLength[length] === 0) continue
      const id = this.find(address, 0, length)
      if (id !== -1) return id
    }
    return -1
  }

  /** Forgets a prefix; its id may come back for another one. */
  release(id: number): void {
    const length = this.lengthOf(id)
    this.#recall(id)
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = (2 * this.#hash(length)) & mask
    while (slots[hole + 1] !== id + 1) hole = (hole + 2) & mask
    // backward shift: pull up later entries of the run whose home does not lie after the hole (no tombstones)
    for (let slot = (hole + 2) & mask; slots[slot + 1] !== 0; slot = (slot + 2) & mask) {
      const mover = slots[slot + 1]! - 1
      this.#recall(mover)
      const home = (2 * this.#hash(this.#lengths[mover]!)) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      slots[hole] = slots[slot]!
      slots[hole + 1] = mover + 1
      hole = slot
    }
    slots[hole + 1] = 0
    this.#perLength[length]!--
    this.#lengths[id] = FREE
    this.#freed.push(id)
    this.#size--
    if (this.#size === 0) this.#reset()
  }

  /** Gives room back that is not used. To be called at rest. */
  trim(): void {
    this.#freed.trim()
  }

  lengthOf(id: number): number {
    const length = this.#lengths[id]
    if (length === undefined || !this.has(id)) throw new RangeError(`no prefix has the id ${id}`)
    return length
  }

  /** Writes all 4 or 16 octets of the address. */
  write(id: number, target: Uint8Array, at: number): void {
    const width = this.#width
    for (let index = 0; index < width; index++) {
      const word = this.#words[id * width + index]!
      target[at + 4 * index] = word >>> 24
      target[at + 4 * index + 1] = word >>> 16
      target[at + 4 * index + 2] = word >>> 8
      target[at + 4 * index + 3] = word
    }
  }

  /** Whether the prefix of `id` lies within the one whose words and length are given (equal counts). */
  isWithin(id: number, words: Uint32Array, length: number): boolean {
    if (this.#lengths[id]! < length) return false
    const first = id * this.#width
    for (let index = 0, bits = length; bits > 0; index++, bits -= 32)
      if (((this.#words[first + index]! ^ words[index]!) & maskOf(bits)) !== 0) return false
    return true
  }

  prefix(id: number): Prefix {
    const length = this.lengthOf(id)
    const bytes = new Uint8Array(4 * this.#width)
    this.write(id, bytes, 0)
    return new Prefix(bytes, length)
  }

  /** Whether an id below `capacity` names a prefix now. */
  has(id: number): boolean {
    return id < this.#fresh && this.#lengths[id] !== FREE
  }

  /** All ids in ascending order. Ids added or released while iterating may or may not be seen. */
  *ids(): IterableIterator<number> {
    for (let id = 0; id < this.#fresh; id++) if (this.#lengths[id] !== FREE) yield id
  }

  /** Whether the prefix under work has the id behind the one found last. */
  #isNext(length: number): boolean {
    const next = this.#last + 1
    return next < this.#fresh && this.#holds(next, length)
  }

  /** The id of the prefix under work; -1: it is not known. @param adds whether it is entered then */
  #lookUp(length: number, adds: boolean): number {
    const hash = this.#hash(length)
    const tag = this.#tag(hash, length)
    const slot = this.#seek(hash, tag, length)
    const id = this.#slots[slot + 1]! - 1
    this.#last = id === -1 && adds ? this.#enter(slot, tag, length) : id
    return this.#last
  }

  /** Where the slot of the prefix under work is, or the empty one that it may have. @param tag where it is exact, it alone counts */
  #seek(hash: number, tag: number, length: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    const isExact = this.#isExact(tag)
    let slot = (2 * hash) & mask
    for (let entry = slots[slot + 1]!; entry !== 0; entry = slots[slot + 1]!) {
      if (slots[slot] === tag && (isExact || this.#holds(entry - 1, length))) break
      slot = (slot + 2) & mask
    }
    return slot
  }

  /** Enters the prefix under work. @param slot as `#seek` says */
  #enter(slot: number, tag: number, length: number): number {
    if (this.#size < this.#lengths.length) return this.#insert(slot, tag, length)
    this.#grow()
    return this.#insert(this.#seek(this.#hash(length), tag, length), tag, length)
  }

  #insert(slot: number, tag: number, length: number): number {
    const id = this.#freed.length > 0 ? this.#freed.pop() : this.#fresh++
    this.#slots[slot] = tag
    this.#slots[slot + 1] = id + 1
    this.#lengths[id] = length
    if (this.#width === 1) this.#words[id] = this.#word0
    else {
      this.#words[4 * id] = this.#word0
      this.#words[4 * id + 1] = this.#word1
      this.#words[4 * id + 2] = this.#word2
      this.#words[4 * id + 3] = this.#word3
    }
    this.#perLength[length]!++
    this.#size++
    return id
  }

  #grow(): void {
    const capacity = GROWTH * this.#lengths.length
    const kept = [this.#word0, this.#word1, this.#word2, this.#word3] as const
    this.#lengths = resized(this.#lengths, capacity)
    this.#words = resized(this.#words, capacity * this.#width)
    this.#slots = new Int32Array(2 * capacity * SLOTS_PER_ID)
    for (let id = 0; id < this.#fresh; id++) this.#settle(id)
    ;[this.#word0, this.#word1, this.#word2, this.#word3] = kept
  }

  /** Gives a prefix a slot anew. Apart from the loop, which runs too seldom to be compiled before the first large table is learned. */
  #settle(id: number): void {
    const length = this.#lengths[id]!
    if (length === FREE) return
    this.#recall(id)
    const hash = this.#hash(length)
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = (2 * hash) & mask
    while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
    slots[slot] = this.#tag(hash, length)
    slots[slot + 1] = id + 1
  }

  /** Gives the memory of an emptied table back. */
  #reset(): void {
    this.#fresh = 0
    this.#freed.clear()
    if (this.capacity === FIRST_CAPACITY) return
    this.#slots = new Int32Array(2 * FIRST_CAPACITY * SLOTS_PER_ID)
    this.#words = new Uint32Array(FIRST_CAPACITY * this.#width)
    this.#lengths = new Uint8Array(FIRST_CAPACITY)
  }

  #load(bytes: Uint8Array, offset: number, length: number): void {
    this.#word0 = wordAt(bytes, offset, length)
    if (this.#width === 4) this.#loadRest(bytes, offset, length)
  }

  /** Apart, as all that only IPv6 needs: the code for IPv4 is short enough to be inlined so. */
  #loadRest(bytes: Uint8Array, offset: number, length: number): void {
    this.#word1 = wordAt(bytes, offset + 4, length - 32)
    this.#word2 = wordAt(bytes, offset + 8, length - 64)
    this.#word3 = wordAt(bytes, offset + 12, length - 96)
  }

  #recall(id: number): void {
    const first = id * this.#width
    this.#word0 = this.#words[first]! | 0
    if (this.#width === 1) return
    this.#word1 = this.#words[first + 1]! | 0
    this.#word2 = this.#words[first + 2]! | 0
    this.#word3 = this.#words[first + 3]! | 0
  }

  #holds(id: number, length: number): boolean {
    if (this.#lengths[id] !== length) return false
    return this.#width === 1 ? (this.#words[id]! | 0) === this.#word0 : this.#holdsWide(id)
  }

  #holdsWide(id: number): boolean {
    return (
      (this.#words[4 * id]! | 0) === this.#word0 &&
      (this.#words[4 * id + 1]! | 0) === this.#word1 &&
      (this.#words[4 * id + 2]! | 0) === this.#word2 &&
      (this.#words[4 * id + 3]! | 0) === this.#word3
    )
  }

  /**
   * What tells a prefix from others without a look at its words. Of IPv4 it is the prefix itself, with a one behind its last
   * bit: each number but 0 is one prefix so, and 0 stands for any /32. Of IPv6 it is the hash.
   */
  #tag(hash: number, length: number): number {
    if (this.#width === 4) return hash
    return length === 32 ? 0 : this.#word0 | (1 << (31 - length))
  }

  /** Whether there is one prefix with this tag. */
  #isExact(tag: number): boolean {
    return this.#width === 1 && tag !== 0
  }

  /**
   * Eight neighbours of one length share a hash but for their last three bits, so they lie in one cache line: routing tables
   * come in runs of neighbours, and a miss per run is several times faster than a miss per prefix.
   */
  #hash(length: number): number {
    const host = 31 - ((length - 1) & 31)
    const clear = ~(7 << host)
    if (this.#width === 1) return besides(mix(this.#seed ^ length, this.#word0 & clear), this.#word0 >>> host)
    return this.#hashWide(length, host, clear)
  }

  #hashWide(length: number, host: number, clear: number): number {
    const last = (length - 1) >> 5
    let hash = mix(this.#seed ^ length, last <= 0 ? this.#word0 & clear : this.#word0)
    hash = mix(hash, last === 1 ? this.#word1 & clear : this.#word1)
    hash = mix(hash, last === 2 ? this.#word2 & clear : this.#word2)
    hash = mix(hash, last === 3 ? this.#word3 & clear : this.#word3)
    const word = last <= 0 ? this.#word0 : last === 1 ? this.#word1 : last === 2 ? this.#word2 : this.#word3
    return besides(hash, word >>> host)
  }
}

/** The hash of a run of eight, and the place in it. */
function besides(hash: number, place: number): number {
  return ((hash ^ (hash >>> 15)) << 3) | (place & 7)
}

const FREE = 255

/** One round of murmur3's mixing, ended by a fold so that the low bits depend on the high ones. */
function mix(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51)
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593) ^ hash
  mixed = Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64
  mixed ^= mixed >>> 16
  return Math.imul(mixed, 0x85ebca6b)
}

/** The first `bits` bits (0–32 count) of the octets at `offset`, the rest zero, as a signed word. */
function wordAt(bytes: Uint8Array, offset: number, bits: number): number {
  if (bits <= 0) return 0
  let word = bytes[offset]! << 24
  if (bits > 8) word |= bytes[offset + 1]! << 16
  if (bits > 16) word |= bytes[offset + 2]! << 8
  if (bits > 24) word |= bytes[offset + 3]!
  return word & maskOf(bits)
}

function maskOf(bits: number): number {
  return bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits)
}
