/**
 * The shell of one reflector: asks what it says, tells it what came. Has one request or one timer at a time, and no decisions.
 */
import { performance } from 'node:perf_hooks'
import { reasonOf } from '../base/failure.ts'
import { ApiFault, nonsense } from './api-fault.ts'
import { KubeClient } from './client.ts'
import type { KubeObject } from './object.ts'
import {
  type Ask,
  type Failure,
  Reflector,
  type ReflectorEffect,
  type ReflectorInput,
  type WatchRecord,
} from './reflector.ts'

export interface ListWatchOptions<T> {
  readonly kubeconfig?: string | undefined
  readonly path: string
  readonly fieldSelector?: string | undefined
  readonly labelSelector?: string | undefined
  readonly project: (object: KubeObject) => T
  /** See WatchedResource. */
  readonly optional?: boolean | undefined
}

/** What a reflector says beside what to ask: the news for whoever follows the resource. */
export type News<T> = Exclude<ReflectorEffect<T>, Ask | { type: 'wait' }>

/** Milliseconds beyond the time a watch was asked for before silence counts as a broken connection. */
const GRACE = 30_000

export class ListWatch<T> {
  readonly #options: ListWatchOptions<T>
  readonly #client: KubeClient
  readonly #reflector: Reflector<T>
  readonly #onNews: (news: News<T>) => void
  /** Ends the request or the wait under way; a later answer of it is not heard. */
  #current = new AbortController()
  #closed = false

  constructor(options: ListWatchOptions<T>, onNews: (news: News<T>) => void) {
    this.#options = options
    this.#client = new KubeClient(options.kubeconfig)
    this.#reflector = new Reflector(options.project, options.optional)
    this.#onNews = onNews
  }

  start(): void {
    this.#handle({ type: 'start' })
  }

  /** No news comes after the call, not even what is left of the answer that is being told. */
  async close(): Promise<void> {
    this.#closed = true
    this.#current.abort()
    await this.#client.close()
  }

  #handle(input: ReflectorInput): void {
    for (const effect of this.#reflector.handle(input, performance.now(), Math.random())) {
      if (this.#closed) return
      if (effect.type === 'list') this.#next(signal => this.#list(effect, signal))
      else if (effect.type === 'watch') this.#next(signal => this.#watch(effect, signal))
      else if (effect.type === 'wait') this.#next(signal => this.#wait(effect.milliseconds, signal))
      else this.#onNews(effect)
    }
  }

  /** Starts what the reflector asked for; what it comes to is told, unless something else was asked meanwhile. */
  #next(run: (signal: AbortSignal) => Promise<ReflectorInput>): void {
    this.#current.abort()
    this.#current = new AbortController()
    const { signal } = this.#current
    const told = (input: ReflectorInput) => {
      if (!signal.aborted) this.#handle(input)
    }
    run(signal).then(told, thrown => told({ type: 'failed', failure: failureOf(thrown) }))
  }

  async #list({ limit, continueToken }: Ask & { type: 'list' }, signal: AbortSignal): Promise<ReflectorInput> {
    const query = { ...this.#selectors(), limit: String(limit), continue: continueToken }
    const list = await this.#client.request({ path: this.#options.path, query, signal })
    const { items, metadata } = list as {
      items?: KubeObject[]
      metadata?: { resourceVersion?: string; continue?: string }
    }
    if (!Array.isArray(items) || metadata?.resourceVersion === undefined)
      throw nonsense(`${this.#options.path} is no list`)
    return { type: 'page', items, resourceVersion: metadata.resourceVersion, continueToken: metadata.continue }
  }

  async #watch(
    { resourceVersion, timeoutSeconds }: Ask & { type: 'watch' },
    signal: AbortSignal,
  ): Promise<ReflectorInput> {
    const query = {
      ...this.#selectors(),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
    }
    const patience = timeoutSeconds * 1000 + GRACE
    const lines = await this.#client.lines({ path: this.#options.path, query, signal, patience })
    if (!signal.aborted) this.#handle({ type: 'opened' })
    for await (const line of lines) {
      if (signal.aborted) break
      this.#handle({ type: 'event', event: parseRecord(line) })
    }
    return { type: 'ended' }
  }

  async #wait(milliseconds: number, signal: AbortSignal): Promise<ReflectorInput> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, milliseconds)
      signal.addEventListener('abort', () => clearTimeout(timer))
    })
    return { type: 'waited', replaced: await this.#client.renew() }
  }

  #selectors() {
    return { fieldSelector: this.#options.fieldSelector, labelSelector: this.#options.labelSelector }
  }
}

function failureOf(thrown: unknown): Failure {
  // anything else is our own fault and must not be retried quietly
  if (!(thrown instanceof ApiFault)) throw thrown
  return { reason: reasonOf(thrown), status: thrown.status, retryAfter: thrown.retryAfter }
}

function parseRecord(line: string): WatchRecord {
  try {
    const record = JSON.parse(line) as WatchRecord
    if (typeof record.type === 'string' && typeof record.object === 'object') return record
  } catch {
    // told below, like any other line that is no event
  }
  throw nonsense('a line of a watch that is no event')
}
