/**
 * The rows of the kernel that an overlay is made of, as values. Devices are meant by name: one that is made anew (another
 * index) gets its rows back. Pure.
 */
import type { Address } from '../../base/ip.ts'
import type { Prefix } from '../../base/prefix.ts'
import { MAIN_TABLE } from '../netlink/route.ts'

export type OverlayRow =
  /** Packets to `prefix` leave by the device, towards the gateway, which counts as being on it (onlink). */
  | {
      readonly kind: 'route'
      readonly device: string
      readonly prefix: Prefix
      readonly gateway: Address
      /** The main table where absent. */
      readonly table?: number
    }
  /** A permanent ARP or NDP entry. `mac` in the normal form, as below. */
  | { readonly kind: 'neighbor'; readonly device: string; readonly address: Address; readonly mac: string }
  /** The kernel answers ARP or NDP for the address on the device. */
  | { readonly kind: 'proxy'; readonly device: string; readonly address: Address }
  /** Frames to `mac` go to the VTEP `endpoint`. */
  | { readonly kind: 'fdb'; readonly device: string; readonly mac: string; readonly endpoint: Address }
  /** `ip rule add to PREFIX lookup TABLE priority PRIORITY` */
  | { readonly kind: 'rule'; readonly to: Prefix; readonly table: number; readonly priority: number }

export type RowKind = OverlayRow['kind']

/** What tells the row from all others in the kernel; what is left of it is its content. */
export function rowKey(row: OverlayRow): string {
  switch (row.kind) {
    case 'route':
      return `route ${row.prefix} table ${row.table ?? MAIN_TABLE}`
    case 'neighbor':
    case 'proxy':
      return `${row.kind} ${row.address} dev ${row.device}`
    case 'fdb':
      return `fdb ${row.mac} dev ${row.device}`
    case 'rule':
      return `rule to ${row.to} table ${row.table} priority ${row.priority}`
  }
}

/** In words, as `ip` and `bridge` say it; rows of one key are the same when it is. */
export function rowContent(row: OverlayRow): string {
  switch (row.kind) {
    case 'route':
      return routeContent(row.gateway, row.device)
    case 'neighbor':
      return `lladdr ${row.mac}`
    case 'fdb':
      return `dst ${row.endpoint}`
    case 'proxy':
    case 'rule':
      return ''
  }
}

export function routeContent(gateway: Address | undefined, device: string): string {
  return `${gateway === undefined ? '' : `via ${gateway} `}dev ${device}`
}
