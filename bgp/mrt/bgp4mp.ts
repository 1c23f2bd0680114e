/** BGP4MP (RFC 6396 §4.4, RFC 8050 §3): a message of a session, or a change of its state. Values in, records out, and back. */
import type { Address } from '../../lib/base/ip.ts'
import { asTrans } from '../wire/iana.ts'
import { BodyReader, uint16, uint32 } from './body.ts'
import { type MrtRecord, mrtType } from './record.ts'

interface Between {
  readonly peerAs: number
  readonly localAs: number
  readonly peerAddress: Address
  /** Of the peer's family; unspecified: not known. */
  readonly localAddress: Address
}

export interface RecordedMessage extends Between {
  readonly kind: 'message'
  /** Sent by the speaker that recorded it (the subtypes LOCAL). */
  readonly sent: boolean
  /** UPDATEs of the session carry 4-octet AS numbers. */
  readonly fourOctetAs: boolean
  /** NLRI carries path ids. */
  readonly addPath: boolean
  /** The message with its header. */
  readonly octets: Uint8Array
}

export interface RecordedChange extends Between {
  readonly kind: 'state'
  /** 1 Idle, 2 Connect, 3 Active, 4 OpenSent, 5 OpenConfirm, 6 Established. */
  readonly from: number
  readonly to: number
}

/** With 2-octet and with 4-octet AS numbers. */
const states = [0, 5]

/** Of messages: by whether AS numbers have 4 octets, whether the recorder sent it, and whether there are path ids. */
const messageSubtypes = [
  { subtype: 1, fourOctetAs: false, sent: false, addPath: false },
  { subtype: 4, fourOctetAs: true, sent: false, addPath: false },
  { subtype: 6, fourOctetAs: false, sent: true, addPath: false },
  { subtype: 7, fourOctetAs: true, sent: true, addPath: false },
  { subtype: 8, fourOctetAs: false, sent: false, addPath: true },
  { subtype: 9, fourOctetAs: true, sent: false, addPath: true },
  { subtype: 10, fourOctetAs: false, sent: true, addPath: true },
  { subtype: 11, fourOctetAs: true, sent: true, addPath: true },
] as const

const stateChangeAs4 = 5

/** With microseconds (BGP4MP_ET). @param at ms since the epoch */
export function encodeBgp4mp(recorded: RecordedMessage | RecordedChange, at: number): MrtRecord {
  const type = mrtType.bgp4mpEt
  if (recorded.kind === 'state') {
    const body = Uint8Array.of(...encodeBetween(recorded, true), ...uint16(recorded.from), ...uint16(recorded.to))
    return { type, subtype: stateChangeAs4, at, body }
  }
  const { subtype } = messageSubtypes.find(
    row => row.fourOctetAs === recorded.fourOctetAs && row.sent === recorded.sent && row.addPath === recorded.addPath,
  )!
  const head = encodeBetween(recorded, recorded.fourOctetAs)
  const body = new Uint8Array(head.length + recorded.octets.length)
  body.set(head)
  body.set(recorded.octets, head.length)
  return { type, subtype, at, body }
}

/** AS numbers, interface index (not known here), AFI, addresses. */
function encodeBetween({ peerAs, localAs, peerAddress, localAddress }: Between, isWide: boolean): number[] {
  const asNumber = (value: number) => (isWide ? uint32(value) : uint16(value > 0xffff ? asTrans : value))
  const afi = peerAddress.family === 4 ? 1 : 2
  return [
    ...asNumber(peerAs),
    ...asNumber(localAs),
    ...uint16(0),
    ...uint16(afi),
    ...peerAddress.bytes,
    ...localAddress.bytes,
  ]
}

/** Undefined: a subtype of another kind. @throws InputFault */
export function decodeBgp4mp(subtype: number, body: Uint8Array): RecordedMessage | RecordedChange | undefined {
  const row = messageSubtypes.find(one => one.subtype === subtype)
  if (row === undefined && !states.includes(subtype)) return undefined
  const isWide = row?.fourOctetAs ?? subtype === stateChangeAs4
  const reader = new BodyReader(body)
  const peerAs = reader.asNumber(isWide)
  const localAs = reader.asNumber(isWide)
  reader.uint16()
  const isIpv6 = reader.uint16() === 2
  const between = { peerAs, localAs, peerAddress: reader.address(isIpv6), localAddress: reader.address(isIpv6) }
  if (row === undefined) return { kind: 'state', ...between, from: reader.uint16(), to: reader.uint16() }
  const { fourOctetAs, sent, addPath } = row
  return { kind: 'message', ...between, fourOctetAs, sent, addPath, octets: reader.octets(reader.rest) }
}
