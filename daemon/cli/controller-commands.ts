/** The commands around BIG-IPs: the controller, what it does and would do, and what stands in its way. */
import { type Command, Option } from 'commander'
import { InputFault } from '../../lib/base/failure.ts'
import { ControlClient } from '../control/client.ts'
import type { PlanDocument } from '../controller/document.ts'
import { agentSocket } from './agent-commands.ts'
import { type ControllerSide, type SideOptions, withSide } from './controller-side.ts'
import { controllerSocketOption, namespaceOption, withoutControllerOptions } from './device-options.ts'
import { exitCode } from './exit-code.ts'
import { show } from './output.ts'
import { outputOption, type ShowingOptions, showOrWatch, type Tree, watchOption } from './tree.ts'

type SideCommandOptions = SideOptions & ShowingOptions

interface SelectionOptions extends SideCommandOptions {
  readonly unit?: string
}

export function addControllerCommands(tree: Tree): void {
  const bigip = tree.program
    .command('bigip')
    .description('what BIG-IPs hold for this cluster, and what they shall hold')
  for (const add of [addStatus, addPlan, addApply, addVtepValues]) add(tree, bigip)
  addDoctor(tree)
  addController(tree)
}

function addStatus(tree: Tree, bigip: Command): void {
  asking(tree, bigip.command('status'))
    .description('the devices: objects wanted and found, sessions, what went wrong')
    .argument('[name]', 'of one BIGIP')
    .addOption(watchOption())
    .addOption(new Option('--check', 'exit 1 unless all of them are ready').conflicts('watch'))
    .action(async (name: string | undefined, options: SideCommandOptions & { readonly check?: true }) => {
      const { bigIpStatusView, complaintAbout } = await import('./bigip-status.ts')
      const status = await withSide(options, side => showOrWatch(tree, bigIpStatusView(side, name), options))
      const complaint = options.check ? complaintAbout(status) : undefined
      if (complaint === undefined) return
      tree.screen.complain(complaint)
      tree.end(exitCode.no)
    })
}

function addPlan(tree: Tree, bigip: Command): void {
  selecting(tree, bigip.command('plan'))
    .description('what would change on the devices; exit 2 if anything')
    .action(async (name: string | undefined, options: SelectionOptions) => {
      const { hasChanges } = await import('./bigip-plan.ts')
      const plan = await showPlan(tree, options, side => side.plan(selectionOf(name, options)))
      if (hasChanges(plan)) tree.end(exitCode.changes)
      await tellTroubles(tree, plan)
    })
}

function addApply(tree: Tree, bigip: Command): void {
  selecting(tree, bigip.command('apply'))
    .description("make the devices right, now; exit 1 if that needs an operator's word")
    .option('--allow-deletions <word>', 'the token of a refusal, or how many objects may go')
    .action(async (name: string | undefined, options: SelectionOptions & { readonly allowDeletions?: string }) => {
      const { allowDeletions } = options
      if (allowDeletions !== undefined && !/^(\d+|[0-9a-f]{12})$/.test(allowDeletions))
        throw new InputFault(
          '--allow-deletions',
          `"${allowDeletions}" is neither token nor number`,
          'see `podpeer bigip plan`',
        )
      const allow = allowDeletions === undefined ? {} : { allow: allowDeletions }
      const plan = await showPlan(tree, options, side => side.apply({ ...selectionOf(name, options), ...allow }))
      if (plan.units.some(({ refused }) => refused !== undefined)) tree.end(exitCode.no)
      await tellTroubles(tree, plan)
    })
}

async function showPlan(
  tree: Tree,
  options: SelectionOptions,
  ask: (side: ControllerSide) => Promise<PlanDocument>,
): Promise<PlanDocument> {
  const { planView } = await import('./bigip-plan.ts')
  return await withSide(options, side =>
    show(
      planView(() => ask(side)),
      tree.screen,
      options.output,
    ),
  )
}

/** What was not reached weighs more than what was found. */
async function tellTroubles(tree: Tree, plan: PlanDocument): Promise<void> {
  const { troublesOf } = await import('./bigip-plan.ts')
  const troubles = troublesOf(plan)
  for (const trouble of troubles) tree.screen.complain(trouble)
  if (troubles.length > 0) tree.end(exitCode.failed)
}

function addVtepValues(tree: Tree, bigip: Command): void {
  asking(tree, bigip.command('vtep-values'))
    .description('what Cilium has to be told of the devices: Helm values, keys of its ConfigMap')
    .argument('[name]', 'of one BIGIP')
    .action(async (name: string | undefined, options: SideCommandOptions) => {
      const { vtepValuesView } = await import('./vtep-values.ts')
      const selection = name === undefined ? {} : { bigip: name }
      await withSide(options, side =>
        show(
          vtepValuesView(() => side.vtepValues(selection)),
          tree.screen,
          options.output,
        ),
      )
    })
}

function addDoctor(tree: Tree): void {
  asking(tree, tree.program.command('doctor'))
    .description('what keeps packets from arriving, on devices and on this node, and what mends it; exit 1 if anything')
    .argument('[name]', 'of one BIGIP')
    .action(async (name: string | undefined, options: SideCommandOptions) => {
      const { doctorView } = await import('./doctor.ts')
      const selection = name === undefined ? {} : { bigip: name }
      const agent = new ControlClient(agentSocket(tree))
      const { ok } = await withSide(options, side =>
        show(doctorView({ agent, devices: () => side.doctor(selection) }), tree.screen, options.output),
      )
      if (!ok) tree.end(exitCode.no)
    })
}

interface ControllerCommandOptions {
  readonly bigip?: string
  readonly kubeconfig?: string
  readonly namespace?: string
  readonly socket: string
  readonly metrics?: string
  readonly logLevel?: 'error' | 'warn' | 'info' | 'debug'
  readonly leaderElection: boolean
}

function addController(tree: Tree): void {
  const { program, end } = tree
  program
    .command('controller')
    .description('run the controller until SIGTERM or SIGINT')
    .addOption(controllerSocketOption(tree))
    .option('--bigip <file>', 'BIGIP objects of this YAML file, not those of the cluster')
    .option('--kubeconfig <file>', 'the cluster ($KUBECONFIG, ~/.kube/config, else the service account of the pod)')
    .addOption(namespaceOption())
    .option('--metrics <address>', 'serve /metrics, /healthz and /readyz on ADDRESS:PORT ($PODPEER_METRICS)')
    .addOption(new Option('--log-level <level>', 'of the log').choices(['error', 'warn', 'info', 'debug']))
    .option('--no-leader-election', 'it is the only one: ask for no Lease')
    .action(async ({ bigip, leaderElection, ...options }: ControllerCommandOptions) => {
      const { runController } = await import('../controller/process.ts')
      const where = bigip === undefined ? {} : { bigIp: bigip }
      // true is what commander has where nobody said so
      end(await runController({ ...options, ...where, ...(!leaderElection && { leaderElection }) }))
    })
}

function selectionOf(name: string | undefined, { unit }: SelectionOptions) {
  return { ...(name !== undefined && { bigip: name }), ...(unit !== undefined && { unit }) }
}

function selecting(tree: Tree, command: Command): Command {
  return asking(tree, command).argument('[name]', 'of one BIGIP').option('--unit <name>', 'only this unit of it')
}

function asking(tree: Tree, command: Command): Command {
  command.addOption(controllerSocketOption(tree))
  for (const option of withoutControllerOptions()) command.addOption(option)
  return command.addOption(outputOption())
}
