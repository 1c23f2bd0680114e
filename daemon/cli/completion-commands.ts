/** The commands for shells. */
import { Argument } from 'commander'
import { InputFault } from '../../lib/base/failure.ts'
import type { Tree } from './tree.ts'

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

export function addCompletion({ program, screen }: Tree): void {
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
