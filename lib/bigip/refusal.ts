/**
 * What is too much to be done without an operator's word: more deletions in one pass than the cap, and making an object again
 * that traffic depends on. Pure. The word names the very set (its hash), or how many. A word for a set holds for what is left
 * of it, until nothing is or something else comes to it.
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

/** A word that was found to fit, and what of the set that it names is left to do. */
export interface Word {
  readonly hash: string
  readonly left: ReadonlySet<string>
}

export interface Judgement {
  /** Undefined: all of it may be done. */
  readonly refused?: Refusal
  /** For the next judgement. */
  readonly word?: Word
}

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

/** Deletions below the cap may be done even where replacements are refused. */
export function judge(risk: Risk, cap: DeletionCap, allowance: Allowance | undefined, given?: Word): Judgement {
  const over = kindsOver(risk, cap)
  const deletions = over.length > 0 ? risk.deletions : []
  const replacements = risk.replacements.map(({ before }) => before)
  const count = deletions.length + replacements.length
  const keys = [...deletions.map(rowKey), ...risk.replacements.map(changeKey)]
  const hash = hashOf(keys)
  if (count > 0 && hash === allowance) return { word: { hash, left: new Set(keys) } }
  const word = given?.hash === allowance ? given : undefined
  if (keys.every(key => word?.left.has(key))) return word === undefined ? {} : restOf(word, risk)
  if (typeof allowance === 'number' && count <= allowance) return {}
  const reasons = [
    ...over.map(
      ([kind, some, all]) =>
        `${some} of ${all} rows of kind ${kind} would be deleted at once, more than ${cap.percent} % and than ${cap.atLeast}`,
    ),
    ...replacements.map(
      ({ kind, name }) => `${kind} ${name} would be deleted and made again, which interrupts traffic`,
    ),
  ]
  return { refused: { hash, deletions, replacements, reason: reasons.join('; ') } }
}

/** What was done, or is not to be done any more, is not covered should it come again. */
function restOf({ hash, left }: Word, risk: Risk): Judgement {
  const keys = [...risk.deletions.map(rowKey), ...risk.replacements.map(changeKey)].filter(key => left.has(key))
  return keys.length === 0 ? {} : { word: { hash, left: new Set(keys) } }
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
