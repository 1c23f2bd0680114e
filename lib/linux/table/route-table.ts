/**
 * The unicast routes that we keep in the kernel, both families: says what is wanted, and makes it so.
 *
 * It writes by itself in slices of at most 128 messages and gives way to the event loop in between; it listens to the
 * kernel and puts back what others remove. Rows of others are never replaced or removed. It does not know who wants a
 * route or why.
 */
import type { Address, Family } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import type { AdoptedRoute, ForeignRoute, NextHopState, RouteState, RouteTableCounts } from './state.ts'

export interface RouteTableOptions {
  /** Kernel table; default 254 (main). */
  readonly table?: number
  /** Owner mark; default 179. */
  readonly protocol?: number
  /** Never 1024 (linux.md); default 179. */
  readonly metric?: number
  /** The kernel refused, or something else worth one log line. */
  readonly onNotice?: (notice: string) => void
}

/** An interned set of next hops: hold on to it and pass it to `want` for every route that has the same ones. */
export interface NextHopSet {
  readonly addresses: readonly Address[]
}

export declare class RouteTable {
  constructor(options?: RouteTableOptions)
  /** Opens netlink in the calling thread's namespace, adopts routes of a former run, starts to listen. @throws WorldFault */
  open(): void
  nextHops(addresses: readonly Address[]): NextHopSet
  /**
   * The route that shall be there; `undefined`: none. Costs no object per route and no system call: the writing comes
   * in slices afterwards, and only the last word about a prefix is written.
   * @param bytes ceil(length / 8) octets at least, from `offset`; host bits are ignored
   */
  want(family: Family, bytes: Uint8Array, offset: number, length: number, nextHops: NextHopSet | undefined): void
  /** Settles when nothing is left to write that could be written now. */
  settled(): Promise<void>
  adopted(): Iterable<AdoptedRoute>
  /** Removes adopted routes that nobody has wanted and for which `gone` is true. Returns how many. */
  sweep(gone: (route: AdoptedRoute) => boolean): number
  state(prefix: Prefix): RouteState
  /** Routes of others at just this prefix, any metric, the winner (lowest metric) first. Reads the kernel's table in slices. */
  foreignRoutes(prefix: Prefix): Promise<ForeignRoute[]>
  nextHopStates(): NextHopState[]
  counts(): RouteTableCounts
  /** Stops listening and writing. The routes stay in the kernel. */
  close(): Promise<void>
}
