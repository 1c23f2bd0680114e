/**
 * How an agent takes over from the one before it: what of the saved state still holds, which graceful restart follows from
 * it (RFC 4724 §4.1), and which of the kernel routes found at the start have to go. Pure.
 *
 * Rules: a route of the former agent stays until all the peers that its next hop came from have sent their End-of-RIB
 * without it; one whose peers are not known waits for the deferral cap.
 */
import type { Restart } from '../../bgp/index.ts'
import { addressOfUint32, type Family } from '../../lib/base/ip.ts'
import type { AdoptedPath } from '../../lib/linux/table/state.ts'
import type { EffectiveConfig } from '../config/index.ts'
import type { Identity } from './desired.ts'
import { parseEnd } from './peer-end.ts'
import type { NextHopSource, SavedState } from './saved-state.ts'

/** Undefined: the peers hold nothing of ours, or hold it under another identity. */
export function restartOf(
  saved: SavedState | undefined,
  identity: Identity,
  { gracefulRestart }: EffectiveConfig,
): Restart | undefined {
  if (!gracefulRestart.enabled || saved?.identity === undefined || saved.sessions.length === 0) return undefined
  const { asNumber, routerId } = saved.identity
  if (asNumber !== identity.asNumber || routerId !== addressOfUint32(identity.routerId).toString()) return undefined
  // the routes to what we announced are the pods' own, and like those in the kernel they outlived the agent
  return {
    forwarding: [4, 6],
    deferralTime: gracefulRestart.deferralTime * 1000,
    peers: saved.sessions.map(parseEnd),
  }
}

/** Which adopted routes may go now. */
export class AdoptedRoutes {
  /** Next hop or gateway → ends of the peers it came from. */
  readonly #peers = new Map<string, Set<string>>()
  readonly #unknown = new Set<string>()
  readonly #finished: Readonly<Record<Family, Set<string>>> = { 4: new Set(), 6: new Set() }

  constructor(sources: readonly NextHopSource[]) {
    for (const { nextHop, gateways, peers } of sources)
      for (const address of [nextHop, ...gateways]) {
        const known = this.#peers.get(address) ?? new Set()
        this.#peers.set(address, known)
        for (const peer of peers) known.add(peer)
        // what led to a next hop of unknown peers cannot be told from what led there for others
        if (peers.length === 0) this.#unknown.add(address)
      }
  }

  /** The peer has sent its End-of-RIB. */
  finished(peer: string, family: Family): void {
    this.#finished[family].add(peer)
  }

  /** @param awaited ends of the peers there are now, or may be: the others will never send anything */
  isGone({ family, gateways }: AdoptedPath, awaited: Pick<ReadonlySet<string>, 'has'>): boolean {
    if (gateways.some(gateway => this.#unknown.has(gateway.toString()))) return false
    const sources = gateways.map(gateway => this.#peers.get(gateway.toString()))
    if (sources.length === 0 || sources.includes(undefined)) return false
    const finished = this.#finished[family]
    return sources.every(peers => [...peers!].every(peer => finished.has(peer) || !awaited.has(peer)))
  }
}
