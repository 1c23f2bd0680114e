/** What the control API asks of the agent. Answers are values at the moment of asking; nothing here waits. */
import type { Prefix } from '../../lib/base/prefix.ts'
import type {
  AgentStatus,
  EffectiveConfig,
  Explanation,
  FamilyName,
  PeerStatus,
  RouteRow,
  RouteTableName,
} from './document.ts'

export interface ControlSource {
  status(): AgentStatus
  peers(): PeerStatus[]
  /** @throws InputFault for a peer that is not configured */
  routes(query: RouteListing): RowCursor
  explain(target: Prefix): Explanation
  config(): EffectiveConfig
  /** Withdraws what originates here, then ends the sessions; `status().phase` says how far it is. Idempotent. */
  drain(): void
  undrain(): void
}

/** RoutesQuery, parsed. */
export interface RouteListing {
  readonly table: RouteTableName
  /** A peer's name or address; absent: all peers. In `best` it keeps what was learned from it. */
  readonly peer?: string
  readonly within?: Prefix
  readonly family?: FamilyName
}

export interface RowCursor {
  /** At most `count` rows; may be empty before `done`. Does a bounded amount of work. */
  next(count: number): RouteRow[]
  readonly done: boolean
}
