/** Exponential back-off with jitter, as a value: no clock and no randomness of its own. */

export interface BackoffLimits {
  /** Milliseconds. */
  readonly first: number
  /** Milliseconds. */
  readonly most: number
}

/**
 * The wait before try number `failures + 1`, in milliseconds: doubled per failure, capped, then spread over its upper half
 * so that many callers that failed together do not come back together.
 * @param random a number in [0, 1)
 */
export function backoff(limits: BackoffLimits, failures: number, random: number): number {
  const ceiling = Math.min(limits.most, limits.first * 2 ** Math.min(failures, 30))
  return Math.round(ceiling * (0.5 + random / 2))
}
