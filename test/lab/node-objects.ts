/** The lab's nodes as Node objects of the Kubernetes API. Pure. */
import type { KubeObject } from '../../lib/kube/object.ts'
import type { LabNode, PerFamily } from './topology.ts'

export const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** A Ready node as a cloud controller and kubelet would register it. */
export function nodeObject(node: LabNode, podCIDRs: PerFamily = node.podCIDRs): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: {
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': 'linux',
        [ZONE_LABEL]: node.segment,
      },
      annotations: { 'podpeer.io/as-number': String(node.asNumber) },
    },
    spec: { podCIDR: podCIDRs.ipv4, podCIDRs: [podCIDRs.ipv4, podCIDRs.ipv6] },
    status: {
      addresses: [
        { type: 'InternalIP', address: node.address.ipv4 },
        { type: 'InternalIP', address: node.address.ipv6 },
        { type: 'Hostname', address: node.name },
      ],
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'the lab says so' }],
      nodeInfo: { kubeletVersion: 'v1.32.0', osImage: 'podpeer lab', kernelVersion: '', containerRuntimeVersion: '' },
    },
  }
}
