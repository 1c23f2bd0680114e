/**
 * `util/bash`: a shell with just the programs that clients run on a device. Words and quotes are those of a shell; pipes,
 * variables and redirections are not understood.
 */
import { runImish } from './imish.ts'
import type { Unit } from './unit.ts'

/** @param args of bash, as tmsh gets them: `-c "imish -r 0 -e \"show ip bgp summary\""` */
export async function runBash(unit: Unit, args: string): Promise<string> {
  const [option, script] = words(args)
  if (option !== '-c' || script === undefined) return `/bin/bash: ${option ?? ''}: invalid option\n`
  let output = ''
  for (const command of script.split(/;|&&|\n/)) output += await run(unit, words(command))
  return output
}

async function run(unit: Unit, [program, ...args]: readonly string[]): Promise<string> {
  switch (program) {
    case undefined:
      return ''
    case 'imish':
      return imish(unit, args)
    case 'tmsh':
      if (args.join(' ') !== 'save sys config') return `Syntax Error: unexpected argument "${args[0]}"\n`
      unit.save('tmsh')
      return 'Saving running configuration...\n'
    case 'cat':
      return unit.uploads.read(args[0] ?? '') ?? `cat: ${args[0]}: No such file or directory\n`
    case 'rm':
      unit.uploads.remove(args.at(-1) ?? '')
      return ''
    default:
      return `bash: ${program}: command not found\n`
  }
}

/** `-r ID` names the route domain, each `-e` a line in exec mode, `-f` a file with lines of configuration. */
async function imish(unit: Unit, args: readonly string[]): Promise<string> {
  let routeDomain = 0
  const lines: string[] = []
  let file: string | undefined
  for (let at = 0; at < args.length; at += 2) {
    const value = args[at + 1] ?? ''
    if (args[at] === '-r') routeDomain = Number(value)
    else if (args[at] === '-e') lines.push(value)
    else if (args[at] === '-f') file = value
    else return `imish: invalid option -- '${args[at]}'\n`
  }
  if (file === undefined) return runImish(unit, routeDomain, lines, 'exec')
  const text = unit.uploads.read(file)
  if (text === undefined) return `Can't open configuration file [${file}]\n`
  return runImish(unit, routeDomain, text.split('\n'), 'configure')
}

/** As a shell splits them: quotes of both kinds, backslashes. */
function words(text: string): string[] {
  const found: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!
    if (letter === '\\' && quote !== "'") word = (word ?? '') + (text[++at] ?? '')
    else if (quote !== '' && letter === quote) quote = ''
    else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter
      word ??= ''
    } else if (quote === '' && /\s/.test(letter)) {
      if (word !== undefined) found.push(word)
      word = undefined
    } else word = (word ?? '') + letter
  }
  return word === undefined ? found : [...found, word]
}
