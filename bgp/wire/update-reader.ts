/**
 * UPDATE as the receiver's hot path: one reader per session, used again for each message, allocates nothing for a good one.
 * It judges the whole message (RFC 4271 §6.3, RFC 7606) and leaves ranges of NLRI and one run of canonical attribute bytes.
 * It knows no route, no policy and no table. Single attributes are judged by their rows (attribute.ts); here is what holds
 * for all: truncation, duplicates, flags, unknown types, and what the verdicts add up to.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { Flaw } from './as-path.ts'
import { type AttributeRow, attributeName, attributeRow } from './attribute.ts'
import { attributeEnd, attributeValueStart, isOverlong } from './attribute-header.ts'
import { unknownFlags } from './attribute-list.ts'
import { type AttributeMemory, noMemory } from './attribute-memory.ts'
import { AttributeSlots } from './attribute-slots.ts'
import { PeerFault } from './fault.ts'
import { attributeCode, attributeFlag, familyOf } from './iana.ts'
import { nlriFlaw } from './nlri.ts'
import { errorCode, updateError } from './notification.ts'
import { copyOctets, noOctets, readUint16, readUint32 } from './octets.ts'
import type { UpdateContext } from './update-context.ts'

/** Something in an UPDATE that was malformed or out of place, and what it cost (RFC 7606 §2). Worth a log line. */
export interface AttributeFault {
  /** Attribute type code; 0 for the classic NLRI fields. */
  readonly attribute: number
  readonly verdict: 'discard' | 'withdraw'
  readonly reason: string
}

/** Faults of one message that are told; one could have thousands. */
const mostFaults = 16

/** The Optional and Transitive bits. */
const category = attributeFlag.optional | attributeFlag.transitive

const flagsFlaw: Flaw = { subcode: updateError.attributeFlags, reason: 'wrong flags' }
const cutFlaw: Flaw = { subcode: updateError.malformedAttributeList, reason: 'runs past the attributes' }
const missingFlaw: Flaw = { subcode: updateError.missingWellKnown, reason: 'missing' }

/**
 * Most canonical attribute octets of a route, for policy and reflection add to them and an attribute's length has 16 bits.
 * Only extended messages (RFC 8654) can come near it.
 */
export const mostAttributeOctets = 0xf000

/** Canonical bytes take at most so many times the room of what came: AS numbers double, lengths of one octet may become two. */
const CANONICAL_GROWTH = 4

/** Used within one `read` only, so that all readers share it. */
const slots = new AttributeSlots()

export class UpdateReader {
  /** Classic IPv4 fields as ranges of the buffer given to `read`; every prefix length is judged, host bits are not cleared. */
  withdrawnStart = 0
  withdrawnEnd = 0
  nlriStart = 0
  nlriEnd = 0
  /** NLRI inside MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760), ranges of the same buffer; family 0 when absent or not negotiated. */
  mpReachFamily: Family | 0 = 0
  mpReachStart = 0
  mpReachEnd = 0
  mpUnreachFamily: Family | 0 = 0
  mpUnreachStart = 0
  mpUnreachEnd = 0
  /** The family whose End-of-RIB this message is (RFC 4724 §2), else 0. */
  endOfRib: Family | 0 = 0
  /** `withdraw`: everything in NLRI and MP_REACH is to be taken as withdrawn; the message's own withdrawals stand as well. */
  verdict: 'accept' | 'withdraw' = 'accept'
  readonly faults: AttributeFault[] = []
  /**
   * Canonical attribute bytes: `attributes[0, attributesEnd)`, valid until the next `read`; empty when nothing is announced. In type order,
   * each at most once, flags and length form normalised, AS numbers of 4 octets; without NEXT_HOP, MP_REACH, MP_UNREACH,
   * AS4_*; without what this kind of session must ignore (LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST from outside; unknown
   * non-transitive ones). Unknown transitive ones carry the Partial bit (RFC 4271 §9). Read them with DecisionKeys.
   */
  attributes: Uint8Array = noOctets
  attributesEnd = 0
  /** The set that the memory knows these attributes as; there are no canonical bytes then. 0: they are not known. */
  known = 0
  /** The kind of session for which the memory may keep what was read: it came as its canonical bytes are. 0: it may not. */
  memorable = 0
  /** NEXT_HOP of the classic NLRI, meaningful when there is any. Its syntax is judged; its meaning (0.0.0.0, own address …) is the RIB's to judge. */
  nextHop4 = 0
  /** Next hop of MP_REACH: 4 or 16 octets; 16 for IPv4 NLRI where RFC 8950 was negotiated. */
  readonly mpNextHop = new Uint8Array(16)
  mpNextHopLength: 0 | 4 | 16 = 0
  /** The link-local address behind a global one (RFC 2545 §3): 16 octets where `mpHasLinkLocal`. */
  readonly mpLinkLocal = new Uint8Array(16)
  mpHasLinkLocal = false

