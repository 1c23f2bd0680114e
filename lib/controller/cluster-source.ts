/**
 * What the controller knows of the cluster: its pod network and pods, from the API or from whatever a program of its own
 * knows. Rule: `synced` only when all of it is known, for what is not known must not be taken for absent.
 */

import { clusterNetwork } from '../cni/cluster-network.ts'
import { CLUSTER_SOURCES, type ClusterObjects, POD_SOURCE } from '../cni/cluster-objects.ts'
import type { ClusterNetwork, CniName, PodNetwork } from '../cni/network.ts'
import { podNetworks } from '../cni/pod-network.ts'
import type { Collection, Collections } from '../kube/collection.ts'
import type { PodView } from '../kube/object.ts'
import type { View } from '../kube/watch.ts'

export interface ClusterSource {
  /** @param changed called after each change, as often as there are changes */
  start(changed: () => void): void
  /**
   * Undefined until all that it follows from has been heard once: half of it says other things than the whole (nodes without
   * their blocks, one CNI without the other).
   * @param cni what a person said it is; absent: told from the objects
   */
  network(cni?: CniName): ClusterNetwork | undefined
  pods(): readonly PodNetwork[]
  /** From here on `pods` are kept, and part of what `synced` says: most modes do without. */
  needPods(): void
  readonly synced: boolean
  /** A sentence; undefined: it is followed without trouble. */
  readonly trouble: string | undefined
  close(): Promise<void>
}

type Source = (typeof CLUSTER_SOURCES)[number]

/** As the API server tells it. */
export class KubeCluster implements ClusterSource {
  readonly #collections: Collections
  #sources: readonly { readonly of: Source['of']; readonly path: string; readonly collection: Collection<View> }[] = []
  #pods: Collection<PodView> | undefined
  #changed: () => void = () => {}

  constructor(collections: Collections) {
    this.#collections = collections
  }

  start(changed: () => void): void {
    this.#changed = changed
    this.#sources = CLUSTER_SOURCES.map(({ of, ...resource }) => ({
      of,
      path: resource.path,
      collection: this.#collections.open(resource, changed),
    }))
  }

  network(cni?: CniName): ClusterNetwork | undefined {
    if (!this.#sources.every(({ collection }) => collection.synced)) return undefined
    return clusterNetwork(
      {
        nodes: this.#all('nodes'),
        blockAffinities: this.#all('blockAffinities'),
        ipPools: this.#all('ipPools'),
        ciliumNodes: this.#all('ciliumNodes'),
        configMaps: this.#all('configMaps'),
      },
      cni,
    )
  }

  pods(): readonly PodNetwork[] {
    return this.#pods === undefined ? [] : podNetworks(this.#pods.objects.values())
  }

  needPods(): void {
    const { of: _, ...resource } = POD_SOURCE
    this.#pods ??= this.#collections.open({ ...resource, project: 'pod' }, this.#changed)
  }

  get synced(): boolean {
    return this.#opened.every(({ collection }) => collection.synced)
  }

  get trouble(): string | undefined {
    for (const { path, collection } of this.#opened)
      if (collection.state.phase === 'failing') return `${path}: ${collection.state.reason}`
    return undefined
  }

  /** The watches are not this one's alone: who opened them closes them. */
  async close(): Promise<void> {}

  get #opened(): readonly { readonly path: string; readonly collection: Collection<View> }[] {
    return this.#pods === undefined
      ? this.#sources
      : [...this.#sources, { path: POD_SOURCE.path, collection: this.#pods }]
  }

  #all<K extends keyof ClusterObjects>(kind: K): ClusterObjects[K] {
    const found = this.#sources.filter(({ of }) => of === kind)
    // the projection of a source is that of its kind
    return found.flatMap(({ collection }) => [...collection.objects.values()]) as unknown as ClusterObjects[K]
  }
}
