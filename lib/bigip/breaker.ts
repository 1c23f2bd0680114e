/**
 * A circuit breaker as a value: after several failures in a row the device is left alone for a while, then one call probes
 * whether it is well again. No clock and no randomness of its own.
 */
import { backoff } from '../base/backoff.ts'

/** Failures in a row. */
const PATIENCE = 5
/** Milliseconds: a restart of restjavad takes half a minute, so a longer rest would only add to it. */
const RESTS = { first: 1000, most: 30_000 }

export class Breaker {
  #failures = 0
  /** Rests in a row, each longer than the one before. */
  #rests = 0
  #restingUntil: number | undefined
  #probing = false

  /** Undefined while calls go through. */
  get restingUntil(): number | undefined {
    return this.#restingUntil
  }

  /** Before each call. @returns milliseconds to stay away; undefined: go on, and say how it ended */
  admit(now: number): number | undefined {
    if (this.#restingUntil === undefined) return undefined
    if (now < this.#restingUntil) return this.#restingUntil - now
    if (this.#probing) return RESTS.first
    this.#probing = true
    return undefined
  }

  /** The device answered in good order, be it with a refusal. */
  succeeded(): void {
    this.#failures = 0
    this.#rests = 0
    this.#restingUntil = undefined
    this.#probing = false
  }

  /** @param atLeast milliseconds that the device asked for  @param random a number in [0, 1) */
  failed(now: number, atLeast: number, random: number): void {
    this.#failures++
    this.#probing = false
    // calls that were under way when the rest began say nothing new
    const begun = this.#restingUntil !== undefined && now < this.#restingUntil
    if (this.#failures < PATIENCE || begun) return
    this.#restingUntil = now + Math.max(atLeast, backoff(RESTS, this.#rests, random))
    this.#rests++
  }

  /** The call ended without a word about the device: its caller gave up. */
  abandoned(): void {
    this.#probing = false
  }
}
