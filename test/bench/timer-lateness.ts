/** A timer that goes off every ten milliseconds, as keepalives do more rarely, and how late it came. */
import { systemClock } from '../../bgp/io/clock.ts'
import type { Lateness } from './row.ts'

const INTERVAL = 10

/** @returns ends the measurement */
export function measureLateness(): () => Lateness {
  const late: number[] = []
  let due = systemClock.now() + INTERVAL
  let cancel = () => {}
  const arm = () => {
    cancel = systemClock.wake(due, () => {
      const now = systemClock.now()
      late.push(now - due)
      due = now + INTERVAL
      arm()
    })
  }
  arm()
  return () => {
    cancel()
    return latenessFrom(late)
  }
}

/** @param late ms by which each came late */
export function latenessFrom(late: readonly number[]): Lateness {
  const sorted = late.toSorted((one, other) => one - other)
  const part = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return { medianMs: part(0.5), p99Ms: part(0.99), worstMs: part(1) }
}
