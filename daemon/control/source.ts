/** What the control API asks of the agent. Answers are values at the moment of asking. */
import type { Address } from '../../lib/base/ip.ts'
import type { Prefix } from '../../lib/base/prefix.ts'
import type { BfdDocument } from './bfd-document.ts'
import type {
  AgentStatus,
  EffectiveConfig,
  Explanation,
  FamilyName,
  PeerStatus,
  RouteRow,
  RouteTableName,
} from './document.ts'
import type { EventFeed } from './event-feed.ts'
import type { NodeJourneys } from './journey-document.ts'
import type { MonitorType, PeerMessages } from './message-document.ts'
import type { ProbeStatus, VxlanStatus } from './overlay-document.ts'

/** How a node goes out of service. */
export interface DrainTerms {
  /** Milliseconds from GRACEFUL_SHUTDOWN to withdrawal; absent: five seconds. */
  readonly wait?: number
  /** For the operators of the peers (RFC 9003), at most 255 octets. */
  readonly text?: string
}

export interface ControlSource {
  status(): AgentStatus
  peers(): PeerStatus[]
  routes(query: RouteListing): RowCursor
  /** All routes as received, as an MRT file (RFC 6396, TABLE_DUMP_V2). */
  dump(): OctetCursor
  /** @param peer its configured name */
  messages(peer: string): PeerMessages
  /** What happens from now on, until the feed is closed. */
  monitor(listening: Listening): EventFeed
  /** The one question that waits: foreign routes are read from the kernel's table in slices. */
  explain(target: Prefix): Promise<Explanation>
  /** @throws WorldFault where the kernel cannot be asked */
  journeys(pod: Address): NodeJourneys
  config(): EffectiveConfig
  vxlan(): VxlanStatus
  /** Waits for the thread of BFD, for what it has counted. */
  bfd(): Promise<BfdDocument>
  /** FDB rows of others that say what ours would become ours. Idempotent. */
  takeOver(): Promise<VxlanStatus>
  /** Takes seconds. @param vtep a name of `vxlan()`; undefined: all of them */
  probeVteps(vtep: string | undefined): Promise<readonly ProbeStatus[]>
  /**
   * Asks the peer for its routes again, or sends it ours again.
   * @param peer its configured name
   * @throws WorldFault where that cannot be
   */
  refresh(peer: string, direction: 'in' | 'out', family: FamilyName | undefined): void
  /**
   * Ends the peer's session and begins anew, whatever was against it.
   * @throws WorldFault where no speaker runs
   */
  reset(peer: string, text: string | undefined): void
  /** Says that all is about to go, withdraws what originates here, ends the sessions; `status().phase` says how far it is. Idempotent. */
  drain(terms: DrainTerms): void
  undrain(): void
}

/** MonitorQuery, parsed. */
export interface Listening {
  /** A configured peer's name; absent: all. */
  readonly peer?: string
  readonly types: ReadonlySet<MonitorType>
  /** `first`: of each message as many octets as a person reads. */
  readonly octets: 'all' | 'first'
}

/** RoutesQuery, parsed. */
export interface RouteListing {
  readonly table: RouteTableName
  /** A configured peer's name; absent: all peers. In `best` it keeps what was learned from it. */
  readonly peer?: string
  readonly within?: Prefix
  readonly family?: FamilyName
}

export interface RowCursor {
  /** At most `count` rows; may be empty before `done`. Does a bounded amount of work. */
  next(count: number): RouteRow[]
  readonly done: boolean
}

export interface OctetCursor {
  /** Some more; may be empty before `done`. Does a bounded amount of work. */
  next(): Uint8Array
  readonly done: boolean
}
