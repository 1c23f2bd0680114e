/**
 * The rows of each node, kept as long as the node is the same value and as long as everything else they follow from, said in
 * one text (the context), is the same: a pass over thousands of nodes makes only the rows of those that changed.
 */
import type { Family } from '../../base/ip.ts'
import type { NodeNetwork } from '../../cni/network.ts'
import type { Exclusion } from '../finding.ts'
import type { Row } from '../row.ts'

/** What a mode says of one node: rows, or why it gets none, or not those of one family or block. */
export interface NodeAnswer {
  readonly rows?: readonly Row[]
  readonly exclusion?: Exclusion
}

/** Contexts in use at the same time: units times changes that are being applied. */
const MOST_CONTEXTS = 32
const contexts = new Map<string, WeakMap<object, unknown>>()

/** What was kept in a context, by object; the context that was asked for longest ago goes first. */
export function keptIn<K extends object, V>(context: string): WeakMap<K, V> {
  const kept = contexts.get(context) ?? new WeakMap<object, unknown>()
  contexts.delete(context)
  contexts.set(context, kept)
  if (contexts.size > MOST_CONTEXTS) contexts.delete(contexts.keys().next().value!)
  return kept as WeakMap<K, V>
}

export interface NodeRows {
  readonly rows: Row[]
  readonly exclusions: Exclusion[]
  readonly served: readonly NodeNetwork[]
}

/** @param context all that `answer` depends on beside the node */
export function nodeRows(
  nodes: readonly NodeNetwork[],
  context: string,
  answer: (node: NodeNetwork) => NodeAnswer,
): NodeRows {
  const kept = keptIn<NodeNetwork, NodeAnswer>(context)
  const rows: Row[] = []
  const exclusions: Exclusion[] = []
  const served: NodeNetwork[] = []
  for (const node of nodes) {
    const said = kept.get(node) ?? answer(node)
    kept.set(node, said)
    if (said.exclusion !== undefined) exclusions.push(said.exclusion)
    if (said.rows === undefined) continue
    served.push(node)
    for (const row of said.rows) rows.push(row)
  }
  return { rows, exclusions, served }
}

export function leaveOut({ name }: NodeNetwork, reason: string, message: string): { readonly exclusion: Exclusion } {
  return { exclusion: { kind: 'Node', name, reason, message } }
}

/** For what a node lacks: with the reason that its CNI's reader has told, or with these words. */
export function leaveOutLacking(
  node: NodeNetwork,
  what: NodeNetwork['lacks'][number]['what'],
  reason: string,
  message: string,
  family?: Family,
): { readonly exclusion: Exclusion } {
  const told = node.lacks.find(lack => lack.what === what && (lack.family ?? family) === family)
  return told === undefined ? leaveOut(node, reason, message) : leaveOut(node, told.reason, told.message)
}
