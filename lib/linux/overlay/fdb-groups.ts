/**
 * The nexthop groups that rows of the FDB refer to, so that the kernel remembers whose rows they are: one fdb nexthop and
 * one fdb group of it per VTEP. Pure and mutable; ids come in pairs, the nexthop's and, one more, the group's.
 */
import type { Address } from '../../base/ip.ts'
import type { KernelNextHop } from '../netlink/nexthop.ts'

/** Nobody else's counter comes here: the kernel's own begins at 1. */
const FIRST_ID = 179 << 20

export class FdbGroups {
  readonly #protocol: number
  /** Endpoint → id of its nexthop. */
  readonly #ids = new Map<string, number>()
  /** Group → the endpoint of its one member. */
  #endpoints = new Map<number, Address>()
  /** Whoever has them. */
  #taken = new Set<number>()
  #next = FIRST_ID

  constructor(protocol: number) {
    this.#protocol = protocol
  }

  /** The whole of what the kernel holds. */
  scanned(rows: readonly KernelNextHop[]): void {
    const byId = new Map(rows.map(row => [row.id, row]))
    this.#taken = new Set(byId.keys())
    this.#ids.clear()
    this.#endpoints = new Map()
    for (const { id, protocol, members } of rows) {
      const [member = 0, ...others] = members
      const endpoint = byId.get(member)?.endpoint
      if (protocol !== this.#protocol || endpoint === undefined || others.length > 0 || id !== member + 1) continue
      this.#ids.set(endpoint.toString(), member)
      this.#endpoints.set(id, endpoint)
    }
  }

  /** Where frames to a group of ours go; undefined: it is none of ours. */
  endpointOf(group: number): Address | undefined {
    return this.#endpoints.get(group)
  }

  /** Id of the group of an endpoint, if there is one. */
  groupOf(endpoint: Address): number | undefined {
    const id = this.#ids.get(endpoint.toString())
    return id === undefined ? undefined : id + 1
  }

  /** The nexthop and the group to be made for an endpoint that has none. */
  make(endpoint: Address): readonly [KernelNextHop, KernelNextHop] {
    while (this.#taken.has(this.#next) || this.#taken.has(this.#next + 1)) this.#next += 2
    const id = this.#next
    this.#next += 2
    this.#ids.set(endpoint.toString(), id)
    this.#endpoints.set(id + 1, endpoint)
    return this.#pair(id, endpoint)
  }

  /** What is left to be deleted, the group first, of endpoints that no row needs. */
  takeUnused(used: ReadonlySet<string>): KernelNextHop[] {
    return [...this.#ids].flatMap(([endpoint, id]) => {
      if (used.has(endpoint)) return []
      const address = this.#endpoints.get(id + 1)!
      this.#ids.delete(endpoint)
      this.#endpoints.delete(id + 1)
      return this.#pair(id, address).toReversed()
    })
  }

  #pair(id: number, endpoint: Address): readonly [KernelNextHop, KernelNextHop] {
    const protocol = this.#protocol
    return [
      { id, protocol, endpoint, members: [] },
      { id: id + 1, protocol, endpoint: undefined, members: [id] },
    ]
  }
}
