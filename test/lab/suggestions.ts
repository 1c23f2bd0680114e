/** What to try in a lab that is up, as commands to copy. */
import { join, relative } from 'node:path'
import type { BigIpLab } from './bigip-lab.ts'
import { BIGIP } from './bigip-topology.ts'
import { namespaceName } from './leftovers.ts'
import { wayIn } from './rootless.ts'

const HERE = import.meta.dirname

export function renderSuggestions(lab: BigIpLab): string {
  const entry = wayIn()
  const { place, agent } = lab.node(1)
  const other = lab.topology.nodes.at(-1)!
  const here = (path: string) => relative(process.cwd(), join(HERE, path)) || '.'
  const inside = (name: string, command: string) => `node ${here('enter.ts')} ${namespaceName(name)} ${command}`
  const ofAgents = {
    'peer with BIG-IP': ['  podpeer peers', '  podpeer routes', `  podpeer explain ${lab.topology.vip.ipv4}`],
    'keep rows': ['  podpeer vxlan -o wide', '  podpeer vxlan probe'],
  }
  return [
    '',
    'Try, in another terminal:',
    '',
    ...(entry === undefined ? [] : ['  # the lab is in a user namespace: step inside first', `  ${entry}`]),
    `  export PATH=${join(HERE, '../../node_modules/.bin')}:$PATH    # the Node.js of this package`,
    `  export KUBECONFIG=${lab.kubeconfig} KUBECACHEDIR=${join(lab.folder, 'kube-cache')}`,
    // a function, for scripts as well, which know no alias
    `  podpeer() { node '${join(HERE, '../../daemon/main.ts')}' "$@"; }`,
    `  export PODPEER_CONTROLLER_SOCKET=${lab.controller.socket}`,
    ...(lab.plan.agents ? [`  export PODPEER_SOCKET=${agent.files.socket}    # the agent of ${place.name}`] : []),
    '',
    '  podpeer bigip status',
    '  podpeer bigip plan',
    '  podpeer doctor',
    `  kubectl get bigips,nodes -o wide`,
    `  kubectl delete node ${other.name}    # what BIG-IP has of it goes`,
    ...(lab.plan.agents ? ofAgents[lab.plan.agents] : []),
    `  node ${here('ping-from.ts')} ${namespaceName('client')} ${other.pods[0]!.address.ipv4}`,
    `  ${inside(lab.plan.agents ? place.name : BIGIP, 'ip route')}    # as ip netns exec would`,
    `  ${inside(BIGIP, 'bridge fdb show')}    # the kernel behind BIG-IP`,
    `  tail -f ${lab.controller.log}`,
    '',
    'Ctrl-C ends the lab.',
    '',
  ].join('\n')
}
