/**
 * Import and export policy as values. A policy is an ordered list of terms: each that matches may set attributes; the first
 * that matches and accepts or rejects decides, `otherwise` decides the rest. Terms see a route as it was before the policy,
 * never what an earlier term set. Knows no route and no table: policy-filter.ts judges.
 */
import type { Address, Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { Origin } from '../wire/attribute.ts'
import type { PathPattern } from './path-pattern.ts'
import type { CommunityKindName, CommunityPattern } from './policy-community.ts'

/**
 * Where a route came from: originated here (`service`: the address of a Service; `local`: all else), learned from a node of
 * our own cluster, or from others over iBGP or eBGP.
 */
export type RouteSource = (typeof routeSources)[number]
export const routeSources = ['local', 'service', 'node', 'internal', 'external'] as const

/** Prefixes that lie within `prefix` and whose length is from `min` to `max`. */
export interface PrefixRange {
  readonly prefix: Prefix
  readonly min: number
  readonly max: number
}

/** Both ends belong to it. */
export interface NumberRange {
  readonly min: number
  readonly max: number
}

/** Whether a route has any, all or none of these communities. */
export interface CommunityMatch {
  readonly mode: 'any' | 'all' | 'none'
  readonly patterns: readonly CommunityPattern[]
}

/** Every field that is given must match. An empty AS_PATH has no neighbour and no origin. */
export interface AsPathMatch {
  /** The first AS is one of these. */
  readonly neighbors?: readonly number[]
  /** The last AS is one of these. */
  readonly origins?: readonly number[]
  /** One of these is somewhere in it. */
  readonly contains?: readonly number[]
  readonly length?: NumberRange
  readonly pattern?: PathPattern
}

/** Every field that is given must match; an absent field matches everything. */
export interface PolicyMatch {
  readonly prefixes?: readonly PrefixRange[]
  readonly families?: readonly Family[]
  /** Names of the peers whose session the policy is applied on: the sender on import, the receiver on export. */
  readonly peers?: readonly string[]
  readonly source?: readonly RouteSource[]
  readonly communities?: readonly CommunityMatch[]
  readonly asPath?: AsPathMatch
  /** The next hop lies in one of these. Routes of our own have none, and do not match. */
  readonly nextHop?: readonly Prefix[]
  /** A route without LOCAL_PREF has 100, one without MED has 0, as in route selection. */
  readonly localPref?: NumberRange
  readonly med?: NumberRange
  readonly origin?: readonly Origin[]
}

/** What happens to the communities of a kind: first those that match `remove` go, then `add` is appended. */
export interface CommunityEdit {
  readonly remove: 'all' | readonly CommunityPattern[]
  /** Exact. */
  readonly add: readonly CommunityPattern[]
}

/** What a term sets. */
export interface PolicyEdit {
  readonly localPref?: number
  readonly med?: number | 'none'
  readonly origin?: Origin
  readonly communities?: { readonly [Kind in CommunityKindName]?: CommunityEdit }
  /** Put in front of AS_PATH; on export our own AS comes in front of it still. */
  readonly prepend?: Prepend
  /** On import `self` and `unchanged` mean nothing. An address of the route's other family is not set. */
  readonly nextHop?: 'self' | 'unchanged' | Address
}

export interface Prepend {
  /** Absent: ours on export; on import the neighbour's. */
  readonly asNumber?: number
  readonly count: number
}

export interface PolicyTerm {
  readonly name: string
  readonly match: PolicyMatch
  /** `next`: the terms after it go on. */
  readonly action: 'accept' | 'reject' | 'next'
  /** Of an accepting term, or one that goes on. */
  readonly set?: PolicyEdit
}

export interface Policy {
  readonly name: string
  readonly terms: readonly PolicyTerm[]
  /** What happens to routes that no term decides. */
  readonly otherwise: 'accept' | 'reject'
}

export interface Verdict {
  readonly accept: boolean
  readonly policy: string
  /** The deciding term's name; absent: `otherwise` decided. */
  readonly term?: string
  /** Terms before it that matched and went on; absent: none did. */
  readonly passed?: readonly string[]
  /** What was set in sum, in words; absent: nothing. */
  readonly set?: readonly string[]
}

export const ACCEPT: Policy = { name: 'accept', terms: [], otherwise: 'accept' }
export const REJECT: Policy = { name: 'reject', terms: [], otherwise: 'reject' }
