/**
 * A cluster of some size before the controller, without an API server: objects as the API has them, kept in the form in which
 * watches keep them, and read by the code that reads those. Nodes and pods come and move as in a watch: one value replaced.
 */
import { clusterNetwork } from '../../lib/cni/cluster-network.ts'
import type { ClusterNetwork, CniName, PodNetwork } from '../../lib/cni/network.ts'
import { podNetworks } from '../../lib/cni/pod-network.ts'
import type { ClusterSource } from '../../lib/controller/cluster-source.ts'
import { type KubeObject, type NodeView, type PodView, projections } from '../../lib/kube/object.ts'

const CONFIG_MAPS: Readonly<Record<'flannel' | 'cilium', KubeObject>> = {
  flannel: {
    metadata: { name: 'kube-flannel-cfg', namespace: 'kube-flannel' },
    data: { 'net-conf.json': '{"Network":"10.0.0.0/9","Backend":{"Type":"vxlan"}}' },
  },
  cilium: {
    metadata: { name: 'cilium-config', namespace: 'kube-system' },
    data: { 'routing-mode': 'tunnel', 'tunnel-protocol': 'vxlan', 'cluster-pool-ipv4-cidr': '10.0.0.0/9' },
  },
}

export interface ClusterSize {
  readonly cni: keyof typeof CONFIG_MAPS
  readonly nodes: number
  readonly pods: number
}

export class BenchCluster implements ClusterSource {
  readonly synced = true
  readonly trouble = undefined
  readonly #nodes = new Map<number, NodeView>()
  readonly #pods = new Map<number, PodView>()
  readonly #configMap: KubeObject
  #changed: () => void = () => {}

  constructor({ cni, nodes, pods }: ClusterSize) {
    this.#configMap = CONFIG_MAPS[cni]
    for (let number = 0; number < nodes; number++) this.#nodes.set(number, node(number, 0))
    for (let number = 0; number < pods; number++) this.#pods.set(number, pod(number, nodes))
  }

  /** Adds it, or moves it: with the round its VTEP, MAC address and address are others. */
  putNode(number: number, round = 0): void {
    this.#nodes.set(number, node(number, round))
    this.#changed()
  }

  putPod(number: number): void {
    this.#pods.set(number, pod(number, this.#nodes.size))
    this.#changed()
  }

  start(changed: () => void): void {
    this.#changed = changed
  }

  network(cni?: CniName): ClusterNetwork {
    const nothing = { blockAffinities: [], ipPools: [], ciliumNodes: [] }
    return clusterNetwork({ nodes: this.#nodes.values(), configMaps: [this.#configMap], ...nothing }, cni)
  }

  pods(): readonly PodNetwork[] {
    return podNetworks(this.#pods.values())
  }

  needPods(): void {}

  async close(): Promise<void> {}
}

/** Pods in 10.0.0.0/9, nodes in 172.16.0.0/12. */
function node(number: number, round: number): NodeView {
  const [high, low] = [number >> 8, number & 255]
  const address = `172.${17 + round}.${high}.${low}`
  const mac = [2, round, 0, 0, high, low].map(octet => octet.toString(16).padStart(2, '0')).join(':')
  return projections.node({
    metadata: {
      name: `node-${number}`,
      uid: `node-${number}`,
      labels: { 'kubernetes.io/hostname': `node-${number}`, reflects: String(number < 3) },
      annotations: {
        'flannel.alpha.coreos.com/backend-type': 'vxlan',
        'flannel.alpha.coreos.com/backend-data': `{"VNI":1,"VtepMAC":"${mac}"}`,
        'flannel.alpha.coreos.com/public-ip': address,
      },
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { podCIDRs: [`10.${high}.${low}.0/24`] },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  })
}

/** The nodes have the pods in turn. */
function pod(number: number, nodes: number): PodView {
  const host = number % nodes
  return projections.pod({
    metadata: { name: `pod-${number}`, namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { nodeName: `node-${host}` },
    status: { phase: 'Running', podIPs: [{ ip: `10.${host >> 8}.${host & 255}.${2 + Math.floor(number / nodes)}` }] },
  })
}
