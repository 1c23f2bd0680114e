/**
 * The rows of overlays that we keep in the kernel: routes onto tunnels, neighbours, proxy neighbours, FDB rows, rules. Says
 * what is wanted, and makes it so, at once and whenever others change it. Which change to make is the plan's to decide;
 * here are sockets, slices, timers, events.
 *
 * Rules: at most 128 messages a slice; what the kernel changes silently (a link that fell and rose, events that were lost)
 * is read anew, and proxy neighbours, of which it never tells, every ten seconds.
 */
import { performance } from 'node:perf_hooks'
import { WorldFault } from '../../base/failure.ts'
import type { Address } from '../../base/ip.ts'
import { macText } from '../../base/mac.ts'
import {
  EventMonitor,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV4_RULE,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV6_RULE,
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
  RTNLGRP_NEXTHOP,
} from '../events/monitor.ts'
import { decodeLink, type Link, listLinks, RTM_DELLINK, RTM_NEWLINK } from '../netlink/link.ts'
import type { Message } from '../netlink/message.ts'
import {
  decodeNeighbor,
  type KernelNeighborRow,
  listFdb,
  listNeighbors,
  listProxies,
  RTM_DELNEIGH,
  RTM_NEWNEIGH,
} from '../netlink/neighbor.ts'
import { listNextHops, RTM_DELNEXTHOP, writeNextHop } from '../netlink/nexthop.ts'
import { decodeRoute, MAIN_TABLE, RTM_DELROUTE, RTM_NEWROUTE, routePages, routeTo } from '../netlink/route.ts'
import { decodeRule, listRules, RTM_DELRULE, RTM_NEWRULE } from '../netlink/rule.ts'
import { BATCH_LIMIT, NetlinkSocket } from '../netlink/socket.ts'
import { Turns } from '../table/turns.ts'
import { FdbGroups } from './fdb-groups.ts'
import { KernelRows, type OwnerMark } from './kernel-rows.ts'
import { type KernelRow, OverlayPlan, type RowOperation, type RowState } from './plan.ts'
import { type OverlayRow, rowKey } from './row.ts'
import { isDefault, RowWriter, type Written } from './row-writer.ts'

export interface OverlayTableOptions {
  /** Owner mark of all rows; default 179. */
  readonly protocol?: number
  /** Of our routes; default 178: one less than what BGP learns. */
  readonly metric?: number
  /** Whether FDB rows go through nexthop groups, so that the kernel remembers whose they are; default: where it can. */
  readonly groups?: boolean
  /** One line for the log: the first of like troubles, and their end. */
  readonly onNotice?: (notice: string) => void
  /** Links came, went or changed; with all of them. */
  readonly onLinks?: (links: readonly Link[]) => void
  /** Where kernel events come from; a monitor of its own where absent. Both are of the table's network namespace. */
  readonly events?: EventMonitor
}

export interface OverlayCounts {
  readonly wanted: number
  readonly installed: number
  readonly served: number
  readonly conflicts: number
  readonly adopted: number
  /** Rows put back after somebody removed or changed them, since the start. */
  readonly repairs: number
  readonly resyncs: number
  /** Since the start: batches written, messages in them, tables read. */
  readonly calls: { readonly batches: number; readonly messages: number; readonly reads: number }
}

const OWN = { protocol: 179, metric: 178 }
/** Milliseconds. */
const SILENT_SCAN = 10_000
const SCAN_RETRY = 1000
/** A packet that has looked for a row while it was away has found its default row by then. */
const GRACE = 10

export class OverlayTable {
  readonly #mark: OwnerMark
  readonly #notice: (notice: string) => void
  readonly #onLinks: (links: readonly Link[]) => void
  readonly #plan = new OverlayPlan()
  readonly #groups: FdbGroups
  readonly #rows: KernelRows
  readonly #encoder: RowWriter
  readonly #writer: NetlinkSocket
  readonly #reader: NetlinkSocket
  readonly #ownEvents: EventMonitor | undefined
  readonly #leave: () => void
  #links = new Map<number, Link>()
  #wanted: readonly OverlayRow[] = []
  /** What is exchanged, while a default row of ours stands in: one at a time, and not for long. */
  #cover: { readonly row: OverlayRow; readonly until: number } | undefined
  readonly #turns = new Turns(() => this.#work())
  /** FDB rows whose end, our doing, has not been told yet: of these events the kernel does not say who caused them. */
  readonly #echoes = new Set<string>()
  #scanAt = Number.POSITIVE_INFINITY
  #swept = false
  #troubled = false
  #resyncs = 0
  readonly #calls = { batches: 0, messages: 0, reads: 0 }

