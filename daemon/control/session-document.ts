/** What a peer's session agreed on beyond the ordinary, and what it is held to: part of a PeerStatus. */
import type { FamilyName } from './document.ts'

export interface SessionTermsStatus {
  /** What the peer calls itself; while negotiated, as all that follows up to `longLived`. */
  readonly hostName?: string
  readonly softwareVersion?: string
  /** Names of what both sides agreed on beyond the ordinary: `extended messages`, `add-path send ipv4`. */
  readonly agreed?: readonly string[]
  /** RFC 9234: ours, and the peer's where it says one. */
  readonly role?: { readonly ours: string; readonly peer?: string }
  /** RFC 9494. Seconds. */
  readonly longLived?: readonly { readonly family: FamilyName; readonly staleTime: number }[]
  /** Families whose stale routes are kept although the peer did not come back in its restart time. */
  readonly longLivedStale?: readonly FamilyName[]
  /** Why no session is tried: too many prefixes, or BFD. */
  readonly heldBack?: string
  readonly profile?: 'plain'
}

/** Of a family of a peer. */
export interface PrefixLimitStatus {
  readonly count: number
  readonly action: 'warn' | 'drop' | 'restart'
}
