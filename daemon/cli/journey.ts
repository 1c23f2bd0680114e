/**
 * The way of packets between BIG-IPs and a pod, both ways: what this node's agent says of its part and what the controller
 * says of the devices, put together, with the first hop that is wrong.
 */
import { InputFault, reasonOf, WorldFault } from '../../lib/base/failure.ts'
import { firstWrong, type Journey, type JourneyHop } from '../../lib/base/journey.ts'
import type { ControlClient } from '../control/client.ts'
import type { NodeJourneys } from '../control/journey-document.ts'
import type { JourneysDocument } from '../controller/document.ts'
import type { TextOptions } from './output.ts'
import { type Look, paint, type Tone } from './screen.ts'
import { type Column, renderNote, renderTable, uncut } from './table.ts'

export interface JourneyValue {
  /** Whether no hop that was looked at is wrong. */
  readonly ok: boolean
  readonly pod: string
  /** Where packets to it go from the node that was asked; absent: no agent was. */
  readonly node?: Pick<NodeJourneys, 'node' | 'place' | 'reason'>
  readonly ways: readonly Way[]
  /** What was not looked at, and how it can be. */
  readonly missed: readonly string[]
}

export interface Way {
  readonly from: string
  readonly to: string
  readonly hops: readonly PlacedHop[]
  /** Index in `hops`; absent: none is wrong. */
  readonly firstWrong?: number
}

export interface PlacedHop extends JourneyHop {
  /** `node-1`; `bigip/bigip-a` */
  readonly where: string
}

export interface JourneySources {
  readonly agent: Pick<ControlClient, 'journeys'>
  devices(pod: string): Promise<JourneysDocument>
}

export interface JourneyWish {
  readonly pod: string
  /** Whether devices are asked whatever the node says: a person named them, or there is nobody else to ask. */
  readonly devices: boolean
}

/** Undefined: nobody knows the address for a pod's. @throws WorldFault for what is neither absent nor told */
export async function askJourney(
  { pod, devices: always }: JourneyWish,
  { agent, devices }: JourneySources,
): Promise<JourneyValue | undefined> {
  const missed: string[] = []
  const node = await orMissed(agent.journeys(pod), missed, reason => `this node: ${reason}`)
  const isOurs = node !== undefined && node.place !== 'elsewhere'
  if (!always && !isOurs) return undefined
  const told = await orMissed(devices(pod), missed, reason => `BIG-IP: ${reason}; ${ELSEWHERE} ${pod}`)
  const units = told?.units ?? []
  for (const { bigIp, unit, error } of units) if (error !== undefined) missed.push(`${bigIp}/${unit}: ${error}`)
  if (!isOurs && node !== undefined) missed.push(`the node: ${pod} is no pod of ${node.node}: ask where it runs`)
  const ways = joined(node, units)
  if (ways.length === 0 && !isOurs) return undefined
  const lost = node?.place === 'nowhere'
  return {
    ok: !lost && ways.every(way => way.firstWrong === undefined),
    pod,
    ...(node !== undefined && {
      node: { node: node.node, place: node.place, ...(node.reason && { reason: node.reason }) },
    }),
    ways,
    missed,
  }
}

const ELSEWHERE = 'look from here with podpeer explain --bigip FILE --kubeconfig FILE, or where the controller runs,'

async function orMissed<T>(
  asked: Promise<T>,
  missed: string[],
  sentence: (reason: string) => string,
): Promise<T | undefined> {
  try {
    return await asked
  } catch (thrown) {
    if (!(thrown instanceof WorldFault || thrown instanceof InputFault)) throw thrown
    missed.push(sentence(reasonOf(thrown)))
    return undefined
  }
}

