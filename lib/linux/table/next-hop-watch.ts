/**
 * Keeps what is known of next hops true to the kernel: when they are looked up anew, and when the rows of others are read
 * for those that lie behind routes of ours. Looking up is quick, but there may be thousands of next hops, and reading is
 * slow; both take a bounded part of the time, however often the kernel's routes change.
 */
import { performance } from 'node:perf_hooks'
import { WorldFault } from '../../base/failure.ts'
import type { Address } from '../../base/ip.ts'
import { type KernelRoute, routeTo } from '../netlink/route.ts'
import type { NetlinkSocket } from '../netlink/socket.ts'
import type { ForwardingTable } from './forwarding.ts'
import { KernelLookup } from './lookup.ts'
import { type NextHopSet, NextHops } from './next-hop.ts'
import type { TableReader } from './reader.ts'
import type { NextHopVerdict } from './state.ts'

/** Next hops are looked up anew at most so often for changes of routes. Milliseconds. */
const GAP = 100
/** Milliseconds of looking up before the event loop has its turn. */
const SLICE = 1
/** Looking up and reading take at most one part in so many of the time each. */
const SHARE = 10
/** Milliseconds. */
const RETRY = 1000
const FAMILIES = [4, 6] as const

export interface NextHopWatchOptions {
  /** For lookups; the caller closes it. */
  readonly socket: NetlinkSocket
  readonly reader: TableReader
  readonly forwardings: ForwardingTable
  /** Whether a row is one of the routes that must not resolve next hops. */
  readonly isOurs: (route: KernelRoute) => boolean
  readonly onVerdicts: (verdicts: readonly NextHopVerdict[]) => void
  readonly onNotice: (notice: string) => void
  /** `deadline` is another one. */
  readonly onDeadline: () => void
}

export class NextHopWatch {
  readonly nextHops: NextHops
  readonly #options: NextHopWatchOptions
  readonly #lookup: KernelLookup
  #refreshing: Generator<void, Set<NextHopSet>> | undefined
  /** Milliseconds that the running refresh has taken by now. */
  #spent = 0
  #deadline = Number.POSITIVE_INFINITY
  /** No change of a route is reason enough before. */
  #lookUpFrom = 0
  #readFrom = 0
  #reading: 'no' | 'now' | 'outdated' | 'done' = 'no'

  constructor(options: NextHopWatchOptions) {
    this.#options = options
    this.#lookup = new KernelLookup(address => routeTo(options.socket, address), options.isOurs)
    this.nextHops = new NextHops(this.#lookup.lookup, options.forwardings)
  }

  /** When `step` has something to do; Infinity: never. */
  get deadline(): number {
    return this.#deadline
  }

  /** Links went up or down, or nobody knows what happened. */
  linksChanged(): void {
    this.#deadline = 0
  }

  /** A route of somebody else came, went or changed. */
  routesChanged(): void {
    this.#deadline = Math.min(this.#deadline, this.#lookUpFrom)
  }

  /** Whether a next hop can be reached now; `onVerdicts` tells when that changes, until `untrack`. One system call. */
  track(address: Address): NextHopVerdict {
    const verdict = this.nextHops.track(address)
    if (this.nextHops.isOwed) this.#dueAt(performance.now() + GAP)
    return verdict
  }

  untrack(address: Address): void {
    this.nextHops.untrack(address)
  }

  /** Whether the next step is due at once. */
  get isBusy(): boolean {
    return this.#refreshing !== undefined
  }

  /** Asks the kernel anew when that is due, a slice per call. The last one returns the sets of next hops that lead elsewhere now. */
  step(now: number): Set<NextHopSet> | undefined {
    if (this.#refreshing === undefined) {
      if (this.#deadline > now) return undefined
      this.#deadline = Number.POSITIVE_INFINITY
      this.#spent = 0
      this.#refreshing = this.nextHops.refreshing()
    }
    const start = performance.now()
    let step = this.#refreshing.next()
    while (step.done !== true && performance.now() - start < SLICE) step = this.#refreshing.next()
    const end = performance.now()
    this.#spent += end - start
    if (step.done !== true) return undefined
    this.#refreshing = undefined
    this.#refreshed(end)
    return step.value
  }

  #refreshed(now: number): void {
    const verdicts = this.nextHops.changedVerdicts()
    if (verdicts.length > 0) this.#options.onVerdicts(verdicts)
    this.#lookup.keepOnly(address => this.nextHops.isAsked(address))
    this.#lookUpFrom = now + Math.max(GAP, SHARE * this.#spent)
    this.#followUp(now)
  }

  #followUp(now: number): void {
    const hasRead = this.#reading === 'done'
    if (hasRead) this.#reading = 'no'
    if (!this.#lookup.isCovered || hasRead) {
      if (this.nextHops.isOwed) this.#dueAt(now + RETRY)
    } else if (this.#reading !== 'no') this.#reading = 'outdated'
    else if (now < this.#readFrom) this.#dueAt(this.#readFrom)
    else void this.#read(now)
  }

  /** Next hops lie behind routes of ours: finds where the routes of others lead, slice by slice. */
  async #read(start: number): Promise<void> {
    const { reader, onNotice } = this.#options
    this.#reading = 'now'
    try {
      for (const family of FAMILIES) {
        const { rows, whole } = await reader.find(family, route => this.#lookup.concerns(route))
        this.#lookup.tell(family, rows, whole)
      }
      const end = performance.now()
      this.#readFrom = end + SHARE * (end - start)
      this.#reading = this.#hasBecomeOutdated ? 'no' : 'done'
      this.#dueAt(0)
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.#reading = 'no'
      this.#dueAt(performance.now() + RETRY)
      onNotice(`${thrown.message}; tried again in ${RETRY} ms`)
    }
  }

  /** Set by a refresh while the reading waited for its next slice. */
  get #hasBecomeOutdated(): boolean {
    return this.#reading === 'outdated'
  }

  #dueAt(moment: number): void {
    this.#deadline = Math.min(this.#deadline, moment)
    this.#options.onDeadline()
  }
}
