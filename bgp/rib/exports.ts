/**
 * All export groups: which peer belongs to which, and the order of work. Changes of the Loc-RIB go to every group of the
 * family slice by slice; then new groups go on filling; then members that are behind are served, in turn; then End-of-RIB
 * goes to those who have been told everything; then prefix ids that nobody needs any more are released.
 */
import type { Family } from '../../lib/base/ip.ts'
import { UpdateWriter } from '../wire/update-writer.ts'
import type { Derivation } from './derivation.ts'
import { ExportGroup, type ExportPolicies, type GroupLimits, type Member, type RibSink } from './export-group.ts'
import { type Encoding, type ExportSources, keyOfEncoding } from './export-rule.ts'
import type { PathTable } from './path-table.ts'
import type { PeerEntry } from './peer-table.ts'
import { type RouteSource, routeSources } from './policy.ts'
import { routePolicy } from './route-policy.ts'
import { BATCH_SIZE, UpdateBatch } from './update-batch.ts'

const families: readonly Family[] = [4, 6]
/** What one member that is behind is served before it is the next one's turn. */
const CATCH_UP_SLICE = 2048

interface GroupKey {
  readonly key: string
  /** Groups with an equal form send the same octets for the same route. */
  readonly form: string
  readonly encoding: Encoding
  readonly policies: ExportPolicies
  readonly limits: GroupLimits
}

export class Exports {
  readonly #tables: Readonly<Record<Family, PathTable>>
  readonly #sink: RibSink
  readonly #sources: ExportSources
  readonly #batch: UpdateBatch
  readonly #groups = new Map<string, ExportGroup>()
  /** By family, then by peer. */
  readonly #groupOf: Readonly<Record<Family, Map<number, ExportGroup>>> = { 4: new Map(), 6: new Map() }
  readonly #slice = new Int32Array(BATCH_SIZE)
  readonly #held: Record<Family, boolean> = { 4: false, 6: false }
  readonly #endOfRib: Readonly<Record<Family, Uint8Array>> = { 4: encodeEndOfRib(4), 6: encodeEndOfRib(6) }
  /** Peers with the family in their session, whom we can tell nothing of it: they wait for an End-of-RIB all the same. */
  readonly #silent: Readonly<Record<Family, Set<number>>> = { 4: new Set(), 6: new Set() }
  readonly #derivation: Derivation
  #draining = false
  /** Peers that are being told everything again. */
  readonly #refreshing: Readonly<Record<Family, Set<number>>> = { 4: new Set(), 6: new Set() }
  /** Some member may be owed an End-of-RIB, or the end of a refresh. */
  #endOfRibDue = false

  constructor(
    tables: Readonly<Record<Family, PathTable>>,
    sink: RibSink,
    sources: ExportSources,
    derivation: Derivation,
  ) {
    this.#derivation = derivation
    this.#tables = tables
    this.#sink = sink
    this.#sources = sources
    this.#batch = new UpdateBatch(sources.announcements)
  }

  /** Export groups that exist. */
  get size(): number {
    return this.#groups.size
  }

  groups(): IterableIterator<ExportGroup> {
    return this.#groups.values()
  }

  groupOf(peer: number, family: Family): ExportGroup | undefined {
    return this.#groupOf[family].get(peer)
  }

