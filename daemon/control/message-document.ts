/** BGP messages and other events as the control API tells them: `GET /v1/messages` and `GET /v1/monitor`. */
import type { FamilyName, SessionState } from './document.ts'

/** `GET /v1/messages?peer=…`: the last messages of a peer, oldest first, over all its sessions since the agent began. */
export interface PeerMessages {
  readonly peer: string
  readonly messages: readonly MessageStatus[]
}

export interface MessageStatus {
  /** ISO 8601 in UTC, with milliseconds, as of all that follows. */
  readonly at: string
  readonly direction: 'received' | 'sent'
  /** Number of the TCP connection; a peering may have two for a moment. */
  readonly connection: number
  /** Octets of the whole message. */
  readonly length: number
  /** KEEPALIVEs in a row: how many, and when the first of them passed; `at` is the last one's time. Absent: one message. */
  readonly count?: number
  readonly since?: string
  readonly message: MessageContent
  /** Hexadecimal, from the header on: all of the message, or the first octets of a long one. */
  readonly octets: string
}

/** What a message says. */
export type MessageContent =
  | {
      readonly type: 'open'
      readonly asNumber: number
      /** Seconds. */
      readonly holdTime: number
      readonly routerId: string
      readonly capabilities: readonly string[]
    }
  | UpdateContent
  | {
      readonly type: 'notification'
      readonly code: number
      readonly subcode: number
      /** `Cease / Administrative Shutdown (6/2): "maintenance"`. */
      readonly text: string
      /** Hexadecimal; absent: none. */
      readonly data?: string
    }
  | { readonly type: 'keepalive' }
  | { readonly type: 'routeRefresh'; readonly family: string; readonly subtype: number }
  /** `code` of the message's type. */
  | { readonly type: 'unreadable'; readonly code: number; readonly reason: string }

export interface UpdateContent {
  readonly type: 'update'
  readonly announced: readonly MessageRoute[]
  readonly withdrawn: readonly MessageRoute[]
  readonly nextHops: readonly string[]
  /** By name, in the order in which they stand in the message; next hops and prefixes are told above. */
  readonly attributes: Readonly<Record<string, string>>
  readonly endOfRib?: FamilyName
  /** Octets of attributes and prefixes that were not kept, or cannot be read. Absent: none. */
  readonly untold?: number
}

export interface MessageRoute {
  readonly prefix: string
  /** RFC 7911. */
  readonly pathId?: number
}

/** The query of `GET /v1/monitor`; absent: all but KEEPALIVEs, of all peers. */
export interface MonitorQuery {
  /** A peer's address or name. */
  readonly peer?: string
  /** Separated by commas. */
  readonly type?: string
  /** `all`: messages carry all their octets, and their session. */
  readonly octets?: 'all'
}

export const monitorTypes = [
  'session',
  'notice',
  'endOfRib',
  'bfd',
  'open',
  'update',
  'notification',
  'keepalive',
  'routeRefresh',
] as const

export type MonitorType = (typeof monitorTypes)[number]

/** A line of `GET /v1/monitor`. */
export type MonitorEvent = { readonly at: string } & (
  | {
      readonly event: 'session'
      readonly peer: string
      readonly from: SessionState
      readonly to: SessionState
      readonly reason: string
      readonly session: PassingSession
    }
  /** `code` is a stable word. */
  | { readonly event: 'notice'; readonly peer?: string; readonly code: string; readonly text: string }
  /** The peer's: it has sent all it has. */
  | { readonly event: 'endOfRib'; readonly peer: string; readonly family: FamilyName }
  | { readonly event: 'bfd'; readonly peer: string; readonly state: 'Up' | 'Down'; readonly reason: string }
  | ({ readonly event: 'message'; readonly peer: string; readonly session?: PassingSession } & Omit<
      MessageStatus,
      'at' | 'count' | 'since'
    >)
  /** So many events are missing here, for the reader was too slow. */
  | { readonly event: 'lost'; readonly count: number }
)

/** Between whom a message passed, and how its UPDATEs read. */
export interface PassingSession {
  readonly address: string
  readonly asNumber: number
  /** Absent: not known (yet). */
  readonly localAddress?: string
  readonly localAs: number
  readonly fourOctetAs: boolean
  /** Families with path ids in this direction. */
  readonly addPath: readonly FamilyName[]
}
