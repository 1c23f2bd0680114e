/**
 * A message for people, out of its octets or the first of them. Judges nothing and never fails: what cannot be read is told
 * as such, beside what can.
 */
import { addressOfUint32 } from '../lib/base/ip.ts'
import type { Passage } from './passage.ts'
import { renderNotification } from './session/notification-text.ts'
import { digestUpdate, type UpdateDigest } from './update-digest.ts'
import { renderCapability } from './wire/capability.ts'
import { PeerFault } from './wire/fault.ts'
import { familyOf, headerLength, messageType } from './wire/iana.ts'
import { decodeNotification } from './wire/notification.ts'
import { readUint16 } from './wire/octets.ts'
import { asNumberOf, decodeOpen } from './wire/open.ts'

export type MessageDigest =
  | {
      readonly type: 'open'
      readonly asNumber: number
      /** Seconds. */
      readonly holdTime: number
      readonly routerId: string
      readonly capabilities: readonly string[]
    }
  | UpdateDigest
  | {
      readonly type: 'notification'
      readonly code: number
      readonly subcode: number
      /** `Cease / Administrative Shutdown (6/2): "maintenance"`. */
      readonly text: string
      /** Hexadecimal; absent: none. */
      readonly data?: string
    }
  | { readonly type: 'keepalive' }
  | { readonly type: 'routeRefresh'; readonly family: string; readonly subtype: number }
  | { readonly type: 'unreadable'; readonly code: number; readonly reason: string }

/** The types of messages, as people name them. */
export const digestTypes = ['open', 'update', 'notification', 'keepalive', 'routeRefresh'] as const
export type DigestType = (typeof digestTypes)[number]

/** @param code a message's type code; undefined: not one of those */
export function digestTypeOf(code: number): DigestType | undefined {
  return digestTypes.find(type => messageType[type] === code)
}

/** @param octets of a message, from its header on, or the first of them @param length of the whole message */
export function digestMessage(
  octets: Uint8Array,
  length: number,
  form: Pick<Passage, 'fourOctetAs' | 'addPath'>,
): MessageDigest {
  const code = octets[headerLength - 1] ?? 0
  const unreadable = (reason: string): MessageDigest => ({ type: 'unreadable', code, reason })
  const body = octets.length - headerLength
  switch (digestTypeOf(code)) {
    case 'open':
      return body < 10 ? unreadable('too short for an OPEN') : digestOpen(octets, unreadable)
    case 'update':
      return digestUpdate(octets, headerLength, length, octets.length, form)
    case 'notification':
      return body < 2 ? unreadable('too short for a NOTIFICATION') : digestNotification(octets)
    case 'keepalive':
      return { type: 'keepalive' }
    case 'routeRefresh':
      return body < 4 ? unreadable('too short for a ROUTE-REFRESH') : digestRefresh(octets)
    case undefined:
      return unreadable(`message type ${code}`)
  }
}

function digestOpen(octets: Uint8Array, unreadable: (reason: string) => MessageDigest): MessageDigest {
  try {
    const open = decodeOpen(octets, headerLength, octets.length)
    const { holdTime, routerId, capabilities } = open
    return {
      type: 'open',
      asNumber: asNumberOf(open),
      holdTime,
      routerId: addressOfUint32(routerId).toString(),
      capabilities: capabilities.map(renderCapability),
    }
  } catch (thrown) {
    if (!(thrown instanceof PeerFault)) throw thrown
    return unreadable(thrown.message)
  }
}

function digestNotification(octets: Uint8Array): MessageDigest {
  const notification = decodeNotification(octets, headerLength, octets.length)
  const { code, subcode, data } = notification
  const text = renderNotification(notification)
  return {
    type: 'notification',
    code,
    subcode,
    text,
    ...(data.length > 0 && { data: Buffer.from(data).toString('hex') }),
  }
}

function digestRefresh(octets: Uint8Array): MessageDigest {
  const [afi, subtype, safi] = [readUint16(octets, headerLength), octets[headerLength + 2]!, octets[headerLength + 3]!]
  const family = familyOf(afi, safi)
  return { type: 'routeRefresh', family: family === 0 ? `AFI ${afi} SAFI ${safi}` : `ipv${family}`, subtype }
}
