/**
 * `podpeer bigip plan` and `apply`: what is to change on each device, as a diff by kind, and what became of it. Marks: + comes,
 * ~ changes, -/+ is made again, - goes.
 */
import type { PlanDocument, PlannedOperation, Refused, UnitPlan } from '../controller/document.ts'
import { renderFindings } from './findings.ts'
import type { TextOptions, View } from './output.ts'
import { type Look, paint, type Tone } from './screen.ts'
import { type Column, renderNote, renderTable, uncut } from './table.ts'

export function planView(ask: () => Promise<PlanDocument>): View<PlanDocument> {
  return { ask, text: renderPlan, steady: value => value }
}

/** Whether something would change, be it with an operator's word or when all of the cluster is known. */
export function hasChanges({ units }: PlanDocument): boolean {
  return units.some(({ operations = [], refused, held }) => operations.length > 0 || refused !== undefined || held > 0)
}

/** A sentence for each BIGIP that is not kept and each unit that could not be read or made right; none: all went well. */
export function troublesOf({ units, problems }: PlanDocument): string[] {
  const troubles = units.flatMap(({ bigIp, unit, error, outcome }) => {
    const failed = outcome?.failed ?? []
    if (error !== undefined) return [`${bigIp}, unit ${unit}: ${error}`]
    return failed.length === 0
      ? []
      : [`${bigIp}, unit ${unit}: ${many(failed.length, 'change')} failed, first ${failed[0]!.error}`]
  })
  return [...problems, ...troubles]
}

function renderPlan({ units }: PlanDocument, options: TextOptions): string {
  if (units.length === 0) return 'No BIG-IP is known.\n'
  return units.map(unit => renderUnit(unit, options)).join('\n')
}

function renderUnit(plan: UnitPlan, { look, wide }: TextOptions): string {
  const { bigIp, unit, error, operations = [], outcome, refused, held, unchanged, findings } = plan
  const name = paint(look, 'strong', `${bigIp}, unit ${unit}`)
  if (error !== undefined) return `${name}\n${renderNote(look, 'bad', error, '  ')}`
  const changes = operations.flatMap(changesOf)
  return [
    `${name}: ${[...countsOf(changes, plan), `${unchanged} unchanged`].join(', ')}\n`,
    ...groupsOf(changes).map(group => renderGroup(group, wide ? uncut(look) : look, wide)),
    outcome === undefined || changes.length === 0 ? '' : renderOutcome(outcome, look),
    refused === undefined ? '' : renderRefusal(bigIp, refused, look, wide),
    held === 0
      ? ''
      : renderNote(look, 'warn', `held: ${many(held, 'deletion')}, until all of the cluster is known`, '  '),
    findings.length === 0 ? '' : `\n${renderFindings(findings, look)}`,
  ].join('')
}

type Mark = '+' | '~' | '-/+' | '-'

const MARKS: Readonly<Record<Mark, { readonly tone: Tone; readonly verb: string }>> = {
  '+': { tone: 'good', verb: 'create' },
  '~': { tone: 'warn', verb: 'update' },
  '-/+': { tone: 'bad', verb: 'make again' },
  '-': { tone: 'bad', verb: 'delete' },
}

interface Change {
  readonly mark: Mark
  /** The kind, and what holds it. */
  readonly group: string
  readonly name: string
  readonly detail: string
  readonly reason: string
}

type Fields = Readonly<Record<string, unknown>>

function changesOf({ verb, kind, name, parent, before, after, reason }: PlannedOperation): Change[] {
  if (verb === 'records') return recordChanges(`${kind} in ${name}`, before ?? {}, after ?? {}, reason)
  const group = parent === undefined ? kind : `${kind} in ${parent}`
  const mark = { create: '+', update: '~', replace: '-/+', delete: '-' }[verb] as Mark
  return [{ mark, group, name, detail: detailOf(before, after), reason }]
}

/** A whole list in one write: its records one by one. */
function recordChanges(group: string, before: Fields, after: Fields, reason: string): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name): Change[] => {
    const [old, fresh] = [before[name], after[name]]
    if (old === fresh) return []
    const mark = old === undefined ? '+' : fresh === undefined ? '-' : '~'
    return [{ mark, group, name, detail: change(old, fresh), reason }]
  })
}

