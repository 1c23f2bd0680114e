/** The BGP daemon of the lab's router: the same questions to whichever it is. */
import type { FamilyName, Topology } from './topology.ts'

export const ROUTER_KINDS = ['podpeer', 'frr', 'bird'] as const
export type RouterKind = (typeof ROUTER_KINDS)[number]

export interface RouterSession {
  /** The node's name. */
  readonly node: string
  readonly family: FamilyName
  /** In the daemon's own word; `Established` (whatever its capitals) when it is. */
  readonly state: string
}

export interface RouterDaemon {
  /** @throws WorldFault with a sentence when the daemon is not installed or did not come up */
  start(): Promise<void>
  stop(): Promise<void>
  sessions(): Promise<readonly RouterSession[]>
}

export interface RouterSpec {
  readonly topology: Topology
  /** Path of the router's namespace. */
  readonly namespace: string
  /** A folder of its own. */
  readonly folder: string
  /** Whether it helps a peer that restarts (RFC 4724). */
  readonly gracefulRestart: boolean
}
