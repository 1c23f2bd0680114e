/** The documents of the control API about VXLAN; the manner is that of document.ts. Times of a round trip are milliseconds. */
import type { FamilyName } from './document.ts'

/** `GET /v1/vxlan`. */
export interface VxlanStatus {
  readonly overlays: readonly OverlayStatus[]
  /** Rows in the kernel: `drift` is how many of those wanted are not there, `repairs` how many had to be put back since the start. */
  readonly rows: {
    readonly wanted: number
    readonly actual: number
    readonly drift: number
    readonly conflicts: number
    readonly repairs: number
  }
}

/** What one device carries. */
export interface OverlayStatus {
  readonly family: FamilyName
  readonly vni: number
  readonly port: number
  /** Absent: none serves, and `faults` say why. */
  readonly device?: {
    readonly name: string
    readonly mtu: number
    readonly mac: string
    readonly localAddress?: string
  }
  readonly faults: readonly { readonly code: string; readonly sentence: string; readonly harmless: boolean }[]
  readonly vteps: readonly VtepStatus[]
  /** Answers to ARP and NDP for this node's pods, a row each; absent: none are given. */
  readonly answers?: readonly RowStatus[]
}

export interface VtepStatus {
  /** `BIGIP/UNIT`, or as the configuration has it. */
  readonly name: string
  readonly endpoint: string
  readonly mac: string
  readonly selfIP: string
  readonly subnets: readonly string[]
  /** The other unit of the pair serves now. */
  readonly standby: boolean
  /** What both units of a pair have is among those of the one that serves. */
  readonly rows: readonly RowStatus[]
  /** One ping every ten seconds, the last 30 of them; absent: none yet. */
  readonly health?: VtepHealthStatus
}

export interface RowStatus {
  readonly kind: 'neighbor' | 'proxy' | 'fdb' | 'route' | 'rule'
  /** What tells it from all other rows: `10.244.255.1`, a MAC address, a prefix. */
  readonly key: string
  /** As `ip` and `bridge` say it: `via 10.244.255.1 dev flannel.1`. */
  readonly content: string
  /** `served`: somebody else's row says the same, or a route of theirs goes before ours; `conflict`: it says something else. */
  readonly status: 'installed' | 'served' | 'conflict' | 'pending'
  /** Why it is not installed; absent when it is. */
  readonly reason?: string
  readonly since?: string
  readonly repairs: number
  readonly lastRepair?: string
}

export interface VtepHealthStatus {
  /** To the VTEP's address, for inside the tunnel the node has none to ask from; absent: inside. */
  readonly outside?: true
  readonly sent: number
  readonly lost: number
  /** Of the last that was answered, and the median of them. */
  readonly lastRoundTrip?: number
  readonly roundTrip?: number
  /** What became of the last one, where it was not answered; why none can be sent. */
  readonly reason?: string
}

/** `POST /v1/vxlan/probe?vtep=NAME`. */
export interface ProbesDocument {
  readonly probes: readonly ProbeStatus[]
}

export interface ProbeStatus {
  readonly vtep: string
  readonly family: FamilyName
  /** The other unit of the pair serves now, so that it need not be healthy. */
  readonly standby: boolean
  readonly healthy: boolean
  /** `healthy`, `rows`, `underlay`, `port-refused`, `checksum`, `inner`, `loss`, `path-mtu`; `device`, `unable`: it could not be probed. */
  readonly code: string
  /** What was found, and what to do. */
  readonly finding: string
  /** What it was measured with. */
  readonly means?: string
  /** Pings to the VTEP's address, and to the self IP inside the tunnel where the node has an address to ask from. */
  readonly outer?: EchoStatus
  readonly inner?: EchoStatus
  /** Of the way to the VTEP's address, octets; absent: it could not be measured. */
  readonly pathMtu?: number
  readonly device?: { readonly name: string; readonly mtu: number }
}

export interface EchoStatus {
  readonly sent: number
  readonly received: number
  readonly roundTrip?: { readonly least: number; readonly median: number; readonly most: number }
}