  readonly #context: UpdateContext
  readonly #addPath4: boolean
  readonly #addPath6: boolean
  /** The first flaw that asks for treat-as-withdraw, and the range of the attribute it is in. */
  #flaw: Flaw | undefined
  #flawCode = 0
  #flawStart = 0
  #flawEnd = 0
  /** NLRI is announced, even if of a family that was not negotiated. */
  #reachable = false
  readonly #memory: AttributeMemory
  readonly #kind: number
  /** The attribute with the next hop, NEXT_HOP or MP_REACH_NLRI: no part of the canonical bytes; a range, empty where there is none. */
  #nextHopStart = 0
  #nextHopEnd = 0

  constructor(context: UpdateContext, memory = noMemory) {
    this.#context = context
    this.#memory = memory
    this.#kind = memory.kindOf(context)
    this.#addPath4 = context.addPath.includes(4)
    this.#addPath6 = context.addPath.includes(6)
  }

  /**
   * Reads the body of one UPDATE, `buffer[start, end)`, as the Framer left it.
   * @throws PeerFault when the session must be reset; the fields then mean nothing
   */
  read(buffer: Uint8Array, start: number, end: number): void {
    const withdrawnEnd = end - start < 4 ? end : start + 2 + readUint16(buffer, start)
    if (withdrawnEnd + 2 > end) throw malformedList('withdrawn routes run past the message')
    const attributesStart = withdrawnEnd + 2
    const attributesEnd = attributesStart + readUint16(buffer, withdrawnEnd)
    if (attributesEnd > end) throw malformedList('attributes run past the message')
    this.withdrawnStart = start + 2
    this.withdrawnEnd = withdrawnEnd
    this.nlriStart = attributesEnd
    this.nlriEnd = end
    this.#judgeClassicNlri(buffer)
    this.#forget()
    this.#reachable = end > attributesEnd
    if (!this.#context.families.includes(4)) this.#ignoreClassicNlri()
    if (this.#recall(buffer, attributesStart, attributesEnd)) return
    this.#walk(buffer, attributesStart, attributesEnd)
    const room = CANONICAL_GROWTH * (attributesEnd - attributesStart)
    if (room > this.attributes.length) this.attributes = new Uint8Array(roomFor(room))
    this.#conclude(buffer)
    if (this.attributesEnd > 0 && this.#isCanonical(buffer, attributesStart, attributesEnd)) this.memorable = this.#kind
    if (!this.#reachable && withdrawnEnd === start + 2) this.endOfRib = this.#endOfRib()
  }

  #forget(): void {
    slots.clear()
    this.known = 0
    this.memorable = 0
    this.mpReachFamily = 0
    this.mpReachStart = 0
    this.mpReachEnd = 0
    this.mpUnreachFamily = 0
    this.mpUnreachStart = 0
    this.mpUnreachEnd = 0
    this.mpNextHopLength = 0
    this.mpHasLinkLocal = false
    this.endOfRib = 0
    this.verdict = 'accept'
    this.attributesEnd = 0
    if (this.faults.length > 0) this.faults.length = 0
    this.#flaw = undefined
  }

  /** Whether the attributes are known, all but the one with the next hop, which is read. */
  #recall(buffer: Uint8Array, start: number, end: number): boolean {
    const code = this.nlriEnd > this.nlriStart ? attributeCode.nextHop : attributeCode.mpReach
    this.#nextHopStart = this.#nextHopEnd = start
    let at = start
    while (at + 4 <= end && buffer[at + 1] !== code && !isOverlong(buffer, at)) at = attributeEnd(buffer, at)
    if (at + 4 > end || buffer[at + 1] !== code || attributeEnd(buffer, at) > end) return false
    this.#nextHopStart = at
    this.#nextHopEnd = attributeEnd(buffer, at)
    if (!this.#isPlainNextHop(buffer)) return false
    const known = this.#memory.recall(this.#kind, buffer, start, at, this.#nextHopEnd, end)
    if (known === 0) return false
    if (code === attributeCode.mpReach) this.#mpReach(buffer, at, attributeValueStart(buffer, at), this.#nextHopEnd)
    else this.nextHop4 = readUint32(buffer, at + 3)
    this.known = known
    return true
  }

  /** Whether the flags of the attribute with the next hop are right, and the length where that is always the same. */
  #isPlainNextHop(buffer: Uint8Array): boolean {
    const at = this.#nextHopStart
    const flags = buffer[at]!
    if (buffer[at + 1] === attributeCode.nextHop)
      return flags === attributeFlag.transitive && this.#nextHopEnd - at === 7
    return (flags & category) === attributeFlag.optional
  }

  /** Whether the canonical bytes are the attributes as they came, without the one with the next hop. */
  #isCanonical(buffer: Uint8Array, start: number, end: number): boolean {
    const { attributes, attributesEnd } = this
    const length = this.#nextHopEnd - this.#nextHopStart
    if (attributesEnd !== end - start - length) return false
    for (let from = start, at = 0; at < attributesEnd; from++, at++) {
      if (from === this.#nextHopStart) from += length
      if (attributes[at] !== buffer[from]) return false
    }
    return true
  }

  #judgeClassicNlri(buffer: Uint8Array): void {
    const flaw =
      nlriFlaw(buffer, this.withdrawnStart, this.withdrawnEnd, 4, this.#addPath4) ??
      nlriFlaw(buffer, this.nlriStart, this.nlriEnd, 4, this.#addPath4)
    if (flaw !== undefined) throw new PeerFault(errorCode.update, updateError.invalidNetworkField, flaw)
  }

  #ignoreClassicNlri(): void {
    if (this.withdrawnEnd > this.withdrawnStart || this.nlriEnd > this.nlriStart)
      this.faults.push({ attribute: 0, verdict: 'discard', reason: 'IPv4 NLRI, a family that was not negotiated' })
    this.withdrawnEnd = this.withdrawnStart
    this.nlriEnd = this.nlriStart
  }

  #walk(buffer: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const headerLength = (buffer[at]! & attributeFlag.extendedLength) === 0 ? 3 : 4
      const valueStart = at + headerLength
      const length = headerLength === 3 ? buffer[at + 2]! : readUint16(buffer, at + 2)
      // RFC 7606 §4: NLRI is found by the length of the whole list, so a list that ends badly costs its routes only
      if (valueStart > end || valueStart + length > end) {
        this.#withdraw(cutFlaw, at + 1 < end ? buffer[at + 1]! : 0, at, end)
        break
      }
      this.#attribute(buffer, at, valueStart, valueStart + length)
      at = valueStart + length
    }
  }

