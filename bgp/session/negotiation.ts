/** What two OPENs come to: everything the rest of the speaker needs to know of a session. */
import type { Family } from '../../lib/base/ip.ts'

export interface Negotiated {
  readonly localAs: number
  readonly remoteAs: number
  /** uint32. */
  readonly remoteRouterId: number
  /** iBGP: both in one AS. */
  readonly internal: boolean
  /** Seconds; 0: no keepalives and no hold timer. */
  readonly holdTime: number
  /** Seconds; 0 when `holdTime` is. */
  readonly keepaliveTime: number
  /** In both OPENs; not empty. */
  readonly families: readonly Family[]
  /** AS_PATH carries 4-octet numbers: both OPENs had the capability (RFC 6793 §4.1). */
  readonly fourOctetAs: boolean
  /** Both sides take ROUTE-REFRESH (RFC 2918). */
  readonly routeRefresh: boolean
  /** What the peer's OPEN said, where both OPENs had the capability. */
  readonly gracefulRestart?: PeerRestart
}

/** The graceful restart capability of the peer (RFC 4724 §3). */
export interface PeerRestart {
  /** R bit: it has just restarted, and sends no routes before it has ours. */
  readonly restarting: boolean
  /** Seconds within which it means to be back. */
  readonly restartTime: number
  /** Negotiated families only; `forwarding` is the F bit. */
  readonly families: readonly { readonly family: Family; readonly forwarding: boolean }[]
}
