/** GoBGP as a router of another make, asked through gobgp. It has no kernel routes; what it announces is told by commands. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorldFault } from '../../lib/base/failure.ts'
import { LabProcess, outputOf } from '../lab/process.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from '../lab/router.ts'
import { untilComplete } from '../lab/waiting.ts'

const GOBGPD = '/usr/bin/gobgpd'
const GOBGP = '/usr/bin/gobgp'
const START_DEADLINE = 60_000
/** Of `state.session-state`. */
const ESTABLISHED = 6

export class GobgpRouter implements RouterDaemon {
  readonly #spec: RouterSpec
  #process: LabProcess | undefined

  constructor(spec: RouterSpec) {
    this.#spec = spec
  }

  get #socket(): string {
    return `unix://${join(this.#spec.folder, 'gobgp.sock')}`
  }

  async start(): Promise<void> {
    const { folder, namespace, config } = this.#spec
    const file = join(folder, 'gobgpd.toml')
    writeFileSync(file, config)
    const started = new LabProcess({
      namespace,
      command: GOBGPD,
      args: ['-f', file, '--api-hosts', this.#socket, '--pprof-disable'],
      log: join(folder, 'gobgpd.log'),
    })
    this.#process = started
    await untilComplete('starting GoBGP', START_DEADLINE, async () => {
      if (!started.running)
        throw new WorldFault('ECHILD', `GoBGP ended at once: ${started.lastWords}`, { retry: false })
      return this.ask('neighbor').then(
        () => undefined,
        () => 'it listens to no gobgp',
      )
    })
  }

  /** It reads its file again for neighbours alone; nobody asks for it so far. */
  async configure(): Promise<void> {
    throw new Error('GoBGP is told of changes by `ask`')
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }

  async kill9(): Promise<void> {
    await this.#process?.kill('SIGKILL')
  }

  async sessions(): Promise<readonly RouterSession[]> {
    const shown = JSON.parse(await this.ask('-j neighbor')) as {
      state: { neighbor_address: string; session_state?: number }
    }[]
    return shown.map(({ state }) => ({
      peer: state.neighbor_address,
      state: state.session_state === ESTABLISHED ? 'Established' : String(state.session_state),
    }))
  }

  /** The answer to one command. */
  ask(command: string): Promise<string> {
    return outputOf(this.#spec.namespace, GOBGP, ['--target', this.#socket, ...command.split(' ')])
  }
}
