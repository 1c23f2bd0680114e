/** BIRD 2 as the lab's router, asked through birdc. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorldFault } from '../../lib/base/failure.ts'
import { LabProcess, outputOf } from './process.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from './router.ts'
import { birdConfig, birdName } from './router-config.ts'
import { FAMILIES } from './topology.ts'
import { until } from './waiting.ts'

const BIRD = '/usr/sbin/bird'
const BIRDC = '/usr/sbin/birdc'
const START_DEADLINE = 10_000

export class BirdRouter implements RouterDaemon {
  readonly #spec: RouterSpec
  #process: LabProcess | undefined

  constructor(spec: RouterSpec) {
    this.#spec = spec
  }

  get #socket(): string {
    return join(this.#spec.folder, 'bird.ctl')
  }

  async start(): Promise<void> {
    if (!existsSync(BIRD))
      throw new WorldFault('ENOENT', 'BIRD 2 is not installed: apt-get install bird2, or choose another --router', {
        retry: false,
      })
    const { folder, namespace, topology, gracefulRestart } = this.#spec
    const config = join(folder, 'bird.conf')
    writeFileSync(config, birdConfig(topology, gracefulRestart))
    const started = new LabProcess({
      namespace,
      command: BIRD,
      args: ['-f', '-c', config, '-s', this.#socket, '-P', join(folder, 'bird.pid')],
      log: join(folder, 'bird.log'),
    })
    this.#process = started
    await until('starting BIRD', START_DEADLINE, async () => {
      if (!started.running) throw new WorldFault('ECHILD', `BIRD ended at once: ${started.lastWords}`, { retry: false })
      return existsSync(this.#socket) ? undefined : 'it listens to no birdc'
    })
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }

  async sessions(): Promise<readonly RouterSession[]> {
    const text = await this.ask('show protocols')
    // name, protocol, table, state, since, and of a BGP session its own state
    const rows = new Map(text.split('\n').map(line => [line.split(/\s+/)[0]!, line.trim().split(/\s+/).at(-1)!]))
    return this.#spec.topology.nodes.flatMap(node =>
      FAMILIES.map(family => ({ node: node.name, family, state: rows.get(birdName(node.name, family)) ?? 'Idle' })),
    )
  }

  /** The answer to one birdc command. */
  ask(command: string): Promise<string> {
    return outputOf(this.#spec.namespace, BIRDC, ['-s', this.#socket, ...command.split(' ')])
  }
}
