/** A route table in a network namespace of its own, and what the kernel there says of its routes. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Family } from '../../../lib/base/ip.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { RouteTable, type RouteTableOptions } from '../../../lib/linux/table/route-table.ts'
import { until } from '../../until.ts'
import { makeNamespace, type TestNamespace } from '../netns.ts'

const FAMILY_FLAG = { 4: '-4', 6: '-6' } as const

/** Routes with our mark as `ip` tells them: `PREFIX GATEWAYS`, sorted. */
export function ownRoutes(namespace: TestNamespace, family: Family): string[] {
  interface Row {
    dst: string
    gateway?: string
    metric?: number
    nexthops?: { gateway: string }[]
  }
  const rows: Row[] = JSON.parse(namespace.ip(`${FAMILY_FLAG[family]} -j -N route show proto 179`))
  return rows
    .map(({ dst, gateway, nexthops, metric }) => {
      assert.equal(metric, 179)
      const gateways = (nexthops ?? [{ gateway }]).map(hop => hop.gateway).sort()
      const prefix = dst === 'default' ? `${family === 4 ? '0.0.0.0' : '::'}/0` : parsePrefix(dst)
      return `${prefix} ${gateways.join(',')}`
    })
    .sort()
}

export class Bench {
  readonly namespace = makeNamespace()
  readonly notices: string[] = []
  readonly #tables: RouteTable[] = []

  constructor(context: TestContext) {
    context.after(async () => {
      for (const table of this.#tables) await table.close()
      this.namespace[Symbol.dispose]()
    })
  }

  open(more: RouteTableOptions = {}): RouteTable {
    const onNotice = (notice: string) => this.notices.push(notice)
    const table = this.namespace.run(() => new RouteTable({ onNotice, ...more }))
    this.#tables.push(table)
    return table
  }

  async close(table: RouteTable): Promise<void> {
    this.#tables.splice(this.#tables.indexOf(table), 1)
    await table.close()
  }

  both(): string[] {
    return [...ownRoutes(this.namespace, 4), ...ownRoutes(this.namespace, 6)]
  }

  async routes(expected: readonly string[]): Promise<void> {
    const wanted = JSON.stringify(expected)
    await until(
      `the routes are ${wanted}, now ${JSON.stringify(this.both())}`,
      () => JSON.stringify(this.both()) === wanted,
    )
  }
}

export function want(table: RouteTable, text: string, ...gateways: string[]): void {
  const { family, bytes, length } = parsePrefix(text)
  const set = gateways.length === 0 ? undefined : table.nextHops(gateways.map(gateway => parseAddress(gateway)))
  table.want(family, bytes, 0, length, set)
}

export const FOUR = '192.0.2.0/24'
export const SIX = '2001:db8:1::/48'
export const BOTH = [`${FOUR} 10.0.0.2,10.0.0.3`, `${SIX} fd00::2,fd00::3`]

export function wantBoth(table: RouteTable): void {
  want(table, FOUR, '10.0.0.2', '10.0.0.3')
  want(table, SIX, 'fd00::2', 'fd00::3')
}
