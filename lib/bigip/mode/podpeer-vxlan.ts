/**
 * An overlay of podpeer's own beside any CNI: the agents make a VXLAN device on each node, whose MAC address follows from the
 * node's name, so that the device's side is that of flannel's overlay with other VTEPs. Only traffic with the device's own
 * addresses as source comes back through it.
 */

import { nodeMac, OWN_DEFAULTS } from '../../../vxlan/own.ts'
import { Memo } from '../../base/memo.ts'
import type { ClusterNetwork, NodeNetwork } from '../../cni/network.ts'
import type { Finding } from '../finding.ts'
import type { Answer, ModeInput } from './desire.ts'
import { flannelVxlan } from './flannel-vxlan.ts'
import type { Place } from './place.ts'

export function podpeerVxlan(input: ModeInput, place: Place): Answer {
  const { spec, unit } = input
  if (spec.arp !== 'none') return flannelVxlan({ ...input, network: withOwnVteps(input.network) }, place)
  const finding: Finding = {
    code: 'own-overlay-flooding',
    severity: 'error',
    subject: `unit ${unit.name}`,
    cause: 'arp: none floods for MAC addresses of pods, which the nodes of podpeer’s own overlay do not answer for',
    remedy: 'write arp: pod or arp: node',
  }
  return { rows: [], findings: [finding], exclusions: [], served: 0, complete: false }
}

/** A node that is the same value stays the same. */
const changed = new Memo<NodeNetwork, NodeNetwork>()

function withOwnVteps(network: ClusterNetwork): ClusterNetwork {
  const nodes = network.nodes.map(node => changed.of(node, [], () => withOwnVtep(node)))
  return { ...network, backend: 'vxlan', vxlan: OWN_DEFAULTS, nodes }
}

/** What the CNI's own overlay lacks on it matters nothing here. */
function withOwnVtep(node: NodeNetwork): NodeNetwork {
  const vteps = node.addresses.map(({ family, address }) => ({
    family,
    mac: nodeMac(node.name, family),
    endpoint: address,
  }))
  const missing = ([4, 6] as const).filter(family => !vteps.some(vtep => vtep.family === family))
  const lacks = missing.map(family => ({
    what: 'vtep' as const,
    family,
    reason: `NoIPv${family}Address`,
    message: `Node ${node.name} has no IPv${family} address for its end of podpeer's overlay`,
  }))
  return { ...node, vteps, lacks: [...node.lacks.filter(({ what }) => what !== 'vtep'), ...lacks] }
}
