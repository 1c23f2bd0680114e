/** What to try in a lab that is up, as commands to copy. */
import { join, relative } from 'node:path'
import type { Lab } from './lab.ts'
import { namespaceName } from './leftovers.ts'
import { wayIn } from './rootless.ts'

const HERE = import.meta.dirname

export function renderSuggestions(lab: Lab): string {
  const entry = wayIn()
  const { place, agent } = lab.node(1)
  const other = lab.topology.nodes.at(-1)!
  const here = (path: string) => relative(process.cwd(), join(HERE, path)) || '.'
  return [
    '',
    'Try, in another terminal:',
    '',
    ...(entry === undefined ? [] : ['  # the lab is in a user namespace: step inside first', `  ${entry}`]),
    `  export PATH=${join(HERE, '../../node_modules/.bin')}:$PATH    # the Node.js of this package`,
    `  export KUBECONFIG=${lab.kubeconfig} KUBECACHEDIR=${join(lab.folder, 'kube-cache')}`,
    // a function, for scripts as well, which know no alias
    `  podpeer() { node '${join(HERE, '../../daemon/main.ts')}' "$@"; }`,
    `  export PODPEER_SOCKET=${agent.files.socket}    # the agent of ${place.name}`,
    '',
    '  kubectl get nodes -o wide',
    `  kubectl delete node ${other.name}    # its routes go`,
    '  podpeer peers',
    '  podpeer routes',
    `  podpeer explain ${lab.topology.vip.ipv4}`,
    `  node ${here('ping-from.ts')} ${namespaceName('client')} ${other.pods[0]!.address.ipv4}`,
    `  node ${here('enter.ts')} ${namespaceName(place.name)} ip route    # as ip netns exec would`,
    `  tail -f ${join(lab.folder, place.name, 'podpeer.log')}`,
    '',
    'Ctrl-C ends the lab.',
    '',
  ].join('\n')
}
