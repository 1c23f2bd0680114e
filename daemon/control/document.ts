/**
 * The documents of the control API, version 1: what the agent says of itself, as JSON. They are for people's scripts as
 * much as for our CLI, so a field is only ever added, and its meaning never changes within `/v1`.
 * Addresses and prefixes are text in canonical form, times are ISO 8601 in UTC, durations are whole seconds.
 */

import type { BfdStatus } from './bfd-document.ts'
import type { PrefixLimitStatus, SessionTermsStatus } from './session-document.ts'

/** The header of every answer: the version of the program that gives it. */
export const VERSION_HEADER = 'x-podpeer'

export type FamilyName = 'ipv4' | 'ipv6'

/** `GET /v1/status`. */
export interface AgentStatus {
  /** Of the program. */
  readonly version: string
  readonly pid: number
  readonly startedAt: string
  readonly node: string
  /** Absent while none is known: no session runs then, and `problems` says so. */
  readonly asNumber?: number
  readonly routerId?: string
  readonly clusterId?: string
  /**
   * `leaving`, `withdrawing`, `drained`: the stages of `podpeer drain`.
   * `restarting`: routes of the agent before this one are kept until the peers have sent theirs.
   */
  readonly phase: 'starting' | 'restarting' | 'running' | 'leaving' | 'withdrawing' | 'drained'
  /** Sentences; empty when all is as the configuration wants it, apart from sessions that are not up. */
  readonly problems: readonly string[]
  /** `address:port`, IPv6 in brackets; empty: not listening. */
  readonly listening: readonly string[]
  readonly kubernetes: {
    readonly state: 'disabled' | 'connecting' | 'synced' | 'away'
    /** Why it is not synced. */
    readonly reason?: string
  }
  /** What originates here, and why. */
  readonly announced: readonly { readonly prefix: string; readonly origin: string }[]
  readonly kernel: {
    readonly install: boolean
    /** Routes of ours in the kernel now. */
    readonly routes: number
    /** Prefixes where something that is not ours holds our place. */
    readonly conflicts: readonly { readonly prefix: string; readonly foreign: string }[]
  }
  readonly peers: { readonly total: number; readonly established: number }
}

export type SessionState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established'

/** `GET /v1/peers`. */
export interface PeersDocument {
  readonly peers: readonly PeerStatus[]
}

/** `GET /v1/peers/ADDRESS` (or a peer's name). */
export interface PeerStatus extends SessionTermsStatus {
  readonly name: string
  readonly address: string
  /** The interface whose link a link-local address is on. */
  readonly interface?: string
  /** The listen range that it has come from; absent: it is configured. */
  readonly range?: string
  /** Hops that it may be away (RFC 5082); absent: any number. */
  readonly gtsm?: number
  readonly port: number
  /** 0: any external AS. */
  readonly asNumber: number
  /** Whether the peer is a Node of this cluster; `external` peers get only what originates here. */
  readonly type: 'internal' | 'external'
  readonly state: SessionState
  /** When the session came up, or when the peering was left without one: attempts do not change it. */
  readonly since: string
  readonly lastError?: string
  readonly localAddress?: string
  readonly localAs: number
  /** The peer's; this and the next three while negotiated. */
  readonly routerId?: string
  readonly holdTime?: number
  readonly keepaliveTime?: number
  readonly uptimeSeconds?: number
  /** When it is dialled again; while it waits. */
  readonly nextAttempt?: string
  readonly passive: boolean
  readonly families: readonly PeerFamilyStatus[]
  /** Names of what the peer's OPEN offered. */
  readonly capabilities?: readonly string[]
  /** Names of capabilities that the peer refused and that are left out. */
  readonly withheldCapabilities?: readonly string[]
  /** What the peer's OPEN said of RFC 4724. */
  readonly gracefulRestart?: {
    readonly restartTime: number
    readonly restarting: boolean
    readonly forwarding: readonly FamilyName[]
    /** Also after a NOTIFICATION (RFC 8538). */
    readonly notification?: boolean
  }
  /** Absent: none is wanted, or it has not begun. */
  readonly bfd?: BfdStatus
  readonly importPolicy: string
  readonly exportPolicy: string
  readonly messages: { readonly received: MessageTotals; readonly sent: MessageTotals }
}

export interface MessageTotals {
  readonly open: number
  readonly update: number
  readonly notification: number
  readonly keepalive: number
  readonly routeRefresh: number
}

