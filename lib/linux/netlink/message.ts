/**
 * The bytes of netlink: messages, attributes, nests (include/uapi/linux/netlink.h). Pure. It knows no object of the
 * kernel (links, routes …) and no socket. Everything is aligned to four octets and in the machine's byte order.
 */
import { LITTLE_ENDIAN } from '../libc.ts'

const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_DUMP = 0x300
export const NLM_F_REPLACE = 0x100
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
/** Of an NLMSG_ERROR: the failed request is not repeated in it; attributes follow. */
export const NLM_F_CAPPED = 0x100
export const NLM_F_ACK_TLVS = 0x200

export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
const NLMSGERR_ATTR_MSG = 1
const NLA_F_NESTED = 0x8000
const NLA_TYPE_MASK = 0x3fff

const HEADER = 16

/** A growing row of requests, written one after the other. */
export class MessageWriter {
  #bytes = new Uint8Array(16384)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  #start = 0
  #count = 0
  #first = 0
  #sequence: number

  /** @param sequence of the first message; each following one has the next number */
  constructor(sequence = 1) {
    this.#sequence = sequence
  }

  /** Messages written since `clear`. */
  get count(): number {
    return this.#count
  }

  /** Sequence number of the first of them. */
  get firstSequence(): number {
    return this.#first
  }

  /** All of them; valid until the next change. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Forgets what was written; the sequence goes on. */
  clear(): void {
    this.#length = 0
    this.#count = 0
  }

  /** @param flags NLM_F_REQUEST is always added */
  begin(type: number, flags: number): this {
    this.#reserve(HEADER)
    this.#start = this.#length
    if (this.#count === 0) this.#first = this.#sequence
    this.#length += HEADER
    this.#view.setUint16(this.#start + 4, type, LITTLE_ENDIAN)
    this.#view.setUint16(this.#start + 6, flags | NLM_F_REQUEST, LITTLE_ENDIAN)
    this.#view.setUint32(this.#start + 8, this.#sequence, LITTLE_ENDIAN)
    this.#view.setUint32(this.#start + 12, 0, LITTLE_ENDIAN)
    this.#sequence = (this.#sequence + 1) >>> 0
    this.#count++
    return this
  }

  end(): void {
    this.#view.setUint32(this.#start, this.#length - this.#start, LITTLE_ENDIAN)
  }

  /** Asks for an acknowledgement of the message written last. */
  acknowledgeLast(): void {
    const flags = this.#view.getUint16(this.#start + 6, LITTLE_ENDIAN)
    this.#view.setUint16(this.#start + 6, flags | NLM_F_ACK, LITTLE_ENDIAN)
  }

  u8(value: number): this {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
    return this
  }

  u16(value: number): this {
    this.#reserve(2)
    this.#view.setUint16(this.#length, value, LITTLE_ENDIAN)
    this.#length += 2
    return this
  }

  u32(value: number): this {
    this.#reserve(4)
    this.#view.setUint32(this.#length, value, LITTLE_ENDIAN)
    this.#length += 4
    return this
  }

  /** Octets as they are, then padding. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length + 3)
    this.#bytes.set(bytes, this.#length)
    return this.#pad(this.#length + bytes.length)
  }

  attribute(type: number, value: Uint8Array): this {
    return this.u16(4 + value.length)
      .u16(type)
      .raw(value)
  }

  attributeU8(type: number, value: number): this {
    return this.u16(5)
      .u16(type)
      .u32(LITTLE_ENDIAN ? value : (value << 24) >>> 0)
  }

  /** In network order, as ports are. */
  attributePort(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value >>> 8, value))
  }

  attributeU32(type: number, value: number): this {
    return this.u16(8).u16(type).u32(value)
  }

  /** Ended by a zero octet. */
  attributeString(type: number, value: string): this {
    return this.attribute(type, Buffer.from(`${value}\0`))
  }

  /** An attribute made of attributes. */
  nest(type: number, fill: () => void): this {
    return this.list(type | NLA_F_NESTED, fill)
  }

  /** An attribute made of structures. */
  list(type: number, fill: () => void): this {
    return this.sized(() => {
      this.u16(type)
      fill()
    })
  }

  /** A 16-bit length that counts itself, and what `fill` writes. */
  sized(fill: () => void): this {
    const at = this.#length
    this.u16(0)
    fill()
    this.#view.setUint16(at, this.#length - at, LITTLE_ENDIAN)
    return this
  }

  /** Room for `count` octets that the caller fills at the returned offset of the returned array; then padding. */
  space(count: number): { bytes: Uint8Array; at: number } {
    this.#reserve(count + 3)
    const at = this.#length
    this.#pad(at + count)
    return { bytes: this.#bytes, at }
  }

  #pad(end: number): this {
    this.#length = (end + 3) & ~3
    this.#bytes.fill(0, end, this.#length)
    return this
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const bytes = new Uint8Array(2 * this.#bytes.length + count)
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

/** One message as received; `body` is a view into the buffer it came in. */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  /** Of the socket that caused it; 0: the kernel itself. */
  readonly portId: number
  readonly body: Uint8Array
}

/** The messages of one datagram. A length that does not fit ends the walk: what follows cannot be told apart. */
export function decodeMessages(bytes: Uint8Array): Message[] {
  const view = viewOf(bytes)
  const messages: Message[] = []
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = view.getUint32(at, LITTLE_ENDIAN)
    if (length < HEADER || at + length > bytes.length) break
    messages.push({
      type: view.getUint16(at + 4, LITTLE_ENDIAN),
      flags: view.getUint16(at + 6, LITTLE_ENDIAN),
      sequence: view.getUint32(at + 8, LITTLE_ENDIAN),
      portId: view.getUint32(at + 12, LITTLE_ENDIAN),
      body: bytes.subarray(at + HEADER, at + length),
    })
    at += (length + 3) & ~3
  }
  return messages
}

