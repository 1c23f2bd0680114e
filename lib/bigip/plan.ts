/**
 * What has to change on a device: rows wanted and rows found in, operations out. Pure.
 */
import type { Finding } from './finding.ts'
import type { Operation } from './operation.ts'
import type { Kind, Row } from './row.ts'

/** More deletions in one pass than both are refused until somebody allows them. */
export interface DeletionCap {
  /** Of the rows of that kind that are ours. */
  readonly percent: number
  readonly atLeast: number
}

export const DEFAULT_CAP: DeletionCap = { percent: 20, atLeast: 5 }

/** An operator's word: so many deletions in one pass, or just those of the refusal with this `hash`. */
export type Allowance = number | string

/** What an operator has to allow first. */
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

export interface Counts {
  readonly desired: number
  /** Of ours on the device. */
  readonly actual: number
  /** Rows of ours that are missing, differ or are too many. */
  readonly drift: number
}

export interface Plan {
  /** In order: parents first, deletions last and in reverse. */
  readonly operations: readonly Operation[]
  readonly refused?: Refusal
  /** Deletions that wait until all sources have synced. */
  readonly held: number
  /** Conflicts with objects of others, and expectations that are not met. */
  readonly findings: readonly Finding[]
  readonly unchanged: number
  readonly counts: ReadonlyMap<Kind, Counts>
}
