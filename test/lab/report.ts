/** What the lab shows: tables for a person, one JSON document for a program. Pure: values in, text out. */
import { stripVTControlCharacters, styleText } from 'node:util'
import type { SessionRow } from './agents.ts'
import type { ObjectRow } from './bigip-lab.ts'
import type { RouteRow } from './network.ts'
import type { PingRow } from './ping.ts'

export interface Outcome {
  readonly seconds: number
  readonly mode: string
  /** Whom the lab plays on the nodes. */
  readonly played?: string
  readonly objects: readonly ObjectRow[]
  readonly sessions: readonly SessionRow[]
  readonly routes: readonly RouteRow[]
  readonly pings: readonly PingRow[]
  /** What a lab that works would have and this one has not. */
  readonly missing: readonly string[]
}

/** Everything is there, and every ping was answered. */
export function isWell({ missing, pings }: Outcome): boolean {
  return missing.length === 0 && pings.every(({ ok }) => ok)
}

export function renderJson(outcome: Outcome): string {
  const { seconds, mode, objects, sessions, routes, pings } = outcome
  const document = { ok: isWell(outcome), seconds: Number(seconds.toFixed(1)), mode, objects, sessions, routes, pings }
  return JSON.stringify(document, null, 2)
}

/** Wider matrices and longer lists are no use to the eye: counts take their place. */
const MOST_COLUMNS = 13
const MOST_ROUTES = 100

export function renderReport(outcome: Outcome, colour: boolean): string {
  const paint = painter(colour)
  const { mode, played, objects, sessions, routes, pings, missing, seconds } = outcome
  const lost = pings.filter(({ ok }) => !ok)
  const verdict = isWell(outcome)
    ? paint('green', `All is well after ${seconds.toFixed(1)} s: ${pings.length} of ${pings.length} pings answered.`)
    : paint(
        'red',
        [
          `Not well after ${seconds.toFixed(1)} s: ${pings.length - lost.length} of ${pings.length} pings answered.`,
          ...missing.map(what => `- ${what}`),
        ].join('\n'),
      )
  return [
    heading(paint, 'Objects', `that the controller made on BIG-IP, mode ${mode}`),
    renderObjects(objects, paint),
    ...(sessions.length === 0 ? [] : [heading(paint, 'Sessions', 'as the agents see them')]),
    ...(sessions.length === 0 ? [] : [renderSessions(sessions, paint)]),
    ...(routes.length === 0 ? [] : [heading(paint, 'Routes', 'that podpeer and BGP brought into the kernels')]),
    ...(routes.length === 0 ? [] : [renderRoutes(routes)]),
    ...(played === undefined ? [] : [`${paint('dim', `Not podpeer but the lab plays ${played}.`)}\n`]),
    heading(paint, 'Pings', 'round trip in ms, IPv4 / IPv6'),
    renderPings(pings, paint),
    verdict,
  ].join('\n')
}

function renderObjects(objects: readonly ObjectRow[], paint: Painter): string {
  return renderTable(
    ['KIND', 'DESIRED', 'ACTUAL'],
    objects.map(({ kind, desired, actual }) => [
      kind,
      String(desired),
      paint(desired === actual ? 'green' : 'red', String(actual)),
    ]),
  )
}

function renderSessions(sessions: readonly SessionRow[], paint: Painter): string {
  return renderTable(
    ['NODE', 'PEER', 'FAMILY', 'STATE'],
    sessions.map(({ node, peer, family, state }) => [
      node,
      peer,
      family,
      paint(state === 'Established' ? 'green' : 'red', state),
    ]),
  )
}

function renderRoutes(routes: readonly RouteRow[]): string {
  if (routes.length <= MOST_ROUTES)
    return renderTable(
      ['WHERE', 'PREFIX', 'VIA'],
      routes.map(({ node, prefix, via }) => [node, prefix, via]),
    )
  const counts = new Map<string, number>()
  for (const { node } of routes) counts.set(node, (counts.get(node) ?? 0) + 1)
  return renderTable(
    ['WHERE', 'ROUTES'],
    [...counts].map(([node, count]) => [node, String(count)]),
  )
}

function renderPings(pings: readonly PingRow[], paint: Painter): string {
  const cells = new Map<string, string[]>()
  for (const ping of pings) {
    const key = `${ping.from} ${ping.to}`
    cells.set(key, [...(cells.get(key) ?? []), ping.ok ? milliseconds(ping) : paint('red', 'lost')])
  }
  const targets = [...new Set(pings.map(({ to }) => to))]
  const sources = [...new Set(pings.map(({ from }) => from))]
  if (targets.length < MOST_COLUMNS)
    return renderTable(
      ['FROM \\ TO', ...targets],
      sources.map(from => [from, ...targets.map(to => cells.get(`${from} ${to}`)?.join(' / ') ?? '·')]),
    )
  const lost = pings.filter(({ ok }) => !ok)
  const rows = sources.map(from => {
    const sent = pings.filter(ping => ping.from === from)
    return [from, String(sent.length), String(sent.filter(({ ok }) => ok).length)]
  })
  return [
    renderTable(['FROM', 'SENT', 'ANSWERED'], rows),
    ...lost.map(({ from, to, family }) => paint('red', `lost: ${from} to ${to} (${family})\n`)),
  ].join('')
}

function milliseconds({ rttMs }: PingRow): string {
  return rttMs === null ? '' : rttMs.toFixed(2)
}

type Painter = (style: 'green' | 'red' | 'bold' | 'dim', text: string) => string

function painter(colour: boolean): Painter {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text)
}

function heading(paint: Painter, title: string, gloss: string): string {
  return `${paint('bold', title)} ${paint('dim', gloss)}`
}

/** Columns two spaces apart, cells without their colour codes counted. Ends with an empty line. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map(row => stripVTControlCharacters(row[column]!).length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - stripVTControlCharacters(cell).length))
      .join('  ')
      .trimEnd()
  return `${all.map(row => `  ${line(row)}`).join('\n')}\n`
}
