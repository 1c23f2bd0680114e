/**
 * BFD for whoever has peers: sessions in a thread of their own (bfd-thread.ts), told as a whole set, and what becomes of
 * them. The thread is started with the first session that is wanted; one that falls is started again, with back-off. While
 * it is away no session counts as failed: nothing is known of any path.
 */
import { writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { backoff } from '../../lib/base/backoff.ts'
import { reasonOf } from '../../lib/base/failure.ts'
import { closeDescriptor, createEventDescriptor } from '../../lib/linux/libc.ts'
import type { BfdSessionConfig } from '../bfd/session-config.ts'
import type { BfdChange, BfdCounters, BfdSessionStatus } from '../bfd/session-status.ts'
import type { BfdPost, BfdRequest, BfdThreadData, SessionRequest } from './bfd-shared.ts'

const RESTART = { first: 100, most: 30_000 }
/** A thread that ran for as long is not counted as failing again. Milliseconds. */
const STEADY = 60_000
/** Milliseconds that a thread may take to answer. */
const PATIENCE = 2000

const NO_COUNTERS: BfdCounters = { sessions: new Map(), discarded: {} }

export interface BfdObserver {
  changed(change: BfdChange): void
  /** `problems` has something else to say. */
  problemsChanged(): void
  /** The thread fell, in words. */
  notice(text: string): void
}

export class Bfd {
  readonly #observer: BfdObserver
  readonly #wake = createEventDescriptor()
  readonly #atExit = () => this.#ask({ type: 'end' })
  readonly #statuses = new Map<string, BfdSessionStatus>()
  readonly #questions = new Map<number, (counters: BfdCounters) => void>()
  #wanted: readonly SessionRequest[] = []
  #problems: readonly string[] = []
  #worker: Worker | undefined
  #restart: NodeJS.Timeout | undefined
  #failures = 0
  #lastQuestion = 0
  #closed: Promise<void> | undefined

  /** Its sockets will belong to the network namespace of the thread that calls. @throws WorldFault */
  constructor(observer: BfdObserver) {
    this.#observer = observer
    // a process cannot end while a thread of it waits in poll
    process.on('exit', this.#atExit)
  }

  /** The whole set of sessions; names are unique. Those that did not change go on undisturbed. */
  want(sessions: readonly BfdSessionConfig[]): void {
    this.#wanted = sessions.map(requestOf)
    const names = new Set(sessions.map(({ name }) => name))
    for (const name of this.#statuses.keys()) if (!names.has(name)) this.#statuses.delete(name)
    if (this.#worker !== undefined) this.#ask({ type: 'want', sessions: this.#wanted })
    else if (sessions.length > 0 && this.#restart === undefined && this.#closed === undefined) this.#start()
  }

  /** As far as the thread has told. */
  status(): readonly BfdSessionStatus[] {
    return [...this.#statuses.values()]
  }

  /** Sentences: what keeps packets from being received. */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** What the thread has counted; nothing while it is away. */
  counters(): Promise<BfdCounters> {
    if (this.#worker === undefined) return Promise.resolve(NO_COUNTERS)
    const id = ++this.#lastQuestion
    const { promise, resolve } = Promise.withResolvers<BfdCounters>()
    const timer = setTimeout(() => this.#answer(id, NO_COUNTERS), PATIENCE)
    this.#questions.set(id, counters => {
      clearTimeout(timer)
      resolve(counters)
    })
    this.#ask({ type: 'count', id })
    return promise
  }

  /** Tells the peers that the sessions end, which is no failure for them; settles when the thread is gone. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    process.off('exit', this.#atExit)
    clearTimeout(this.#restart)
    const worker = this.#worker
    if (worker !== undefined) {
      worker.removeAllListeners()
      const gone = new Promise(resolve => worker.once('exit', resolve))
      this.#ask({ type: 'end' })
      if (worker.threadId !== -1) await gone
    }
    // the descriptor's number may be another's from here on
    this.#worker = undefined
    for (const id of [...this.#questions.keys()]) this.#answer(id, NO_COUNTERS)
    closeDescriptor(this.#wake)
  }

  #start(): void {
    this.#restart = undefined
    const workerData: BfdThreadData = { wake: this.#wake, timeOrigin: performance.timeOrigin }
    const worker = new Worker(new URL(`./bfd-thread${import.meta.url.slice(-3)}`, import.meta.url), { workerData })
    const started = performance.now()
    let reason = 'it ended'
    worker.on('message', (post: BfdPost) => this.#take(post))
    worker.on('error', error => {
      reason = reasonOf(error)
    })
    worker.on('exit', () => this.#fell(reason, performance.now() - started))
    this.#worker = worker
    this.#ask({ type: 'want', sessions: this.#wanted })
  }

  #fell(reason: string, lived: number): void {
    this.#failures = lived > STEADY ? 1 : this.#failures + 1
    const wait = backoff(RESTART, this.#failures - 1, Math.random())
    this.#worker = undefined
    this.#statuses.clear()
    for (const id of [...this.#questions.keys()]) this.#answer(id, NO_COUNTERS)
    this.#observer.notice(`the thread of BFD fell: ${reason}; it starts again in ${wait} ms`)
    this.#restart = setTimeout(() => this.#start(), wait)
  }

  #take(post: BfdPost): void {
    switch (post.type) {
      case 'change':
        return this.#observer.changed(post.change)
      case 'sessions': {
        const names = new Set(this.#wanted.map(({ name }) => name))
        for (const status of post.sessions) if (names.has(status.name)) this.#statuses.set(status.name, status)
        return
      }
      case 'counters':
        return this.#answer(post.id, post.counters)
      case 'problems':
        this.#problems = post.problems
        return this.#observer.problemsChanged()
    }
  }

  #answer(id: number, counters: BfdCounters): void {
    const settle = this.#questions.get(id)
    this.#questions.delete(id)
    settle?.(counters)
  }

  #ask(request: BfdRequest): void {
    this.#worker?.postMessage(request)
    writeSync(this.#wake, new BigUint64Array([1n]))
  }
}

function requestOf({ name, remote, local, interface: link, multihop, ...timers }: BfdSessionConfig): SessionRequest {
  const { transmit, receive, multiplier } = timers
  return {
    name,
    remote: remote.toString(),
    local: local?.toString(),
    interface: link,
    leastTtl: multihop?.leastTtl,
    transmit,
    receive,
    multiplier,
  }
}
