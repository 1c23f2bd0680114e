/** Policies interpreted the slow and obvious way, term by term on plain values: a second opinion on what the compiled ones do. */
import type {
  CommunityEdit,
  Policy,
  PolicyEdit,
  PolicyMatch,
  PolicyTerm,
  RouteSource,
} from '../../../bgp/rib/policy.ts'
import type { CommunityPattern } from '../../../bgp/rib/policy-community.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import type { Prefix } from '../../../lib/base/prefix.ts'
import type { TestAttributes } from './messages.ts'

export interface NaiveRoute {
  readonly prefix: Prefix
  readonly peer: string
  readonly source: RouteSource
  /** Next hop '': self. */
  readonly attributes: TestAttributes
}

export interface NaiveResult {
  readonly attributes: TestAttributes
  readonly isMedSet: boolean
  readonly isNextHopSet: boolean
}

/** Undefined: rejected. @param ownAs what a prepend without an AS number puts in front */
export function interpret(policy: Policy, route: NaiveRoute, ownAs: number): NaiveResult | undefined {
  const applied: PolicyTerm[] = []
  for (const term of policy.terms) {
    if (!fits(term.match, route)) continue
    if (term.action === 'reject') return undefined
    applied.push(term)
    if (term.action === 'accept') return apply(applied, route, ownAs)
  }
  return policy.otherwise === 'accept' ? apply(applied, route, ownAs) : undefined
}

function fits(match: PolicyMatch, { prefix, peer, source, attributes }: NaiveRoute): boolean {
  const { asPath, nextHop } = attributes
  const within = (range: { min: number; max: number }, value: number) => value >= range.min && value <= range.max
  const path = match.asPath
  return (
    (match.prefixes === undefined ||
      match.prefixes.some(range => within(range, prefix.length) && range.prefix.contains(prefix))) &&
    (match.families === undefined || match.families.includes(prefix.family)) &&
    (match.peers === undefined || match.peers.includes(peer)) &&
    (match.source === undefined || match.source.includes(source)) &&
    (match.communities ?? []).every(({ mode, patterns }) => {
      const hits = patterns.map(pattern => listOf(attributes, pattern).some(octets => agrees(pattern, octets)))
      return mode === 'any' ? hits.includes(true) : mode === 'all' ? !hits.includes(false) : !hits.includes(true)
    }) &&
    (path?.neighbors === undefined || path.neighbors.some(as => asPath.at(0) === as)) &&
    (path?.origins === undefined || path.origins.some(as => asPath.at(-1) === as)) &&
    (path?.contains === undefined || path.contains.some(as => asPath.includes(as))) &&
    (path?.length === undefined || within(path.length, asPath.length)) &&
    (path?.pattern === undefined ||
      new RegExp(path.pattern.text.replaceAll('_', '(?:^| |$)')).test(asPath.join(' '))) &&
    (match.nextHop === undefined ||
      (nextHop !== '' && match.nextHop.some(one => one.contains(parseAddress(nextHop))))) &&
    (match.localPref === undefined || within(match.localPref, attributes.localPref ?? 100)) &&
    (match.med === undefined || within(match.med, attributes.med ?? 0)) &&
    (match.origin === undefined || match.origin.includes((['igp', 'egp', 'incomplete'] as const)[attributes.origin]!))
  )
}

function apply(terms: readonly PolicyTerm[], { prefix, attributes }: NaiveRoute, ownAs: number): NaiveResult {
  let after = attributes
  let isMedSet = false
  let isNextHopSet = false
  for (const { set } of terms) {
    if (set === undefined) continue
    after = edit(set, after, ownAs, prefix.family)
    if (set.nextHop === 'unchanged') after.nextHop = attributes.nextHop
    if (set.med !== undefined) isMedSet = set.med !== 'none'
    if (set.nextHop === 'self') isNextHopSet = false
    else if (set.nextHop === 'unchanged') isNextHopSet = true
    else if (set.nextHop?.family === prefix.family) isNextHopSet = true
  }
  return { attributes: after, isMedSet, isNextHopSet }
}

function edit(set: PolicyEdit, before: TestAttributes, ownAs: number, family: 4 | 6): TestAttributes {
  const after = structuredClone(before)
  if (set.localPref !== undefined) after.localPref = set.localPref
  if (set.med === 'none') delete after.med
  else if (set.med !== undefined) after.med = set.med
  if (set.origin !== undefined) after.origin = ['igp', 'egp', 'incomplete'].indexOf(set.origin)
  for (const [kind, one] of Object.entries(set.communities ?? {}))
    editCommunities(kind as CommunityPattern['kind'], one, after)
  if (set.prepend !== undefined)
    for (let left = set.prepend.count; left > 0; left--) after.asPath.unshift(set.prepend.asNumber ?? ownAs)
  if (set.nextHop === 'self') after.nextHop = ''
  else if (typeof set.nextHop === 'object' && set.nextHop.family === family) after.nextHop = String(set.nextHop)
  return after
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** The communities of the kind of a pattern, in hexadecimal. */
function listOf(attributes: TestAttributes, { kind }: Pick<CommunityPattern, 'kind'>): string[] {
  const word = (value: number) => value.toString(16).padStart(8, '0')
  if (kind === 'communities') return (attributes.communities ?? []).map(word)
  if (kind === 'extendedCommunities') return attributes.extendedCommunities ?? []
  return (attributes.largeCommunities ?? []).map(text =>
    text
      .split(':')
      .map(part => word(Number(part)))
      .join(''),
  )
}

function agrees({ value, mask }: CommunityPattern, octets: string): boolean {
  const bytes = Buffer.from(octets, 'hex')
  return value.every((octet, at) => (octet & mask[at]!) === (bytes[at]! & mask[at]!))
}

function editCommunities(kind: CommunityPattern['kind'], one: CommunityEdit, attributes: TestAttributes): void {
  let list = listOf(attributes, { kind })
  if (one.remove === 'all') list = []
  else for (const pattern of one.remove) list = list.filter(octets => !agrees(pattern, octets))
  for (const { value } of one.add) if (!list.includes(hex(value))) list.push(hex(value))
  const words = (octets: string) => octets.match(/.{8}/g)!.map(word => Number.parseInt(word, 16))
  const { communities: _c, extendedCommunities: _e, largeCommunities: _l, ...rest } = attributes
  const lists = { communities: _c, extendedCommunities: _e, largeCommunities: _l }
  if (kind === 'communities') lists.communities = list.flatMap(words)
  else if (kind === 'extendedCommunities') lists.extendedCommunities = list
  else lists.largeCommunities = list.map(octets => words(octets).join(':'))
  for (const key of Object.keys(attributes)) delete (attributes as unknown as Record<string, unknown>)[key]
  Object.assign(attributes, rest)
  for (const [key, value] of Object.entries(lists)) if (value?.length) Object.assign(attributes, { [key]: value })
}
