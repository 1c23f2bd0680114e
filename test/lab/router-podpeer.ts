/** podpeer itself as a router: the agent with a static source and no Kubernetes. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessFiles } from './agent-config.ts'
import { PodpeerProcess } from './podpeer-process.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from './router.ts'

export class PodpeerRouter extends PodpeerProcess implements RouterDaemon {
  /** @param spec its configuration names the files of `podpeerFiles(folder)` */
  constructor({ namespace, folder, config }: RouterSpec) {
    const path = join(folder, 'podpeer.yaml')
    writeFileSync(path, config)
    super({ node: 'router', namespace, config: path, log: join(folder, 'podpeer.log'), files: podpeerFiles(folder) })
  }

  async sessions(): Promise<readonly RouterSession[]> {
    return (await this.peers()).map(({ address, state }) => ({ peer: address, state }))
  }
}

/** Where a podpeer process keeps its state and its control socket. */
export function podpeerFiles(folder: string): ProcessFiles {
  return { state: join(folder, 'state.json'), socket: join(folder, 'agent.sock') }
}
