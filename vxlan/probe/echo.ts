/**
 * Echo requests of ICMP as octets, and what answers mean (RFC 792, RFC 4443). Pure: it opens no socket.
 * A message that quotes a packet of ours is an answer as well: it says where and why the packet ended.
 */
import { Address, type Family } from '../../lib/base/ip.ts'

export type Answer =
  | { readonly type: 'reply'; readonly milliseconds: number }
  /** Somebody on the way, or our own link, takes no packet of this size. @property mtu octets of a whole IP packet; 0: not said */
  | { readonly type: 'tooBig'; readonly mtu: number; readonly from: Address | undefined }
  | { readonly type: 'unreachable'; readonly reason: string; readonly from: Address }
  /** It could not even be sent. */
  | { readonly type: 'unsendable'; readonly reason: string }
  | { readonly type: 'silent' }

/** A way to send echo requests to one address. */
export interface Echoer {
  /** In words: `raw-socket`, `ICMP datagram socket`. */
  readonly means: string
  /**
   * Sends one that must not be fragmented. Never rejects.
   * @param size octets of the whole IP packet @param timeout milliseconds
   */
  echo(size: number, timeout: number): Promise<Answer>
  close(): void
}

/** IP and ICMP headers. */
export const HEADERS: Readonly<Record<Family, number>> = { 4: 28, 6: 48 }

const ICMP_HEADER = 8
const TYPES = {
  4: { request: 8, reply: 0, unreachable: 3, tooBig: 3 },
  6: { request: 128, reply: 129, unreachable: 1, tooBig: 2 },
} as const
const FRAGMENTATION_NEEDED = 4
const PROTOCOL_UDP = 17

/** Code of Destination Unreachable → in words. */
const UNREACHABLE: Readonly<Record<Family, Readonly<Record<number, string>>>> = {
  4: {
    0: 'network unreachable',
    1: 'host unreachable',
    2: 'protocol unreachable',
    3: 'port unreachable',
    9: 'prohibited by a filter',
    10: 'prohibited by a filter',
    13: 'prohibited by a filter',
  },
  6: {
    0: 'no route',
    1: 'prohibited by a filter',
    3: 'address unreachable',
    4: 'port unreachable',
    5: 'prohibited by a filter',
    6: 'route rejected',
  },
}

/** The ICMP message of a request, checksum left to the sender. @param size of the whole IP packet */
export function encodeRequest(family: Family, id: number, sequence: number, size: number): Uint8Array {
  const message = new Uint8Array(Math.max(ICMP_HEADER, size - HEADERS[family] + ICMP_HEADER))
  message.set([TYPES[family].request, 0, 0, 0, id >> 8, id & 0xff, sequence >> 8, sequence & 0xff])
  return message
}

/** RFC 1071. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** What a message says about an echo request, or about a UDP packet. */
export type Heard =
  | { readonly about: 'request'; readonly id: number; readonly sequence: number; readonly answer: HeardAnswer }
  | { readonly about: 'udp'; readonly port: number; readonly destination: Address; readonly answer: HeardAnswer }

export type HeardAnswer = { readonly type: 'reply' } | Extract<Answer, { readonly type: 'tooBig' | 'unreachable' }>

/** @param message from the ICMP header on @param from who sent it; undefined where the message is about nothing of ours */
export function decodeMessage(family: Family, message: Uint8Array, from: Address): Heard | undefined {
  if (message.length < ICMP_HEADER) return undefined
  const types = TYPES[family]
  const [type, code] = [message[0]!, message[1]!]
  if (type === types.reply)
    return { about: 'request', id: u16(message, 4), sequence: u16(message, 6), answer: { type: 'reply' } }
  const isTooBig = type === types.tooBig && (family === 6 || code === FRAGMENTATION_NEEDED)
  if (!isTooBig && type !== types.unreachable) return undefined
  const answer: HeardAnswer = isTooBig
    ? { type: 'tooBig', mtu: family === 4 ? u16(message, 6) : u16(message, 4) * 65536 + u16(message, 6), from }
    : { type: 'unreachable', reason: UNREACHABLE[family][code] ?? `unreachable (code ${code})`, from }
  return aboutQuoted(family, message.subarray(ICMP_HEADER), answer)
}

/** The packet that the message quotes: its IP header, and at least eight octets more. */
function aboutQuoted(family: Family, packet: Uint8Array, answer: HeardAnswer): Heard | undefined {
  const length = family === 4 ? 4 * (packet[0]! & 15) : 40
  if (packet.length < length + 8) return undefined
  const protocol = packet[family === 4 ? 9 : 6]
  const rest = packet.subarray(length)
  if (protocol === PROTOCOL_UDP) {
    const destination = new Address(family === 4 ? packet.slice(16, 20) : packet.slice(24, 40))
    return { about: 'udp', port: u16(rest, 2), destination, answer }
  }
  if (rest[0] !== TYPES[family].request) return undefined
  return { about: 'request', id: u16(rest, 4), sequence: u16(rest, 6), answer }
}

/** A raw socket of IPv4 hands out the IP header as well. */
export function withoutHeader(family: Family, packet: Uint8Array): Uint8Array {
  return family === 4 ? packet.subarray(4 * (packet[0]! & 15)) : packet
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}
