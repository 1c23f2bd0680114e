/** The tree of commands: their names, arguments, options and help, in groups. Completion is made from it, too. */
import { Command } from 'commander'
import { version } from '../version.ts'
import { addAgentCommands } from './agent-commands.ts'
import { addCompletion } from './completion-commands.ts'
import { addControllerCommands } from './controller-commands.ts'
import { addMigrateCommands } from './migrate-commands.ts'
import { addMonitorCommands } from './monitor-commands.ts'
import { addMrtCommands } from './mrt-commands.ts'
import type { Screen } from './screen.ts'

/** @param end gets the exit code of the command that ran, where it is not 0 */
export function commandTree(screen: Screen, environment: NodeJS.ProcessEnv, end: (code: number) => void): Command {
  const program = new Command('podpeer')
    .description(
      'pods within reach of BIG-IP and of BGP routers: the agent of a node, the controller of a BIG-IP, and a look into both',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .configureOutput({ outputError: (text, write) => write(complaintOf(text)) })
    .enablePositionalOptions()
    .exitOverride()
  const tree = { program, screen, environment, end }
  for (const add of [
    addAgentCommands,
    addMonitorCommands,
    addMrtCommands,
    addControllerCommands,
    addMigrateCommands,
    addCompletion,
  ])
    add(tree)
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
