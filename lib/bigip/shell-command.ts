/**
 * A command line for `/mgmt/tm/util/bash`, from words that no shell can misread. Pure. Rule: nothing is escaped; a word with a
 * character that would need it is refused.
 */
import { InputFault } from '../base/failure.ts'
import type { JsonObject } from './exchange.ts'

const PLAIN = /^[A-Za-z0-9 ._:/,%+=@-]+$/

/** The body to post. @param words the program and its arguments  @throws InputFault, which does not quote the word */
export function renderShellCommand(words: readonly string[]): JsonObject {
  const bad = words.findIndex(word => !PLAIN.test(word))
  if (bad >= 0)
    throw new InputFault(
      `argument ${bad} of ${words[0]}`,
      'a character that a shell would read',
      'use letters, digits, blanks and . _ : / , % + = @ - only',
    )
  const line = words.map(word => (word.includes(' ') ? `\\"${word}\\"` : word)).join(' ')
  return { command: 'run', utilCmdArgs: `-c "${line}"` }
}
