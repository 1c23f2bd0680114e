/** What the BFD engine on the main thread and its thread tell each other: plain values. */
import type { BfdChange, BfdCounters, BfdSessionStatus } from '../bfd/session-status.ts'

/** A BfdSessionConfig with addresses as text: objects of ours do not cross threads. */
export interface SessionRequest {
  readonly name: string
  readonly remote: string
  readonly local: string | undefined
  readonly interface: string | undefined
  readonly leastTtl: number | undefined
  readonly transmit: number
  readonly receive: number
  readonly multiplier: number
}

export interface BfdThreadData {
  /** eventfd: a message waits. */
  readonly wake: number
  /** `performance.timeOrigin` of the main thread: moments are told on its clock. */
  readonly timeOrigin: number
}

export type BfdRequest =
  /** The whole set. */
  | { readonly type: 'want'; readonly sessions: readonly SessionRequest[] }
  | { readonly type: 'count'; readonly id: number }
  /** Tell the peers that we go, and go. */
  | { readonly type: 'end' }

export type BfdPost =
  | { readonly type: 'change'; readonly change: BfdChange }
  | { readonly type: 'sessions'; readonly sessions: readonly BfdSessionStatus[] }
  | { readonly type: 'counters'; readonly id: number; readonly counters: BfdCounters }
  /** Sentences: what cannot be done now; it is tried again. */
  | { readonly type: 'problems'; readonly problems: readonly string[] }
