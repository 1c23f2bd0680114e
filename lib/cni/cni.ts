/** What every CNI answers of a cluster and of a node: the shapes that the files beside this one fill. */
import type { KubeObject } from '../kube/object.ts'
import type { ClusterNetwork } from './network.ts'

/** What the configuration of a CNI says of the whole cluster. */
export type CniNetwork = Pick<ClusterNetwork, 'backend' | 'clusterCIDRs' | 'vxlan' | 'nodeLengths' | 'ciliumVteps'>

export interface ConfigMapObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

export const NOTHING_SAID: CniNetwork = { clusterCIDRs: [], nodeLengths: {} }
