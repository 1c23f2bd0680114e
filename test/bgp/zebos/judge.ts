/**
 * The judgement of a router of the ZebOS family on what it hears: anything that is not the plainest BGP-4 of the year 2000 is odd,
 * and what is odd ends the session. Stricter than any such router is known to be. Reads octets by nothing but RFC 4271, 1997, 4456
 * and 6793; knows no session.
 */

export interface JudgedSession {
  readonly internal: boolean
  /** As it is configured: 2 octets. */
  readonly remoteAs: number
  /** Graceful restart was negotiated: an empty UPDATE is End-of-RIB. */
  readonly gracefulRestart: boolean
}

export interface HeardRoute {
  readonly asPath: readonly number[]
  /** Of AS4_PATH. */
  readonly wholePath?: readonly number[]
  readonly nextHop: string
  readonly med?: number
  readonly localPref?: number
  readonly communities: readonly string[]
}

export interface HeardUpdate {
  readonly withdrawn: readonly string[]
  readonly announced: readonly string[]
  /** Of what is announced. */
  readonly route: HeardRoute | undefined
  readonly endOfRib: boolean
}

export class Odd extends Error {
  override readonly name = 'Odd'
}

const AS_TRANS = 23456
const AS_SEQUENCE = 2
const WELL_KNOWN = 0x40
const OPTIONAL = 0x80
const OPTIONAL_TRANSITIVE = 0xc0
const PARTIAL = 0x20

interface Draft {
  origin?: number
  asPath?: readonly number[]
  wholePath?: readonly number[]
  nextHop?: string
  med?: number
  localPref?: number
  communities?: readonly string[]
}

interface Row {
  readonly flags: number
  readonly from: 'anybody' | 'inside'
  read(value: Uint8Array): Draft
}

/** By type: all that it has ever heard of. AGGREGATOR and ATOMIC_AGGREGATE we never make. */
const rows: Readonly<Record<number, Row>> = {
  1: {
    flags: WELL_KNOWN,
    from: 'anybody',
    read(value) {
      if (value.length !== 1 || value[0]! > 2) throw new Odd('a bad ORIGIN')
      return { origin: value[0]! }
    },
  },
  2: { flags: WELL_KNOWN, from: 'anybody', read: value => ({ asPath: sequence(value, 2) }) },
  3: {
    flags: WELL_KNOWN,
    from: 'anybody',
    read(value) {
      if (value.length !== 4 || value[0] === 0 || value[0] === 127 || value[0]! >= 224) throw new Odd('a bad NEXT_HOP')
      return { nextHop: value.join('.') }
    },
  },
  4: { flags: OPTIONAL, from: 'anybody', read: value => ({ med: number(value) }) },
  5: { flags: WELL_KNOWN, from: 'inside', read: value => ({ localPref: number(value) }) },
  8: {
    flags: OPTIONAL_TRANSITIVE,
    from: 'anybody',
    read: value => ({ communities: list(value).map(word => `${word >>> 16}:${word & 0xffff}`) }),
  },
  9: {
    flags: OPTIONAL,
    from: 'inside',
    read(value) {
      number(value)
      return {}
    },
  },
  10: {
    flags: OPTIONAL,
    from: 'inside',
    read(value) {
      list(value)
      return {}
    },
  },
  17: { flags: OPTIONAL_TRANSITIVE, from: 'anybody', read: value => ({ wholePath: sequence(value, 4) }) },
}

/** @throws Odd */
export function judgeUpdate(body: Uint8Array, session: JudgedSession): HeardUpdate {
  const withdrawnEnd = 2 + uint16(body, 0)
  if (withdrawnEnd + 2 > body.length) throw new Odd('withdrawn routes past the end')
  const attributesEnd = withdrawnEnd + 2 + uint16(body, withdrawnEnd)
  if (attributesEnd > body.length) throw new Odd('attributes past the end')
  const withdrawn = prefixes(body.subarray(2, withdrawnEnd))
  const announced = prefixes(body.subarray(attributesEnd))
  const attributes = body.subarray(withdrawnEnd + 2, attributesEnd)
  const both = announced.find(prefix => withdrawn.includes(prefix))
  if (both !== undefined) throw new Odd(`${both} both withdrawn and announced`)
  if (announced.length > 0) return { withdrawn, announced, route: judgeRoute(attributes, session), endOfRib: false }
  if (attributes.length > 0) throw new Odd('attributes of nothing')
  const endOfRib = withdrawn.length === 0
  if (endOfRib && !session.gracefulRestart) throw new Odd('an empty UPDATE without graceful restart')
  return { withdrawn, announced, route: undefined, endOfRib }
}

