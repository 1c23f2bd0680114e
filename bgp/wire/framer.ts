/**
 * Messages out of a byte stream (RFC 4271 §4.1): any cutting of the stream into chunks gives the same messages. A message
 * that lies whole in a chunk is not copied; only a cut one is, and at most one message's worth is ever held.
 *
 *   framer.push(chunk); while (framer.next()) use(framer.type, framer.buffer, framer.start, framer.end)
 */
import { readHeader } from './header.ts'
import { headerLength, type maxExtendedMessageLength, maxMessageLength } from './iana.ts'
import { noOctets } from './octets.ts'

export class Framer {
  /** Message type code. */
  type = 0
  /** The body is `buffer[start, end)`, valid until the next call of `next` or `push`. */
  buffer: Uint8Array = noOctets
  start = 0
  end = 0
  /** Most octets of an UPDATE, NOTIFICATION or ROUTE-REFRESH; more once the OPENs have agreed on it (RFC 8654 §4). */
  maxLength: typeof maxMessageLength | typeof maxExtendedMessageLength = maxMessageLength

  #chunk: Uint8Array = noOctets
  #at = 0
  /** The part of a cut message that has come so far; no room for it before one was cut. */
  #held: Uint8Array = noOctets
  #heldLength = 0

  /** Takes the next chunk, once `next` has returned false for the one before. It is read in place until then. */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) throw new RangeError('the chunk before still holds messages')
    this.#chunk = chunk
    this.#at = 0
  }

  /**
   * Moves to the next whole message; false when the rest of the chunk holds none.
   * @throws PeerFault 1/1, 1/2 or 1/3 (RFC 4271 §6.1); nothing can be read after that
   */
  next(): boolean {
    if (this.#heldLength > 0) return this.#nextOfHeld()
    const chunk = this.#chunk
    const at = this.#at
    const rest = chunk.length - at
    if (rest < headerLength) return this.#end(rest)
    const length = readHeader(chunk, at, this.maxLength)
    if (rest < length) return this.#end(rest)
    this.#at = at + length
    return this.#show(chunk, at, length)
  }

  /** Completes the cut message, first its header, for only that tells its length. */
  #nextOfHeld(): boolean {
    if (!this.#fill(headerLength)) return this.#end(0)
    const length = readHeader(this.#held, 0, this.maxLength)
    if (!this.#fill(length)) return this.#end(0)
    this.#heldLength = 0
    return this.#show(this.#held.subarray(0, length), 0, length) // behind it are octets of messages before
  }

  /** Moves octets of the chunk to those held until there are `length`; false when the chunk ends first. */
  #fill(length: number): boolean {
    const count = Math.min(length - this.#heldLength, this.#chunk.length - this.#at)
    if (count > 0) this.#hold(count)
    return this.#heldLength >= length
  }

  /** Holds what is left of the chunk, and lets go of the chunk: it may be of 64 KiB. */
  #end(rest: number): false {
    if (rest > 0) this.#hold(rest)
    this.#chunk = this.buffer = noOctets
    this.#at = 0
    return false
  }

  #hold(count: number): void {
    this.#reserve(this.#heldLength + count)
    this.#held.set(this.#chunk.subarray(this.#at, this.#at + count), this.#heldLength)
    this.#heldLength += count
    this.#at += count
  }

  /** A thousand idle sessions must not take the room of a thousand longest messages: it comes with the first that needs it. */
  #reserve(length: number): void {
    if (length <= this.#held.length) return
    const larger = new Uint8Array(length > maxMessageLength ? this.maxLength : maxMessageLength)
    larger.set(this.#held.subarray(0, this.#heldLength))
    this.#held = larger
  }

  #show(buffer: Uint8Array, at: number, length: number): true {
    this.type = buffer[at + headerLength - 1]!
    this.buffer = buffer
    this.start = at + headerLength
    this.end = at + length
    return true
  }
}
