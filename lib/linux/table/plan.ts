/**
 * The routes of one family: what is wanted, what of ours the kernel holds, and the next change to make. Pure and
 * mutable: the kernel's answers, events and tables come in as values, changes go out one by one; the clock and chance
 * are arguments. It does not know netlink's bytes, slices or sockets.
 *
 * Rules:
 * - the kernel's key is (prefix, table, metric), without the owner; so a new route is only ever *added* (refused when the
 *   key is taken) and a *replace* goes only to a key at which the row is known to be ours and the only one;
 * - a row of somebody else at our key is recorded, left alone, and makes our route wait until it goes;
 * - a delete names protocol and next hops: it can hit nothing but what we put there;
 * - an adopted route (of a former run) stays as it is until it is wanted or swept;
 * - what is there stays while the kernel owes us the answer where its next hop is.
 */
import type { Family } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import { PrefixTable } from '../../base/prefix-table.ts'
import type { KernelRoute, RouteChange } from '../netlink/route.ts'
import type { Forwarding, ForwardingTable } from './forwarding.ts'
import type { NextHopSet, NextHops } from './next-hop.ts'
import { Patience } from './patience.ts'
import type { RouteStatus } from './state.ts'

export interface Operation {
  readonly id: number
  readonly change: RouteChange
  readonly forwarding: Forwarding
}

/** How the plan sees a prefix; the parts of a RouteState that need no names of links. */
export interface PlannedState {
  readonly status: RouteStatus
  readonly reason: string
  readonly forwarding: Forwarding | undefined
  readonly repairs: number
  readonly foreign: readonly KernelRoute[]
}

const QUEUED = 1
const ADOPTED = 2

export class RoutePlan {
  readonly prefixes: PrefixTable
  /** Since the start. */
  repairs = 0
  wanted = 0
  installed = 0
  adopted = 0
  readonly #nextHops: NextHops
  readonly #forwardings: ForwardingTable
  // by prefix id
  readonly #want: (NextHopSet | undefined)[] = []
  readonly #have: (Forwarding | undefined)[] = []
  #marks = new Uint8Array(0)
  /** The scan that last saw the row, or during which we heard of it otherwise. */
  #seen = new Uint32Array(0)
  #queue: number[] = []
  #head = 0
  /** Rows with our mark beside ours, put there by somebody: to be deleted. */
  #strays: Operation[] = []
  #foreign = new Map<number, KernelRoute[]>()
  /** Our key is taken, we do not know by whom. */
  readonly #contested = new Set<number>()
  readonly #patience = new Patience()
  #scan = 0
  #scannedForeign: Map<number, KernelRoute[]> | undefined
  /** Keys of which the kernel told during the scan that rows of others came or went. */
  readonly #heardForeign = new Set<number>()

  constructor(family: Family, nextHops: NextHops, forwardings: ForwardingTable, seed: number) {
    this.prefixes = new PrefixTable(family, seed)
    this.#nextHops = nextHops
    this.#forwardings = forwardings
  }

