/**
 * What has to be known of Kubernetes to tell the cluster's pod network, as data: which resources to watch, and the form in
 * which clusterNetwork takes them. Watches nothing itself. Resources of a CNI that a cluster may lack are optional: where
 * the API server does not know the resource, that is an empty list, not a failure.
 */
import type { KubeObject, NodeView, PodView, ProjectionName } from '../kube/object.ts'

/** All objects known, by kind. The same object must stay the same value until it changes: what follows from it is kept. */
export interface ClusterObjects {
  readonly nodes: Iterable<NodeView>
  /** `blockaffinities.crd.projectcalico.org` */
  readonly blockAffinities: Iterable<KubeObject>
  /** `ippools.crd.projectcalico.org` */
  readonly ipPools: Iterable<KubeObject>
  /** `ciliumnodes.cilium.io` */
  readonly ciliumNodes: Iterable<KubeObject>
  /** The ConfigMaps of CNIs, whatever their namespaces. */
  readonly configMaps: Iterable<KubeObject>
}

export interface ClusterSource {
  readonly of: keyof ClusterObjects | 'pods'
  readonly path: string
  readonly fieldSelector?: string
  readonly project?: ProjectionName
  /** The cluster may not know the resource. */
  readonly optional: boolean
}

const configMap = (namespace: string, name: string): ClusterSource => ({
  of: 'configMaps',
  path: `/api/v1/namespaces/${namespace}/configmaps`,
  fieldSelector: `metadata.name=${name}`,
  optional: false,
})

/** What to watch for `clusterNetwork`. */
export const CLUSTER_SOURCES: readonly ClusterSource[] = [
  { of: 'nodes', path: '/api/v1/nodes', project: 'node', optional: false },
  { of: 'blockAffinities', path: '/apis/crd.projectcalico.org/v1/blockaffinities', optional: true },
  { of: 'ipPools', path: '/apis/crd.projectcalico.org/v1/ippools', optional: true },
  { of: 'ciliumNodes', path: '/apis/cilium.io/v2/ciliumnodes', optional: true },
  configMap('kube-flannel', 'kube-flannel-cfg'),
  configMap('kube-system', 'kube-flannel-cfg'),
  configMap('kube-system', 'cilium-config'),
  configMap('kube-system', 'amazon-vpc-cni'),
  configMap('kube-system', 'antrea-config'),
  configMap('kube-system', 'kube-router-cfg'),
]

/** What to watch for `podNetworks`, needed only where a mode says so (`needsPods`): pods that have ended are left out. */
export const POD_SOURCE: ClusterSource = {
  of: 'pods',
  path: '/api/v1/pods',
  fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
  project: 'pod',
  optional: false,
}

/** The pods of `POD_SOURCE`. */
export type ClusterPods = Iterable<PodView>
