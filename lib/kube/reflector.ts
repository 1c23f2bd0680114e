/**
 * List-watch as a pure machine: what the API server says goes in, what to ask next and what changed comes out. One reflector
 * follows one resource. No sockets, clock or randomness: the shell is list-watch.
 *
 * A list is read in pages; a page that fails is asked for again, so a partial list deletes nothing. Then the watch runs from
 * the list's version and is resumed from the last version heard of (events, bookmarks). 410 Gone costs a relist. Before a
 * broken watch is resumed, one object is listed to learn the server's version: when it went back (a restored etcd), versions
 * mean nothing any more and all is listed. Waits grow with failures, and shrink again once a watch has brought something.
 */
import { backoff } from '../base/backoff.ts'
import { type KubeObject, keyOf } from './object.ts'
import { type ObjectChange, ObjectStore } from './object-store.ts'

export type ReflectorInput =
  | { readonly type: 'start' }
  /** One page of the list asked for; `continueToken` is there when more follow. */
  | {
      readonly type: 'page'
      readonly items: readonly KubeObject[]
      readonly resourceVersion: string
      readonly continueToken?: string | undefined
    }
  /** The server took the watch. */
  | { readonly type: 'opened' }
  | { readonly type: 'event'; readonly event: WatchRecord }
  /** The watch came to its end without an error. */
  | { readonly type: 'ended' }
  /** The request asked for, or the watch under way, failed. */
  | { readonly type: 'failed'; readonly failure: Failure }
  /** The wait is over; `replaced` when the kubeconfig now names another cluster or user. */
  | { readonly type: 'waited'; readonly replaced: boolean }

/** A line of a watch. */
export interface WatchRecord {
  readonly type: string
  readonly object: KubeObject & { readonly code?: number; readonly message?: string }
}

export interface Failure {
  readonly reason: string
  /** HTTP status, when there was an answer. */
  readonly status?: number | undefined
  /** Milliseconds that the server asked for. */
  readonly retryAfter?: number | undefined
}

export type Ask =
  | { readonly type: 'list'; readonly limit: number; readonly continueToken?: string | undefined }
  | { readonly type: 'watch'; readonly resourceVersion: string; readonly timeoutSeconds: number }

/**
 * `watching` while the watch runs, `failing` from the first failed request to the next watch, `absent` while the server knows
 * no such resource and the resource is optional.
 */
export type SourceState =
  | { readonly phase: 'listing' | 'watching' | 'absent' }
  | { readonly phase: 'failing'; readonly reason: string }

/** At most one of `Ask` and `wait` per input: it is what the shell does next. */
export type ReflectorEffect<T> =
  | Ask
  /** Milliseconds; then read kubeconfig and credentials again, and say `waited`. Ends a watch under way. */
  | { readonly type: 'wait'; readonly milliseconds: number }
  | { readonly type: 'changes'; readonly changes: readonly ObjectChange<T>[] }
  /** After each whole list. */
  | { readonly type: 'listed' }
  /**
   * Each time that an optional resource is not there: nothing is known of it, and that is all there is to know. What was
   * known stays, for an API server that starts may know its custom resources late.
   */
  | { readonly type: 'absent' }
  | { readonly type: 'state'; readonly state: SourceState }

export const PAGE = 500
const WAITS = { first: 500, most: 15_000 }
/** Milliseconds; a server that asks for more is asked again all the same. */
const LONGEST_WAIT = 120_000
/** Milliseconds; a watch that ends sooner is followed by a wait, or two sides would hammer each other. */
const SHORT_WATCH = 1000
/** Seconds; spread, so that the watches of many agents do not end together. */
const WATCH_TIME = { least: 240, spread: 120 }
/** Milliseconds between two looks for an optional resource: a cluster may go without it for ever, and have many agents. */
const ABSENT = { least: 45_000, spread: 30_000 }
const GONE = 410
const NOT_FOUND = 404

export class Reflector<T> {
  readonly #store = new ObjectStore<T>()
  readonly #project: (object: KubeObject) => T
  readonly #optional: boolean
  /** What is asked now, or again after a wait. */
  #doing: 'list' | 'probe' | 'watch' = 'list'
  #continueToken: string | undefined
  /** Of the last whole list or the watch since; undefined when nothing can be resumed. */
  #version: string | undefined
  #failures = 0
  #openedAt: number | undefined
  #absent = false
  #state = ''

  /** @param optional the server may not know the resource (a custom one) */
  constructor(project: (object: KubeObject) => T, optional = false) {
    this.#project = project
    this.#optional = optional
  }

  get objects(): ReadonlyMap<string, T> {
    return this.#store.objects
  }

