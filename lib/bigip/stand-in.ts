/**
 * Nodes that stand for a BIG-IP in flannel's eyes (`bigip1` of the guides): whether one may be deleted now that agents keep
 * the rows. Pure. Rule: what the deletion would free and a BIG-IP has on its tunnel is an obstacle, for the cluster gives it
 * to a new node, whose pods then share addresses with the BIG-IP.
 */
import type { Family } from '../base/ip.ts'
import type { Prefix } from '../base/prefix.ts'
import type { ClusterNetwork } from '../cni/network.ts'
import { overlap, prefixes } from './mode/subnet.ts'
import { beside, nodeLength } from './mode/tunnel-subnet.ts'
import type { BigIp, UnitStatus } from './resource.ts'

export interface StandInVerdict {
  readonly node: string
  readonly endpoints: readonly string[]
  readonly podCIDRs: readonly string[]
  /** Whose VTEP it names: `BIGIP/UNIT`. */
  readonly units: readonly string[]
  /** What stands against its deletion; empty: nothing that the API knows. */
  readonly obstacles: readonly Obstacle[]
}

export interface Obstacle {
  readonly cause: string
  readonly remedy: string
}

export function judgeStandIns(
  network: ClusterNetwork,
  bigIps: readonly Pick<BigIp, 'metadata' | 'status'>[],
): StandInVerdict[] {
  const all = bigIps.flatMap(({ metadata, status }) =>
    (status.units ?? []).map(unit => ({ name: `${metadata.name}/${unit.name}`, unit })),
  )
  return network.standIns.map(({ name: node, endpoints, podCIDRs }) => {
    const meant = all.filter(({ unit }) => endpointsOf(unit).some(endpoint => endpoints.includes(endpoint)))
    const obstacles =
      meant.length === 0
        ? [unknownVtep(node, endpoints)]
        : meant.flatMap(({ name, unit }) => [
            ...lackingMac(name, unit),
            ...freed(node, prefixes(podCIDRs), name, unit, network),
          ])
    return { node, endpoints, podCIDRs, units: meant.map(({ name }) => name), obstacles }
  })
}

function endpointsOf({ vtep }: UnitStatus): string[] {
  return [vtep?.address, vtep?.address6].filter(text => text !== undefined)
}

function unknownVtep(node: string, endpoints: readonly string[]): Obstacle {
  return {
    cause: `no BIGIP has a VTEP at ${endpoints.join(' or ') || 'any address that it names'}: without Node ${node} no node would reach that device`,
    remedy:
      'make the BIGIP object, or list the VTEP under overlay.vteps of the agents; see `podpeer vxlan` on the nodes',
  }
}

function lackingMac(name: string, { vtep = {} }: UnitStatus): Obstacle[] {
  const lacks = (vtep.address !== undefined && !vtep.mac) || (vtep.address6 !== undefined && !vtep.mac6)
  if (!lacks) return []
  const cause = `the MAC address of the tunnel of ${name} is not known yet, so that agents have no rows for it`
  return [{ cause, remedy: 'see `podpeer bigip status`' }]
}

/** What of the unit's subnets the cluster could hand out once the Node is gone. */
function freed(
  node: string,
  podCIDRs: readonly Prefix[],
  name: string,
  unit: UnitStatus,
  network: ClusterNetwork,
): Obstacle[] {
  const clusters = prefixes(network.clusterCIDRs)
  return prefixes(unit.tunnelSubnets ?? []).flatMap(subnet => {
    const own = podCIDRs.find(cidr => overlap(cidr, subnet))
    const cluster = clusters.find(cidr => overlap(cidr, subnet))
    // of a cluster whose range is not known it is taken for a part
    if (cluster === undefined && (own === undefined || clusters.some(({ family }) => family === subnet.family)))
      return []
    const held = own === undefined ? `lies in ${cluster}` : `is kept free only by Node ${node}, which holds ${own}`
    return [
      {
        cause: `the tunnel subnet ${subnet} of ${name} ${held}: the cluster could give it to a new node`,
        remedy: `keep the Node, which does no harm, or first move the self IP: write under units[].tunnel.selfIPs of the BIGIP ${example(cluster, subnet.family, network)}, wait until \`podpeer vxlan\` shows it on the nodes, and ask again`,
      },
    ]
  })
}

function example(cluster: Prefix | undefined, family: Family, network: ClusterNetwork): string {
  const wish = 'an address beside the cluster CIDR with a mask that covers both'
  return cluster === undefined
    ? wish
    : `${wish}, such as ${beside(cluster, nodeLength(network, family))} if nothing else has that subnet`
}