  /**
   * Works in the calling thread's network namespace, adopts the rows of a former run, and starts to listen.
   * @throws WorldFault EPERM …
   */
  constructor(options: OverlayTableOptions = {}) {
    this.#notice = options.onNotice ?? (() => {})
    this.#onLinks = options.onLinks ?? (() => {})
    this.#mark = { protocol: options.protocol ?? OWN.protocol, metric: options.metric ?? OWN.metric }
    this.#groups = new FdbGroups(this.#mark.protocol)
    this.#rows = new KernelRows(this.#mark, this.#groups)
    this.#rows.plain = options.groups === false
    this.#encoder = new RowWriter(this.#mark, this.#groups, this.#rows)
    this.#writer = new NetlinkSocket()
    let reader: NetlinkSocket | undefined
    let ownEvents: EventMonitor | undefined
    let leave: (() => void) | undefined
    try {
      reader = new NetlinkSocket()
      this.#reader = reader
      // first listen, then read: nothing that happens meanwhile is missed
      const events = options.events ?? new EventMonitor({ onNotice: this.#notice })
      this.#ownEvents = ownEvents = options.events === undefined ? events : undefined
      this.#leave = leave = this.#listen(events)
      this.#scan()
    } catch (thrown) {
      this.#writer.close()
      reader?.close()
      ownEvents?.close().catch(() => {})
      leave?.()
      throw thrown
    }
  }

  get links(): readonly Link[] {
    return [...this.#links.values()]
  }

  /**
   * Through which packets to an address leave, rules counted in; undefined: it has gone meanwhile.
   * @throws WorldFault ENETUNREACH … where there is no way
   */
  linkTo(address: Address): Link | undefined {
    const [hop] = routeTo(this.#reader, address).hops
    return this.#links.get(hop?.link ?? 0)
  }

  /**
   * All rows that shall be there from now on; of rows with one key the last. @param taken keys (`rowKey`) at which rows of
   * others are taken over
   */
  want(rows: readonly OverlayRow[], taken?: ReadonlySet<string>): void {
    this.#wanted = rows
    this.#plan.want(rows, taken)
    // rows of a former run may be where has not been read yet
    for (const place of this.#places().keys()) if (!this.#read.has(place)) this.#scanAt = 0
    this.#turns.request()
  }

  /** Removes rows of a former run that nobody has wanted. */
  sweep(): void {
    this.#swept = true
    this.#plan.sweep()
    this.#turns.request()
  }

  /** Settles when nothing is left to write that could be written now. */
  settled(): Promise<void> {
    return this.#turns.settled()
  }

  /** Of what is wanted. */
  states(): RowState[] {
    return [...this.#plan.states()]
  }

  counts(): OverlayCounts {
    const states = this.states()
    const count = (status: RowState['status']) => states.filter(state => state.status === status).length
    return {
      wanted: states.length,
      installed: count('installed'),
      served: count('served'),
      conflicts: count('conflict'),
      adopted: this.#plan.adopted,
      repairs: this.#plan.repairs,
      resyncs: this.#resyncs,
      calls: { ...this.#calls },
    }
  }

  /** Stops listening and writing. The rows stay in the kernel. */
  async close(): Promise<void> {
    this.#turns.end()
    this.#leave()
    this.#uncover(performance.now())
    await this.#ownEvents?.close()
    this.#writer.close()
    this.#reader.close()
  }

  #listen(events: EventMonitor): () => void {
    return events.join({
      groups: [
        RTNLGRP_LINK,
        RTNLGRP_NEIGH,
        RTNLGRP_IPV4_ROUTE,
        RTNLGRP_IPV6_ROUTE,
        RTNLGRP_IPV4_RULE,
        RTNLGRP_IPV6_RULE,
        ...(this.#rows.plain ? [] : [RTNLGRP_NEXTHOP]),
      ],
      onMessages: messages => this.#hear(messages),
      onOverflow: () => {
        this.#echoes.clear()
        this.#resync()
      },
    })
  }

  #hear(messages: readonly Message[]): void {
    const now = performance.now()
    let linksChanged = false
    for (const message of messages) {
      // others may want to hear of our doings: no filter drops them
      if (message.portId === this.#writer.portId) continue
      switch (message.type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
          linksChanged = this.#hearLink(message) || linksChanged
          break
        case RTM_NEWNEIGH:
        case RTM_DELNEIGH: {
          const kernel = decodeNeighbor(message)
          const went = message.type === RTM_DELNEIGH
          if (kernel?.kind === 'fdb' && isDefault(kernel.mac)) break
          if (went && kernel?.kind === 'fdb' && this.#echoes.delete(echoKey(kernel.link, macText(kernel.mac)))) break
          this.#hearRow(kernel && this.#rows.ofNeighbor(kernel), went, now)
          break
        }
        case RTM_NEWROUTE:
        case RTM_DELROUTE: {
          const route = decodeRoute(message)
          this.#hearRow(route && this.#rows.ofRoute(route), message.type === RTM_DELROUTE, now)
          break
        }
        case RTM_NEWRULE:
        case RTM_DELRULE: {
          const rule = decodeRule(message)
          this.#hearRow(rule && this.#rows.ofRule(rule), message.type === RTM_DELRULE, now)
          break
        }
        case RTM_DELNEXTHOP:
          // it takes its FDB rows along, each with an event; which groups are left has to be read
          this.#resync()
      }
    }
    if (linksChanged) this.#onLinks(this.links)
    this.#turns.request()
  }

  /** @returns whether anything changed that others can see */
  #hearLink(message: Message): boolean {
    const link = decodeLink(message)
    const before = this.#links.get(link.index)
    if (message.type === RTM_DELLINK) {
      this.#links.delete(link.index)
      this.#resync()
      return true
    }
    this.#links.set(link.index, link)
    // a fall takes rows away without a word
    if (before === undefined || before.name !== link.name || before.up !== link.up) {
      this.#plan.forgive()
      this.#resync()
      return true
    }
    return before.mtu !== link.mtu || Buffer.compare(before.mac, link.mac) !== 0
  }

  #hearRow(kernel: KernelRow | undefined, went: boolean, now: number): void {
    if (kernel === undefined) return
    const key = rowKey(kernel.row)
    if (kernel.rival) return this.#plan.heardRival(key, went ? undefined : kernel)
    if (kernel.owner !== 'ours' && !this.#plan.concerns(key)) return
    this.#plan.heard(key, went ? undefined : kernel, now, Math.random())
  }

  /** The kernel may hold something else than we think. */
  #resync(): void {
    this.#scanAt = 0
    this.#turns.request()
  }

  /** One slice. @returns when the next is due */
  #work(): number {
    const now = performance.now()
    if (this.#cover !== undefined && this.#cover.until <= now) this.#uncover(now)
    if (this.#cover === undefined && this.#scanAt <= now) this.#rescan(now)
    this.#plan.wake(now)
    this.#write(now)
    if (this.#plan.busy || this.#cover !== undefined || this.#scanAt === 0) return 0
    this.#dropGroups()
    this.#tellEnd()
    if (this.#wanted.some(({ kind }) => kind === 'proxy')) this.#scanAt = Math.min(this.#scanAt, now + SILENT_SCAN)
    return Math.min(this.#scanAt, this.#plan.deadline)
  }

  #rescan(now: number): void {
    try {
      this.#scanAt = Number.POSITIVE_INFINITY
      this.#scan()
      this.#resyncs++
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.#scanAt = now + SCAN_RETRY
      this.#notice(`${thrown.message}; tried again in ${SCAN_RETRY} ms`)
    }
  }

  /** What has been read of the routes. */
  #read: ReadonlySet<string> = new Set()

  /** Where routes of ours are: not everywhere, for a table may hold a million of others. */
  #places(): Map<string, { readonly table: number; readonly link: number }> {
    const places = new Map<string, { readonly table: number; readonly link: number }>()
    const add = (table: number, link: number) => places.set(`${table} ${link}`, { table, link })
    for (const { index, kind } of this.#links.values()) if (kind === 'vxlan') add(MAIN_TABLE, index)
    for (const row of this.#wanted) {
      const link = row.kind === 'route' ? this.#rows.indexOf(row.device) : undefined
      if (row.kind === 'route' && link !== undefined) add(row.table ?? MAIN_TABLE, link)
    }
    return places
  }

  #scan(): void {
    this.#links = new Map(listLinks(this.#reader).map(link => [link.index, link]))
    this.#rows.links = this.#links
    this.#rows.begin()
    if (!this.#rows.plain) this.#scanGroups()
    const found = new Map<string, KernelRow>()
    const rivals = new Map<string, KernelRow>()
    const take = (kernel: KernelRow | undefined) => {
      if (kernel !== undefined) (kernel.rival ? rivals : found).set(rowKey(kernel.row), kernel)
    }
    for (const row of this.#neighbors()) take(this.#rows.ofNeighbor(row))
    const places = this.#places()
    for (const place of places.values())
      for (const family of [4, 6] as const)
        for (const page of routePages(this.#reader, { family, ...place }))
          for (const route of page) take(this.#rows.ofRoute(route))
    for (const family of [4, 6] as const)
      for (const rule of listRules(this.#reader, family)) take(this.#rows.ofRule(rule))
    this.#read = new Set(places.keys())
    this.#calls.reads++
    this.#plan.scanned(found, performance.now(), Math.random(), rivals)
  }

  #scanGroups(): void {
    try {
      this.#groups.scanned(listNextHops(this.#reader))
    } catch (thrown) {
      if (!(thrown instanceof WorldFault) || thrown.code !== 'EOPNOTSUPP') throw thrown
      this.#rows.plain = true
    }
  }

  /** Neighbours first: they say whose a plain FDB row is. */
  *#neighbors(): Generator<KernelNeighborRow> {
    yield* listNeighbors(this.#reader)
    yield* listProxies(this.#reader)
    for (const { index, kind } of this.#links.values()) if (kind === 'vxlan') yield* listFdb(this.#reader, index)
  }

  #write(now: number): void {
    const { batch } = this.#writer
    const written: Written[] = []
    const exchanges: RowOperation[] = []
    while (batch.count + exchanges.length < BATCH_LIMIT) {
      const operation = this.#plan.next(now)
      if (operation === undefined) break
      const missing = this.#obstacle(operation)
      if (missing !== undefined) this.#plan.refused(operation, 'ENODEV', missing, now, Math.random())
      else if (operation.change === 'exchange') exchanges.push(operation)
      else this.#encoder.write(batch, operation, written)
    }
    if (batch.count > 0) this.#transact(written, now)
    for (const operation of exchanges) {
      if (this.#cover === undefined) this.#exchange(operation, now)
      else this.#plan.lost(operation)
    }
  }

  /**
   * Packets take the default row of the device meanwhile: one of ours, or that of somebody else where there is one. Should we
   * die before ours is taken away, the next sweep does it: nobody wants it, and it goes through a group of ours.
   */
  #exchange(operation: RowOperation, now: number): void {
    const { batch } = this.#writer
    this.#encoder.cover(batch, operation.row)
    const isCovered = this.#transact([], now)
    const written: Written[] = []
    this.#encoder.write(batch, operation, written)
    this.#transact(written, now)
    if (isCovered) this.#cover = { row: operation.row, until: performance.now() + GRACE }
  }

  #uncover(now: number): void {
    if (this.#cover === undefined) return
    this.#encoder.uncover(this.#writer.batch, this.#cover.row)
    this.#cover = undefined
    if (!this.#transact([], now)) this.#scanAt = 0
  }

  /** Why the operation cannot even be written. */
  #obstacle({ row, change }: RowOperation): string | undefined {
    if (row.kind === 'rule' || change === 'delete' || change === 'displace') return undefined
    return this.#rows.indexOf(row.device) === undefined ? `there is no device ${row.device}` : undefined
  }

  /** @returns whether all of the batch was done */
  #transact(written: readonly Written[], now: number): boolean {
    this.#calls.batches++
    this.#calls.messages += this.#writer.batch.count
    try {
      const refusals = new Map(this.#writer.transact().map(refusal => [refusal.index, refusal]))
      for (const [index, operation] of written.entries()) {
        const refusal = refusals.get(index)
        if (operation === undefined) {
          // the group of a row was refused, or a row to be exchanged had gone: its own answer says what follows
          if (refusal !== undefined) this.#scanAt = 0
        } else if (refusal === undefined) {
          this.#expectEcho(operation)
          this.#plan.done(operation, now)
        } else {
          const outcome = this.#plan.refused(operation, refusal.code, refusal.reason, now, Math.random())
          if (outcome === 'read') this.#scanAt = 0
          else if (operation.change !== 'delete' && operation.change !== 'displace')
            this.#tellTrouble(rowKey(operation.row), refusal.reason)
        }
      }
      return refusals.size === 0
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      for (const operation of written) if (operation !== undefined) this.#plan.lost(operation)
      this.#scanAt = 0
      this.#notice(`writing overlay rows: ${thrown.message}; reading the kernel's tables anew`)
      return false
    }
  }

  #expectEcho({ row, change }: RowOperation): void {
    if (row.kind !== 'fdb' || (change !== 'delete' && change !== 'exchange')) return
    const link = this.#rows.indexOf(row.device)
    if (link !== undefined) this.#echoes.add(echoKey(link, row.mac))
  }

  /** Nexthop groups that no row of ours needs any more; those of a former run stay until the sweep. */
  #dropGroups(): void {
    if (this.#rows.plain || !this.#swept) return
    const used = new Set(this.#wanted.flatMap(row => (row.kind === 'fdb' ? row.endpoint.toString() : [])))
    const unused = this.#groups.takeUnused(used)
    for (const nextHop of unused) writeNextHop(this.#writer.batch, 'delete', nextHop)
    if (unused.length > 0) this.#writer.transact()
  }

  #tellTrouble(key: string, reason: string): void {
    if (!this.#troubled) this.#notice(`the kernel refuses ${key}: ${reason}; it is tried again`)
    this.#troubled = true
  }

  #tellEnd(): void {
    if (!this.#troubled || this.#plan.deadline !== Number.POSITIVE_INFINITY) return
    this.#troubled = false
    this.#notice('the kernel refuses no overlay row any more')
  }
}

function echoKey(link: number, mac: string): string {
  return `${link} ${mac}`
}
