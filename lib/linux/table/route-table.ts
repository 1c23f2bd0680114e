/**
 * The unicast routes that we keep in the kernel, both families: says what is wanted, and makes it so.
 *
 * It writes by itself in slices of at most 128 messages and gives way to the event loop in between; it listens to the
 * kernel and puts back what others remove. It does not know who wants a route or why; which change to make is the plan's
 * to decide (plan.ts), and this is the shell around two of them: sockets, slices, timers, events.
 */
import { performance } from 'node:perf_hooks'
import { WorldFault } from '../../base/failure.ts'
import type { Address, Family } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import { EventMonitor, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_LINK } from '../events/monitor.ts'
import { decodeLink, type Link, listLinks, RTM_DELLINK, RTM_NEWLINK } from '../netlink/link.ts'
import { type Message, NLM_F_REPLACE } from '../netlink/message.ts'
import {
  decodeRoute,
  type KernelRoute,
  MAIN_TABLE,
  PROTOCOL_KERNEL,
  prefixOf,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  writeRoute,
} from '../netlink/route.ts'
import { protocolName, renderPath } from '../netlink/route-text.ts'
import { BATCH_LIMIT, NetlinkSocket } from '../netlink/socket.ts'
import { ForwardingTable } from './forwarding.ts'
import type { NextHopSet } from './next-hop.ts'
import { NextHopWatch } from './next-hop-watch.ts'
import { type Operation, RoutePlan } from './plan.ts'
import { TableReader } from './reader.ts'
import type { AdoptedPath, ForeignRoute, NextHopState, NextHopVerdict, RouteState, RouteTableCounts } from './state.ts'
import { Turns } from './turns.ts'

export type { NextHopSet } from './next-hop.ts'

export interface RouteTableOptions {
  /** Kernel table; default 254 (main). */
  readonly table?: number
  /** Owner mark; default 179. */
  readonly protocol?: number
  /** Not 1024, the kernel's own default for IPv6, at which rows merge; default 179. */
  readonly metric?: number
  /** One line for the log: the first of like troubles, and their end. */
  readonly onNotice?: (notice: string) => void
  /** Next hops that were asked for (`track`) can be reached now and could not, or the other way round, or another way. */
  readonly onNextHops?: (verdicts: readonly NextHopVerdict[]) => void
  /** Where kernel events come from; a monitor of its own where absent. Both are of the table's network namespace. */
  readonly events?: EventMonitor
}

const OWN = 179
/** Milliseconds of work before the event loop has its turn. */
const SLICE = 2
/** Milliseconds. */
const SCAN_RETRY = 1000
const FAMILIES = [4, 6] as const

export class RouteTable {
  readonly #table: number
  readonly #protocol: number
  readonly #metric: number
  readonly #notice: (notice: string) => void
  readonly #writer: NetlinkSocket
  readonly #lookups: NetlinkSocket
  readonly #reader: TableReader
  readonly #ownEvents: EventMonitor | undefined
  readonly #leave: () => void
  readonly #watch: NextHopWatch
  readonly #plans: Readonly<Record<Family, RoutePlan>>
  #links = new Map<number, Link>()
  #writesFirst: Family = 4
  readonly #turns = new Turns(() => this.#work())
  #scan: Generator<void, void> | undefined
  #scanAt = Number.POSITIVE_INFINITY
  #resyncs = 0
  #troubled = false

