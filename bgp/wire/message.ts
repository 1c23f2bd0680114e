/**
 * BGP messages other than UPDATE as values: octets in, value out, and back. UPDATE has its own reader and writer because it
 * is the hot path.
 */
import { judgeLength, writeHeader } from './header.ts'
import { headerLength, maxMessageLength, messageType } from './iana.ts'
import { decodeNotification, encodeNotification, type Notification } from './notification.ts'
import { decodeOpen, encodeOpen, type Open } from './open.ts'
import { decodeRouteRefresh, encodeRouteRefresh, type RouteRefresh } from './refresh.ts'

export interface Keepalive {
  readonly type: 'keepalive'
}

export type Message = Open | Notification | Keepalive | RouteRefresh

/**
 * The message in a body `buffer[start, end)` that the Framer found. Not for UPDATE (type 2): that goes to UpdateReader.
 * @param enhancedRefresh whether both sides speak RFC 7313, which has an error of its own for a ROUTE-REFRESH
 * @throws PeerFault
 */
export function decodeMessage(
  type: number,
  buffer: Uint8Array,
  start: number,
  end: number,
  enhancedRefresh = false,
): Message {
  judgeLength(type, headerLength + end - start)
  switch (type) {
    case messageType.open:
      return decodeOpen(buffer, start, end)
    case messageType.notification:
      return decodeNotification(buffer, start, end)
    case messageType.keepalive:
      return { type: 'keepalive' }
    case messageType.routeRefresh:
      return decodeRouteRefresh(buffer, start, end, enhancedRefresh)
    default:
      throw new RangeError('an UPDATE is read by UpdateReader')
  }
}

/** The whole message, header included. NOTIFICATION data beyond its 4096 octets is cut off. */
export function encodeMessage(message: Message): Uint8Array {
  const body = encodeBody(message).subarray(0, maxMessageLength - headerLength)
  const bytes = new Uint8Array(headerLength + body.length)
  bytes.set(body, writeHeader(bytes, 0, messageType[message.type], bytes.length))
  return bytes
}

function encodeBody(message: Message): Uint8Array {
  switch (message.type) {
    case 'open':
      return encodeOpen(message)
    case 'notification':
      return encodeNotification(message)
    case 'keepalive':
      return new Uint8Array(0)
    case 'routeRefresh':
      return encodeRouteRefresh(message)
  }
}
