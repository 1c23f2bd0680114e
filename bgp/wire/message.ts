/**
 * BGP messages other than UPDATE as values: bytes in, value out, and back. UPDATE has its own reader and writer
 * because it is the hot path.
 */
import type { Notification } from './notification.ts'
import type { Open } from './open.ts'
import type { RouteRefresh } from './refresh.ts'

export interface Keepalive {
  readonly type: 'keepalive'
}

export type Message = Open | Notification | Keepalive | RouteRefresh

/**
 * The message in a body `buffer[start, end)` that the Framer found. Not for UPDATE (type 2): that goes to UpdateReader.
 * @throws PeerFault
 */
export function decodeMessage(_type: number, _buffer: Uint8Array, _start: number, _end: number): Message {
  throw new Error('not yet written')
}

/** The whole message, header included. */
export function encodeMessage(_message: Message): Uint8Array {
  throw new Error('not yet written')
}
