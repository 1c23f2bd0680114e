/**
 * A routing table in memory with the kernel's own rules about keys (as fib_trie and ip6_fib have them): the key of a row is
 * the prefix (table and metric are one and the same here), not its owner. It tells of what others do, as netlink does.
 */
import { type Family, parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import type { KernelRoute, Path } from '../../../lib/linux/netlink/route.ts'
import { ForwardingTable } from '../../../lib/linux/table/forwarding.ts'
import { NextHops } from '../../../lib/linux/table/next-hop.ts'
import { RoutePlan } from '../../../lib/linux/table/plan.ts'

export const OWN = 179
export const BIRD = 12
const LINK = 3

/** @param gateways none: a blackhole */
export function row(prefix: string, protocol: number, ...gateways: string[]): KernelRoute {
  const { family, bytes, length } = parsePrefix(prefix)
  const hops = gateways.map(text => ({ gateway: parseAddress(text), link: LINK, onlink: false, weight: 1 }))
  const type = hops.length === 0 ? 'blackhole' : 'unicast'
  return { family, bytes, length, table: 254, metric: 179, protocol, tos: 0, type, hops }
}

function gatewaysOf(path: Path): string {
  return path.hops.map(({ gateway }) => gateway).join(',')
}

/** A plan, the kernel it writes to, and the clock. */
export class PlanWorld {
  readonly plan: RoutePlan
  readonly nextHops: NextHops
  /** By prefix, in the order of the kernel. */
  readonly rows = new Map<string, KernelRoute[]>()
  /** Next hops that have no route. */
  readonly down = new Set<string>()
  /** Next hops of which the kernel does not tell just now. */
  readonly silent = new Set<string>()
  /** Prefixes whose rows the kernel refuses. */
  readonly refusing = new Set<string>()
  /** Prefixes whose key the kernel calls taken though no row shows it. */
  readonly haunted = new Set<string>()
  now = 1_000_000
  writes = 0
  scans = 0
  #scanDue = false

  constructor(family: Family) {
    const forwardings = new ForwardingTable()
    this.nextHops = new NextHops(address => {
      if (this.silent.has(address.toString())) return undefined
      if (this.down.has(address.toString())) return 'no route to it'
      return { type: 'unicast', hops: [{ gateway: undefined, link: LINK, onlink: false, weight: 1 }] }
    }, forwardings)
    this.plan = new RoutePlan(family, this.nextHops, forwardings, 1)
  }

  want(prefix: string, ...gateways: string[]): void {
    const { bytes, length } = parsePrefix(prefix)
    const set = gateways.length === 0 ? undefined : this.nextHops.intern(gateways.map(text => parseAddress(text)))
    this.plan.want(bytes, 0, length, set)
  }

  /** Writes until nothing is left that can be written now. */
  settle(): void {
    for (let steps = 0; steps < 10_000; steps++) {
      this.plan.wake(this.now)
      const operation = this.plan.next(this.now)
      if (operation !== undefined) {
        this.writes++
        const prefix = this.plan.prefixes.prefix(operation.id).toString()
        const route = { ...row(prefix, OWN), type: operation.forwarding.type, hops: operation.forwarding.hops }
        const code = this.#apply(operation.change, prefix, route)
        if (code === '') this.plan.done(operation)
        else if (this.plan.refused(operation, code, code, this.now, 0) === 'scan') this.#scanDue = true
      } else if (this.#scanDue) this.scan()
      else return
    }
    throw new Error('the plan does not come to rest')
  }

  /** Where next hops lead may have changed. */
  refreshNextHops(): void {
    const steps = this.nextHops.refreshing()
    let step = steps.next()
    while (step.done !== true) step = steps.next()
    this.plan.retarget(step.value)
  }

  /** Reads the table, as after an overflow. */
  scan(): void {
    this.#scanDue = false
    this.scans++
    this.plan.beginScan(this.plan.needsForeign)
    for (const rows of this.rows.values()) for (const route of rows) this.plan.scanned(route, route.protocol === OWN)
    this.plan.endScan()
  }

  /** Somebody puts a row there: `add` after and `prepend` before what there is, `replace` in its place. @param tell netlink does */
  put(manner: 'add' | 'prepend' | 'replace', route: KernelRoute, tell = true): void {
    const key = keyOf(route)
    const rows = this.rows.get(key) ?? []
    if (manner === 'add') this.rows.set(key, [...rows, route])
    else this.rows.set(key, [route, ...(manner === 'prepend' ? rows : rows.slice(1))])
    if (tell) this.#tell('came', route, manner === 'replace' && rows.length > 0)
  }

  /** Somebody takes a row away. */
  take(prefix: string, protocol: number, { tell = true, byKernel = false } = {}): void {
    const rows = this.rows.get(prefix) ?? []
    const gone = rows.find(route => route.protocol === protocol)
    if (gone === undefined) return
    this.#keep(
      prefix,
      rows.filter(route => route !== gone),
    )
    if (tell) this.#tell('went', gone, false, byKernel)
  }

  /** `PREFIX PROTOCOL GATEWAYS` of all rows, sorted. */
  table(): string[] {
    return [...this.rows.values()]
      .flat()
      .map(route => `${keyOf(route)} ${route.protocol} ${gatewaysOf(route)}`)
      .sort()
  }

  status(prefix: string): string {
    return this.plan.state(parsePrefix(prefix)).status
  }

  #apply(change: 'add' | 'replace' | 'delete', key: string, route: KernelRoute): string {
    const rows = this.rows.get(key) ?? []
    if (this.refusing.has(key)) return 'ENETUNREACH'
    if (change === 'add') {
      if (rows.length > 0 || this.haunted.has(key)) return 'EEXIST'
      this.rows.set(key, [route])
    } else if (change === 'replace') this.rows.set(key, [route, ...rows.slice(1)])
    else {
      const at = rows.findIndex(other => other.protocol === OWN && gatewaysOf(other) === gatewaysOf(route))
      if (at === -1) return 'ESRCH'
      this.#keep(key, rows.toSpliced(at, 1))
    }
    return ''
  }

  #keep(key: string, rows: KernelRoute[]): void {
    if (rows.length > 0) this.rows.set(key, rows)
    else this.rows.delete(key)
  }

  #tell(kind: 'came' | 'went', route: KernelRoute, replaced: boolean, byKernel = false): void {
    this.plan.changed(kind, route, { own: route.protocol === OWN, replaced, byKernel }, this.now, 0)
  }
}

function keyOf({ bytes, length }: KernelRoute): string {
  return `${Array.from(bytes).join('.')}/${length}`
}
