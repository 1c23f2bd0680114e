/**
 * An UPDATE for people, out of its octets or the first of them: prefixes, next hops, attributes as text. Judges nothing and never
 * fails: what cannot be read is told as octets, and where reading had to end is told as well. Not for the way of a route.
 */
import { Address, bitsOf, type Family } from '../lib/base/ip.ts'
import { Prefix } from '../lib/base/prefix.ts'
import type { Passage } from './passage.ts'
import { attributeName, attributeRow } from './wire/attribute.ts'
import { attributeCode, attributeFlag, familyOf, segmentType } from './wire/iana.ts'
import { readUint16, readUint32 } from './wire/octets.ts'

export interface RouteDigest {
  readonly prefix: string
  /** RFC 7911; where the session has path ids. */
  readonly pathId?: number
}

export interface UpdateDigest {
  readonly type: 'update'
  readonly announced: readonly RouteDigest[]
  readonly withdrawn: readonly RouteDigest[]
  /** Of NEXT_HOP and MP_REACH_NLRI. */
  readonly nextHops: readonly string[]
  /** By name, in the order in which they stand. NEXT_HOP and those with NLRI are told above. */
  readonly attributes: Readonly<Record<string, string>>
  readonly endOfRib?: 'ipv4' | 'ipv6'
  /** Octets of attributes and NLRI that are not told for they were not kept, or cannot be found. Absent: none. */
  readonly untold?: number
}

type Form = Pick<Passage, 'fourOctetAs' | 'addPath'>

/** @param end of the body as it was sent @param limit of what is left of it, `limit` ≤ `end` */
export function digestUpdate(bytes: Uint8Array, start: number, end: number, limit: number, form: Form): UpdateDigest {
  return new UpdateTeller(bytes.subarray(0, limit), form).tell(start, end)
}

/** Attributes alone, as a table dump has them: with 4-octet AS numbers, and of MP_REACH_NLRI perhaps the next hop alone (RFC 6396 §4.3.4). */
export function digestAttributes(bytes: Uint8Array): Pick<UpdateDigest, 'nextHops' | 'attributes' | 'untold'> {
  const { nextHops, attributes, untold } = new UpdateTeller(bytes, { fourOctetAs: true, addPath: [] }).attributes()
  return { nextHops, attributes, ...(untold !== undefined && { untold }) }
}

class UpdateTeller {
  readonly #bytes: Uint8Array
  readonly #form: Form
  readonly #announced: RouteDigest[] = []
  readonly #withdrawn: RouteDigest[] = []
  readonly #nextHops: string[] = []
  readonly #attributes: Record<string, string> = {}
  #untold = 0
  /** The family of an MP_UNREACH_NLRI without routes. */
  #nothingOf: Family | 0 = 0

  /** @param bytes ends where what is left ends */
  constructor(bytes: Uint8Array, form: Form) {
    this.#bytes = bytes
    this.#form = form
  }

  attributes(): UpdateDigest {
    this.#walk(0, this.#bytes.length)
    return this.#told(0)
  }

  tell(start: number, end: number): UpdateDigest {
    const bytes = this.#bytes
    const withdrawnEnd = this.#ends(start, 2) ? end : start + 2 + readUint16(bytes, start)
    this.#nlri(Math.min(start + 2, end), Math.min(withdrawnEnd, end), 4, this.#withdrawn)
    if (this.#ends(withdrawnEnd, 2) || withdrawnEnd + 2 > end) this.#leave(withdrawnEnd + 2, end)
    else {
      const attributesStart = withdrawnEnd + 2
      const attributesEnd = Math.min(end, attributesStart + readUint16(bytes, withdrawnEnd))
      this.#walk(attributesStart, attributesEnd)
      this.#nlri(attributesEnd, end, 4, this.#announced)
    }
    return this.#told(this.#endOfRib(end - start))
  }

  #told(endOfRib: Family | 0): UpdateDigest {
    return {
      type: 'update',
      announced: this.#announced,
      withdrawn: this.#withdrawn,
      nextHops: this.#nextHops,
      attributes: this.#attributes,
      ...(endOfRib !== 0 && { endOfRib: endOfRib === 4 ? 'ipv4' : 'ipv6' }),
      ...(this.#untold > 0 && { untold: this.#untold }),
    }
  }

  /** RFC 4724 §2. */
  #endOfRib(length: number): Family | 0 {
    const told = this.#announced.length + this.#withdrawn.length + Object.keys(this.#attributes).length
    if (told > 0 || this.#untold > 0 || this.#nextHops.length > 0) return 0
    return length === 4 ? 4 : this.#nothingOf
  }

  /** Whether fewer than `count` octets are left at `at`. */
  #ends(at: number, count: number): boolean {
    return at + count > this.#bytes.length
  }

