/** How many paths of one family each peer has, of which kinds, and how many it may have: arrays by peer. Knows no path. */
import { resized } from '../../lib/base/typed-array.ts'

const NO_LIMIT = 0xffffffff

export class PathCounts {
  /** All paths; of these those that import policy rejects, and those of a session that is gone. */
  received = new Uint32Array(16)
  rejected = new Uint32Array(16)
  stale = new Uint32Array(16)
  /** Paths beyond the first one for a prefix. */
  further = new Uint32Array(16)
  /** Announcements that found no room. */
  dropped = new Uint32Array(16)
  /** Most prefixes. */
  #limit = new Uint32Array(16).fill(NO_LIMIT)

  /** Makes room for a new peer, and begins anew. */
  welcome(peer: number): void {
    if (peer >= this.received.length) {
      this.received = resized(this.received, 2 * peer)
      this.rejected = resized(this.rejected, 2 * peer)
      this.stale = resized(this.stale, 2 * peer)
      this.further = resized(this.further, 2 * peer)
      this.dropped = resized(this.dropped, 2 * peer)
      this.#limit = resized(this.#limit, 2 * peer)
    }
    this.#limit[peer] = NO_LIMIT
    this.dropped[peer] = 0
  }

  /** @param prefixes that a peer may have at most; what it has already stays */
  limit(peer: number, prefixes = NO_LIMIT): void {
    this.#limit[peer] = prefixes
  }

  /** Prefixes that a peer has paths for. */
  prefixesOf(peer: number): number {
    return this.received[peer]! - this.further[peer]!
  }

  /**
   * Prefixes that count against a peer's limit: stale ones do not, or a peer that returned with others would find no room for
   * them. Where a prefix has several paths that are stale it is counted too low, until these are swept.
   */
  countedOf(peer: number): number {
    return Math.max(0, this.prefixesOf(peer) - this.stale[peer]!)
  }

  /** Whether a peer may have another prefix. */
  hasRoom(peer: number): boolean {
    return this.countedOf(peer) < this.#limit[peer]!
  }
}
