/**
 * A policy at work on the RIB's announcements, on one session or for one export group, for routes from one source. Which terms
 * an announcement's attributes leave, and what each outcome makes of it, is found once and kept while the announcement lives;
 * a policy that asks for no attributes and sets none is one filter for all, and costs what it did without this file.
 */
import type { PrefixTable } from '../../lib/base/prefix-table.ts'
import { type Derivation, editsOn, type PolicySide } from './derivation.ts'
import type { Policy, Verdict } from './policy.ts'
import { renderEdits } from './policy-edit.ts'
import {
  type CompiledPolicy,
  compilePolicy,
  type Outcome,
  type PolicyContext,
  type PrefixFilter,
} from './policy-filter.ts'

/** Announcements whose filters are kept. A filter is some hundred octets. */
const MOST_KEPT = 8192

interface Kept {
  /** Of the announcement when the filter was made. */
  readonly stamp: number
  readonly filter: PrefixFilter
}

export class RoutePolicy {
  readonly #compiled: CompiledPolicy
  readonly side: PolicySide
  readonly #derivation: Derivation
  readonly #kept = new Map<number, Kept>()
  /** Policies with equal keys do the same. */
  readonly key: string

  constructor(compiled: CompiledPolicy, side: PolicySide, derivation: Derivation) {
    this.#compiled = compiled
    this.side = side
    this.#derivation = derivation
    const { direction, internal } = side
    this.key = [direction, internal, side.direction === 'export' && side.draining, compiled.key].join(' ')
  }

  /** What is left to ask of the prefixes of an announcement. */
  filterFor(announcement: number): PrefixFilter {
    const { plain } = this.#compiled
    if (plain !== undefined && !this.#derivation.isTouched(announcement, this.side)) return plain
    const stamp = this.#derivation.announcements.stampOf(announcement)
    const known = this.#kept.get(announcement)
    if (known?.stamp === stamp) return known.filter
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear()
    const filter = this.#compiled.filterFor(this.#derivation.route(announcement))
    this.#kept.set(announcement, { stamp, filter })
    return filter
  }

  /**
   * The announcement that an outcome of its filter makes of it, good until `settle`; mostly it is the same. 0: it is rejected,
   * or what is to be set fits no message.
   * @param filter `filterFor(announcement)`
   */
  effective(announcement: number, filter: PrefixFilter, outcome: Outcome): number {
    if (!outcome.accept) return 0
    return filter.derives ? this.#derived(announcement, outcome) : announcement
  }

  #derived(announcement: number, outcome: Outcome): number {
    const { announcements } = this.#derivation
    if (outcome.derived === 0 || announcements.stampOf(outcome.derived) !== outcome.stamp) {
      outcome.derived = this.#derivation.derive(announcement, outcome.edits, this.side)
      outcome.stamp = announcements.stampOf(outcome.derived)
    }
    return outcome.derived
  }

  /** What an announcement becomes when it is kept for long (RFC 9494 §4.2), good until `settle`; 0: it must not be kept. */
  prolonged(announcement: number): number {
    return this.#derivation.prolong(announcement, this.side)
  }

  /** Lets go of what was derived, once its users hold it themselves. */
  settle(): void {
    this.#derivation.settle()
  }

  /** The same judgement, as words. @param policy whose name the verdict bears */
  verdict(policy: Policy, announcement: number, prefixes: PrefixTable, id: number): Verdict {
    const filter = this.filterFor(announcement)
    const outcome = filter.decide(prefixes, id)
    const { term, passed, edits } = outcome
    const effective = this.effective(announcement, filter, outcome)
    const set = outcome.accept ? renderEdits(editsOn(this.side, edits)) : []
    if (outcome.accept && effective === 0) set.push('more than fits a message')
    else if (this.#derivation.isGoing(effective, this.side)) set.push('LOCAL_PREF 0 (GRACEFUL_SHUTDOWN, RFC 8326)')
    this.settle()
    return {
      accept: effective !== 0,
      policy: policy.name,
      ...(term && { term: term.name }),
      ...(passed.length > 0 && { passed: passed.map(({ name }) => name) }),
      ...(set.length > 0 && { set }),
    }
  }
}

export function routePolicy(
  policy: Policy,
  context: Omit<PolicyContext, 'family'>,
  side: PolicySide,
  derivation: Derivation,
): RoutePolicy {
  return new RoutePolicy(compilePolicy(policy, { ...context, family: side.family }), side, derivation)
}
