/** The tree of commands: names, arguments, options, help, and which module does the work. Completion is made from it, too. */
import { Argument, Command, Option } from 'commander'
import { InputFault } from '../../lib/base/failure.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { ControlClient } from '../control/client.ts'
import type { FamilyName, RoutesQuery, RouteTableName } from '../control/document.ts'
import { version } from '../version.ts'
import { exitCode } from './exit-code.ts'
import { OUTPUT_FORMATS, type OutputFormat, show, type View, watch } from './output.ts'
import type { Screen } from './screen.ts'

export const DEFAULT_SOCKET = '/run/podpeer/agent.sock'

/** What the commands have in common while the tree is made. */
interface Tree {
  readonly program: Command
  readonly screen: Screen
  /** Where the agent is asked unless an option says otherwise. */
  readonly socket: string
  /** Gets the exit code of the command that ran, where it is not 0. */
  readonly end: (code: number) => void
}

interface AskingOptions {
  readonly socket: string
  readonly output: OutputFormat
  readonly watch?: true
}

/** @param end gets the exit code of the command that ran, where it is not 0 */
export function commandTree(screen: Screen, environment: NodeJS.ProcessEnv, end: (code: number) => void): Command {
  const program = new Command('podpeer')
    .description('BGP for the nodes of a Kubernetes cluster: the agent of a node, and a look into it')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .configureOutput({ outputError: (text, write) => write(complaintOf(text)) })
    .enablePositionalOptions()
    .exitOverride()
  const tree = { program, screen, socket: environment['PODPEER_SOCKET'] || DEFAULT_SOCKET, end }
  for (const add of [addPeers, addRoutes, addExplain, addNode, addDrain, addConfig, addAgent, addCompletion]) add(tree)
  return program
}

/** commander's complaint in the manner of ours: one line, and what helps. */
function complaintOf(text: string): string {
  const sentence = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\n\s*/g, ' ')
  return `podpeer: ${sentence}${/^unknown command '[^']*'$/.test(sentence) ? '; see `podpeer help`' : ''}\n`
}

function addPeers(tree: Tree): void {
  watching(tree, tree.program.command('peers'))
    .description('the sessions and what is exchanged over them')
    .argument('[address]', 'address or name of one peer, to see all about it')
    .addOption(new Option('--check', 'exit 1 unless all of them are Established').conflicts('watch'))
    .action(async (name: string | undefined, options: AskingOptions & { readonly check?: true }) => {
      const { complaintAbout, peersView, peerView } = await import('./peers.ts')
      const client = new ControlClient(options.socket)
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

function addExplain(tree: Tree): void {
  watching(tree, tree.program.command('explain'))
    .description('why a route is used or not, whom it is announced to, and what the kernel has')
    .addArgument(new Argument('<target>', 'a prefix or an address').argParser(checkPrefix))
    .action(async (target: string, options: AskingOptions) => {
      const { explainView } = await import('./explain.ts')
      const { prefix } = await showOrWatch(tree, explainView(new ControlClient(options.socket), target), options)
      if (prefix === undefined) tree.end(exitCode.no)
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
    .description('withdraw what this node announces, then end its sessions')
    .action(async ({ socket, output }: AskingOptions) => {
      const { drainView } = await import('./drain.ts')
      await show(drainView(new ControlClient(socket)), tree.screen, output)
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
      const { runAgent } = await import('../agent/process.ts')
      end(await runAgent({ config }))
    })
}

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

function checkShell(text: string): Shell {
  const shell = SHELLS.find(name => name === text)
  if (shell === undefined) throw new InputFault('', `there is no completion for "${text}"`, `use ${SHELLS.join(', ')}`)
  return shell
}

const COMPLETION_HELP = `
In bash: source <(podpeer completion bash)
In zsh:  source <(podpeer completion zsh), after compinit
In fish: podpeer completion fish | source`

function addCompletion({ program, screen }: Tree): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS).argParser(checkShell))
    .addHelpText('after', COMPLETION_HELP)
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion.ts')
      await screen.write(completionScript(shell))
    })
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const { complete } = await import('./completion.ts')
      const offers = complete(program, words)
      await screen.write(offers.map(word => `${word}\n`).join(''))
    })
}

function asking({ socket }: Tree, command: Command): Command {
  return command
    .option('--socket <path>', "the agent's control socket ($PODPEER_SOCKET)", socket)
    .addOption(outputOption())
}

function watching(tree: Tree, command: Command): Command {
  return asking(tree, command).option('-w, --watch', 'show it again whenever it changes')
}

function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print it').choices(OUTPUT_FORMATS).default('table')
}

async function showOrWatch<Value extends object>(
  { screen }: Tree,
  view: View<Value>,
  { output, watch: watched }: AskingOptions,
): Promise<Value> {
  return watched ? await watch(view, screen, output) : await show(view, screen, output)
}

/** Checked before the agent is asked, so that a slip is told as such whether or not it runs. */
function checkPrefix(text: string): string {
  parsePrefix(text)
  return text
}
