/**
 * The subnet of a device on flannel's overlay: which one to take where nobody says, and what is wrong with the one that is taken.
 * Judges values, knows no device. flannel gives nodes subnets out of the cluster CIDR, so that a subnet of the device in
 * there is only safe while a Node holds it; outside of it, with a mask that covers both, it is safe for good.
 */
import { bitsOf, type Family } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import type { ClusterNetwork, NodeNetwork } from '../../cni/network.ts'
import type { Finding } from '../finding.ts'
import type { Overlay } from './overlay.ts'
import { firstHost, neighbourOf, overlap, prefixes, subnetFromEnd } from './subnet.ts'

/** Those of kube-controller-manager (--node-cidr-mask-size). */
const USUAL_LENGTH: { readonly [F in Family]: number } = { 4: 24, 6: 64 }
/** Subnets that are tried from the end of the cluster CIDR. */
const TRIES = 256

/** How long the subnet of each node is. */
export function nodeLength({ nodeLengths, nodes }: ClusterNetwork, family: Family): number {
  const known = nodeLengths[family]
  if (known !== undefined) return known
  for (const { podCIDRs } of nodes) {
    const own = podCIDRs.find(cidr => cidr.family === family)
    if (own !== undefined) return Number(own.prefix.split('/')[1])
  }
  return USUAL_LENGTH[family]
}

/**
 * The first host of the subnet that a stand-in Node holds for this VTEP; else of the last subnet of the cluster CIDR that is
 * free, for the second unit of the one before it. Undefined: the cluster CIDR is not known, or full.
 */
export function chooseSelfIP(
  network: ClusterNetwork,
  family: Family,
  endpoint: string,
  index: number,
): string | undefined {
  const cluster = prefixes(network.clusterCIDRs).find(prefix => prefix.family === family)
  if (cluster === undefined) return undefined
  const held = network.standIns.find(({ endpoints }) => endpoints.includes(endpoint))
  const reserved = prefixes(held?.podCIDRs ?? []).find(prefix => prefix.family === family)
  if (reserved !== undefined) return `${firstHost(reserved)}/${cluster.length}`
  const taken = new Set(network.nodes.flatMap(({ podCIDRs }) => podCIDRs.map(({ prefix }) => prefix)))
  for (const { podCIDRs } of network.standIns) for (const prefix of podCIDRs) taken.add(prefix)
  let free = -1
  for (let before = 0; before < TRIES; before++) {
    const subnet = subnetFromEnd(cluster, nodeLength(network, family), before)
    if (subnet === undefined) return undefined
    if (!taken.has(subnet.toString()) && ++free === index) return `${firstHost(subnet)}/${cluster.length}`
  }
  return undefined
}

export function subnetFindings(network: ClusterNetwork, overlay: Overlay, unit: string): Finding[] {
  const clusters = prefixes(network.clusterCIDRs).filter(({ family }) => family === overlay.family)
  const held = prefixes(network.standIns.flatMap(({ podCIDRs }) => podCIDRs))
  const subject = `unit ${unit}`
  return [
    ...overlay.subnets
      .filter(subnet => clusters.some(cluster => cluster.contains(subnet)) && !held.some(one => one.contains(subnet)))
      .map(
        (subnet): Finding => ({
          code: 'tunnel-subnet-allocatable',
          severity: 'warning',
          subject,
          cause: `the cluster can give the tunnel subnet ${subnet} to a node, for it lies in ${clusters.find(cluster => cluster.contains(subnet))}: that node would then get no rows`,
          remedy: `write units[].tunnel.selfIPs with an address beside the cluster CIDR and a mask that covers both, such as ${beside(clusters[0]!, nodeLength(network, overlay.family))} if nothing else has that subnet`,
        }),
      ),
    ...clusters
      .filter(cluster => !overlay.onLink.some(onLink => onLink.contains(cluster)))
      .map(
        (cluster): Finding => ({
          code: 'self-ip-mask',
          severity: 'error',
          subject,
          cause: `the self IPs ${overlay.selfIPs.join(', ')} on ${overlay.tunnel} do not cover the pod network ${cluster}: BIG-IP would send to the pods outside by its default route`,
          remedy: `give the self IP the length ${cluster.length} or less under units[].tunnel.selfIPs`,
        }),
      ),
  ]
}

/** What of a node's pod CIDRs collides with a subnet of a device. */
export function overlapping(node: NodeNetwork, subnets: readonly Prefix[]): string | undefined {
  for (const prefix of prefixes(node.podCIDRs.map(cidr => cidr.prefix))) {
    const subnet = subnets.find(one => overlap(one, prefix))
    if (subnet !== undefined)
      return `its pod CIDR ${prefix} overlaps the tunnel subnet ${subnet} of BIG-IP: take another one under units[].tunnel.selfIPs, or make Node ${node.name} again so that it gets another pod CIDR`
  }
  return undefined
}

/** A self IP outside of the cluster CIDR with a mask that covers both. @param length of the subnet of a node */
export function beside(cluster: Prefix, length: number): string {
  const other = cluster.length === 0 ? cluster : neighbourOf(cluster)
  const subnet = subnetFromEnd(other, Math.min(Math.max(length, other.length), bitsOf(other.family)), 0)
  return `${firstHost(subnet ?? other)}/${Math.max(0, cluster.length - 1)}`
}
