/**
 * NOTIFICATIONs in words, with what their data says to people: the operator's text of RFC 9003, the count of RFC 4486, and
 * what a Hard Reset of RFC 8538 wraps. And that data itself, the other way round.
 */
import type { Family } from '../../lib/base/ip.ts'
import { afiOf, familyOf, safi } from '../wire/iana.ts'
import { cease, errorCode, type Notification, notificationName } from '../wire/notification.ts'
import { readUint16, readUint32, writeUint16, writeUint32 } from '../wire/octets.ts'

/** Octets of text that a NOTIFICATION can hold (RFC 9003 §2). */
const LONGEST_TEXT = 255

/** A received NOTIFICATION in words. */
export function renderNotification({ code, subcode, data }: Notification): string {
  return renderWords(code, subcode, data)
}

export function renderWords(code: number, subcode: number, data: Uint8Array): string {
  const name = notificationName(code, subcode)
  if (code !== errorCode.cease) return name
  if (subcode === cease.hardReset && data.length >= 2)
    return `${name}: ${renderInner(data[0]!, data[1]!, data.subarray(2))}`
  const said = subcode === cease.maximumPrefixes ? prefixLimit(data) : shutdownText(subcode, data)
  return said === '' ? name : `${name}: ${said}`
}

/** A Hard Reset within a Hard Reset says nothing more: one could hold thousands. */
function renderInner(code: number, subcode: number, data: Uint8Array): string {
  const again = code === errorCode.cease && subcode === cease.hardReset
  return again ? notificationName(code, subcode) : renderWords(code, subcode, data)
}

/** RFC 8538 §3.1. */
export function isHardReset({ code, subcode }: Notification): boolean {
  return code === errorCode.cease && subcode === cease.hardReset
}

/** The data of a Hard Reset that stands for another NOTIFICATION. */
export function encodeHardReset(code: number, subcode: number, data: Uint8Array): Uint8Array {
  return Uint8Array.of(code, subcode, ...data)
}

/** RFC 9003 §2: an octet of length, then UTF-8; cut at a character where it is too long. */
export function encodeShutdownText(text: string): Uint8Array {
  const room = new Uint8Array(LONGEST_TEXT)
  const { written } = new TextEncoder().encodeInto(text, room)
  return Uint8Array.of(written, ...room.subarray(0, written))
}

/** RFC 4486 §4: AFI, SAFI, and the upper bound. */
export function encodePrefixLimit(family: Family, count: number): Uint8Array {
  const data = new Uint8Array(7)
  writeUint16(data, 0, afiOf(family))
  data[2] = safi.unicast
  writeUint32(data, 3, count)
  return data
}

/** Control characters do not get through to a terminal. */
function shutdownText(subcode: number, data: Uint8Array): string {
  const may = subcode === cease.administrativeShutdown || subcode === cease.administrativeReset
  const length = data[0] ?? 0
  if (!may || length === 0 || data.length < 1 + length) return ''
  const text = new TextDecoder().decode(data.subarray(1, 1 + length))
  const shown = text.replace(/\p{Cc}/gu, ' ').trim()
  return shown === '' ? '' : `"${shown}"`
}

function prefixLimit(data: Uint8Array): string {
  const family = data.length === 7 ? familyOf(readUint16(data, 0), data[2]!) : 0
  return family === 0 ? '' : `more than ${readUint32(data, 3)} of ipv${family}`
}
