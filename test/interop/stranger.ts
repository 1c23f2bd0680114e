/** A router of another make, as the tests see it: what it announces, and what it has learned, in the same words for all. */
import type { RouterDaemon, RouterSpec } from '../lab/router.ts'
import type { FamilyName } from '../lab/topology.ts'

export interface Announcement {
  readonly prefix: string
  /** Multi-exit discriminator (RFC 4271 §5.1.4). */
  readonly med: number
}

export type Announcements = { readonly [family in FamilyName]: readonly Announcement[] }

/** A path that the stranger learned from us. */
export interface LearnedPath {
  readonly asPath: string
  readonly nextHop: string
  /** Only iBGP carries it. */
  readonly localPref?: number
}

export interface Stranger extends RouterDaemon {
  /** Announces just these from now on. */
  announce(announcements: Announcements): Promise<void>
  /** Its path to a prefix; undefined when it has none. */
  path(family: FamilyName, prefix: string): Promise<LearnedPath | undefined>
  /** Refuses to talk without this MD5 key on the eBGP session over IPv4; undefined: needs none again. */
  requireKey(key: string | undefined): Promise<void>
}

export type StrangerMaker = (place: Omit<RouterSpec, 'config'>) => Stranger

export const FIRST_WORDS: Announcements = {
  ipv4: [
    { prefix: '203.0.113.10/32', med: 10 },
    { prefix: '203.0.113.64/26', med: 20 },
  ],
  ipv6: [{ prefix: '2001:db8:113::10/128', med: 10 }],
}
