/** Messages of a peering as octets on their way: what whoever looks on is told of each. Types only. */
import type { Address, Family } from '../lib/base/ip.ts'
import type { ConnectionId } from './session/input.ts'
import type { SpeakerPeer } from './speaker-config.ts'

export type MessageDirection = 'received' | 'sent'

/** One direction of one connection, and how UPDATEs read there. */
export interface Passage {
  readonly direction: MessageDirection
  readonly connection: ConnectionId
  /** AS_PATH and AGGREGATOR carry 4-octet AS numbers. */
  readonly fourOctetAs: boolean
  /** Families whose NLRI carries path ids (RFC 7911). */
  readonly addPath: readonly Family[]
}

/** Where a Link tells of each message, received or sent. */
export interface MessageSink {
  /** Of the messages of one chunk of ours only so many, the last ones, are asked for. */
  readonly depth: number
  /**
   * A whole message, header included: `bytes[start, end)`, to be read before this returns. What came in has a header that was
   * found good, and is told before anything else is judged.
   * @param now ms on the engine's clock
   */
  pass(passage: Passage, now: number, bytes: Uint8Array, start: number, end: number): void
}

/** Hears every message of a speaker, both ways, with the peering that it belongs to. As `MessageSink.pass`: it must not keep `bytes`. */
export type MessageTap = (
  peering: PassingPeer,
  passage: Passage,
  now: number,
  bytes: Uint8Array,
  start: number,
  end: number,
) => void

export interface PassingPeer {
  readonly config: SpeakerPeer
  /** Our end of the session, or of the connection that may become one. */
  readonly localAddress: Address | undefined
  /** The peer's AS number; as configured while no session is up. */
  readonly remoteAs: number
  /** The last OPENs, header included. */
  readonly opens: { readonly received?: Uint8Array; readonly sent?: Uint8Array }
}
