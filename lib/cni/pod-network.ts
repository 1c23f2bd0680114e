/** Pods with addresses of their own, from what the API says of them. Pure; a pod that is the same value as before costs a look-up. */
import type { ClusterPods } from './cluster-objects.ts'
import type { PodNetwork } from './network.ts'

/** Without pods on the host's network, without addresses, and that have ended; an address counts for one pod, the younger. */
export function podNetworks(pods: ClusterPods): PodNetwork[] {
  throw new Error(`not there yet: ${pods}`)
}
