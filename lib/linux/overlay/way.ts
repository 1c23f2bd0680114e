/**
 * Ways of packets through this machine as its kernel has them: the rule, the row of the route table that it follows, the
 * neighbour behind it, the FDB row of a tunnel, each with whose it is. Reads, and judges nothing. What it says is of one
 * moment: it lives for one question.
 */
import { WorldFault } from '../../base/failure.ts'
import type { Address, Family } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import { type Link, listLinks } from '../netlink/link.ts'
import { type KernelNeighbor, listFdb, listNeighbors, listProxies } from '../netlink/neighbor.ts'
import { listNextHops } from '../netlink/nexthop.ts'
import { type KernelRoute, prefixOf, routeTo } from '../netlink/route.ts'
import { protocolName, renderPath } from '../netlink/route-text.ts'
import { type AnyRule, listAllRules } from '../netlink/rule.ts'
import { NetlinkSocket } from '../netlink/socket.ts'
import { readSysctl } from '../sysctl.ts'
import { FdbGroups } from './fdb-groups.ts'
import { KernelRows } from './kernel-rows.ts'
import type { KernelRow } from './plan.ts'

/** Where a packet goes, if it does. */
export interface Way {
  readonly to: Address
  /** Undefined: the kernel drops it. */
  readonly route: FoundRoute | undefined
  /** The kernel's code where it drops it: `ENETUNREACH` … */
  readonly refusal: string | undefined
  /** The rule that leads to the route's table; undefined: it is the kernel's own, or chooses by something else. */
  readonly rule: FoundRule | undefined
  /** ARP or NDP entry of the gateway, or of the address itself where the route has none. */
  readonly neighbor: FoundNeighbor | undefined
}

export interface FoundRoute {
  readonly prefix: Prefix
  readonly type: KernelRoute['type']
  /** Of the first of its ways out. */
  readonly gateway: Address | undefined
  readonly link: Link | undefined
  readonly table: number
  /** Ours, or in the words of rt_protos. */
  readonly owner: string
  /** In the words of `ip route`. */
  readonly text: string
}

export interface FoundRule {
  readonly priority: number
  readonly owner: string
  /** In the words of `ip rule`. */
  readonly text: string
}

export interface FoundNeighbor {
  readonly address: Address
  /** Normal form; undefined: the kernel asks for it, and has no answer. */
  readonly mac: string | undefined
  readonly owner: string
}

export interface FoundFdbRow {
  readonly endpoint: Address
  readonly owner: string
}

/** Of the link that packets come in by. */
export interface Forwarding {
  /** It passes packets on. */
  readonly on: boolean
  /** It drops what comes from where it would not answer to: 0 no, 1 strict, 2 loose. IPv4 only. */
  readonly reversePathFilter: 0 | 1 | 2
}

/** Protocol number of what is ours. */
const PROTOCOL = 179
const OWN = 'podpeer'

export class KernelWays {
  readonly #socket = new NetlinkSocket()
  readonly links: readonly Link[]
  readonly #rules: Readonly<Record<Family, readonly AnyRule[]>>
  readonly #neighbors: readonly KernelNeighbor[]
  readonly #rows: KernelRows
  readonly #fdb: readonly KernelRow[]

