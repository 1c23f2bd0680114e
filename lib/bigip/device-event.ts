/** What a Device tells and what it shows: values for logs, metrics, Events and status. */
import type { FieldDifference } from './difference.ts'
import type { Finding } from './finding.ts'
import type { Operation } from './operation.ts'
import type { Counts, Plan } from './plan.ts'
import type { Refusal } from './refusal.ts'
import type { Kind, Row } from './row.ts'

export type DeviceEvent =
  /** All collections were read. */
  | { readonly type: 'synced'; readonly rows: number; readonly milliseconds: number }
  /** Before something is written; not where nothing has to be. */
  | { readonly type: 'planned'; readonly plan: Plan }
  | { readonly type: 'applied'; readonly operation: Operation; readonly milliseconds: number }
  /** One operation failed; the others go on. */
  | { readonly type: 'failed'; readonly operation: Operation; readonly error: Error }
  /** Somebody else changed a row of ours since we read or wrote it; `found` undefined: it was deleted. */
  | {
      readonly type: 'drift'
      readonly row: Row
      readonly found: Row | undefined
      readonly differences: readonly FieldDifference[]
    }
  /** Whenever it has changed. */
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** All of them, whenever they have changed. */
  | { readonly type: 'findings'; readonly findings: readonly Finding[] }
  /** The device as a whole does not answer as it should; tried again in `retryIn` milliseconds. */
  | { readonly type: 'fault'; readonly error: Error; readonly retryIn: number }
  | { readonly type: 'saved' }

/** What one pass did. */
export interface Outcome {
  /** As it was before anything was written. */
  readonly plan: Plan
  readonly applied: number
  readonly failed: readonly { readonly operation: Operation; readonly error: Error }[]
  /** Nothing is left to do but what is refused, held or in conflict. */
  readonly converged: boolean
}

export interface DeviceStatus {
  readonly name: string
  /**
   * `waiting`: it does not know yet what is wanted; `syncing`: what is there is not read yet; `writing`: changes are left to
   * be made; `failing`: the device does not answer as it should; `following`: another writes.
   */
  readonly phase: 'waiting' | 'syncing' | 'in sync' | 'writing' | 'failing' | 'following'
  readonly kinds: ReadonlyMap<Kind, Counts>
  /** Sums of `kinds`. */
  readonly objects: Counts
  /** Milliseconds since 1970, as the others: when all was read. */
  readonly lastResync?: number
  /** When the device was last known to be as wanted. */
  readonly lastSync?: number
  readonly lastError?: { readonly message: string; readonly at: number }
  readonly refused?: Refusal
  /** Deletions that wait until all sources have synced. */
  readonly held: number
  readonly findings: readonly Finding[]
  /** Since the start: rows of ours that others had changed, and writes. */
  readonly repairs: number
  readonly writes: number
  /** Whether the device has changes of ours that a reboot would lose. */
  readonly unsaved: boolean
}
