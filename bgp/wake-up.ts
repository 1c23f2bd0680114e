/** At most one wake-up that is still to come: a new one takes the place of the one before. */
import type { Clock } from './transport.ts'

export class WakeUp {
  readonly #clock: Pick<Clock, 'wake'>
  #at = Number.POSITIVE_INFINITY
  #cancel: () => void = () => {}

  constructor(clock: Pick<Clock, 'wake'>) {
    this.#clock = clock
  }

  /** ms on the clock; Infinity: none is to come. */
  get at(): number {
    return this.#at
  }

  set(at: number, run: () => void): void {
    this.cancel()
    this.#at = at
    this.#cancel = this.#clock.wake(at, () => {
      this.#at = Number.POSITIVE_INFINITY
      run()
    })
  }

  cancel(): void {
    this.#cancel()
    this.#at = Number.POSITIVE_INFINITY
  }
}
