/**
 * Which addresses of listen ranges are peers now, and which may become one. Pure: who has a session, and when a peer has been
 * idle for long enough, it is told.
 *
 * Rules: a configured peer's address belongs to no range, and of several ranges the longest prefix counts. A range never has
 * more peers than its limit.
 */
import type { Address } from '../lib/base/ip.ts'
import type { PeerEnd, PeerRange, SpeakerPeer } from './speaker-config.ts'
import type { Channel } from './transport.ts'

/** A peer to be, and the name of the one that gives way to it. */
export interface Admission {
  readonly peer: SpeakerPeer
  readonly inPlaceOf?: string
}

interface Member extends PeerEnd {
  readonly range: string
}

export function isSameEnd(one: PeerEnd, other: PeerEnd): boolean {
  return one.address.equals(other.address) && (one.interface === other.interface || !one.address.isLinkLocal)
}

/** Where a connection comes from. */
export function endOf({ remote, interface: link }: Channel): PeerEnd {
  return { address: remote, ...(link !== undefined && { interface: link }) }
}

/** Whether a connection comes from this peer, and to the address where we wait for it. */
export function isMeant(peer: SpeakerPeer, channel: Channel): boolean {
  return isSameEnd(peer, endOf(channel)) && (peer.localAddress?.equals(channel.local) ?? true)
}

export class RangePeers {
  #ranges: readonly PeerRange[] = []
  /** By name of the peer, the oldest first. */
  readonly #members = new Map<string, Member>()

  /** Names of the peers that have come from ranges. */
  get peers(): string[] {
    return [...this.#members.keys()]
  }

  /** The name of the range that a peer has come from. */
  rangeOf(peer: string): string | undefined {
    return this.#members.get(peer)?.range
  }

  /**
   * Takes new ranges.
   * @param configured peers that are no longer the affair of any range
   * @returns the peers that stay, as their ranges have them now
   */
  configure(ranges: readonly PeerRange[], configured: readonly PeerEnd[]): SpeakerPeer[] {
    this.#ranges = ranges
    return [...this.#members].flatMap(([name, member]) => {
      const range = this.#match(member.address)
      if (range?.name === member.range && !configured.some(peer => isSameEnd(peer, member)))
        return [peerOf(range, member)]
      this.#members.delete(name)
      return []
    })
  }

  /**
   * A connection from an address that is no peer yet.
   * @param isIdle whether a peer has neither a session nor routes that are kept for it
   * @returns a sentence: it may not become one; undefined: it is in no range
   */
  admit(end: PeerEnd, isIdle: (peer: string) => boolean): Admission | string | undefined {
    const range = this.#match(end.address)
    if (range === undefined) return undefined
    const peer = peerOf(range, end)
    const others = [...this.#members].filter(([, member]) => member.range === range.name).map(([name]) => name)
    const full = others.length >= range.limit
    const inPlaceOf = full ? others.find(isIdle) : undefined
    if (full && inPlaceOf === undefined)
      return `range ${range.name} is full: it has ${range.limit} peers with a session`
    if (inPlaceOf !== undefined) this.#members.delete(inPlaceOf)
    this.#members.set(peer.name, { ...end, range: range.name })
    return { peer, ...(inPlaceOf !== undefined && { inPlaceOf }) }
  }

  /** Whether an address lies in any range. */
  covers({ address }: PeerEnd): boolean {
    return this.#match(address) !== undefined
  }

  forget(peer: string): void {
    this.#members.delete(peer)
  }

  #match(address: Address): PeerRange | undefined {
    const matching = this.#ranges.filter(({ prefix }) => prefix.contains(address))
    return matching.sort((one, other) => other.prefix.length - one.prefix.length)[0]
  }
}

function peerOf({ name, template }: PeerRange, { address, interface: link }: PeerEnd): SpeakerPeer {
  const zoned = link !== undefined && address.isLinkLocal
  return {
    ...template,
    name: `${name}/${address}${zoned ? `%${link}` : ''}`,
    address,
    ...(zoned && { interface: link }),
    passive: true,
  }
}
