/**
 * The cluster's pod network from its objects: detects the CNI, lets it say what each node has, leaves out what stands in
 * for a BIG-IP and what two nodes both claim. Pure; a node whose objects are the same values as before costs a look-up.
 */
import type { ClusterObjects } from './cluster-objects.ts'
import type { ClusterNetwork, CniName } from './network.ts'

/**
 * Never throws for what objects hold: what cannot be read is a lack of that node, with a reason.
 * @param cni what a person said it is, where it cannot be told from the objects
 */
export function clusterNetwork(objects: ClusterObjects, cni?: CniName): ClusterNetwork {
  throw new Error(`not there yet: ${cni} ${objects}`)
}
