/** What people and programs may see of the RIB: rows of a listing, and the explanation of one prefix. */
import type { Address, Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { RouteSource, Verdict } from './policy.ts'

/** `all`: every path of every prefix, as received. `received` and `advertised` are of one peer. `within` keeps only prefixes that lie in it. */
export type RouteQuery = { readonly family: Family; readonly within?: Prefix } & (
  | { readonly table: 'best' | 'all' }
  | { readonly table: 'received' | 'advertised'; readonly peer: number }
)

export interface RouteRow {
  readonly prefix: Prefix
  /** The peer it was learned from (LOCAL_PEER: our own). */
  readonly peer: number
  readonly source: RouteSource
  /** RFC 7911: as the peer sent it, in `advertised` as it is sent. Absent: the session has no path ids in this direction. */
  readonly pathId?: number
  /** Undefined: our own route, next hop self. In `advertised` it is what the peer is told. */
  readonly nextHop: Address | undefined
  /** Canonical attribute octets without NEXT_HOP, a copy; in `advertised` as sent. */
  readonly attributes: Uint8Array
  readonly stale: boolean
  readonly verdict: PathVerdict
  /** Why: the deciding step, the ineligibility or the policy's term, in words. */
  readonly reason: string
}

export type PathVerdict = 'best' | 'multipath' | 'not best' | 'rejected' | 'ineligible'

export interface RouteCursor {
  /** At most `count` rows, found by looking at no more than some thousand prefixes: it may be empty before `done`. */
  next(count: number): RouteRow[]
  readonly done: boolean
}

export interface PathExplanation extends RouteRow {
  /** The import policy's verdict; absent for routes of our own. */
  readonly importVerdict?: Verdict
}

/** What one peer is told of one path: with add-path there may be several for a prefix. */
export interface AdvertisementExplanation {
  readonly peer: number
  /** As sent. Absent: no path ids towards this peer. */
  readonly pathId?: number
  readonly advertised: boolean
  /** In words: `export policy tor-out, term pods`, `learned from this peer`, `NO_EXPORT`, … */
  readonly reason: string
  readonly exportVerdict?: Verdict
}

export interface RouteExplanation {
  readonly prefix: Prefix
  readonly paths: readonly PathExplanation[]
  readonly advertised: readonly AdvertisementExplanation[]
  /** The wanted kernel route's next hops; empty: none is wanted. */
  readonly kernelNextHops: readonly Address[]
}
