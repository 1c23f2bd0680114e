/** The message header (RFC 4271 §4.1): sixteen octets of ones, the length of the whole message, its type. */

import { PeerFault } from './fault.ts'
import { headerLength, maxExtendedMessageLength, maxMessageLength, messageType } from './iana.ts'
import { errorCode, headerError } from './notification.ts'
import { readUint16, writeUint16 } from './octets.ts'

/** Octets of ones that every message begins with. */
export const markerLength = 16

/**
 * Fewest and most octets of each type, header included (RFC 4271 §4, RFC 8654 §4). The length of a ROUTE-REFRESH is its
 * decoder's affair: between some peers a wrong one is an error of its own (RFC 7313 §5).
 */
const lengths: Readonly<Record<number, { readonly least: number; readonly most: number }>> = {
  [messageType.open]: { least: 29, most: maxMessageLength },
  [messageType.update]: { least: 23, most: maxExtendedMessageLength },
  [messageType.notification]: { least: 21, most: maxExtendedMessageLength },
  [messageType.keepalive]: { least: 19, most: 19 },
  [messageType.routeRefresh]: { least: 19, most: maxExtendedMessageLength },
}

/** Writes a header; returns where the body begins. */
export function writeHeader(target: Uint8Array, at: number, type: number, length: number): number {
  for (const end = at + markerLength; at < end; at++) target[at] = 0xff
  writeUint16(target, at, length)
  target[at + 2] = type
  return at + 3
}

/**
 * The length of the message whose header is at `bytes[at]`, judged in the order of RFC 4271 §6.1: marker, length, type.
 * @param limit most octets of a message
 * @throws PeerFault 1/1, 1/2, 1/3
 */
export function readHeader(bytes: Uint8Array, at: number, limit: number): number {
  for (let from = at; from < at + markerLength; from++)
    if (bytes[from] !== 0xff)
      throw new PeerFault(errorCode.header, headerError.notSynchronized, 'the marker is not all ones')
  const length = readUint16(bytes, at + 16)
  if (length < headerLength || length > limit) throw badLength(length)
  judgeLength(bytes[at + 18]!, length)
  return length
}

/**
 * Judges type and length of a message, header included.
 * @throws PeerFault 1/2, 1/3
 */
export function judgeLength(type: number, length: number): void {
  const known = lengths[type]
  if (known === undefined)
    throw new PeerFault(errorCode.header, headerError.badType, `message type ${type}`, Uint8Array.of(type))
  if (length < known.least || length > known.most) throw badLength(length)
}

/** How many messages there are in octets that hold whole ones of our own. */
export function countMessages(bytes: Uint8Array): number {
  let count = 0
  for (let at = 0; at < bytes.length; at += messageLength(bytes, at)) count++
  return count
}

/** Octets of one of our own messages, that begins at `bytes[at]`. */
export function messageLength(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at + markerLength)
}

/** RFC 4271 §6.1: the data is the length field. */
export function badLength(length: number): PeerFault {
  const data = new Uint8Array(2)
  writeUint16(data, 0, length)
  return new PeerFault(errorCode.header, headerError.badLength, `a message length of ${length}`, data)
}
