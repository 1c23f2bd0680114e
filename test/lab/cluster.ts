/**
 * The lab's Kubernetes API: one stand-in that listens inside every node's namespace, where a kubelet's host would reach
 * it, and in the caller's own. It can go down and come back while its objects stay.
 */
import { parseAddress } from '../../lib/base/ip.ts'
import type { KubeObject } from '../../lib/kube/object.ts'
import { inNamespace } from '../../lib/linux/namespace.ts'
import { openTcpListener } from '../../lib/linux/tcp.ts'
import { KubeApi } from '../kube/api.ts'
import { cniAnnotations, cniNodeObjects, cniObjects } from './cni-objects.ts'
import type { LabCni } from './lab-mode.ts'
import { spaceOf } from './network.ts'
import { nodeObject, podObject } from './node-objects.ts'
import type { LabNode, PerFamily } from './topology.ts'

const HOST = '127.0.0.1'
const PORT = 6443
const BACKLOG = 128

export interface ClusterOptions {
  /** Places beside the nodes from which the API can be reached. */
  readonly places?: readonly string[]
  /** Whose annotations and objects the nodes have; default `none`. */
  readonly cni?: LabCni
  /** Whether the API knows the pods, too. */
  readonly pods?: boolean
}

export class Cluster {
  readonly api = new KubeApi()
  readonly #nodes: readonly LabNode[]
  readonly #options: Required<ClusterOptions>
  /** Chosen by the first `up`, kept by the later ones, so that a kubeconfig stays true. */
  #outsidePort = 0

  constructor(nodes: readonly LabNode[], { places = [], cni = 'none', pods = false }: ClusterOptions = {}) {
    this.#nodes = nodes
    this.#options = { places, cni, pods }
    for (const object of cniObjects(cni)) this.api.put(object)
    for (const node of nodes) this.register(node)
  }

  /** Creates the Node object, as a kubelet would, with what belongs to it. */
  register(node: LabNode, podCIDRs?: PerFamily): void {
    const { cni } = this.#options
    this.api.put(nodeObject(node, podCIDRs, cniAnnotations(cni, node)))
    for (const object of this.#belongings(node)) this.api.put(object)
  }

  deregister(node: LabNode): void {
    this.api.remove('Node', node.name)
    for (const { kind = '', metadata } of this.#belongings(node))
      this.api.remove(kind, metadata.name, metadata.namespace)
  }

  #belongings(node: LabNode): KubeObject[] {
    const { cni, pods } = this.#options
    return [...cniNodeObjects(cni, node), ...(pods ? node.pods.map(podObject) : [])]
  }

  async up(): Promise<void> {
    const inside = { address: parseAddress(HOST), port: PORT }
    for (const place of [...this.#nodes.map(({ name }) => name), ...this.#options.places]) {
      const fd = inNamespace(spaceOf(place), () => openTcpListener(inside, BACKLOG))
      await this.api.listen({ host: HOST, fd })
    }
    const { port } = await this.api.listen({ host: HOST, port: this.#outsidePort })
    this.#outsidePort = port
  }

  async down(): Promise<void> {
    await this.api.close()
  }

  /** For the nodes' agents. @param account the name of a ServiceAccount in namespace podpeer; absent: the administrator's */
  insideKubeconfig(account?: string): string {
    const token = account === undefined ? undefined : this.api.serviceAccountToken('podpeer', account)
    return this.api.kubeconfig(`https://${HOST}:${PORT}`, token)
  }

  /** For kubectl beside the lab. */
  get outsideKubeconfig(): string {
    return this.api.kubeconfig(`https://${HOST}:${this.#outsidePort}`)
  }
}
