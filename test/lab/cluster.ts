/**
 * The lab's Kubernetes API: one stand-in that listens inside every node's namespace, where a kubelet's host would reach
 * it, and in the caller's own. It can go down and come back while its objects stay.
 */
import { AF_INET, bindSocket, listenSocket, openSocket, SOCK_STREAM, setSocketOption } from '../../lib/linux/libc.ts'
import { inNamespace } from '../../lib/linux/namespace.ts'
import { KubeApi } from '../kube/api.ts'
import { spaceOf } from './network.ts'
import { nodeObject } from './node-objects.ts'
import type { LabNode, PerFamily } from './topology.ts'

const HOST = '127.0.0.1'
const PORT = 6443
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
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
    for (const node of this.#nodes) {
      const fd = inNamespace(spaceOf(node.name), listeningSocket)
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

function listeningSocket(): number {
  const fd = openSocket(AF_INET, SOCK_STREAM, 0)
  setSocketOption(fd, SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR')
  const address = Uint8Array.of(0, 0, PORT >> 8, PORT & 0xff, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
  new Uint16Array(address.buffer, 0, 1)[0] = AF_INET
  bindSocket(fd, address, `listening on ${HOST}:${PORT}`)
  listenSocket(fd, BACKLOG)
  return fd
}
