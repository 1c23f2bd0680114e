/** Octets written as hexadecimal, for tests of the wire: spaces are free, so that a message can be laid out by its fields. */
import { writeHeader } from '../../../bgp/wire/header.ts'
import { headerLength, messageType } from '../../../bgp/wire/iana.ts'

export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '')
  if (digits.length % 2 !== 0 || /[^0-9a-f]/.test(digits)) throw new RangeError(`not octets: ${text}`)
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The same octets with a space after each, as people read them. */
export function spaced(bytes: Uint8Array): string {
  return toHex(bytes).replaceAll(/..(?!$)/g, '$& ')
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** A whole message: header and body. */
export function message(type: keyof typeof messageType, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerLength + body.length)
  bytes.set(body, writeHeader(bytes, 0, messageType[type], bytes.length))
  return bytes
}

/** The body of an UPDATE from the hexadecimal of its three fields; the two lengths are put in. */
export function updateBody(fields: { withdrawn?: string; attributes?: string; nlri?: string }): Uint8Array {
  const withdrawn = hex(fields.withdrawn ?? '')
  const attributes = hex(fields.attributes ?? '')
  return joined(uint16(withdrawn.length), withdrawn, uint16(attributes.length), attributes, hex(fields.nlri ?? ''))
}

export function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value)
}
