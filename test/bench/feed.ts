/**
 * Routing tables to load a speaker with, as octets of UPDATEs: prefix lengths, path lengths, communities and the number of
 * prefixes per attribute set are spread as in a full table of today. Equal seeds give equal octets.
 */
/** Small, fast and with a seed. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(limit: number): number {
    // xorshift32, then a multiplication so that neighbouring states differ in all bits
    let state = this.#state || 0x9e3779b9
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state >>> 0
    return (Math.imul(state, 0x2545f491) >>> 0) % limit
  }

  weighted(weights: readonly (readonly [value: number, weight: number])[]): number {
    let rest = this.below(1000)
    for (const [value, weight] of weights) {
      if (rest < weight) return value
      rest -= weight
    }
    return weights[0]![0]
  }
}

const lengths4 = [
  [24, 600],
  [23, 100],
  [22, 120],
  [21, 50],
  [20, 50],
  [19, 35],
  [18, 17],
  [17, 8],
  [16, 20],
] as const
const lengths6 = [
  [48, 500],
  [32, 150],
  [44, 110],
  [40, 100],
  [36, 70],
  [33, 30],
  [46, 40],
] as const

/** Which groups of prefixes, by number. */
export type Part = (group: number) => boolean

export const all: Part = () => true
export const tenth: Part = group => group % 10 === 0

export interface FeedOptions {
  readonly prefixes: number
  /** 0–100 */
  readonly percent6: number
  readonly feederAs: number
  /** uint32 */
  readonly nextHop: number
  /** Of the prefixes: feeds with the same one announce the same prefixes. */
  readonly seed: number
  /** Of the attributes; feeds that differ in it announce the same prefixes with other paths. */
  readonly attributeSeed: number
  /** Length of AS_PATH, at least 2; absent: as in a full table. */
  readonly hops?: (group: number) => number
}

interface Group {
  readonly family: 4 | 6
  /** NLRI octets. */
  readonly nlri: Uint8Array
  readonly count: number
}

export class Feed {
  readonly options: FeedOptions
  readonly #groups: Group[] = []

  constructor(options: FeedOptions) {
    this.options = options
    const chance = new Chance(options.seed)
    const next = new Map<number, number>()
    for (let made = 0; made < options.prefixes; ) {
      const count = Math.min(1 + chance.below(10), options.prefixes - made)
      const family = chance.below(100) < options.percent6 ? 6 : 4
      this.#groups.push({ family, count, nlri: makeNlri(family, count, chance, next) })
      made += count
    }
  }

  announcements(part: Part = all): Uint8Array {
    const chance = new Chance(this.options.attributeSeed * 7919 + 1)
    const pen = new Pen()
    for (const [number, { family, nlri }] of this.#groups.entries()) {
      const attributes = makeAttributes(this.options, number, chance)
      if (!part(number)) continue
      if (family === 4) pen.announce4(attributes, this.options.nextHop, nlri)
      else pen.announce6(attributes, this.options.nextHop, nlri)
    }
    return pen.take()
  }

