/** The lab's nodes and pods as objects of the Kubernetes API. Pure. */
import type { KubeObject } from '../../lib/kube/object.ts'
import type { LabNode, PerFamily, Pod } from './topology.ts'

export const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** A Ready node as a cloud controller and kubelet would register it. @param annotations of its CNI */
export function nodeObject(
  node: LabNode,
  podCIDRs: PerFamily = node.podCIDRs,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
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
      annotations: { 'podpeer.io/as-number': String(node.asNumber), ...annotations },
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

/** A pod that runs. */
export function podObject({ name, node, address }: Pod): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'echo' } },
    spec: { nodeName: node, containers: [{ name: 'echo', image: 'echo' }] },
    status: {
      phase: 'Running',
      podIP: address.ipv4,
      podIPs: [{ ip: address.ipv4 }, { ip: address.ipv6 }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }
}