/** From a device to the pod its own hops come first, on the way back those of the node. */
function joined(node: NodeJourneys | undefined, units: JourneysDocument['units']): Way[] {
  const parts = [
    ...(node?.journeys ?? []).map(journey => ({ journey, where: node!.node })),
    ...units.flatMap(({ bigIp, unit, journeys }) => journeys.map(journey => ({ journey, where: `${bigIp}/${unit}` }))),
  ]
  const ways = new Map<string, { readonly from: string; readonly to: string; readonly parts: typeof parts }>()
  for (const part of parts) {
    const { from, to } = part.journey
    const key = `${from} ${to}`
    const way = ways.get(key) ?? { from, to, parts: [] }
    way.parts.push(part)
    ways.set(key, way)
  }
  return [...ways.values()]
    .map(({ from, to, parts: own }) =>
      wayOf(
        from,
        to,
        own.toSorted((one, other) => rank(from, one) - rank(from, other)),
      ),
    )
    .sort((one, other) =>
      nameOf(one, node) < nameOf(other, node) ? -1 : nameOf(one, node) > nameOf(other, node) ? 1 : 0,
    )
}

function rank(from: string, { where }: { readonly where: string }): number {
  return where === from ? 0 : where.includes('/') ? 2 : 1
}

function wayOf(from: string, to: string, parts: readonly { readonly journey: Journey; readonly where: string }[]): Way {
  const hops = parts.flatMap(({ journey, where }) => journey.hops.map(hop => ({ where, ...hop })))
  const wrong = firstWrong({ from, to, hops })
  return { from, to, hops, ...(wrong !== undefined && { firstWrong: hops.indexOf(wrong as PlacedHop) }) }
}

/** Of the BIG-IP. */
function nameOf({ from, to }: Way, node: NodeJourneys | undefined): string {
  return from === node?.pod ? to : from
}

export function renderJourney({ pod, node, ways, missed }: JourneyValue, { look, wide }: TextOptions): string {
  return [
    `${paint(look, 'strong', headline(pod, node))}\n`,
    node?.place === 'nowhere' ? renderNote(look, 'bad', `the kernel drops packets to it: ${node.reason}`, '  ') : '',
    ...ways.map(way => renderWay(way, look, wide)),
    missed.length === 0 ? '' : '\n',
    ...missed.map(text => renderNote(look, 'warn', `not looked at: ${text}`, '')),
  ].join('')
}

function headline(pod: string, node: JourneyValue['node']): string {
  if (node === undefined || node.place === 'elsewhere') return `${pod}, as devices know it`
  return `${pod} is a pod of ${node.node}`
}

const VERDICTS: Readonly<Record<JourneyHop['verdict'], { readonly text: string; readonly tone: Tone }>> = {
  right: { text: 'right', tone: 'good' },
  wrong: { text: 'WRONG', tone: 'bad' },
  unknown: { text: 'not told', tone: 'faint' },
}

const HOPS: readonly Column<PlacedHop>[] = [
  { title: 'WHERE', cell: ({ where }) => where },
  { title: 'HOP', cell: ({ hop }) => ({ text: hop, tone: 'strong' }) },
  { title: '', cell: ({ verdict }) => VERDICTS[verdict] },
  { title: 'OWNER', optional: true, cell: ({ owner = '' }) => owner },
  { title: 'FOUND', least: 20, cell: ({ found }) => found },
]

function renderWay({ from, to, hops, firstWrong: at }: Way, look: Look, wide: boolean): string {
  const table = renderTable(HOPS, hops, wide ? uncut(look) : look)
  const wrong = at === undefined ? undefined : hops[at]
  return [
    `\n${paint(look, 'strong', `${from} → ${to}`)}\n`,
    table.replace(/^(?=.)/gm, '  '),
    wrong === undefined ? '' : renderWrong(wrong, look),
    ...hops
      .filter(hop => hop !== wrong && hop.reason !== undefined && (wide || hop.verdict === 'right'))
      .map(({ where, hop, reason }) => renderNote(look, 'warn', `${hop} on ${where}: ${reason}`, '  ')),
  ].join('')
}

function renderWrong({ where, hop, reason = '', remedy }: PlacedHop, look: Look): string {
  const sentence = `the first hop that is wrong is the ${hop} on ${where}: ${reason}`
  return (
    renderNote(look, 'bad', sentence, '  ') +
    (remedy === undefined ? '' : renderNote(look, 'good', `→ ${remedy}`, '  '))
  )
}