  /** Reads the network namespace of the calling thread. @throws WorldFault */
  constructor() {
    try {
      this.links = listLinks(this.#socket)
      this.#rules = { 4: listAllRules(this.#socket, 4), 6: listAllRules(this.#socket, 6) }
      const neighbors = listNeighbors(this.#socket)
      this.#neighbors = neighbors.filter(row => row.kind === 'neighbor')
      const groups = new FdbGroups(PROTOCOL)
      this.#rows = new KernelRows({ protocol: PROTOCOL, metric: 0 }, groups)
      this.#rows.links = new Map(this.links.map(link => [link.index, link]))
      this.#readGroups(groups)
      for (const row of neighbors) this.#rows.ofNeighbor(row)
      const tunnels = this.links.filter(({ kind }) => kind === 'vxlan')
      const fdb = tunnels.flatMap(({ index }) => listFdb(this.#socket, index))
      this.#fdb = fdb.flatMap(row => this.#rows.ofNeighbor(row) ?? [])
    } catch (thrown) {
      this.#socket.close()
      throw thrown
    }
  }

  /** @param arrival absent: the packet is one of this machine's own @throws WorldFault where the kernel cannot be asked */
  way(to: Address, arrival?: { readonly source: Address; readonly link: Link }): Way {
    try {
      const route = routeTo(this.#socket, to, arrival && { source: arrival.source, link: arrival.link.index })
      const [hop] = route.hops
      return {
        to,
        route: this.#found(route),
        refusal: undefined,
        rule: this.#ruleTo(route, to, arrival?.source),
        neighbor: hop && this.#neighborOf(hop.gateway ?? to, hop.link),
      }
    } catch (thrown) {
      if (!(thrown instanceof WorldFault) || !REFUSALS.includes(thrown.code)) throw thrown
      return { to, route: undefined, refusal: thrown.code, rule: undefined, neighbor: undefined }
    }
  }

  /** Where frames to a MAC address go; undefined: nowhere. */
  fdb(device: string, mac: string): FoundFdbRow | undefined {
    for (const { row, owner } of this.#fdb)
      if (row.kind === 'fdb' && row.device === device && row.mac === mac)
        return { endpoint: row.endpoint, owner: owner === 'ours' ? OWN : owner === 'kernel' ? 'learned' : 'another' }
    return undefined
  }

  /** @throws WorldFault */
  forwarding({ name }: Link, family: Family): Forwarding {
    const read = (link: string, what: string) => Number(readSysctl(`net/ipv${family}/conf/${link}/${what}`))
    const filter = family === 4 ? Math.max(read('all', 'rp_filter'), read(name, 'rp_filter')) : 0
    return { on: read(name, 'forwarding') === 1, reversePathFilter: filter === 1 || filter === 2 ? filter : 0 }
  }

  /** Whose proxy neighbour it is by which the kernel answers ARP or NDP for an address on a link; undefined: there is none. */
  proxy(link: Link, address: Address): string | undefined {
    for (const row of listProxies(this.#socket))
      if (row.kind === 'proxy' && row.link === link.index && row.address.equals(address)) return ownerOf(row.protocol)
    return undefined
  }

  /** @throws WorldFault */
  sysctl(name: string): string {
    return readSysctl(name)
  }

  close(): void {
    this.#socket.close()
  }

  #readGroups(groups: FdbGroups): void {
    try {
      groups.scanned(listNextHops(this.#socket))
    } catch (thrown) {
      if (!(thrown instanceof WorldFault) || thrown.code !== 'EOPNOTSUPP') throw thrown
      this.#rows.plain = true
    }
  }

  #found(route: KernelRoute): FoundRoute {
    const nameOf = (index: number) => this.#link(index)?.name ?? String(index)
    const prefix = prefixOf(route)
    const [hop] = route.hops
    return {
      prefix,
      type: route.type,
      gateway: hop?.gateway,
      link: hop && this.#link(hop.link),
      table: route.table,
      owner: ownerOf(route.protocol),
      text: `${prefix} ${renderPath(route, nameOf)}`,
    }
  }

  #ruleTo({ table, family }: KernelRoute, to: Address, source: Address | undefined): FoundRule | undefined {
    const rule = this.#rules[family].find(
      one =>
        one.table === table &&
        one.to.contains(to) &&
        (source === undefined ? one.from.length === 0 : one.from.contains(source)),
    )
    if (rule === undefined) return undefined
    const whither = rule.to.length === 0 ? '' : ` to ${rule.to}`
    const whence = rule.from.length === 0 ? 'from all' : `from ${rule.from}`
    const { priority, protocol } = rule
    return { priority, owner: ownerOf(protocol), text: `${priority}: ${whence}${whither} lookup ${tableName(table)}` }
  }

  #neighborOf(address: Address, link: number): FoundNeighbor | undefined {
    const found = this.#neighbors.find(row => row.link === link && row.address.equals(address))
    if (found === undefined) return undefined
    const row = this.#rows.ofNeighbor(found)
    const mac = row?.row.kind === 'neighbor' && row.row.mac !== '' ? row.row.mac : undefined
    return { address, mac, owner: !found.permanent ? 'kernel' : ownerOf(found.protocol) }
  }

  #link(index: number): Link | undefined {
    return this.links.find(link => link.index === index)
  }
}

/** Codes by which the kernel says that it drops the packet. */
const REFUSALS = ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'EXDEV']

function ownerOf(protocol: number): string {
  if (protocol === PROTOCOL) return OWN
  return protocol === 0 ? 'another' : protocolName(protocol)
}

/** As iproute2 names them (etc/iproute2/rt_tables). */
export function tableName(table: number): string {
  return { 253: 'default', 254: 'main', 255: 'local' }[table] ?? String(table)
}
