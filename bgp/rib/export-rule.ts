/**
 * What one kind of receiver may be told of an announcement, and in which form: NO_EXPORT and NO_ADVERTISE (RFC 1997), route
 * reflection (RFC 4456 §6, §8), AS_PATH, LOCAL_PREF and MED (through attribute-rewrite), NEXT_HOP (RFC 4271 §5.1.3). The
 * export policy and the rule that no route goes back to where it came from are not here: they depend on prefix and peer.
 */
import type { Address, Family } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import { resized } from '../../lib/base/typed-array.ts'
import { type ExportRules, rewriteForExport, rewriteGrowth } from '../wire/attribute-rewrite.ts'
import { communityBit } from '../wire/decision-keys.ts'
import type { NlriForm } from '../wire/nlri.ts'
import { type AnnouncementTable, announcementMark } from './announcement-table.ts'
import type { AttributeStore } from './attribute-store.ts'
import type { Decision } from './decision.ts'
import type { RibIdentity } from './loops.ts'
import { familyOf, type NextHopTable, SELF } from './next-hop-table.ts'
import { LOCAL_PEER, type NextHopMode, type RibRole } from './peer.ts'
import type { PeerTable } from './peer-table.ts'

const DEFAULT_LOCAL_PREF = 100

export const unnameable = 'its next hop is IPv6, which the peer takes for no IPv4 route'

/** What the peer is to us, by what we are to it. */
const toward: Readonly<Record<RibRole, string>> = {
  provider: 'a customer',
  rs: 'a client of our route server',
  rsClient: 'a route server',
  customer: 'a provider',
  peer: 'a peer',
}

/** Whether what goes there is for customers only from then on (RFC 9234 §5, egress 1). */
function isDownward(role: RibRole | undefined): boolean {
  return role === 'provider' || role === 'rs' || role === 'peer'
}

/** Whether routes for customers only must not go there (RFC 9234 §5, egress 2). */
function isUpward(role: RibRole): boolean {
  return role === 'customer' || role === 'rsClient' || role === 'peer'
}

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
  /** Each NLRI has a path id (RFC 7911). */
  readonly addPath: boolean
  /** IPv4 may have an IPv6 next hop (RFC 8950). */
  readonly extendedNextHop: boolean
  readonly maxLength: NlriForm['maxLength']
  /** Knows long-lived graceful restart in this family (RFC 9494). */
  readonly longLived: boolean
  /** What we are to it (RFC 9234). */
  readonly role: RibRole | undefined
}

export function keyOfEncoding(encoding: Encoding): string {
  const { family, fourOctetAs, internal, client, localAs, nextHop, self, subnets } = encoding
  const { addPath, extendedNextHop, maxLength, longLived, role } = encoding
  const session = [addPath, extendedNextHop, maxLength, longLived, role]
  return [family, fourOctetAs, internal, client, localAs, nextHop, self, ...session, ...subnets].join(' ')
}

/** What an export rule consults. */
export interface ExportSources {
  readonly identity: RibIdentity
  readonly announcements: AnnouncementTable
  readonly attributes: AttributeStore
  readonly nextHops: NextHopTable
  readonly peers: PeerTable
  readonly decision: Decision
}

export class ExportRule {
  readonly encoding: Encoding
  /** What the encoding comes to on the wire. */
  readonly form: NlriForm
  readonly #sources: ExportSources
  /** The result of `rewrite`; replaced when it grows. */
  rewritten = new Uint8Array(4096)
  readonly #nextHop: Readonly<Record<Family, Uint8Array>> = { 4: new Uint8Array(4), 6: new Uint8Array(16) }
  // the last answer of `#isThirdParty`, and for whom: neighbouring announcements mostly share both
  #askedNextHop = SELF
  #askedSource = LOCAL_PEER
  #isThird = false

  constructor(encoding: Encoding, sources: ExportSources) {
    this.encoding = encoding
    const { family, fourOctetAs, addPath, extendedNextHop, maxLength } = encoding
    this.form = { family, fourOctetAs, addPath, extendedNextHop: family === 4 && extendedNextHop, maxLength }
    this.#sources = sources
  }

  /** To be called before each run of `rewrite` and `nextHop`: what is remembered of ids is only good while none is freed. */
  begin(): void {
    this.#askedNextHop = SELF
  }

  /** Why receivers of this kind are not told, whatever their policy says, in words; undefined: they may be. */
  denial(announcement: number): string | undefined {
    const { announcements, attributes, peers } = this.#sources
    const { internal, client, longLived, role } = this.encoding
    const communities = attributes.communities[announcements.attributes[announcement]!]!
    if (communities !== 0) {
      if (!longLived && (communities & communityBit.llgrStale) !== 0)
        return 'LLGR_STALE, and the peer does not know long-lived graceful restart'
      if ((communities & communityBit.noAdvertise) !== 0) return 'NO_ADVERTISE'
      if (!internal && (communities & communityBit.noExport) !== 0) return 'NO_EXPORT'
      if (!internal && (communities & communityBit.noExportSubconfed) !== 0) return 'NO_EXPORT_SUBCONFED'
    }
    const source = announcements.peer[announcement]!
    if (internal && !client && peers.internal[source] === 1 && peers.client[source] === 0)
      return 'learned over iBGP, and neither side is a route reflector client'
    if (role !== undefined && isUpward(role) && attributes.otcOf(announcements.attributes[announcement]!) !== 0)
      return `only for customers (OTC), and the peer is ${toward[role]}`
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
    if (this.#namesSelf(announcement)) return this.encoding.self.bytes
    const octets = this.#nextHop[familyOf(learned)]
    nextHops.write(learned, octets)
    return octets
  }

  #namesSelf(announcement: number): boolean {
    const { nextHop, internal } = this.encoding
    const { announcements, nextHops } = this.#sources
    const learned = announcements.nextHop[announcement]!
    if (learned === SELF || nextHops.isLinkLocal(learned)) return true
    if ((announcements.marksOf(announcement) & announcementMark.keepNextHop) !== 0) return false
    if (nextHop === 'self') return true
    return nextHop === 'auto' && !internal && !this.#isThirdParty(announcement)
  }

  /** Whether receivers take the form of next hop that they are told of an announcement, policy included. If not: `unnameable`. */
  canName(announcement: number): boolean {
    const { family, extendedNextHop } = this.encoding
    if (family === 6 || extendedNextHop) return true
    const learned = this.#sources.announcements.nextHop[announcement]!
    if (learned === SELF || familyOf(learned) === 4) return true
    this.begin()
    return this.#namesSelf(announcement)
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
    const isMedSet = (announcements.marksOf(announcement) & announcementMark.keepMed) !== 0
    const { internal, localAs, role } = this.encoding
    if (!internal)
      return {
        to: 'external',
        localAs,
        keepMed: source === LOCAL_PEER || isMedSet,
        ...(isDownward(role) && { otc: localAs }),
      }
    if (peers.internal[source] === 0) return { to: 'internal', localPref: DEFAULT_LOCAL_PREF }
    const known = attributes.originatorId[announcements.attributes[announcement]!]!
    const originatorId = known === 0 ? peers.routerId[source]! : known
    return { to: 'internal', localPref: DEFAULT_LOCAL_PREF, reflect: { originatorId, clusterId: identity.clusterId } }
  }
}
