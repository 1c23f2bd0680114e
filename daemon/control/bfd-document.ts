/** The documents of the control API about BFD; the manner is that of document.ts, but intervals are milliseconds. */

export type BfdStateName = 'AdminDown' | 'Down' | 'Init' | 'Up'

/** `GET /v1/bfd`. */
export interface BfdDocument {
  readonly sessions: readonly BfdSessionDocument[]
  /** Packets that counted for nothing since the start, by reason. */
  readonly discarded: Readonly<Record<string, number>>
}

export interface BfdSessionDocument extends BfdStatus {
  readonly peer: string
  readonly address: string
  readonly interface?: string
  readonly packets: { readonly sent: number; readonly received: number }
}

/** The BFD session of a peer. */
export interface BfdStatus {
  readonly state: BfdStateName
  readonly since: string
  /** Why the state last changed, in the words of RFC 5880 §4.1. */
  readonly diagnostic: string
  readonly multihop: boolean
  /** No BGP session while it is not up. */
  readonly strict: boolean
  readonly discriminator: number
  /** As the peer says; absent while nothing is heard of it. */
  readonly remote?: {
    readonly state: BfdStateName
    readonly diagnostic: string
    readonly discriminator: number
    /** Its BFD goes on when its BGP ends (the C bit). */
    readonly controlPlaneIndependent: boolean
    readonly demand: boolean
  }
  /** Between two packets of ours, before jitter; 0: the peer wants none. */
  readonly transmitInterval: number
  /** Of silence, after which the peer counts as gone; absent while nothing is heard of it. */
  readonly detectionTime?: number
  readonly ups: number
  /** Times that the path failed. */
  readonly downs: number
  readonly lastDown?: { readonly at: string; readonly reason: string }
  /** Why the last packet could not be sent. */
  readonly sendError?: string
}