/** `endpoint 10.1.10.11 → 10.1.10.12`; of what comes or goes all that it says. */
function detailOf(before: Fields | undefined, after: Fields | undefined): string {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return fields
    .filter(field => JSON.stringify(before?.[field]) !== JSON.stringify(after?.[field]))
    .map(field => `${field} ${change(before?.[field], after?.[field])}`)
    .join(', ')
}

function change(old: unknown, fresh: unknown): string {
  return [old, fresh]
    .filter(value => value !== undefined)
    .map(renderValue)
    .join(' → ')
}

function renderValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(renderValue).join(' ')
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, inner]) => `${key} ${renderValue(inner)}`)
      .join(' ')
  return String(value)
}

function countsOf(changes: readonly Change[], { refused, held }: UnitPlan): string[] {
  const counts = (Object.keys(MARKS) as Mark[]).map(mark => ({
    count: changes.filter(one => one.mark === mark).length,
    what: `to ${MARKS[mark].verb}`,
  }))
  const waiting = [
    { count: (refused?.deletions.length ?? 0) + (refused?.replacements.length ?? 0), what: 'refused' },
    { count: held, what: 'held' },
  ]
  const said = [...counts, ...waiting].flatMap(({ count, what }) => (count === 0 ? [] : [`${count} ${what}`]))
  return said.length === 0 ? ['nothing to do'] : said
}

interface Group {
  readonly title: string
  readonly changes: readonly Change[]
}

/** In the order of the plan, where a kind may come twice: what is created first is deleted last. */
function groupsOf(changes: readonly Change[]): Group[] {
  const groups = new Map<string, Change[]>()
  for (const one of changes) {
    const group = groups.get(one.group)
    if (group === undefined) groups.set(one.group, [one])
    else group.push(one)
  }
  return Array.from(groups, ([title, own]) => ({ title, changes: own }))
}

/** So many of a kind tell what the rest is like. */
const MOST = 40

function renderGroup({ title, changes }: Group, look: Look, wide: boolean): string {
  const shown = wide ? changes : changes.slice(0, MOST)
  const left = changes.length - shown.length
  return [
    `  ${title}\n`,
    renderTable(wide ? WIDE : NARROW, shown, look),
    left === 0 ? '' : `    … and ${left} more (-o wide shows all)\n`,
  ].join('')
}

const NARROW: readonly Column<Change>[] = [
  { title: '', cell: ({ mark }) => ({ text: `    ${mark}`, tone: MARKS[mark].tone }) },
  { title: '', cell: ({ name, mark }) => ({ text: name, tone: MARKS[mark].tone }) },
  { title: '', least: 20, cell: ({ detail }) => detail },
]
const WIDE: readonly Column<Change>[] = [
  ...NARROW,
  { title: '', cell: ({ reason }) => ({ text: reason, tone: 'faint' }) },
]

function renderOutcome({ applied, failed, converged }: NonNullable<UnitPlan['outcome']>, look: Look): string {
  const said = [`${many(applied, 'change')} made`]
  if (failed.length > 0) said.push(`${failed.length} failed`)
  if (converged) said.push('the device is as it should be')
  const tone = failed.length > 0 ? 'bad' : converged ? 'good' : 'warn'
  const faults = failed.map(({ operation: { verb, kind, name }, error }) =>
    renderNote(look, 'bad', `${verb} ${kind} ${name}: ${error}`, '    '),
  )
  return renderNote(look, tone, said.join(', '), '  ') + faults.join('')
}

function renderRefusal(
  bigIp: string,
  { token, reason, deletions, replacements }: Refused,
  look: Look,
  wide: boolean,
): string {
  const going = [
    ...deletions.map(text => ({ mark: '-' as const, text })),
    ...replacements.map(text => ({ mark: '-/+' as const, text })),
  ]
  const shown = wide ? going : going.slice(0, MOST)
  return [
    renderNote(look, 'bad', `refused: ${reason}`, '  '),
    ...shown.map(({ mark, text }) => `    ${paint(look, MARKS[mark].tone, `${mark} ${text}`)}\n`),
    shown.length === going.length ? '' : `    … and ${going.length - shown.length} more (-o wide shows all)\n`,
    renderNote(look, 'good', `→ podpeer bigip apply --allow-deletions ${token}`, '  '),
    renderNote(look, 'good', `→ kubectl annotate bigip ${bigIp} podpeer.io/allow-deletions=${token}`, '  '),
  ].join('')
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
