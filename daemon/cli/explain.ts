/** `podpeer explain PREFIX|IP`: what became of a route and why: its paths, whom it is told to, the kernel. */
import type { ControlClient } from '../control/client.ts'
import type { AdvertisementExplanation, Explanation, PathExplanation } from '../control/document.ts'
import type { TextOptions, View } from './output.ts'
import { toneOf } from './routes.ts'
import { type Look, paint } from './screen.ts'
import { type Column, renderNote, renderTable } from './table.ts'

export function explainView(client: ControlClient, target: string): View<Explanation> {
  return { ask: () => client.explain(target), text: renderExplanation, steady: explanation => explanation }
}

export function renderExplanation(explanation: Explanation, { look, wide }: TextOptions): string {
  const { target, prefix, paths, advertised, kernel } = explanation
  const text = [paint(look, 'strong', headline(target, prefix)), '\n']
  if (prefix !== undefined) {
    text.push(title(look, 'Paths'), paths.map((path, at) => renderPath(path, at, look, wide)).join(''))
    text.push(title(look, 'Advertised'))
    text.push(indent(renderTable(ADVERTISED, advertised, look)) || '  no peer is configured\n')
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
  const from = path.peer === undefined ? 'originates here' : `from ${path.peer} (${path.source})`
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
    wide && path.originatorId !== undefined ? `originator ${path.originatorId}` : '',
    wide && path.clusterList?.length ? `cluster list ${path.clusterList.join(' ')}` : '',
  ]
  return lines.join('') + renderNote(look, 'faint', attributes.filter(Boolean).join(', '), '     ')
}

const ADVERTISED: readonly Column<AdvertisementExplanation>[] = [
  { title: 'TO', cell: row => ({ text: row.peer, tone: 'strong' }) },
  { title: 'SENT', cell: row => ({ text: row.advertised ? 'yes' : 'no', tone: row.advertised ? 'good' : 'plain' }) },
  { title: 'BECAUSE', cell: row => row.reason },
]

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