  join(peer: number): void {
    for (const family of families) {
      const key = this.#keyOf(peer, family)
      if (key === undefined) {
        if (this.#sources.peers.get(peer).session?.families.includes(family)) this.#silent[family].add(peer)
        continue
      }
      const group = this.#groups.get(key.key) ?? this.#open(key, family)
      group.join(peer)
      this.#groupOf[family].set(peer, group)
    }
    this.#endOfRibDue = true
  }

  leave(peer: number): void {
    for (const family of families) {
      this.#silent[family].delete(peer)
      this.#refreshing[family].delete(peer)
      const group = this.#groupOf[family].get(peer)
      if (group === undefined) continue
      group.leave(group.members.get(peer)!)
      this.#groupOf[family].delete(peer)
      this.#closeIfEmpty(group)
    }
  }

  /** Moves a peer whose configuration changed to the group where it belongs now; what it has been told already counts. */
  regroup(peer: number): void {
    for (const family of families) {
      const from = this.#groupOf[family].get(peer)
      const key = this.#keyOf(peer, family)
      if (from === undefined || key === undefined || from.key === key.key) continue
      const member = from.members.get(peer)!
      const sameForm = keyOfEncoding(from.rule.encoding) === key.form
      const known = this.#groups.get(key.key)
      const group = known ?? this.#open(key, family)
      from.leave(member)
      if (known === undefined && sameForm) group.adopt(member, from)
      else group.transfer(member, from, sameForm)
      this.#groupOf[family].set(peer, group)
      this.#closeIfEmpty(from)
    }
  }

  /** From now on all that is told is told as about to go (RFC 8326), or no longer so. */
  setDraining(draining: boolean): void {
    this.#draining = draining
    for (const [peer] of this.#sources.peers.entries()) this.regroup(peer)
  }

  refresh(peer: number, family: Family): void {
    const group = this.#groupOf[family].get(peer)
    group?.refresh(group.members.get(peer)!)
    this.#refreshing[family].add(peer)
    this.#endOfRibDue = true
  }

  resume(peer: number): void {
    for (const family of families) {
      const member = this.#groupOf[family].get(peer)?.members.get(peer)
      if (member !== undefined) member.blocked = false
    }
    this.#endOfRibDue = true
  }

  holdEndOfRib(family: Family, held: boolean): void {
    this.#held[family] = held
    this.#endOfRibDue = true
  }

  get busy(): boolean {
    if (this.#endOfRibDue) return true
    for (const family of families)
      if (this.#tables[family].changed.length > 0 || this.#tables[family].isSparse) return true
    for (const group of this.#groups.values()) {
      if (group.isFilling) return true
      for (const member of group.lagging) if (!member.blocked) return true
    }
    return false
  }

  /** Does about `budget` prefixes' worth of work; returns whether more can be done now. */
  export(budget: number): boolean {
    for (const family of families) budget = this.#drain(family, budget)
    for (const group of this.#groups.values())
      while (group.isFilling && budget > 0) budget -= Math.max(1, group.fill(this.#slice))
    if (budget > 0) this.#catchUp(budget)
    if (this.#endOfRibDue) this.#sendEndOfRibs()
    for (const family of families) this.#releaseVacant(family)
    return this.busy
  }

  #drain(family: Family, budget: number): number {
    const table = this.#tables[family]
    while (table.changed.length > 0 && budget > 0) {
      let count = 0
      const most = Math.min(BATCH_SIZE, budget)
      while (count < most && table.changed.length > 0) {
        const prefix = table.nextChanged()
        budget--
        if (table.isSettled(prefix)) this.#slice[count++] = prefix
      }
      for (const group of this.#groups.values()) if (group.table === table) group.drain(this.#slice, count)
    }
    return budget
  }

  /** Serves members in turn. */
  #catchUp(budget: number): void {
    for (const group of this.#groups.values()) {
      if (group.isFilling) continue
      for (const member of [...group.lagging]) {
        if (budget <= 0) return
        budget -= group.catchUp(member, Math.min(budget, CATCH_UP_SLICE))
        if (member.behind === undefined) this.#endOfRibDue = true
      }
    }
  }

  /** A member that has been told everything there was when it joined gets its End-of-RIB (RFC 4724 §3). */
  #sendEndOfRibs(): void {
    this.#endOfRibDue = false
    for (const family of families) {
      this.#endRefreshes(family)
      const { dirty, changed, isFiltering } = this.#tables[family]
      if (this.#held[family]) continue
      for (const peer of this.#silent[family]) {
        this.#sink.send(peer, [this.#endOfRib[family]])
        this.#sink.endOfRibSent(peer, family)
      }
      this.#silent[family].clear()
      for (const [peer, group] of this.#groupOf[family]) {
        const member = group.members.get(peer)!
        if (member.endOfRibSent) continue
        if (isFiltering || dirty.length > 0 || changed.length > 0 || group.isFilling) this.#endOfRibDue = true
        else if (member.behind === undefined) this.#sendEndOfRib(member, group, family)
      }
    }
  }

  #endRefreshes(family: Family): void {
    for (const peer of this.#refreshing[family]) {
      const group = this.#groupOf[family].get(peer)
      if (group?.isFilling) this.#endOfRibDue = true
      if (group?.isFilling || group?.members.get(peer)?.behind !== undefined) continue
      this.#refreshing[family].delete(peer)
      this.#sink.refreshed(peer, family)
    }
  }

  #sendEndOfRib(member: Member, group: ExportGroup, family: Family): void {
    member.endOfRibSent = true
    group.send(member, [this.#endOfRib[family]])
    this.#sink.endOfRibSent(member.peer, family)
  }

  #releaseVacant(family: Family): void {
    const table = this.#tables[family]
    table.releaseDeparted(path => this.#isAny(table, group => group.needsPath(path)))
    table.releaseVacant(prefix => table.isDeparting(prefix) || this.#isAny(table, group => group.needs(prefix)))
  }

  #isAny(table: PathTable, holds: (group: ExportGroup) => boolean): boolean {
    for (const group of this.#groups.values()) if (group.table === table && holds(group)) return true
    return false
  }

  #open(key: GroupKey, family: Family): ExportGroup {
    const { encoding, policies, limits } = key
    const table = this.#tables[family]
    const group = new ExportGroup(key.key, encoding, policies, limits, table, this.#sources, this.#batch, this.#sink)
    this.#groups.set(key.key, group)
    if (encoding.addPath) table.sendIds(true)
    return group
  }

  #closeIfEmpty(group: ExportGroup): void {
    if (group.members.size > 0) return
    group.dissolve()
    this.#groups.delete(group.key)
    const { table, rule } = group
    if (rule.form.addPath) table.sendIds(this.#isAny(table, other => other.rule.form.addPath))
  }

  /** Undefined: the peer has no session, did not negotiate the family, or there is no address of ours to name as next hop. */
  #keyOf(peer: number, family: Family): GroupKey | undefined {
    const { config, session }: PeerEntry = this.#sources.peers.get(peer)
    if (session === undefined || !session.families.includes(family)) return undefined
    const extendedNextHop = family === 4 && session.extendedNextHop === true
    // a peer that is talked to over IPv6 and takes such next hops may have no IPv4 on the link
    const six = extendedNextHop ? session.self[6] : undefined
    const self = config.address.family === 6 ? (six ?? session.self[family]) : (session.self[family] ?? six)
    if (self === undefined) return undefined
    const side = {
      direction: 'export',
      family,
      internal: config.internal,
      localAs: session.localAs,
      nextHop: config.nextHop,
      draining: this.#draining,
    } as const
    const policy = (source: RouteSource) =>
      routePolicy(config.exportPolicy, { peer: config.name, source }, side, this.#derivation)
    const policies: ExportPolicies = {
      local: policy('local'),
      service: policy('service'),
      node: policy('node'),
      internal: policy('internal'),
      external: policy('external'),
    }
    const paths = session.addPathSend?.[family] ?? 0
    const encoding: Encoding = {
      family,
      fourOctetAs: session.fourOctetAs,
      internal: config.internal,
      client: config.internal && config.routeReflectorClient,
      localAs: session.localAs,
      nextHop: config.nextHop,
      self,
      subnets: config.internal ? [] : session.subnets.filter(subnet => subnet.family === family),
      addPath: paths > 0,
      extendedNextHop,
      maxLength: session.maxMessageLength ?? 4096,
      longLived: session.longLived?.includes(family) === true,
      role: config.internal ? undefined : session.role,
    }
    const limits = { paths: Math.max(1, paths), routes: config.maxPrefixesOut?.[family] ?? Number.POSITIVE_INFINITY }
    const form = keyOfEncoding(encoding)
    const key = [form, limits.paths, limits.routes, ...routeSources.map(source => policies[source].key)].join(' | ')
    return { key, form, encoding, policies, limits }
  }
}

function encodeEndOfRib(family: Family): Uint8Array {
  const writer = new UpdateWriter()
  writer.endOfRib(family)
  return writer.take()
}
