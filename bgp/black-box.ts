/**
 * The last messages of one peer, both ways, over all its sessions: what led to where it is now. Each is kept to its first octets,
 * in one ring that grows with what it holds and never beyond its bound. KEEPALIVEs that follow one another count as one, so
 * that a silent hour does not push out what it began with. Knows no session; what octets mean it does not ask.
 */

import type { Passage } from './passage.ts'
import { markerLength } from './wire/header.ts'
import { headerLength, messageType } from './wire/iana.ts'
import { copyOctets, noOctets } from './wire/octets.ts'

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

/** Octets that are kept of an UPDATE, and of any other message, header included. */
const UPDATE_OCTETS = 256
const OTHER_OCTETS = 1024

/** Octets of a new ring and of the largest. */
const FIRST_ROOM = 512
const MOST_ROOM = 16_384

/** Messages that a new box has notes for. */
const FIRST_NOTES = 4

/** What is noted of a message: the fields of KeptMessage, and where its octets are in the ring, and how many. */
const field = { at: 0, since: 1, count: 2, length: 3, start: 4, kept: 5 } as const
const FIELDS = 6

export class BlackBox {
  /** Of octets, a ring; markers, which are the same in all messages, are left out. */
  #room = noOctets
  /** A ring, too: the oldest message is number `#first`, FIELDS numbers each. A thousand peers have no room for objects. */
  #notes = new Float64Array(0)
  #passages: Passage[] = []
  #first = 0
  #count = 0
  /** Where the next octets go. */
  #end = 0

  /** A whole message `bytes[start, end)`, header included. @param now ms on the engine's clock */
  note(passage: Passage, now: number, bytes: Uint8Array, start: number, end: number): void {
    const type = bytes[start + headerLength - 1]!
    if (type === messageType.keepalive && this.#repeat(passage, now)) return
    const most = type === messageType.update ? UPDATE_OCTETS : OTHER_OCTETS
    const from = start + markerLength
    const kept = Math.min(end, start + most) - from
    const at = this.#reserve(kept)
    copyOctets(bytes, from, from + kept, this.#room, at)
    this.#end = at + kept
    const number = this.#numberOf(this.#count++)
    this.#passages[number] = passage
    const notes = this.#notes
    const base = FIELDS * number
    notes[base + field.at] = now
    notes[base + field.since] = now
    notes[base + field.count] = 1
    notes[base + field.length] = end - start
    notes[base + field.start] = at
    notes[base + field.kept] = kept
  }

  /** Oldest first. */
  messages(): KeptMessage[] {
    return Array.from({ length: this.#count }, (_, index) => {
      const number = this.#numberOf(index)
      const [at, since, count, length, start, kept] = this.#notes.subarray(FIELDS * number) as unknown as FieldValues
      const octets = new Uint8Array(markerLength + kept).fill(0xff, 0, markerLength)
      octets.set(this.#room.subarray(start, start + kept), markerLength)
      return { passage: this.#passages[number]!, at, since, count, length, octets }
    })
  }

  /** Counts a KEEPALIVE with the last one of its direction, where only KEEPALIVEs have passed since. */
  #repeat({ direction, connection }: Passage, now: number): boolean {
    for (let back = 1; back <= 2 && back <= this.#count; back++) {
      const number = this.#numberOf(this.#count - back)
      const before = this.#passages[number]!
      if (this.#typeOf(number) !== messageType.keepalive || before.connection !== connection) return false
      if (before.direction !== direction) continue
      this.#notes[FIELDS * number + field.count]!++
      this.#notes[FIELDS * number + field.at] = now
      return true
    }
    return false
  }

  /** The number of a message in the rings. @param index 0: the oldest */
  #numberOf(index: number): number {
    return (this.#first + index) % this.#capacity
  }

  get #capacity(): number {
    return this.#notes.length / FIELDS
  }

  #typeOf(number: number): number {
    return this.#room[this.#notes[FIELDS * number + field.start]! + headerLength - 1 - markerLength]!
  }

  /** Where so many octets can go, with a note beside them; the oldest messages give way. */
  #reserve(kept: number): number {
    if (this.#count === blackBoxDepth) this.#forgetOldest()
    else if (this.#count === this.#capacity) this.#growNotes()
    for (;;) {
      const at = this.#placeFor(kept)
      if (at !== -1) return at
      if (this.#room.length < MOST_ROOM) this.#growRoom()
      else this.#forgetOldest()
    }
  }

  /** -1: there is no room in one piece. */
  #placeFor(kept: number): number {
    const end = this.#end
    const oldest = this.#count === 0 ? 0 : this.#notes[FIELDS * this.#first + field.start]!
    const wrapped = this.#count > 0 && end <= oldest
    if (wrapped) return end + kept <= oldest ? end : -1
    if (end + kept <= this.#room.length) return end
    return kept <= oldest ? 0 : -1
  }

  #forgetOldest(): void {
    this.#first = this.#numberOf(1)
    this.#count--
  }

  #growNotes(): void {
    const larger = new Float64Array(FIELDS * Math.min(blackBoxDepth, Math.max(FIRST_NOTES, 2 * this.#capacity)))
    larger.set(this.#notes.subarray(FIELDS * this.#first))
    larger.set(this.#notes.subarray(0, FIELDS * this.#first), FIELDS * (this.#capacity - this.#first))
    this.#passages = [...this.#passages.slice(this.#first), ...this.#passages.slice(0, this.#first)]
    this.#notes = larger
    this.#first = 0
  }

  #growRoom(): void {
    const larger = new Uint8Array(Math.max(FIRST_ROOM, 2 * this.#room.length))
    let at = 0
    for (let index = 0; index < this.#count; index++) {
      const base = FIELDS * this.#numberOf(index)
      const start = this.#notes[base + field.start]!
      const kept = this.#notes[base + field.kept]!
      copyOctets(this.#room, start, start + kept, larger, at)
      this.#notes[base + field.start] = at
      at += kept
    }
    this.#room = larger
    this.#end = at
  }
}

type FieldValues = readonly [at: number, since: number, count: number, length: number, start: number, kept: number]