  /** The route that shall be there; undefined: none. */
  want(bytes: Uint8Array, offset: number, length: number, set: NextHopSet | undefined): void {
    if (set === undefined) {
      const id = this.prefixes.find(bytes, offset, length)
      if (id === -1 || this.#want[id] === undefined) return
      this.#setWant(id, undefined)
      return this.#enqueue(id)
    }
    const id = this.#intern(bytes, offset, length)
    if (this.#want[id] === set) return
    this.#setWant(id, set)
    this.#setAdopted(id, false)
    this.#enqueue(id)
  }

  /** The next change to make; undefined: none by now. Answer it with `done` or `refused` before asking again. */
  next(now: number): Operation | undefined {
    const stray = this.#strays.pop()
    if (stray !== undefined) return stray
    while (this.#head < this.#queue.length) {
      const id = this.#queue[this.#head++]!
      if (this.#head === this.#queue.length) {
        this.#queue = []
        this.#head = 0
      }
      this.#marks[id]! &= ~QUEUED
      const operation = this.#decide(id, now)
      if (operation !== undefined) return operation
      this.#forgetIdle(id)
    }
    return undefined
  }

  done({ id, change, forwarding }: Operation): void {
    this.#patience.settled(id)
    this.#seen[id] = this.#scan
    if (change !== 'delete') return this.#setHave(id, forwarding)
    if (this.#have[id] === forwarding) this.#setHave(id, undefined)
    this.#enqueue(id)
  }

  /**
   * The kernel said no.
   * @param code symbolic errno
   * @returns `scan`: the kernel's table must be read to know more; `held`: it is tried again later
   */
  refused(operation: Operation, code: string, reason: string, now: number, random: number): 'done' | 'scan' | 'held' {
    const { id, change, forwarding } = operation
    const isStray = this.#have[id] !== forwarding
    if (change === 'delete' && (code === 'ESRCH' || code === 'ENODEV' || isStray)) {
      this.done(operation)
      return 'done'
    }
    this.#patience.refused(id, reason, now, random)
    if (change !== 'add' || code !== 'EEXIST') return 'held'
    this.#contested.add(id)
    return 'scan'
  }

  /** Nobody knows what became of an operation: the answer was lost. The next scan tells. */
  lost({ id }: Operation): void {
    this.#contested.add(id)
  }

  /**
   * A row of ours or at our key came, or went.
   * @param own it carries our protocol
   * @param replaced it took the place of the row at its key
   * @param byKernel no program asked for it (a link went down)
   */
  changed(
    kind: 'came' | 'went',
    route: KernelRoute,
    { own, replaced, byKernel }: { own: boolean; replaced: boolean; byKernel: boolean },
    now: number,
    random: number,
  ): void {
    const id = this.prefixes.find(route.bytes, 0, route.length)
    if (id === -1) {
      if (own && kind === 'came') this.#enqueueStray(this.#intern(route.bytes, 0, route.length), route)
      return
    }
    this.#seen[id] = this.#scan
    const before = this.#have[id]
    if (own) this.#ownChanged(id, kind, route, replaced)
    else this.#foreignChanged(id, kind, route, replaced)
    this.#enqueue(id)
    if (this.#have[id] !== before && before !== undefined && this.#want[id] !== undefined && !byKernel) {
      this.repairs++
      this.#patience.disturbed(id, now, random)
    }
  }

  /** A row that a former run of ours left. */
  adopt(route: KernelRoute): void {
    const id = this.#intern(route.bytes, 0, route.length)
    if (this.#have[id] !== undefined) return this.#enqueueStray(id, route)
    this.#setHave(id, this.#forwardings.intern(route))
    if (this.#want[id] === undefined) this.#setAdopted(id, true)
  }

  /** Whether a scan has to read the rows of others too. */
  get needsForeign(): boolean {
    return this.#contested.size > 0 || this.#foreign.size > 0
  }

  /** From here on rows of the kernel's table come in through `scanned`. */
  beginScan(withForeign: boolean): void {
    this.#scan++
    this.#scannedForeign = withForeign ? new Map() : undefined
    this.#heardForeign.clear()
  }

  /** A row at our metric. What we wrote or heard of since the scan began is newer than it. */
  scanned(route: KernelRoute, own: boolean): void {
    let id = this.prefixes.find(route.bytes, 0, route.length)
    if (!own) {
      if (id === -1) return
      const rows = this.#scannedForeign?.get(id)
      if (rows === undefined) this.#scannedForeign?.set(id, [route])
      else rows.push(route)
      return
    }
    if (id === -1) id = this.#intern(route.bytes, 0, route.length)
    if (this.#seen[id] === this.#scan) return
    this.#seen[id] = this.#scan
    const forwarding = this.#forwardings.intern(route)
    if (this.#have[id] === forwarding) return
    this.#setHave(id, forwarding)
    this.#enqueue(id)
  }

  /** The table has been read to its end: what was not in it is not there. */
  endScan(): void {
    for (const id of this.prefixes.ids())
      if (this.#have[id] !== undefined && this.#seen[id] !== this.#scan) {
        if (this.#want[id] !== undefined) this.repairs++
        this.#setHave(id, undefined)
        this.#enqueue(id)
      }
    if (this.#scannedForeign === undefined) return
    const [before, after] = [this.#foreign, this.#scannedForeign]
    for (const id of this.#heardForeign) {
      const rows = before.get(id)
      if (rows === undefined) after.delete(id)
      else after.set(id, rows)
    }
    this.#foreign = after
    this.#scannedForeign = undefined
    for (const id of [...this.#contested, ...before.keys(), ...after.keys()]) this.#enqueue(id)
    this.#contested.clear()
  }

  /** These sets of next hops lead elsewhere now, and what was refused may be accepted. */
  retarget(sets: ReadonlySet<NextHopSet>): void {
    for (const id of this.#patience.forgive()) this.#enqueue(id)
    if (sets.size === 0) return
    for (const id of this.prefixes.ids()) {
      const set = this.#want[id]
      if (set !== undefined && sets.has(set)) this.#enqueue(id)
    }
  }

  /** When `wake` has something to do; Infinity: never. */
  get deadline(): number {
    return this.#patience.deadline
  }

  wake(now: number): void {
    for (const id of this.#patience.due(now)) this.#enqueue(id)
  }

  /** Whether `next` may have something. */
  get busy(): boolean {
    return this.#queue.length > 0 || this.#strays.length > 0
  }

  get held(): number {
    return this.#patience.size
  }

  /** Rows of others that stand where a wanted route belongs. */
  *conflicting(): Generator<KernelRoute> {
    for (const [id, routes] of this.#foreign) if (this.#want[id] !== undefined) yield* routes
  }

  get conflicts(): number {
    let routes = 0
    for (const id of this.#foreign.keys()) if (this.#want[id] !== undefined) routes++
    return routes
  }

  /** Adopted routes that nobody wants and that lead where it is `gone` shall go; asked once per place. Returns how many. */
  sweep(gone: (forwarding: Forwarding) => boolean): number {
    if (this.adopted === 0) return 0
    const verdicts = new Map<Forwarding, boolean>()
    const before = this.adopted
    for (const id of this.prefixes.ids()) {
      if ((this.#marks[id]! & ADOPTED) === 0) continue
      const forwarding = this.#have[id]!
      const verdict = verdicts.get(forwarding) ?? gone(forwarding)
      verdicts.set(forwarding, verdict)
      if (!verdict) continue
      this.#setAdopted(id, false)
      this.#enqueue(id)
    }
    return before - this.adopted
  }

  state(prefix: Prefix): PlannedState {
    const id = this.prefixes.find(prefix.bytes, 0, prefix.length)
    if (id === -1) return { status: 'absent', reason: '', forwarding: undefined, repairs: 0, foreign: [] }
    const foreign = this.#foreign.get(id) ?? []
    const common = { forwarding: this.#have[id], repairs: this.#patience.fights(id), foreign }
    return { ...common, ...this.#judge(id, foreign.length > 0) }
  }

  #judge(id: number, taken: boolean): { status: RouteStatus; reason: string } {
    const [set, have] = [this.#want[id], this.#have[id]]
    if (set === undefined) {
      if ((this.#marks[id]! & ADOPTED) !== 0)
        return { status: 'adopted', reason: 'left by a former run, not wanted yet' }
      if (have === undefined) return { status: 'absent', reason: '' }
      return { status: 'pending', reason: this.#patience.reason(id) ?? 'it is being removed' }
    }
    const target = this.#nextHops.resolve(set)
    if (set.isUnknown) return { status: 'pending', reason: set.reason }
    if (target === undefined) return { status: 'unreachable', reason: set.reason }
    if (have === target) return { status: 'installed', reason: '' }
    if (taken) return { status: 'conflict', reason: 'a route of somebody else has our metric' }
    return { status: 'pending', reason: this.#patience.reason(id) ?? 'it is being written' }
  }

  #decide(id: number, now: number): Operation | undefined {
    if (this.#contested.has(id)) return undefined
    const operation = this.#difference(id)
    if (operation === undefined) this.#patience.settled(id)
    return this.#patience.isWaiting(id, now) ? undefined : operation
  }

  #difference(id: number): Operation | undefined {
    const [set, have] = [this.#want[id], this.#have[id]]
    if (set === undefined && (this.#marks[id]! & ADOPTED) !== 0) return undefined
    const target = set && this.#nextHops.resolve(set)
    if (target === have || set?.isUnknown === true) return undefined
    const taken = this.#foreign.has(id)
    if (have !== undefined)
      return target === undefined || taken
        ? { id, change: 'delete', forwarding: have }
        : { id, change: 'replace', forwarding: target }
    return taken ? undefined : { id, change: 'add', forwarding: target! }
  }

  #ownChanged(id: number, kind: 'came' | 'went', route: KernelRoute, replaced: boolean): void {
    const have = this.#have[id]
    if (kind === 'went') {
      if (have !== undefined) this.#setHave(id, this.#forwardings.without(have, route.hops))
      return
    }
    const forwarding = this.#forwardings.intern(route)
    // IPv4 keeps a second row beside the first; IPv6 merges them and tells of the whole
    if (have === undefined || replaced || route.family === 6) this.#setHave(id, forwarding)
    else if (have !== forwarding) this.#enqueueStray(id, route)
  }

  #foreignChanged(id: number, kind: 'came' | 'went', route: KernelRoute, replaced: boolean): void {
    this.#heardForeign.add(id)
    const path = this.#forwardings.intern(route)
    const others = (this.#foreign.get(id) ?? []).filter(
      row => row.protocol !== route.protocol || this.#forwardings.intern(row) !== path,
    )
    if (kind === 'came') {
      if (replaced) {
        this.#setHave(id, undefined)
        others.length = 0
      }
      others.push(route)
    }
    if (others.length > 0) this.#foreign.set(id, others)
    else this.#foreign.delete(id)
  }

  #enqueueStray(id: number, route: KernelRoute): void {
    this.#strays.push({ id, change: 'delete', forwarding: this.#forwardings.intern(route) })
  }

  #enqueue(id: number): void {
    if ((this.#marks[id]! & QUEUED) !== 0) return
    this.#marks[id]! |= QUEUED
    this.#queue.push(id)
  }

  #setWant(id: number, set: NextHopSet | undefined): void {
    const before = this.#want[id]
    if (before !== undefined) this.#nextHops.release(before)
    else this.wanted++
    if (set !== undefined) this.#nextHops.retain(set)
    else this.wanted--
    this.#want[id] = set
  }

  #setHave(id: number, forwarding: Forwarding | undefined): void {
    if (this.#have[id] === undefined) this.installed++
    this.#have[id] = forwarding
    if (forwarding !== undefined) return
    this.installed--
    this.#setAdopted(id, false)
  }

  #setAdopted(id: number, adopted: boolean): void {
    if (((this.#marks[id]! & ADOPTED) !== 0) === adopted) return
    this.#marks[id]! ^= ADOPTED
    this.adopted += adopted ? 1 : -1
  }

  /** Gives the id of a prefix back that nothing is known of any more. */
  #forgetIdle(id: number): void {
    const known = this.#want[id] ?? this.#have[id]
    if (known !== undefined || !this.prefixes.has(id) || this.#contested.has(id)) return
    this.#patience.forget(id)
    this.#foreign.delete(id)
    this.#scannedForeign?.delete(id)
    this.#heardForeign.delete(id)
    this.prefixes.release(id)
  }

  #intern(bytes: Uint8Array, offset: number, length: number): number {
    const id = this.prefixes.intern(bytes, offset, length)
    if (id >= this.#marks.length) this.#grow(this.prefixes.capacity)
    if (id === this.#want.length) {
      this.#want.push(undefined)
      this.#have.push(undefined)
    }
    return id
  }

  #grow(capacity: number): void {
    const marks = new Uint8Array(capacity)
    marks.set(this.#marks)
    this.#marks = marks
    const seen = new Uint32Array(capacity)
    seen.set(this.#seen)
    this.#seen = seen
    this.#patience.grow(capacity)
  }
}
