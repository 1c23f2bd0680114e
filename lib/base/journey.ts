/** The way of a packet hop by hop, as it was found and judged: on a node or on a BIG-IP. Pure. */

export interface JourneyHop {
  /** What decides there: `rule`, `route`, `neighbour`, `FDB row`, `self IP` … */
  readonly hop: string
  /** `unknown`: it cannot be told from here. */
  readonly verdict: 'right' | 'wrong' | 'unknown'
  /** In the words of `ip`, `bridge` and `tmsh`. */
  readonly found: string
  /** Whose it is: `podpeer`, `kernel`, or in the words of `ip route`. */
  readonly owner?: string
  /** Why it is not right, or what to know of it. */
  readonly reason?: string
  /** What mends it. */
  readonly remedy?: string
}

export interface Journey {
  readonly from: string
  readonly to: string
  /** In the order in which the packet comes by. */
  readonly hops: readonly JourneyHop[]
}

export function firstWrong({ hops }: Journey): JourneyHop | undefined {
  return hops.find(({ verdict }) => verdict === 'wrong')
}
