/**
 * Import and export policies of the configuration → the engine's. `allowed` and `originated` are the defaults: the one
 * takes only what the allow-list names, the other gives only what originates here.
 */
import { PathPattern } from '../../bgp/rib/path-pattern.ts'
import {
  ACCEPT,
  type AsPathMatch,
  type CommunityEdit,
  type CommunityMatch,
  type NumberRange,
  type Policy,
  type PolicyEdit,
  type PolicyMatch,
  type PolicyTerm,
  type PrefixRange,
  REJECT,
  type RouteSource,
} from '../../bgp/rib/policy.ts'
import { type CommunityKindName, type CommunityPattern, parseCommunityPattern } from '../../bgp/rib/policy-community.ts'
import { communityKinds } from '../../bgp/wire/community.ts'
import { InputFault } from '../../lib/base/failure.ts'
import { bitsOf, type Family, parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { ConfigProblem } from '../../lib/schema/problem.ts'
import type { PolicySettings, PrefixRangeSettings } from './policy-schema.ts'

export const BUILT_IN_POLICIES: readonly string[] = ['accept', 'reject', 'allowed', 'originated']

const ORIGINATED: Policy = {
  name: 'originated',
  terms: [{ name: 'local', match: { source: ['local', 'service'] }, action: 'accept' }],
  otherwise: 'reject',
}

const LEARNED: readonly RouteSource[] = ['node', 'internal', 'external']

/** Every policy that a peer may name. @param allow the import allow-list */
export function policiesByName(
  allow: readonly PrefixRangeSettings[],
  policies: readonly PolicySettings[],
): ReadonlyMap<string, Policy> {
  const allowed: Policy = {
    name: 'allowed',
    terms:
      allow.length === 0 ? [] : [{ name: 'import.allow', match: { prefixes: allow.map(rangeOf) }, action: 'accept' }],
    otherwise: 'reject',
  }
  const all = [ACCEPT, REJECT, allowed, ORIGINATED, ...policies.map(policyOf)]
  return new Map(all.map(policy => [policy.name, policy]))
}

export function familyOf(name: 'ipv4' | 'ipv6'): Family {
  return name === 'ipv4' ? 4 : 6
}

/** What is wrong with a policy that the schema has judged: one problem for each term. */
export function judgePolicy({ terms = [] }: PolicySettings, path: string): ConfigProblem[] {
  return terms.flatMap((term, at) => {
    const here = `${path}.terms[${at}]`
    if (term.action === 'reject' && term.set !== undefined)
      return [{ path: `${here}.set`, problem: 'what is rejected is told to nobody', fix: 'leave it out' }]
    try {
      termOf(term, here)
      return []
    } catch (thrown) {
      if (!(thrown instanceof InputFault)) throw thrown
      return [{ path: thrown.path, problem: thrown.problem, fix: thrown.fix }]
    }
  })
}

/** @throws InputFault where `judgePolicy` finds a problem */
function policyOf({ name, terms = [], otherwise = 'reject' }: PolicySettings, at: number): Policy {
  return { name, otherwise, terms: terms.map((term, number) => termOf(term, `policies[${at}].terms[${number}]`)) }
}

type TermSettings = NonNullable<PolicySettings['terms']>[number]
type MatchSettings = NonNullable<TermSettings['match']>
type SetSettings = NonNullable<TermSettings['set']>

function termOf({ name, match = {}, set, action }: TermSettings, path: string): PolicyTerm {
  const edit = set && editOf(set, `${path}.set`)
  return { name, match: matchOf(match, `${path}.match`), action, ...(edit && { set: edit }) }
}

function matchOf(settings: MatchSettings, path: string): PolicyMatch {
  const { prefixes, families, peers, source, asPath, nextHop, localPref, med, origin } = settings
  const communities = KINDS.flatMap(kind => communityMatches(kind, settings[kind], `${path}.${kind}`))
  return {
    ...(prefixes && { prefixes: prefixes.map(rangeOf) }),
    ...(families && { families: families.map(familyOf) }),
    ...(peers && { peers }),
    ...(source && { source: source.flatMap(one => (one === 'learned' ? LEARNED : [one])) }),
    ...(communities.length > 0 && { communities }),
    ...(asPath && { asPath: asPathOf(asPath, `${path}.asPath`) }),
    ...(nextHop && { nextHop: nextHop.map(text => parsePrefix(text)) }),
    ...(localPref && { localPref: numbersOf(localPref, `${path}.localPref`) }),
    ...(med && { med: numbersOf(med, `${path}.med`) }),
    ...(origin && { origin }),
  }
}

function asPathOf(settings: NonNullable<MatchSettings['asPath']>, path: string): AsPathMatch {
  const { neighbor, origin, contains, length, pattern } = settings
  return {
    ...(neighbor && { neighbors: neighbor }),
    ...(origin && { origins: origin }),
    ...(contains && { contains }),
    ...(length && { length: numbersOf(length, `${path}.length`) }),
    ...(pattern !== undefined && { pattern: new PathPattern(pattern, `${path}.pattern`) }),
  }
}

const KINDS = Object.keys(communityKinds) as CommunityKindName[]
const MODES = ['any', 'all', 'none'] as const

function communityMatches(
  kind: CommunityKindName,
  settings: MatchSettings['communities'],
  path: string,
): CommunityMatch[] {
  if (settings === undefined) return []
  const byMode = Array.isArray(settings) ? { any: settings } : settings
  return MODES.flatMap(mode => {
    const listed: readonly string[] | undefined = byMode[mode]
    const here = Array.isArray(settings) ? path : `${path}.${mode}`
    return listed === undefined ? [] : [{ mode, patterns: patternsOf(kind, listed, here) }]
  })
}

function editOf(settings: SetSettings, path: string): PolicyEdit {
  const { localPref, med, origin, prepend, nextHop } = settings
  const communities = KINDS.flatMap(kind => {
    const edit = communityEdit(kind, settings[kind], `${path}.${kind}`)
    return edit === undefined ? [] : [[kind, edit] as const]
  })
  return {
    ...(localPref !== undefined && { localPref }),
    ...(med !== undefined && { med }),
    ...(origin && { origin }),
    ...(communities.length > 0 && { communities: Object.fromEntries(communities) }),
    ...(prepend && { prepend }),
    ...(nextHop && { nextHop: nextHop === 'self' || nextHop === 'unchanged' ? nextHop : parseAddress(nextHop) }),
  }
}

function communityEdit(
  kind: CommunityKindName,
  settings: SetSettings['communities'],
  path: string,
): CommunityEdit | undefined {
  if (settings === undefined) return undefined
  const { remove, add = [], replace } = settings
  if (replace !== undefined && (remove !== undefined || settings.add !== undefined))
    throw new InputFault(path, 'replace leaves nothing to remove or to add to', 'write replace alone, or without it')
  const added = exactOf(kind, replace ?? add, `${path}.${replace === undefined ? 'add' : 'replace'}`)
  return { remove: replace ? 'all' : patternsOf(kind, remove ?? [], `${path}.remove`), add: added }
}

function exactOf(kind: CommunityKindName, listed: readonly string[], path: string): CommunityPattern[] {
  const wild = listed.findIndex(text => text.includes('*'))
  if (wild !== -1)
    throw new InputFault(`${path}[${wild}]`, `"${listed[wild]}" is no single community`, 'write numbers only')
  return patternsOf(kind, listed, path)
}

function patternsOf(kind: CommunityKindName, listed: readonly string[], path: string): CommunityPattern[] {
  return listed.map((text, at) => {
    const pattern = parseCommunityPattern(kind, text)
    if (pattern !== undefined) return pattern
    throw new InputFault(
      `${path}[${at}]`,
      `"${text}" is no community of this kind`,
      `write ${communityKinds[kind].form}`,
    )
  })
}

function numbersOf(settings: { readonly min?: number; readonly max?: number }, path: string): NumberRange {
  const { min = 0, max = 4294967295 } = settings
  if (min > max) throw new InputFault(path, `no number is from ${min} to ${max}`, 'write them so that min ≤ max')
  return { min, max }
}

/** A bare prefix stands for all that lies in it, itself included. */
function rangeOf(settings: PrefixRangeSettings): PrefixRange {
  const range = typeof settings === 'string' ? { prefix: settings } : settings
  const prefix = parsePrefix(range.prefix)
  const { min = prefix.length, max = bitsOf(prefix.family) } = range as { min?: number; max?: number }
  return { prefix, min, max }
}
