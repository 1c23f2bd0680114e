/**
 * BFD Control packets as octets (RFC 5880 §4.1). The decoder is total: it gives a packet, or the reason why §6.8.6 has
 * it discarded, as far as that can be told without knowing any session. Authentication is not supported: a packet that
 * carries some is discarded, as §6.8.6 demands where none is in use.
 *
 * Intervals are in microseconds here, as on the wire.
 */

/** bfd.SessionState, by its number on the wire. */
export const STATES = ['AdminDown', 'Down', 'Init', 'Up'] as const
export type BfdState = (typeof STATES)[number]

/** §4.1, Diag: why the local state last changed. */
export const diagnostic = {
  none: 0,
  detectionTimeExpired: 1,
  echoFailed: 2,
  neighborSignaledDown: 3,
  forwardingPlaneReset: 4,
  pathDown: 5,
  concatenatedPathDown: 6,
  administrativelyDown: 7,
  reverseConcatenatedPathDown: 8,
} as const

const DIAGNOSTICS: readonly string[] = [
  'none',
  'control detection time expired',
  'echo function failed',
  'neighbor signaled session down',
  'forwarding plane reset',
  'path down',
  'concatenated path down',
  'administratively down',
  'reverse concatenated path down',
]

/** The words of the RFC; `diagnostic 31` for a number that it reserves. */
export function renderDiagnostic(number: number): string {
  return DIAGNOSTICS[number] ?? `diagnostic ${number}`
}

export interface ControlPacket {
  /** 0 to 31, see `diagnostic`. */
  readonly diagnostic: number
  readonly state: BfdState
  readonly poll: boolean
  readonly final: boolean
  /** C: BFD does not share fate with the sender's control plane. */
  readonly controlPlaneIndependent: boolean
  readonly demand: boolean
  readonly detectMultiplier: number
  /** uint32, not 0. */
  readonly myDiscriminator: number
  /** uint32; 0: the sender does not know it. */
  readonly yourDiscriminator: number
  readonly desiredMinTx: number
  readonly requiredMinRx: number
  readonly requiredMinEchoRx: number
}

/** Why a packet counts for nothing; stable words, for counters. */
export type DiscardReason =
  | 'tooShort'
  | 'badVersion'
  | 'badLength'
  | 'zeroMultiplier'
  | 'multipoint'
  | 'zeroDiscriminator'
  | 'stateWithoutDiscriminator'
  | 'authentication'
  | 'ttl'
  | 'unknownDiscriminator'
  | 'otherPeer'
  | 'unknownPeer'

export const PACKET_LENGTH = 24
const VERSION = 1
const BIT = {
  poll: 0x20,
  final: 0x10,
  independent: 0x08,
  authentication: 0x04,
  demand: 0x02,
  multipoint: 0x01,
} as const

/** The payload of a UDP datagram; what lies behind the packet's own length is not looked at. */
export function decodePacket(bytes: Uint8Array): ControlPacket | DiscardReason {
  if (bytes.length < PACKET_LENGTH) return 'tooShort'
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const first = view.getUint8(0)
  const flags = view.getUint8(1)
  const detectMultiplier = view.getUint8(2)
  const length = view.getUint8(3)
  if (first >> 5 !== VERSION) return 'badVersion'
  // with authentication it takes two octets more, and what is in them is not known here
  if (length < ((flags & BIT.authentication) === 0 ? PACKET_LENGTH : PACKET_LENGTH + 2)) return 'badLength'
  if (length > bytes.length) return 'badLength'
  if (detectMultiplier === 0) return 'zeroMultiplier'
  if ((flags & BIT.multipoint) !== 0) return 'multipoint'
  const myDiscriminator = view.getUint32(4)
  const yourDiscriminator = view.getUint32(8)
  const state = STATES[flags >> 6]!
  if (myDiscriminator === 0) return 'zeroDiscriminator'
  if (yourDiscriminator === 0 && (state === 'Init' || state === 'Up')) return 'stateWithoutDiscriminator'
  if ((flags & BIT.authentication) !== 0) return 'authentication'
  return {
    diagnostic: first & 0x1f,
    state,
    poll: (flags & BIT.poll) !== 0,
    final: (flags & BIT.final) !== 0,
    controlPlaneIndependent: (flags & BIT.independent) !== 0,
    demand: (flags & BIT.demand) !== 0,
    detectMultiplier,
    myDiscriminator,
    yourDiscriminator,
    desiredMinTx: view.getUint32(12),
    requiredMinRx: view.getUint32(16),
    requiredMinEchoRx: view.getUint32(20),
  }
}

export function encodePacket(packet: ControlPacket): Uint8Array {
  const bytes = new Uint8Array(PACKET_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, (VERSION << 5) | packet.diagnostic)
  const flags =
    (packet.poll ? BIT.poll : 0) |
    (packet.final ? BIT.final : 0) |
    (packet.controlPlaneIndependent ? BIT.independent : 0) |
    (packet.demand ? BIT.demand : 0)
  view.setUint8(1, (STATES.indexOf(packet.state) << 6) | flags)
  view.setUint8(2, packet.detectMultiplier)
  view.setUint8(3, PACKET_LENGTH)
  view.setUint32(4, packet.myDiscriminator)
  view.setUint32(8, packet.yourDiscriminator)
  view.setUint32(12, packet.desiredMinTx)
  view.setUint32(16, packet.requiredMinRx)
  view.setUint32(20, packet.requiredMinEchoRx)
  return bytes
}
