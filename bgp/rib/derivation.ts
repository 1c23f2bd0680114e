/**
 * What policy makes of announcements: edits in, another interned announcement of the same peer out. Implicit rules are here as
 * well: they are edits that no person wrote. What is derived is held until `settle`, so that a caller may take it over.
 */
import type { Address, Family } from '../../lib/base/ip.ts'
import { type AttributeEdits, editAttributes, editGrowth } from '../wire/attribute-edit.ts'
import { communityBit } from '../wire/decision-keys.ts'
import { wellKnownCommunity } from '../wire/iana.ts'
import { type AnnouncementTable, announcementMark } from './announcement-table.ts'
import type { AttributeStore } from './attribute-store.ts'
import { type NextHopTable, SELF } from './next-hop-table.ts'
import type { NextHopMode } from './peer.ts'
import type { PolicyEdit } from './policy.ts'
import { exactCommunity } from './policy-community.ts'
import { attributeEdits } from './policy-edit.ts'
import { PolicyRoute } from './policy-route.ts'

/** Where a policy stands. */
export type PolicySide =
  | {
      readonly direction: 'import'
      readonly family: Family
      readonly internal: boolean
    }
  | {
      readonly direction: 'export'
      readonly family: Family
      readonly internal: boolean
      readonly localAs: number
      /** What becomes of next hops where no policy sets them. */
      readonly nextHop: NextHopMode
      /** RFC 8326: everything is announced as about to go. */
      readonly draining: boolean
    }

/** RFC 8326 §4.2: what a speaker that is about to go says of its routes. */
const GOING: PolicyEdit = {
  communities: {
    communities: {
      remove: [],
      add: [exactCommunity('communities', 'graceful-shutdown', uint32(wellKnownCommunity.gracefulShutdown))],
    },
  },
}
/** RFC 9494 §4.2: what is kept of a peer that has not come back in time. */
const LONG_STALE: PolicyEdit = {
  communities: {
    communities: {
      remove: [],
      add: [exactCommunity('communities', 'llgr-stale', uint32(wellKnownCommunity.llgrStale))],
    },
  },
}
const LEAST_PREFERRED = { localPref: 0 } as const
/** Most octets of an attribute set: an attribute's length has 16 bits. */
const MOST_OCTETS = 0xffff

/** What edits come to on a side: nobody outside is told LOCAL_PREF, so that it changes is no news there; implicit ones come last. */
export function editsOn(side: PolicySide, edits: readonly PolicyEdit[]): readonly PolicyEdit[] {
  if (side.direction === 'import') return edits
  const told = side.internal ? edits : edits.map(({ localPref: _, ...edit }) => edit)
  if (!side.draining) return told
  return [...told, side.internal ? { ...GOING, ...LEAST_PREFERRED } : GOING]
}

export class Derivation {
  readonly #localAs: number
  readonly announcements: AnnouncementTable
  readonly #attributes: AttributeStore
  readonly #nextHops: NextHopTable
  readonly #held: number[] = []

  /** @param localAs what is put in front of the path of a route of our own where a policy names no AS */
  constructor(localAs: number, announcements: AnnouncementTable, attributes: AttributeStore, nextHops: NextHopTable) {
    this.#localAs = localAs
    this.announcements = announcements
    this.#attributes = attributes
    this.#nextHops = nextHops
  }

  /** Whether implicit rules change an announcement even where no policy does. */
  isTouched(announcement: number, side: PolicySide): boolean {
    if (side.direction === 'export') return side.draining
    return this.isGoing(announcement, side)
  }

