/**
 * Watched resources for those who look at what is known now rather than at each change: each with its objects, whether they
 * are all of them, and one call when anything has changed. All are watched in one thread, which starts with the first.
 */
import type { ProjectionName, Projections } from './object.ts'
import type { SourceState } from './reflector.ts'
import { type GrowingWatch, type WatchedResource, watchObjects } from './watch.ts'

export interface Collection<T> {
  /** By `NAME` or `NAMESPACE/NAME`; the same object is the same value until it changes. */
  readonly objects: ReadonlyMap<string, T>
  /** What is not among the objects does not exist. */
  readonly synced: boolean
  readonly state: SourceState
}

interface Watched {
  synced: boolean
  state: SourceState
  readonly changed: () => void
}

export class Collections {
  readonly #kubeconfig: string | undefined
  readonly #watched: Watched[] = []
  #watch: GrowingWatch | undefined

  /** @param kubeconfig a file; where absent `$KUBECONFIG`, then `~/.kube/config`, then the pod's own service account */
  constructor(kubeconfig?: string) {
    this.#kubeconfig = kubeconfig
  }

  /** @param changed called after each change of objects or state */
  open<P extends ProjectionName = 'whole'>(
    resource: WatchedResource<P>,
    changed: () => void,
  ): Collection<Projections[P]> {
    const watch = this.#started()
    const watched: Watched = { synced: false, state: { phase: 'listing' }, changed }
    this.#watched.push(watched)
    const index = watch.add(resource)
    return {
      get objects() {
        return watch.objects(index) as ReadonlyMap<string, Projections[P]>
      },
      get synced() {
        return watched.synced
      },
      get state() {
        return watched.state
      },
    }
  }

  async close(): Promise<void> {
    await this.#watch?.close()
  }

  #started(): GrowingWatch {
    const kubeconfig = this.#kubeconfig
    this.#watch ??= watchObjects({ resources: [], ...(kubeconfig !== undefined && { kubeconfig }) }, event => {
      const watched = this.#watched[event.resource]!
      if (event.type === 'synced') watched.synced = true
      if (event.type === 'state') watched.state = event.state
      watched.changed()
    })
    return this.#watch
  }
}
