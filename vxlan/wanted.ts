/**
 * What a node needs in its kernel to reach BIG-IPs through a tunnel: for each VTEP its neighbour, its FDB row and the routes
 * to what lies behind it. Packets take the same way as with the rows that flannel makes for a Node; the keys are our own:
 * flannel's are the network address of the subnet and its own metric. Pure.
 */
import type { OverlayRow } from '../lib/linux/overlay/row.ts'
import type { Vtep } from './vtep.ts'

/** @param vteps of one family, which the device carries */
export function vtepRows(vteps: readonly Vtep[], device: string): OverlayRow[] {
  return vteps.flatMap(({ mac, endpoint, selfIP, subnets }): OverlayRow[] => [
    { kind: 'neighbor', device, address: selfIP, mac },
    { kind: 'fdb', device, mac, endpoint },
    ...subnets.map(prefix => ({ kind: 'route', device, prefix, gateway: selfIP }) as const),
  ])
}
