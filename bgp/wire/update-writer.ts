/**
 * UPDATE as the sender's hot path: packs NLRI with equal attributes into as few messages as fit, one after another in one
 * growing buffer. Nothing is allocated per prefix. It knows no route and no peer; the caller notes `length` before and
 * after a bucket to know the bucket's bytes (always whole messages after `finish`).
 *
 *   if (writer.announce(attributes, 0, end, nextHop, form)) { writer.add(bytes, at, 24); …; writer.finish() }
 *   writer.withdraw(form); writer.add(bytes, at, 24); …; writer.finish()
 *
 * IPv4 goes in the classic fields with attributes in type order, the plainest form there is; IPv6, and IPv4 where the form
 * asks for it, goes in MP_REACH_NLRI, which comes first (RFC 7606 §5.1).
 */
import { bitsOf, type Family } from '../../lib/base/ip.ts'
import { attributeEnd, writeAttributeHeader } from './attribute-header.ts'
import { writeHeader } from './header.ts'
import { afiOf, attributeCode, attributeFlag, headerLength, maxMessageLength, messageType, safi } from './iana.ts'
import { writeNarrowAttributes } from './narrow-attributes.ts'
import { type NlriForm, pathIdLength } from './nlri.ts'
import { copyOctets, noOctets, writeUint16, writeUint32 } from './octets.ts'

/** First size of the buffer: over the longest message. */
const chunk = 65536

/** The length of no attributes, which ends a message of classic withdrawals. */
const noAttributes = new Uint8Array(2)

/** Offsets of length fields from the start of a message; the last where the first attribute has an extended length. */
const withdrawnLengthAt = headerLength
const attributesLengthAt = headerLength + 2
const firstAttributeLengthAt = headerLength + 6

export class UpdateWriter {
  /** What is written so far is `bytes[0, length)`; replaced when it grows or is taken. */
  bytes: Uint8Array = new Uint8Array(chunk)
  length = 0

  // The open message is a head (up to `#nlriStart`), NLRI, and a tail that is put in when it is closed. Further messages of the bucket copy the head.
  #messageStart = 0
  #nlriStart = 0
  #tail: Uint8Array = noOctets
  #tailStart = 0
  #tailEnd = 0
  /** NLRI must end here for the message to fit. */
  #nlriLimit = 0
  /** Length fields, as offsets from the start of the message: of the field that NLRI ends, of the attributes around it. 0: none. */
  #fieldLengthAt = 0
  #attributesLengthAt = 0
  /** Of the open bucket: octets before each NLRI, and most octets of a message. */
  #pathIdLength = 0
  #maxLength: number = maxMessageLength
  #narrow = new Uint8Array(2 * maxMessageLength)

  /**
   * Opens a bucket of announcements.
   * @param attributes canonical attribute bytes `[start, end)`, already rewritten for export; to be left alone until `finish`
   * @param nextHop 4 octets in the classic fields; in MP_REACH_NLRI 4, 16, or 32 with a link-local second (RFC 2545 §3)
   * @returns false, and nothing is opened, when these attributes leave no room for one NLRI of any length in a message:
   *   the routes cannot be advertised
   */
  announce(attributes: Uint8Array, start: number, end: number, nextHop: Uint8Array, form: NlriForm): boolean {
    if (end - start > form.maxLength) return false
    let source = attributes
    if (!form.fourOctetAs) {
      if (2 * (end - start) > this.#narrow.length) this.#narrow = new Uint8Array(2 * form.maxLength)
      source = this.#narrow
      end = writeNarrowAttributes(attributes, start, end, source, 0)
      start = 0
    }
    this.#adopt(form)
    const classic = form.family === 4 && !form.extendedNextHop
    const around = (classic ? 30 : 32 + nextHop.length) + this.#pathIdLength
    if (around + (end - start) + 1 + bitsOf(form.family) / 8 > form.maxLength) return false
    if (classic) this.#openClassic(source, start, end, nextHop)
    else this.#openMultiprotocol(source, start, end, nextHop, form.family)
    return true
  }

  #adopt(form: NlriForm): void {
    this.#pathIdLength = form.addPath ? pathIdLength : 0
    this.#maxLength = form.maxLength
  }

