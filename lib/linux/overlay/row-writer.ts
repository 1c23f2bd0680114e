/** Changes of overlay rows → messages of a batch. It knows the owner's mark and the nexthop groups; it sends nothing. */
import type { Address } from '../../base/ip.ts'
import { macBytes } from '../../base/mac.ts'
import type { MessageWriter } from '../netlink/message.ts'
import { writeNeighbor } from '../netlink/neighbor.ts'
import { writeNextHop } from '../netlink/nexthop.ts'
import { type EncodedPath, encodePath, MAIN_TABLE, writeRoute } from '../netlink/route.ts'
import { writeRule } from '../netlink/rule.ts'
import type { FdbGroups } from './fdb-groups.ts'
import type { KernelRows, OwnerMark } from './kernel-rows.ts'
import type { RowOperation } from './plan.ts'
import type { OverlayRow } from './row.ts'

type RowOf<Kind extends OverlayRow['kind']> = Extract<OverlayRow, { kind: Kind }>
type Change = RowOperation['change']

/** Of a message that only prepares the next: its answer is not the operation's. */
export type Written = RowOperation | undefined

/** What a change is to the kernel, of all but FDB rows. */
const KERNEL_CHANGES = {
  add: 'add',
  replace: 'replace',
  exchange: 'replace',
  delete: 'delete',
  displace: 'delete',
} as const

/** In a delete: of any protocol, and with any metric the first, which is the one without. */
const RIVAL = { protocol: 0, metric: 0 }

/** Of the row of an FDB that is for frames to all MAC addresses that have none. */
const DEFAULT_MAC = new Uint8Array(6)

export function isDefault(mac: Uint8Array): boolean {
  return mac.every(octet => octet === 0)
}

export class RowWriter {
  readonly #mark: OwnerMark
  readonly #groups: FdbGroups
  readonly #rows: KernelRows
  #path: { readonly gateway: Address; readonly link: number; readonly encoded: EncodedPath } | undefined

  constructor(mark: OwnerMark, groups: FdbGroups, rows: KernelRows) {
    this.#mark = mark
    this.#groups = groups
    this.#rows = rows
  }

  /** @param written gets whose each message is, by position in the batch */
  write(batch: MessageWriter, operation: RowOperation, written: Written[]): void {
    const { row, change } = operation
    if (row.kind === 'rule') this.#rule(batch, row, change)
    else if (row.kind === 'route') this.#route(batch, row, change)
    else if (row.kind === 'fdb') this.#fdb(batch, row, operation)
    else this.#neighbor(batch, row, change)
    while (written.length < batch.count - 1) written.push(undefined)
    written.push(operation)
  }

  #rule(batch: MessageWriter, row: RowOf<'rule'>, change: Change): void {
    writeRule(batch, change === 'delete' ? 'delete' : 'add', { ...row, protocol: this.#mark.protocol })
  }

  #route(batch: MessageWriter, { prefix, gateway, device, table }: RowOf<'route'>, change: Change): void {
    const { family, length, bytes } = prefix
    const path = this.#pathVia(gateway, this.#rows.indexOf(device) ?? 0)
    const key = { family, table: table ?? MAIN_TABLE, ...(change === 'displace' ? RIVAL : this.#mark) }
    const put = (target: Uint8Array, at: number) => target.set(bytes, at)
    writeRoute(batch, KERNEL_CHANGES[change], key, length, put, path)
  }

  /** Routes of one VTEP come one after the other. */
  #pathVia(gateway: Address, link: number): EncodedPath {
    if (this.#path?.gateway !== gateway || this.#path.link !== link) {
      const hop = { gateway, link, onlink: true, weight: 1 }
      this.#path = { gateway, link, encoded: encodePath(gateway.family, { type: 'unicast', hops: [hop] }) }
    }
    return this.#path.encoded
  }

  #neighbor(batch: MessageWriter, row: RowOf<'neighbor' | 'proxy'>, change: Change): void {
    const { address } = row
    const common = { link: this.#rows.indexOf(row.device) ?? 0, address, protocol: this.#mark.protocol }
    writeNeighbor(
      batch,
      KERNEL_CHANGES[change],
      row.kind === 'proxy' ? { kind: 'proxy', ...common } : { kind: 'neighbor', ...common, mac: macBytes(row.mac) },
    )
  }

  #fdb(batch: MessageWriter, row: RowOf<'fdb'>, { change, before }: RowOperation): void {
    const common = { kind: 'fdb', link: this.#rows.indexOf(row.device) ?? 0, mac: macBytes(row.mac) } as const
    const { endpoint } = row
    if (change === 'delete')
      return writeNeighbor(batch, 'delete', { ...common, ...(this.#rows.plain ? { endpoint } : { nextHopGroup: 0 }) })
    const target = this.#target(batch, endpoint)
    if (change === 'exchange' && before?.row.kind === 'fdb')
      writeNeighbor(batch, 'delete', { ...common, endpoint: before.row.endpoint })
    writeNeighbor(batch, change === 'replace' ? 'replace' : 'add', { ...common, ...target })
  }

  /**
   * The kernel does not replace a plain FDB row by one of ours, so that it is deleted and added. The device's default row, to
   * the same VTEP, is for packets that come between; it is refused where the device has one.
   */
  cover(batch: MessageWriter, row: OverlayRow): void {
    if (row.kind === 'fdb')
      writeNeighbor(batch, 'add', { ...this.#defaultRow(row), ...this.#target(batch, row.endpoint) })
  }

  uncover(batch: MessageWriter, row: OverlayRow): void {
    if (row.kind === 'fdb') writeNeighbor(batch, 'delete', { ...this.#defaultRow(row), nextHopGroup: 0 })
  }

  #defaultRow({ device }: RowOf<'fdb'>) {
    return { kind: 'fdb', link: this.#rows.indexOf(device) ?? 0, mac: DEFAULT_MAC } as const
  }

  /** Where an FDB row points; a nexthop group that is not there yet is written first. */
  #target(batch: MessageWriter, endpoint: Address): { endpoint: Address } | { nextHopGroup: number } {
    if (this.#rows.plain) return { endpoint }
    const known = this.#groups.groupOf(endpoint)
    if (known !== undefined) return { nextHopGroup: known }
    const pair = this.#groups.make(endpoint)
    for (const nextHop of pair) writeNextHop(batch, 'put', nextHop)
    return { nextHopGroup: pair[1].id }
  }
}
