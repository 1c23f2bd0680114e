/** What a speaker is told: who it is, whom it peers with and under which policies. Values only, already validated. */
import type { Family } from '../lib/base/ip.ts'
import type { Prefix } from '../lib/base/prefix.ts'
import type { BfdSessionConfig, BfdTimers } from './bfd/session-config.ts'
import type { NextHopMode } from './rib/peer.ts'
import type { Policy } from './rib/policy.ts'
import type { BfdConfig, PeerConfig } from './session/config.ts'
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
  /** Absent: no BFD. Whoever runs the speaker runs its sessions (bgp/io/bfd.ts) and tells it by `bfdChanged`. */
  readonly bfd?: PeerBfd
}

/** Where a peer is: a link-local address is unique on its link alone. */
export type PeerEnd = Pick<SpeakerPeer, 'address' | 'interface'>

/**
 * Addresses that become peers when they connect. A configured peer wins over a range, a longer prefix over a shorter one. Such a
 * peer is called `<range>/<address>`, never dials, and goes when it has had no session for a while and nothing of it is held.
 */
export interface PeerRange {
  readonly name: string
  readonly prefix: Prefix
  /** Most peers at a time; one without a session gives way to a newcomer. */
  readonly limit: number
  readonly template: Omit<SpeakerPeer, 'name' | 'address' | 'interface' | 'passive'>
}

export type PeerBfd = BfdConfig & BfdTimers & Pick<BfdSessionConfig, 'multihop'>

export interface SpeakerConfig {
  /** No addresses: dial only. Absent: neither listen nor dial (another process owns the port). */
  readonly listen: ListenOptions | undefined
  /** Names are unique, and so are addresses (link-local ones: together with their interface). */
  readonly peers: readonly SpeakerPeer[]
  /** Names and prefixes are unique. Absent: none. */
  readonly ranges?: readonly PeerRange[]
}

/** How a speaker begins where another one of the same node has gone (RFC 4724 §4.1). */
export interface Restart {
  /** Families whose routes the one before left in the kernel: the F bit. */
  readonly forwarding: readonly Family[]
  /** Milliseconds to wait at most for the peers' End-of-RIB. */
  readonly deferralTime: number
  /** Who held a session with the one before, and may hold routes of it; absent: everybody who is configured. */
  readonly peers?: readonly PeerEnd[]
}
