/** What a speaker is told: who it is, whom it peers with and under which policies. Values only, already validated. */
import type { Family } from '../lib/base/ip.ts'
import type { NextHopMode } from './rib/peer.ts'
import type { Policy } from './rib/policy.ts'
import type { PeerConfig } from './session/config.ts'
import type { ListenOptions } from './transport.ts'

/** Cannot change while a speaker lives: a new one is needed. */
export interface SpeakerIdentity {
  readonly asNumber: number
  /** uint32, not 0 (RFC 6286). */
  readonly routerId: number
  /** uint32 (RFC 4456 §7); usually the router id. */
  readonly clusterId: number
  /** Most next hops of one kernel route. */
  readonly maxPaths: number
  /** Whether wanted kernel routes are kept for `takeKernelChanges`. */
  readonly kernel: boolean
  /** Of the hash tables; random per process. */
  readonly seed?: number
}

export interface SpeakerPeer extends PeerConfig {
  readonly nextHop: NextHopMode
  /** RFC 4456; internal peers only. */
  readonly routeReflectorClient: boolean
  /** A node of our own cluster, whose routes policies call `node`. Absent: it is not. */
  readonly node?: boolean
  /** Whether its routes may become kernel routes. Absent: they may. */
  readonly install?: boolean
  readonly importPolicy: Policy
  readonly exportPolicy: Policy
}

export interface SpeakerConfig {
  /** No addresses: dial only. Absent: neither listen nor dial (another process owns the port). */
  readonly listen: ListenOptions | undefined
  /** Names are unique, and so are addresses. */
  readonly peers: readonly SpeakerPeer[]
}

/** How a speaker begins where another one of the same node has gone (RFC 4724 §4.1). */
export interface Restart {
  /** Families whose routes the one before left in the kernel: the F bit. */
  readonly forwarding: readonly Family[]
  /** Milliseconds to wait at most for the peers' End-of-RIB. */
  readonly deferralTime: number
}