  /** Withdrawn routes length 0, attributes with NEXT_HOP in its place, NLRI: 30 octets and the attributes. */
  #openClassic(attributes: Uint8Array, start: number, end: number, nextHop: Uint8Array): void {
    const lengthAt = this.#open() + 2
    const bytes = this.bytes
    writeUint16(bytes, lengthAt - 2, 0)
    writeUint16(bytes, lengthAt, end - start + 7)
    const middle = startOfCodeOver(attributes, start, end, attributeCode.nextHop)
    let at = copyOctets(attributes, start, middle, bytes, lengthAt + 2)
    at = writeAttributeHeader(bytes, at, attributeFlag.transitive, attributeCode.nextHop, 4)
    at = copyOctets(nextHop, 0, 4, bytes, at)
    at = copyOctets(attributes, middle, end, bytes, at)
    this.#openNlri(at, 0, 0, noOctets, 0, 0)
  }

  /** Withdrawn routes length 0, MP_REACH_NLRI, the other attributes: 32 octets, next hop and attributes. */
  #openMultiprotocol(attributes: Uint8Array, start: number, end: number, nextHop: Uint8Array, family: Family): void {
    const at = this.#openAttribute(attributeCode.mpReach, family)
    const bytes = this.bytes
    bytes[at] = nextHop.length
    const reserved = copyOctets(nextHop, 0, nextHop.length, bytes, at + 1)
    bytes[reserved] = 0
    this.#openNlri(reserved + 1, firstAttributeLengthAt, attributesLengthAt, attributes, start, end)
  }

  /** Opens a bucket of withdrawals. */
  withdraw(form: NlriForm): void {
    this.#adopt(form)
    if (form.family === 4 && !form.extendedNextHop)
      this.#openNlri(this.#open() + 2, withdrawnLengthAt, 0, noAttributes, 0, noAttributes.length)
    else {
      const at = this.#openAttribute(attributeCode.mpUnreach, form.family)
      this.#openNlri(at, firstAttributeLengthAt, attributesLengthAt, noOctets, 0, 0)
    }
  }

  /**
   * Adds one NLRI to the open bucket: the first ceil(prefixLength / 8) octets at `octets[at]`, host bits zero.
   * @param pathId uint32; only where the form has path identifiers
   */
  add(octets: Uint8Array, at: number, prefixLength: number, pathId = 0): void {
    const count = (prefixLength + 7) >>> 3
    if (this.length + this.#pathIdLength + 1 + count > this.#nlriLimit) this.#continue()
    const bytes = this.bytes
    let to = this.length
    if (this.#pathIdLength > 0) {
      writeUint32(bytes, to, pathId)
      to += pathIdLength
    }
    bytes[to++] = prefixLength
    for (const end = at + count; at < end; at++) bytes[to++] = octets[at]!
    this.length = to
  }

  /** Closes the open bucket. A bucket without NLRI leaves nothing behind: an empty UPDATE would be an End-of-RIB. */
  finish(): void {
    if (this.length > this.#nlriStart) this.#close()
    else this.length = this.#messageStart
  }

  /** End-of-RIB (RFC 4724 §2). */
  endOfRib(family: Family): void {
    this.#maxLength = maxMessageLength
    const at = this.#open()
    const bytes = this.bytes
    writeUint16(bytes, at, 0)
    writeUint16(bytes, at + 2, family === 4 ? 0 : 6)
    this.length = at + 4
    if (family === 6) {
      const value = writeAttributeHeader(bytes, at + 4, attributeFlag.optional, attributeCode.mpUnreach, 3)
      writeUint16(bytes, value, afiOf(family))
      bytes[value + 2] = safi.unicast
      this.length = value + 3
    }
    writeUint16(bytes, this.#messageStart + 16, this.length - this.#messageStart)
  }

  /** Hands over what was written, for sockets to keep as long as they like; the writer starts empty. */
  take(): Uint8Array {
    // a small part is copied out, so that it does not hold the whole buffer
    const whole = this.length * 2 > this.bytes.length
    const taken = whole ? this.bytes.subarray(0, this.length) : this.bytes.slice(0, this.length)
    if (whole) this.bytes = new Uint8Array(chunk)
    this.length = 0
    return taken
  }

  /** Begins a message with room for a whole one; returns where the body begins. */
  #open(): number {
    this.#reserve()
    this.#messageStart = this.length
    return writeHeader(this.bytes, this.length, messageType.update, 0)
  }

  /** Begins a message whose first attribute carries the NLRI; returns where AFI and SAFI have been written up to. */
  #openAttribute(code: number, family: Family): number {
    const at = this.#open()
    const bytes = this.bytes
    writeUint16(bytes, at, 0)
    bytes[at + 4] = attributeFlag.optional | attributeFlag.extendedLength
    bytes[at + 5] = code
    writeUint16(bytes, at + 8, afiOf(family))
    bytes[at + 10] = safi.unicast
    return at + 11
  }

  #openNlri(
    at: number,
    fieldLengthAt: number,
    attributesLengthAt: number,
    tail: Uint8Array,
    tailStart: number,
    tailEnd: number,
  ): void {
    this.length = at
    this.#nlriStart = at
    this.#fieldLengthAt = fieldLengthAt
    this.#attributesLengthAt = attributesLengthAt
    this.#tail = tail
    this.#tailStart = tailStart
    this.#tailEnd = tailEnd
    this.#nlriLimit = this.#messageStart + this.#maxLength - (tailEnd - tailStart)
  }

  /** Closes the full message and opens the next one with the same head. */
  #continue(): void {
    const head = this.#messageStart
    const headLength = this.#nlriStart - head
    this.#close()
    this.#reserve()
    const start = this.length
    this.bytes.copyWithin(start, head, head + headLength)
    this.#messageStart = start
    this.#nlriStart = start + headLength
    this.#nlriLimit += start - head
    this.length = this.#nlriStart
  }

  #close(): void {
    const bytes = this.bytes
    const start = this.#messageStart
    if (this.#fieldLengthAt > 0) {
      const at = start + this.#fieldLengthAt
      writeUint16(bytes, at, this.length - at - 2)
    }
    this.length = copyOctets(this.#tail, this.#tailStart, this.#tailEnd, bytes, this.length)
    if (this.#attributesLengthAt > 0) {
      const at = start + this.#attributesLengthAt
      writeUint16(bytes, at, this.length - at - 2)
    }
    writeUint16(bytes, start + 16, this.length - start)
  }

  /** Makes room for one more message of any length that the open bucket may use. */
  #reserve(): void {
    if (this.length + this.#maxLength <= this.bytes.length) return
    const larger = new Uint8Array(2 * this.bytes.length)
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }
}

/** Where the first attribute with a code over `code` begins. */
function startOfCodeOver(bytes: Uint8Array, start: number, end: number, code: number): number {
  let at = start
  while (at < end && bytes[at + 1]! <= code) at = attributeEnd(bytes, at)
  return at
}
