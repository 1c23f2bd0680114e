/** A real `podpeer` daemon inside a namespace of the lab: it runs once its control API answers. */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { LabProcess } from './process.ts'
import { untilComplete } from './waiting.ts'

const MAIN = new URL('../../daemon/main.ts', import.meta.url).pathname
/** On a busy machine a Node process needs seconds to start. */
const START_DEADLINE = 60_000

export interface DaemonSpec {
  /** Names it in messages: `podpeer on node-1`. */
  readonly name: string
  /** Path of the namespace. */
  readonly namespace: string
  /** Command and options of `podpeer`. */
  readonly args: readonly string[]
  readonly log: string
  readonly env: Readonly<Record<string, string>>
  /** Rejects while the control API does not answer. */
  readonly answer: () => Promise<unknown>
}

export class DaemonProcess {
  readonly #spec: DaemonSpec
  #process: LabProcess | undefined

  constructor(spec: DaemonSpec) {
    this.#spec = spec
  }

  get log(): string {
    return this.#spec.log
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  get running(): boolean {
    return this.#process?.running ?? false
  }

  /** Resolves when its control API answers. @throws WorldFault with its last words when it ended instead */
  async start(): Promise<void> {
    const { name, namespace, args, log, env, answer } = this.#spec
    const started = new LabProcess({ namespace, command: process.execPath, args: [MAIN, ...args], log, env })
    this.#process = started
    await untilComplete(`starting ${name}`, START_DEADLINE, async () => {
      if (!started.running)
        throw new WorldFault('ECHILD', `${name} ended at once: ${started.lastWords}`, { retry: false })
      try {
        await answer()
        return undefined
      } catch (thrown) {
        return `its control API: ${reasonOf(thrown)}`
      }
    })
  }

  /** The death that asks nobody. */
  async kill9(): Promise<void> {
    await this.#process?.kill('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }
}
