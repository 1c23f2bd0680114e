/** Time and chance as the controller's shells are handed them, so that tests turn the clock themselves. */
import { performance } from 'node:perf_hooks'

export interface Clock {
  /** Milliseconds since 1970 that never run backwards, also when the machine's date is set. */
  now(): number
  /** A number in [0, 1). */
  random(): number
  /** Runs once, that many milliseconds from now; returns how to cancel it. */
  after(milliseconds: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  random: () => Math.random(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Resolves after that many milliseconds; rejects with the signal's reason when it is aborted before. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const stop = () => {
      cancel()
      reject(signal.reason)
    }
    const cancel = clock.after(milliseconds, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}
