/** What is wrong with a configuration, in words: where, what and how to mend it. Values; who prints them is elsewhere. */
import { InputFault } from '../base/failure.ts'

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
  return faultOf([problem]).message
}

/** One sentence for all of them: the first in full, and how many more there are. */
export function faultOf([first, ...others]: readonly [ConfigProblem, ...ConfigProblem[]]): InputFault {
  const { path, problem, fix, line } = first
  const place = [line === undefined ? '' : `line ${line}`, path].filter(Boolean).join(': ')
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return fix === '' ? new InputFault(place, problem + more) : new InputFault(place, problem, fix + more)
}
