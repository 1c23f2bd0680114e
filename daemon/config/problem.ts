/** What is wrong with a configuration, in words: where, what and how to mend it. Values; who prints them is elsewhere. */
import { InputFault } from '../../lib/base/failure.ts'

export interface ConfigProblem {
  /** `peers[0].asNumber`; empty: the whole. */
  readonly path: string
  readonly problem: string
  /** What to write instead; empty where it goes without saying. */
  readonly fix: string
  /** Of the file, from 1; absent where the value is in no file. */
  readonly line?: number
}

/** `line 4: peers[0].asNumbr: unknown key; did you mean asNumber?` */
export function renderProblem(problem: ConfigProblem): string {
  const where = problem.line === undefined ? '' : `line ${problem.line}: `
  return where + faultOf(problem).message
}

/** One fault for all of them: the first in full, and how many more there are. */
export function faultOf(first: ConfigProblem, others = 0): InputFault {
  const line = first.line !== undefined && others > 0 ? `line ${first.line}: ` : ''
  const more = others === 0 ? '' : `, and ${others} more`
  return new InputFault(first.path, line + first.problem, first.fix + more)
}
