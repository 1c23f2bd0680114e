/** Which rows the device refused to have written, and until when they wait: longer each time. Pure; times in milliseconds. */
import { type BackoffLimits, backoff } from '../base/backoff.ts'

const LIMITS: BackoffLimits = { first: 1000, most: 300_000 }

export class HoldOff {
  readonly #waits = new Map<string, { readonly until: number; readonly failures: number }>()

  /** @param key of the row */
  refused(key: string, now: number, random: number): void {
    const failures = (this.#waits.get(key)?.failures ?? 0) + 1
    this.#waits.set(key, { until: now + backoff(LIMITS, failures - 1, random), failures })
  }

  isWaiting(key: string, now: number): boolean {
    return (this.#waits.get(key)?.until ?? now) > now
  }

  settled(key: string): void {
    this.#waits.delete(key)
  }

  /** Everything may be tried again at once. */
  forgive(): void {
    this.#waits.clear()
  }

  /** When the first wait is over; Infinity: nothing waits. */
  deadline(now: number): number {
    let first = Number.POSITIVE_INFINITY
    for (const { until } of this.#waits.values()) if (until > now) first = Math.min(first, until)
    return first
  }
}