function judgeRoute(octets: Uint8Array, session: JudgedSession): HeardRoute {
  const draft: Draft = {}
  let before = 0
  for (let at = 0; at < octets.length; ) {
    const [flags = 0, type = 0] = octets.subarray(at, at + 2)
    const row = rows[type]
    if (row === undefined) throw new Odd(`attribute ${type}, which it does not know`)
    if (type <= before) throw new Odd(`attribute ${type} behind ${before}`)
    if (row.from === 'inside' && !session.internal) throw new Odd(`attribute ${type} from outside`)
    const isLong = (flags & 0x10) !== 0
    const length = isLong ? uint16(octets, at + 2) : octets[at + 2]!
    if (isLong && length < 256) throw new Odd(`attribute ${type} with an extended length of ${length}`)
    // a reflected or passed on COMMUNITIES may have met a speaker that did not know it
    const expected = type === 8 ? flags & PARTIAL : 0
    if ((flags & ~0x10) !== (row.flags | expected)) throw new Odd(`attribute ${type} with flags ${flags.toString(16)}`)
    const start = at + (isLong ? 4 : 3)
    at = start + length
    if (at > octets.length) throw new Odd(`attribute ${type} past the end`)
    Object.assign(draft, row.read(octets.subarray(start, at)))
    before = type
  }
  return complete(draft, session)
}

function complete(draft: Draft, { internal, remoteAs }: JudgedSession): HeardRoute {
  const { origin, asPath, wholePath, nextHop, med, localPref, communities = [] } = draft
  if (origin === undefined || asPath === undefined || nextHop === undefined)
    throw new Odd('a mandatory attribute missing')
  if (internal && localPref === undefined) throw new Odd('no LOCAL_PREF from inside')
  if (!internal && asPath[0] !== remoteAs) throw new Odd(`a path that begins with ${asPath[0]}, not ${remoteAs}`)
  if (asPath.includes(AS_TRANS) !== (wholePath !== undefined)) throw new Odd('AS_TRANS and AS4_PATH not together')
  if (wholePath !== undefined && wholePath.length > asPath.length) throw new Odd('AS4_PATH longer than AS_PATH')
  return {
    ...{ asPath, nextHop, communities },
    ...(wholePath && { wholePath }),
    ...(med !== undefined && { med }),
    ...(localPref !== undefined && { localPref }),
  }
}

/** @param width octets of an AS number */
function sequence(value: Uint8Array, width: 2 | 4): number[] {
  const numbers: number[] = []
  for (let at = 0; at < value.length; ) {
    const [type = 0, count = 0] = value.subarray(at, at + 2)
    if (type !== AS_SEQUENCE) throw new Odd(`a path segment of type ${type}`)
    if (count === 0 || at + 2 + width * count > value.length) throw new Odd('a bad path segment')
    const segment = value.subarray(at + 2, at + 2 + width * count)
    for (let one = 0; one < segment.length; one += width)
      numbers.push(width === 2 ? uint16(segment, one) : words(segment.subarray(one, one + 4))[0]!)
    at += 2 + width * count
  }
  if (numbers.includes(0)) throw new Odd('AS 0 in a path')
  return numbers
}

function prefixes(octets: Uint8Array): string[] {
  const found: string[] = []
  for (let at = 0; at < octets.length; ) {
    const length = octets[at]!
    const end = at + 1 + Math.ceil(length / 8)
    if (length > 32 || end > octets.length) throw new Odd('bad NLRI')
    const address = new Uint8Array(4)
    address.set(octets.subarray(at + 1, end))
    if (length < 32 && (words(address)[0]! << length) >>> 0 !== 0) throw new Odd('a prefix with host bits')
    found.push(`${address.join('.')}/${length}`)
    at = end
  }
  if (new Set(found).size !== found.length) throw new Odd('a prefix twice in one UPDATE')
  return found
}

function number(value: Uint8Array): number {
  if (value.length !== 4) throw new Odd('a number that is not 4 octets long')
  return words(value)[0]!
}

/** One number or several. */
function list(value: Uint8Array): number[] {
  if (value.length === 0 || value.length % 4 !== 0) throw new Odd('a list that is not of 4 octets each')
  return words(value)
}

function words(octets: Uint8Array): number[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  return Array.from({ length: octets.length / 4 }, (_, at) => view.getUint32(4 * at))
}

function uint16(octets: Uint8Array, at: number): number {
  if (at + 2 > octets.length) throw new Odd('a length past the end')
  return octets[at]! * 256 + octets[at + 1]!
}
