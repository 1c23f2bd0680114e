/**
 * The restart of a speaker that takes over from one before it (RFC 4724 §4.1): whose End-of-RIB ours waits for, and when it is
 * over. Knows neither time nor routes.
 *
 * Rules: only a live session holds up our End-of-RIB, and only in its own families. A peer that is away holds up the end of the
 * restart only where it held a session with the one before: nobody else has routes of ours to lose.
 */
import type { Family } from '../lib/base/ip.ts'
import { isSameEnd } from './range-peers.ts'
import type { PeerEnd, Restart, SpeakerPeer } from './speaker-config.ts'

/** As a Peering is. */
export interface RestartPeer {
  readonly config: SpeakerPeer
  /** Undefined: without a session. */
  readonly negotiated: object | undefined
  /** Families whose End-of-RIB its session still owes us. */
  readonly awaited: readonly Family[]
}

export class SpeakerRestart {
  readonly #holders: readonly PeerEnd[] | undefined

  constructor({ peers }: Restart) {
    this.#holders = peers
  }

  isAwaited(family: Family, peers: readonly RestartPeer[]): boolean {
    return peers.some(({ awaited }) => awaited.includes(family))
  }

  /** @param mayCome whether somebody who is no peer now may become one */
  isOver(peers: readonly RestartPeer[], mayCome: (end: PeerEnd) => boolean): boolean {
    const holders = this.#holders ?? peers.map(({ config }) => config)
    const isBack = (holder: PeerEnd) => {
      const peer = peers.find(({ config }) => isSameEnd(config, holder))
      return peer === undefined ? !mayCome(holder) : peer.negotiated !== undefined
    }
    // without any peer nobody has said yet whom we peer with
    return peers.length > 0 && holders.every(isBack) && peers.every(({ awaited }) => awaited.length === 0)
  }
}
