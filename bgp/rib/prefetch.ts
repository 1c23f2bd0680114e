/**
 * Looks ahead at the UPDATEs of a chunk, so that the processor has what they need before they are learned. A table of many routes
 * lies in no cache, and to find a route and what hangs on it takes ten places in memory and more, each known only from the one
 * before: without this the processor waits most of the time. Here a block of messages goes that way together, place by place,
 * and it waits for all of them at once.
 *
 * Nothing is judged here and nothing changes: what turns out to be malformed only leads to places that nobody needs.
 */
import { bitsOf, type Family } from '../../lib/base/ip.ts'
import { attributeEnd, attributeValueStart } from '../wire/attribute-header.ts'
import { markerLength } from '../wire/header.ts'
import { attributeCode, familyOf, headerLength, messageType } from '../wire/iana.ts'
import { readUint16 } from '../wire/octets.ts'
import type { AnnouncementTable } from './announcement-table.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { PathTable } from './path-table.ts'
import type { PeerTable } from './peer-table.ts'

/** Most messages of a block, and most prefixes of a family: what they lead to must fit the cache nearest to memory. */
const BLOCK = 512
/** Neighbours in a message mostly came together before, and lie side by side in the tables: one of so many stands for all. */
const NEIGHBOURS = 8
/** With fewer octets there is nothing to wait for together. */
const FEWEST_OCTETS = 512
/** Octets of the shortest UPDATE. */
const SHORTEST = headerLength + 4

export class Prefetch {
  readonly #tables: Readonly<Record<Family, PathTable>>
  readonly #announcements: AnnouncementTable
  readonly #attributes: AttributeStore
  readonly #peers: PeerTable
  /** The chunk of which a block is being learned, and where the last UPDATE of the block ends. */
  #chunk: Uint8Array | undefined
  #end = 0
  /** Of the block: where prefixes are, by family; and the hashes of attribute sets. */
  readonly #places: Readonly<Record<Family, Int32Array>> = { 4: new Int32Array(BLOCK), 6: new Int32Array(BLOCK) }
  readonly #prefixes: Record<Family, number> = { 4: 0, 6: 0 }
  readonly #hashes = new Int32Array(BLOCK)
  #sets = 0
  /** Scratch: what one table has found for the next. */
  readonly #ids = new Int32Array(BLOCK)
  /** Of no meaning: it is there so that the compiler must not leave out what is read for nothing else. */
  touched = 0

  constructor(
    tables: Readonly<Record<Family, PathTable>>,
    announcements: AnnouncementTable,
    attributes: AttributeStore,
    peers: PeerTable,
  ) {
    this.#tables = tables
    this.#announcements = announcements
    this.#attributes = attributes
    this.#peers = peers
  }

  /**
   * To be called before an UPDATE is learned: looks at the block that it is the first of.
   * @param chunk what the peer has sent: the message at `start`, and mostly others behind it
   */
  look(peer: number, chunk: Uint8Array, start: number, end: number): void {
    if (chunk !== this.#chunk && chunk.length - start >= FEWEST_OCTETS) {
      this.#chunk = chunk
      this.#gather(peer, chunk, start)
      this.#read(chunk)
    }
    if (end >= this.#end) this.#chunk = undefined // it may be of 64 KiB, and the next one far
  }

  #read(chunk: Uint8Array): void {
    const ids = this.#ids
    this.touched |= this.#attributes.prefetch(this.#hashes, this.#sets, ids)
    this.touched |= this.#announcements.prefetchNew(ids, this.#sets)
    for (const family of [4, 6] as const) {
      const count = this.#prefixes[family]
      if (count === 0) continue
      this.touched |= this.#tables[family].prefetch(chunk, this.#places[family], count, ids)
      this.touched |= this.#announcements.prefetch(ids, count)
      this.touched |= this.#attributes.prefetchKnown(ids, count)
    }
  }

  #gather(peer: number, chunk: Uint8Array, start: number): void {
    this.#prefixes[4] = this.#prefixes[6] = this.#sets = 0
    this.#end = start
    const gap4 = this.#peers.sendsIds(peer, 4) ? 4 : 0
    const gap6 = this.#peers.sendsIds(peer, 6) ? 4 : 0
    for (let at = start, count = 0; count < BLOCK && at + SHORTEST <= chunk.length; count++) {
      const end = at + readUint16(chunk, at + markerLength)
      if (end < at + SHORTEST || end > chunk.length) break
      if (chunk[at + headerLength - 1] === messageType.update) {
        this.#add(chunk, at + headerLength, end, gap4, gap6)
        this.#end = end
      }
      at = end
    }
  }

  /** @param gap4 octets of path ids */
  #add(chunk: Uint8Array, start: number, end: number, gap4: number, gap6: number): void {
    const withdrawnEnd = start + 2 + readUint16(chunk, start)
    if (withdrawnEnd + 2 > end) return
    const first = withdrawnEnd + 2
    const attributesEnd = first + readUint16(chunk, withdrawnEnd)
    if (attributesEnd > end) return
    this.#addPrefixes(4, chunk, start + 2 + gap4, withdrawnEnd, gap4)
    this.#addPrefixes(4, chunk, attributesEnd + gap4, end, gap4)
    const nextHopCode = attributesEnd < end ? attributeCode.nextHop : attributeCode.mpReach
    for (let at = first; at + 4 <= attributesEnd; ) {
      const code = chunk[at + 1]!
      const value = attributeValueStart(chunk, at)
      const after = attributeEnd(chunk, at)
      if (after > attributesEnd) return
      if (code === attributeCode.mpReach) this.#addMp(chunk, value, value + 5 + chunk[value + 3]!, after, gap4, gap6)
      if (code === attributeCode.mpUnreach) this.#addMp(chunk, value, value + 3, after, gap4, gap6)
      if (code === nextHopCode && this.#sets < BLOCK)
        this.#hashes[this.#sets++] = this.#attributes.hash(chunk, first, at, after, attributesEnd)
      at = after
    }
  }

  /** @param value of the attribute: AFI and SAFI */
  #addMp(chunk: Uint8Array, value: number, start: number, end: number, gap4: number, gap6: number): void {
    const family = familyOf(readUint16(chunk, value), chunk[value + 2]!)
    if (family === 0) return
    const gap = family === 4 ? gap4 : gap6
    this.#addPrefixes(family, chunk, start + gap, end, gap)
  }

  /** @param start where the length of the first prefix is */
  #addPrefixes(family: Family, chunk: Uint8Array, start: number, end: number, gap: number): void {
    const places = this.#places[family]
    const most = bitsOf(family)
    let count = this.#prefixes[family]
    let skip = 0
    for (let at = start; at < end && count < BLOCK && chunk[at]! <= most; at += gap + 1 + ((chunk[at]! + 7) >> 3)) {
      if (skip === 0) places[count++] = at
      skip = skip === 0 ? NEIGHBOURS - 1 : skip - 1
    }
    this.#prefixes[family] = count
  }
}
