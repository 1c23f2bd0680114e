/** BIRD 2 as the lab's router, asked through birdc. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorldFault } from '../../lib/base/failure.ts'
import { LabProcess, outputOf } from './process.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from './router.ts'
import { untilComplete } from './waiting.ts'

const BIRD = '/usr/sbin/bird'
const BIRDC = '/usr/sbin/birdc'
const START_DEADLINE = 60_000

export class BirdRouter implements RouterDaemon {
  readonly #spec: RouterSpec
  #process: LabProcess | undefined
  #died = false

  constructor(spec: RouterSpec) {
    this.#spec = spec
  }

  /** For `birdc configure` after a change. */
  get configFile(): string {
    return join(this.#spec.folder, 'bird.conf')
  }

  get #socket(): string {
    return join(this.#spec.folder, 'bird.ctl')
  }

  async start(): Promise<void> {
    if (!existsSync(BIRD))
      throw new WorldFault('ENOENT', 'BIRD 2 is not installed: apt-get install bird2, or choose another --router', {
        retry: false,
      })
    const { folder, namespace } = this.#spec
    writeFileSync(this.configFile, this.#spec.config)
    const started = new LabProcess({
      namespace,
      command: BIRD,
      // -R: what a former run left in the kernel and with its peers is still good
      args: [
        '-f',
        '-c',
        this.configFile,
        '-s',
        this.#socket,
        '-P',
        join(folder, 'bird.pid'),
        ...(this.#died ? ['-R'] : []),
      ],
      log: join(folder, 'bird.log'),
    })
    this.#process = started
    await untilComplete('starting BIRD', START_DEADLINE, async () => {
      if (!started.running) throw new WorldFault('ECHILD', `BIRD ended at once: ${started.lastWords}`, { retry: false })
      return existsSync(this.#socket) ? undefined : 'it listens to no birdc'
    })
  }

  async configure(config: string): Promise<void> {
    writeFileSync(this.configFile, config)
    const answer = await this.ask('configure')
    if (!/Reconfigured|Reconfiguration in progress/.test(answer))
      throw new WorldFault('EINVAL', `BIRD refuses its configuration: ${answer.trim()}`, { retry: false })
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }

  async kill9(): Promise<void> {
    await this.#process?.kill('SIGKILL')
    this.#died = true
  }

  async sessions(): Promise<readonly RouterSession[]> {
    const blocks = (await this.ask('show protocols all')).split(/\n\n/)
    return blocks.flatMap(block => {
      const [, state, peer] = /BGP state: +(\w+)\n +Neighbor address: ([0-9a-f.:]+)/.exec(block) ?? []
      if (state === undefined || peer === undefined) return []
      const [, received = '0', sent = '0'] =
        /Routes: +(\d+) imported, (?:\d+ filtered, )?(\d+) exported/.exec(block) ?? []
      return [{ peer, state, received: Number(received), sent: Number(sent) }]
    })
  }

  /** The answer to one birdc command. */
  ask(command: string): Promise<string> {
    return outputOf(this.#spec.namespace, BIRDC, ['-s', this.#socket, ...command.split(' ')])
  }
}
