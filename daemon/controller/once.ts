/** The controller's library in the process of a command, for one question: no socket, no Lease, no loop; the same answers. */
import { parseAddress } from '../../lib/base/ip.ts'
import { Controller } from '../../lib/controller/controller.ts'
import { parseAllowance, parseSelection } from './api.ts'
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

export interface Once
  extends Pick<ControllerClient, 'status' | 'plan' | 'apply' | 'doctor' | 'journeys' | 'vtepValues'> {
  /** Logs out of the devices. */
  close(): Promise<void>
}

/** @throws InputFault for a file that cannot be used */
export function openOnce({ bigip, ...options }: OnceOptions): Once {
  const opened = openParts({
    ...options,
    ...(bigip !== undefined && { bigIp: bigip }),
    election: false,
    environment: process.env,
  })
  const controller = new Controller(opened.parts)
  const view = new ControllerView(controller)
  return {
    status: async () => {
      // what nobody has looked at has no status
      await controller.plan()
      return await view.status()
    },
    plan: selection => view.plan(parse(selection)),
    apply: ({ allow, ...selection }) => view.apply(parse(selection), parseAllowance(allow)),
    doctor: selection => view.doctor(parse(selection)),
    journeys: ({ pod, ...selection }) => view.journeys(parseAddress(pod), parse(selection)),
    vtepValues: selection => view.vtepValues(parse(selection)),
    close: async () => {
      await controller.close()
      await opened.close()
    },
  }
}

function parse({ bigip = '', unit = '' }: UnitSelection) {
  return parseSelection(new URLSearchParams({ bigip, unit }))
}
