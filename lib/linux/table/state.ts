/**
 * What the route table tells about a route: whether it is in the kernel and, if not, why. These values feed `explain`,
 * metrics and logs alike.
 */
import type { Address, Family } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'

/** A route of somebody else, as the kernel holds it. */
export interface ForeignRoute {
  readonly prefix: Prefix
  /** Who put it there, in the words of rt_protos: `kernel`, `boot`, `static`, `bird`, `zebra` … or a number. */
  readonly protocol: string
  readonly metric: number
  readonly table: number
  /** `via 192.0.2.1 dev eth0`, `dev eth0`, `blackhole`. */
  readonly path: string
}

/**
 * - `installed`: the kernel holds it as wanted;
 * - `adopted`: a former run of ours put it there, nobody has wanted it yet, and it has not been swept;
 * - `pending`: not written yet, or the kernel refused it and it is tried again;
 * - `unreachable`: none of its next hops can be reached;
 * - `conflict`: somebody else holds our key (prefix, table, metric), and is left alone;
 * - `absent`: neither wanted nor there.
 */
export type RouteStatus = 'installed' | 'adopted' | 'pending' | 'unreachable' | 'conflict' | 'absent'

export interface RouteState {
  readonly status: RouteStatus
  /** Why it is not installed; empty when it is. */
  readonly reason: string
  /** Where the kernel sends packets for it, if it is there: `via 192.0.2.1 dev eth0`. */
  readonly path: string
  /** How often somebody has removed or changed it of late. */
  readonly repairs: number
  /** Rows of others at our very key. */
  readonly foreign: readonly ForeignRoute[]
}

/** Where routes of a former run of ours lead, for the judgement whether to sweep them. */
export interface AdoptedPath {
  readonly family: Family
  /** The gateways in the kernel: the next hop itself where it is on a link of ours, else the router on the way to it. */
  readonly gateways: readonly Address[]
}

/** Whether a next hop can be reached. */
export interface NextHopVerdict {
  readonly address: Address
  /** Why not, in words: `no route to it`; undefined: it can. */
  readonly reason: string | undefined
}

/** How one next hop of a wanted route is reached just now. */
export interface NextHopState {
  readonly address: Address
  readonly reachable: boolean
  /** Why not, if not. */
  readonly reason: string
  readonly gateways: readonly Address[]
}

export interface RouteTableCounts {
  readonly wanted: number
  readonly installed: number
  readonly adopted: number
  readonly conflicts: number
  readonly unreachable: number
  /** Routes put back after somebody removed or changed them, since the start. */
  readonly repairs: number
  readonly resyncs: number
}
