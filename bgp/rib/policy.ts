/**
 * Import and export policy as values, and their judgement. A policy is an ordered list of terms; the first term that
 * matches decides, `otherwise` decides the rest, and the verdict names what decided. Knows prefixes, families, the
 * session's peer and where a route came from; knows no attributes yet.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { PrefixTable } from '../../lib/base/prefix-table.ts'

/** Where a route came from: originated here, learned from a node of our own cluster, or from others over iBGP or eBGP. */
export type RouteSource = (typeof routeSources)[number]
export const routeSources = ['local', 'node', 'internal', 'external'] as const

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

/** One range of one term, as words to compare with. */
interface Rule {
  readonly words: Uint32Array
  readonly range: PrefixRange
  readonly term: PolicyTerm
}

/** What is fixed before any prefix is seen. */
export interface PolicyContext {
  readonly peer: string
  readonly family: Family
  readonly source: RouteSource
}

/** A policy reduced to what is left to ask of a prefix on one session, in one family, from one source. */
export class PrefixFilter {
  readonly #policy: Policy
  readonly #rules: readonly Rule[]
  /** The term that takes whatever no rule matches; undefined: the policy's `otherwise`. */
  readonly #rest: PolicyTerm | undefined
  /** The verdict when it is the same for every prefix, so that nobody asks per route. */
  readonly constant: boolean | undefined

  constructor(policy: Policy, rules: readonly Rule[], rest: PolicyTerm | undefined) {
    this.#policy = policy
    this.#rest = rest
    const last = rest?.action ?? policy.otherwise
    this.#rules = rules
    this.constant = rules.every(rule => rule.term.action === last) ? last === 'accept' : undefined
  }

  accepts(prefixes: PrefixTable, id: number): boolean {
    if (this.constant !== undefined) return this.constant
    return (this.#decide(prefixes, id)?.action ?? this.#policy.otherwise) === 'accept'
  }

  verdict(prefixes: PrefixTable, id: number): Verdict {
    const term = this.#decide(prefixes, id)
    const accept = (term?.action ?? this.#policy.otherwise) === 'accept'
    return { accept, policy: this.#policy.name, ...(term && { term: term.name }) }
  }

  /** Filters with equal keys give equal verdicts. */
  get key(): string {
    if (this.constant !== undefined) return this.constant ? 'accept' : 'reject'
    const rules = this.#rules.map(({ range, term }) => `${range.prefix} ${range.min} ${range.max} ${term.action}`)
    return [...rules, this.#rest?.action ?? this.#policy.otherwise].join(', ')
  }

  #decide(prefixes: PrefixTable, id: number): PolicyTerm | undefined {
    const length = prefixes.lengthOf(id)
    for (const { words, range, term } of this.#rules)
      if (length >= range.min && length <= range.max && prefixes.isWithin(id, words, range.prefix.length)) return term
    return this.#rest
  }
}

export function compilePolicy(policy: Policy, context: PolicyContext): PrefixFilter {
  const rules: Rule[] = []
  for (const term of policy.terms) {
    const { families, peers, source, prefixes } = term.match
    if (families?.includes(context.family) === false) continue
    if (peers?.includes(context.peer) === false) continue
    if (source?.includes(context.source) === false) continue
    if (prefixes === undefined) return new PrefixFilter(policy, rules, term)
    for (const range of prefixes)
      if (range.prefix.family === context.family) rules.push({ words: wordsOf(range.prefix), range, term })
  }
  return new PrefixFilter(policy, rules, undefined)
}

/** The address of a prefix as 32-bit words, as PrefixTable compares them. */
export function wordsOf(prefix: Prefix): Uint32Array {
  const { bytes } = prefix
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(4 * at))
}
