/** Which of a node's pods have addresses of the pod network now. Pure; who watches them is the agent. */
import { InputFault } from '../../lib/base/failure.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import type { PodView } from '../../lib/kube/object.ts'
import type { WatchedResource } from '../../lib/kube/watch.ts'

/** Of one node alone: what a cluster has of pods would be too much for every node. */
export function podsOf(node: string): WatchedResource<'pod'> {
  return { path: '/api/v1/pods', fieldSelector: `spec.nodeName=${node}`, project: 'pod' }
}

/**
 * Addresses of pods that run, of both families, sorted, in their canonical form. A pod that has ended still names its
 * address, which may be another's by now; those of the host's network have the node's.
 */
export function podAddresses(pods: Iterable<PodView>, node: string): string[] {
  const found = new Set<string>()
  for (const { phase, hostNetwork, addresses, node: own } of pods)
    if (phase === 'Running' && !hostNetwork && own === node)
      for (const text of addresses.flatMap(canonical)) found.add(text)
  return [...found].sort()
}

function canonical(text: string): string[] {
  try {
    return [parseAddress(text).toString()]
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    return []
  }
}
