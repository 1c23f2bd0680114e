/**
 * flannel's VXLAN overlay: the device is one more VTEP. An FDB record per node and family says where its MAC address is; how
 * the device learns which MAC address has a pod is `arp`: an entry for each pod, a pseudo-gateway with a route for each node, or by
 * flooding. A NotReady node keeps its rows, for its pods may well run.
 */
import type { Family } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import type { ClusterNetwork, NodeNetwork, PodNetwork } from '../../cni/network.ts'
import { podsByNode } from '../../cni/pod-network.ts'
import type { Finding } from '../finding.ts'
import type { Row } from '../row.ts'
import type { Answer, ModeInput } from './desire.ts'
import { keptIn, leaveOut, leaveOutLacking, type NodeAnswer, nodeRows } from './node-rows.ts'
import { type Overlay, overlaysOf } from './overlay.ts'
import type { Place } from './place.ts'
import { familyOf, firstHost, prefixes } from './subnet.ts'
import { chooseSelfIP, nodeLength, overlapping, subnetFindings } from './tunnel-subnet.ts'

/** flannel's own, where no configuration says another. */
const DEFAULTS = { vni: 1, port: 8472 }

/** All that the rows of a node follow from beside the node. */
interface Scene {
  readonly place: Place
  readonly overlays: readonly Overlay[]
  readonly arp: 'pod' | 'node' | 'none'
  /** VTEPs of BIG-IPs: what has one of them is no node. */
  readonly devices: readonly string[]
  /** Of all units. */
  readonly subnets: readonly Prefix[]
}

export function flannelVxlan(input: ModeInput, place: Place): Answer {
  const { spec, unit, network, otherUnits } = input
  const index = spec.units.findIndex(({ name }) => name === unit.name)
  const answer = overlaysOf(input, place, {
    families: familiesOf(input),
    floodingType: spec.arp === 'none' ? 'multipoint' : 'none',
    vni: network.vxlan?.vni ?? DEFAULTS.vni,
    port: network.vxlan?.port ?? DEFAULTS.port,
    subnetLength: family => nodeLength(network, family),
    selfIP: (family, endpoint) => chooseSelfIP(network, family, endpoint, index),
  })
  const { overlays } = answer
  const others = otherUnits.flatMap(({ published }) => (published === undefined ? [] : [published]))
  const scene: Scene = {
    place,
    overlays,
    arp: spec.arp,
    devices: [...overlays.map(({ endpoint }) => endpoint), ...others.flatMap(endpointsOf)],
    subnets: [
      ...overlays.flatMap(({ subnets }) => subnets),
      ...prefixes(others.flatMap(({ tunnelSubnets }) => tunnelSubnets)),
    ],
  }
  const context = `flannel-vxlan ${place.key} ${JSON.stringify([overlays, scene.arp, scene.devices, scene.subnets])}`
  const nodes = nodeRows(overlays.length === 0 ? [] : network.nodes, context, node => rowsOfNode(node, scene))
  const pods = spec.arp === 'pod' ? podRows(input.pods, nodes.served, scene, context) : []
  return {
    ...answer,
    rows: [...answer.rows, ...nodes.rows, ...pods],
    findings: [
      ...answer.findings,
      ...overlays.flatMap(overlay => subnetFindings(network, overlay, unit.name)),
      ...arpFindings(scene.arp, unit.name),
      ...backendFindings(network, unit.name),
    ],
    exclusions: nodes.exclusions,
    served: nodes.served.length,
  }
}

/** Of the cluster's configuration; where that is not known, of what nodes and units have. */
function familiesOf({ network, unit }: ModeInput): Family[] {
  const families = new Set(network.clusterCIDRs.map(familyOf))
  if (families.size === 0) for (const { vteps } of network.nodes) for (const { family } of vteps) families.add(family)
  if (families.size === 0) for (const text of unit.tunnel.selfIPs) families.add(familyOf(text))
  return [...families].sort()
}

function endpointsOf({
  vtep,
}: {
  readonly vtep?: { readonly address?: string; readonly address6?: string }
}): string[] {
  return [vtep?.address, vtep?.address6].filter(text => text !== undefined)
}

function rowsOfNode(node: NodeNetwork, scene: Scene): NodeAnswer {
  const { name, vteps } = node
  if (vteps.some(({ endpoint }) => scene.devices.includes(endpoint)))
    return leaveOut(node, 'StandsForBigIP', `Node ${name} has the VTEP address of a BIG-IP: it stands for it`)
  const overlapped = overlapping(node, scene.subnets)
  if (overlapped !== undefined) return leaveOut(node, 'PodCIDROverlapsTunnelSubnet', overlapped)
  const answers = scene.overlays.map(overlay => rowsOfOverlay(node, overlay, scene))
  const rows = answers.flatMap(answer => answer.rows ?? [])
  const [wrong] = answers.flatMap(({ exclusion }) => exclusion ?? [])
  if (wrong === undefined) return { rows }
  return answers.some(answer => answer.rows !== undefined) ? { rows, exclusion: wrong } : { exclusion: wrong }
}

