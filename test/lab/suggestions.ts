/** What to try in a lab that is up, as commands to copy. */
import { join, relative } from 'node:path'
import type { Lab } from './lab.ts'
import { namespaceName } from './leftovers.ts'
import { isRootless } from './rootless.ts'

const HERE = import.meta.dirname

export function renderSuggestions(lab: Lab): string {
  const { place, agent } = lab.node(1)
  const other = lab.topology.nodes.at(-1)!
  const here = (path: string) => relative(process.cwd(), join(HERE, path)) || '.'
  const podpeer = `node ${here('../../daemon/main.ts')}`
  const socket = `--socket ${agent.files.socket}`
  return [
    ...(isRootless()
      ? [
          'The lab runs in a user namespace. In another terminal, first step inside:',
          `  nsenter -t ${process.env['PODPEER_LAB_OUTSIDE']} -U -m -n --preserve-credentials`,
          '',
        ]
      : []),
    'Try, in another terminal (npm puts the right node first: npx -c COMMAND, or export PATH):',
    `  export PATH=${join(HERE, '../../node_modules/.bin')}:$PATH`,
    `  export KUBECONFIG=${lab.kubeconfig} KUBECACHEDIR=${join(lab.folder, 'kube-cache')}`,
    '  kubectl get nodes -o wide',
    `  kubectl delete node ${other.name}        # its routes go`,
    `  ${podpeer} peers ${socket}`,
    `  ${podpeer} routes best ${socket}`,
    `  ${podpeer} explain ${lab.topology.vip.ipv4} ${socket}`,
    `  node ${here('ping-from.ts')} ${namespaceName('client')} ${other.pods[0]!.address.ipv4}`,
    `  node ${here('enter.ts')} ${namespaceName(place.name)} ip route    # as ip netns exec would`,
    `  tail -f ${join(lab.folder, place.name, 'podpeer.log')}`,
    '',
    'Ctrl-C ends the lab.',
    '',
  ].join('\n')
}
