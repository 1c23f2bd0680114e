/**
 * Faults on demand: what a test or a lab may ask the stand-in to do wrong. The server looks here before it serves a request.
 */
import { ApiError } from './status.ts'
import type { Store } from './store.ts'

export interface FaultyRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
}

/** What is wrong with the answer to one request; served as ever where nothing is said. */
export interface Fault {
  /** Milliseconds of silence before the answer. */
  readonly delay?: number
  /** This code and a Status instead of the answer. */
  readonly code?: keyof typeof answers
  /** Seconds, as `Retry-After`. */
  readonly retryAfter?: number
  /** The connection breaks after this many octets of the body; 0 breaks it before the headers. */
  readonly cutAfter?: number
}

const answers = {
  410: ['Expired', 'The resourceVersion for the provided list is too old.'],
  429: ['TooManyRequests', 'Too many requests, please try again later.'],
  500: ['InternalError', 'Internal error occurred: injected'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'Timeout: request did not complete within the allotted time'],
} as const

/** Undefined when the fault lets the request be answered. */
export function refusalOf({ code, retryAfter }: Fault): ApiError | undefined {
  if (code === undefined) return undefined
  const [reason, message] = answers[code]
  return new ApiError(code, reason, message, retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter })
}

export class Faults {
  /** Asked for every request, also for each page of a list and for watches. */
  judge: (request: FaultyRequest) => Fault | undefined = () => undefined
  /** How many versions bookmarks lie behind what their watch has told already. */
  bookmarkLag = 0
  readonly #store: Store
  readonly #watches = new Set<() => void>()

  constructor(store: Store) {
    this.#store = store
  }

  /** Breaks the connections of all open watches. */
  dropWatches(): void {
    for (const cut of this.#watches) cut()
  }

  /** Watches from any version up to now, and continue tokens given out up to now, are answered by 410 Gone. */
  expireHistory(): void {
    this.#store.forget()
  }

  /** For the server: registers an open watch. @returns how to take it out */
  opened(cut: () => void): () => void {
    this.#watches.add(cut)
    return () => this.#watches.delete(cut)
  }
}
