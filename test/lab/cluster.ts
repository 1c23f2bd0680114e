/**
 * The lab's Kubernetes API: one stand-in that listens inside every node's namespace, where a kubelet's host would reach
 * it, and in the caller's own. It can go down and come back while its objects stay.
 */
import { parseAddress } from '../../lib/base/ip.ts'
import { inNamespace } from '../../lib/linux/namespace.ts'
import { openTcpListener } from '../../lib/linux/tcp.ts'
import { KubeApi } from '../kube/api.ts'
import { spaceOf } from './network.ts'
import { nodeObject } from './node-objects.ts'
import type { LabNode, PerFamily } from './topology.ts'

const HOST = '127.0.0.1'
const PORT = 6443
const BACKLOG = 128

export class Cluster {
  readonly api = new KubeApi()
  readonly #nodes: readonly LabNode[]
  /** Chosen by the first `up`, kept by the later ones, so that a kubeconfig stays true. */
  #outsidePort = 0

  constructor(nodes: readonly LabNode[]) {
    this.#nodes = nodes
    for (const node of nodes) this.register(node)
  }

  /** Creates the Node object, as a kubelet would. */
  register(node: LabNode, podCIDRs?: PerFamily): void {
    this.api.put(nodeObject(node, podCIDRs))
  }

  deregister(node: LabNode): void {
    this.api.remove('Node', node.name)
  }

  async up(): Promise<void> {
    const inside = { address: parseAddress(HOST), port: PORT }
    for (const node of this.#nodes) {
      const fd = inNamespace(spaceOf(node.name), () => openTcpListener(inside, BACKLOG))
      await this.api.listen({ host: HOST, fd })
    }
    const { port } = await this.api.listen({ host: HOST, port: this.#outsidePort })
    this.#outsidePort = port
  }

  async down(): Promise<void> {
    await this.api.close()
  }

  /** For the nodes' agents. */
  get insideKubeconfig(): string {
    return this.api.kubeconfig(`https://${HOST}:${PORT}`)
  }

  /** For kubectl beside the lab. */
  get outsideKubeconfig(): string {
    return this.api.kubeconfig(`https://${HOST}:${this.#outsidePort}`)
  }
}
