/** A real `podpeer controller` process in its place of the lab, and its word on the BIG-IP. */
import { join } from 'node:path'
import { ControllerClient } from '../../daemon/controller/client.ts'
import type { ControllerStatus } from '../../daemon/controller/document.ts'
import { DaemonProcess } from './daemon-process.ts'

export interface ControllerSpec {
  /** Path of the namespace. */
  readonly namespace: string
  /** A folder of its own, for socket and log. */
  readonly folder: string
  readonly kubeconfig: string
}

export class ControllerProcess extends DaemonProcess {
  readonly socket: string
  readonly #control: ControllerClient

  constructor({ namespace, folder, kubeconfig }: ControllerSpec) {
    const socket = join(folder, 'controller.sock')
    const control = new ControllerClient(socket)
    super({
      name: 'the controller',
      namespace,
      args: ['controller', '--kubeconfig', kubeconfig, '--socket', socket],
      log: join(folder, 'podpeer.log'),
      env: { POD_NAME: 'podpeer-controller-lab', POD_NAMESPACE: 'podpeer' },
      answer: () => control.status(),
    })
    this.socket = socket
    this.#control = control
  }

  status(): Promise<ControllerStatus> {
    return this.#control.status()
  }
}