  #leave(start: number, end: number): void {
    this.#untold += Math.max(0, end - start)
  }

  #walk(start: number, end: number): void {
    const bytes = this.#bytes
    for (let at = start; at < end; ) {
      const head = (bytes[at] ?? 0) & attributeFlag.extendedLength ? 4 : 3
      if (this.#ends(at, head) || at + head > end) return this.#leave(at, end)
      const length = head === 4 ? readUint16(bytes, at + 2) : bytes[at + 2]!
      const next = at + head + length
      const code = bytes[at + 1]!
      if (next > end) return this.#leave(at, end)
      if (code === attributeCode.mpReach) this.#mpReach(at + head, next)
      else if (code === attributeCode.mpUnreach) this.#mpUnreach(at + head, next)
      else if (next > bytes.length) this.#leave(at, next)
      else this.#attribute(code, at + head, next)
      at = next
    }
  }

  #attribute(code: number, start: number, end: number): void {
    if (code === attributeCode.nextHop && end - start === 4)
      this.#nextHops.push(new Address(this.#bytes.slice(start, end)).toString())
    else this.#attributes[attributeName(code)] = renderAttribute(this.#bytes, code, start, end, this.#form)
  }

  #mpReach(start: number, end: number): void {
    const bytes = this.#bytes
    if (bytes[start] !== 0 && bytes[start] === end - start - 1 && end <= bytes.length)
      return this.#readNextHops(bytes.slice(start + 1, end))
    const nlriStart = start + 5 + (bytes[start + 3] ?? 0)
    if (this.#ends(start, 5) || nlriStart > Math.min(end, bytes.length)) return this.#leave(start, end)
    const family = familyOf(readUint16(bytes, start), bytes[start + 2]!)
    if (family === 0) return this.#otherFamily(attributeCode.mpReach, start, end)
    this.#readNextHops(bytes.slice(start + 4, nlriStart - 1))
    this.#nlri(nlriStart, end, family, this.#announced)
  }

  #readNextHops(octets: Uint8Array): void {
    const width = octets.length % 16 === 0 ? 16 : 4
    for (let at = 0; at + width <= octets.length; at += width)
      this.#nextHops.push(new Address(octets.slice(at, at + width)).toString())
  }

  #mpUnreach(start: number, end: number): void {
    const bytes = this.#bytes
    if (this.#ends(start, 3) || start + 3 > end) return this.#leave(start, end)
    const family = familyOf(readUint16(bytes, start), bytes[start + 2]!)
    if (family === 0) return this.#otherFamily(attributeCode.mpUnreach, start, end)
    if (end === start + 3) this.#nothingOf = family
    this.#nlri(start + 3, end, family, this.#withdrawn)
  }

  #otherFamily(code: number, start: number, end: number): void {
    const name = `AFI ${readUint16(this.#bytes, start)} SAFI ${this.#bytes[start + 2]}`
    this.#attributes[attributeName(code)] = `${name}, ${end - start} octets`
  }

  #nlri(start: number, end: number, family: Family, routes: RouteDigest[]): void {
    const bytes = this.#bytes
    const before = this.#form.addPath.includes(family) ? 4 : 0
    for (let at = start; at < end; ) {
      const lengthAt = at + before
      const length = bytes[lengthAt] ?? 0
      const next = lengthAt + 1 + ((length + 7) >>> 3)
      if (next > Math.min(end, bytes.length) || length > bitsOf(family)) return this.#leave(at, end)
      const octets = new Uint8Array(bitsOf(family) / 8)
      octets.set(bytes.subarray(lengthAt + 1, next))
      const prefix = new Prefix(octets, length).toString()
      routes.push(before === 0 ? { prefix } : { prefix, pathId: readUint32(bytes, at) })
      at = next
    }
  }
}

function renderAttribute(bytes: Uint8Array, code: number, start: number, end: number, form: Form): string {
  const octets = () => Buffer.from(bytes.subarray(start, end)).toString('hex')
  if (code === attributeCode.asPath) return renderPath(bytes, start, end, form.fourOctetAs ? 4 : 2) ?? octets()
  if (code === attributeCode.as4Path) return renderPath(bytes, start, end, 4) ?? octets()
  if (isAggregator(code, end - start, form)) {
    const wide = end - start === 8
    const asNumber = wide ? readUint32(bytes, start) : readUint16(bytes, start)
    return `AS${asNumber} ${new Address(bytes.slice(end - 4, end))}`
  }
  const row = attributeRow[code]
  if (row?.value === undefined || row.check(bytes, start, end, JUDGED_ALONE) !== undefined) return octets()
  return row.value.render(row.value.decode(bytes, start, end) as never)
}

function isAggregator(code: number, length: number, { fourOctetAs }: Form): boolean {
  if (code === attributeCode.as4Aggregator) return length === 8
  return code === attributeCode.aggregator && length === (fourOctetAs ? 8 : 6)
}

/** For the checks of single attributes, which alone say whether they can be read. */
const JUDGED_ALONE = {
  fourOctetAs: true,
  internal: true,
  families: [],
  localAs: 0,
  peerAs: 0,
  addPath: [],
  extendedNextHop: false,
  discardUnknown: false,
  routeServer: true,
} as const

/** `65001 65002 {65003,65004} (65005)`: sets in braces, confederations in parentheses; undefined: cut short, or no path. */
function renderPath(bytes: Uint8Array, start: number, end: number, width: 2 | 4): string | undefined {
  const words: string[] = []
  for (let at = start; at < end; ) {
    const type = bytes[at]!
    const count = bytes[at + 1] ?? 0
    const next = at + 2 + count * width
    const around = SEGMENTS[type]
    if (next > end || around === undefined) return undefined
    const numbers = Array.from({ length: count }, (_, index) => {
      const from = at + 2 + index * width
      return width === 4 ? readUint32(bytes, from) : readUint16(bytes, from)
    })
    words.push(around[0] + numbers.join(around[1]) + around[2])
    at = next
  }
  return words.join(' ')
}

/** What stands before, between and behind the numbers of a segment. */
const SEGMENTS: Readonly<Record<number, readonly [string, string, string]>> = {
  [segmentType.set]: ['{', ',', '}'],
  [segmentType.sequence]: ['', ' ', ''],
  [segmentType.confederationSequence]: ['(', ' ', ')'],
  [segmentType.confederationSet]: ['[', ',', ']'],
}
