/** All that can happen to a peer. A connection is named by a number from `Peer.newConnection`. */
import type { Family } from '../../lib/base/ip.ts'
import type { PeerFault } from '../wire/fault.ts'
import type { Message } from '../wire/message.ts'

export type ConnectionId = number

export type PeerInput =
  | { readonly type: 'start' }
  /**
   * `cease`: subcode of the NOTIFICATION 6 that says goodbye; absent: none is sent and the peer may keep our routes (planned
   * restart). `text`: for the operator of the peer (RFC 9003).
   */
  | { readonly type: 'stop'; readonly cease?: number; readonly text?: string }
  /** The handshake of a dial is done. */
  | { readonly type: 'dialled'; readonly connection: ConnectionId }
  /** The peer has connected to us; `connection` is fresh from `newConnection`. */
  | { readonly type: 'accepted'; readonly connection: ConnectionId }
  /** The connection has ended, or a dial has failed. Never answered to one that a `close` effect has ended. */
  | { readonly type: 'closed'; readonly connection: ConnectionId; readonly reason: string }
  /** Every message; of an UPDATE only that it came, and only where `Peer.received` did not take it. */
  | {
      readonly type: 'message'
      readonly connection: ConnectionId
      readonly message: Message | { readonly type: 'update' }
    }
  /** Framer, decoder or UpdateReader refused what came. */
  | { readonly type: 'fault'; readonly connection: ConnectionId; readonly fault: PeerFault }
  /** A person wants the session anew, whatever keeps it from coming up: Cease / Administrative Reset with the text. */
  | { readonly type: 'reset'; readonly text?: string }
  /** Ask the peer for its routes again (RFC 2918). */
  | { readonly type: 'askRefresh'; readonly family: Family }
  /** Our answer to a `refresh` effect has been sent to its end. */
  | { readonly type: 'refreshed'; readonly family: Family }
  /** More prefixes came than the limit of the family allows, whose action is `restart`. */
  | { readonly type: 'prefixLimit'; readonly family: Family }
  | { readonly type: 'bfdUp' }
  /** `independent`: the peer's C bit (RFC 5880 §4.1): its BFD does not share the fate of its control plane. */
  | { readonly type: 'bfdDown'; readonly independent: boolean }
  /** Ours has been sent. */
  | { readonly type: 'endOfRibSent'; readonly family: Family }
  /** The peer's End-of-RIB, read in Established. */
  | { readonly type: 'endOfRib'; readonly family: Family }
  /** The socket holds octets back. Sent again whenever some of them went, it starts the send hold time anew. */
  | { readonly type: 'writeBlocked'; readonly connection: ConnectionId }
  | { readonly type: 'writeDrained'; readonly connection: ConnectionId }
  /** `deadline()` has come; early or late does no harm. */
  | { readonly type: 'timer' }
