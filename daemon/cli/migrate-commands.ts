/** The commands that lead away from what podpeer replaces. */
import { Option } from 'commander'
import { ControlClient } from '../control/client.ts'
import { agentSocket } from './agent-commands.ts'
import { exitCode } from './exit-code.ts'
import { show } from './output.ts'
import { outputOption, type ShowingOptions, type Tree } from './tree.ts'

interface MigrationOptions extends ShowingOptions {
  readonly socket: string
  readonly kubeconfig?: string
  readonly apply?: boolean
}

export function addMigrateCommands(tree: Tree): void {
  tree.program
    .command('migrate')
    .description('away from what podpeer replaces')
    .command('dummy-node')
    .description("take flannel's rows towards BIG-IP over, and say whether the Node that stands for it may be deleted")
    .option('--apply', 'take them over on this node; without it nothing is changed')
    .option('--socket <path>', "the agent's control socket ($PODPEER_SOCKET)", agentSocket(tree))
    .addOption(new Option('--kubeconfig <file>', 'of the cluster ($KUBECONFIG, ~/.kube/config, service account)'))
    .addOption(outputOption())
    .action(async ({ socket, kubeconfig, apply = false, output }: MigrationOptions) => {
      const { migrationView } = await import('./migrate-dummy-node.ts')
      const sources = {
        agent: new ControlClient(socket),
        standIns: async () => (await import('../controller/stand-ins.ts')).readStandIns(kubeconfig),
      }
      const { ok } = await show(migrationView(sources, apply), tree.screen, output)
      if (!ok) tree.end(exitCode.no)
    })
}
