/** A BIG-IP at the end of a tunnel, as the nodes see it: what their rows are made from. */
import type { Address, Family } from '../lib/base/ip.ts'
import type { Prefix } from '../lib/base/prefix.ts'

/** One per unit and family: flannel has a device for each family of pods. */
export interface Vtep {
  /** `bigip-a`. */
  readonly name: string
  /** Of the pods it reaches. */
  readonly family: Family
  /** Where encapsulated packets go. */
  readonly endpoint: Address
  /** Of its end of the tunnel, in the normal form. */
  readonly mac: string
  /** Its address inside the tunnel, of `family`. */
  readonly selfIP: Address
  /** More of them, which may be those of the other unit of a pair as well. */
  readonly floating: readonly Address[]
  /** What is reached through it beside these addresses, of `family`. */
  readonly subnets: readonly Prefix[]
  /** The other unit of its pair serves now. */
  readonly standby: boolean
}

/** Which device carries the packets to BIG-IP, and how it has to be. */
export interface Overlay {
  readonly family: Family
  /** The name of the device; where absent the one with VNI and port is it. */
  readonly device?: string
  readonly vni: number
  readonly port: number
  /** Of podpeer's own: we make the device, and the way to it is a table of its own. */
  readonly own?: true
}

/** All VTEPs that one device carries. */
export interface WantedOverlay {
  readonly overlay: Overlay
  readonly vteps: readonly Vtep[]
}
