/**
 * A process of the lab, inside one of its namespaces. Its output goes to a log file. Processes form groups of their own,
 * so that Ctrl-C in a terminal reaches the lab alone, which ends them in order.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { inNamespace } from '../../lib/linux/namespace.ts'

export interface ProcessSpec {
  readonly namespace: string
  readonly command: string
  readonly args: readonly string[]
  readonly log: string
  readonly env?: Readonly<Record<string, string>>
}

const GRACE = 20_000

export class LabProcess {
  readonly #child: ChildProcess
  readonly #log: string

  /** @param spec `namespace` is a path; the child is forked while this thread is inside it */
  constructor(spec: ProcessSpec) {
    this.#log = spec.log
    const log = openSync(spec.log, 'a')
    try {
      this.#child = inNamespace(spec.namespace, () =>
        spawn(spec.command, spec.args, {
          stdio: ['ignore', log, log],
          env: { ...process.env, ...spec.env },
          detached: true,
        }),
      )
    } finally {
      closeSync(log)
    }
    this.#child.on('error', () => {
      // told by `running` and the log; without a listener it would end the lab
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The line of its log that says why it is gone: the last error, else the last line. */
  get lastWords(): string {
    const lines = readFileSync(this.#log, 'utf8').trimEnd().split('\n')
    return lines.findLast(line => /^\w*(Error|Fault)\b/.test(line)) ?? lines.at(-1)!
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return
    const gone = once(this.#child, 'exit')
    this.#child.kill(signal)
    await gone
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(): Promise<void> {
    const force = setTimeout(() => this.#child.kill('SIGKILL'), GRACE)
    try {
      await this.kill('SIGTERM')
    } finally {
      clearTimeout(force)
    }
  }
}

/** What a command that ends by itself prints. @throws Error with its own words when it fails */
export function outputOf(namespace: string, command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    inNamespace(namespace, () =>
      execFile(command, args, (error, output) => (error === null ? resolve(output) : reject(error))),
    ),
  )
}
