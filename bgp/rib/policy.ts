/**
 * Import and export policy as values, and their judgement. A policy is an ordered list of terms; the first term that
 * matches decides, `otherwise` decides the rest, and the verdict names what decided. Knows prefixes, families, the
 * session's peer and where a route came from; knows no attributes yet.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'

/** Where a route came from: originated here, or learned over iBGP or eBGP. */
export type RouteSource = 'local' | 'internal' | 'external'

/** Prefixes that lie within `prefix` and whose length is from `min` to `max`. */
export interface PrefixRange {
  readonly prefix: Prefix
  readonly min: number
  readonly max: number
}

/** Every field that is given must match; an absent field matches everything. */
export interface PolicyMatch {
  readonly prefixes?: readonly PrefixRange[]
  readonly families?: readonly Family[]
  /** Names of the peers whose session the policy is applied on: the sender on import, the receiver on export. */
  readonly peers?: readonly string[]
  readonly source?: readonly RouteSource[]
}

export interface PolicyTerm {
  readonly name: string
  readonly match: PolicyMatch
  readonly action: 'accept' | 'reject'
}

export interface Policy {
  readonly name: string
  readonly terms: readonly PolicyTerm[]
  /** What happens to routes that no term matches. */
  readonly otherwise: 'accept' | 'reject'
}

export interface Verdict {
  readonly accept: boolean
  readonly policy: string
  /** The deciding term's name; absent: `otherwise` decided. */
  readonly term?: string
}

export const ACCEPT: Policy = { name: 'accept', terms: [], otherwise: 'accept' }
export const REJECT: Policy = { name: 'reject', terms: [], otherwise: 'reject' }
