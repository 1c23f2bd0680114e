/**
 * What sessions and notices become in the log: a line per change with its reason, and no flood. A peer that fails again
 * and again for one reason is told once, until it changes; a notice that repeats is told at most every ten seconds, with
 * how often it was left out.
 */
import type { Log } from '../log.ts'

/** Milliseconds in which a notice of one code about one peer is told once. */
const QUIET = 10_000
/** What is normal, however seldom. */
const QUIET_CODES = new Set(['collision'])

export class EventLog {
  readonly #log: Log
  readonly #now: () => number
  readonly #failing = new Map<string, string>()
  readonly #notices = new Map<string, { toldAt: number; leftOut: number }>()

  /** @param now milliseconds on a monotonic clock */
  constructor(log: Log, now: () => number) {
    this.#log = log
    this.#now = now
  }

  session(peer: string, from: string, to: string, reason: string): void {
    const fields = { peer, from, to, reason }
    if (to === 'Established') {
      this.#failing.delete(peer)
      return this.#log.info('session', fields)
    }
    const failed = from !== 'Idle' && (to === 'Idle' || to === 'Active')
    const news = from === 'Established' || (failed && reason !== '' && this.#failing.get(peer) !== reason)
    if (!news) return this.#log.debug('session', fields)
    this.#failing.set(peer, reason)
    this.#log.warn('session', fields)
  }

  notice(peer: string | undefined, code: string, text: string): void {
    const key = `${code} ${peer ?? ''}`
    const told = this.#notices.get(key)
    if (told !== undefined && this.#now() - told.toldAt < QUIET) {
      told.leftOut++
      return
    }
    this.#notices.set(key, { toldAt: this.#now(), leftOut: 0 })
    const leftOut = told === undefined || told.leftOut === 0 ? {} : { leftOut: told.leftOut }
    const fields = { ...(peer !== undefined && { peer }), code, text, ...leftOut }
    this.#log[QUIET_CODES.has(code) ? 'debug' : 'warn']('notice', fields)
  }
}
