/**
 * What one kind of receiver may be told of an announcement, and in which form: NO_EXPORT and NO_ADVERTISE (RFC 1997), route
 * reflection (RFC 4456 §6, §8), AS_PATH, LOCAL_PREF and MED (through attribute-rewrite), NEXT_HOP (RFC 4271 §5.1.3). The
 * export policy and the rule that no route goes back to where it came from are not here: they depend on prefix and peer.
 */
import { type Address, bitsOf, type Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import { type ExportRules, rewriteForExport, rewriteGrowth } from '../wire/attribute-rewrite.ts'
import { communityBit } from '../wire/decision-keys.ts'
import type { AnnouncementTable, RibIdentity } from './announcement-table.ts'
import type { AttributeStore } from './attribute-store.ts'
import { type NextHopTable, SELF } from './next-hop-table.ts'
import type { NextHopMode } from './peer.ts'
import { LOCAL_PEER, type PeerTable } from './peer-table.ts'
import { resized } from './typed-array.ts'

const DEFAULT_LOCAL_PREF = 100

/** The kind of receiver: peers for whom all of this is equal are sent the same octets. */
export interface Encoding {
  readonly family: Family
  readonly fourOctetAs: boolean
  readonly internal: boolean
  readonly client: boolean
  readonly localAs: number
  readonly nextHop: NextHopMode
  /** Our address, the next hop `self`. */
  readonly self: Address
  /** Of the family; where a third party's next hop may stay. */
  readonly subnets: readonly Prefix[]
}

export function keyOfEncoding(encoding: Encoding): string {
  const { family, fourOctetAs, internal, client, localAs, nextHop, self, subnets } = encoding
  return [family, fourOctetAs, internal, client, localAs, nextHop, self, ...subnets].join(' ')
}

/** What an export rule consults. */
export interface ExportSources {
  readonly identity: RibIdentity
  readonly announcements: AnnouncementTable
  readonly attributes: AttributeStore
  readonly nextHops: NextHopTable
  readonly peers: PeerTable
}

export class ExportRule {
  readonly encoding: Encoding
  readonly #sources: ExportSources
  /** The result of `rewrite`; replaced when it grows. */
  rewritten = new Uint8Array(4096)
  readonly #nextHop: Uint8Array
  // the last answer of `#isThirdParty`, and for whom: neighbouring announcements mostly share both
  #askedNextHop = SELF
  #askedSource = LOCAL_PEER
  #isThird = false

  constructor(encoding: Encoding, sources: ExportSources) {
    this.encoding = encoding
    this.#sources = sources
    this.#nextHop = new Uint8Array(bitsOf(encoding.family) / 8)
  }

  /** To be called before each run of `rewrite` and `nextHop`: what is remembered of ids is only good while none is freed. */
  begin(): void {
    this.#askedNextHop = SELF
  }

  /** Why receivers of this kind are not told, in words; undefined: they may be. */
  denial(announcement: number): string | undefined {
    const { announcements, attributes, peers } = this.#sources
    const { internal, client } = this.encoding
    const communities = attributes.communities[announcements.attributes[announcement]!]!
    if (communities !== 0) {
      if ((communities & communityBit.noAdvertise) !== 0) return 'NO_ADVERTISE'
      if (!internal && (communities & communityBit.noExport) !== 0) return 'NO_EXPORT'
      if (!internal && (communities & communityBit.noExportSubconfed) !== 0) return 'NO_EXPORT_SUBCONFED'
    }
    const source = announcements.peer[announcement]!
    if (internal && !client && peers.internal[source] === 1 && peers.client[source] === 0)
      return 'learned over iBGP, and neither side is a route reflector client'
    return undefined
  }

  /** Writes the attributes as receivers see them to `rewritten`; returns their end. */
  rewrite(announcement: number): number {
    const { announcements, attributes } = this.#sources
    const id = announcements.attributes[announcement]!
    const start = attributes.start[id]!
    const end = attributes.end(id)
    const room = end - start + rewriteGrowth
    if (this.rewritten.length < room) this.rewritten = resized(this.rewritten, room)
    return rewriteForExport(attributes.pool, start, end, this.#rulesFor(announcement), this.rewritten, 0)
  }

  /** The octets of the next hop that receivers are told, good until the next call. */
  nextHop(announcement: number): Uint8Array {
    const { announcements, nextHops } = this.#sources
    const learned = announcements.nextHop[announcement]!
    if (learned === SELF || this.encoding.nextHop === 'self') return this.encoding.self.bytes
    if (this.encoding.nextHop === 'auto' && !this.encoding.internal && !this.#isThirdParty(announcement))
      return this.encoding.self.bytes
    nextHops.write(learned, this.#nextHop)
    return this.#nextHop
  }

  /**
   * Whether the learned next hop may stay towards eBGP: it is on the shared subnet, and it is not the address of another
   * peer than the one who named it, for no peer may be told to send to itself.
   */
  #isThirdParty(announcement: number): boolean {
    const { announcements, nextHops, peers } = this.#sources
    if (this.encoding.subnets.length === 0) return false
    const nextHop = announcements.nextHop[announcement]!
    const source = announcements.peer[announcement]!
    if (nextHop === this.#askedNextHop && source === this.#askedSource) return this.#isThird
    const address = nextHops.address(nextHop)
    const owner = peers.withAddress(address)
    this.#askedNextHop = nextHop
    this.#askedSource = source
    this.#isThird =
      (owner === undefined || owner === source) && this.encoding.subnets.some(subnet => subnet.contains(address))
    return this.#isThird
  }

  #rulesFor(announcement: number): ExportRules {
    const { announcements, attributes, identity, peers } = this.#sources
    const source = announcements.peer[announcement]!
    if (!this.encoding.internal)
      return { to: 'external', localAs: this.encoding.localAs, keepMed: source === LOCAL_PEER }
    if (peers.internal[source] === 0) return { to: 'internal', localPref: DEFAULT_LOCAL_PREF }
    const known = attributes.originatorId[announcements.attributes[announcement]!]!
    const originatorId = known === 0 ? peers.routerId[source]! : known
    return { to: 'internal', localPref: DEFAULT_LOCAL_PREF, reflect: { originatorId, clusterId: identity.clusterId } }
  }
}
