/**
 * Routes to the pods of each node, for those who may not run BGP: with any CNI whose pods can be reached through their node's
 * address. What of a node its routes are for is the CNI's word: blocks of Calico, CiliumNodes, annotations, pod CIDRs.
 */
import type { Answer, ModeInput } from './desire.ts'
import { nodeRoutes } from './node-routes.ts'
import type { Place } from './place.ts'

export function staticRoutes(input: ModeInput, place: Place): Answer {
  const answer = nodeRoutes(input, place)
  const { network, unit } = input
  // a node of an overlay takes what is for its pods from outside, too, but Cilium drops what comes around its tunnel
  if (network.cni !== 'cilium' || network.backend === undefined || network.backend === 'native') return answer
  return {
    ...answer,
    findings: [
      ...answer.findings,
      {
        code: 'routes-beside-overlay',
        severity: 'warning',
        subject: `unit ${unit.name}`,
        cause: `Cilium routes through ${network.backend} between its nodes: whether it takes packets for pods that come around it depends on its policies`,
        remedy: network.backend === 'vxlan' ? 'write mode: cilium-vxlan' : 'set routing-mode native in cilium-config',
      },
    ],
  }
}
