/** What a policy asks of a route beside its prefix: read out of the RIB's tables when a term asks for it. */
import type { Address } from '../../lib/base/ip.ts'
import { decodeAsPath } from '../wire/as-path.ts'
import { attributeEnd, attributeValueStart } from '../wire/attribute-header.ts'
import { communityKinds } from '../wire/community.ts'
import { attributeCode } from '../wire/iana.ts'
import { readUint32 } from '../wire/octets.ts'
import type { AsPathMatch, CommunityMatch, NumberRange, PolicyMatch } from './policy.ts'
import { type CommunityKindName, holdsCommunity } from './policy-community.ts'

const DEFAULT_LOCAL_PREF = 100
const ORIGINS = ['igp', 'egp', 'incomplete'] as const

export class PolicyRoute {
  /** Canonical attribute bytes: `bytes[start, end)`. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Undefined: a route of our own. */
  readonly nextHop: Address | undefined
  #asPath: readonly number[] | undefined

  constructor(bytes: Uint8Array, start: number, end: number, nextHop: Address | undefined) {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.nextHop = nextHop
  }

  /** Nearest AS first. */
  get asPath(): readonly number[] {
    const at = this.#find(attributeCode.asPath)
    this.#asPath ??= at === -1 ? [] : decodeAsPath(this.bytes, this.#valueStart(at), this.#valueEnd(at))
    return this.#asPath
  }

  /** Whether every field of the match that is not about prefix, family, peer or source holds. */
  fits(match: PolicyMatch): boolean {
    const { communities, asPath, nextHop, localPref, med, origin } = match
    if (origin !== undefined && !origin.includes(this.#origin)) return false
    if (localPref !== undefined && !isIn(localPref, this.#number(attributeCode.localPref, DEFAULT_LOCAL_PREF)))
      return false
    if (med !== undefined && !isIn(med, this.#number(attributeCode.med, 0))) return false
    if (nextHop !== undefined && !nextHop.some(prefix => this.nextHop !== undefined && prefix.contains(this.nextHop)))
      return false
    if (communities?.every(one => this.#fitsCommunities(one)) === false) return false
    return asPath === undefined || fitsPath(asPath, this.asPath)
  }

  /** The octets of the communities of a kind, one after another. */
  communities(kind: CommunityKindName): Uint8Array {
    const at = this.#find(communityKinds[kind].code)
    return at === -1 ? new Uint8Array(0) : this.bytes.subarray(this.#valueStart(at), this.#valueEnd(at))
  }

  #fitsCommunities({ mode, patterns }: CommunityMatch): boolean {
    const holds = patterns.map(pattern => holdsCommunity(pattern, this.communities(pattern.kind)))
    return mode === 'all' ? holds.every(Boolean) : holds.some(Boolean) === (mode === 'any')
  }

  get #origin(): (typeof ORIGINS)[number] {
    const at = this.#find(attributeCode.origin)
    return ORIGINS[at === -1 ? 2 : this.bytes[this.#valueStart(at)]!] ?? 'incomplete'
  }

  #number(code: number, absent: number): number {
    const at = this.#find(code)
    return at === -1 ? absent : readUint32(this.bytes, this.#valueStart(at))
  }

  #find(code: number): number {
    for (let at = this.start; at < this.end; at = attributeEnd(this.bytes, at))
      if (this.bytes[at + 1] === code) return at
    return -1
  }

  #valueStart(at: number): number {
    return attributeValueStart(this.bytes, at)
  }

  #valueEnd(at: number): number {
    return attributeEnd(this.bytes, at)
  }
}

/** Whether `PolicyRoute.fits` is to be asked at all. */
export function asksOfRoute({ communities, asPath, nextHop, localPref, med, origin }: PolicyMatch): boolean {
  return [communities, asPath, nextHop, localPref, med, origin].some(field => field !== undefined)
}

function fitsPath({ neighbors, origins, contains, length, pattern }: AsPathMatch, path: readonly number[]): boolean {
  if (neighbors !== undefined && (path.length === 0 || !neighbors.includes(path[0]!))) return false
  if (origins !== undefined && (path.length === 0 || !origins.includes(path.at(-1)!))) return false
  if (contains !== undefined && !path.some(asNumber => contains.includes(asNumber))) return false
  if (length !== undefined && !isIn(length, path.length)) return false
  return pattern === undefined || pattern.matches(path)
}

function isIn({ min, max }: NumberRange, value: number): boolean {
  return value >= min && value <= max
}
