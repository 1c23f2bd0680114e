/**
 * Which virtual addresses tell their route (reference: RHI), as rows of one field each. A virtual address is never created
 * nor deleted; one that is chosen no longer gets back what it had before.
 */
import type { Finding } from '../finding.ts'
import type { Row, RowFields } from '../row.ts'

export type AdvertisementMode = RowFields['route advertisement']['mode']

export interface VirtualAddressView {
  /** `/Common/10.1.20.100` */
  readonly path: string
  /** Without `%id` of the route domain that counts; with `/length` where it is a network. */
  readonly address: string
  readonly mode: AdvertisementMode
}

export interface AdvertisementWish {
  /** `spec.advertise.virtualAddresses`: full paths, addresses or prefixes. */
  readonly chosen: readonly string[]
  readonly mode: AdvertisementMode
  readonly virtualAddresses: readonly VirtualAddressView[]
}

/**
 * @returns rows for the chosen, what of them the device's BGP tells (for `bgpRows`, and for `status.advertised`, which is all
 * that agents import from BIG-IP), and a finding for each choice that no virtual address fits
 */
export function advertisementRows(wish: AdvertisementWish): {
  readonly rows: readonly Row<'route advertisement'>[]
  readonly advertised: readonly string[]
  readonly findings: readonly Finding[]
} {
  throw new Error(`not written yet: ${wish.mode}`)
}
