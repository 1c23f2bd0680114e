/** What stands before the value of an attribute (RFC 4271 §4.3): flags, type code, and a length of one or two octets. */
import { attributeFlag } from './iana.ts'
import { readUint16, writeUint16 } from './octets.ts'

/** Where the value of the attribute at `bytes[at]` begins. */
export function attributeValueStart(bytes: Uint8Array, at: number): number {
  return (bytes[at]! & attributeFlag.extendedLength) === 0 ? at + 3 : at + 4
}

/** Where the attribute at `bytes[at]` ends. */
export function attributeEnd(bytes: Uint8Array, at: number): number {
  if ((bytes[at]! & attributeFlag.extendedLength) === 0) return at + 3 + bytes[at + 2]!
  return at + 4 + readUint16(bytes, at + 2)
}

/** Whether an attribute has a length of two octets where one is enough, as AS_PATH always has from FRR: no canonical bytes. */
export function isOverlong(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! & attributeFlag.extendedLength) !== 0 && bytes[at + 2] === 0
}

/** Writes flags, type and length, in the extended form only where the length needs it; returns where the value begins. */
export function writeAttributeHeader(
  target: Uint8Array,
  at: number,
  flags: number,
  code: number,
  length: number,
): number {
  target[at + 1] = code
  if (length > 255) {
    target[at] = flags | attributeFlag.extendedLength
    writeUint16(target, at + 2, length)
    return at + 4
  }
  target[at] = flags
  target[at + 2] = length
  return at + 3
}