  #attribute(buffer: Uint8Array, at: number, start: number, end: number): void {
    const flags = buffer[at]!
    const code = buffer[at + 1]!
    const row = attributeRow[code]
    if (row === undefined && (flags & attributeFlag.optional) === 0)
      throw new PeerFault(
        errorCode.update,
        updateError.unrecognizedWellKnown,
        attributeName(code),
        buffer.slice(at, end),
      )
    if (slots.seen(code)) this.#discardRepeated(code)
    else {
      slots.see(code)
      if (row !== undefined) this.#known(row, buffer, at, start, end)
      else this.#passOn(code, flags, start, end)
    }
  }

  /** RFC 4271 §9: what is not understood goes on with the Partial bit when it is transitive. */
  #passOn(code: number, flags: number, start: number, end: number): void {
    if ((flags & attributeFlag.transitive) !== 0 && !this.#context.discardUnknown)
      slots.keep(code, unknownFlags, start, end)
  }

  #known(row: AttributeRow, buffer: Uint8Array, at: number, start: number, end: number): void {
    const code = row.code
    const flags = buffer[at]!
    if (row.only !== undefined && !this.#means(row)) return
    if ((flags & category) !== row.flags) this.#withdraw(flagsFlaw, code, at, end)
    if (code === attributeCode.mpReach) this.#mpReach(buffer, at, start, end)
    else if (code === attributeCode.mpUnreach) this.#mpUnreach(buffer, at, start, end)
    else {
      const flaw = row.check(buffer, start, end, this.#context)
      if (flaw === undefined && row.passedOn) this.#passOn(code, flags, start, end)
      else if (flaw === undefined) slots.keep(code, normalFlags(row, flags), start, end)
      else if (row.malformed === 'discard') this.#discard(code, flaw.reason)
      else this.#withdraw(flaw, code, at, end)
    }
  }

  /** Whether an attribute that only some sessions use means something on this one. */
  #means(row: AttributeRow): boolean {
    return row.only === 'internal' ? this.#context.internal : !this.#context.fourOctetAs
  }

  /** RFC 7606 §3 g. */
  #discardRepeated(code: number): void {
    if (code === attributeCode.mpReach || code === attributeCode.mpUnreach)
      throw malformedList(`${attributeName(code)} twice`)
    this.#discard(code, 'repeated')
  }

  /** AFI 2, SAFI 1, next hop length 1, next hop, reserved 1, NLRI: RFC 4760 §3. */
  #mpReach(buffer: Uint8Array, at: number, start: number, end: number): void {
    const nextHopStart = start + 4
    const nlriStart = nextHopStart + (end - start < 5 ? 0 : buffer[start + 3]!) + 1
    if (nlriStart > end) throw this.#optionalFault(buffer, at, end, 'cut short')
    this.#reachable ||= end > nlriStart
    const family = this.#negotiated(buffer, start, attributeCode.mpReach)
    if (family === 0) return
    const length = buffer[start + 3]!
    if (!this.#isNextHopLength(length, family))
      throw this.#optionalFault(buffer, at, end, `a next hop of ${length} octets`)
    const flaw = nlriFlaw(buffer, nlriStart, end, family, this.#addPath(family))
    if (flaw !== undefined) throw this.#optionalFault(buffer, at, end, flaw)
    this.mpReachFamily = family
    this.mpReachStart = nlriStart
    this.mpReachEnd = end
    this.mpNextHopLength = length === 4 ? 4 : 16
    copyOctets(buffer, nextHopStart, nextHopStart + this.mpNextHopLength, this.mpNextHop, 0)
    if (length === 32) this.#readLinkLocal(buffer, nextHopStart + 16)
  }

  /** RFC 2545 §3 for IPv6; for IPv4 the same with RFC 8950 §4, without it only an IPv4 address. */
  #isNextHopLength(length: number, family: Family): boolean {
    if (length === 4) return family === 4
    return (length === 16 || length === 32) && (family === 6 || this.#context.extendedNextHop)
  }

  /** The second address counts when it is link-local; where the first is `::` it is the only one there is. */
  #readLinkLocal(buffer: Uint8Array, at: number): void {
    if (buffer[at] !== 0xfe || (buffer[at + 1]! & 0xc0) !== 0x80) return
    const alone = this.mpNextHop.every(octet => octet === 0)
    copyOctets(buffer, at, at + 16, alone ? this.mpNextHop : this.mpLinkLocal, 0)
    this.mpHasLinkLocal = !alone
  }

  /** AFI 2, SAFI 1, withdrawn routes: RFC 4760 §4. */
  #mpUnreach(buffer: Uint8Array, at: number, start: number, end: number): void {
    if (end - start < 3) throw this.#optionalFault(buffer, at, end, 'cut short')
    const family = this.#negotiated(buffer, start, attributeCode.mpUnreach)
    if (family === 0) return
    const flaw = nlriFlaw(buffer, start + 3, end, family, this.#addPath(family))
    if (flaw !== undefined) throw this.#optionalFault(buffer, at, end, flaw)
    this.mpUnreachFamily = family
    this.mpUnreachStart = start + 3
    this.mpUnreachEnd = end
  }

  #addPath(family: Family): boolean {
    return family === 4 ? this.#addPath4 : this.#addPath6
  }

  /** The negotiated family that an attribute's AFI and SAFI name, else 0 and a fault. */
  #negotiated(buffer: Uint8Array, start: number, code: number): Family | 0 {
    const afi = readUint16(buffer, start)
    const safi = buffer[start + 2]!
    const family = familyOf(afi, safi)
    if (family !== 0 && this.#context.families.includes(family)) return family
    this.#discard(code, `AFI ${afi} SAFI ${safi}, a family that was not negotiated`)
    return 0
  }

  /** RFC 4760 §7, RFC 7606 §5.3 and §7.11: NLRI that cannot be found cannot be withdrawn either. */
  #optionalFault(buffer: Uint8Array, at: number, end: number, reason: string): PeerFault {
    const text = `${attributeName(buffer[at + 1]!)}: ${reason}`
    return new PeerFault(errorCode.update, updateError.optionalAttribute, text, buffer.slice(at, end))
  }

  #discard(code: number, reason: string): void {
    if (this.faults.length < mostFaults)
      this.faults.push({ attribute: code, verdict: 'discard', reason: `${attributeName(code)}: ${reason}` })
  }

  #withdraw(flaw: Flaw, code: number, start: number, end: number): void {
    if (this.faults.length < mostFaults)
      this.faults.push({ attribute: code, verdict: 'withdraw', reason: `${attributeName(code)}: ${flaw.reason}` })
    if (this.#flaw !== undefined) return
    this.#flaw = flaw
    this.#flawCode = code
    this.#flawStart = start
    this.#flawEnd = end
  }

  /** What the attributes add up to, once all are seen. */
  #conclude(buffer: Uint8Array): void {
    const classic = this.nlriEnd > this.nlriStart
    const announces = classic || this.mpReachEnd > this.mpReachStart
    if (announces) {
      this.#require(attributeCode.origin)
      this.#require(attributeCode.asPath)
      if (classic) this.#require(attributeCode.nextHop)
    }
    if (this.#flaw !== undefined) {
      // RFC 7606 §5.2: where no route is seen to be announced, the one that was meant cannot be withdrawn
      if (!this.#reachable) throw this.#flawFault(buffer, this.#flaw)
      this.verdict = 'withdraw'
    } else if (announces) {
      if (classic) this.nextHop4 = readUint32(buffer, slots.start(attributeCode.nextHop))
      this.attributesEnd = slots.write(buffer, this.#context.fourOctetAs, this.attributes)
      if (this.attributesEnd > mostAttributeOctets) this.#giveUp()
    }
  }

  #giveUp(): void {
    this.faults.push({
      attribute: 0,
      verdict: 'withdraw',
      reason: `attributes of more than ${mostAttributeOctets} octets`,
    })
    this.attributesEnd = 0
    this.verdict = 'withdraw'
  }

  /** LOCAL_PREF is not required on internal sessions: a peer that leaves it out gets the default. */
  #require(code: number): void {
    if (!slots.seen(code)) this.#withdraw(missingFlaw, code, 0, 0)
  }

  /** RFC 4271 §6.3: the erroneous attribute goes into the data, but for the two subcodes that have none. */
  #flawFault(buffer: Uint8Array, flaw: Flaw): PeerFault {
    const bare = flaw.subcode === updateError.malformedAttributeList || flaw.subcode === updateError.malformedAsPath
    const data = bare ? undefined : buffer.slice(this.#flawStart, this.#flawEnd)
    return new PeerFault(errorCode.update, flaw.subcode, `${attributeName(this.#flawCode)}: ${flaw.reason}`, data)
  }

  /** The message withdraws and announces nothing in the classic fields. */
  #endOfRib(): Family | 0 {
    if (slots.count === 0) return this.#context.families.includes(4) ? 4 : 0
    const alone = slots.count === 1 && this.mpUnreachStart === this.mpUnreachEnd
    return alone ? this.mpUnreachFamily : 0
  }
}

/** A thousand idle sessions must not take the room of a thousand longest messages: it comes with the first long one. */
function roomFor(length: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(256, length)))
}

function malformedList(reason: string): PeerFault {
  return new PeerFault(errorCode.update, updateError.malformedAttributeList, reason)
}

/** Only the Partial bit of an optional transitive attribute says something of its own, and it must not be cleared (RFC 4271 §4.3). */
function normalFlags(row: AttributeRow, flags: number): number {
  return row.flags === category ? row.flags | (flags & attributeFlag.partial) : row.flags
}
