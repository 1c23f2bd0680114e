/**
 * Cilium's VTEP integration: the device is a VTEP of VNI 2 (identity "world"), floods ARP to all nodes, and Cilium has been told
 * the device's VTEP, subnet and MAC address (vtep-values). The FDB records hold no true MAC address: they are the list of
 * those to flood to. IPv4 only, as Cilium has it.
 */
import { parseAddress } from '../../base/ip.ts'
import type { ClusterNetwork, NodeNetwork } from '../../cni/network.ts'
import type { Finding } from '../finding.ts'
import type { Row } from '../row.ts'
import { judgeVteps } from '../vtep-values.ts'
import type { Answer, ModeInput } from './desire.ts'
import { leaveOut, leaveOutLacking, type NodeAnswer, nodeRows } from './node-rows.ts'
import { type Overlay, overlaysOf } from './overlay.ts'
import type { Place } from './place.ts'
import { familyOf, firstHost, overlap, prefixes } from './subnet.ts'
import { overlapping } from './tunnel-subnet.ts'

const DEFAULTS = { vni: 2, port: 8472 }

export function ciliumVxlan(input: ModeInput, place: Place): Answer {
  const { network, unit, spec, otherUnits } = input
  const answer = overlaysOf(input, place, {
    families: [4],
    floodingType: 'multipoint',
    vni: DEFAULTS.vni,
    port: network.vxlan?.port ?? DEFAULTS.port,
    selfIP: (_family, endpoint) => toldSelfIP(network, endpoint),
  })
  const [overlay] = answer.overlays
  const published = { ...answer.published }
  const findings = [
    ...answer.findings,
    ...(spec.tunnel.vni === undefined || spec.tunnel.vni === DEFAULTS.vni
      ? []
      : [otherVni(spec.tunnel.vni, unit.name)]),
    ...(overlay === undefined ? [] : insidePods(network, overlay, unit.name)),
    ...(overlay === undefined
      ? []
      : judgeVteps(network.ciliumVteps, [{ unit: unit.name, ...published, ...published.vtep }])),
  ]
  if (overlay === undefined) return { ...answer, findings, exclusions: [], served: 0 }
  const subnets = [...overlay.subnets, ...prefixes(otherUnits.flatMap(other => other.published?.tunnelSubnets ?? []))]
  const cidrs = network.clusterCIDRs.filter(cidr => familyOf(cidr) === 4)
  const context = `cilium-vxlan ${place.key} ${overlay.tunnel} ${cidrs.join(' ')} ${subnets.join(' ')}`
  const nodes = nodeRows(network.nodes, context, node => {
    const wrong = overlapping(node, subnets)
    return wrong === undefined
      ? rowsOfNode(node, overlay, place, cidrs.length > 0)
      : leaveOut(node, 'PodCIDROverlapsTunnelSubnet', wrong)
  })
  return {
    ...answer,
    rows: [...answer.rows, ...cidrs.map(cidr => place.route(cidr, { interface: overlay.tunnel })), ...nodes.rows],
    findings,
    exclusions: nodes.exclusions,
    served: nodes.served.length,
  }
}

/** By which a Cilium that is set up already knows this device. */
function toldSelfIP({ ciliumVteps = [] }: ClusterNetwork, endpoint: string): string | undefined {
  const entry = ciliumVteps.find(vtep => vtep.endpoint === endpoint)
  const [subnet] = entry === undefined ? [] : prefixes([entry.cidr])
  return subnet && `${firstHost(subnet)}/${subnet.length}`
}

function rowsOfNode(node: NodeNetwork, overlay: Overlay, place: Place, routed: boolean): NodeAnswer {
  const address = node.addresses.find(({ family }) => family === 4)?.address
  if (address === undefined)
    return leaveOutLacking(node, 'address', 'NoIPv4Address', `Node ${node.name} has no IPv4 address for its VTEP`)
  const record: Row = {
    kind: 'FDB record',
    name: floodingMac(address),
    parent: overlay.tunnel,
    fields: { endpoint: place.address(address) },
  }
  if (routed) return { rows: [record] }
  // where the cluster's pod network is not known as a whole, it is known by its nodes
  const own = node.podCIDRs.filter(({ family }) => family === 4)
  if (own.length === 0)
    return leaveOutLacking(node, 'podCIDR', 'NoPodCIDR', `Node ${node.name} has no IPv4 pod CIDR`, 4)
  return { rows: [record, ...own.map(({ prefix }) => place.route(prefix, { interface: overlay.tunnel }))] }
}

/** Locally administered: `0a:0a:` and the node's address in hexadecimal. */
function floodingMac(address: string): string {
  const octets = [0x0a, 0x0a, ...parseAddress(address).bytes]
  return octets.map(octet => octet.toString(16).padStart(2, '0')).join(':')
}

function otherVni(vni: number, unit: string): Finding {
  return {
    code: 'cilium-vni',
    severity: 'error',
    subject: `unit ${unit}`,
    cause: `spec.tunnel.vni is ${vni}, and Cilium takes only VNI 2 from a VTEP`,
    remedy: 'remove spec.tunnel.vni; clusters on one device differ in route domain or VTEP address',
  }
}

function insidePods({ clusterCIDRs }: ClusterNetwork, { subnets }: Overlay, unit: string): Finding[] {
  const clash = prefixes(clusterCIDRs).flatMap(cluster =>
    subnets.filter(subnet => overlap(cluster, subnet)).map(subnet => ({ cluster, subnet })),
  )
  return clash.slice(0, 1).map(({ cluster, subnet }) => ({
    code: 'tunnel-subnet-allocatable',
    severity: 'error',
    subject: `unit ${unit}`,
    cause: `the tunnel subnet ${subnet} lies in the pod network ${cluster}: Cilium can give it to a node, and keeps it for pods`,
    remedy:
      'write units[].tunnel.selfIPs with an address outside of the pod network, and tell Cilium: podpeer bigip vtep-values',
  }))
}
