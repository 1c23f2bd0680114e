/**
 * How often a line may say that a connection was turned away: anybody can open thousands a second, and no log may grow by
 * that. Pure.
 */

/** Lines at once, and milliseconds until the next one may follow. */
const BURST = 10
const PACE = 10_000

export class Refusals {
  #lines = BURST
  #at = 0
  #silent = 0

  /**
   * A connection is turned away.
   * @param now ms
   * @returns how many were turned away without a line since the last one; undefined: this one is, too
   */
  note(now: number): number | undefined {
    const earned = Math.floor((now - this.#at) / PACE)
    if (earned > 0) {
      this.#lines = Math.min(BURST, this.#lines + earned)
      this.#at += earned * PACE
    }
    if (this.#lines === 0) {
      this.#silent++
      return undefined
    }
    this.#lines--
    const silent = this.#silent
    this.#silent = 0
    return silent
  }
}
