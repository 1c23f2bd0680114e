/**
 * Completion in the shells: each script asks `podpeer complete -- WORDS…`, where the last word is the one being typed, and
 * offers the lines that come back, or files where that is what is wanted. What they are comes from the tree of commands
 * alone; no agent is asked.
 */
import { type Argument, type Command, Option } from 'commander'

/** The one offer where a file is wanted: the shell knows better. */
const FILES = ':files'

/** Empty: only the person knows. */
export function complete(program: Command, words: readonly string[]): string[] {
  const typed = words.at(-1) ?? ''
  let command = program
  let position = 0
  let expecting: Option | undefined
  for (const word of words.slice(0, -1)) {
    if (expecting !== undefined) expecting = undefined
    else if (word.startsWith('-'))
      expecting = optionsOf(command).find(option => takesValue(option) && isFlag(option, word))
    else {
      const inner = commandsOf(command).find(one => one.name() === word)
      if (inner === undefined) position++
      else command = inner
    }
  }
  const offers = (): readonly string[] => {
    if (expecting !== undefined) return offersOf(expecting)
    if (typed.startsWith('-')) return optionsOf(command).flatMap(option => option.long ?? [])
    const names = position === 0 ? commandsOf(command).map(one => one.name()) : []
    const argument = command.registeredArguments[position]
    return argument === undefined ? names : [...names, ...offersOf(argument)]
  }
  return offers().filter(word => word === FILES || word.startsWith(typed))
}

function offersOf(value: Argument | Option): readonly string[] {
  if (value.argChoices !== undefined) return value.argChoices
  const placeholder = value instanceof Option ? value.flags : value.name()
  return /\b(file|path)\b/.test(placeholder) ? [FILES] : []
}

function commandsOf(command: Command): Command[] {
  return command.createHelp().visibleCommands(command)
}

function optionsOf(command: Command): Option[] {
  return command.createHelp().visibleOptions(command)
}

function takesValue(option: Option): boolean {
  return option.required || option.optional
}

function isFlag(option: Option, word: string): boolean {
  return word === option.long || word === option.short
}

export function completionScript(shell: 'bash' | 'zsh' | 'fish'): string {
  return SCRIPTS[shell]
}

const SCRIPTS = {
  bash: `_podpeer() {
  local IFS=$'\\n'
  COMPREPLY=($(podpeer complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [[ "\${COMPREPLY[*]}" == ${FILES} ]]; then
    COMPREPLY=()
    compopt -o default
  fi
}
complete -F _podpeer podpeer
`,
  zsh: `#compdef podpeer
_podpeer() {
  local -a offers
  offers=("\${(@f)$(podpeer complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${offers[1]}" == ${FILES} ]]; then _files
  elif [[ -n "\${offers[1]}" ]]; then compadd -a offers
  fi
}
compdef _podpeer podpeer
`,
  fish: `function __podpeer
  set -l words (commandline -opc) (commandline -ct)
  set -l offers (podpeer complete -- $words[2..-1] 2>/dev/null)
  if test "$offers" = ${FILES}
    __fish_complete_path (commandline -ct)
  else
    string join \\n -- $offers
  end
end
complete -c podpeer -f -a '(__podpeer)'
`,
} as const