function rowsOfOverlay(node: NodeNetwork, overlay: Overlay, { place, arp }: Scene): NodeAnswer {
  const { family, tunnel, onLink } = overlay
  const vtep = node.vteps.find(one => one.family === family)
  if (vtep === undefined)
    return leaveOutLacking(
      node,
      'vtep',
      'NoVtepMAC',
      `flannel has written no VTEP MAC address for IPv${family} on Node ${node.name}: see whether flanneld runs there, with backend vxlan`,
      family,
    )
  const cidrs = prefixes(node.podCIDRs.filter(cidr => cidr.family === family).map(({ prefix }) => prefix))
  const outside = cidrs.find(cidr => !onLink.some(subnet => subnet.contains(cidr)))
  if (outside !== undefined && arp !== 'node')
    return leaveOut(
      node,
      'PodCIDRNotOnLink',
      `pod CIDR ${outside} of Node ${node.name} is not within the self IP on ${tunnel} (${overlay.selfIPs.join(', ')}): give it a length that covers all pods`,
    )
  const record: Row = {
    kind: 'FDB record',
    name: vtep.mac,
    parent: tunnel,
    fields: { endpoint: place.address(vtep.endpoint) },
  }
  // the node's own address in the tunnel: by it the node asks whether BIG-IP answers
  const own = cidrs.map(cidr => cidr.address).filter(address => !onLink.some(subnet => subnet.address.equals(address)))
  if (arp === 'pod') return { rows: [record, ...own.map(address => neighbour(address.toString(), vtep.mac, place))] }
  if (arp === 'none') return { rows: [record] }
  if (cidrs.length === 0)
    return leaveOutLacking(node, 'podCIDR', 'NoPodCIDR', `Node ${node.name} has no IPv${family} pod CIDR`, family)
  const gateways = cidrs.map(firstHost)
  const far = gateways.find(gateway => !onLink.some(subnet => subnet.contains(gateway)))
  if (far !== undefined)
    return leaveOut(
      node,
      'GatewayNotOnLink',
      `the gateway ${far} to the pods of Node ${node.name} is not within the self IP on ${tunnel} (${overlay.selfIPs.join(', ')}): give it a length that covers all pods`,
    )
  return {
    rows: [
      record,
      ...gateways.map(gateway => neighbour(gateway.toString(), vtep.mac, place)),
      ...cidrs.map((cidr, at) => place.route(cidr.toString(), { gateway: gateways[at]!.toString() })),
    ],
  }
}

function neighbour(address: string, mac: string, place: Place): Row<'ARP'> | Row<'NDP'> {
  return {
    kind: familyOf(address) === 4 ? 'ARP' : 'NDP',
    name: place.adoptsCis ? place.cisName(address) : place.name(address),
    description: place.description,
    fields: { ipAddress: place.address(address), macAddress: mac },
  }
}

/** One entry per address, on the MAC address of the pod's node; pods of nodes that are left out have none. */
function podRows(pods: readonly PodNetwork[], served: readonly NodeNetwork[], scene: Scene, context: string): Row[] {
  const kept = keptIn<readonly PodNetwork[], { readonly node: NodeNetwork; readonly rows: readonly Row[] }>(
    `${context} pods`,
  )
  const byNode = podsByNode(pods)
  const rows: Row[] = []
  for (const node of served) {
    const own = byNode.get(node.name)
    if (own === undefined) continue
    let known = kept.get(own)
    if (known?.node !== node) {
      known = { node, rows: own.flatMap(pod => rowsOfPod(pod, node, scene)) }
      kept.set(own, known)
    }
    for (const row of known.rows) rows.push(row)
  }
  return rows
}

function rowsOfPod({ addresses }: PodNetwork, { vteps }: NodeNetwork, { place, overlays }: Scene): Row[] {
  return addresses.flatMap(address => {
    const family = familyOf(address)
    const vtep = vteps.find(one => one.family === family)
    const served = overlays.some(overlay => overlay.family === family)
    return vtep === undefined || !served ? [] : [neighbour(address, vtep.mac, place)]
  })
}

function arpFindings(arp: Scene['arp'], unit: string): Finding[] {
  if (arp === 'pod') return []
  const how = arp === 'node' ? 'a pseudo-gateway and a route for each node' : 'flooding through the tunnel'
  return [
    {
      code: 'arp-experimental',
      severity: 'note',
      subject: `unit ${unit}`,
      cause: `arp: ${arp} reaches pods by ${how}: no real device has confirmed yet that it does so`,
      remedy: 'write arp: pod for what is known to work',
    },
  ]
}

function backendFindings({ backend }: ClusterNetwork, unit: string): Finding[] {
  if (backend === undefined || backend === 'vxlan') return []
  return [
    {
      code: 'flannel-backend',
      severity: 'error',
      subject: `unit ${unit}`,
      cause: `flannel's backend is ${backend}, so that its nodes have no VTEPs`,
      remedy:
        backend === 'host-gw'
          ? 'write mode: flannel-host-gw'
          : 'set the backend vxlan in kube-flannel-cfg, or write mode: bgp',
    },
  ]
}
