/**
 * A regular expression over the text of an AS path: `65001 65002`, nearest first, numbers parted by one space.
 *
 * Known: digits, space, `.`, `[0-9]` and `[^…]`, `( )`, `|`, `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}`, `^`, `$`, and `_`: where a
 * number begins or ends (a space, the path's begin or its end). It may match anywhere in the text unless anchored.
 *
 * Runs as a finite automaton whose states are made when they are first needed: each character costs one step, whatever
 * the expression is, and neither states nor memory grow without bound. There is no backtracking, so nothing that a person
 * writes and no path that a peer sends can hold the speaker.
 */
import { type PatternNode, parsePathPattern } from './path-pattern-syntax.ts'

/** The text: ten digits and a space. */
const SPACE = 10
const SYMBOLS = 11
/** States of the deterministic automaton that are kept; a pattern that needs more starts its collection anew. */
const MOST_KEPT = 512

/** One place in the pattern. `symbols`: goes on to `to` over one of these (bits); `at`: goes on at once, everywhere or at an end of the text. */
type Place =
  | { readonly kind: 'symbols'; readonly bits: number; to: number }
  | { readonly kind: 'at'; readonly where: 'anywhere' | 'begin' | 'end'; readonly to: number[] }
  | { readonly kind: 'match' }

/** A set of places that a text may have led to. */
interface State {
  /** Ascending. */
  readonly places: readonly number[]
  readonly matched: boolean
  /** Whether it matches when the text ends here; undefined: not asked yet. */
  matchesAtEnd: boolean | undefined
  /** By symbol. */
  readonly next: (State | undefined)[]
}

export class PathPattern {
  readonly text: string
  readonly #places: Place[] = []
  readonly #start: number
  readonly #first: State
  #states = new Map<string, State>()

  /** @throws InputFault with the position of what is wrong */
  constructor(text: string, path = '') {
    this.text = text
    const match = this.#place({ kind: 'match' })
    this.#start = this.#build(parsePathPattern(text, path), match)
    this.#first = this.#stateOf(this.#closure([this.#start], 'begin'))
  }

  matches(asPath: readonly number[]): boolean {
    let state = this.#first
    for (const [at, asNumber] of asPath.entries()) {
      if (at > 0) state = this.#step(state, SPACE)
      for (const digit of String(asNumber)) state = this.#step(state, Number(digit))
    }
    if (state.matched) return true
    state.matchesAtEnd ??= this.#closure(state.places, 'end').some(place => this.#places[place]!.kind === 'match')
    return state.matchesAtEnd || (asPath.length === 0 && this.#matchesEmpty())
  }

  /** The empty text begins and ends at one place. */
  #matchesEmpty(): boolean {
    return this.#closure([this.#start], 'both').some(place => this.#places[place]!.kind === 'match')
  }

  /** Once it has matched, what follows is of no matter. */
  #step(state: State, symbol: number): State {
    if (state.matched) return state
    const known = state.next[symbol]
    if (known !== undefined) return known
    const bit = 1 << symbol
    const reached: number[] = []
    for (const at of state.places) {
      const place = this.#places[at]!
      if (place.kind === 'symbols' && (place.bits & bit) !== 0) reached.push(place.to)
    }
    reached.push(this.#start) // it may begin anywhere
    const next = this.#stateOf(this.#closure(reached, 'middle'))
    state.next[symbol] = next
    return next
  }

  #stateOf(places: readonly number[]): State {
    const key = places.join(' ')
    const known = this.#states.get(key)
    if (known !== undefined) return known
    if (this.#states.size >= MOST_KEPT) this.#forget()
    const matched = places.some(place => this.#places[place]!.kind === 'match')
    const state: State = { places, matched, matchesAtEnd: undefined, next: new Array(SYMBOLS).fill(undefined) }
    this.#states.set(key, state)
    return state
  }

  #forget(): void {
    for (const state of this.#states.values()) state.next.fill(undefined)
    this.#states = new Map([[this.#first.places.join(' '), this.#first]])
  }

  /** All places that can be had from some without a symbol. Places that wait for the end are kept among them. */
  #closure(from: readonly number[], where: 'begin' | 'middle' | 'end' | 'both'): number[] {
    const seen = new Set<number>()
    const open = [...from]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      const place = this.#places[at]!
      if (place.kind === 'at' && (place.where === 'anywhere' || place.where === where || where === 'both'))
        open.push(...place.to)
    }
    return [...seen].sort((one, other) => one - other)
  }

  #place(place: Place): number {
    return this.#places.push(place) - 1
  }

  /** The place from which `node`, then what is at `to`, is matched. */
  #build(node: PatternNode, to: number): number {
    switch (node.type) {
      case 'symbols':
        return this.#place({ kind: 'symbols', bits: node.bits, to })
      case 'at':
        return this.#place({ kind: 'at', where: node.where, to: [to] })
      case 'sequence':
        return node.nodes.reduceRight((after, one) => this.#build(one, after), to)
      case 'either':
        return this.#place({ kind: 'at', where: 'anywhere', to: node.nodes.map(one => this.#build(one, to)) })
      case 'repeat':
        return this.#repeat(node.node, node.min, node.max, to)
    }
  }

  #repeat(node: PatternNode, min: number, max: number, to: number): number {
    let start = to
    if (max === Number.POSITIVE_INFINITY) {
      const ways: number[] = [to]
      start = this.#place({ kind: 'at', where: 'anywhere', to: ways })
      ways.push(this.#build(node, start))
    } else
      for (let left = max - min; left > 0; left--)
        start = this.#place({ kind: 'at', where: 'anywhere', to: [to, this.#build(node, start)] })
    for (let left = min; left > 0; left--) start = this.#build(node, start)
    return start
  }
}
