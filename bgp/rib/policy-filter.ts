/**
 * Policies judged. What is fixed on a session (family, peer, source) is decided when the policy is compiled; what a term asks
 * of attributes is decided once per announcement; what is left to ask per route is its prefix alone.
 */
import type { Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { PrefixTable } from '../../lib/base/prefix-table.ts'
import type { Policy, PolicyEdit, PolicyTerm, PrefixRange, RouteSource } from './policy.ts'
import { asksOfRoute, type PolicyRoute } from './policy-route.ts'

/** What is fixed before any route is seen. */
export interface PolicyContext {
  readonly peer: string
  readonly family: Family
  readonly source: RouteSource
}

/** One range as words to compare with. */
interface Range {
  readonly words: Uint32Array
  readonly length: number
  readonly min: number
  readonly max: number
}

/** A term that may match. */
interface Step {
  readonly term: PolicyTerm
  /** Undefined: any prefix. */
  readonly ranges: readonly Range[] | undefined
  /** Whether it asks for attributes or next hop. */
  readonly asks: boolean
}

/** What became of a route: which terms it passed and which decided. Equal ways through one filter give the same object. */
export class Outcome {
  readonly accept: boolean
  /** That matched and went on. */
  readonly passed: readonly PolicyTerm[]
  /** That decided; undefined: `otherwise` did, or nothing yet. */
  readonly term: PolicyTerm | undefined
  /** What is to be set, in order. */
  readonly edits: readonly PolicyEdit[]
  // what route-policy.ts made of it for the one announcement that its filter is for
  derived = 0
  stamp = 0
  readonly #after = new Map<PolicyTerm, Outcome>()

  constructor(accept: boolean, passed: readonly PolicyTerm[], term: PolicyTerm | undefined) {
    this.accept = accept
    this.passed = passed
    this.term = term
    this.edits = accept ? [...passed, ...(term ? [term] : [])].flatMap(({ set }) => set ?? []) : []
  }

  /** The outcome once this term has matched as well. */
  after(term: PolicyTerm): Outcome {
    const known = this.#after.get(term)
    if (known !== undefined) return known
    const outcome =
      term.action === 'next'
        ? new Outcome(this.accept, [...this.passed, term], undefined)
        : new Outcome(term.action === 'accept', this.passed, term)
    this.#after.set(term, outcome)
    return outcome
  }
}

/** A policy reduced to what is left to ask of a prefix. */
export class PrefixFilter {
  readonly #steps: readonly Step[]
  /** No term has matched. */
  readonly #none: Outcome
  /** The outcome when it is, but for the deciding term's name, the same for every prefix, so that nobody asks per route. */
  readonly constant: Outcome | undefined

  /** Whether it is for one announcement only, and an outcome may make another one of that. */
  readonly derives: boolean

  constructor(steps: readonly Step[], otherwise: boolean, derives: boolean) {
    this.#steps = steps
    this.derives = derives
    this.#none = new Outcome(otherwise, [], undefined)
    this.constant = this.#constant()
  }

  decide(prefixes: PrefixTable, id: number): Outcome {
    const length = prefixes.lengthOf(id)
    let outcome = this.#none
    for (const { term, ranges } of this.#steps) {
      if (ranges !== undefined && !isWithin(ranges, prefixes, id, length)) continue
      outcome = outcome.after(term)
      if (term.action !== 'next') return outcome
    }
    return outcome
  }

  #constant(): Outcome | undefined {
    let outcome = this.#none
    for (const { term, ranges } of this.#steps) if (ranges === undefined) outcome = outcome.after(term)
    for (const { term, ranges } of this.#steps) {
      if (ranges === undefined) continue
      if (term.action === 'next' || (term.action === 'accept') !== outcome.accept) return undefined
      if (outcome.accept && (outcome.edits.length > 0 || term.set !== undefined)) return undefined
    }
    return outcome
  }
}

export class CompiledPolicy {
  readonly #steps: readonly Step[]
  readonly #otherwise: boolean
  /** The one filter for all announcements, where no term asks for attributes and none sets any. */
  readonly plain: PrefixFilter | undefined
  /** Compiled policies with equal keys do the same. */
  readonly key: string

  constructor(steps: readonly Step[], otherwise: boolean) {
    this.#steps = steps
    this.#otherwise = otherwise
    this.key = keyOf(steps, otherwise)
    const isPlain = steps.every(({ asks, term }) => !asks && term.set === undefined)
    this.plain = isPlain ? new PrefixFilter(steps, otherwise, false) : undefined
  }

  /** The filter for the prefixes of one announcement. */
  filterFor(route: PolicyRoute): PrefixFilter {
    const steps: Step[] = []
    for (const step of this.#steps) {
      if (step.asks && !route.fits(step.term.match)) continue
      steps.push(step)
      if (isFinal(step)) break
    }
    return new PrefixFilter(steps, this.#otherwise, true)
  }
}

export function compilePolicy(policy: Policy, context: PolicyContext): CompiledPolicy {
  const steps: Step[] = []
  for (const term of policy.terms) {
    const { families, peers, source, prefixes } = term.match
    if (families?.includes(context.family) === false) continue
    if (peers?.includes(context.peer) === false) continue
    if (source?.includes(context.source) === false) continue
    const ranges = prefixes?.filter(({ prefix }) => prefix.family === context.family).map(rangeOf)
    if (ranges?.length === 0) continue
    const step = { term, ranges, asks: asksOfRoute(term.match) }
    steps.push(step)
    if (isFinal(step) && !step.asks) break
  }
  return new CompiledPolicy(steps, policy.otherwise === 'accept')
}

/** Whether nothing after it is reached once it is in a filter. */
function isFinal({ term, ranges }: Step): boolean {
  return ranges === undefined && term.action !== 'next'
}

function keyOf(steps: readonly Step[], otherwise: boolean): string {
  const isSimple = steps.every(({ term, asks }) => !asks && term.action !== 'next' && term.set === undefined)
  const last = steps.at(-1)
  const rest = last !== undefined && isFinal(last) ? last.term.action === 'accept' : otherwise
  if (isSimple && steps.every(({ term }) => (term.action === 'accept') === rest)) return rest ? 'accept' : 'reject'
  const { stringify } = JSON
  const texts = steps.map(({ term: { match, action, set }, ranges, asks }) => {
    const { communities, asPath, nextHop, localPref, med, origin } = match
    const asked = asks ? { communities, asPath, nextHop, localPref, med, origin } : undefined
    return stringify([ranges && match.prefixes, asked, action, set])
  })
  return [...texts, otherwise].join(', ')
}

function isWithin(ranges: readonly Range[], prefixes: PrefixTable, id: number, length: number): boolean {
  for (const range of ranges)
    if (length >= range.min && length <= range.max && prefixes.isWithin(id, range.words, range.length)) return true
  return false
}

function rangeOf({ prefix, min, max }: PrefixRange): Range {
  return { words: wordsOf(prefix), length: prefix.length, min, max }
}

/** The address of a prefix as 32-bit words, as PrefixTable compares them. */
export function wordsOf(prefix: Prefix): Uint32Array {
  const { bytes } = prefix
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(4 * at))
}
