/**
 * CNIs that keep to the Node's own words: Antrea, and any that is not known here; kube-router with its annotations; and the AWS
 * VPC CNI, whose pods have addresses of the underlay, so that nothing but the node's address is read.
 */
import type { NodeReading } from './node-reading.ts'

export function readPodCidrNode(reading: NodeReading): void {
  reading.nodeAddresses()
  reading.nodePodCIDRs()
}

export function readKubeRouterNode(reading: NodeReading): void {
  const { annotations } = reading.node
  reading.nodeAddresses()
  reading.asNumberFrom('kube-router.io/node.asn')
  for (const annotation of ['kube-router.io/pod-cidrs', 'kube-router.io/pod-cidr'])
    for (const text of (annotations[annotation] ?? '').split(','))
      reading.podCIDR(text.trim(), `annotation ${annotation}`)
  if (reading.podCIDRs.length === 0) reading.nodePodCIDRs()
}

export function readUnderlayNode(reading: NodeReading): void {
  reading.nodeAddresses()
}