  /**
   * @param now milliseconds, monotonic
   * @param random in [0, 1)
   */
  handle(input: ReflectorInput, now: number, random: number): ReflectorEffect<T>[] {
    switch (input.type) {
      case 'start':
        return [...this.#tell({ phase: 'listing' }), ...this.#relist()]
      case 'page':
        return this.#doing === 'probe' ? this.#probed(input.resourceVersion, random) : this.#page(input, random)
      case 'opened':
        this.#openedAt = now
        return this.#tell({ phase: 'watching' })
      case 'event':
        return this.#event(input.event, now, random)
      case 'ended':
        return this.#ended(now, random)
      case 'failed':
        return this.#failed(input.failure, now, random)
      case 'waited':
        return input.replaced || this.#absent ? this.#relist() : this.#resume(random)
    }
  }

  #relist(): ReflectorEffect<T>[] {
    this.#version = undefined
    this.#continueToken = undefined
    this.#absent = false
    this.#doing = 'list'
    this.#store.beginRelist()
    return [{ type: 'list', limit: PAGE }]
  }

  #resume(random: number): ReflectorEffect<T>[] {
    if (this.#doing === 'list') return [{ type: 'list', limit: PAGE, continueToken: this.#continueToken }]
    return this.#doing === 'probe' ? [{ type: 'list', limit: 1 }] : this.#watch(random)
  }

  #watch(random: number): ReflectorEffect<T>[] {
    this.#doing = 'watch'
    this.#openedAt = undefined
    const timeoutSeconds = Math.round(WATCH_TIME.least + random * WATCH_TIME.spread)
    return [{ type: 'watch', resourceVersion: this.#version!, timeoutSeconds }]
  }

  #page(page: ReflectorInput & { type: 'page' }, random: number): ReflectorEffect<T>[] {
    const changes = page.items.flatMap(item => this.#store.put(keyOf(item), this.#project(item)) ?? [])
    if (page.continueToken) {
      this.#continueToken = page.continueToken
      return [...told(changes), { type: 'list', limit: PAGE, continueToken: page.continueToken }]
    }
    changes.push(...this.#store.endRelist())
    this.#version = page.resourceVersion
    return [...told(changes), { type: 'listed' }, ...this.#watch(random)]
  }

  #probed(version: string, random: number): ReflectorEffect<T>[] {
    return wentBack(this.#version!, version) ? this.#relist() : this.#watch(random)
  }

  #event({ type, object }: WatchRecord, now: number, random: number): ReflectorEffect<T>[] {
    if (type === 'ERROR') {
      this.#openedAt = undefined
      return this.#failed({ reason: `API server ended the watch: ${object.message}`, status: object.code }, now, random)
    }
    this.#failures = 0
    this.#version = object.metadata.resourceVersion ?? this.#version
    if (type === 'BOOKMARK') return []
    const key = keyOf(object)
    const change = type === 'DELETED' ? this.#store.remove(key) : this.#store.put(key, this.#project(object))
    return told(change === undefined ? [] : [change])
  }

  #ended(now: number, random: number): ReflectorEffect<T>[] {
    return this.#lasted(now) ? this.#watch(random) : this.#wait(random)
  }

  #failed({ reason, status, retryAfter }: Failure, now: number, random: number): ReflectorEffect<T>[] {
    if (status === NOT_FOUND && this.#optional) return this.#missing(random)
    if (status === GONE) {
      const relist = this.#relist()
      return this.#failures++ === 0 ? relist : this.#wait(random)
    }
    if (this.#doing === 'watch') this.#doing = 'probe'
    // a watch that breaks is no news until it cannot be taken up again
    const broken = this.#openedAt !== undefined
    this.#lasted(now)
    this.#openedAt = undefined
    return [...(broken ? [] : this.#tell({ phase: 'failing', reason })), ...this.#wait(random, retryAfter)]
  }

  #missing(random: number): ReflectorEffect<T>[] {
    this.#absent = true
    this.#failures = 0
    this.#openedAt = undefined
    const milliseconds = ABSENT.least + random * ABSENT.spread
    return [{ type: 'absent' }, ...this.#tell({ phase: 'absent' }), { type: 'wait', milliseconds }]
  }

  /** Whether the watch was of use: then earlier failures are forgotten. */
  #lasted(now: number): boolean {
    const lasted = this.#openedAt !== undefined && now - this.#openedAt >= SHORT_WATCH
    if (lasted) this.#failures = 0
    return lasted
  }

  #wait(random: number, retryAfter = 0): ReflectorEffect<T>[] {
    const asked = Math.min(retryAfter, LONGEST_WAIT)
    return [{ type: 'wait', milliseconds: Math.max(asked, backoff(WAITS, this.#failures++, random)) }]
  }

  /** A state is told when it is news. */
  #tell(state: SourceState): ReflectorEffect<T>[] {
    const text = JSON.stringify(state)
    if (text === this.#state) return []
    this.#state = text
    return [{ type: 'state', state }]
  }
}

function told<T>(changes: readonly ObjectChange<T>[]): ReflectorEffect<T>[] {
  return changes.length === 0 ? [] : [{ type: 'changes', changes }]
}

/** Versions are numbers wherever they can be compared at all; where they cannot, nothing can be resumed. */
function wentBack(known: string, version: string): boolean {
  const numbers = [known, version].every(text => /^\d+$/.test(text))
  return !numbers || BigInt(version) < BigInt(known)
}
