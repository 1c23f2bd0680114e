/**
 * The last messages of one peer, both ways, over all its sessions: what led to where it is now. Each is kept to its first octets,
 * in one ring that grows with what it holds and never beyond its bound. KEEPALIVEs that follow one another count as one, so
 * that a silent hour does not push out what it began with. Knows no session; what octets mean it does not ask.
 */

import type { Passage } from './passage.ts'
import { headerLength, messageType } from './wire/iana.ts'
import { copyOctets } from './wire/octets.ts'

export interface KeptMessage {
  readonly passage: Passage
  /** Milliseconds on the engine's clock; of KEEPALIVEs in a row the last one's. */
  readonly at: number
  /** When the first of those in a row passed. */
  readonly since: number
  /** 1; more only of KEEPALIVEs in a row. */
  readonly count: number
  /** Octets of the whole message. */
  readonly length: number
  /** The first of them, header included; a copy. */
  readonly octets: Uint8Array
}

/** Messages that a peer's black box holds. */
export const blackBoxDepth = 100

/** Octets that are kept of an UPDATE, and of any other message. */
const UPDATE_OCTETS = 256
const OTHER_OCTETS = 1024

/** Octets of a new ring and of the largest. */
const FIRST_ROOM = 512
const MOST_ROOM = 16_384

interface Entry {
  passage: Passage
  at: number
  since: number
  count: number
  type: number
  length: number
  /** Where its octets are in the ring, and how many. */
  start: number
  kept: number
}

export class BlackBox {
  #room = new Uint8Array(0)
  /** A ring: the oldest is at `#first`. Entries are used again. */
  readonly #entries: Entry[] = []
  #first = 0
  #count = 0
  /** Where the next octets go. */
  #end = 0

  /** A whole message `bytes[start, end)`, header included. @param now ms on the engine's clock */
  note(passage: Passage, now: number, bytes: Uint8Array, start: number, end: number): void {
    const type = bytes[start + headerLength - 1]!
    if (type === messageType.keepalive && this.#repeat(passage, now)) return
    const length = end - start
    const kept = Math.min(length, type === messageType.update ? UPDATE_OCTETS : OTHER_OCTETS)
    const at = this.#reserve(kept)
    copyOctets(bytes, start, start + kept, this.#room, at)
    this.#end = at + kept
    this.#add(passage, now, type, length, at, kept)
  }

  /** Oldest first. */
  messages(): KeptMessage[] {
    return Array.from({ length: this.#count }, (_, index) => {
      const { passage, at, since, count, length, start, kept } = this.#at(index)
      return { passage, at, since, count, length, octets: this.#room.slice(start, start + kept) }
    })
  }

  /** Counts a KEEPALIVE with the last one of its direction, where only KEEPALIVEs have passed since. */
  #repeat({ direction, connection }: Passage, now: number): boolean {
    for (let back = 1; back <= 2 && back <= this.#count; back++) {
      const entry = this.#at(this.#count - back)
      if (entry.type !== messageType.keepalive || entry.passage.connection !== connection) return false
      if (entry.passage.direction !== direction) continue
      entry.count++
      entry.at = now
      return true
    }
    return false
  }

  #at(index: number): Entry {
    return this.#entries[(this.#first + index) % blackBoxDepth]!
  }

  /** Where so many octets can go; the oldest messages give way. */
  #reserve(kept: number): number {
    if (this.#count === blackBoxDepth) this.#forgetOldest()
    for (;;) {
      if (this.#count === 0) this.#end = 0
      const at = this.#placeFor(kept)
      if (at !== -1) return at
      if (this.#room.length < MOST_ROOM) this.#grow()
      else this.#forgetOldest()
    }
  }

  /** -1: there is no room in one piece. */
  #placeFor(kept: number): number {
    const end = this.#end
    const oldest = this.#count === 0 ? 0 : this.#at(0).start
    const wrapped = this.#count > 0 && end <= oldest
    if (wrapped) return end + kept <= oldest ? end : -1
    if (end + kept <= this.#room.length) return end
    return kept <= oldest ? 0 : -1
  }

  #forgetOldest(): void {
    this.#first = (this.#first + 1) % blackBoxDepth
    this.#count--
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(FIRST_ROOM, 2 * this.#room.length))
    let at = 0
    for (let index = 0; index < this.#count; index++) {
      const entry = this.#at(index)
      copyOctets(this.#room, entry.start, entry.start + entry.kept, larger, at)
      entry.start = at
      at += entry.kept
    }
    this.#room = larger
    this.#end = at
  }

  #add(passage: Passage, now: number, type: number, length: number, start: number, kept: number): void {
    const at = (this.#first + this.#count++) % blackBoxDepth
    const entry = this.#entries[at]
    if (entry === undefined) this.#entries[at] = { passage, at: now, since: now, count: 1, type, length, start, kept }
    else {
      entry.passage = passage
      entry.at = now
      entry.since = now
      entry.count = 1
      entry.type = type
      entry.length = length
      entry.start = start
      entry.kept = kept
    }
  }
}
