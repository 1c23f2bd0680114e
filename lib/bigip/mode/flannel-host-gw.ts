/** flannel's host-gw backend: the device does what each node does, a route for each node's pod CIDR by the node's address. */
import type { Answer, ModeInput } from './desire.ts'
import { nodeRoutes } from './node-routes.ts'
import type { Place } from './place.ts'

export function flannelHostGw(input: ModeInput, place: Place): Answer {
  const answer = nodeRoutes(input, place)
  const { backend } = input.network
  if (backend === undefined || backend === 'host-gw') return answer
  return {
    ...answer,
    findings: [
      ...answer.findings,
      {
        code: 'flannel-backend',
        severity: 'warning',
        subject: `unit ${input.unit.name}`,
        cause: `flannel's backend is ${backend}: its nodes answer through their overlay what comes without it`,
        remedy: backend === 'vxlan' ? 'write mode: flannel-vxlan' : 'set the backend host-gw in kube-flannel-cfg',
      },
    ],
  }
}
