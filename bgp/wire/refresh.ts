/**
 * ROUTE-REFRESH (RFC 2918 §3): please send the routes of one family again; between peers that negotiated RFC 7313 also where
 * such a run of routes begins and ends.
 */
import { PeerFault } from './fault.ts'
import { badLength, writeHeader } from './header.ts'
import { headerLength, messageType } from './iana.ts'
import { errorCode, refreshError } from './notification.ts'
import { readUint16, writeUint16 } from './octets.ts'

export interface RouteRefresh {
  readonly type: 'routeRefresh'
  readonly afi: number
  /** A `refreshSubtype`; any other is to be ignored (RFC 7313 §5). Without RFC 7313 it means nothing. */
  readonly subtype: number
  readonly safi: number
}

const bodyLength = 4

/**
 * @param enhanced whether RFC 7313 was negotiated
 * @throws PeerFault 1/2, or 7/1 with the whole message between peers that know it (RFC 7313 §5): entries of outbound route
 *   filtering (RFC 5291), which this speaker never offers, make a message too long as well
 */
export function decodeRouteRefresh(bytes: Uint8Array, start: number, end: number, enhanced: boolean): RouteRefresh {
  if (end - start !== bodyLength)
    throw enhanced ? lengthFault(bytes, start, end) : badLength(headerLength + end - start)
  return { type: 'routeRefresh', afi: readUint16(bytes, start), subtype: bytes[start + 2]!, safi: bytes[start + 3]! }
}

function lengthFault(bytes: Uint8Array, start: number, end: number): PeerFault {
  const message = new Uint8Array(headerLength + end - start)
  message.set(bytes.subarray(start, end), writeHeader(message, 0, messageType.routeRefresh, message.length))
  const reason = `a message length of ${message.length}`
  return new PeerFault(errorCode.routeRefresh, refreshError.invalidLength, reason, message)
}

/** The body. */
export function encodeRouteRefresh(refresh: RouteRefresh): Uint8Array {
  const bytes = new Uint8Array(bodyLength)
  writeUint16(bytes, 0, refresh.afi)
  bytes[2] = refresh.subtype
  bytes[3] = refresh.safi
  return bytes
}
