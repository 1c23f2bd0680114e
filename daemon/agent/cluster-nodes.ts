/**
 * All nodes of the cluster as a reflector peers with them. Tells the whole list once it has been read and when anything of it
 * that counts has changed: a Node says something new every few minutes, and hardly ever that. Deletes only by the API's word.
 */
import { isDeepStrictEqual } from 'node:util'
import type { NodeView } from '../../lib/kube/object.ts'
import type { ObjectWatch, WatchEvent } from '../../lib/kube/watch.ts'
import { type ClusterNode, clusterNode } from '../config/index.ts'
import type { AgentWorld } from './world.ts'

export class ClusterNodes {
  readonly #watch: ObjectWatch
  readonly #tell: (nodes: readonly ClusterNode[]) => void
  readonly #nodes = new Map<string, ClusterNode>()
  #synced = false
  #closed = false

  /** @param tell sorted by name */
  constructor(
    world: Pick<AgentWorld, 'watchObjects'>,
    kubeconfig: string | undefined,
    tell: (nodes: readonly ClusterNode[]) => void,
  ) {
    this.#tell = tell
    const resources = [{ path: '/api/v1/nodes', project: 'node' as const }]
    this.#watch = world.watchObjects({ ...(kubeconfig !== undefined && { kubeconfig }), resources }, event =>
      this.#hear(event),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#watch.close()
  }

  #hear(event: WatchEvent): void {
    if (event.type === 'state' || this.#closed) return
    let news = event.type === 'synced'
    if (event.type === 'synced') this.#synced = true
    else
      for (const change of event.changes)
        news = this.#put(change.key, change.type === 'deleted' ? undefined : (change.object as NodeView)) || news
    if (!this.#synced || !news) return
    this.#tell([...this.#nodes.values()].sort((one, other) => (one.name < other.name ? -1 : 1)))
  }

  /** @returns whether it changes anything */
  #put(name: string, object: NodeView | undefined): boolean {
    const node = object && clusterNode(object)
    const before = this.#nodes.get(name)
    if (isDeepStrictEqual(before, node)) return false
    if (node === undefined) this.#nodes.delete(name)
    else this.#nodes.set(name, node)
    return true
  }
}
