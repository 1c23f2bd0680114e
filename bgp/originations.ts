/** What originates here, and what of it the RIB announces. Knows no peer. */
import type { Prefix } from '../lib/base/prefix.ts'
import type { Rib } from './rib/rib.ts'

interface Origination {
  readonly prefix: Prefix
  readonly source: 'local' | 'service'
}

type Originated = ReadonlyMap<string, Origination>

const NOTHING: Originated = new Map()

export class Originations {
  readonly #rib: Pick<Rib, 'originate' | 'withdrawLocal'>
  #all: Originated | undefined
  #announced = NOTHING

  constructor(rib: Pick<Rib, 'originate' | 'withdrawLocal'>) {
    this.#rib = rib
  }

  /** Whether anybody has said what originates here. */
  get known(): boolean {
    return this.#all !== undefined
  }

  get prefixes(): readonly Prefix[] {
    return Array.from((this.#all ?? NOTHING).values(), ({ prefix }) => prefix)
  }

  /** The whole set. @param services addresses of Services */
  replace(prefixes: Iterable<Prefix>, services: Iterable<Prefix>): void {
    const of = (list: Iterable<Prefix>, source: Origination['source']) =>
      Array.from(list, (prefix): [string, Origination] => [prefix.toString(), { prefix, source }])
    this.#all = new Map([...of(prefixes, 'local'), ...of(services, 'service')])
  }

  /** Tells the RIB what changed. @param announcing false: nothing is announced for now */
  apply(announcing: boolean): void {
    const wanted = announcing ? (this.#all ?? NOTHING) : NOTHING
    for (const [text, { prefix }] of this.#announced) if (!wanted.has(text)) this.#rib.withdrawLocal(prefix)
    for (const { prefix, source } of wanted.values()) this.#rib.originate(prefix, source)
    this.#announced = wanted
  }
}
