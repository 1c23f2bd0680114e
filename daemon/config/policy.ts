/**
 * Import and export policies of the configuration → the engine's. `allowed` and `originated` are the defaults: the one
 * takes only what the allow-list names, the other gives only what originates here.
 */

import { ACCEPT, type Policy, type PolicyMatch, type PrefixRange, REJECT } from '../../bgp/rib/policy.ts'
import { bitsOf, type Family } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { PolicySettings, PrefixRangeSettings } from './schema.ts'

export const BUILT_IN_POLICIES: readonly string[] = ['accept', 'reject', 'allowed', 'originated']

const ORIGINATED: Policy = {
  name: 'originated',
  terms: [{ name: 'local', match: { source: ['local'] }, action: 'accept' }],
  otherwise: 'reject',
}

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

function policyOf({ name, terms = [], otherwise = 'reject' }: PolicySettings): Policy {
  return {
    name,
    otherwise,
    terms: terms.map(({ name, match, action }) => ({ name, action, match: matchOf(match ?? {}) })),
  }
}

type MatchSettings = NonNullable<NonNullable<PolicySettings['terms']>[number]['match']>

function matchOf({ prefixes, families, ...rest }: MatchSettings): PolicyMatch {
  return {
    ...rest,
    ...(prefixes && { prefixes: prefixes.map(rangeOf) }),
    ...(families && { families: families.map(familyOf) }),
  }
}

/** A bare prefix stands for all that lies in it, itself included. */
function rangeOf(settings: PrefixRangeSettings): PrefixRange {
  const range = typeof settings === 'string' ? { prefix: settings } : settings
  const prefix = parsePrefix(range.prefix)
  const { min = prefix.length, max = bitsOf(prefix.family) } = range as { min?: number; max?: number }
  return { prefix, min, max }
}
