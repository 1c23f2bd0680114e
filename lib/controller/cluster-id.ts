/** What tells this cluster from others on a device: of the uid of kube-system, asked for again and again until it is there. */
import { WorldFault } from '../base/failure.ts'
import type { Clock } from '../bigip/clock.ts'
import type { KubeWriter } from '../kube/writer.ts'

/** Milliseconds between two tries. */
const RETRY = 5000
/** Hex digits: names on devices contain it. */
const LENGTH = 8

export interface ClusterIdOptions {
  readonly writer: Pick<KubeWriter, 'get'>
  readonly clock: Clock
  readonly onKnown: () => void
  readonly onFault: (fault: WorldFault) => void
}

export class ClusterId {
  readonly #options: ClusterIdOptions
  #value: string | undefined
  #cancel: (() => void) | undefined
  #closed = false

  constructor(options: ClusterIdOptions) {
    this.#options = options
  }

  /** Undefined: not known yet. */
  get value(): string | undefined {
    return this.#value
  }

  start(): void {
    this.#options.writer.get('/api/v1/namespaces/kube-system').then(
      namespace => {
        this.#value = namespace?.metadata.uid?.replaceAll('-', '').slice(0, LENGTH)
        if (this.#value === undefined) return this.#again()
        this.#options.onKnown()
      },
      (thrown: unknown) => {
        if (!(thrown instanceof WorldFault)) throw thrown
        this.#options.onFault(thrown)
        this.#again()
      },
    )
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #again(): void {
    if (!this.#closed) this.#cancel = this.#options.clock.after(RETRY, () => this.start())
  }
}
