/**
 * What is written to BIGIP objects: status, and the finalizer of those whose devices are to be cleaned. Rules: one write at a
 * time and object, the newest counts; nothing is written that the server has already; who does not lead writes nothing.
 */
import { WorldFault } from '../base/failure.ts'
import type { Clock } from '../bigip/clock.ts'
import { BIGIPS, type BigIp, type BigIpStatus } from '../bigip/resource.ts'
import type { ObjectMeta } from '../kube/object.ts'
import { type Json, type KubeWriter, mergePatch } from '../kube/writer.ts'
import { PassSchedule } from './pass.ts'

/** Holds a deleted BIGIP until its devices hold nothing of ours. */
const FINALIZER = 'podpeer.io/device'

/** Milliseconds between two writes of one status. */
const GAP = 2000

export class ObjectWriter {
  readonly #writer: Pick<KubeWriter, 'merge'>
  readonly #path: string
  readonly #schedule: PassSchedule
  readonly #lead: () => boolean
  readonly #onFault: (fault: Error) => void
  /** As the server has it, to our knowledge. */
  #known: BigIpStatus
  #version: string | undefined
  #wanted: BigIpStatus | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: {
    readonly writer: Pick<KubeWriter, 'merge'>
    readonly name: string
    readonly status: BigIpStatus
    readonly clock: Clock
    readonly lead: () => boolean
    readonly onFault: (fault: Error) => void
  }) {
    this.#writer = options.writer
    this.#path = `${BIGIPS}/${encodeURIComponent(options.name)}`
    this.#known = options.status
    this.#lead = options.lead
    this.#onFault = options.onFault
    this.#schedule = new PassSchedule(options.clock, GAP, () => this.#flush())
  }

  /** What was told last, or is about to be. */
  get status(): BigIpStatus {
    return this.#wanted ?? this.#known
  }

  /**
   * The server's own word: others may have written, or another process of ours that led.
   * @param version of the object: the one that was heard before is older than what was written since
   */
  hear(status: BigIpStatus, version: string | undefined): void {
    if (version === this.#version || this.#wanted !== undefined) return
    this.#version = version
    this.#known = status
  }

  offer(status: BigIpStatus): void {
    if (!this.#lead() || mergePatch(this.#known as Json, status as Json) === undefined) return
    this.#wanted = status
    this.#schedule.ask()
  }

  /** @returns whether it is done: not where another has written to the object since it was read */
  async finalizers(metadata: ObjectMeta, finalizers: readonly string[]): Promise<boolean> {
    if (!this.#lead()) return false
    const { resourceVersion } = metadata
    return await this.#carefully(() => this.#writer.merge(this.#path, { metadata: { resourceVersion, finalizers } }))
  }

  /** What is wanted is written at once, if this still leads. */
  async close(): Promise<void> {
    this.#schedule.close()
    await this.#writing
    if (this.#wanted !== undefined) this.#flush()
    await this.#writing
  }

  #flush(): void {
    this.#writing = this.#writing.then(async () => {
      const wanted = this.#wanted
      const status = wanted && mergePatch(this.#known as Json, wanted as Json)
      this.#wanted = undefined
      if (wanted === undefined || status === undefined || !this.#lead()) return
      const done = await this.#carefully(() => this.#writer.merge(`${this.#path}/status`, { status }))
      if (done) this.#known = wanted
    })
  }

  async #carefully(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write()
      return true
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      // gone, or another by now: the watch tells
      if (thrown.code !== 'KUBE_NOT_FOUND' && thrown.code !== 'KUBE_CONFLICT') this.#onFault(thrown)
      return false
    }
  }
}

/** What is to become of the finalizer. Pure. @param clean whether no device holds anything of ours */
export function finalizersOf({ metadata, spec }: Pick<BigIp, 'metadata' | 'spec'>, clean: boolean): readonly string[] {
  const { finalizers = [], deletionTimestamp } = metadata
  const others = finalizers.filter(one => one !== FINALIZER)
  if (spec.deletionPolicy === 'Retain') return others
  if (deletionTimestamp === undefined) return [...others, FINALIZER]
  return clean ? others : finalizers
}
