/** Objects as real clusters have them, for tests: nodes of each CNI, their ConfigMaps and resources. */
import type { ClusterObjects } from '../../../lib/cni/cluster-objects.ts'
import type { KubeObject, NodeView, PodView } from '../../../lib/kube/object.ts'

const FLANNEL = 'flannel.alpha.coreos.com'

export function node(number: number, more: Partial<NodeView> = {}): NodeView {
  const name = more.name ?? `node-${number}`
  return {
    name,
    uid: `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`,
    labels: { 'kubernetes.io/hostname': name },
    annotations: {},
    podCIDRs: [`10.244.${number}.0/24`],
    addresses: [
      { type: 'InternalIP', address: `10.1.10.${number}` },
      { type: 'Hostname', address: name },
    ],
    ready: true,
    unschedulable: false,
    creationTimestamp: `2026-01-01T00:00:${String(number % 60).padStart(2, '0')}Z`,
    ...more,
  }
}

/** The MAC address that flannelNode gives to a node. */
export function macOf(number: number, family: 4 | 6 = 4): string {
  const octets = [family === 4 ? 0x0a : 0x0e, 0xbb, 0, 0, number >> 8, number & 255]
  return octets.map(octet => octet.toString(16).padStart(2, '0')).join(':')
}

export function flannelNode(number: number, more: Partial<NodeView> = {}): NodeView {
  return node(number, {
    ...more,
    annotations: {
      [`${FLANNEL}/backend-type`]: 'vxlan',
      [`${FLANNEL}/backend-data`]: `{"VNI":1,"VtepMAC":"${macOf(number)}"}`,
      [`${FLANNEL}/kube-subnet-manager`]: 'true',
      [`${FLANNEL}/public-ip`]: `10.1.10.${number}`,
      ...more.annotations,
    },
  })
}

/** Both families, each with a device of its own. */
export function dualNode(number: number): NodeView {
  return flannelNode(number, {
    podCIDRs: [`10.244.${number}.0/24`, `fd00:10:244:${number}::/64`],
    addresses: [
      { type: 'InternalIP', address: `10.1.10.${number}` },
      { type: 'InternalIP', address: `FD00:1:10::${number}` },
    ],
    annotations: {
      [`${FLANNEL}/backend-v6-data`]: `{"VNI":1,"VtepMAC":"${macOf(number, 6).toUpperCase()}"}`,
      [`${FLANNEL}/public-ipv6`]: `fd00:1:10:0::${number}`,
    },
  })
}

/** As the guides have it made: `kubectl apply` of a Node that nobody runs. */
export function standIn(endpoint = '10.1.10.60', podCIDR = '10.244.20.0/24'): NodeView {
  return {
    name: 'bigip1',
    uid: 'b',
    labels: {},
    annotations: {
      [`${FLANNEL}/backend-type`]: 'vxlan',
      [`${FLANNEL}/backend-data`]: '{"VtepMAC":"00:50:56:86:6e:f9"}',
      [`${FLANNEL}/kube-subnet-manager`]: 'true',
      [`${FLANNEL}/public-ip`]: endpoint,
    },
    podCIDRs: [podCIDR],
    addresses: [],
    ready: false,
    unschedulable: false,
  }
}

export function configMap(namespace: string, name: string, data: Readonly<Record<string, string>>): KubeObject {
  return { metadata: { namespace, name, uid: name }, data }
}

export function flannelConfig(netConf: object = { Network: '10.244.0.0/16', Backend: { Type: 'vxlan' } }): KubeObject {
  return configMap('kube-flannel', 'kube-flannel-cfg', {
    'cni-conf.json': '{"name":"cbr0"}',
    'net-conf.json': JSON.stringify(netConf),
  })
}

export function blockAffinity(node: string, cidr: string, more: object = {}, name?: string): KubeObject {
  return {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'BlockAffinity',
    metadata: {
      name: name ?? `${node}-${cidr.replace(/[./:]/g, '-')}`,
      creationTimestamp: '2026-02-01T00:00:00Z',
    },
    spec: { cidr, node, state: 'confirmed', deleted: 'false', ...more },
  }
}

export function ipPool(cidr: string, more: object = {}): KubeObject {
  return {
    metadata: { name: 'default-ipv4-ippool' },
    spec: { cidr, blockSize: 26, ipipMode: 'Never', vxlanMode: 'Never', natOutgoing: true, ...more },
  }
}

export function ciliumNode(number: number, podCIDRs = [`10.0.${number}.0/24`]): KubeObject {
  return {
    metadata: { name: `node-${number}` },
    spec: {
      addresses: [
        { type: 'InternalIP', ip: `10.1.10.${number}` },
        { type: 'CiliumInternalIP', ip: `10.0.${number}.99` },
      ],
      ipam: { podCIDRs },
    },
  }
}

export function ciliumConfigMap(data: Readonly<Record<string, string>> = {}): KubeObject {
  return configMap('kube-system', 'cilium-config', {
    'routing-mode': 'tunnel',
    'tunnel-protocol': 'vxlan',
    ipam: 'cluster-pool',
    'cluster-pool-ipv4-cidr': '10.0.0.0/8',
    'cluster-pool-ipv4-mask-size': '24',
    'cni-chaining-mode': 'none',
    ...data,
  })
}

export function objects(some: Partial<ClusterObjects>): ClusterObjects {
  return { nodes: [], blockAffinities: [], ipPools: [], ciliumNodes: [], configMaps: [], ...some }
}

export function pod(name: string, node: string, addresses: string[], more: Partial<PodView> = {}): PodView {
  return {
    namespace: 'web',
    name,
    node,
    addresses,
    hostNetwork: false,
    phase: 'Running',
    creationTimestamp: '2026-03-01T00:00:00Z',
    ...more,
  }
}