  /** Whether an import has made the derived announcement the least preferred, for it has GRACEFUL_SHUTDOWN. */
  isGoing(derived: number, side: PolicySide): boolean {
    return isGoing(side, this.#attributes.communities[this.announcements.attributes[derived]!]!)
  }

  /** The announcement as policies see it, good until something is interned. */
  route(announcement: number): PolicyRoute {
    const attributes = this.announcements.attributes[announcement]!
    const { pool, start } = this.#attributes
    const nextHop = this.announcements.nextHop[announcement]!
    const address = nextHop === SELF ? undefined : this.#nextHops.address(nextHop)
    return new PolicyRoute(pool, start[attributes]!, this.#attributes.end(attributes), address)
  }

  /** The announcement after the edits and the implicit rules, which may be the same; held until `settle`. 0: it would be too long. */
  derive(from: number, edits: readonly PolicyEdit[], side: PolicySide): number {
    const announcements = this.announcements
    const all = editsOn(side, edits)
    const attributes = this.#attributesAfter(this.route(from), all, side)
    if (attributes === 0) return 0
    const derived = announcements.derive(
      from,
      attributes,
      this.#nextHopAfter(announcements.nextHop[from]!, all, side),
      marksAfter(announcements.marksOf(from), all, side),
    )
    this.#held.push(derived)
    return derived
  }

  /** The announcement with LLGR_STALE, held until `settle`; 0 where it has NO_LLGR (RFC 9494 §4.2) or would be too long. */
  prolong(from: number, side: PolicySide): number {
    const communities = this.#attributes.communities[this.announcements.attributes[from]!]!
    return (communities & communityBit.noLlgr) !== 0 ? 0 : this.derive(from, [LONG_STALE], side)
  }

  /** Lets go of what was derived since the last time. */
  settle(): void {
    for (let id = this.#held.pop(); id !== undefined; id = this.#held.pop()) this.announcements.release(id)
  }

  /** With one reference more; 0: too long. */
  #attributesAfter(before: PolicyRoute, edits: readonly PolicyEdit[], side: PolicySide): number {
    const ownAs = side.direction === 'export' ? side.localAs : (before.asPath[0] ?? this.#localAs)
    let route = before
    for (const edit of edits) {
      route = edited(route, attributeEdits(edit, route, ownAs))
      if (route.end - route.start > MOST_OCTETS) return 0
    }
    const attributes = this.#attributes.intern(route.bytes, route.start, route.end)
    if (!isGoing(side, this.#attributes.communities[attributes]!)) return attributes
    route = edited(new PolicyRoute(route.bytes, route.start, route.end, undefined), LEAST_PREFERRED)
    this.#attributes.release(attributes)
    return this.#attributes.intern(route.bytes, route.start, route.end)
  }

  /** With one reference more. */
  #nextHopAfter(before: number, edits: readonly PolicyEdit[], side: PolicySide): number {
    let after = before
    let address: Address | undefined
    for (const { nextHop } of edits) {
      if (nextHop === undefined || (typeof nextHop === 'string' && side.direction === 'import')) continue
      if (typeof nextHop === 'string') {
        address = undefined
        after = nextHop === 'self' ? SELF : before
      } else if (nextHop.family === side.family) address = nextHop
    }
    if (address !== undefined) return this.#nextHops.intern(address.bytes, address.family)
    this.#nextHops.retain(after)
    return after
  }
}

/** Whether a neighbour of another AS says that the route is about to go (RFC 8326 §4.1): it becomes the least preferred. */
function isGoing(side: PolicySide, communities: number): boolean {
  return side.direction === 'import' && !side.internal && (communities & communityBit.gracefulShutdown) !== 0
}

function edited({ bytes, start, end, nextHop }: PolicyRoute, edits: AttributeEdits): PolicyRoute {
  const target = new Uint8Array(end - start + editGrowth(edits))
  return new PolicyRoute(target, 0, editAttributes(bytes, start, end, edits, target, 0), nextHop)
}

/** Marks that would change nothing of what is told are left out, so that they are no news. */
function marksAfter(before: number, edits: readonly PolicyEdit[], side: PolicySide): number {
  if (side.direction === 'import') return before
  const { keepMed, keepNextHop } = announcementMark
  const isKept = side.nextHop === 'unchanged' || (side.internal && side.nextHop === 'auto')
  let marks = before
  for (const { med, nextHop } of edits) {
    if (med === 'none') marks &= ~keepMed
    else if (med !== undefined && !side.internal) marks |= keepMed
    if (nextHop === 'self') marks &= ~keepNextHop
    else if (!isKept && (nextHop === 'unchanged' || nextHop?.family === side.family)) marks |= keepNextHop
  }
  return marks
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}
