/** podpeer itself as a router: the agent with a static source and no Kubernetes. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessFiles } from './agent-config.ts'
import { PodpeerProcess } from './podpeer-process.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from './router.ts'

export class PodpeerRouter extends PodpeerProcess implements RouterDaemon {
  readonly #path: string

  /** @param spec its configuration names the files of `podpeerFiles(folder)` */
  constructor({ namespace, folder, config }: RouterSpec) {
    const path = join(folder, 'podpeer.yaml')
    writeFileSync(path, config)
    super({ node: 'router', namespace, config: path, log: join(folder, 'podpeer.log'), files: podpeerFiles(folder) })
    this.#path = path
  }

  /** The process watches its file. */
  async configure(config: string): Promise<void> {
    writeFileSync(this.#path, config)
  }

  async sessions(): Promise<readonly RouterSession[]> {
    return (await this.peers()).map(({ address, state, families, uptimeSeconds = 0 }) => ({
      peer: address,
      state,
      uptime: uptimeSeconds,
      received: families.reduce((sum, family) => sum + family.received, 0),
      sent: families.reduce((sum, family) => sum + family.advertised, 0),
    }))
  }
}

/** Where a podpeer process keeps its state and its control socket. */
export function podpeerFiles(folder: string): ProcessFiles {
  return { state: join(folder, 'state.json'), socket: join(folder, 'agent.sock') }
}
