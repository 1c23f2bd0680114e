/** OVN-Kubernetes: a node's pod CIDRs and its address are annotations of JSON, one network of which is called `default`. */
import { FAMILIES, type NodeReading } from './node-reading.ts'

const SUBNETS = 'k8s.ovn.org/node-subnets'
const ADDRESS = 'k8s.ovn.org/node-primary-ifaddr'

export function readOvnNode(reading: NodeReading): void {
  const { name, annotations } = reading.node
  const primary = reading.json(ADDRESS, 'address') ?? {}
  for (const family of FAMILIES) {
    const text = primary[`ipv${family}`]
    if (typeof text === 'string') reading.address(text, `annotation ${ADDRESS}`, family)
  }
  reading.nodeAddresses()
  if (annotations[SUBNETS] === undefined)
    return reading.lack(
      'podCIDR',
      'NoPodCIDR',
      `Node ${name} has no annotation ${SUBNETS} yet: see its ovnkube-node pod`,
    )
  const subnets = reading.json(SUBNETS, 'podCIDR')?.['default']
  for (const text of Array.isArray(subnets) ? subnets : [subnets])
    if (typeof text === 'string') reading.podCIDR(text, `annotation ${SUBNETS}`)
  if (reading.podCIDRs.length === 0)
    reading.lack('podCIDR', 'NoPodCIDR', `annotation ${SUBNETS} of Node ${name} has no subnet of the network "default"`)
}
