/**
 * The command line: runs what was asked for, and turns whatever went wrong into one sentence and an exit code. What the
 * commands are command-tree.ts says; what a command does is loaded when it is chosen, for the program must start at once.
 */
import { CommanderError } from 'commander'
import { reasonOf } from '../../lib/base/failure.ts'
import { version } from '../version.ts'
import { commandTree } from './command-tree.ts'
import { exitCode, exitCodeOf } from './exit-code.ts'
import { openScreen } from './screen.ts'

/** @param args without the program's name @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  const screen = openScreen(process.stdout, process.stderr, process.env)
  let code: number = exitCode.ok
  try {
    const program = commandTree(screen, process.env, result => {
      code = result
    })
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    // commander has already said it
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.input
    const failure = exitCodeOf(error)
    screen.complain(failure === exitCode.bug ? bugReport(error) : reasonOf(error))
    return failure
  }
}

function bugReport(error: unknown): string {
  const trace = error instanceof Error ? error.stack : String(error)
  return `this is a bug in podpeer ${version}, please report it:\n${trace}`
}
