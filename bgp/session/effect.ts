/**
 * All that a peer asks of its driver, in this order. `down` is always followed by what becomes of the routes, so that
 * the driver carries out `stale`, `sweep` and `flush` and never asks why.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { ConnectionId } from './input.ts'
import type { Negotiated } from './negotiation.ts'
import type { State } from './state.ts'

export type PeerEffect =
  | { readonly type: 'dial'; readonly connection: ConnectionId }
  /** Whole messages. */
  | { readonly type: 'send'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** Send what is buffered, then FIN; also gives up a dial. Nothing more is heard of the connection. */
  | { readonly type: 'close'; readonly connection: ConnectionId }
  /** Established: UPDATEs of this connection are the peer's routes; send ours. Exactly one `down` before the next `up`. */
  | { readonly type: 'up'; readonly connection: ConnectionId; readonly negotiated: Negotiated }
  | { readonly type: 'down'; readonly reason: string }
  /** Keep the routes of this family and mark them all stale (RFC 4724 §4.2). */
  | { readonly type: 'stale'; readonly family: Family }
  /** The peer is late: keep the stale ones for long (RFC 9494), as the last resort. */
  | { readonly type: 'longLived'; readonly family: Family }
  /** What is not learned again up to `endRefresh` goes then (RFC 7313). A second one begins anew. */
  | { readonly type: 'beginRefresh'; readonly family: Family }
  | { readonly type: 'endRefresh'; readonly family: Family }
  /** Delete those still stale. */
  | { readonly type: 'sweep'; readonly family: Family }
  /** Delete all. */
  | { readonly type: 'flush'; readonly family: Family }
  /** The peer asks for our routes again (RFC 2918). */
  | { readonly type: 'refresh'; readonly family: Family }
  | { readonly type: 'state'; readonly from: State; readonly to: State; readonly reason: string }
  /** Worth a line in the log; `code` is stable, for metrics. */
  | { readonly type: 'notice'; readonly code: NoticeCode; readonly text: string }

export type NoticeCode =
  | 'capabilityRefused'
  | 'collision'
  | 'connectionRefused'
  | 'prefixLimit'
  | 'refreshIgnored'
  | 'refreshImpossible'
  | 'staleRoutesDropped'
