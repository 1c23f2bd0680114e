/** What a policy's term sets, as the codec's edits of one route, and told in words. Knows no table: ids are derivation.ts's. */
import type { AttributeEdits } from '../wire/attribute-edit.ts'
import { communityKinds } from '../wire/community.ts'
import type { CommunityEdit, PolicyEdit, Verdict } from './policy.ts'
import { type CommunityKindName, holdsCommunity, matchesCommunity } from './policy-community.ts'
import type { PolicyRoute } from './policy-route.ts'

/** @param ownAs what `prepend` puts in front where it names no AS */
export function attributeEdits(edit: PolicyEdit, route: PolicyRoute, ownAs: number): AttributeEdits {
  const { localPref, med, origin, communities = {}, prepend } = edit
  const edits: Partial<Record<CommunityKindName, Uint8Array>> = {}
  for (const [kind, one] of editsOf(communities)) edits[kind] = communitiesAfter(kind, one, route)
  return {
    ...edits,
    ...(localPref !== undefined && { localPref }),
    ...(med !== undefined && { med }),
    ...(origin !== undefined && { origin }),
    ...(prepend && { prepend: { asNumber: prepend.asNumber ?? ownAs, count: prepend.count } }),
  }
}

function editsOf(communities: NonNullable<PolicyEdit['communities']>): [CommunityKindName, CommunityEdit][] {
  return Object.entries(communities) as [CommunityKindName, CommunityEdit][]
}

function communitiesAfter(kind: CommunityKindName, { remove, add }: CommunityEdit, route: PolicyRoute): Uint8Array {
  const before = route.communities(kind)
  const { width } = communityKinds[kind]
  const octets: number[] = []
  for (let at = 0; at < before.length; at += width)
    if (remove !== 'all' && !remove.some(pattern => matchesCommunity(pattern, before, at)))
      octets.push(...before.subarray(at, at + width))
  for (const pattern of add) if (!holdsCommunity(pattern, Uint8Array.from(octets))) octets.push(...pattern.value)
  return Uint8Array.from(octets)
}

/**
 * `policy tor-in, term pods after mark; sets LOCAL_PREF 200`.
 * @param undecided stands where no term decided
 */
export function renderVerdict({ policy, term, passed = [], set = [] }: Verdict, undecided = ''): string {
  const decider = term === undefined ? undecided : `, term ${term}`
  const after = passed.length === 0 ? '' : ` after ${passed.join(', ')}`
  return `policy ${policy}${decider}${after}${set.length === 0 ? '' : `; sets ${set.join(', ')}`}`
}

/** `LOCAL_PREF 200`, `communities with 65000:1`: what the edits set, in their order. */
export function renderEdits(edits: readonly PolicyEdit[]): string[] {
  return edits.flatMap(edit => {
    const { localPref, med, origin, communities = {}, prepend, nextHop } = edit
    return [
      ...(localPref === undefined ? [] : [`LOCAL_PREF ${localPref}`]),
      ...(med === undefined ? [] : [med === 'none' ? 'no MED' : `MED ${med}`]),
      ...(origin === undefined ? [] : [`ORIGIN ${origin}`]),
      ...editsOf(communities).flatMap(([kind, one]) => renderCommunityEdit(kind, one)),
      ...(prepend === undefined ? [] : [`${prepend.asNumber ?? 'own AS'} prepended ${prepend.count}×`]),
      ...(nextHop === undefined ? [] : [`next hop ${nextHop}`]),
    ]
  })
}

const KIND_NAMES = {
  communities: 'communities',
  extendedCommunities: 'extended communities',
  largeCommunities: 'large communities',
} as const

function renderCommunityEdit(kind: CommunityKindName, { remove, add }: CommunityEdit): string[] {
  const name = KIND_NAMES[kind]
  const added = add.map(({ text }) => text).join(' ')
  if (remove === 'all') return [added === '' ? `no ${name}` : `${name} ${added}`]
  const removed = remove.map(({ text }) => text).join(' ')
  return [...(removed === '' ? [] : [`${name} without ${removed}`]), ...(added === '' ? [] : [`${name} with ${added}`])]
}
