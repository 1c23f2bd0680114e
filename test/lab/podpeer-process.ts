/** A real `podpeer agent` process inside a namespace of the lab, and its word on its sessions. */
import { rmSync } from 'node:fs'
import { ControlClient } from '../../daemon/control/client.ts'
import type { AgentStatus, PeerStatus, RouteRow, RouteTableName } from '../../daemon/control/document.ts'
import type { ProbeStatus, VxlanStatus } from '../../daemon/control/overlay-document.ts'
import type { ProcessFiles } from './agent-config.ts'
import { DaemonProcess } from './daemon-process.ts'

export interface PodpeerSpec {
  /** Name of the node, as in Kubernetes. */
  readonly node: string
  /** Path of the namespace. */
  readonly namespace: string
  readonly config: string
  readonly log: string
  readonly files: ProcessFiles
}

export class PodpeerProcess extends DaemonProcess {
  readonly files: ProcessFiles
  readonly #control: ControlClient

  constructor({ node, namespace, config, log, files }: PodpeerSpec) {
    const control = new ControlClient(files.socket)
    super({
      name: `podpeer on ${node}`,
      namespace,
      args: ['agent', '--config', config],
      log,
      env: { NODE_NAME: node },
      answer: () => control.status(),
    })
    this.files = files
    this.#control = control
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

  /** @param name of a peer, as in the next */
  refresh(name: string, direction: 'in' | 'out'): Promise<PeerStatus> {
    return this.#control.refresh(name, direction)
  }

  reset(name: string, text: string): Promise<PeerStatus> {
    return this.#control.reset(name, text)
  }

  /** Returns when it is said; `status` tells how far it is. @param wait seconds */
  drain(wait: number, text: string): Promise<AgentStatus> {
    return this.#control.drain({ wait: String(wait), text })
  }

  undrain(): Promise<AgentStatus> {
    return this.#control.undrain()
  }

  async routes(table: RouteTableName): Promise<RouteRow[]> {
    const rows: RouteRow[] = []
    for await (const some of this.#control.routes({ table })) rows.push(...some)
    return rows
  }
}
