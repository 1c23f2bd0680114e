/** The commands that run an agent, and those that look into the one of this node. */
import { setFlagsFromString } from 'node:v8'
import { Argument, type Command, Option } from 'commander'
import { InputFault } from '../../lib/base/failure.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { ControlClient } from '../control/client.ts'
import type { FamilyName, RoutesQuery, RouteTableName } from '../control/document.ts'
import { controllerSocketOption, withoutControllerOptions } from './device-options.ts'
import type { DrainOptions } from './drain.ts'
import { exitCode } from './exit-code.ts'
import { show, watch } from './output.ts'
import { outputOption, type ShowingOptions, showOrWatch, type Tree, watchOption } from './tree.ts'

const DEFAULT_SOCKET = '/run/podpeer/agent.sock'

interface AskingOptions extends ShowingOptions {
  readonly socket: string
}

export function addAgentCommands(tree: Tree): void {
  for (const add of [
    addPeers,
    addPeerActions,
    addRoutes,
    addExplain,
    addBfd,
    addVxlan,
    addNode,
    addDrain,
    addConfig,
    addAgent,
  ])
    add(tree)
}

interface PeersOptions extends AskingOptions {
  readonly check?: true
  readonly messages?: true
  readonly hex?: boolean
}

function addPeers(tree: Tree): void {
  watching(tree, tree.program.command('peers'))
    .description('the sessions and what is exchanged over them')
    .argument('[address]', 'address or name of one peer, to see all about it')
    .addOption(new Option('--check', 'exit 1 unless all of them are Established').conflicts(['watch', 'messages']))
    .option('--messages', 'the last messages of that peer, both ways, over all its sessions')
    .option('--hex', 'with --messages: their octets, too')
    .action(async (name: string | undefined, options: PeersOptions) => {
      const client = new ControlClient(options.socket)
      if (options.messages || options.hex) return await showMessages(tree, client, name, options)
      const { complaintAbout, peersView, peerView } = await import('./peers.ts')
      const peers =
        name === undefined
          ? (await showOrWatch(tree, peersView(client), options)).peers
          : [(await showOrWatch(tree, peerView(client, name), options)).peer]
      const complaint = options.check ? complaintAbout(peers) : undefined
      if (complaint === undefined) return
      tree.screen.complain(complaint)
      tree.end(exitCode.no)
    })
}

async function showMessages(
  tree: Tree,
  client: ControlClient,
  name: string | undefined,
  { hex = false, ...options }: PeersOptions,
): Promise<void> {
  if (name === undefined)
    throw new InputFault('', 'messages are of one peer', 'name it: podpeer peers ADDRESS --messages')
  const { messagesView } = await import('./messages.ts')
  await showOrWatch(tree, messagesView(client, name, hex), options)
}

function addPeerActions(tree: Tree): void {
  const peer = new Argument('<peer>', 'its address or name')
  asking(tree, tree.program.command('refresh'))
    .description('ask a peer for its routes again, or send it ours again; the session stays')
    .addArgument(peer)
    .addArgument(new Argument('[direction]', 'in: its routes; out: ours').choices(['in', 'out']).default('in'))
    .addOption(new Option('--family <family>', 'only of this family').choices(['ipv4', 'ipv6']))
    .action(
      async (name: string, direction: 'in' | 'out', options: AskingOptions & { readonly family?: FamilyName }) => {
        const { refreshView } = await import('./peer-actions.ts')
        const client = new ControlClient(options.socket)
        await show(refreshView(client, name, direction, options.family), tree.screen, options.output)
      },
    )
  asking(tree, tree.program.command('reset'))
    .description('end the session with a peer and set it up anew, whatever was against it')
    .addArgument(peer)
    .option('--message <text>', 'told to the operator of the peer (RFC 9003)')
    .action(async (name: string, options: AskingOptions & { readonly message?: string }) => {
      const { resetView } = await import('./peer-actions.ts')
      await show(resetView(new ControlClient(options.socket), name, options.message), tree.screen, options.output)
    })
}

interface RoutesOptions extends AskingOptions {
  readonly peer?: string
  readonly family?: FamilyName
}

const TABLES: Readonly<Record<RouteTableName, string>> = {
  best: 'the routes that are used; where none is named',
  received: 'all that the peers have sent, whatever became of it',
  advertised: 'what the peers are told',
}

