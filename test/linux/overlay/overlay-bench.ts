/** An overlay table in a network namespace of its own with a VXLAN device, and what the kernel there holds. */
import type { TestContext } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { OverlayTable, type OverlayTableOptions } from '../../../lib/linux/overlay/overlay-table.ts'
import type { OverlayRow } from '../../../lib/linux/overlay/row.ts'
import { until } from '../../until.ts'
import { makeNamespace } from '../netns.ts'

export const MAC = '02:00:00:00:00:09'
export const OTHER_MAC = '02:00:00:00:00:08'

/** What a node has for one BIG-IP: its VTEP 10.0.0.9, its tunnel self IP, the route to its tunnel subnet. */
export function vtepRows(mac = MAC, endpoint = '10.0.0.9'): OverlayRow[] {
  const gateway = parseAddress('10.244.20.1')
  return [
    { kind: 'neighbor', device: 'vx', address: gateway, mac },
    { kind: 'fdb', device: 'vx', mac, endpoint: parseAddress(endpoint) },
    { kind: 'route', device: 'vx', prefix: parsePrefix('10.244.20.0/24'), gateway },
  ]
}

export class OverlayBench {
  readonly namespace = makeNamespace()
  readonly notices: string[] = []
  readonly #tables: OverlayTable[] = []

  constructor(context: TestContext) {
    this.addDevice()
    context.after(async () => {
      for (const table of this.#tables) await table.close()
      this.namespace[Symbol.dispose]()
    })
  }

  addDevice(): void {
    this.namespace.ip('link add vx type vxlan id 1 dstport 8472 local 10.0.0.1 nolearning')
    this.namespace.ip('link set vx up')
  }

  open(more: OverlayTableOptions = {}): OverlayTable {
    const onNotice = (notice: string) => this.notices.push(notice)
    const table = this.namespace.run(() => new OverlayTable({ onNotice, ...more }))
    this.#tables.push(table)
    return table
  }

  async close(table: OverlayTable): Promise<void> {
    this.#tables.splice(this.#tables.indexOf(table), 1)
    await table.close()
  }

  /** A line each of what concerns `vx`, as `ip` tells it, sorted; FDB rows say where a group of theirs leads. */
  rows(): string[] {
    const { namespace } = this
    const json = (args: string) => JSON.parse(namespace.ip(args) || '[]')
    type Row = Record<string, string | undefined>
    const neighbors = json('-j neigh show dev vx nud permanent')
    const nexthops: { id: number; gateway?: string; group?: { id: number }[] }[] = json('-j nexthop show')
    const group = (id: number) => {
      const member = nexthops.find(nexthop => nexthop.id === id)?.group?.[0]?.id
      return nexthops.find(nexthop => nexthop.id === member)?.gateway
    }
    const routes = [...json('-j -N route show dev vx'), ...json('-j -N -6 route show dev vx')].filter(
      ({ protocol }: Row) => protocol !== '2',
    )
    const rules = [...json('-j -N rule show'), ...json('-j -N -6 rule show')].filter(
      ({ protocol }: Row) => protocol === '179',
    )
    const proxies = json('-j neigh show proxy dev vx')
    const fdb = namespace
      .bridge('fdb show dev vx')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map(line => {
        const words = line.split(' ')
        const after = (word: string) => (words.includes(word) ? words[words.indexOf(word) + 1] : undefined)
        const id = after('nhid')
        return `fdb ${words[0]} ${id === undefined ? `plain ${after('dst')}` : `group ${group(Number(id))}`}`
      })
    return [
      ...neighbors
        .filter(({ dst }: Row) => !dst?.startsWith('ff'))
        .map(({ dst, lladdr, protocol }: Row) => `neighbor ${dst} ${lladdr} ${protocol ?? '-'}`),
      ...proxies.map(({ dst }: Row) => `proxy ${dst}`),
      ...fdb,
      ...routes.map(
        ({ dst, gateway, metric, protocol }: Row) => `route ${dst} via ${gateway} ${protocol} ${metric ?? 0}`,
      ),
      ...rules.map(({ dst, table, priority }: Row) => `rule to ${dst} table ${table} ${priority}`),
    ].sort()
  }

  async awaitRows(expected: readonly string[]): Promise<void> {
    const wanted = JSON.stringify([...expected].sort())
    await until(
      `the rows are ${wanted}, now ${JSON.stringify(this.rows())}`,
      () => JSON.stringify(this.rows()) === wanted,
    )
  }
}
