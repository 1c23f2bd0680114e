/** The controller's library in the process of a command, for one question: no socket, no Lease, no loop; the same answers. */
import { Controller } from '../../lib/controller/controller.ts'
import { parseAllowance } from './api.ts'
import type { ControllerClient, UnitSelection } from './client.ts'
import { openParts } from './parts.ts'
import { ControllerView } from './view.ts'

export interface OnceOptions {
  /** A file with BIGIP objects; absent: those of the cluster. */
  readonly bigip?: string
  /** Absent: $KUBECONFIG, ~/.kube/config, else the pod's service account. */
  readonly kubeconfig?: string
  /** Of the Secrets. */
  readonly namespace?: string
}

export interface Once extends Pick<ControllerClient, 'status' | 'plan' | 'apply' | 'doctor' | 'vtepValues'> {
  /** Logs out of the devices. */
  close(): Promise<void>
}

/** @throws as openParts does */
export async function openOnce({ bigip, ...options }: OnceOptions): Promise<Once> {
  const { parts, close } = openParts({
    ...options,
    ...(bigip !== undefined && { bigIp: bigip }),
    election: false,
    environment: process.env,
  })
  const controller = new Controller(parts)
  const view = new ControllerView(controller)
  return {
    status: async () => {
      await controller.known()
      return await view.status()
    },
    plan: selection => view.plan(selectionOf(selection)),
    apply: ({ allow, ...selection }) => view.apply(selectionOf(selection), parseAllowance(allow)),
    doctor: selection => view.doctor(selectionOf(selection)),
    vtepValues: selection => view.vtepValues(selectionOf(selection)),
    close: async () => {
      await controller.close()
      await close()
    },
  }
}

function selectionOf({ bigip, unit }: UnitSelection) {
  return { ...(bigip !== undefined && { bigIp: bigip }), ...(unit !== undefined && { unit }) }
}
