/**
 * Listings and explanations, made of the live tables on demand: nothing is kept per route for them. A listing goes through the
 * prefix ids a slice per call, so one of a million routes does not hold the event loop.
 */
import { Address, type Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import { type Decision, decisionSteps } from './decision.ts'
import type { Derivation } from './derivation.ts'
import type { ExportGroup } from './export-group.ts'
import { type ExportSources, unnameable } from './export-rule.ts'
import type { Exports } from './exports.ts'
import type { KernelRoutes } from './kernel-routes.ts'
import { loops } from './loops.ts'
import { SELF } from './next-hop-table.ts'
import { type PathTable, pathFlag } from './path-table.ts'
import { LOCAL_PEER } from './peer.ts'
import type { Verdict } from './policy.ts'
import { renderVerdict } from './policy-edit.ts'
import { wordsOf } from './policy-filter.ts'
import { routePolicy } from './route-policy.ts'
import type {
  AdvertisementExplanation,
  PathExplanation,
  PathVerdict,
  RouteCursor,
  RouteExplanation,
  RouteQuery,
  RouteRow,
} from './view.ts'

/** Prefixes that one call of a cursor looks at, at most. */
const LOOK_AT = 4096

export class RouteViews {
  readonly #tables: Readonly<Record<Family, PathTable>>
  readonly #decision: Decision
  readonly #exports: Exports
  readonly #kernel: Readonly<Record<Family, KernelRoutes>> | undefined
  readonly #sources: ExportSources
  readonly #derivation: Derivation

  constructor(
    tables: Readonly<Record<Family, PathTable>>,
    decision: Decision,
    exports: Exports,
    kernel: Readonly<Record<Family, KernelRoutes>> | undefined,
    sources: ExportSources,
    derivation: Derivation,
  ) {
    this.#derivation = derivation
    this.#tables = tables
    this.#decision = decision
    this.#exports = exports
    this.#kernel = kernel
    this.#sources = sources
  }

  routes(query: RouteQuery): RouteCursor {
    const { prefixes } = this.#tables[query.family]
    const words = query.within && wordsOf(query.within)
    const isAsked = (id: number) =>
      prefixes.has(id) && (words === undefined || prefixes.isWithin(id, words, query.within!.length))
    let at = 0
    /** What did not fit into the last slice: a prefix may have several rows. */
    let rest: RouteRow[] = []
    const next = (count: number) => {
      const rows = rest
      const end = Math.min(at + LOOK_AT, prefixes.end)
      for (; at < end && rows.length < count; at++) if (isAsked(at)) rows.push(...this.#rows(query, at))
      rest = rows.splice(count)
      return rows
    }
    return {
      next,
      get done() {
        return rest.length === 0 && at >= prefixes.end
      },
    }
  }

  explain(target: Prefix): RouteExplanation | undefined {
    const table = this.#tables[target.family]
    const id = this.#covering(table, target)
    if (id === -1) return undefined
    const best = this.#decision.decide(table, id)
    const paths: PathExplanation[] = []
    for (let path = table.head[id]!; path !== 0; path = table.next[path]!)
      paths.push(this.#explainPath(table, path, best))
    const peers = Array.from(this.#sources.peers.entries(), ([peer]) => peer)
    const advertised = peers.flatMap(peer => this.#explainExports(table, id, best, peer))
    const kernelNextHops = this.#kernel?.[target.family].nextHopsOf(id) ?? []
    return { prefix: table.prefixes.prefix(id), paths, advertised, kernelNextHops }
  }

  /** The longest prefix with paths that holds the target. */
  #covering(table: PathTable, target: Prefix): number {
    for (let length = target.length; length >= 0; length--) {
      const id = table.prefixes.find(target.bytes, 0, length)
      if (id !== -1 && table.head[id] !== 0) return id
    }
    return -1
  }

  #rows(query: RouteQuery, prefix: number): RouteRow[] {
    const table = this.#tables[query.family]
    if (query.table === 'advertised') {
      const group = this.#exports.groupOf(query.peer, query.family)
      if (group === undefined) return []
      const told = [...group.entriesOf(prefix)].filter(entry => group.tells(query.peer, entry))
      return told.map(entry => this.#advertisedRow(table, group, prefix, entry, query.peer))
    }
    const best = this.#decision.decide(table, prefix)
    if (query.table === 'best') return best === 0 ? [] : [this.#pathRow(table, best, best)]
    const paths = query.table === 'received' ? [...table.pathsOf(prefix, query.peer)] : allPaths(table, prefix)
    return paths.map(path => this.#pathRow(table, path, best, table.receivedAs(path)))
  }

  /** @param announcement what is shown of the path: what policy made of it, or what was received */
  #pathRow(table: PathTable, path: number, best: number, announcement = table.announcement[path]!): RouteRow {
    const { announcements, attributes, peers } = this.#sources
    const peer = announcements.peer[announcement]!
    return {
      prefix: table.prefixes.prefix(table.prefix[path]!),
      peer,
      source: peers.sourceOf(announcement, announcements),
      ...(peers.sendsIds(peer, table.family) && { pathId: table.pathIdOf(path) }),
      nextHop: this.#nextHop(announcement),
      attributes: attributes.bytes(announcements.attributes[announcement]!),
      stale: (table.flags[path]! & pathFlag.stale) !== 0,
      ...this.#judge(table, path, best),
    }
  }

  #advertisedRow(table: PathTable, group: ExportGroup, prefix: number, entry: number, receiver: number): RouteRow {
    const { announcements, peers } = this.#sources
    const announcement = group.out[entry]!
    const source = announcements.peer[announcement]!
    const { rule } = group
    const path = rule.form.addPath ? entry : table.best[prefix]!
    const isStale = table.announcement[path] !== 0 && (table.flags[path]! & pathFlag.stale) !== 0
    rule.begin()
    return {
      prefix: table.prefixes.prefix(prefix),
      peer: source,
      source: peers.sourceOf(announcement, announcements),
      ...(rule.form.addPath && { pathId: entry }),
      nextHop: new Address(rule.nextHop(announcement).slice()),
      attributes: rule.rewritten.slice(0, rule.rewrite(announcement)),
      stale: isStale,
      verdict: 'best',
      reason: textOf(this.#exportVerdict(table, prefix, receiver, group, announcement), 'export'),
    }
  }

  /** Of a path of the prefix decided last. */
  #judge(table: PathTable, path: number, best: number): { verdict: PathVerdict; reason: string } {
    const { announcements, nextHops } = this.#sources
    const announcement = table.announcement[path]!
    const nextHop = announcements.nextHop[announcement]!
    if ((table.flags[path]! & pathFlag.rejected) !== 0)
      return { verdict: 'rejected', reason: textOf(this.#importVerdict(table, path)!, 'import') }
    const loop = announcements.loop[announcement]!
    if (loop !== 0) return { verdict: 'ineligible', reason: loops[loop]! }
    if (nextHops.unusable[nextHop] === 1)
      return { verdict: 'ineligible', reason: `next hop ${nextHops.address(nextHop)}: ${nextHops.reason(nextHop)}` }
    if (path === best) return { verdict: 'best', reason: this.#winningReason(table, best) }
    const step = this.#decision.stepOf(table, path, best)
    const verdict = this.#isMultipath(table, path) ? 'multipath' : 'not best'
    return { verdict, reason: decisionSteps[step].lost }
  }

  /** Whether the wanted kernel route goes over this path's next hop as well. */
  #isMultipath(table: PathTable, path: number): boolean {
    const used = this.#kernel?.[table.family].nextHopsOf(table.prefix[path]!) ?? []
    const nextHop = this.#nextHop(table.announcement[path]!)
    return (
      used.length > 1 && nextHop !== undefined && this.#decision.isEqual(path) && used.some(one => one.equals(nextHop))
    )
  }

  /** The step that took the last other path out of the race. */
  #winningReason(table: PathTable, best: number): string {
    let last = 0
    for (let at = 0; at < this.#decision.count; at++) {
      const path = this.#decision.paths[at]!
      if (path !== best) last = Math.max(last, this.#decision.stepOf(table, path, best))
    }
    return decisionSteps[last]!.won
  }

  #explainPath(table: PathTable, path: number, best: number): PathExplanation {
    const importVerdict = this.#importVerdict(table, path)
    return { ...this.#pathRow(table, path, best), ...(importVerdict && { importVerdict }) }
  }

  #importVerdict(table: PathTable, path: number): Verdict | undefined {
    const peer = this.#sources.announcements.peer[table.announcement[path]!]!
    if (peer === LOCAL_PEER) return undefined
    const { config, imports } = this.#sources.peers.get(peer)
    const { prefixes } = table
    return imports[table.family].verdict(config.importPolicy, table.receivedAs(path), prefixes, table.prefix[path]!)
  }

  /** One for the best path, or one for each eligible path towards peers that are sent several. */
  #explainExports(table: PathTable, prefix: number, best: number, peer: number): AdvertisementExplanation[] {
    const no = (reason: string) => [{ peer, advertised: false, reason }]
    const { session } = this.#sources.peers.get(peer)
    if (session === undefined) return no('no session')
    if (!session.families.includes(table.family)) return no(`IPv${table.family} is not part of the session`)
    const group = this.#exports.groupOf(peer, table.family)
    if (group === undefined) return no(`no IPv${table.family} address of ours to name as next hop`)
    if (best === 0) return no('no eligible path')
    if (!group.rule.form.addPath) return [{ peer, ...this.#explainExport(table, prefix, best, prefix, group, peer) }]
    return this.#eligible(table, prefix).map(path => ({
      peer,
      pathId: path,
      ...this.#explainExport(table, prefix, path, path, group, peer),
    }))
  }

  #eligible(table: PathTable, prefix: number): number[] {
    const paths: number[] = []
    for (let path = table.head[prefix]!; path !== 0; path = table.next[path]!)
      if (this.#decision.isEligible(table, path)) paths.push(path)
    return paths
  }

  /** @param entry where the group's Adj-RIB-Out has the path */
  #explainExport(
    table: PathTable,
    prefix: number,
    path: number,
    entry: number,
    group: ExportGroup,
    peer: number,
  ): Omit<AdvertisementExplanation, 'peer'> {
    const no = (reason: string) => ({ advertised: false, reason })
    const announcement = table.announcement[path]!
    if (this.#sources.announcements.peer[announcement] === peer) return no('learned from this peer')
    const denial = group.rule.denial(announcement)
    if (denial !== undefined) return no(denial)
    const exportVerdict = this.#exportVerdict(table, prefix, peer, group, announcement)
    if (!exportVerdict.accept) return { ...no(textOf(exportVerdict, 'export')), exportVerdict }
    const allowed = group.allowed(announcement, prefix)
    group.settle()
    if (allowed === 0) return { ...no(unnameable), exportVerdict }
    if (group.out[entry] !== allowed) return { ...no(group.reasonUntold(prefix)), exportVerdict }
    const pending = group.members.get(peer)!.behind?.isPending(entry) === true
    const reason = pending ? 'waits for the peer to read' : textOf(exportVerdict, 'export')
    return { advertised: !pending, reason, exportVerdict }
  }

  /** The group's policies decide the same, but may bear the names of another peer's. */
  #exportVerdict(
    table: PathTable,
    prefix: number,
    receiver: number,
    { policies }: ExportGroup,
    announcement: number,
  ): Verdict {
    const { announcements, peers } = this.#sources
    const { name, exportPolicy } = peers.get(receiver).config
    const context = { peer: name, source: peers.sourceOf(announcement, announcements) }
    const policy = routePolicy(exportPolicy, context, policies.local.side, this.#derivation)
    return policy.verdict(exportPolicy, announcement, table.prefixes, prefix)
  }

  #nextHop(announcement: number): Address | undefined {
    const { announcements, nextHops } = this.#sources
    const nextHop = announcements.nextHop[announcement]!
    return nextHop === SELF ? undefined : nextHops.address(nextHop)
  }
}

/** `import policy tor-in, term pods; sets LOCAL_PREF 200`; the policies that only accept or reject are named by that alone. */
function textOf(verdict: Verdict, direction: 'import' | 'export'): string {
  const isNamed = verdict.policy !== 'accept' && verdict.policy !== 'reject'
  const undecided = isNamed && verdict.term === undefined ? ', no term matches' : ''
  return `${direction} ${renderVerdict(verdict, undecided)}`
}

function allPaths(table: PathTable, prefix: number): number[] {
  const paths: number[] = []
  for (let path = table.head[prefix]!; path !== 0; path = table.next[path]!) paths.push(path)
  return paths
}