export interface PeerFamilyStatus {
  readonly family: FamilyName
  readonly received: number
  readonly accepted: number
  readonly advertised: number
  readonly stale: number
  /** Where the peer sends several paths of one: how many prefixes those received are for. */
  readonly prefixes?: number
  /** Announcements beyond `limit` that were not taken in. Absent: none. */
  readonly dropped?: number
  /** Routes that the peer is not told, for it may be told no more. Absent: none. */
  readonly withheld?: number
  readonly endOfRib: { readonly sent: boolean; readonly received: boolean }
  /** Absent: any number of prefixes. */
  readonly limit?: PrefixLimitStatus
}

export type RouteTableName = 'best' | 'received' | 'advertised'

/** The query of `GET /v1/routes`; absent means all of them. */
export interface RoutesQuery {
  readonly table: RouteTableName
  /** A peer's address or name. */
  readonly peer?: string
  /** Keeps the prefixes that lie in it, itself included. */
  readonly prefix?: string
  readonly family?: FamilyName
}

/** A line of `GET /v1/routes`. */
export interface RouteRow {
  readonly prefix: string
  /** RFC 7911: the id with which it came, in `advertised` goes. Absent: the session has none in this direction. */
  readonly pathId?: number
  /** Absent: our own route, next hop self. */
  readonly nextHop?: string
  /** The peer's name it was learned from; in `advertised` the one it is sent to. Absent: it originates here. */
  readonly peer?: string
  readonly source: 'local' | 'service' | 'node' | 'internal' | 'external'
  readonly verdict: 'best' | 'multipath' | 'not best' | 'rejected' | 'ineligible'
  /** Why: the deciding step, the ineligibility, or the policy's term. */
  readonly reason: string
  /** As operators write it: `65010 65020 {65030,65031}`; empty: originated in this AS. */
  readonly asPath: string
  readonly origin: 'IGP' | 'EGP' | 'incomplete'
  readonly localPref?: number
  readonly med?: number
  /** `65010:100`, or a well-known name. */
  readonly communities?: readonly string[]
  /** `rt:65010:100`, `soo:192.0.2.1:1`, or 16 hexadecimal digits. */
  readonly extendedCommunities?: readonly string[]
  /** `65010:1:2`. */
  readonly largeCommunities?: readonly string[]
  readonly originatorId?: string
  readonly clusterList?: readonly string[]
  /** Kept for a peer that is away (RFC 4724). */
  readonly stale: boolean
}

/** `GET /v1/explain?target=…`. */
export interface Explanation {
  /** As it was asked. */
  readonly target: string
  /** The longest prefix that holds the target; absent: no route at all. */
  readonly prefix?: string
  /** Best first. */
  readonly paths: readonly PathExplanation[]
  readonly advertised: readonly AdvertisementExplanation[]
  readonly kernel: KernelExplanation
}

export interface PathExplanation extends RouteRow {
  /** `policy NAME, term TERM; sets …`; absent for own routes. */
  readonly importPolicy?: string
}

/** One per peer; towards peers that are sent several paths one for each eligible path. */
export interface AdvertisementExplanation {
  readonly peer: string
  /** The id of the path towards this peer. Absent: it is sent one path, without an id. */
  readonly pathId?: number
  readonly advertised: boolean
  readonly reason: string
}

export interface KernelExplanation {
  /** Whether the route that is wanted is there, as ours. */
  readonly installed: boolean
  /** A sentence: why it is there, or why not. */
  readonly reason: string
  /** Next hops of the wanted route. */
  readonly nextHops: readonly string[]
  /** The route of another owner that wins, or stands in our place, in the words of `ip route`. */
  readonly foreign?: string
}

/** `GET /v1/config`: what is in force now, with no secret in it. */
export interface EffectiveConfig {
  /** The file it was read from; absent: none. */
  readonly file?: string
  /** The shape of the file, defaults filled in, sections and annotations applied. */
  readonly config: Readonly<Record<string, unknown>>
  /**
   * Where values came from: path (`asNumber`, `peers[tor].holdTime`) → `file`, `nodes[1]`, `annotation podpeer.io/as-number`,
   * `environment NODE_NAME`, `host name`, … A path stands for all below it that is not named itself; what is not named
   * at all is a default.
   */
  readonly origins: Readonly<Record<string, string>>
  /** Why the file as it is now is not in force; absent: it is. */
  readonly rejected?: string
}

/** The body of every answer that is not 2xx. */
export interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string }
}
