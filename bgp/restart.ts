/**
 * The restart of a speaker that takes over from one before it (RFC 4724 §4.1): whose End-of-RIB ours waits for, and when it is
 * over. Knows neither time nor routes.
 *
 * Rules: our End-of-RIB waits for our own prefixes to be known, however late that is. Beside that only a live session holds it up,
 * and only in its own families. A peer that is away holds up the end of the restart only where it held a session with the one
 * before: nobody else has routes of ours to lose.
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
  /** Families whose routes the speaker before left. */
  readonly forwarding: readonly Family[]
  readonly #holders: readonly PeerEnd[] | undefined
  #isOver = false

  constructor({ forwarding, peers }: Restart) {
    this.forwarding = forwarding
    this.#holders = peers
  }

  get isOver(): boolean {
    return this.#isOver
  }

  end(): void {
    this.#isOver = true
  }

  /** Whether our End-of-RIB of a family waits. @param isKnown whether our own prefixes are known */
  holds(family: Family, isKnown: boolean, peers: readonly RestartPeer[]): boolean {
    return !isKnown || (!this.#isOver && peers.some(({ awaited }) => awaited.includes(family)))
  }

  /** Whether nobody is waited for. @param mayCome whether somebody who is no peer now may become one */
  isComplete(peers: readonly RestartPeer[], mayCome: (end: PeerEnd) => boolean): boolean {
    if (this.#isOver) return true
    // cheap to find out, and mostly so
    if (peers.some(({ awaited }) => awaited.length > 0)) return false
    const holders = this.#holders ?? peers.map(({ config }) => config)
    const isBack = (holder: PeerEnd) => {
      const peer = peers.find(({ config }) => isSameEnd(config, holder))
      return peer === undefined ? !mayCome(holder) : peer.negotiated !== undefined
    }
    // without any peer nobody has said yet whom we peer with
    return peers.length > 0 && holders.every(isBack)
  }
}
