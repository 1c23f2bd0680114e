/**
 * Kubernetes Events: what people see with `kubectl describe` of a Node or a BIGIP. Rules: the same news again counts up the
 * Event that is there, and not before some minutes; writes are few per second, and of a flood only the first are told (the
 * status has them all); an Event that cannot be written is lost, for nothing depends on it.
 */
import { WorldFault } from '../base/failure.ts'
import type { Clock } from '../bigip/clock.ts'
import type { KubeWriter } from '../kube/writer.ts'

export interface EventSubject {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** Of a Node: its name, as the kubelet does it. */
  readonly uid: string
}

export interface News {
  readonly subject: EventSubject
  readonly type: 'Normal' | 'Warning'
  /** CamelCase. */
  readonly reason: string
  readonly message: string
}

interface Told {
  /** Path of the Event. */
  path: string | undefined
  message: string
  count: number
  at: number
}

/** Objects without a namespace have their Events here. */
const EVENTS = '/api/v1/namespaces/default/events'
/** Milliseconds before the same is told again. */
const AGAIN = 10 * 60_000
/** Milliseconds between two writes. */
const GAP = 100
const LONGEST_QUEUE = 100
const MOST_TOLD = 10_000
/** The API's own limit. */
const LONGEST_MESSAGE = 1024

export class EventRecorder {
  readonly #writer: Pick<KubeWriter, 'create' | 'merge'>
  readonly #clock: Clock
  readonly #told = new Map<string, Told>()
  readonly #queue: { readonly told: Told; readonly news: News }[] = []
  #cancel: (() => void) | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(writer: Pick<KubeWriter, 'create' | 'merge'>, clock: Clock) {
    this.#writer = writer
    this.#clock = clock
  }

  record(news: News): void {
    const key = [news.subject.kind, news.subject.name, news.reason].join('\t')
    const now = this.#clock.now()
    const told = this.#told.get(key) ?? { path: undefined, message: '', count: 0, at: Number.NEGATIVE_INFINITY }
    const message = news.message.slice(0, LONGEST_MESSAGE)
    if (this.#queue.length >= LONGEST_QUEUE || (told.message === message && now - told.at < AGAIN)) return
    told.message = message
    told.at = now
    told.count++
    this.#told.delete(key)
    this.#told.set(key, told)
    if (this.#told.size > MOST_TOLD) this.#told.delete(this.#told.keys().next().value!)
    this.#queue.push({ told, news: { ...news, message } })
    this.#cancel ??= this.#clock.after(0, () => this.#next())
  }

  /** What is queued is lost; the write under way ends. */
  async close(): Promise<void> {
    this.#queue.length = 0
    this.#cancel?.()
    await this.#writing
  }

  #next(): void {
    const first = this.#queue.shift()
    this.#cancel = undefined
    if (first === undefined) return
    this.#writing = this.#write(first.told, first.news).then(() => {
      if (this.#queue.length > 0) this.#cancel = this.#clock.after(GAP, () => this.#next())
    })
  }

  async #write(told: Told, { subject, type, reason, message }: News): Promise<void> {
    const time = `${new Date(this.#clock.now()).toISOString().slice(0, 19)}Z`
    try {
      if (told.path !== undefined) {
        await this.#writer.merge(told.path, { message, count: told.count, lastTimestamp: time })
        return
      }
      const event = await this.#writer.create(EVENTS, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { generateName: `${subject.name.toLowerCase()}.`, namespace: 'default' },
        involvedObject: subject,
        type,
        reason,
        message,
        count: told.count,
        firstTimestamp: time,
        lastTimestamp: time,
        source: { component: 'podpeer-controller' },
        reportingComponent: 'podpeer-controller',
      })
      told.path = `${EVENTS}/${event.metadata.name}`
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      // the server has forgotten it (an hour, usually), or does not take it: the next is a new one
      told.path = undefined
    }
  }
}
