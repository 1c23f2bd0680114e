/** What a mode is asked, what it answers of one device, and what of that others are told. Knows no device and no API. */
import type { ClusterNetwork, PodNetwork } from '../../cni/network.ts'
import type { DeviceFacts } from '../facts.ts'
import type { Exclusion, Finding } from '../finding.ts'
import type { Identity } from '../ownership.ts'
import type { BigIpSpec, Mode, UnitSpec } from '../resource.ts'
import type { RoutingChoice } from '../routing/choice.ts'
import type { RoutingReading } from '../routing/reading.ts'
import type { Kind, Row } from '../row.ts'

export interface ModeInput {
  readonly spec: BigIpSpec
  /** The one whose rows are wanted: of `spec.units`. */
  readonly unit: UnitSpec
  readonly otherUnits: readonly OtherUnit[]
  readonly identity: Identity
  readonly network: ClusterNetwork
  /** Of all nodes; may be empty where `needsPods` says no. */
  readonly pods: readonly PodNetwork[]
  readonly facts: DeviceFacts
  /** What was read of the device's BGP; absent: nothing yet, and in BGP modes nothing of BGP is wanted before. */
  readonly bgp?: RoutingReading
}

/** The other unit of the pair: what was last published of it, if only in the status of the BIGIP object. */
export interface OtherUnit {
  readonly spec: UnitSpec
  readonly published?: Published
}

/** Goes to `Device.want` as it is, with `synced` beside it. */
export interface Desire {
  /** Absent: `auto` could not tell; nothing is wanted then, and a finding says why. */
  readonly mode?: Mode
  /** A sentence: why this mode. */
  readonly because: string
  /** Everything that the device must hold of ours; what is ours and not here goes. */
  readonly rows: readonly Row[]
  /** What must be there for the rows to work, but is not ours to write: compared and reported only. */
  readonly expectations: readonly Row[]
  /**
   * Whether `rows` is all that is wanted. False where something that it follows from is not known: what is there must then
   * stay (`synced: false` for the device); `findings` say what is missing.
   */
  readonly complete: boolean
  /** Full paths: tunnels whose FDB records are all ours though others made them, and tunnels whose records are not. */
  readonly exclusiveTunnels: readonly string[]
  readonly sharedTunnels: readonly string[]
  /** With `adopt: cis`: what of CIS lies in these prefixes is this cluster's. */
  readonly podNetworks: readonly string[]
  /** Kinds that the device cannot hold. */
  readonly unavailable: readonly Kind[]
  /** Through what the device's BGP is kept; `enable` is there in BGP modes only. */
  readonly routing: RoutingChoice
  readonly findings: readonly Finding[]
  readonly exclusions: readonly Exclusion[]
  /** Nodes that the device reaches. */
  readonly served: number
  readonly published: Published
}

/** What the agents on the nodes need to know of one device (`status.units[]`), and of the nodes that reflect. */
export interface Published {
  /** By family of the underlay; a MAC address is known once the tunnel is there. */
  readonly vtep?: {
    readonly address?: string
    readonly mac?: string
    readonly address6?: string
    readonly mac6?: string
  }
  /** As the tunnels are made: the device of a node must be alike. */
  readonly vxlan?: { readonly vni: number; readonly port: number }
  /** What nodes route to the device through the overlay. */
  readonly tunnelSubnets: readonly string[]
  /** On the tunnels, with lengths. */
  readonly selfIPs: readonly string[]
  readonly bgp?: { readonly addresses: readonly string[]; readonly asNumber: number }
  /** The VIPs that its BGP tells, as prefixes: all that nodes need to take from it. */
  readonly advertised: readonly string[]
  /** With `peers: reflector`. */
  readonly reflectors: readonly {
    readonly node: string
    readonly addresses: readonly string[]
    readonly asNumber: number
  }[]
}

/** What one mode answers; `desire` adds what is the same in all of them. */
export interface Answer
  extends Pick<Desire, 'rows' | 'findings' | 'exclusions' | 'served'>,
    Partial<
      Pick<Desire, 'expectations' | 'complete' | 'exclusiveTunnels' | 'sharedTunnels' | 'routing' | 'unavailable'>
    > {
  readonly published?: Partial<Published>
}