  /** UPDATEs that withdraw what `announcements` of the same part announces. */
  withdrawals(part: Part = all): Uint8Array {
    const pen = new Pen()
    for (const [number, { family, nlri }] of this.#groups.entries()) if (part(number)) pen.withdraw(family, nlri)
    return pen.take()
  }
}

function makeNlri(family: 4 | 6, count: number, chance: Chance, next: Map<number, number>): Uint8Array {
  const octets: number[] = []
  for (let made = 0; made < count; made++) {
    const length = chance.weighted(family === 4 ? lengths4 : lengths6)
    const key = family * 256 + length
    const bits = family === 4 ? length : length - 16
    let at = next.get(key) ?? 0
    while (family === 4 && !isPublic(spread(at, bits) >>> (length - 8))) at++
    next.set(key, at + 1)
    const value = spread(at, bits)
    octets.push(length)
    if (family === 4) octets.push(...bytesOf(value * 2 ** (32 - length), Math.ceil(length / 8)))
    else octets.push(0x26, 0, ...bytesOf(value * 2 ** (48 - length), Math.ceil(length / 8) - 2))
  }
  return Uint8Array.from(octets)
}

/** Blocks of eight neighbours, spread over the space by an odd multiplier: unlike addresses, no repetition. */
function spread(at: number, bits: number): number {
  const block = Math.imul(at >>> 3, 0x9e3779b1) & (2 ** (bits - 3) - 1)
  return ((block << 3) | (at & 7)) >>> 0
}

/** By the first octet: neither what routers refuse as never routed nor where the benchmark's own links are. */
function isPublic(octet: number): boolean {
  return octet > 0 && octet < 224 && octet !== 127 && octet !== 10
}

function bytesOf(value: number, count: number): number[] {
  const bytes: number[] = []
  for (let shift = 24; shift > 24 - 8 * count; shift -= 8) bytes.push((value >>> shift) & 255)
  return bytes
}

/** ORIGIN, AS_PATH, MED, COMMUNITIES and LARGE_COMMUNITY, in this order, without the next hop. */
function makeAttributes(
  { feederAs, hops: hopsOf }: FeedOptions,
  group: number,
  chance: Chance,
): { head: number[]; tail: number[] } {
  const usual = chance.weighted([
    [2, 100],
    [3, 250],
    [4, 350],
    [5, 200],
    [6, 100],
  ])
  const hops = hopsOf?.(group) ?? usual
  const path = Array.from({ length: hops }, (_, at) =>
    at === 0 ? feederAs : at === hops - 1 ? 100_000 + chance.below(70_000) : 1000 + chance.below(5000),
  )
  const head = [
    0x40,
    1,
    1,
    chance.below(5) === 0 ? 2 : 0,
    0x40,
    2,
    2 + 4 * hops,
    2,
    hops,
    ...path.flatMap(as => bytesOf(as, 4)),
  ]
  const tail: number[] = []
  if (chance.below(5) === 0) tail.push(0x80, 4, 4, ...bytesOf(chance.below(1000), 4))
  if (chance.below(10) < 6) {
    const count = 1 + chance.below(6)
    const communities = Array.from({ length: count }, () => (1000 + chance.below(60_000)) * 65_536 + chance.below(900))
    tail.push(0xc0, 8, 4 * count, ...communities.flatMap(value => bytesOf(value, 4)))
  }
  const large: number[] = []
  if (chance.below(10) === 0)
    large.push(0xc0, 32, 12, ...bytesOf(path[0]!, 4), 0, 0, 0, 1, ...bytesOf(chance.below(100_000), 4))
  return { head, tail: [...tail, ...large] }
}

/** Writes messages one after another. */
class Pen {
  #bytes = new Uint8Array(1 << 20)
  #length = 0

  announce4(attributes: { head: number[]; tail: number[] }, nextHop: number, nlri: Uint8Array): void {
    const { head, tail } = attributes
    const list = [...head, 0x40, 3, 4, ...bytesOf(nextHop, 4), ...tail]
    this.#message([0, 0, list.length >> 8, list.length & 255, ...list], nlri)
  }

  announce6(attributes: { head: number[]; tail: number[] }, nextHop: number, nlri: Uint8Array): void {
    const { head, tail } = attributes
    const address = [0xfd, 1, ...new Array(10).fill(0), ...bytesOf(nextHop, 4)]
    const reach = [0x90, 14, 0, 21 + nlri.length, 0, 2, 1, 16, ...address, 0, ...nlri]
    const list = [...reach, ...head, ...tail]
    this.#message([0, 0, list.length >> 8, list.length & 255, ...list], new Uint8Array(0))
  }

  withdraw(family: 4 | 6, nlri: Uint8Array): void {
    if (family === 4) this.#message([0, nlri.length, ...nlri, 0, 0], new Uint8Array(0))
    else this.#message([0, 0, 0, nlri.length + 7, 0x90, 15, 0, nlri.length + 3, 0, 2, 1, ...nlri], new Uint8Array(0))
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #message(body: readonly number[], nlri: Uint8Array): void {
    const length = 19 + body.length + nlri.length
    if (this.#length + length > this.#bytes.length) {
      const bytes = new Uint8Array(2 * this.#bytes.length)
      bytes.set(this.#bytes)
      this.#bytes = bytes
    }
    this.#bytes.fill(255, this.#length, this.#length + 16)
    this.#bytes.set([length >> 8, length & 255, 2, ...body], this.#length + 16)
    this.#bytes.set(nlri, this.#length + length - nlri.length)
    this.#length += length
  }
}
