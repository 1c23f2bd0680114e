/**
 * One device made right and kept right: the shell around `plan`. It keeps what the device holds between resyncs from its own
 * writes, so that a change of what is wanted is planned in memory and written at once.
 */
import type { Access } from './access.ts'
import type { Finding } from './finding.ts'
import type { Operation } from './operation.ts'
import type { Identity } from './ownership.ts'
import type { Allowance, Counts, DeletionCap, Plan, Refusal } from './plan.ts'
import type { Kind, Row } from './row.ts'

/** What a device shall hold; a Desire of a mode has the first two. */
export interface Wanted {
  readonly rows: readonly Row[]
  readonly expectations: readonly Row[]
  /** Whether all sources are read: nothing is deleted before. */
  readonly synced: boolean
  /** Full paths of tunnels whose FDB records are all ours, beside those that are among `rows`. */
  readonly exclusiveTunnels?: readonly string[]
  /** Full paths of tunnels among `rows` that others write records to, too. */
  readonly sharedTunnels?: readonly string[]
  /** With `adopt: cis`: rows of CIS within these prefixes are this cluster's, so that they go where nothing wants them. */
  readonly podNetworks?: readonly string[]
  /** Kinds that the device cannot hold now (no dynamic routing): neither read nor written. */
  readonly unavailable?: readonly Kind[]
}

export interface DeviceOptions {
  /** Of the unit, for status and events. */
  readonly name: string
  readonly access: Access
  readonly identity: Identity
  readonly cap?: DeletionCap
  /** Milliseconds between two readings of the whole; default 30,000. */
  readonly resync?: number
  /** Milliseconds after which changes that need no save at once are saved; default 60,000. */
  readonly saveDelay?: number
  /** Writes at the same time; default 4. */
  readonly concurrency?: number
  /** Asked before each write: false stops it. */
  readonly lead: () => boolean
  readonly onEvent?: (event: DeviceEvent) => void
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** In [0, 1). */
  readonly random?: () => number
}

export interface FieldDifference {
  readonly field: string
  readonly wanted: unknown
  readonly found: unknown
}

export type DeviceEvent =
  /** All collections were read. */
  | { readonly type: 'synced'; readonly rows: number; readonly milliseconds: number }
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
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** All of them, whenever they have changed. */
  | { readonly type: 'findings'; readonly findings: readonly Finding[] }
  /** The device as a whole does not answer as it should; tried again in `retryIn` milliseconds. */
  | { readonly type: 'fault'; readonly error: Error; readonly retryIn: number }
  | { readonly type: 'saved' }

/** What one pass did. */
export interface Outcome {
  readonly plan: Plan
  readonly applied: number
  readonly failed: readonly { readonly operation: Operation; readonly error: Error }[]
  /** Nothing is left to do but what is refused, held or in conflict. */
  readonly converged: boolean
}

export interface DeviceStatus {
  readonly name: string
  readonly phase: 'waiting' | 'syncing' | 'in sync' | 'writing' | 'failing' | 'following'
  readonly kinds: ReadonlyMap<Kind, Counts>
  /** Sums of `kinds`. */
  readonly objects: Counts
  /** Milliseconds since the epoch, as the others. */
  readonly lastResync?: number
  /** When the device was last known to be as wanted. */
  readonly lastSync?: number
  readonly lastError?: { readonly message: string; readonly at: number }
  readonly refused?: Refusal
  readonly findings: readonly Finding[]
  /** Since the start: rows put right that others had changed, and writes. */
  readonly repairs: number
  readonly writes: number
  readonly unsaved: boolean
}

export class Device {
  readonly #options: DeviceOptions

  constructor(options: DeviceOptions) {
    this.#options = options
  }

  /** Replaces what is wanted; written at once where the device runs. */
  want(wanted: Wanted): void {
    throw new Error(`not written yet: ${wanted.synced}`)
  }

  /** The operator's word, until it is taken back. */
  allow(allowance: Allowance | undefined): void {
    throw new Error(`not written yet: ${allowance}`)
  }

  /** From here on it follows `want` and resyncs by itself. */
  start(): void {
    throw new Error('not written yet')
  }

  /** Reads the device and says what would change. @throws DeviceFault */
  async plan(): Promise<Plan> {
    throw new Error('not written yet')
  }

  /** One whole pass: reads the device and makes it right. @throws DeviceFault */
  async apply(options: { readonly allowDeletions?: Allowance } = {}): Promise<Outcome> {
    throw new Error(`not written yet: ${options.allowDeletions}`)
  }

  status(): DeviceStatus {
    throw new Error(`not written yet: ${this.#options.name}`)
  }

  /** Lets writes under way end, and begins no more. */
  async close(): Promise<void> {
    throw new Error('not written yet')
  }
}