  /**
   * Works in the calling thread's network namespace, adopts the routes of a former run, and starts to listen.
   * @throws WorldFault EPERM …
   */
  constructor(options: RouteTableOptions = {}) {
    this.#table = options.table ?? MAIN_TABLE
    this.#protocol = options.protocol ?? OWN
    this.#metric = options.metric ?? OWN
    this.#notice = options.onNotice ?? (() => {})
    const sockets: NetlinkSocket[] = []
    const open = () => {
      const socket = new NetlinkSocket()
      sockets.push(socket)
      return socket
    }
    let ownEvents: EventMonitor | undefined
    let leave: (() => void) | undefined
    try {
      this.#writer = open()
      this.#lookups = open()
      this.#reader = new TableReader(this.#table, open(), open())
      const forwardings = new ForwardingTable()
      this.#watch = new NextHopWatch({
        socket: this.#lookups,
        reader: this.#reader,
        forwardings,
        isOurs: route => this.#isOwn(route),
        onVerdicts: options.onNextHops ?? (() => {}),
        onNotice: this.#notice,
        onDeadline: () => this.#turns.request(),
      })
      const seed = Math.floor(Math.random() * 2 ** 32)
      const plan = (family: Family) => new RoutePlan(family, this.#watch.nextHops, forwardings, seed)
      this.#plans = { 4: plan(4), 6: plan(6) }
      this.#readLinks()
      // first listen, then read: nothing that happens meanwhile is missed
      const events = options.events ?? new EventMonitor({ onNotice: this.#notice })
      this.#ownEvents = ownEvents = options.events === undefined ? events : undefined
      this.#leave = leave = this.#listen(events)
      for (const family of FAMILIES) this.#adopt(family)
    } catch (thrown) {
      for (const socket of sockets) socket.close()
      ownEvents?.close().catch(() => {})
      leave?.()
      throw thrown
    }
  }

  /** The set of these next hops (at least one), to be passed to `want`. Cheap for the array asked for last. */
  nextHops(addresses: readonly Address[]): NextHopSet {
    return this.#watch.nextHops.intern(addresses)
  }

  /**
   * The route that shall be there; `undefined`: none. Costs no object per route and no system call: the writing comes
   * in slices afterwards, and only the last word about a prefix is written.
   * @param bytes ceil(length / 8) octets at least, from `offset`; host bits are ignored
   */
  want(family: Family, bytes: Uint8Array, offset: number, length: number, nextHops: NextHopSet | undefined): void {
    this.#plans[family].want(bytes, offset, length, nextHops)
    this.#turns.request()
  }

  /** Whether a next hop can be reached now; `onNextHops` tells when that changes, until `untrack`. One system call. */
  track(address: Address): NextHopVerdict {
    return this.#watch.track(address)
  }

  untrack(address: Address): void {
    this.#watch.untrack(address)
  }

  /** Settles when nothing is left to write that could be written now. */
  settled(): Promise<void> {
    return this.#turns.settled()
  }

  /** Removes adopted routes that nobody has wanted and whose path is `gone`: asked once per path. Returns how many. */
  sweep(gone: (path: AdoptedPath) => boolean): number {
    const sweep = (family: Family) =>
      this.#plans[family].sweep(({ hops }) => gone({ family, gateways: hops.flatMap(({ gateway }) => gateway ?? []) }))
    const swept = sweep(4) + sweep(6)
    if (swept > 0) this.#turns.request()
    return swept
  }

  state(prefix: Prefix): RouteState {
    const { status, reason, forwarding, repairs, foreign } = this.#plans[prefix.family].state(prefix)
    const others = foreign.map(route => describe(route, this.#linkName))
    const [other] = others
    return {
      status,
      reason: status === 'conflict' && other ? `a route of ${other.protocol} (${other.path}) has our metric` : reason,
      path: forwarding === undefined ? '' : renderPath(forwarding, this.#linkName),
      repairs,
      foreign: others,
    }
  }

  /**
   * Routes of others at just this prefix, any metric, the winner (lowest metric) first. Reads the kernel's table in slices.
   * @throws WorldFault
   */
  async foreignRoutes(prefix: Prefix): Promise<ForeignRoute[]> {
    const rows = await this.#reader.rowsAt(prefix)
    return rows
      .filter(route => !this.#isOwn(route))
      .sort((one, other) => one.metric - other.metric)
      .map(route => describe(route, this.#linkName))
  }

  nextHopStates(): NextHopState[] {
    return this.#watch.nextHops.states()
  }

  /** Rows of others at the very key of wanted routes; at most `limit`. */
  conflicts(limit: number): ForeignRoute[] {
    const found: ForeignRoute[] = []
    for (const family of FAMILIES)
      for (const route of this.#plans[family].conflicting()) {
        if (found.length >= limit) return found
        found.push(describe(route, this.#linkName))
      }
    return found
  }

  counts(): RouteTableCounts {
    const sum = (field: 'wanted' | 'installed' | 'adopted' | 'conflicts' | 'repairs') =>
      this.#plans[4][field] + this.#plans[6][field]
    return {
      wanted: sum('wanted'),
      installed: sum('installed'),
      adopted: sum('adopted'),
      conflicts: sum('conflicts'),
      unreachable: this.#watch.nextHops.unreachable,
      repairs: sum('repairs'),
      resyncs: this.#resyncs,
    }
  }

  /** Stops listening and writing. The routes stay in the kernel. */
  async close(): Promise<void> {
    this.#turns.end()
    this.#leave()
    await Promise.all([this.#ownEvents?.close(), this.#reader.close()])
    this.#writer.close()
    this.#lookups.close()
  }

  #isOurKey(route: KernelRoute): boolean {
    return route.table === this.#table && route.metric === this.#metric && route.tos === 0
  }

  #isOwn(route: KernelRoute): boolean {
    return route.protocol === this.#protocol && this.#isOurKey(route)
  }

  #listen(events: EventMonitor): () => void {
    return events.join({
      groups: [RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE],
      except: this.#writer.portId,
      onMessages: messages => this.#hear(messages),
      onOverflow: () => this.#resync(),
    })
  }

  #hear(messages: readonly Message[]): void {
    const now = performance.now()
    for (const message of messages)
      if (message.type === RTM_NEWLINK || message.type === RTM_DELLINK) this.#hearLink(message)
      else if (message.type === RTM_NEWROUTE || message.type === RTM_DELROUTE) this.#hearRoute(message, now)
    this.#turns.request()
  }

  #hearLink(message: Message): void {
    const link = decodeLink(message)
    const before = this.#links.get(link.index)
    const rose = link.up && before?.up === false
    const here = message.type === RTM_NEWLINK
    if (here) this.#links.set(link.index, link)
    else this.#links.delete(link.index)
    if (!here || before?.up !== link.up) this.#watch.linksChanged()
    // a fall takes IPv4 routes away without a word
    if (rose) this.#resync()
  }

  #hearRoute(message: Message, now: number): void {
    const route = decodeRoute(message)
    if (route === undefined) return
    const own = this.#isOwn(route)
    const went = message.type === RTM_DELROUTE
    if (this.#isOurKey(route)) {
      const manner = { own, replaced: (message.flags & NLM_F_REPLACE) !== 0, byKernel: message.portId === 0 }
      this.#plans[route.family].changed(went ? 'went' : 'came', route, manner, now, Math.random())
    }
    if (own) return
    this.#watch.routesChanged()
    // an address that goes can take IPv4 routes with it, without a word
    if (went && route.protocol === PROTOCOL_KERNEL && route.family === 4) this.#resync()
  }

  #readLinks(): void {
    this.#links = new Map(listLinks(this.#lookups).map(link => [link.index, link]))
  }

  readonly #linkName = (index: number): string => this.#links.get(index)?.name ?? `#${index}`

  /** The kernel may hold something else than we think: reads our rows anew. */
  #resync(): void {
    this.#scanAt = 0
    this.#watch.linksChanged()
    this.#turns.request()
  }

  /** One slice. @returns when the next is due */
  #work(): number {
    const start = performance.now()
    const retargeted = this.#watch.step(start)
    for (const family of FAMILIES) {
      if (retargeted !== undefined) this.#plans[family].retarget(retargeted)
      this.#plans[family].wake(start)
    }
    do {
      this.#stepScan(start)
      this.#write()
    } while (this.#busy && performance.now() - start < SLICE)
    if (this.#busy || this.#watch.isBusy) return 0
    this.#tellEnd()
    return Math.min(this.#watch.deadline, this.#scanAt, this.#plans[4].deadline, this.#plans[6].deadline)
  }

  get #busy(): boolean {
    return this.#plans[4].busy || this.#plans[6].busy || this.#scan !== undefined || this.#scanAt === 0
  }

  #write(): void {
    const written: { plan: RoutePlan; operation: Operation }[] = []
    const now = performance.now()
    // by turns: a long queue of one family does not starve the other
    const order = this.#writesFirst === 4 ? FAMILIES : FAMILIES.toReversed()
    this.#writesFirst = order[1]!
    for (const family of order) {
      const plan = this.#plans[family]
      const key = { family, table: this.#table, protocol: this.#protocol, metric: this.#metric }
      while (written.length < BATCH_LIMIT) {
        const operation = plan.next(now)
        if (operation === undefined) break
        const { id, change, forwarding } = operation
        const put = (target: Uint8Array, at: number) => plan.prefixes.write(id, target, at)
        writeRoute(this.#writer.batch, change, key, plan.prefixes.lengthOf(id), put, forwarding.encoded(family))
        written.push({ plan, operation })
      }
    }
    if (written.length > 0) this.#transact(written, now)
  }

  #transact(written: readonly { plan: RoutePlan; operation: Operation }[], now: number): void {
    try {
      const refusals = new Map(this.#writer.transact().map(refusal => [refusal.index, refusal]))
      for (const [index, { plan, operation }] of written.entries()) {
        const refusal = refusals.get(index)
        if (refusal === undefined) plan.done(operation)
        else {
          const outcome = plan.refused(operation, refusal.code, refusal.reason, now, Math.random())
          if (outcome === 'scan') this.#scanAt = 0
          if (outcome === 'held') this.#tellTrouble(plan.prefixes.prefix(operation.id), refusal.reason)
        }
      }
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      for (const { plan, operation } of written) plan.lost(operation)
      this.#scanAt = 0
      this.#notice(`writing routes: ${thrown.message}; reading the kernel's table anew`)
    }
  }

  #tellTrouble(prefix: Prefix, reason: string): void {
    if (!this.#troubled) this.#notice(`the kernel refuses ${prefix}: ${reason}; it is tried again`)
    this.#troubled = true
  }

  #tellEnd(): void {
    if (!this.#troubled || this.#plans[4].held + this.#plans[6].held > 0) return
    this.#troubled = false
    this.#notice('the kernel refuses no route any more')
  }

  /** Reads a page of the running scan, or begins the one that is due. */
  #stepScan(now: number): void {
    if (this.#scan === undefined && this.#scanAt <= now) {
      this.#scanAt = Number.POSITIVE_INFINITY
      this.#scan = this.#readTables()
    }
    try {
      if (this.#scan?.next().done !== true) return
      this.#resyncs++
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.#scanAt = now + SCAN_RETRY
      this.#notice(`${thrown.message}; tried again in ${SCAN_RETRY} ms`)
    }
    this.#scan = undefined
  }

  #adopt(family: Family): void {
    const pages = this.#reader.pages(family, this.#protocol)
    let page = pages.next()
    for (; page.done !== true; page = pages.next())
      for (const route of page.value) if (this.#isOwn(route)) this.#plans[family].adopt(route)
    if (page.value === 'interrupted') this.#resync()
  }

  *#readTables(): Generator<void, void> {
    this.#readLinks()
    for (const family of FAMILIES) {
      const plan = this.#plans[family]
      const { needsForeign, conflicts } = plan
      plan.beginScan(needsForeign)
      const pages = this.#reader.pages(family, needsForeign ? undefined : this.#protocol)
      let page = pages.next()
      for (; page.done !== true; page = pages.next()) {
        for (const route of page.value) if (this.#isOurKey(route)) plan.scanned(route, this.#isOwn(route))
        yield
      }
      if (page.value === 'interrupted') this.#scanAt = 0
      else plan.endScan()
      if (plan.conflicts > conflicts)
        this.#notice(
          `others hold our metric ${this.#metric} at ${plan.conflicts} IPv${family} prefixes: they are left alone`,
        )
    }
  }
}

function describe(route: KernelRoute, linkName: (link: number) => string): ForeignRoute {
  const { metric, table, protocol } = route
  return { prefix: prefixOf(route), protocol: protocolName(protocol), metric, table, path: renderPath(route, linkName) }
}
