/** `podpeer vxlan`: VTEPs by the device that carries them, a line each; wide: the rows in the kernel as well. */
import type { ControlClient } from '../control/client.ts'
import type { OverlayStatus, RowStatus, VtepStatus, VxlanStatus } from '../control/overlay-document.ts'
import { renderSince } from './duration.ts'
import type { TextOptions, View } from './output.ts'
import { type Look, paint, type Tone } from './screen.ts'
import { type Cell, type Column, renderNote, renderTable, uncut } from './table.ts'

export function vxlanView(client: Pick<ControlClient, 'vxlan'>): View<VxlanStatus> {
  return { ask: () => client.vxlan(), text: renderVxlan, steady: steadyStatus }
}

export function renderVxlan({ overlays, rows }: VxlanStatus, { look, wide, now }: TextOptions): string {
  if (overlays.length === 0) return 'No VTEP is known: no BIGIP object has one, and neither has the configuration.\n'
  const own = wide ? uncut(look) : look
  const parts = overlays.map(overlay =>
    [
      paint(look, 'strong', headline(overlay)),
      '\n',
      renderTable(VTEPS, overlay.vteps, own),
      ...overlay.faults.map(({ sentence, harmless }) => renderNote(look, harmless ? 'warn' : 'bad', sentence, '  ')),
      ...overlay.vteps.flatMap(vtep => notes(vtep, look)),
      ...answersNote(overlay, look),
      ...(wide ? ['\n', renderTable(rowColumns(now), rowsOf(overlay), own)] : []),
    ].join(''),
  )
  const { wanted, actual, drift, conflicts, repairs } = rows
  const summary = `${actual} of ${wanted} rows in place, ${repairs} repaired${conflicts === 0 ? '' : `, ${conflicts} in conflict`}`
  return `${parts.join('\n')}\n${paint(look, drift === 0 ? 'good' : 'bad', summary)}\n`
}

function headline({ family, vni, port, device }: OverlayStatus): string {
  const tunnel = `${family === 'ipv4' ? 'IPv4' : 'IPv6'}, VNI ${vni}, UDP port ${port}`
  if (device === undefined) return `no device: ${tunnel}`
  const from = device.localAddress === undefined ? '' : `, from ${device.localAddress}`
  return `${device.name}: ${tunnel}, MTU ${device.mtu}${from}`
}

const isThere = ({ status }: RowStatus) => status === 'installed' || status === 'served'

function rowsCell({ rows }: VtepStatus): Cell {
  const there = rows.filter(isThere).length
  return { text: `${there}/${rows.length}`, tone: there < rows.length || there === 0 ? 'bad' : 'good' }
}

function healthCell({ health }: VtepStatus): Cell {
  if (health === undefined) return { text: 'not yet known', tone: 'faint' }
  if (health.sent === 0) return { text: 'cannot be told', tone: 'warn' }
  const loss = Math.round((100 * health.lost) / health.sent)
  if (health.lost === health.sent) return { text: 'no answer', tone: 'bad' }
  return { text: loss === 0 ? 'answers' : `answers, ${loss}% lost`, tone: loss === 0 ? 'good' : 'warn' }
}

const VTEPS: readonly Column<VtepStatus>[] = [
  { title: 'VTEP', cell: ({ name }) => ({ text: name, tone: 'strong' }) },
  { title: 'ENDPOINT', cell: ({ endpoint }) => endpoint },
  { title: 'MAC', optional: true, cell: ({ mac }) => mac },
  { title: 'SELF IP', cell: ({ selfIP }) => selfIP },
  { title: 'ROLE', optional: true, cell: ({ standby }) => (standby ? 'standby' : 'serves') },
  { title: 'ROWS', cell: rowsCell },
  { title: 'HEALTH', cell: healthCell },
  {
    title: 'RTT',
    align: 'right',
    cell: ({ health }) => (health?.roundTrip === undefined ? '' : renderMilliseconds(health.roundTrip)),
  },
]

/** Three digits that count. */
export function renderMilliseconds(milliseconds: number): string {
  return `${Number(milliseconds.toPrecision(3))}ms`
}

function notes({ name, rows, health }: VtepStatus, look: Look): string[] {
  const said = rows.filter(row => !isThere(row)).map(row => wrongRow(name, row))
  if (health?.reason !== undefined)
    said.push(['warn', `${name}: last ping ${health.outside ? 'outside' : 'inside'} the tunnel: ${health.reason}`])
  return said.map(([tone, text]) => renderNote(look, tone, text, '  '))
}

/** How many pods of the node ARP and NDP are answered for, and why it is not all of them. */
function answersNote({ answers, family }: OverlayStatus, look: Look): string[] {
  if (answers === undefined) return []
  const question = family === 'ipv4' ? 'ARP' : 'NDP'
  const there = answers.filter(isThere).length
  return [
    renderNote(look, 'plain', `answers ${question} for ${there} of ${answers.length} pods of this node`, '  '),
    ...answers.flatMap(row => (isThere(row) ? [] : [renderNote(look, ...wrongRow('pods', row), '  ')])),
  ]
}

function wrongRow(whose: string, { kind, key, status, reason }: RowStatus): [Tone, string] {
  return [status === 'conflict' ? 'bad' : 'warn', `${whose}: ${kind} ${key}: ${reason ?? 'not written yet'}`]
}

interface NamedRow extends RowStatus {
  readonly vtep: string
}

/** Those of pods are nobody's alone. */
function rowsOf({ vteps, answers = [] }: OverlayStatus): NamedRow[] {
  const all = [...vteps, { name: '', rows: answers }]
  return all.flatMap(({ name, rows }) => rows.map(row => ({ ...row, vtep: name })))
}

const OWNERS: Readonly<Record<RowStatus['status'], Cell>> = {
  installed: { text: 'ours', tone: 'good' },
  served: { text: 'served by another', tone: 'warn' },
  conflict: { text: 'another', tone: 'bad' },
  pending: { text: 'none', tone: 'bad' },
}

function rowColumns(now: number): Column<NamedRow>[] {
  return [
    { title: 'VTEP', cell: ({ vtep }) => vtep },
    { title: 'ROW', cell: ({ kind }) => kind },
    { title: 'KEY', cell: ({ key }) => key },
    { title: 'CONTENT', cell: ({ content }) => content },
    { title: 'OWNER', cell: ({ status }) => OWNERS[status] },
    { title: 'FOR', cell: ({ since }) => (since === undefined ? '' : renderSince(since, now)) },
    { title: 'REPAIRS', align: 'right', cell: ({ repairs }) => String(repairs) },
    {
      title: 'LAST REPAIR',
      cell: ({ lastRepair }) => (lastRepair === undefined ? '' : `${renderSince(lastRepair, now)} ago`),
    },
  ]
}

/** Round trips are never twice the same. */
function steadyStatus({ overlays, rows }: VxlanStatus): unknown {
  const steady = overlays.map(overlay => ({
    ...overlay,
    vteps: overlay.vteps.map(({ health, ...vtep }) => ({ ...vtep, reason: health?.reason, lost: health?.lost })),
  }))
  return { overlays: steady, rows }
}
