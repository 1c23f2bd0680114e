/** The syntax of AS path patterns: text → tree, with what is wrong and where. What it means is path-pattern.ts's. */
import { InputFault } from '../../lib/base/failure.ts'

export type PatternNode =
  /** One character of a set: bits 0 to 9 are the digits, bit 10 the space. */
  | { readonly type: 'symbols'; readonly bits: number }
  | { readonly type: 'at'; readonly where: 'begin' | 'end' }
  | { readonly type: 'sequence' | 'either'; readonly nodes: readonly PatternNode[] }
  | { readonly type: 'repeat'; readonly node: PatternNode; readonly min: number; readonly max: number }

const DIGITS = 0x3ff
const SPACE = 0x400
const MOST_CHARACTERS = 256
/** Once counted repetitions are written out. */
const MOST_PLACES = 512

const delimiter: PatternNode = {
  type: 'either',
  nodes: [
    { type: 'symbols', bits: SPACE },
    { type: 'at', where: 'begin' },
    { type: 'at', where: 'end' },
  ],
}

/** @param path the field that holds the pattern, for the InputFault that is thrown when it is none */
export function parsePathPattern(text: string, path: string): PatternNode {
  if (text.length > MOST_CHARACTERS)
    throw new InputFault(path, `the pattern has ${text.length} characters`, `use at most ${MOST_CHARACTERS}`)
  const node = new Parser(text, path).parse()
  if (placesOf(node) > MOST_PLACES)
    throw new InputFault(path, `"${text}" repeats too much`, `written out it has over ${MOST_PLACES} places`)
  return node
}

function placesOf(node: PatternNode): number {
  switch (node.type) {
    case 'symbols':
    case 'at':
      return 1
    case 'sequence':
    case 'either':
      return node.nodes.reduce((sum, one) => sum + placesOf(one), 1)
    case 'repeat':
      return 1 + (1 + placesOf(node.node)) * (Number.isFinite(node.max) ? node.max : node.min + 1)
  }
}

class Parser {
  readonly #text: string
  readonly #path: string
  #at = 0

  constructor(text: string, path: string) {
    this.#text = text
    this.#path = path
  }

  parse(): PatternNode {
    const node = this.#either()
    if (this.#at < this.#text.length) throw this.#fault('this ) closes nothing', 'write ( before it or leave it out')
    return node
  }

  get #next(): string {
    return this.#text[this.#at] ?? ''
  }

  #either(): PatternNode {
    const nodes = [this.#sequence()]
    while (this.#next === '|') {
      this.#at++
      nodes.push(this.#sequence())
    }
    return nodes.length === 1 ? nodes[0]! : { type: 'either', nodes }
  }

  #sequence(): PatternNode {
    const nodes: PatternNode[] = []
    while (this.#next !== '' && this.#next !== '|' && this.#next !== ')') nodes.push(this.#repeated(this.#atom()))
    return { type: 'sequence', nodes }
  }

  #repeated(node: PatternNode): PatternNode {
    for (;;) {
      const bounds = this.#bounds()
      if (bounds === undefined) return node
      node = { type: 'repeat', node, ...bounds }
    }
  }

  #bounds(): { min: number; max: number } | undefined {
    const sign = this.#next
    if (sign === '{') return this.#count()
    const bounds = { '*': [0, Number.POSITIVE_INFINITY], '+': [1, Number.POSITIVE_INFINITY], '?': [0, 1] }[sign]
    if (bounds === undefined) return undefined
    this.#at++
    return { min: bounds[0]!, max: bounds[1]! }
  }

  #count(): { min: number; max: number } {
    const found = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(this.#text.slice(this.#at))
    if (found === null) throw this.#fault('{ begins no count', 'write {2}, {2,} or {2,4}')
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3])
    if (max < min) throw this.#fault(`a count from ${min} to ${max}`, 'write the smaller one first')
    this.#at += found[0].length
    return { min, max }
  }

  #atom(): PatternNode {
    const sign = this.#next
    if (sign === '[') return this.#set()
    if (sign === '(') return this.#group()
    if ('*+?{'.includes(sign)) throw this.#fault(`${sign} repeats nothing`, 'write what is to be repeated before it')
    const node = atomOf(sign)
    if (node === undefined)
      throw this.#fault(`there is no "${sign}" in an AS path`, 'use digits, spaces, . _ ^ $ [ ] ( ) | * + ? { }')
    this.#at++
    return node
  }

  #group(): PatternNode {
    const open = this.#at++
    const node = this.#either()
    if (this.#next !== ')') throw this.#fault('this ( is not closed', 'write ) where it ends', open)
    this.#at++
    return node
  }

  #set(): PatternNode {
    const found = /^\[(\^?)([\d -]+)\]/.exec(this.#text.slice(this.#at))
    if (found === null) throw this.#fault('[ begins no set', 'write a set of digits and spaces, such as [0-5]')
    const bits = this.#setBits(found[2]!)
    this.#at += found[0].length
    return { type: 'symbols', bits: found[1] === '^' ? (DIGITS | SPACE) & ~bits : bits }
  }

  #setBits(text: string): number {
    let bits = 0
    for (const [range] of text.matchAll(/\d-\d|./g)) {
      if (range === '-') throw this.#fault('a - that stands between no digits', 'write a range such as 0-5')
      if (range.length === 1) bits |= range === ' ' ? SPACE : 1 << Number(range)
      else {
        const [from, to] = [Number(range[0]), Number(range[2])]
        if (to < from) throw this.#fault(`a range from ${from} to ${to}`, 'write the smaller one first')
        for (let digit = from; digit <= to; digit++) bits |= 1 << digit
      }
    }
    return bits
  }

  #fault(problem: string, fix: string, at = this.#at): InputFault {
    return new InputFault(this.#path, `"${this.#text}", character ${at + 1}: ${problem}`, fix)
  }
}

function atomOf(sign: string): PatternNode | undefined {
  if (sign >= '0' && sign <= '9') return { type: 'symbols', bits: 1 << Number(sign) }
  switch (sign) {
    case ' ':
      return { type: 'symbols', bits: SPACE }
    case '.':
      return { type: 'symbols', bits: DIGITS | SPACE }
    case '_':
      return delimiter
    case '^':
      return { type: 'at', where: 'begin' }
    case '$':
      return { type: 'at', where: 'end' }
  }
  return undefined
}
