/** Which BIGIP objects there are: those of the API, or those of a file. Judges none of them. */
import { BIGIPS } from '../bigip/resource.ts'
import type { Collection, Collections } from '../kube/collection.ts'
import type { KubeObject } from '../kube/object.ts'

export interface BigIpSource {
  /** @param changed called after each change */
  start(changed: () => void): void
  /** As they are written: a wrong one among them is told, and the others count. */
  list(): readonly KubeObject[]
  /** Whether they are objects of the cluster, which take a status and finalizers. */
  readonly stored: boolean
  /** What is not in the list does not exist. */
  readonly synced: boolean
  /** A sentence; undefined: they are followed without trouble. */
  readonly trouble: string | undefined
}

/** Objects that stay as they are. */
export function fixedBigIps(objects: readonly KubeObject[]): BigIpSource {
  return { start: () => {}, list: () => objects, stored: false, synced: true, trouble: undefined }
}

/** As the API server tells it. */
export class KubeBigIps implements BigIpSource {
  readonly stored = true
  readonly #collections: Collections
  #collection: Collection<KubeObject> | undefined

  constructor(collections: Collections) {
    this.#collections = collections
  }

  start(changed: () => void): void {
    this.#collection = this.#collections.open({ path: BIGIPS }, changed)
  }

  list(): readonly KubeObject[] {
    return [...(this.#collection?.objects.values() ?? [])]
  }

  get synced(): boolean {
    return this.#collection?.synced ?? false
  }

  get trouble(): string | undefined {
    const state = this.#collection?.state
    return state?.phase === 'failing' ? `${BIGIPS}: ${state.reason}` : undefined
  }
}
