/**
 * `podpeer explain PREFIX|IP`: what became of a route and why: its paths, whom it is told to, the kernel; and of a pod's address
 * the way of packets between it and BIG-IPs.
 */
import { WorldFault } from '../../lib/base/failure.ts'
import { bitsOf } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import type { ControlClient } from '../control/client.ts'
import type { AdvertisementExplanation, Explanation, PathExplanation } from '../control/document.ts'
import { askJourney, type JourneySources, type JourneyValue, renderJourney } from './journey.ts'
import type { TextOptions, View } from './output.ts'
import { toneOf } from './routes.ts'
import { type Look, paint } from './screen.ts'
import { type Column, renderNote, renderTable } from './table.ts'

/** Of the route; absent where no agent was there to say it. */
export interface ExplainValue extends Partial<Explanation> {
  readonly target: string
  /** Where the address is known to be a pod's. */
  readonly journey?: JourneyValue
}

export interface ExplainSources extends JourneySources {
  readonly agent: Pick<ControlClient, 'explain' | 'journeys'>
  /** A person said which devices to look at. */
  readonly devicesNamed: boolean
}

export function explainView(sources: ExplainSources, target: string): View<ExplainValue> {
  return { ask: () => explain(sources, target), text: render, steady: value => value }
}

async function explain(sources: ExplainSources, target: string): Promise<ExplainValue> {
  const prefix = parsePrefix(target)
  const isHost = prefix.length === bitsOf(prefix.family)
  const explanation = await sources.agent.explain(target).catch(thrown => {
    // a device can be looked at from anywhere
    if (isHost && thrown instanceof WorldFault && thrown.code === 'AGENT_NOT_RUNNING') return thrown
    throw thrown
  })
  const alone = explanation instanceof WorldFault
  const devices = sources.devicesNamed || alone || explanation.prefix === undefined
  const journey = isHost ? await askJourney({ pod: prefix.address.toString(), devices }, sources) : undefined
  if (!alone) return { ...explanation, ...(journey !== undefined && { journey }) }
  if (journey === undefined) throw explanation
  return { target, journey }
}

/** Whether there is no route, or a hop is wrong. */
export function isWrong({ prefix, journey }: ExplainValue): boolean {
  return journey === undefined ? prefix === undefined : !journey.ok
}

function render(value: ExplainValue, options: TextOptions): string {
  const { journey } = value
  // where there is no BGP there is nothing to say of it
  const route = isExplanation(value) && (journey === undefined || value.prefix !== undefined)
  const parts = [
    route ? renderExplanation(value, options) : '',
    journey === undefined ? '' : renderJourney(journey, options),
  ]
  return parts.filter(Boolean).join('\n')
}

function isExplanation(value: ExplainValue): value is ExplainValue & Explanation {
  return value.paths !== undefined
}

export function renderExplanation(explanation: Explanation, { look, wide }: TextOptions): string {
  const { target, prefix, paths, advertised, kernel } = explanation
  const text = [paint(look, 'strong', headline(target, prefix)), '\n']
  if (prefix !== undefined) {
    text.push(title(look, 'Paths'), paths.map((path, at) => renderPath(path, at, look, wide)).join(''))
    text.push(title(look, 'Advertised'))
    const columns = advertised.some(row => row.pathId !== undefined)
      ? [...ADVERTISED, PATH_ID, BECAUSE]
      : [...ADVERTISED, BECAUSE]
    text.push(indent(renderTable(columns, advertised, look)) || '  no peer is configured\n')
  }
  text.push(title(look, 'Kernel'), renderNote(look, kernel.installed ? 'good' : 'warn', kernel.reason, '  '))
  if (!kernel.installed && kernel.nextHops.length > 0)
    text.push(renderNote(look, 'plain', `wanted: next hop ${kernel.nextHops.join(', ')}`, '  '))
  if (kernel.foreign !== undefined) text.push(renderNote(look, 'warn', `not ours: ${kernel.foreign}`, '  '))
  return text.join('')
}

function headline(target: string, prefix: string | undefined): string {
  if (prefix === undefined) return `There is no route to ${target}`
  return prefix === target ? prefix : `${target} is in ${prefix}`
}

function title(look: Look, text: string): string {
  return `\n${paint(look, 'faint', text.toUpperCase())}\n`
}

function renderPath(path: PathExplanation, at: number, look: Look, wide: boolean): string {
  const id = path.pathId === undefined ? '' : `, path id ${path.pathId}`
  const from = path.peer === undefined ? 'originates here' : `from ${path.peer} (${path.source})${id}`
  const hop = path.nextHop === undefined ? '' : `, next hop ${path.nextHop}`
  const verdict = paint(look, toneOf(path.verdict), path.stale ? `${path.verdict}, stale` : path.verdict)
  const lines = [`  ${at + 1}. ${verdict}: ${from}${hop}\n`, renderNote(look, 'plain', path.reason, '     ')]
  if (path.importPolicy !== undefined) lines.push(renderNote(look, 'plain', `import: ${path.importPolicy}`, '     '))
  const attributes = [
    path.asPath === '' ? 'empty AS path' : `AS path ${path.asPath}`,
    `origin ${path.origin}`,
    path.localPref === undefined ? '' : `local preference ${path.localPref}`,
    path.med === undefined ? '' : `MED ${path.med}`,
    path.communities?.length ? `communities ${path.communities.join(' ')}` : '',
    path.extendedCommunities?.length ? `extended communities ${path.extendedCommunities.join(' ')}` : '',
    path.largeCommunities?.length ? `large communities ${path.largeCommunities.join(' ')}` : '',
    wide && path.originatorId !== undefined ? `originator ${path.originatorId}` : '',
    wide && path.clusterList?.length ? `cluster list ${path.clusterList.join(' ')}` : '',
  ]
  return lines.join('') + renderNote(look, 'faint', attributes.filter(Boolean).join(', '), '     ')
}

const ADVERTISED: readonly Column<AdvertisementExplanation>[] = [
  { title: 'TO', cell: row => ({ text: row.peer, tone: 'strong' }) },
  { title: 'SENT', cell: row => ({ text: row.advertised ? 'yes' : 'no', tone: row.advertised ? 'good' : 'plain' }) },
]
const PATH_ID: Column<AdvertisementExplanation> = { title: 'PATH ID', cell: row => row.pathId?.toString() ?? '' }
const BECAUSE: Column<AdvertisementExplanation> = { title: 'BECAUSE', cell: row => row.reason }

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
