/** The cluster's pod network as values: what every mode needs of it, whichever CNI made it. */
import type { Family } from '../base/ip.ts'
import type { Exclusion } from '../bigip/finding.ts'

export type CniName =
  | 'flannel'
  | 'calico'
  | 'cilium'
  | 'ovn-kubernetes'
  | 'aws-cni'
  | 'antrea'
  | 'kube-router'
  | 'unknown'

export interface ClusterNetwork {
  readonly cni: CniName
  /** A sentence: what it was told from. */
  readonly detectedFrom: string
  /** Flannel's backend: `vxlan`, `host-gw`; Calico: `bgp`, `vxlan` …; Cilium: `tunnel`, `native`. */
  readonly backend?: string
  /** As text, normal form; what the cluster may hand out to nodes. Empty: not known. */
  readonly clusterCIDRs: readonly string[]
  /** Of the overlay, where there is one. */
  readonly vxlan?: { readonly vni: number; readonly port: number; readonly mtu?: number }
  /** By name, sorted. */
  readonly nodes: readonly NodeNetwork[]
  /** Nodes that lack what their CNI should say of them. */
  readonly exclusions: readonly Exclusion[]
}

/** One node; where something is not known it is absent, and a mode that needs it leaves the node out with a reason. */
export interface NodeNetwork {
  readonly name: string
  readonly uid: string
  readonly ready: boolean
  readonly labels: Readonly<Record<string, string>>
  /** Where BIG-IP reaches the node: annotation of the CNI first, then InternalIP; first of each family. */
  readonly addresses: readonly { readonly family: Family; readonly address: string }[]
  /** All that its pods may have. */
  readonly podCIDRs: readonly { readonly family: Family; readonly prefix: string }[]
  /** Of the overlay, by family of the pods that it carries (flannel has a device for each). */
  readonly vteps: readonly { readonly family: Family; readonly mac: string; readonly endpoint: string }[]
  /** `podpeer.io/as-number`, or what its CNI says. */
  readonly asNumber?: number
}

/** A pod with addresses of the pod network (never hostNetwork), Running or not. */
export interface PodNetwork {
  readonly namespace: string
  readonly name: string
  readonly node: string
  readonly addresses: readonly string[]
}
