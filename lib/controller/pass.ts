/**
 * When the next pass runs: at once after a quiet time, then at most every `gap`, however many changes come. Pure but for the
 * clock that it is handed.
 */
import type { Clock } from '../bigip/clock.ts'

export class PassSchedule {
  readonly #clock: Clock
  readonly #gap: number
  readonly #run: () => void
  #lastAt = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  /** @param gap milliseconds between the begins of two passes */
  constructor(clock: Clock, gap: number, run: () => void) {
    this.#clock = clock
    this.#gap = gap
    this.#run = run
  }

  /** A pass is due. */
  ask(): void {
    if (this.#cancel !== undefined) return
    const wait = Math.max(0, this.#lastAt + this.#gap - this.#clock.now())
    this.#cancel = this.#clock.after(wait, () => {
      this.#cancel = undefined
      this.#lastAt = this.#clock.now()
      this.#run()
    })
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = () => {}
  }
}
