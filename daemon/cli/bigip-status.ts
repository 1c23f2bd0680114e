/** `podpeer bigip status`: the devices as the controller knows them, what it keeps there, and what keeps it from it. */
import { WorldFault } from '../../lib/base/failure.ts'
import type { BigIpReport, ControllerStatus, KindCounts, Neighbor, UnitReport } from '../controller/document.ts'
import { renderSince } from './duration.ts'
import { renderFindings } from './findings.ts'
import type { TextOptions, View } from './output.ts'
import { type Look, paint, type Tone } from './screen.ts'
import { type Column, renderNote, renderTable, uncut } from './table.ts'

/** @param name of one BIGIP; absent: all */
export function bigIpStatusView(
  side: { status(): Promise<ControllerStatus> },
  name: string | undefined,
): View<ControllerStatus> {
  return {
    ask: async () => {
      const status = await side.status()
      return name === undefined ? status : { ...status, bigIps: [bigIpOf(status, name)] }
    },
    text: renderStatus,
    steady: steadyStatus,
  }
}

function bigIpOf({ bigIps }: ControllerStatus, name: string): BigIpReport {
  const found = bigIps.find(bigIp => bigIp.name === name)
  if (found !== undefined) return found
  const names = bigIps.map(bigIp => bigIp.name).join(', ')
  throw new WorldFault('NOT_FOUND', `there is no BIGIP ${name}; BIGIPs: ${names || 'none'}`, { retry: false })
}

/** A sentence about what is not as it should be; undefined: all is. */
export function complaintAbout({ bigIps }: ControllerStatus): string | undefined {
  if (bigIps.length === 0) return 'there is no BIGIP'
  const bad = bigIps.filter(({ ready }) => !ready)
  return bad.length === 0
    ? undefined
    : `not ready: ${bad.map(({ name, message }) => `${name} (${message})`).join(', ')}`
}

function renderStatus(
  { bigIps, kubernetes, leading, holder, problems }: ControllerStatus,
  options: TextOptions,
): string {
  const { look } = options
  const away = kubernetes.reason === undefined ? '' : `: ${kubernetes.reason}`
  const kube =
    kubernetes.state === 'away' || kubernetes.state === 'connecting'
      ? renderNote(look, 'warn', `Kubernetes is ${kubernetes.state}${away}`, '')
      : ''
  const follows = leading ? '' : renderNote(look, 'faint', `This one follows; ${holder ?? 'nobody yet'} writes.`, '')
  const listing =
    bigIps.length === 0 ? 'No BIGIP is known.\n' : bigIps.map(bigIp => renderBigIp(bigIp, options)).join('\n')
  const others = problems.filter(problem => problem !== kubernetes.reason)
  return follows + kube + listing + others.map(problem => renderNote(look, 'bad', problem, '')).join('')
}

function renderBigIp(bigIp: BigIpReport, { look, wide, now }: TextOptions): string {
  const { name, ready, message, mode, because, cluster, nodes, units, findings } = bigIp
  const wished = wide ? uncut(look) : look
  const state = paint(look, ready ? 'good' : 'bad', ready ? 'ready' : 'not ready')
  const facts = [
    ...(mode === undefined ? [] : [`mode ${mode}${because === undefined ? '' : ` (${because})`}`]),
    `${nodes.served} nodes served`,
    ...(nodes.leftOut.length === 0 ? [] : [`${nodes.leftOut.length} left out`]),
    ...(cluster === undefined ? [] : [`cluster ${cluster}`]),
  ]
  return [
    `${paint(look, 'strong', name)}  ${state}  ${message}\n`,
    renderNote(look, 'faint', facts.join(', '), ''),
    renderTable(
      wide ? UNITS_WIDE : UNITS,
      units.map(unit => ({ unit, now })),
      wished,
    ),
    ...units.flatMap(unit => notesOf(unit, look, now)),
    ...units.filter(({ kinds }) => wide && kinds.length > 0).map(unit => `\n${kindTable(unit, wished)}`),
    ...units.map(unit => neighborTable(unit, wished)),
    nodes.leftOut.length === 0
      ? ''
      : `\n${renderTable(LEFT_OUT, wide ? nodes.leftOut : nodes.leftOut.slice(0, MOST), wished)}`,
    findings.length === 0 ? '' : `\n${renderFindings(findings, look)}`,
  ].join('')
}

const MOST = 10

interface UnitRow {
  readonly unit: UnitReport
  readonly now: number
}

const TONES: Readonly<Record<UnitReport['phase'], Tone>> = {
  connecting: 'warn',
  waiting: 'warn',
  syncing: 'warn',
  writing: 'warn',
  following: 'faint',
  'in sync': 'good',
  failing: 'bad',
}

const count = (title: string, key: keyof UnitReport['objects']): Column<UnitRow> => ({
  title,
  align: 'right',
  cell: ({ unit }) => String(unit.objects[key]),
})

