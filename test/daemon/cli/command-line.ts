/** Runs the command line as a process of its own, as a person or a script would. */
import { type ChildProcess, spawn } from 'node:child_process'

const MAIN = new URL('../../../daemon/main.ts', import.meta.url).pathname

export interface Run {
  readonly code: number | null
  readonly out: string
  readonly complaints: string
}

/** @param out where standard output goes: a file descriptor instead of us */
export function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  out: 'pipe' | number = 'pipe',
): ChildProcess {
  const { NO_COLOR: _, FORCE_COLOR: __, PODPEER_SOCKET: ___, ...env } = process.env
  return spawn(process.execPath, [MAIN, ...args], {
    env: { ...env, ...environment },
    stdio: ['ignore', out, 'pipe'],
  })
}

export async function run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Run> {
  return await finish(start(args, environment))
}

export async function finish(child: ChildProcess): Promise<Run> {
  const texts = { out: '', complaints: '' }
  child.stdout?.setEncoding('utf8').on('data', text => {
    texts.out += text
  })
  child.stderr!.setEncoding('utf8').on('data', text => {
    texts.complaints += text
  })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, ...texts }
}
