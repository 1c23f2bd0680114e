/** What the groups of commands have in common: where they are added, and how what they ask for is shown. */
import { type Command, Option } from 'commander'
import { OUTPUT_FORMATS, type OutputFormat, show, type View, watch } from './output.ts'
import type { Screen } from './screen.ts'

export interface Tree {
  readonly program: Command
  readonly screen: Screen
  readonly environment: NodeJS.ProcessEnv
  /** Gets the exit code of the command that ran, where it is not 0. */
  readonly end: (code: number) => void
}

export interface ShowingOptions {
  readonly output: OutputFormat
  readonly watch?: true
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print it').choices(OUTPUT_FORMATS).default('table')
}

export async function showOrWatch<Value extends object>(
  { screen }: Tree,
  view: View<Value>,
  { output, watch: watched }: ShowingOptions,
): Promise<Value> {
  return watched ? await watch(view, screen, output) : await show(view, screen, output)
}

export function watchOption(): Option {
  return new Option('-w, --watch', 'show it again whenever it changes')
}
