/**
 * Rows of the kernel → rows of an overlay, with whose they are. It knows the devices by name and the nexthop groups; it
 * reads nothing itself.
 */
import { macText } from '../../base/mac.ts'
import type { Link } from '../netlink/link.ts'
import type { KernelFdbRow, KernelNeighborRow } from '../netlink/neighbor.ts'
import { type KernelRoute, prefixOf } from '../netlink/route.ts'
import type { KernelRule } from '../netlink/rule.ts'
import type { FdbGroups } from './fdb-groups.ts'
import type { KernelRow } from './plan.ts'
import { type OverlayRow, routeContent, rowContent } from './row.ts'

/** What makes a row ours. */
export interface OwnerMark {
  readonly protocol: number
  readonly metric: number
}

/** Of routes that go before all others; of IPv4 alone, for the kernel gives those of IPv6 one. */
const NO_METRIC = 0

export class KernelRows {
  readonly #mark: OwnerMark
  readonly #groups: FdbGroups
  #links: ReadonlyMap<number, Link> = new Map()
  /** `DEVICE MAC` of neighbours of ours: they prove whose a plain FDB row is. */
  readonly #ourMacs = new Set<string>()
  /** The kernel knows no fdb nexthops: rows of ours are plain. */
  plain = false

  constructor(mark: OwnerMark, groups: FdbGroups) {
    this.#mark = mark
    this.#groups = groups
  }

  set links(links: ReadonlyMap<number, Link>) {
    this.#links = links
  }

  indexOf(device: string): number | undefined {
    for (const { name, index } of this.#links.values()) if (name === device) return index
    return undefined
  }

  /** Forgets what it has been told of neighbours. */
  begin(): void {
    this.#ourMacs.clear()
  }

  /** Neighbours have to be told before the FDB. */
  ofNeighbor(kernel: KernelNeighborRow): KernelRow | undefined {
    const device = this.#links.get(kernel.link)?.name
    if (device === undefined) return undefined
    if (kernel.kind === 'fdb') return this.#ofFdb(device, kernel)
    const isOurs = kernel.protocol === this.#mark.protocol
    const { address } = kernel
    if (kernel.kind === 'proxy')
      return { row: { kind: 'proxy', device, address }, owner: isOurs ? 'ours' : 'foreign', content: '' }
    const mac = kernel.mac === undefined ? '' : macText(kernel.mac)
    if (isOurs) this.#ourMacs.add(`${device} ${mac}`)
    const owner = !kernel.permanent ? 'kernel' : isOurs ? 'ours' : 'foreign'
    return told({ kind: 'neighbor', device, address, mac }, owner)
  }

  /** Undefined where it is neither at a key that could be ours nor a rival of one. */
  ofRoute(route: KernelRoute): KernelRow | undefined {
    const [hop] = route.hops
    const isAtKey = route.metric === this.#mark.metric
    if ((!isAtKey && route.metric !== NO_METRIC) || route.tos !== 0) return undefined
    const device = this.#links.get(hop?.link ?? 0)?.name ?? ''
    const isOurs = route.protocol === this.#mark.protocol
    const gateway = hop?.gateway
    const isSimple = route.type === 'unicast' && route.hops.length === 1 && gateway !== undefined
    if (!isAtKey && !isSimple) return undefined
    const content = isSimple ? routeContent(gateway, device) : route.type
    // what could not be a row of ours is only ever compared by its content
    const row: OverlayRow = {
      kind: 'route',
      device,
      prefix: prefixOf(route),
      gateway: gateway ?? prefixOf(route).address,
      table: route.table,
    }
    return isAtKey
      ? { row, owner: isOurs ? 'ours' : 'foreign', content }
      : { row, owner: 'foreign', content, rival: true }
  }

  ofRule({ to, table, priority, protocol }: KernelRule): KernelRow {
    return told({ kind: 'rule', to, table, priority }, protocol === this.#mark.protocol ? 'ours' : 'foreign')
  }

  #ofFdb(device: string, { mac: bytes, endpoint, nextHopGroup, permanent }: KernelFdbRow): KernelRow | undefined {
    const mac = macText(bytes)
    const ours = this.#groups.endpointOf(nextHopGroup)
    if (ours !== undefined) return told({ kind: 'fdb', device, mac, endpoint: ours }, 'ours')
    // a group of somebody else's: there is no telling where it leads
    if (endpoint === undefined) return undefined
    const isOurs = this.plain && this.#ourMacs.has(`${device} ${mac}`)
    const row = told({ kind: 'fdb', device, mac, endpoint }, !permanent ? 'kernel' : isOurs ? 'ours' : 'foreign')
    return this.plain ? row : { ...row, plain: true }
  }
}

function told(row: OverlayRow, owner: KernelRow['owner']): KernelRow {
  return { row, owner, content: rowContent(row) }
}
