/** What a BFD session tells the CLI, the control API and metrics. Plain values: they cross from thread to thread. */
import type { BfdState, DiscardReason } from './packet.ts'

export interface BfdSessionStatus {
  /** The peer's, as in the configuration. */
  readonly name: string
  readonly state: BfdState
  /** Since when, ms on a monotonic clock. */
  readonly since: number
  readonly localDiscriminator: number
  /** `diagnostic` of why the state last changed. */
  readonly diagnostic: number
  /** As the peer says; absent while nothing is heard of it. */
  readonly remote?: {
    readonly state: BfdState
    readonly diagnostic: number
    readonly discriminator: number
    readonly controlPlaneIndependent: boolean
    readonly demand: boolean
    readonly multiplier: number
    /** Milliseconds, as the next. */
    readonly desiredTransmit: number
    readonly requiredReceive: number
  }
  /** Milliseconds between two packets of ours, before jitter; 0: the peer wants none. */
  readonly transmitInterval: number
  /** Milliseconds of silence after which the peer counts as gone; absent while nothing is heard of it. */
  readonly detectionTime?: number
  /** Times that Up was entered, and left because of a failure. */
  readonly ups: number
  readonly downs: number
  /** When Up was left last, and why. */
  readonly lastDown?: { readonly at: number; readonly reason: string }
  /** Why the last packet could not be sent. */
  readonly sendError?: string
}

export interface BfdCounters {
  /** By session. */
  readonly sessions: ReadonlyMap<string, { readonly sent: number; readonly received: number }>
  /** Packets that counted for nothing. */
  readonly discarded: Readonly<Partial<Record<DiscardReason, number>>>
}

/** A change of state that clients may care for. */
export interface BfdChange {
  readonly name: string
  readonly up: boolean
  /**
   * Whether the path failed: false when the session came up, and when it ended because a person ended it at either end,
   * which says nothing of the path (RFC 5882 §3.2).
   */
  readonly failure: boolean
  /** The peer's C bit: its BFD does not share the fate of its control plane (RFC 5882 §4.3). */
  readonly independent: boolean
  /** In words: `control detection time expired`, `neighbor signaled session down (path down)`. */
  readonly reason: string
}
