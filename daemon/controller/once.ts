/** The controller's library in the process of a command, for one question: no socket, no Lease, no loop; the same answers. */
import type { ControllerClient } from './client.ts'

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

export async function openOnce(_options: OnceOptions): Promise<Once> {
  throw new Error('not yet')
}
