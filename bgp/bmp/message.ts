/** BMP messages (RFC 7854 §4) as octets: what a router tells a monitoring station. Pure; the receiving side nobody needs here. */
import type { Address } from '../../lib/base/ip.ts'
import { writeUint16, writeUint32 } from '../wire/octets.ts'

const messageType = {
  routeMonitoring: 0,
  statistics: 1,
  peerDown: 2,
  peerUp: 3,
  initiation: 4,
  termination: 5,
} as const

/** Whose Adj-RIB-In a message is about, before policy. */
export interface BmpPeer {
  readonly address: Address
  readonly asNumber: number
  /** uint32. */
  readonly routerId: number
  /** AS_PATH of its UPDATEs has 4-octet numbers. */
  readonly fourOctetAs: boolean
  /** Milliseconds since the epoch. */
  readonly at: number
}

const version = 3
const headerLength = 6
const peerHeaderLength = 42

/** V: an IPv6 address; A: AS_PATH with 2-octet numbers. */
const flagIpv6 = 0x80
const flagTwoOctet = 0x20

function message(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, headerLength)
  const bytes = new Uint8Array(length)
  bytes[0] = version
  writeUint32(bytes, 1, length)
  bytes[5] = type
  let at = headerLength
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** §4.2; the distinguisher is zero: there is one instance. */
function peerHeader({ address, asNumber, routerId, fourOctetAs, at }: BmpPeer): Uint8Array {
  const bytes = new Uint8Array(peerHeaderLength)
  bytes[1] = (address.family === 6 ? flagIpv6 : 0) | (fourOctetAs ? 0 : flagTwoOctet)
  bytes.set(wide(address), 10)
  writeUint32(bytes, 26, asNumber)
  writeUint32(bytes, 30, routerId)
  writeUint32(bytes, 34, Math.floor(at / 1000))
  writeUint32(bytes, 38, Math.round((at % 1000) * 1000))
  return bytes
}

/** 16 octets; an IPv4 address in the last four. */
function wide({ bytes }: Address): Uint8Array {
  const octets = new Uint8Array(16)
  octets.set(bytes, 16 - bytes.length)
  return octets
}

function tlv(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + value.length)
  writeUint16(bytes, 0, type)
  writeUint16(bytes, 2, value.length)
  bytes.set(value, 4)
  return bytes
}

const text = new TextEncoder()

/** §4.3: sysDescr and sysName. */
export function encodeInitiation(description: string, name: string): Uint8Array {
  return message(messageType.initiation, tlv(1, text.encode(description)), tlv(2, text.encode(name)))
}

/** §4.5. @param reason 0: the session is administratively closed */
export function encodeTermination(reason: number): Uint8Array {
  return message(messageType.termination, tlv(1, Uint8Array.of(0, reason)))
}

export interface BmpSession {
  readonly localAddress: Address
  readonly localPort: number
  readonly remotePort: number
  /** The OPENs, headers included. */
  readonly sent: Uint8Array
  readonly received: Uint8Array
}

/** §4.10. */
export function encodePeerUp(peer: BmpPeer, session: BmpSession): Uint8Array {
  const ports = new Uint8Array(4)
  writeUint16(ports, 0, session.localPort)
  writeUint16(ports, 2, session.remotePort)
  const { localAddress, sent, received } = session
  return message(messageType.peerUp, peerHeader(peer), wide(localAddress), ports, sent, received)
}

/** §4.9: a NOTIFICATION of ours or of the peer's, whole; without one the FSM event that ended the session, or nothing. */
export type BmpPeerDown =
  | { readonly reason: 'localNotification' | 'remoteNotification'; readonly notification: Uint8Array }
  | { readonly reason: 'local'; readonly event: number }
  | { readonly reason: 'remote' | 'deconfigured' }

const downCodes = { localNotification: 1, local: 2, remoteNotification: 3, remote: 4, deconfigured: 5 } as const

export function encodePeerDown(peer: BmpPeer, down: BmpPeerDown): Uint8Array {
  const data =
    'notification' in down
      ? down.notification
      : down.reason === 'local'
        ? Uint8Array.of(down.event >>> 8, down.event)
        : new Uint8Array(0)
  return message(messageType.peerDown, peerHeader(peer), Uint8Array.of(downCodes[down.reason]), data)
}

/** §4.6. @param update one whole UPDATE */
export function encodeRouteMonitoring(peer: BmpPeer, update: Uint8Array): Uint8Array {
  return message(messageType.routeMonitoring, peerHeader(peer), update)
}

export interface BmpStatistics {
  /** Routes in the Adj-RIB-In (type 7), and by AFI and SAFI (type 9). */
  readonly adjRibIn: number
  readonly families: readonly { readonly afi: number; readonly safi: number; readonly adjRibIn: number }[]
}

/** §4.8. */
export function encodeStatistics(peer: BmpPeer, { adjRibIn, families }: BmpStatistics): Uint8Array {
  const counted = families.map(({ afi, safi, adjRibIn: routes }) =>
    tlv(9, Uint8Array.of(afi >>> 8, afi, safi, ...uint64(routes))),
  )
  const count = new Uint8Array(4)
  writeUint32(count, 0, 1 + counted.length)
  return message(messageType.statistics, peerHeader(peer), count, tlv(7, uint64(adjRibIn)), ...counted)
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  writeUint32(bytes, 0, Math.floor(value / 2 ** 32))
  writeUint32(bytes, 4, value % 2 ** 32)
  return bytes
}
