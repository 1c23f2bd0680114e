/**
 * The peers as the RIB sees them: configuration and session by peer number, and beside them, in arrays by the same number,
 * what route selection and export ask of a peer. Number 0 is this speaker itself.
 */
import type { Address, Family } from '../../lib/base/ip.ts'
import { resized } from '../../lib/base/typed-array.ts'
import { type AnnouncementTable, announcementMark } from './announcement-table.ts'
import type { Derivation } from './derivation.ts'
import { LOCAL_PEER, type RibPeer, type RibRole, type RibSession } from './peer.ts'
import type { RouteSource } from './policy.ts'
import { type RoutePolicy, routePolicy } from './route-policy.ts'

export interface PeerEntry {
  config: RibPeer
  session: RibSession | undefined
  /** Our addresses on its last session. */
  own: readonly Address[]
  /** Import policy as it applies to this peer, per family. */
  imports: Readonly<Record<Family, RoutePolicy>>
}

export class PeerTable {
  readonly #derivation: Derivation
  readonly #entries: (PeerEntry | undefined)[] = [undefined]
  readonly #byAddress = new Map<string, number>()
  /** 1: iBGP. */
  internal = new Uint8Array(16)
  /** 1: route reflector client. */
  client = new Uint8Array(16)
  /** 1: a node of our own cluster. */
  node = new Uint8Array(16)
  /** 1: its routes are none for the kernel. */
  uninstalled = new Uint8Array(16)
  /** BGP identifier of the peer's last session. */
  routerId = new Uint32Array(16)
  /** What ONLY_TO_CUSTOMER is set to in its routes that lack it, 0: nothing. */
  otc = new Uint32Array(16)
  /** Bits of the families whose NLRI its session has path ids in. */
  #withIds = new Uint8Array(16)

  constructor(derivation: Derivation) {
    this.#derivation = derivation
  }

  /** Peer numbers are less than this. */
  get capacity(): number {
    return this.internal.length
  }

  add(config: RibPeer): number {
    let peer = this.#entries.indexOf(undefined, 1)
    if (peer === -1) peer = this.#entries.length
    if (peer === this.capacity) {
      this.internal = resized(this.internal, 2 * peer)
      this.client = resized(this.client, 2 * peer)
      this.node = resized(this.node, 2 * peer)
      this.uninstalled = resized(this.uninstalled, 2 * peer)
      this.routerId = resized(this.routerId, 2 * peer)
      this.otc = resized(this.otc, 2 * peer)
      this.#withIds = resized(this.#withIds, 2 * peer)
    }
    this.#entries[peer] = { config, session: undefined, own: [], imports: this.#importsOf(config) }
    this.#note(peer, config)
    return peer
  }

  configure(peer: number, config: RibPeer): void {
    const entry = this.get(peer)
    this.#byAddress.delete(String(entry.config.address))
    entry.config = config
    entry.imports = this.#importsOf(config)
    this.#note(peer, config)
  }

  /** Its session is up. */
  join(peer: number, session: RibSession): void {
    this.get(peer).session = session
    this.routerId[peer] = session.remoteRouterId
    this.otc[peer] = isFromAbove(session.role) ? session.remoteAs : 0
    this.#withIds[peer] = (session.addPathReceive ?? []).reduce((bits, family) => bits | bitOf(family), 0)
  }

  /** Whether the peer's NLRI of a family comes with path ids (RFC 7911 §3). */
  sendsIds(peer: number, family: Family): boolean {
    return (this.#withIds[peer]! & bitOf(family)) !== 0
  }

  remove(peer: number): void {
    this.#byAddress.delete(String(this.get(peer).config.address))
    this.#entries[peer] = undefined
  }

  get(peer: number): PeerEntry {
    const entry = this.#entries[peer]
    if (entry === undefined) throw new RangeError(`no peer has the number ${peer}`)
    return entry
  }

  *entries(): IterableIterator<[number, PeerEntry]> {
    for (const [peer, entry] of this.#entries.entries()) if (entry !== undefined) yield [peer, entry]
  }

  sourceOf(announcement: number, announcements: AnnouncementTable): RouteSource {
    const peer = announcements.peer[announcement]!
    if (peer === LOCAL_PEER)
      return (announcements.marksOf(announcement) & announcementMark.service) === 0 ? 'local' : 'service'
    return this.node[peer] === 1 ? 'node' : this.internal[peer] === 1 ? 'internal' : 'external'
  }

  /** The peer at an address. */
  withAddress(address: Address): number | undefined {
    return this.#byAddress.get(String(address))
  }

  /** Orders peers by address (RFC 4271 §9.1.2.2 g): IPv4 before IPv6, then octet by octet, then by the link where that is all. */
  compareAddresses(one: number, other: number): number {
    const [left, right] = [this.get(one).config.address, this.get(other).config.address]
    if (left.family !== right.family) return left.family - right.family
    const at = left.bytes.findIndex((octet, index) => octet !== right.bytes[index])
    if (at !== -1) return left.bytes[at]! - right.bytes[at]!
    const [near, far] = [left.zone ?? '', right.zone ?? '']
    return near < far ? -1 : near > far ? 1 : 0
  }

  #importsOf(config: RibPeer): Readonly<Record<Family, RoutePolicy>> {
    const { name, internal, importPolicy } = config
    const source = config.node === true ? 'node' : internal ? 'internal' : 'external'
    const policy = (family: Family) =>
      routePolicy(importPolicy, { peer: name, source }, { direction: 'import', family, internal }, this.#derivation)
    return { 4: policy(4), 6: policy(6) }
  }

  #note(peer: number, config: RibPeer): void {
    this.internal[peer] = config.internal ? 1 : 0
    this.client[peer] = config.internal && config.routeReflectorClient ? 1 : 0
    this.node[peer] = config.node === true ? 1 : 0
    this.uninstalled[peer] = config.install === false ? 1 : 0
    this.#byAddress.set(String(config.address), peer)
  }
}

/** Whether what comes from there is for customers only (RFC 9234 §5, ingress 3). */
function isFromAbove(ours: RibRole | undefined): boolean {
  return ours === 'customer' || ours === 'rsClient' || ours === 'peer'
}

function bitOf(family: Family): number {
  return family === 4 ? 1 : 2
}
