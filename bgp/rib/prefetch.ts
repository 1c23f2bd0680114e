/**
 * Looks ahead at the UPDATEs of a chunk, so that the processor has what they need before they are learned. A table of many routes
 * lies in no cache, and to find a route and what hangs on it takes ten places in memory and more, each known only from the one
 * before: without this the processor waits most of the time. Here a block of messages goes that way together, place by place,
 * and it waits for all of them at once.
 *
 * Nothing is judged here and no table changes: what turns out to be malformed only leads to places that nobody needs.
 */
import { bitsOf, type Family } from '../../lib/base/ip.ts'
import { attributeEnd, attributeValueStart, isOverlong } from '../wire/attribute-header.ts'
import { markerLength } from '../wire/header.ts'
import { attributeCode, familyOf, headerLength, messageType } from '../wire/iana.ts'
import { readUint16 } from '../wire/octets.ts'
import type { AnnouncementTable } from './announcement-table.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { PathTable } from './path-table.ts'
import type { PeerTable } from './peer-table.ts'

/** Most messages of a block, and most places of a family in it: what these lead to must still be in the cache when it is used. */
const BLOCK = 512
/** Neighbours in a message mostly came together before, and lie side by side in the tables: one of so many stands for all. */
const NEIGHBOURS = 8
/** With fewer octets there is little to wait for. */
const FEWEST_OCTETS = 512
/** Octets of the shortest UPDATE. */
const SHORTEST = headerLength + 4

/** What is looked at in the tables. */
export interface PrefetchTables {
  readonly paths: Readonly<Record<Family, Pick<PathTable, 'prefetch'>>>
  readonly announcements: Pick<AnnouncementTable, 'prefetch' | 'prefetchNew'>
  readonly attributes: Pick<AttributeStore, 'hash' | 'prefetch' | 'prefetchKnown'>
  readonly peers: Pick<PeerTable, 'sendsIds'>
}

export class Prefetch {
  readonly #tables: PrefetchTables
  /** The chunk of which a block is being learned, and where the last UPDATE of the block ends. */
  #chunk: Uint8Array | undefined
  #end = 0
  /** Of the block: where prefixes are, by family; and the hashes of attribute sets. */
  readonly #places: Readonly<Record<Family, Int32Array>> = { 4: new Int32Array(BLOCK), 6: new Int32Array(BLOCK) }
  readonly #prefixes: Record<Family, number> = { 4: 0, 6: 0 }
  readonly #hashes = new Int32Array(BLOCK)
  #sets = 0
  /** Octets of a path id, by family, where the peer sends such. */
  readonly #gaps: Record<Family, number> = { 4: 0, 6: 0 }
  /** Scratch: what one table has found for the next. */
  readonly #ids = new Int32Array(BLOCK)
  /** Of no meaning: it is there so that the compiler must not leave out what is read for nothing else. */
  touched = 0

  constructor(tables: PrefetchTables) {
    this.#tables = tables
  }

  /**
   * To be called before an UPDATE is learned: looks at the block that it is the first of.
   * @param chunk what the peer has sent: the message at `start`, and mostly others behind it
   */
  look(peer: number, chunk: Uint8Array, start: number): void {
    if (chunk !== this.#chunk) {
      this.#chunk = undefined
      if (chunk.length - start < FEWEST_OCTETS) return
      this.#chunk = chunk
      this.#gather(peer, chunk, start)
      this.#read(chunk)
    }
    // the last of the block: the next one is looked at from its first message on; and a chunk may be of 64 KiB, and the next one far
    if (start + readUint16(chunk, start + markerLength) >= this.#end) this.#chunk = undefined
  }

  #read(chunk: Uint8Array): void {
    const { paths, announcements, attributes } = this.#tables
    const ids = this.#ids
    this.touched |= attributes.prefetch(this.#hashes, this.#sets, ids)
    this.touched |= announcements.prefetchNew(ids, this.#sets)
    for (const family of [4, 6] as const) {
      const count = this.#prefixes[family]
      if (count === 0) continue
      this.touched |= paths[family].prefetch(chunk, this.#places[family], count, ids)
      this.touched |= announcements.prefetch(ids, count)
      this.touched |= attributes.prefetchKnown(ids, count)
    }
  }

  #gather(peer: number, chunk: Uint8Array, start: number): void {
    const prefixes = this.#prefixes
    prefixes[4] = prefixes[6] = this.#sets = 0
    for (const family of [4, 6] as const) this.#gaps[family] = this.#tables.peers.sendsIds(peer, family) ? 4 : 0
    this.#end = start
    let at = start
    for (let count = 0; count < BLOCK && prefixes[4] < BLOCK && prefixes[6] < BLOCK; count++) {
      if (at + headerLength > chunk.length || chunk[at] !== 0xff) break
      const end = at + readUint16(chunk, at + markerLength)
      if (end < at + headerLength || end > chunk.length) break
      if (chunk[at + headerLength - 1] === messageType.update && end >= at + SHORTEST) {
        this.#add(chunk, at + headerLength, end)
        this.#end = end
      }
      at = end
    }
  }

  #add(chunk: Uint8Array, start: number, end: number): void {
    const withdrawnEnd = start + 2 + readUint16(chunk, start)
    if (withdrawnEnd + 2 > end) return
    const first = withdrawnEnd + 2
    const attributesEnd = first + readUint16(chunk, withdrawnEnd)
    if (attributesEnd > end) return
    this.#addPrefixes(4, chunk, start + 2, withdrawnEnd)
    this.#addPrefixes(4, chunk, attributesEnd, end)
    // as UpdateReader: the set is known without the first attribute that has a next hop for what is announced
    const nextHopCode = attributesEnd < end ? attributeCode.nextHop : attributeCode.mpReach
    let isSought = true
    for (let at = first; at + 4 <= attributesEnd; ) {
      const code = chunk[at + 1]!
      const value = attributeValueStart(chunk, at)
      const after = attributeEnd(chunk, at)
      if (after > attributesEnd) return
      if (isSought && code === nextHopCode)
        this.#hashes[this.#sets++] = this.#tables.attributes.hash(chunk, first, at, after, attributesEnd)
      if (code === nextHopCode || isOverlong(chunk, at)) isSought = false
      if (code === attributeCode.mpReach && value + 5 <= after)
        this.#addMp(chunk, value, value + 5 + chunk[value + 3]!, after)
      if (code === attributeCode.mpUnreach && value + 3 <= after) this.#addMp(chunk, value, value + 3, after)
      at = after
    }
  }

  /** @param value of the attribute: AFI and SAFI */
  #addMp(chunk: Uint8Array, value: number, start: number, end: number): void {
    const family = familyOf(readUint16(chunk, value), chunk[value + 2]!)
    if (family !== 0) this.#addPrefixes(family, chunk, start, end)
  }

  #addPrefixes(family: Family, chunk: Uint8Array, start: number, end: number): void {
    const places = this.#places[family]
    const gap = this.#gaps[family]
    const most = bitsOf(family)
    let count = this.#prefixes[family]
    for (let at = start + gap, number = 0; at < end && count < BLOCK; number++) {
      const length = chunk[at]!
      const after = at + 1 + ((length + 7) >> 3)
      if (length > most || after > end) break
      if (number % NEIGHBOURS === 0) places[count++] = at
      at = after + gap
    }
    this.#prefixes[family] = count
  }
}
