import type { Address, Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { UpdateReader } from '../wire/update-reader.ts'
import type { RibPeer, RibSession } from './peer.ts'
import type { RouteCursor, RouteExplanation, RouteQuery } from './view.ts'

/** The peer number of routes that this speaker originates. */
export const LOCAL_PEER = 0

export interface RibIdentity {
  readonly asNumber: number
  /** uint32 */
  readonly routerId: number
  /** uint32; RFC 4456 §7 */
  readonly clusterId: number
}

export interface RibOptions {
  /** Most next hops of one kernel route; 1: no multipath. */
  readonly maxPaths: number
  /** Of the hash tables; random per process. */
  readonly seed?: number
  /** Whether kernel changes are kept for `takeKernelChanges`; without it they would only pile up. */
  readonly kernel: boolean
}

/** Where exported UPDATEs go. The arrays are shared by many peers and never written to again. */
export interface RibSink {
  /**
   * Queues whole messages for a peer that joined. Returns false when the peer's queue has passed its bound: from then on
   * changes for it are only noted, until `resume`.
   */
  send(peer: number, chunks: readonly Uint8Array[]): boolean
  /** The End-of-RIB of a family has been sent to the peer for the first time since it joined. */
  endOfRibSent(peer: number, family: Family): void
}

export interface RibCounts {
  /** Paths in the Adj-RIB-In. */
  readonly received: number
  /** Of these, accepted by import policy. */
  readonly accepted: number
  readonly stale: number
  /** Prefixes in the Adj-RIB-Out. */
  readonly advertised: number
}

/** A wanted kernel route that changed: no next hops means that there must be none. Addresses in ascending order. */
export interface KernelChange {
  readonly prefix: Prefix
  readonly nextHops: readonly Address[]
}

export declare class Rib {
  constructor(identity: RibIdentity, options: RibOptions, sink: RibSink)

  /** A peer of the configuration; the number is small, and used again after `removePeer`. Never 0 (LOCAL_PEER). */
  addPeer(peer: RibPeer): number
  /** Takes over what changed: import and export policies are applied again to every route, no session is touched. */
  configurePeer(peer: number, to: RibPeer): void
  /** Leaves, flushes and forgets. */
  removePeer(peer: number): void

  /** The peer's session is Established: it gets the Adj-RIB-Out of each negotiated family, then End-of-RIB. */
  join(peer: number, session: RibSession): void
  /** The session is down: nothing more is sent. Its routes stay until `flush` or `sweep`. */
  leave(peer: number): void
  /** Sends the whole Adj-RIB-Out of a family again (RFC 2918); End-of-RIB is not repeated. */
  refresh(peer: number, family: Family): void
  /** The peer's queue is below its bound again. */
  resume(peer: number): void
  /** While held, no peer gets the End-of-RIB of this family (RFC 4724 §4.1, the restarting speaker). Not held at first. */
  holdEndOfRib(family: Family, held: boolean): void

  /** Takes in one UPDATE as the reader found it in `buffer`. Hot. */
  learn(peer: number, update: UpdateReader, buffer: Uint8Array): void
  /** Marks the peer's paths stale (RFC 4724 §4.2): kept and used until learned again or swept. */
  stale(peer: number, family: Family): void
  /** Removes the paths still stale; returns how many. */
  sweep(peer: number, family: Family): number
  /** Removes all paths of the peer; returns how many. */
  flush(peer: number, family: Family): number

  /** Announces a prefix of our own: ORIGIN IGP, empty AS_PATH, next hop self. Idempotent. */
  originate(prefix: Prefix): void
  withdrawLocal(prefix: Prefix): void

  /** Makes paths over a next hop ineligible for a reason in words (`no route to it`), or eligible again (undefined). */
  setNextHop(address: Address, reason: string | undefined): void

  /** Chooses again for at most `budget` changed prefixes; returns whether some are left. */
  decide(budget: number): boolean
  /** Sends at most about `budget` changes to every export group and to peers that are catching up; returns whether more can be done now. */
  export(budget: number): boolean
  /** Whether `decide` or `export` have something to do. */
  get busy(): boolean

  /** Wanted kernel routes that changed since last taken, at most `limit`; learned routes only. Empty: nothing is left. */
  takeKernelChanges(limit: number): KernelChange[]

  counts(peer: number, family: Family): RibCounts
  /** A listing that gives a slice per call; routes that change while it runs may or may not be in it. */
  routes(query: RouteQuery): RouteCursor
  /** The paths of the longest prefix that holds the target (a prefix: of itself), with the reason of each; undefined: no route. */
  explain(target: Prefix): RouteExplanation | undefined
}
