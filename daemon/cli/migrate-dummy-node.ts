/**
 * `podpeer migrate dummy-node`: away from the Node that stands for a BIG-IP in flannel's eyes. On a node its agent takes over
 * what is flannel's of the way there, so that the deletion of that Node, in which every flanneld deletes its rows, loses no
 * packet; of the cluster it says whether the Node may be deleted. It deletes no Node itself.
 */
import { reasonOf, WorldFault } from '../../lib/base/failure.ts'
import type { ControlClient } from '../control/client.ts'
import type { RowStatus, VxlanStatus } from '../control/overlay-document.ts'
import type { StandInVerdict } from '../controller/stand-ins.ts'
import type { TextOptions, View } from './output.ts'
import { type Look, paint, type Tone } from './screen.ts'
import { renderNote } from './table.ts'

export interface MigrationValue {
  /** Nothing stands against it, and all was looked at. */
  readonly ok: boolean
  readonly applied: boolean
  /** Rows of this node that lead to VTEPs; absent: no agent runs here. */
  readonly rows?: readonly MigrationRow[]
  readonly standIns: readonly StandInVerdict[]
  /** What was not looked at, and why. */
  readonly missed: readonly string[]
}

export interface MigrationRow extends Pick<RowStatus, 'kind' | 'key' | 'content' | 'status' | 'reason'> {
  readonly vtep: string
}

export interface MigrationSources {
  readonly agent: Pick<ControlClient, 'vxlan' | 'takeOver'>
  standIns(): Promise<StandInVerdict[]>
}

/** @param apply false: nothing is changed */
export function migrationView(sources: MigrationSources, apply: boolean): View<MigrationValue> {
  return { ask: () => migrate(sources, apply), text: renderMigration, steady: value => value }
}

async function migrate({ agent, standIns }: MigrationSources, apply: boolean): Promise<MigrationValue> {
  const [node, cluster] = await Promise.all([
    orMissed('this node', async () => rowsOf(apply ? await agent.takeOver() : await agent.vxlan())),
    orMissed('the Nodes of the cluster', standIns),
  ])
  const rows = node.value
  const verdicts = cluster.value ?? []
  const isReady = rows?.every(({ status }) => status === 'installed' || (!apply && status === 'served'))
  const missed = [...node.missed, ...cluster.missed]
  return {
    ok: missed.length === 0 && isReady === true && verdicts.every(({ obstacles }) => obstacles.length === 0),
    applied: apply,
    ...(rows !== undefined && { rows }),
    standIns: verdicts,
    missed,
  }
}

async function orMissed<Value>(
  what: string,
  ask: () => Promise<Value>,
): Promise<{ readonly value?: Value; readonly missed: readonly string[] }> {
  try {
    return { value: await ask(), missed: [] }
  } catch (thrown) {
    if (!(thrown instanceof WorldFault)) throw thrown
    return { missed: [`${what}: ${reasonOf(thrown)}`] }
  }
}

function rowsOf({ overlays }: VxlanStatus): MigrationRow[] {
  return overlays.flatMap(({ vteps }) =>
    vteps.flatMap(({ name, rows }) =>
      rows.map(({ kind, key, content, status, reason }) => ({
        ...{ vtep: name, kind, key, content, status },
        ...(reason !== undefined && { reason }),
      })),
    ),
  )
}

function renderMigration(value: MigrationValue, { look }: TextOptions): string {
  const { applied, rows, standIns, missed, ok } = value
  return [
    ...(rows === undefined ? [] : renderNode(rows, applied, look)),
    ...standIns.flatMap(standIn => renderStandIn(standIn, look)),
    ...(standIns.length === 0 && !missed.some(text => text.startsWith('the Nodes'))
      ? ['No Node of the cluster stands for a BIG-IP.\n']
      : []),
    ...missed.map(text => renderNote(look, 'warn', `not looked at: ${text}`, '')),
    ...(ok && !applied && rows?.some(({ status }) => status === 'served')
      ? [renderNote(look, 'plain', 'Nothing was changed. Run it with --apply, on every node.', '')]
      : []),
  ].join('')
}

function renderNode(rows: readonly MigrationRow[], applied: boolean, look: Look): string[] {
  const own = rows.filter(({ status }) => status === 'installed')
  const head = `This node: ${own.length} of ${rows.length} rows towards BIG-IP are the agent's own\n`
  const others = rows.filter(({ status }) => status !== 'installed')
  return [
    paint(look, 'strong', head),
    ...others.map(row => {
      const [tone, text] = sentence(row, applied)
      return renderNote(look, tone, `${row.vtep}: ${row.kind} ${row.key} ${row.content}: ${text}`, '  ')
    }),
  ]
}

function sentence({ status, reason = '' }: MigrationRow, applied: boolean): [Tone, string] {
  if (status !== 'served') return ['bad', reason || status]
  return applied ? ['bad', "it is still somebody else's: ask again"] : ['warn', "flannel's: it will be taken over"]
}

function renderStandIn({ node, podCIDRs, endpoints, units, obstacles }: StandInVerdict, look: Look): string[] {
  const head = `Node ${node} (${[...podCIDRs, ...endpoints].join(', ')}) stands for ${units.join(', ') || 'a device that no BIGIP names'}\n`
  if (obstacles.length === 0)
    return [
      paint(look, 'strong', head),
      renderNote(
        look,
        'good',
        `it may be deleted as soon as this command, with --apply, has ended with exit code 0 on every node: kubectl delete node ${node}`,
        '  ',
      ),
    ]
  return [
    paint(look, 'strong', head),
    renderNote(look, 'bad', 'it may not be deleted:', '  '),
    ...obstacles.flatMap(({ cause, remedy }) => [
      renderNote(look, 'plain', cause, '    '),
      renderNote(look, 'good', `→ ${remedy}`, '    '),
    ]),
  ]
}
