/**
 * Who answers for BIG-IPs: the controller behind a socket, or, where a file or a cluster is named, the library in this very
 * process, once. Both are asked in the same words.
 */
import type { ControllerClient } from '../controller/client.ts'

export type ControllerSide = Pick<ControllerClient, 'status' | 'plan' | 'apply' | 'doctor' | 'journeys' | 'vtepValues'>

export interface SideOptions {
  readonly socket: string
  /** A file with BIGIP objects. */
  readonly bigip?: string
  readonly kubeconfig?: string
  readonly namespace?: string
}

/** Runs `work`, and lets go of the devices whatever becomes of it. */
export async function withSide<Result>(
  { socket, ...own }: SideOptions,
  work: (side: ControllerSide) => Promise<Result>,
): Promise<Result> {
  if (own.bigip === undefined && own.kubeconfig === undefined) {
    const { ControllerClient } = await import('../controller/client.ts')
    return await work(new ControllerClient(socket))
  }
  const { openOnce } = await import('../controller/once.ts')
  const side = openOnce(own)
  try {
    return await work(side)
  } finally {
    await side.close()
  }
}