const TABLES_HELP = `\nTables:\n${Object.entries(TABLES)
  .map(([table, summary]) => `  ${table.padEnd(21)}  ${summary}`)
  .join('\n')}`

function addRoutes(tree: Tree): void {
  watching(tree, tree.program.command('routes'))
    .description('the routes of a table, all or those within a prefix')
    .usage('[options] [best|received|advertised] [prefix]')
    // choices for the completion; what the first word is selectionOf says
    .addArgument(new Argument('[table]', 'see below').choices(Object.keys(TABLES)).argParser(text => text))
    .argument('[prefix]', 'only what lies in it')
    .option('--peer <address>', 'only of this peer, by address or name')
    .addOption(new Option('--family <family>', 'only of this family').choices(['ipv4', 'ipv6']))
    .addHelpText('after', TABLES_HELP)
    .action(async (first: string | undefined, second: string | undefined, options: RoutesOptions) => {
      const { socket, output, peer, family } = options
      const { routesView, showRoutes } = await import('./routes.ts')
      const client = new ControlClient(socket)
      const query = { ...selectionOf(first, second), ...(peer && { peer }), ...(family && { family }) }
      if (options.watch) await watch(routesView(client, query), tree.screen, output)
      else await showRoutes(client, query, tree.screen, output)
    })
}

/** The table may be left out: then the first word is the prefix. */
function selectionOf(first: string | undefined, second: string | undefined): RoutesQuery {
  const table = Object.keys(TABLES).find((name): name is RouteTableName => name === first)
  const prefix = table === undefined ? first : second
  if (table === undefined && first !== undefined && (second !== undefined || !/[.:]/.test(first)))
    throw new InputFault('', `there is no table "${first}"`, `use ${Object.keys(TABLES).join(', ')}`)
  return { table: table ?? 'best', ...(prefix !== undefined && { prefix: checkPrefix(prefix) }) }
}

interface ExplainOptions extends AskingOptions {
  readonly controllerSocket: string
  readonly bigip?: string
  readonly kubeconfig?: string
  readonly namespace?: string
}

function addExplain(tree: Tree): void {
  const command = watching(tree, tree.program.command('explain'))
  for (const option of withoutControllerOptions()) command.addOption(option)
  command
    .description(
      'why a route is used or not and whom it is announced to; of a pod, the way of packets between it and BIG-IP',
    )
    .addArgument(new Argument('<target>', 'a prefix or an address').argParser(checkPrefix))
    .addOption(controllerSocketOption(tree, '--controller-socket <path>'))
    .addHelpText('after', EXPLAIN_HELP)
    .action(
      async (
        target: string,
        { socket, controllerSocket, bigip, kubeconfig, namespace, ...options }: ExplainOptions,
      ) => {
        const [{ explainView, isWrong }, { withSide }] = await Promise.all([
          import('./explain.ts'),
          import('./controller-side.ts'),
        ])
        const where = { ...(bigip && { bigip }), ...(kubeconfig && { kubeconfig }), ...(namespace && { namespace }) }
        const value = await withSide({ socket: controllerSocket, ...where }, side =>
          showOrWatch(
            tree,
            explainView(
              {
                agent: new ControlClient(socket),
                devices: pod => side.journeys({ pod }),
                devicesNamed: bigip !== undefined || kubeconfig !== undefined,
              },
              target,
            ),
            options,
          ),
        )
        if (isWrong(value)) tree.end(exitCode.no)
      },
    )
}

const EXPLAIN_HELP = `
Exit code 1: there is no route, or a hop on the way to a pod of this node or from it is wrong.`

function addBfd(tree: Tree): void {
  watching(tree, tree.program.command('bfd'))
    .description('the BFD sessions beside those of BGP')
    .action(async (options: AskingOptions) => {
      const { bfdView } = await import('./bfd.ts')
      await showOrWatch(tree, bfdView(new ControlClient(options.socket)), options)
    })
}

