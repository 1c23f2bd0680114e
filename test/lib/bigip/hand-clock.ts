/** A clock that stands still until a test turns it. */

import type { Clock } from '../../../lib/bigip/clock.ts'
import { until } from '../../until.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

export class HandClock implements Clock {
  #now = Date.parse('2026-11-21T12:00:00Z')
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  /** The least: waits come out as half of their ceiling. */
  random(): number {
    return 0
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = due.at
      due.run()
    }
    this.#now = end
  }

  /** Waits until so many wait just that long, and lets it pass. */
  async pass(milliseconds: number, howMany = 1): Promise<void> {
    await until(
      `${howMany} wait ${milliseconds} ms`,
      () => [...this.#timers].filter(({ at }) => at === this.#now + milliseconds).length >= howMany,
    )
    this.advance(milliseconds)
  }
}
