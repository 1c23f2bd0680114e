/**
 * How a device reaches the nodes: which of its own addresses lies in their subnet, and whether a node can be a next hop at all.
 * Pure. A next hop that is on no subnet of the device is no route on BIG-IP: such nodes are left out, and the remedy is told.
 */
import { type Family, parseAddress } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import type { NodeNetwork } from '../../cni/network.ts'
import type { Finding } from '../finding.ts'
import type { SelfIP } from './place.ts'

/** Enough nodes to tell in which subnet they are. */
const ASKED = 64

/**
 * The device's own address in the subnet that most nodes are in; of several the lowest path. Undefined: none is in any.
 * @param selfIPs without those on tunnels
 */
export function nearestSelfIP(
  selfIPs: readonly SelfIP[],
  nodes: readonly NodeNetwork[],
  family: Family,
): SelfIP | undefined {
  const asked = nodes.slice(0, ASKED).flatMap(({ addresses }) => addresses.filter(address => address.family === family))
  const endpoints = asked.map(({ address }) => parseAddress(address))
  let best: { readonly selfIP: SelfIP; readonly near: number } | undefined
  for (const selfIP of selfIPs) {
    if (selfIP.address.family !== family) continue
    const near = endpoints.filter(endpoint => selfIP.subnet.contains(endpoint)).length
    if (near === 0) continue
    if (best === undefined || near > best.near || (near === best.near && selfIP.path < best.selfIP.path))
      best = { selfIP, near }
  }
  return best?.selfIP
}

/** The subnets that a next hop may be in. */
export function connectedSubnets(selfIPs: readonly SelfIP[], tunnels: ReadonlySet<string>): Prefix[] {
  return selfIPs.filter(({ vlan }) => !tunnels.has(vlan)).map(({ subnet }) => subnet)
}

/** Undefined: it is connected. */
export function notConnected(node: string, address: string, subnets: readonly Prefix[]): string | undefined {
  const parsed = parseAddress(address)
  if (subnets.some(subnet => subnet.contains(parsed))) return undefined
  return `${address} of Node ${node} is on none of the device's subnets, so it can be no next hop: give the device a self IP in the node's subnet`
}

/** One finding for all nodes that are left out as no next hop. */
export function connectionFinding(unit: string, missed: readonly string[], subnets: readonly Prefix[]): Finding[] {
  if (missed.length === 0) return []
  const named = missed.slice(0, 3).join(', ') + (missed.length > 3 ? ` and ${missed.length - 3} more` : '')
  const known = subnets.length === 0 ? 'it has none in this route domain' : `it has ${subnets.join(', ')}`
  return [
    {
      code: 'next-hop-not-connected',
      severity: 'error',
      subject: `unit ${unit}`,
      cause: `${named} cannot be next hops: BIG-IP routes only to gateways on its own subnets, and ${known}`,
      remedy:
        "tmsh create net self NAME address ADDRESS/LENGTH vlan VLAN in the nodes' subnet, or use mode bgp with bgp.peers per-node through a router, or flannel-vxlan or cilium-vxlan, which need no common subnet",
    },
  ]
}
