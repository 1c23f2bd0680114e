/**
 * Where output goes and how: whether there is a terminal, how wide it is, whether colour is wanted. Writing waits for a slow
 * reader; a reader that has gone (`| head`) ends the program without a word.
 */
import type { WriteStream } from 'node:tty'
import { exitCode } from './exit-code.ts'

/** What a piece of text is, not how it looks. */
export type Tone = 'plain' | 'strong' | 'faint' | 'good' | 'warn' | 'bad'

export interface Look {
  /** Columns of the terminal; undefined: not one, and nothing needs to be shortened. */
  readonly columns: number | undefined
  readonly colour: boolean
}

export interface Screen extends Look {
  readonly isTerminal: boolean
  /** Lines of the terminal; undefined: not one. */
  readonly rows: number | undefined
  /** Text, or the octets of a file. */
  write(text: string | Uint8Array): Promise<void>
  /** One sentence on standard error. */
  complain(sentence: string): void
}

/** Select graphic rendition, ECMA-48 §8.3.117. */
const SGR: Readonly<Record<Tone, string>> = { plain: '', strong: '1', faint: '2', good: '32', warn: '33', bad: '31' }

export function paint(look: Look, tone: Tone, text: string): string {
  if (!look.colour || tone === 'plain' || text === '') return text
  return `\x1b[${SGR[tone]}m${text}\x1b[0m`
}

/**
 * FORCE_COLOR (anything but `0` or `false`) and NO_COLOR (anything) go before what the terminal says; of both, FORCE_COLOR wins.
 */
export function wantsColour(environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = environment
  if (force) return force !== '0' && force !== 'false'
  if (no) return false
  return isTerminal && terminal !== 'dumb'
}

export function openScreen(
  out: NodeJS.WriteStream,
  complaints: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
): Screen {
  complaints.on('error', () => process.exit())
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    complaints.write(`podpeer: standard output cannot be written: ${error.message}\n`)
    process.exit(exitCode.failed)
  })
  const isTerminal = out.isTTY === true
  return {
    isTerminal,
    colour: wantsColour(environment, isTerminal),
    get columns() {
      return isTerminal ? (out as WriteStream).columns || undefined : undefined
    },
    get rows() {
      return isTerminal ? (out as WriteStream).rows || undefined : undefined
    },
    write: text =>
      new Promise(resolve => {
        if (out.write(text)) resolve()
        else out.once('drain', resolve)
      }),
    complain: sentence => {
      complaints.write(`podpeer: ${sentence}\n`)
    },
  }
}