function addVxlan(tree: Tree): void {
  const vxlan = watching(tree, tree.program.command('vxlan'))
    .description('the BIG-IPs at the end of tunnels, the rows that lead there, and whether they answer')
    .action(async (options: AskingOptions) => {
      const { vxlanView } = await import('./vxlan.ts')
      await showOrWatch(tree, vxlanView(new ControlClient(options.socket)), options)
    })
  asking(tree, vxlan.command('probe'))
    .description('measure the way to one or all of them; exit 1 unless they are healthy')
    .argument('[vtep]', 'its name')
    .action(async (vtep: string | undefined, { socket, output }: AskingOptions) => {
      const { probeView } = await import('./vxlan-probe.ts')
      const { probes } = await show(probeView(new ControlClient(socket), vtep), tree.screen, output)
      if (probes.length === 0) tree.screen.complain('no VTEP is known')
      if (probes.length === 0 || probes.some(({ healthy, standby }) => !healthy && !standby)) tree.end(exitCode.no)
    })
}

function addNode(tree: Tree): void {
  const node = tree.program.command('node').description('this node')
  watching(tree, node.command('status'))
    .description('the BGP status of this node, as calicoctl prints it')
    .action(async (options: AskingOptions) => {
      const { nodeStatusView } = await import('./node-status.ts')
      const { agent } = await showOrWatch(tree, nodeStatusView(new ControlClient(options.socket)), options)
      if (options.output === 'table') for (const problem of agent.problems) tree.screen.complain(problem)
    })
}

function addDrain(tree: Tree): void {
  asking(tree, tree.program.command('drain'))
    .description('tell peers that this node is about to go, withdraw what it announces, then end its sessions')
    .addOption(new Option('--wait <seconds>', 'from GRACEFUL_SHUTDOWN until routes are withdrawn (default: 5)'))
    .addOption(new Option('--message <text>', 'told to the operators of the peers as the sessions end (RFC 9003)'))
    .action(async ({ socket, output, ...options }: AskingOptions & DrainOptions) => {
      const { drainView } = await import('./drain.ts')
      await show(drainView(new ControlClient(socket), options), tree.screen, output)
    })
  asking(tree, tree.program.command('undrain'))
    .description('set the sessions up again and announce')
    .action(async ({ socket, output }: AskingOptions) => {
      const { undrainView } = await import('./drain.ts')
      await show(undrainView(new ControlClient(socket)), tree.screen, output)
    })
}

function addConfig(tree: Tree): void {
  const config = watching(tree, tree.program.command('config'))
    .description('the configuration in force, and where each value came from')
    .action(async (options: AskingOptions) => {
      const { configView } = await import('./config.ts')
      await showOrWatch(tree, await configView(new ControlClient(options.socket)), options)
    })
  config
    .command('check')
    .description('judge a file before an agent does')
    .argument('<file>')
    .addOption(outputOption())
    .action(async (file: string, { output }: Pick<AskingOptions, 'output'>) => {
      const { checkView } = await import('./config.ts')
      const { ok } = await show(await checkView(file), tree.screen, output)
      if (!ok) tree.end(exitCode.input)
    })
  config
    .command('schema')
    .description('the JSON Schema of the file, for editors')
    .action(async () => {
      const { jsonSchema } = await import('../config/index.ts')
      await tree.screen.write(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`)
    })
}

function addAgent({ program, end }: Tree): void {
  program
    .command('agent')
    .description("run this node's agent until SIGTERM or SIGINT; SIGHUP reads its file again")
    .requiredOption('--config <file>', 'its configuration (see `podpeer config schema`)')
    .action(async ({ config }: { readonly config: string }) => {
      // V8 would double its space for young objects while it loads, and later up to some 100 MiB: an agent makes few
      setFlagsFromString('--semi-space-growth-factor=1')
      const { runAgent } = await import('../agent/process.ts')
      end(await runAgent({ config }))
    })
}

/** Where the agent is asked unless an option says otherwise. */
export function agentSocket({ environment }: Tree): string {
  return environment['PODPEER_SOCKET'] || DEFAULT_SOCKET
}

function asking(tree: Tree, command: Command): Command {
  return command
    .option('--socket <path>', "the agent's control socket ($PODPEER_SOCKET)", agentSocket(tree))
    .addOption(outputOption())
}

function watching(tree: Tree, command: Command): Command {
  return asking(tree, command).addOption(watchOption())
}

/** Checked before the agent is asked, so that a slip is told as such whether or not it runs. */
function checkPrefix(text: string): string {
  parsePrefix(text)
  return text
}
