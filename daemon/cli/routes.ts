/** `podpeer routes [best|received|advertised] [PREFIX]`: a listing of any length, written while it comes. */
import { type Prefix, parsePrefix } from '../../lib/base/prefix.ts'
import type { ControlClient } from '../control/client.ts'
import type { RouteRow, RoutesQuery } from '../control/document.ts'
import { FORMAT, type OutputFormat, renderYaml, type View } from './output.ts'
import type { Look, Screen, Tone } from './screen.ts'
import { type Column, layOut, renderRow, renderTable, renderTitles, uncut } from './table.ts'

/** Rows that the widths of the columns are made from. A listing that has no more is sorted. */
const SAMPLE = 2000

/** @returns how many rows there were */
export async function showRoutes(
  client: ControlClient,
  query: RoutesQuery,
  screen: Screen,
  format: OutputFormat,
): Promise<number> {
  const writer = writerOf(query, screen, format)
  let count = 0
  let held: RouteRow[] = []
  let begun = false
  const flush = async (): Promise<void> => {
    if (!begun) await screen.write(await writer.begin(held))
    begun = true
    if (held.length > 0) await screen.write(writer.rows(held, count))
    count += held.length
    held = []
  }
  for await (const rows of client.routes(query)) {
    held = held.length === 0 ? rows : held.concat(rows)
    if (begun || held.length > SAMPLE) await flush()
  }
  if (!begun) held = sorted(held)
  await flush()
  await screen.write(writer.end(count))
  return count
}

/** By family, address and length; the paths of one prefix stay as they came, the best first. */
function sorted(rows: readonly RouteRow[]): RouteRow[] {
  return rows
    .map(row => ({ row, prefix: parsePrefix(row.prefix) }))
    .sort((one, other) => compare(one.prefix, other.prefix))
    .map(({ row }) => row)
}

function compare(one: Prefix, other: Prefix): number {
  return one.family - other.family || Buffer.compare(one.bytes, other.bytes) || one.length - other.length
}

/** Rows that `--watch` asks for again and again. */
const MOST_WATCHED = 5000

export interface RoutesValue {
  readonly table: RoutesQuery['table']
  readonly routes: readonly RouteRow[]
  /** There are more than are shown. */
  readonly truncated: boolean
}

/** The listing as one value, for `--watch`; of a long one only the beginning. */
export function routesView(client: ControlClient, query: RoutesQuery): View<RoutesValue> {
  return {
    ask: async () => {
      const routes: RouteRow[] = []
      for await (const rows of client.routes(query)) {
        routes.push(...rows)
        if (routes.length > MOST_WATCHED) break
      }
      const truncated = routes.length > MOST_WATCHED
      return { table: query.table, routes: sorted(routes.slice(0, MOST_WATCHED)), truncated }
    },
    text: ({ table, routes, truncated }, { look, wide }) => {
      const listing = renderTable(columnsOf(table, wide), routes, wide ? uncut(look) : look) || `No ${table} route.\n`
      return truncated ? `${listing}and more: name a prefix to see fewer\n` : listing
    },
    steady: value => value,
  }
}

/** A listing in one of the formats; the pieces, written one after the other, are the document. */
interface ListingWriter {
  begin(sample: readonly RouteRow[]): Promise<string> | string
  /** @param before how many rows went before */
  rows(rows: readonly RouteRow[], before: number): string
  end(count: number): string
}

function writerOf(query: RoutesQuery, look: Look, format: OutputFormat): ListingWriter {
  if (format === 'json') return jsonWriter(query)
  if (format === 'yaml') return yamlWriter(query)
  return format === 'wide' ? tableWriter(query, uncut(look), true) : tableWriter(query, look, false)
}

function jsonWriter({ table }: RoutesQuery): ListingWriter {
  return {
    begin: () => `{"format":${FORMAT},"table":"${table}","routes":[`,
    rows: (rows, before) => rows.map((row, at) => `${before + at === 0 ? '' : ','}\n${JSON.stringify(row)}`).join(''),
    end: () => '\n]}\n',
  }
}

function yamlWriter({ table }: RoutesQuery): ListingWriter {
  return {
    begin: async sample => (await renderYaml({ format: FORMAT, table })) + (sample.length > 0 ? 'routes:\n' : ''),
    // JSON is YAML: a route a line, and no library on the way of a million of them
    rows: rows => rows.map(row => `- ${JSON.stringify(row)}\n`).join(''),
    end: count => (count === 0 ? 'routes: []\n' : ''),
  }
}

function tableWriter({ table }: RoutesQuery, look: Look, wide: boolean): ListingWriter {
  const columns = columnsOf(table, wide)
  let layout = layOut(columns, [], look)
  return {
    begin: sample => {
      layout = layOut(columns, sample, look)
      return sample.length === 0 ? '' : renderTitles(layout)
    },
    rows: rows => rows.map(row => renderRow(layout, row)).join(''),
    end: count => (count === 0 ? `No ${table} route.\n` : ''),
  }
}

function columnsOf(table: RoutesQuery['table'], wide: boolean): readonly Column<RouteRow>[] {
  return wide ? [...NARROW[table], ...WIDE] : NARROW[table]
}

export function toneOf(verdict: RouteRow['verdict']): Tone {
  if (verdict === 'best' || verdict === 'multipath') return 'good'
  return verdict === 'not best' ? 'plain' : 'bad'
}

const PREFIX: Column<RouteRow> = { title: 'PREFIX', cell: row => ({ text: row.prefix, tone: 'strong' }) }
const NEXT_HOP: Column<RouteRow> = { title: 'NEXT HOP', cell: row => row.nextHop ?? 'self' }
const AS_PATH: Column<RouteRow> = { title: 'AS PATH', least: 10, cell: row => row.asPath }
const VERDICT: Column<RouteRow> = {
  title: 'VERDICT',
  cell: row => ({ text: row.stale ? `${row.verdict}, stale` : row.verdict, tone: toneOf(row.verdict) }),
}
const REASON: Column<RouteRow> = { title: 'REASON', least: 12, optional: true, cell: row => row.reason }

function peer(title: string): Column<RouteRow> {
  return { title, cell: row => row.peer ?? 'local' }
}

const NARROW: Readonly<Record<RoutesQuery['table'], readonly Column<RouteRow>[]>> = {
  best: [PREFIX, NEXT_HOP, peer('FROM'), AS_PATH, VERDICT, REASON],
  received: [PREFIX, NEXT_HOP, peer('FROM'), AS_PATH, VERDICT, REASON],
  advertised: [PREFIX, NEXT_HOP, peer('TO'), AS_PATH, REASON],
}

const WIDE: readonly Column<RouteRow>[] = [
  { title: 'PATH ID', align: 'right', cell: row => row.pathId?.toString() ?? '' },
  { title: 'SOURCE', cell: row => row.source },
  { title: 'ORIGIN', cell: row => (row.origin === 'incomplete' ? '?' : row.origin) },
  { title: 'PREF', align: 'right', cell: row => row.localPref?.toString() ?? '' },
  { title: 'MED', align: 'right', cell: row => row.med?.toString() ?? '' },
  { title: 'COMMUNITIES', least: 12, cell: communitiesOf },
  { title: 'ORIGINATOR', cell: row => row.originatorId ?? '' },
]

function communitiesOf({ communities = [], extendedCommunities = [], largeCommunities = [] }: RouteRow): string {
  return [...communities, ...extendedCommunities, ...largeCommunities].join(' ')
}
