/**
 * Import policies on their way through the paths that are there already, after an edit: a slice of one peer's paths per call,
 * for a policy that sets attributes takes microseconds per announcement, and a peer may have a million paths. A newer edit for
 * the same peer starts anew; what is learned meanwhile is judged by the new policy anyway. Knows no path; whoever does applies.
 */
import type { RoutePolicy } from './route-policy.ts'

interface Pass {
  readonly policy: RoutePolicy
  /** Paths before it have been judged. */
  at: number
}

export class PolicyPasses {
  readonly #byPeer = new Map<number, Pass>()

  get isEmpty(): boolean {
    return this.#byPeer.size === 0
  }

  begin(peer: number, policy: RoutePolicy): void {
    this.#byPeer.set(peer, { policy, at: 1 })
  }

  forget(peer: number): void {
    this.#byPeer.delete(peer)
  }

  /**
   * Goes on with the pass that is first in line, for at most `budget` paths of its peer; returns for how many.
   * @param end path ids are less than this
   * @param apply returns whether it is a path of the peer
   */
  continue(budget: number, end: number, apply: (path: number, peer: number, policy: RoutePolicy) => boolean): number {
    const [first] = this.#byPeer
    if (first === undefined) return 0
    const [peer, pass] = first
    let count = 0
    for (; count < budget && pass.at < end; pass.at++) if (apply(pass.at, peer, pass.policy)) count++
    pass.policy.settle()
    if (pass.at >= end) this.#byPeer.delete(peer)
    return count
  }
}
