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
  /** A sentence: what it was told from, or why it is `unknown`. */
  readonly detectedFrom: string
  /**
   * How pods of two nodes reach each other. Flannel: its backend type (`vxlan`, `host-gw` …); Calico: `bgp`, `ipip` or `vxlan`;
   * Cilium: `vxlan`, `geneve` or `native`.
   */
  readonly backend?: string
  /** As text, normal form; what the cluster may hand out to nodes. Empty: not known. */
  readonly clusterCIDRs: readonly string[]
  /** Of the overlay, where there is one. */
  readonly vxlan?: { readonly vni: number; readonly port: number; readonly mtu?: number }
  /** How long the pod CIDR of a node is, by family, where the CNI's configuration says it. */
  readonly nodeLengths: { readonly [F in Family]?: number }
  /** Cilium's entries for VTEPs outside of the cluster, as `cilium-config` has them; absent where it has none. */
  readonly ciliumVteps?: readonly CiliumVtep[]
  /** By name, sorted; without those that are left out wholly. */
  readonly nodes: readonly NodeNetwork[]
  /** Nodes that no mode can serve: stand-ins for a BIG-IP, and those whose addresses another node has. */
  readonly exclusions: readonly Exclusion[]
  /** Node objects that stand for BIG-IPs: no pods are there, and no node is given their pod CIDRs. */
  readonly standIns: readonly {
    readonly name: string
    /** VTEP addresses, RFC 5952 text. */
    readonly endpoints: readonly string[]
    readonly podCIDRs: readonly string[]
  }[]
}

/** One entry of Cilium's VTEP integration. */
export interface CiliumVtep {
  readonly endpoint: string
  readonly cidr: string
  readonly mac: string
}

/** What a node should say, or its CNI of it, and does not; modes that need it leave the node out for it. */
export interface NodeLack {
  readonly what: 'address' | 'podCIDR' | 'vtep'
  /** Absent: of both families. */
  readonly family?: Family
  /** Stable, CamelCase as the reason of an Event. */
  readonly reason: string
  /** A sentence with what to do. */
  readonly message: string
}

/** One node; where something is not known it is absent, and a mode that needs it leaves the node out with a reason. */
export interface NodeNetwork {
  readonly name: string
  readonly uid: string
  readonly ready: boolean
  readonly labels: Readonly<Record<string, string>>
  /** Where BIG-IP reaches the node: annotation of the CNI first, then InternalIP; first of each family. */
  readonly addresses: readonly { readonly family: Family; readonly address: string }[]
  /** All that its pods may have; `origin` is the name of the object that says so, where it is not the Node. */
  readonly podCIDRs: readonly { readonly family: Family; readonly prefix: string; readonly origin?: string }[]
  /** Of the overlay, by family of the pods that it carries (flannel has a device for each). */
  readonly vteps: readonly { readonly family: Family; readonly mac: string; readonly endpoint: string }[]
  /** `podpeer.io/as-number`, or what its CNI says. */
  readonly asNumber?: number
  /** Why something of the above is not there. */
  readonly lacks: readonly NodeLack[]
}

/** A pod with addresses of the pod network (never hostNetwork), Running or not. */
export interface PodNetwork {
  readonly namespace: string
  readonly name: string
  readonly node: string
  /** RFC 5952 text. */
  readonly addresses: readonly string[]
}
