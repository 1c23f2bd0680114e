/** ROUTE-REFRESH (RFC 2918 §3): please send the routes of one family again. */
import { readUint16, writeUint16 } from './octets.ts'

export interface RouteRefresh {
  readonly type: 'routeRefresh'
  readonly afi: number
  /** 0; RFC 7313 gives 1 and 2 a meaning, but only between peers that negotiated it. */
  readonly subtype: number
  readonly safi: number
}

/** A body of 4 octets. */
export function decodeRouteRefresh(bytes: Uint8Array, start: number): RouteRefresh {
  return { type: 'routeRefresh', afi: readUint16(bytes, start), subtype: bytes[start + 2]!, safi: bytes[start + 3]! }
}

/** The body. */
export function encodeRouteRefresh(refresh: RouteRefresh): Uint8Array {
  const bytes = new Uint8Array(4)
  writeUint16(bytes, 0, refresh.afi)
  bytes[2] = refresh.subtype
  bytes[3] = refresh.safi
  return bytes
}
