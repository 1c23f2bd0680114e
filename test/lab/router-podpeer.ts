/** podpeer itself as the lab's router: the agent with a static source and no Kubernetes. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { routerConfig } from './agent-config.ts'
import { PodpeerProcess } from './podpeer-process.ts'
import type { RouterDaemon, RouterSession, RouterSpec } from './router.ts'
import { FAMILIES, type Topology } from './topology.ts'

export class PodpeerRouter implements RouterDaemon {
  readonly #topology: Topology
  readonly process: PodpeerProcess

  constructor({ topology, namespace, folder, gracefulRestart }: RouterSpec) {
    const config = join(folder, 'router.yaml')
    const files = { state: join(folder, 'state.json'), socket: join(folder, 'agent.sock') }
    writeFileSync(config, routerConfig(topology, files, gracefulRestart))
    this.#topology = topology
    this.process = new PodpeerProcess({ node: 'router', namespace, config, log: join(folder, 'podpeer.log'), files })
  }

  async start(): Promise<void> {
    await this.process.start()
  }

  async stop(): Promise<void> {
    await this.process.stop()
  }

  async sessions(): Promise<readonly RouterSession[]> {
    const peers = await this.process.peers()
    return this.#topology.nodes.flatMap(node =>
      FAMILIES.map(family => ({
        node: node.name,
        family,
        state: peers.find(peer => peer.address === node.address[family])?.state ?? 'Idle',
      })),
    )
  }
}