/** The attributes from `start` on; of a type that comes twice the last one. One that does not fit ends the walk. */
export function decodeAttributes(bytes: Uint8Array, start = 0): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>()
  for (let at = start; at + 4 <= bytes.length; ) {
    const length = u16At(bytes, at)
    if (length < 4 || at + length > bytes.length) break
    attributes.set(u16At(bytes, at + 2) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return attributes
}

/** An NLMSG_ERROR (or NLMSG_DONE): errno as a positive number, 0 for an acknowledgement, and the kernel's words. */
export function decodeError(message: Message): { errno: number; text: string } {
  const errno = message.body.length < 4 ? 0 : 0 - (u32At(message.body, 0) | 0)
  if (message.type !== NLMSG_ERROR || (message.flags & NLM_F_ACK_TLVS) === 0) return { errno, text: '' }
  const repeated = (message.flags & NLM_F_CAPPED) !== 0 ? HEADER : u32At(message.body, 4)
  const text = decodeAttributes(message.body, 4 + ((repeated + 3) & ~3)).get(NLMSGERR_ATTR_MSG)
  return { errno, text: text === undefined ? '' : stringOf(text) }
}

export function u16At(bytes: Uint8Array, at: number): number {
  const low = LITTLE_ENDIAN ? bytes[at]! : bytes[at + 1]!
  const high = LITTLE_ENDIAN ? bytes[at + 1]! : bytes[at]!
  return low | (high << 8)
}

export function u32At(bytes: Uint8Array, at: number): number {
  const low = u16At(bytes, LITTLE_ENDIAN ? at : at + 2)
  const high = u16At(bytes, LITTLE_ENDIAN ? at + 2 : at)
  return (low | (high << 16)) >>> 0
}

/** Text up to the first zero octet. */
export function stringOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(bytes.buffer, bytes.byteOffset, end === -1 ? bytes.length : end).toString()
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
