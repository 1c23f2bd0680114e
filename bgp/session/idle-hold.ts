/**
 * How long a peering stays Idle after a failure (RFC 4271 §8.1.1, DampPeerOscillations): exponential, and a session that
 * lasted only briefly forgives nothing, so that a peer which fails soon after each start is not met at full speed.
 */
import { backoff } from '../../lib/base/backoff.ts'

const LIMITS = { first: 1_000, most: 60_000 }
/** A session that lasted this long, in ms, starts a clean sheet. */
const STABLE = 120_000

export class IdleHold {
  #failures = 0
  #until = Number.POSITIVE_INFINITY
  #isShut = false

  /** When the hold ends, ms; Infinity while none runs. */
  get until(): number {
    return this.#until
  }

  /** Whether the peer's own attempts are turned away as well: its UPDATEs were at fault, and each attempt costs a table. */
  get isShut(): boolean {
    return this.#isShut && this.#until !== Number.POSITIVE_INFINITY
  }

  /** @param shut see `isShut` */
  fail(shut: boolean): void {
    this.#failures++
    this.#isShut = shut
  }

  /** A session has ended that lasted `ms`. */
  lasted(ms: number): void {
    if (ms >= STABLE) this.#failures = 0
  }

  begin(now: number, random: number): void {
    this.#until = now + backoff(LIMITS, Math.max(0, this.#failures - 1), random)
  }

  /** The hold is over at once, what was counted stays. */
  cutShort(now: number): void {
    this.#until = now
  }

  end(): void {
    this.#until = Number.POSITIVE_INFINITY
    this.#isShut = false
  }

  forget(): void {
    this.end()
    this.#failures = 0
  }
}
