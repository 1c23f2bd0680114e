/** What one mode wants of one device: the answer of every mode, and what of it others are told. Knows no device and no API. */
import type { Exclusion, Finding } from '../finding.ts'
import type { Row } from '../row.ts'

export type ModeName =
  | 'flannel-vxlan'
  | 'flannel-host-gw'
  | 'calico-bgp'
  | 'cilium-bgp'
  | 'bgp'
  | 'cilium-vxlan'
  | 'static'
  | 'aws-cni'
  | 'underlay'

export interface Desire {
  /** Absent: `auto` could not tell; nothing is wanted then, and a finding says why. */
  readonly mode?: ModeName
  /** A sentence: why this mode. */
  readonly because: string
  /** Everything that the device must hold of ours; what is ours and not here goes. */
  readonly rows: readonly Row[]
  /** What must be there for the rows to work, but is not ours to write: compared and reported only. */
  readonly expectations: readonly Row[]
  /**
   * Whether the above says all that is wanted. False where something that it needs is not known: then nothing is written
   * and, above all, nothing deleted; `findings` say what is missing.
   */
  readonly complete: boolean
  readonly findings: readonly Finding[]
  readonly exclusions: readonly Exclusion[]
  /** Nodes with rows, or that need none. */
  readonly served: number
  readonly published: Published
}

/** What the agents on the nodes need to know of one device; becomes `status.units[]`. */
export interface Published {
  readonly vtep?: {
    /** By family of the pods, as the next two: `mac` is known once the tunnel is there. */
    readonly address?: string
    readonly mac?: string
    readonly address6?: string
    readonly mac6?: string
    /** Of the floating shape: the address in use on the active unit. */
    readonly floating?: string
  }
  /** What nodes route to the device through the overlay. */
  readonly tunnelSubnets: readonly string[]
  /** Of the tunnel, with lengths. */
  readonly selfIPs: readonly string[]
  readonly bgp?: { readonly addresses: readonly string[]; readonly asNumber: number; readonly nodeASNumber: number }
  /** In `peers: reflector`. */
  readonly reflectors: readonly {
    readonly node: string
    readonly addresses: readonly string[]
    readonly asNumber: number
  }[]
}
