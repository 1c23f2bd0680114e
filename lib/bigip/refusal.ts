/**
 * What is too much to be done without an operator's word: more deletions in one pass than the cap, and making an object again
 * that traffic depends on. Pure. The word names the very set (its hash), or how many.
 */
import { createHash } from 'node:crypto'
import type { Kind, Row } from './row.ts'
import { rowKey } from './row.ts'

/** More deletions of one kind in one pass than both are refused until somebody allows them. */
export interface DeletionCap {
  /** Of the rows of that kind that are ours. */
  readonly percent: number
  readonly atLeast: number
}

export const DEFAULT_CAP: DeletionCap = { percent: 20, atLeast: 5 }

/** An operator's word: so many deletions and replacements in one pass, or just those of the refusal with this `hash`. */
export type Allowance = number | string

export interface Refusal {
  /** Names just this set of changes: 12 hexadecimal digits. */
  readonly hash: string
  /** What would go. */
  readonly deletions: readonly Row[]
  /** What would be deleted and made again, and interrupts traffic (a tunnel: it gets another MAC address). */
  readonly replacements: readonly Row[]
  /** A sentence. */
  readonly reason: string
}

export interface Risk {
  readonly deletions: readonly Row[]
  readonly replacements: readonly { readonly row: Row; readonly before: Row }[]
  /** By kind, how many rows are ours. */
  readonly ours: ReadonlyMap<Kind, number>
}

/** Undefined: all of it may be done. Deletions below the cap may be done even where replacements are refused. */
export function refuse(risk: Risk, cap: DeletionCap, allowance: Allowance | undefined): Refusal | undefined {
  const over = kindsOver(risk, cap)
  const deletions = over.length > 0 ? risk.deletions : []
  const replacements = risk.replacements.map(({ before }) => before)
  const count = deletions.length + replacements.length
  if (count === 0) return undefined
  const hash = hashOf([...deletions.map(rowKey), ...risk.replacements.map(changeKey)])
  if (typeof allowance === 'number' ? count <= allowance : hash === allowance) return undefined
  const reasons = [
    ...over.map(
      ([kind, some, all]) =>
        `${some} of ${all} rows of kind ${kind} would be deleted at once, more than ${cap.percent} % and than ${cap.atLeast}`,
    ),
    ...replacements.map(
      ({ kind, name }) => `${kind} ${name} would be deleted and made again, which interrupts traffic`,
    ),
  ]
  return { hash, deletions, replacements, reason: reasons.join('; ') }
}

function kindsOver({ deletions, ours }: Risk, cap: DeletionCap): [kind: Kind, some: number, all: number][] {
  const byKind = new Map<Kind, number>()
  for (const { kind } of deletions) byKind.set(kind, (byKind.get(kind) ?? 0) + 1)
  return Array.from(byKind, ([kind, some]): [Kind, number, number] => [kind, some, ours.get(kind) ?? some]).filter(
    ([, some, all]) => some > cap.atLeast && some * 100 > cap.percent * all,
  )
}

/** A word for one change of an object is none for the next. */
function changeKey({ row, before }: Risk['replacements'][number]): string {
  return [rowKey(before), JSON.stringify(before.fields), rowKey(row), JSON.stringify(row.fields)].join('\t')
}

function hashOf(keys: readonly string[]): string {
  return createHash('sha256').update(keys.toSorted().join('\n')).digest('hex').slice(0, 12)
}
