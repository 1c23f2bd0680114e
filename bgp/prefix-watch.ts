/**
 * Watches how many prefixes a peer has sent against what it may send (`PeerConfig.maxPrefixes`): says what is worth saying,
 * once, and when the session has to end. Keeps no prefix out itself: `drop` is the RIB's affair.
 */
import type { Family } from '../lib/base/ip.ts'
import type { PrefixLimit, PrefixLimits } from './session/config.ts'

/** 0: well below; 1: from `warnAt` on; 2: beyond `count`. */
type Level = 0 | 1 | 2

export interface Crossing {
  readonly text: string
  /** The session has to end. */
  readonly ends: boolean
}

export class PrefixWatch {
  #limits: PrefixLimits
  /** Those with a limit. */
  families: readonly Family[]
  readonly #level: Record<Family, Level> = { 4: 0, 6: 0 }
  readonly #dropped: Record<Family, number>
  /** Families of which something was not taken in. */
  readonly #missing = new Set<Family>()

  /** @param dropped as `look` is told it, before this watch began */
  constructor(limits: PrefixLimits, dropped: Readonly<Record<Family, number>>) {
    this.#limits = limits
    this.families = limitedBy(limits)
    this.#dropped = { ...dropped }
  }

  /** Takes other limits, of which nothing has been said yet. Returns the families of which something may come in now that was not taken in. */
  change(limits: PrefixLimits): Family[] {
    const before = this.#limits
    this.#limits = limits
    this.families = limitedBy(limits)
    const more = [...this.#missing].filter(family => mostOf(limits, family) > mostOf(before, family))
    for (const family of more) this.#missing.delete(family)
    this.#level[4] = this.#level[6] = 0
    return more
  }

  /**
   * What is new since the last look; undefined: nothing, or it became less.
   * @param count prefixes that the peer has sent and not withdrawn, before import policy
   * @param dropped announcements that were not taken in, in total
   */
  look(family: Family, count: number, dropped: number): Crossing | undefined {
    const limit = this.#limits[family]
    if (limit === undefined) return undefined
    const before = this.#level[family]
    const isDropping = dropped > this.#dropped[family]
    const isBeyond = count > limit.count || isDropping || (before === 2 && count === limit.count)
    if (isDropping) this.#missing.add(family)
    this.#dropped[family] = dropped
    this.#level[family] = isBeyond ? 2 : 100 * count >= limit.warnAt * limit.count ? 1 : 0
    const level = this.#level[family]
    if (level <= before) return undefined
    return level === 1
      ? { text: `${count} prefixes of ipv${family}, of at most ${limit.count}`, ends: false }
      : { text: beyond(family, limit), ends: limit.action === 'restart' }
  }
}

function limitedBy(limits: PrefixLimits): Family[] {
  return ([4, 6] as const).filter(family => limits[family] !== undefined)
}

/** Prefixes that get in. */
function mostOf(limits: PrefixLimits, family: Family): number {
  const limit = limits[family]
  return limit?.action === 'drop' ? limit.count : Number.POSITIVE_INFINITY
}

function beyond(family: Family, { count, action }: PrefixLimit): string {
  const consequence = { warn: 'all are taken', drop: 'no further one is taken', restart: 'the session ends' }[action]
  return `more than ${count} prefixes of ipv${family}: ${consequence}`
}