const DRIFT: Column<UnitRow> = {
  title: 'DRIFT',
  align: 'right',
  cell: ({ unit: { objects } }) => ({ text: String(objects.drift), tone: objects.drift === 0 ? 'plain' : 'warn' }),
}

const UNITS: readonly Column<UnitRow>[] = [
  { title: 'UNIT', cell: ({ unit }) => ({ text: unit.name, tone: 'strong' }) },
  { title: 'ADDRESS', cell: ({ unit }) => unit.address ?? '' },
  { title: 'VERSION', optional: true, cell: ({ unit }) => unit.version ?? '' },
  { title: 'HA', cell: ({ unit }) => unit.haState ?? '' },
  { title: 'CONFIG SYNC', optional: true, cell: ({ unit }) => unit.syncStatus ?? '' },
  { title: 'STATE', cell: ({ unit }) => ({ text: unit.phase, tone: TONES[unit.phase] }) },
  count('DESIRED', 'desired'),
  count('ACTUAL', 'actual'),
  DRIFT,
  { title: 'LAST SYNC', cell: ({ unit, now }) => ago(unit.lastSync, now) },
  { title: 'TOKEN', optional: true, cell: ({ unit, now }) => left(unit.tokenExpiresAt, now) },
]

const UNITS_WIDE: readonly Column<UnitRow>[] = [
  ...UNITS,
  { title: 'READ', cell: ({ unit, now }) => ago(unit.lastResync, now) },
  { title: 'WRITES', align: 'right', cell: ({ unit }) => String(unit.writes) },
  { title: 'REPAIRS', align: 'right', cell: ({ unit }) => String(unit.repairs) },
]

function ago(time: string | undefined, now: number): string {
  return time === undefined ? '' : `${renderSince(time, now)} ago`
}

/** What is left of the token's life. */
function left(expiry: string | undefined, now: number): string {
  return expiry === undefined ? '' : renderSince(new Date(now).toISOString(), Date.parse(expiry))
}

/** What an operator would ask next, below the table. */
function notesOf({ name, lastError, refused }: UnitReport, look: Look, now: number): string[] {
  const said: [Tone, string][] = []
  if (lastError !== undefined) said.push(['bad', `${name}, ${ago(lastError.at, now)}: ${lastError.message}`])
  if (refused !== undefined)
    said.push(['bad', `${name}: ${refused.reason}; podpeer bigip plan shows what would go, token ${refused.token}`])
  return said.map(([tone, text]) => renderNote(look, tone, text, '  '))
}

function kindTable({ name, kinds }: UnitReport, look: Look): string {
  return renderTable<KindCounts>(
    [
      { title: 'UNIT', cell: () => name },
      { title: 'OBJECTS', cell: ({ kind }) => kind },
      { title: 'DESIRED', align: 'right', cell: ({ desired }) => String(desired) },
      { title: 'ACTUAL', align: 'right', cell: ({ actual }) => String(actual) },
      {
        title: 'DRIFT',
        align: 'right',
        cell: ({ drift }) => ({ text: String(drift), tone: drift === 0 ? 'plain' : 'warn' }),
      },
    ],
    kinds,
    look,
  )
}

function neighborTable({ name, neighbors = [] }: UnitReport, look: Look): string {
  const table = renderTable<Neighbor>(
    [
      { title: 'UNIT', cell: () => name },
      { title: 'NEIGHBOR', cell: ({ address }) => address },
      { title: 'AS', cell: ({ asNumber }) => String(asNumber ?? '') },
      { title: 'BGP', cell: ({ state }) => ({ text: state, tone: state === 'Established' ? 'good' : 'warn' }) },
      { title: 'FOR', cell: ({ since }) => since ?? '' },
      { title: 'PREFIXES', align: 'right', cell: ({ prefixes }) => String(prefixes ?? '') },
    ],
    neighbors.toSorted((one, other) => one.address.localeCompare(other.address, 'en', { numeric: true })),
    look,
  )
  return table === '' ? '' : `\n${table}`
}

const LEFT_OUT: readonly Column<BigIpReport['nodes']['leftOut'][number]>[] = [
  { title: 'LEFT OUT', cell: ({ kind, name }) => `${kind} ${name}` },
  { title: 'REASON', cell: ({ reason }) => ({ text: reason, tone: 'warn' }) },
  { title: 'MESSAGE', least: 20, cell: ({ message }) => message },
]

/** Without what moves while all is well. */
function steadyStatus({ bigIps, ...status }: ControllerStatus): unknown {
  return {
    ...status,
    bigIps: bigIps.map(({ units, ...bigIp }) => ({
      ...bigIp,
      units: units.map(({ lastResync: _, lastSync: __, tokenExpiresAt: ___, neighbors, ...unit }) => ({
        ...unit,
        neighbors: neighbors?.map(({ since: ____, ...neighbor }) => neighbor),
      })),
    })),
  }
}
