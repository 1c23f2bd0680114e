/** A real `podpeer agent` process inside a namespace of the lab, and its word on its sessions. */
import { rmSync } from 'node:fs'
import { ControlClient } from '../../daemon/control/client.ts'
import type { AgentStatus, PeerStatus, RouteRow, RouteTableName } from '../../daemon/control/document.ts'
import type { ProbeStatus, VxlanStatus } from '../../daemon/control/overlay-document.ts'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { ProcessFiles } from './agent-config.ts'
import { LabProcess } from './process.ts'
import { untilComplete } from './waiting.ts'

const MAIN = new URL('../../daemon/main.ts', import.meta.url).pathname
/** On a busy machine a Node process needs seconds to start. */
const START_DEADLINE = 30_000

export interface PodpeerSpec {
  /** Name of the node, as in Kubernetes. */
  readonly node: string
  /** Path of the namespace. */
  readonly namespace: string
  readonly config: string
  readonly log: string
  readonly files: ProcessFiles
}

export class PodpeerProcess {
  readonly #spec: PodpeerSpec
  readonly #control: ControlClient
  #process: LabProcess | undefined

  constructor(spec: PodpeerSpec) {
    this.#spec = spec
    this.#control = new ControlClient(spec.files.socket)
  }

  get files(): ProcessFiles {
    return this.#spec.files
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** Resolves when its control API answers. @throws WorldFault with its last words when it ended instead */
  async start(): Promise<void> {
    const { node, namespace, config, log } = this.#spec
    const started = new LabProcess({
      namespace,
      command: process.execPath,
      args: [MAIN, 'agent', '--config', config],
      log,
      env: { NODE_NAME: node },
    })
    this.#process = started
    await untilComplete(`starting podpeer on ${node}`, START_DEADLINE, async () => {
      if (!started.running)
        throw new WorldFault('ECHILD', `podpeer on ${node} ended at once: ${started.lastWords}`, { retry: false })
      try {
        await this.status()
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

  /** Removes what a former run left for its successor. */
  forget(): void {
    rmSync(this.files.state)
  }

  status(): Promise<AgentStatus> {
    return this.#control.status()
  }

  vxlan(): Promise<VxlanStatus> {
    return this.#control.vxlan()
  }

  takeOver(): Promise<VxlanStatus> {
    return this.#control.takeOver()
  }

  probe(): Promise<readonly ProbeStatus[]> {
    return this.#control.probeVteps()
  }

  peers(): Promise<readonly PeerStatus[]> {
    return this.#control.peers()
  }

  async routes(table: RouteTableName): Promise<RouteRow[]> {
    const rows: RouteRow[] = []
    for await (const some of this.#control.routes({ table })) rows.push(...some)
    return rows
  }
}
