/** The commands that look on while messages pass. */
import { InvalidArgumentError, Option } from 'commander'
import { ControlClient } from '../control/client.ts'
import { monitorTypes } from '../control/message-document.ts'
import { agentSocket } from './agent-commands.ts'
import type { OutputFormat } from './output.ts'
import { outputOption, type Tree } from './tree.ts'

interface MonitorCommandOptions {
  readonly socket: string
  readonly output: OutputFormat
  readonly peer?: string
  readonly type?: string
  readonly hex?: boolean
}

export function addMonitorCommands(tree: Tree): void {
  tree.program
    .command('monitor')
    .description('sessions, messages, End-of-RIB and BFD as they happen, until Ctrl-C')
    .option('--socket <path>', "the agent's control socket ($PODPEER_SOCKET)", agentSocket(tree))
    .addOption(outputOption())
    .option('--peer <address>', 'only of this peer, by address or name')
    .addOption(new Option('--type <types>', 'only these, separated by commas (see below)').argParser(checkTypes))
    .option('--hex', 'octets below each message')
    .addHelpText('after', HELP)
    .action(async ({ socket, output, peer, type, hex = false }: MonitorCommandOptions) => {
      const { monitor } = await import('./monitor.ts')
      const query = { ...(peer !== undefined && { peer }), ...(type !== undefined && { type }) }
      await monitor(new ControlClient(socket), tree.screen, { query, output, hex })
    })
}

const HELP = `
Types: ${monitorTypes.join(', ')}; where none is named, all but keepalive.
With -o json an event is a JSON document on a line of its own. A reader that is too slow loses events, and is told how many.`

/** Checked before the agent is asked, so that a slip is told as such whether or not it runs. */
function checkTypes(text: string): string {
  const wrong = text.split(',').find(name => !monitorTypes.some(type => type === name))
  if (wrong === undefined) return text
  throw new InvalidArgumentError(`There is no type "${wrong}"; use some of ${monitorTypes.join(', ')}.`)
}
