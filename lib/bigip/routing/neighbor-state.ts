/** Sessions as the device itself sees them: from `…/bgp/B/stats`-like answers or the text of `show ip bgp summary`. Pure. */

export interface NeighborState {
  readonly address: string
  readonly asNumber?: number
  /** `Established`, `Active`, `Idle (Admin)` …: as the device words it. */
  readonly state: string
  /** As the device words it: `01:02:03`, `never`. */
  readonly since?: string
  /** Accepted prefixes; absent where the session is not up. */
  readonly prefixes?: number
}

/** Text of `show ip bgp summary` or `show bgp ipv6 summary` → one entry for each line of a neighbour. */
export function parseSummary(text: string): NeighborState[] {
  throw new Error(`not written yet: ${text.length}`)
}
