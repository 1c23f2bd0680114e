/**
 * The documents of the controller's control API, version 1, for `podpeer bigip …` and people's scripts: a field is only ever
 * added, and its meaning never changes within `/v1`. Times are ISO 8601 in UTC, durations are whole seconds. No secret is in them.
 */

import type { Journey } from '../../lib/base/journey.ts'

/** `GET /v1/status`. */
export interface ControllerStatus {
  /** Of the program. */
  readonly version: string
  readonly pid: number
  readonly startedAt: string
  /** Whether this process writes; `holder` is who does, where there is an election. */
  readonly leading: boolean
  readonly holder?: string
  readonly kubernetes: { readonly state: 'connecting' | 'synced' | 'away'; readonly reason?: string }
  /** Sentences. */
  readonly problems: readonly string[]
  readonly bigIps: readonly BigIpReport[]
}

export interface BigIpReport {
  readonly name: string
  /** What names on the device contain; absent while it is not known. */
  readonly cluster?: string
  readonly mode?: string
  readonly because?: string
  readonly ready: boolean
  /** Why not, or how well. */
  readonly message: string
  readonly nodes: { readonly served: number; readonly leftOut: readonly Exclusion[] }
  readonly findings: readonly Finding[]
  readonly units: readonly UnitReport[]
}

export interface Exclusion {
  readonly kind: 'Node' | 'Pod'
  readonly name: string
  readonly reason: string
  readonly message: string
}

export interface Finding {
  readonly code: string
  readonly severity: 'error' | 'warning' | 'note'
  readonly subject: string
  readonly cause: string
  readonly remedy?: string
}

export interface UnitReport {
  readonly name: string
  readonly address?: string
  /** TMOS. */
  readonly version?: string
  readonly haState?: string
  readonly syncStatus?: string
  readonly phase: 'connecting' | 'waiting' | 'syncing' | 'in sync' | 'writing' | 'failing' | 'following'
  readonly kinds: readonly KindCounts[]
  readonly objects: { readonly desired: number; readonly actual: number; readonly drift: number }
  /** When all that the device holds was last read. */
  readonly lastResync?: string
  /** When the device was last known to be as wanted. */
  readonly lastSync?: string
  readonly lastError?: { readonly message: string; readonly at: string }
  /** Of the login token. */
  readonly tokenExpiresAt?: string
  readonly refused?: Refused
  /** Since the start. */
  readonly writes: number
  readonly repairs: number
  /** BGP sessions as the device sees them; absent where it has none of ours. */
  readonly neighbors?: readonly Neighbor[]
}

export interface KindCounts {
  readonly kind: string
  readonly desired: number
  readonly actual: number
  readonly drift: number
}

export interface Neighbor {
  readonly address: string
  readonly asNumber?: number
  readonly state: string
  readonly since?: string
  readonly prefixes?: number
}

export interface Refused {
  /** What `--allow-deletions` and the annotation podpeer.io/allow-deletions take. */
  readonly token: string
  readonly reason: string
  /** `ARP /Common/podpeer-c1-10.244.1.7` */
  readonly deletions: readonly string[]
  readonly replacements: readonly string[]
}

/** `GET /v1/plan?bigip=&unit=`: reads the devices anew. `POST /v1/apply?bigip=&unit=&allow=`: the same, done. */
export interface PlanDocument {
  readonly units: readonly UnitPlan[]
  /** Sentences: BIGIPs that are not kept, and why; of all where none is chosen. */
  readonly problems: readonly string[]
}

export interface UnitPlan {
  readonly bigIp: string
  readonly unit: string
  /** Absent where the device could not be read: `error` says why. */
  readonly operations?: readonly PlannedOperation[]
  readonly error?: string
  readonly refused?: Refused
  /** Deletions that wait until all of the cluster is known. */
  readonly held: number
  readonly unchanged: number
  readonly findings: readonly Finding[]
  /** Of an apply. */
  readonly outcome?: {
    readonly applied: number
    readonly failed: readonly { readonly operation: PlannedOperation; readonly error: string }[]
    readonly converged: boolean
  }
}

export interface PlannedOperation {
  readonly verb: 'create' | 'update' | 'replace' | 'delete' | 'records'
  readonly kind: string
  /** Full path, or the name within `parent`. */
  readonly name: string
  readonly parent?: string
  readonly reason: string
  /** The fields that differ, or all of what comes or goes; for `records`: by MAC address. */
  readonly before?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
}

/** `GET /v1/doctor?bigip=&unit=`: looks at the devices anew. */
export interface DoctorDocument {
  readonly units: readonly UnitExamination[]
  /** Of BIGIPs as a whole. */
  readonly findings: readonly Finding[]
}

export interface UnitExamination {
  readonly bigIp: string
  readonly unit: string
  /** Why the device could not be looked at. */
  readonly error?: string
  /** Of the mode, the plan and the doctor's own. */
  readonly findings: readonly Finding[]
  /** What nodes must let in. */
  readonly traffic: readonly {
    /** `VXLAN`, `BGP` */
    readonly what: string
    readonly protocol: 'tcp' | 'udp'
    readonly port: number
    /** Addresses of the device. */
    readonly sources: readonly string[]
  }[]
}

/** `GET /v1/journeys?pod=&bigip=&unit=`: reads the devices anew. */
export interface JourneysDocument {
  readonly units: readonly UnitJourneys[]
}

export interface UnitJourneys {
  readonly bigIp: string
  readonly unit: string
  /** Why the device could not be looked at. */
  readonly error?: string
  /** On the device: to the pod, and where there is a tunnel from it. */
  readonly journeys: readonly Journey[]
}

/** `GET /v1/vtep-values?bigip=`: for each BIGIP of mode cilium-vxlan what Cilium has to be told. */
export interface VtepValuesDocument {
  readonly bigIps: readonly {
    readonly name: string
    /** For `helm upgrade -f`. */
    readonly helm: string
    /** Keys of ConfigMap kube-system/cilium-config. */
    readonly configMap: Readonly<Record<string, string>>
    readonly findings: readonly Finding[]
  }[]
}
