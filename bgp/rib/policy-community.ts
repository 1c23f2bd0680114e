/**
 * Communities as policies match and set them: octets with a mask, so that a part may be anything. What the kinds are and how
 * their text reads is wire's.
 */
import { communityKinds } from '../wire/community.ts'

export type CommunityKindName = keyof typeof communityKinds

/** Matches communities that have `value` wherever `mask` has ones; exact: the mask is all ones. */
export interface CommunityPattern {
  readonly kind: CommunityKindName
  /** As a person wrote it. */
  readonly text: string
  readonly value: Uint8Array
  readonly mask: Uint8Array
}

/** @param value its octets */
export function exactCommunity(kind: CommunityKindName, text: string, value: Uint8Array): CommunityPattern {
  return { kind, text, value, mask: new Uint8Array(value.length).fill(0xff) }
}

/**
 * Undefined when the text is none. A `*` in the place of a number stands for any: `65000:*`, `65000:*:7`, `rt:65000:*`. The
 * first number of an extended community says how wide it is, so there it cannot be `*`.
 */
export function parseCommunityPattern(kind: CommunityKindName, text: string): CommunityPattern | undefined {
  const parts = text.split(':')
  const value = communityKinds[kind].parse(parts.map(part => (part === '*' ? '0' : part)).join(':'))
  if (value === undefined || (kind === 'extendedCommunities' && parts[1] === '*')) return undefined
  const mask = new Uint8Array(value.length).fill(0xff)
  for (const [at, part] of parts.entries()) if (part === '*') mask.fill(0, ...placeOf(kind, at, value))
  return { kind, text, value, mask }
}

/** Where the octets of a number of a community are. */
function placeOf(kind: CommunityKindName, at: number, value: Uint8Array): [number, number] {
  if (kind === 'extendedCommunities') return [value[0] === 0 ? 4 : 6, 8]
  const width = kind === 'communities' ? 2 : 4
  return [at * width, (at + 1) * width]
}

/** Whether the community at `bytes[at]` is of the pattern; the caller knows that it is of the kind. */
export function matchesCommunity({ value, mask }: CommunityPattern, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < value.length; index++)
    if (((bytes[at + index]! ^ value[index]!) & mask[index]!) !== 0) return false
  return true
}

/** Whether one of the communities in `bytes` is of the pattern. */
export function holdsCommunity(pattern: CommunityPattern, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += pattern.value.length) if (matchesCommunity(pattern, bytes, at)) return true
  return false
}
