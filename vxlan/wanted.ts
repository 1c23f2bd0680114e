/**
 * What a node needs in its kernel to reach BIG-IPs through a tunnel: for each VTEP its neighbour, its FDB row and the routes
 * to what lies behind it. Packets take the same way as with the rows that flannel makes for a Node; the keys are our own:
 * flannel's are the network address of the subnet and its own metric. What both units of a pair have (a subnet, an address
 * that floats, a masqueraded MAC address) leads to the one that serves. Pure.
 */
import type { Address } from '../lib/base/ip.ts'
import { hostPrefix, Prefix } from '../lib/base/prefix.ts'
import { type OverlayRow, rowKey } from '../lib/linux/overlay/row.ts'
import { OWN_PRIORITY, OWN_TABLE } from './own.ts'
import type { Vtep } from './vtep.ts'

/**
 * @param vteps of one family, which the device carries; of equals the first wins
 * @param own the routes are in a table of their own, which rules in front of all of a CNI's lead to
 */
export function vtepRows(vteps: readonly Vtep[], device: string, own = false): OverlayRow[] {
  const leastFirst = vteps.toReversed().toSorted((one, other) => Number(other.standby) - Number(one.standby))
  const subnets = new SubnetOwners(vteps)
  const rows = leastFirst.flatMap((vtep): OverlayRow[] => {
    const { mac, endpoint, selfIP: gateway } = vtep
    // an address that its own subnets, and no others, lead to needs no route of its own
    const hosts = [gateway, ...vtep.floating].filter(address => !subnets.leadOnlyTo(vtep, address)).map(hostPrefix)
    return [
      { kind: 'neighbor', device, address: gateway, mac },
      { kind: 'fdb', device, mac, endpoint },
      ...[...vtep.subnets, ...hosts].flatMap(prefix => routeRows(prefix, device, gateway, own)),
    ]
  })
  return [...new Map(rows.map(row => [rowKey(row), row])).values()]
}

function routeRows(prefix: Prefix, device: string, gateway: Address, own: boolean): OverlayRow[] {
  if (!own) return [{ kind: 'route', device, prefix, gateway }]
  return [
    { kind: 'route', device, prefix, gateway, table: OWN_TABLE },
    { kind: 'rule', to: prefix, table: OWN_TABLE, priority: OWN_PRIORITY },
  ]
}

/** Whose subnets hold an address. */
class SubnetOwners {
  readonly #owners = new Map<string, Set<Vtep>>()
  readonly #lengths = new Set<number>()

  constructor(vteps: readonly Vtep[]) {
    for (const vtep of vteps)
      for (const subnet of vtep.subnets) {
        const key = subnet.toString()
        this.#owners.set(key, (this.#owners.get(key) ?? new Set()).add(vtep))
        this.#lengths.add(subnet.length)
      }
  }

  leadOnlyTo(vtep: Vtep, { bytes }: Address): boolean {
    const owners = new Set([...this.#lengths].flatMap(length => [...this.#of(new Prefix(bytes, length))]))
    return owners.size === 1 && owners.has(vtep)
  }

  #of(subnet: Prefix): ReadonlySet<Vtep> {
    return this.#owners.get(subnet.toString()) ?? new Set()
  }
}
