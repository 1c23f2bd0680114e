/** A real `podpeer controller` process in its place of the lab, and its word on the BIG-IP. */
import { join } from 'node:path'
import { ControllerClient } from '../../daemon/controller/client.ts'
import type { ControllerStatus } from '../../daemon/controller/document.ts'
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { LabProcess } from './process.ts'
import { untilComplete } from './waiting.ts'

const MAIN = new URL('../../daemon/main.ts', import.meta.url).pathname
const START_DEADLINE = 30_000

export interface ControllerSpec {
  /** Path of the namespace. */
  readonly namespace: string
  /** A folder of its own, for socket and log. */
  readonly folder: string
  readonly kubeconfig: string
}

export class ControllerProcess {
  readonly #spec: ControllerSpec
  readonly #control: ControllerClient
  #process: LabProcess | undefined

  constructor(spec: ControllerSpec) {
    this.#spec = spec
    this.#control = new ControllerClient(this.socket)
  }

  get socket(): string {
    return join(this.#spec.folder, 'controller.sock')
  }

  get log(): string {
    return join(this.#spec.folder, 'podpeer.log')
  }

  get running(): boolean {
    return this.#process?.running ?? false
  }

  /** Resolves when its control API answers. @throws WorldFault with its last words when it ended instead */
  async start(): Promise<void> {
    const { namespace, kubeconfig } = this.#spec
    const started = new LabProcess({
      namespace,
      command: process.execPath,
      args: [MAIN, 'controller', '--kubeconfig', kubeconfig, '--socket', this.socket],
      log: this.log,
      env: { POD_NAME: 'podpeer-controller-lab', POD_NAMESPACE: 'podpeer' },
    })
    this.#process = started
    await untilComplete('starting the controller', START_DEADLINE, async () => {
      if (!started.running)
        throw new WorldFault('ECHILD', `the controller ended at once: ${started.lastWords}`, { retry: false })
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

  status(): Promise<ControllerStatus> {
    return this.#control.status()
  }
}
