/** The tree of commands: names, arguments, options, help, and which module does the work. Completion is made from it, too. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { reasonOf } from '../../lib/base/failure.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { ControlClient } from '../control/client.ts'
import type { FamilyName, RouteTableName } from '../control/document.ts'
import { version } from '../version.ts'
import { exitCode } from './exit-code.ts'
import { OUTPUT_FORMATS, type OutputFormat, show, type View, watch } from './output.ts'
import type { Screen } from './screen.ts'

export const DEFAULT_SOCKET = '/run/podpeer/agent.sock'

interface AskingOptions {
  readonly socket: string
  readonly output: OutputFormat
  readonly watch?: true
}

/** @param end gets the exit code of the command that ran */
export function commandTree(screen: Screen, environment: NodeJS.ProcessEnv, end: (code: number) => void): Command {
  const program = new Command('podpeer')
    .description('BGP for the nodes of a Kubernetes cluster: the agent of a node, and a look into it')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'podpeer: ')) })
    .enablePositionalOptions()
    .exitOverride()

  const socket = environment['PODPEER_SOCKET'] || DEFAULT_SOCKET
  const asking = (command: Command): Command =>
    command.option('--socket <path>', "the agent's control socket ($PODPEER_SOCKET)", socket).addOption(format())
  const watching = (command: Command): Command =>
    asking(command).option('-w, --watch', 'show it again whenever it changes')
  const showOrWatch = async <Value extends object>(view: View<Value>, options: AskingOptions): Promise<Value> =>
    options.watch ? await watch(view, screen, options.output) : await show(view, screen, options.output)
  const client = (options: AskingOptions): ControlClient => new ControlClient(options.socket)

  watching(program.command('peers'))
    .description('the sessions and what is exchanged over them')
    .argument('[address]', 'address or name of one peer, to see all about it')
    .addOption(new Option('--check', 'exit 1 unless all of them are Established').conflicts('watch'))
    .action(async (name: string | undefined, options: AskingOptions & { readonly check?: true }) => {
      const { complaintAbout, peersView, peerView } = await import('./peers.ts')
      const peers =
        name === undefined
          ? (await showOrWatch(peersView(client(options)), options)).peers
          : [(await showOrWatch(peerView(client(options), name), options)).peer]
      const complaint = options.check ? complaintAbout(peers) : undefined
      if (complaint === undefined) return
      screen.complain(complaint)
      end(exitCode.no)
    })

  const routes = program.command('routes').description('the routes of a table: best where none is named')
  for (const [table, summary] of Object.entries(TABLES) as [RouteTableName, string][]) {
    watching(routes.command(table, { isDefault: table === 'best' }))
      .description(summary)
      .addArgument(new Argument('[prefix]', 'only what lies in it').argParser(checkPrefix))
      .option('--peer <address>', 'only of this peer, by address or name')
      .addOption(new Option('--family <family>', 'only of this family').choices(['ipv4', 'ipv6']))
      .action(async (prefix: string | undefined, options: RoutesOptions) => {
        const { routesView, showRoutes } = await import('./routes.ts')
        const { peer, family } = options
        const query = { table, ...(prefix && { prefix }), ...(peer && { peer }), ...(family && { family }) }
        if (options.watch) await watch(routesView(client(options), query), screen, options.output)
        else await showRoutes(client(options), query, screen, options.output)
      })
  }

  watching(program.command('explain'))
    .description('why a route is used or not, whom it is announced to, and what the kernel has')
    .addArgument(new Argument('<target>', 'a prefix or an address').argParser(checkPrefix))
    .action(async (target: string, options: AskingOptions) => {
      const { explainView } = await import('./explain.ts')
      const { prefix } = await showOrWatch(explainView(client(options), target), options)
      if (prefix === undefined) end(exitCode.no)
    })

  const node = program.command('node').description('this node')
  watching(node.command('status'))
    .description('the BGP status of this node, as calicoctl prints it')
    .action(async (options: AskingOptions) => {
      const { nodeStatusView } = await import('./node-status.ts')
      const { agent } = await showOrWatch(nodeStatusView(client(options)), options)
      if (options.output === 'table') for (const problem of agent.problems) screen.complain(problem)
    })

  for (const [name, summary] of [
    ['drain', 'withdraw what this node announces, then end its sessions'],
    ['undrain', 'set the sessions up again and announce'],
  ] as const)
    asking(program.command(name))
      .description(summary)
      .action(async (options: AskingOptions) => {
        const { drainView, undrainView } = await import('./drain.ts')
        const view = name === 'drain' ? drainView(client(options)) : undrainView(client(options))
        await show(view, screen, options.output)
      })

  const config = watching(program.command('config'))
    .description('the configuration in force, and where each value came from')
    .action(async (options: AskingOptions) => {
      const { configView } = await import('./config.ts')
      await showOrWatch(await configView(client(options)), options)
    })
  config
    .command('check')
    .description('judge a file before an agent does')
    .argument('<file>')
    .addOption(format())
    .action(async (file: string, { output }: AskingOptions) => {
      const { checkView } = await import('./config.ts')
      const { ok } = await show(await checkView(file), screen, output)
      if (!ok) end(exitCode.input)
    })
  config
    .command('schema')
    .description('the JSON Schema of the file, for editors')
    .action(async () => {
      const { jsonSchema } = await import('../config/index.ts')
      await screen.write(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`)
    })

  program
    .command('agent')
    .description("run this node's agent until SIGTERM or SIGINT; SIGHUP reads its file again")
    .requiredOption('--config <file>', 'its configuration (see `podpeer config schema`)')
    .action(async ({ config }: { config: string }) => {
      const { runAgent } = await import('../agent/process.ts')
      end(await runAgent({ config }))
    })

  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
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
      await screen.write(
        complete(program, words)
          .map(word => `${word}\n`)
          .join(''),
      )
    })
  return program
}

type Shell = (typeof SHELLS)[number]

const SHELLS = ['bash', 'zsh', 'fish'] as const

const COMPLETION_HELP = `
In bash: source <(podpeer completion bash)
In zsh:  source <(podpeer completion zsh)
In fish: podpeer completion fish | source`

const TABLES: Readonly<Record<RouteTableName, string>> = {
  best: 'the routes that are used',
  received: 'all that the peers have sent, whatever became of it',
  advertised: 'what the peers are told',
}

interface RoutesOptions extends AskingOptions {
  readonly peer?: string
  readonly family?: FamilyName
}

function format(): Option {
  return new Option('-o, --output <format>', 'how to print it').choices(OUTPUT_FORMATS).default('table')
}

/** Checked before the agent is asked, so that a slip is told as such whether or not it runs. */
function checkPrefix(text: string): string {
  try {
    parsePrefix(text)
    return text
  } catch (error) {
    throw new InvalidArgumentError(reasonOf(error))
  }
}
