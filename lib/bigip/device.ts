/**
 * One device made right and kept right: the shell around `plan`. It keeps what the device holds between resyncs from its own
 * writes, so that a change of what is wanted is planned in memory and written at once. Rules:
 * - one pass at a time; a change that comes while one writes makes it plan anew, with what is not written yet;
 * - a fault leaves what is wanted as it is, and the device alone for a while;
 * - nothing is written without `lead()`, which is asked before each call; a follower reads and plans all the same.
 */
import { backoff } from '../base/backoff.ts'
import { reasonOf, WorldFault } from '../base/failure.ts'
import type { Access } from './access.ts'
import { apply } from './apply.ts'
import { type Clock, systemClock } from './clock.ts'
import type { DeviceEvent, DeviceStatus, Outcome } from './device-event.ts'
import { DeviceReader, parentsOf, type ReadingScope } from './device-reader.ts'
import { isAsWanted } from './difference.ts'
import { isDeviceFault } from './fault.ts'
import { HoldOff } from './hold-off.ts'
import { isDescribable, KINDS } from './kind.ts'
import type { Operation } from './operation.ts'
import { hasTag, type Identity, tagged } from './ownership.ts'
import { type Counts, type Plan, type PlanInput, plan } from './plan.ts'
import type { TunnelShares } from './record-owners.ts'
import type { Allowance, DeletionCap } from './refusal.ts'
import { type Kind, type Row, rowKey } from './row.ts'
import { RowIndex } from './row-index.ts'

export type { DeviceEvent, DeviceStatus, Outcome }

/** What a device shall hold: what a mode's Desire says, and whether its sources are read. */
export interface Wanted extends TunnelShares {
  /** Those without our tag get it, where the kind has a description. */
  readonly rows: readonly Row[]
  readonly expectations: readonly Row[]
  /** Whether all sources are read: nothing is deleted before. */
  readonly synced: boolean
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
  /** Must not throw. */
  readonly onEvent?: (event: DeviceEvent) => void
  readonly clock?: Clock
}

const RESYNC = 30_000
const SAVE_DELAY = 60_000
const CONCURRENCY = 4
const RETRY = { first: 500, most: 60_000 }
/** Each finds something left to do only where the device held what we did not know. */
const MOST_ROUNDS = 8
const nothing: Wanted = { rows: [], expectations: [], synced: false }

export class Device {
  readonly #options: DeviceOptions
  readonly #clock: Clock
  readonly #actual = new RowIndex()
  readonly #reader: DeviceReader
  readonly #holdOff = new HoldOff()
  /** Wanted rows that came without our tag → with it. */
  readonly #tagged = new WeakMap<Row, Row>()
  #wanted: Wanted | undefined
  #desired: readonly Row[] = []
  #parents: ReadingScope['parents'] = new Map()
  /** By key, FDB records that are there, made by others in the moment in which we wanted to. */
  readonly #taken = new Map<string, Row>()
  /** Counts what was ever wanted or allowed: a pass that began with less plans anew. */
  #wishes = 0
  #allowance: Allowance | undefined
  /** The pass under way, and those that wait for it. */
  #turn: Promise<unknown> = Promise.resolve()
  #running = false
  /** Whether the last pass might write. */
  #led = false
  #closed = false
  #cancelTimer = () => {}
  #wakeAt = Number.POSITIVE_INFINITY
  #resyncAt = 0
  #failures = 0
  /** Nothing new makes a device that failed be asked before. */
  #restsUntil = 0
  #unsavedSince: number | undefined
  #mustSave = false
  #plan: Plan | undefined
  #told = ''
  #refusal = ''
  #status: Pick<DeviceStatus, 'lastResync' | 'lastSync' | 'lastError'> = {}
  #repairs = 0
  #writes = 0

  constructor(options: DeviceOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#reader = new DeviceReader(options.access, this.#actual, options.identity)
  }

  /** Replaces what is wanted; written at once where the device runs. */
  want(wanted: Wanted): void {
    this.#wanted = wanted
    this.#desired = wanted.rows.map(row => this.#withTag(row))
    this.#parents = parentsOf([...wanted.rows, ...wanted.expectations])
    this.#wishes++
    this.#wake(0)
  }

  /** The operator's word, until it is taken back. */
  allow(allowance: Allowance | undefined): void {
    if (this.#allowance === allowance) return
    this.#allowance = allowance
    this.#wishes++
    this.#wake(0)
  }

  /** From here on it follows `want` and resyncs by itself. */
  start(): void {
    this.#running = true
    this.#wake(0)
  }

  /** Reads everything anew, and writes what then has to be written: a lease was won, say. */
  resync(): void {
    this.#reader.doubt()
    this.#wake(0)
  }

  /** Reads the device and says what would change. @throws WorldFault */
  plan(): Promise<Plan> {
    return this.#exclusively(async () => {
      this.#reader.doubt()
      await this.#read()
      return this.#planned()
    })
  }

  /** One whole pass: reads the device and makes it right. @throws WorldFault */
  apply({ allowDeletions }: { readonly allowDeletions?: Allowance } = {}): Promise<Outcome> {
    return this.#exclusively(async () => {
      this.#reader.doubt()
      this.#holdOff.forgive()
      try {
        const outcome = await this.#pass(allowDeletions ?? this.#allowance)
        this.#restsUntil = 0
        if (!this.#running) await this.#saveIfDue('now')
        return outcome
      } finally {
        this.#wake(0)
      }
    })
  }

  status(): DeviceStatus {
    const kinds = this.#plan?.counts ?? new Map<Kind, Counts>()
    const objects = { desired: 0, actual: 0, drift: 0 }
    for (const { desired, actual, drift } of kinds.values()) {
      objects.desired += desired
      objects.actual += actual
      objects.drift += drift
    }
    return {
      name: this.#options.name,
      phase: this.#phase,
      kinds,
      objects,
      ...this.#status,
      ...(this.#plan?.refused !== undefined && { refused: this.#plan.refused }),
      held: this.#plan?.held ?? 0,
      findings: this.#plan?.findings ?? [],
      repairs: this.#repairs,
      writes: this.#writes,
      unsaved: this.#unsavedSince !== undefined,
    }
  }

  /** Lets writes under way end, and begins no more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer()
    await this.#turn
  }

  get #phase(): DeviceStatus['phase'] {
    if (this.#failures > 0) return 'failing'
    if (this.#wanted === undefined) return 'waiting'
    if (this.#plan === undefined) return 'syncing'
    if (!this.#options.lead()) return 'following'
    return this.#plan.operations.length > 0 ? 'writing' : 'in sync'
  }

  #withTag(row: Row): Row {
    const { identity } = this.#options
    if (!isDescribable(row.kind) || hasTag(row, identity)) return row
    const known = this.#tagged.get(row)
    if (known !== undefined) return known
    const made = { ...row, description: tagged(identity, row.description) } as Row
    this.#tagged.set(row, made)
    return made
  }

  /** One at a time, in the order asked. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }

  /** Sees to it that a pass begins in so many milliseconds at the latest. */
  #wake(milliseconds: number): void {
    const now = this.#clock.now()
    const at = Math.max(now + milliseconds, this.#restsUntil)
    if (!this.#running || this.#closed || at >= this.#wakeAt) return
    this.#cancelTimer()
    this.#wakeAt = at
    this.#cancelTimer = this.#clock.after(at - now, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY
      this.#exclusively(() => this.#work()).catch(thrown => {
        // a bug of ours is nobody's to catch
        setImmediate(() => {
          throw thrown
        })
      })
    })
  }

  async #work(): Promise<void> {
    if (this.#closed || this.#wanted === undefined) return
    if (this.#clock.now() >= this.#resyncAt) this.#reader.doubt()
    const wishes = this.#wishes
    let isDone: boolean
    try {
      const { converged } = await this.#pass(this.#allowance)
      isDone = converged || !this.#mayWrite
      await this.#saveIfDue()
      this.#failures = 0
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      return this.#rest(thrown)
    }
    const now = this.#clock.now()
    if (this.#wishes !== wishes) return this.#wake(0)
    const saveAt = this.#unsavedSince === undefined ? Number.POSITIVE_INFINITY : this.#unsavedSince + this.#saveDelay
    const next = Math.min(this.#resyncAt, saveAt, isDone ? Number.POSITIVE_INFINITY : this.#retryAt(now))
    this.#wake(Math.max(1, next - now))
  }

  /** When what is left may be tried again. */
  #retryAt(now: number): number {
    const held = this.#holdOff.deadline(now)
    return held === Number.POSITIVE_INFINITY ? now + RETRY.first : held
  }

  /** What is wanted stays; the device is asked again later, and read anew then, unless it was only busy. */
  #rest(fault: WorldFault): void {
    if (!isDeviceFault(fault, 'BIGIP_BUSY')) this.#reader.doubt()
    const known = isDeviceFault(fault) ? (fault.retryAfter ?? 0) : 0
    const retryIn = Math.max(known, backoff(RETRY, this.#failures++, this.#clock.random()))
    const now = this.#clock.now()
    this.#status = { ...this.#status, lastError: { message: reasonOf(fault), at: now } }
    this.#tell({ type: 'fault', error: fault, retryIn })
    this.#restsUntil = now + retryIn
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#wake(retryIn)
  }

  /** Reads what is not known, and writes until nothing is left that can be. @throws WorldFault */
  async #pass(allowance: Allowance | undefined): Promise<Outcome> {
    const failed: { readonly operation: Operation; readonly error: Error }[] = []
    let applied = 0
    let first: Plan | undefined
    let left: Plan | undefined
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const leads = this.#mayWrite
      // another has written up to now
      if (leads && !this.#led) this.#reader.doubt()
      this.#led = leads
      this.#reader.doubtUnread(this.#scope)
      if (this.#reader.isStale) await this.#read()
      const now = this.#planned(allowance)
      first ??= now
      const isHeld = (operation: Operation) => this.#holdOff.isWaiting(keyOf(operation), this.#clock.now())
      if (now.operations.every(isHeld) || !leads) {
        left = now
        break
      }
      const before = applied + failed.length
      this.#tell({ type: 'planned', plan: now })
      const wishes = this.#wishes
      const starts = this.#clock.now()
      const fault = await apply(now.operations, {
        access: this.#options.access,
        actual: this.#actual,
        concurrency: this.#options.concurrency ?? CONCURRENCY,
        mayWrite: () => this.#mayWrite && this.#wishes === wishes,
        isHeld,
        onApplied: operation => {
          applied++
          this.#onApplied(operation, this.#clock.now() - starts)
        },
        onFailed: (operation, error) => {
          failed.push({ operation, error })
          this.#onFailed(operation, error)
        },
        onTaken: row => this.#taken.set(rowKey(row), row),
        onDoubt: () => this.#reader.doubt(),
        onStale: (kind, parent) => this.#reader.doubtCollection(kind, parent),
      })
      if (fault !== undefined) throw fault
      const isStuck = applied + failed.length === before && !this.#reader.isStale && this.#wishes === wishes
      // all that is left depends on what has to wait
      if (isStuck) break
    }
    left ??= this.#planned(allowance)
    const converged = left.operations.length === 0
    if (converged) this.#status = { ...this.#status, lastSync: this.#clock.now() }
    return { plan: first ?? left, applied, failed, converged }
  }

  get #mayWrite(): boolean {
    return !this.#closed && this.#options.lead()
  }

  get #scope(): ReadingScope & Wanted {
    const wanted = this.#wanted ?? nothing
    return { ...wanted, desired: this.#desired, parents: this.#parents, taken: this.#taken }
  }

  #planned(allowance = this.#allowance): Plan {
    const { identity, cap } = this.#options
    const input: PlanInput = {
      ...this.#scope,
      actual: this.#actual,
      identity,
      allowance,
      word: this.#plan?.word,
      ...(cap !== undefined && { cap }),
    }
    this.#plan = plan(input)
    this.#tellFindings(this.#plan)
    return this.#plan
  }

  /** @throws WorldFault */
  async #read(): Promise<void> {
    const starts = this.#clock.now()
    const drifts = await this.#reader.read(this.#scope)
    this.#share()
    for (const [key, row] of this.#taken) if (this.#actual.get(row) === undefined) this.#taken.delete(key)
    if (drifts === undefined) return
    const now = this.#clock.now()
    const interval = this.#options.resync ?? RESYNC
    this.#resyncAt = now + interval * (0.9 + this.#clock.random() / 5)
    this.#status = { ...this.#status, lastResync: now }
    this.#tell({ type: 'synced', rows: this.#actual.size, milliseconds: now - starts })
    for (const drift of drifts) this.#tell({ type: 'drift', ...drift })
    this.#repairs += drifts.length
  }

  /** What is as wanted is one object in memory, and equal at a glance. */
  #share(): void {
    for (const row of this.#desired) {
      const found = this.#actual.get(row)
      if (found !== undefined && found !== row && isAsWanted(row, found)) this.#actual.set(row)
    }
  }

  #onApplied(operation: Operation, milliseconds: number): void {
    this.#writes++
    this.#holdOff.settled(keyOf(operation))
    this.#unsavedSince ??= this.#clock.now()
    if (operation.verb !== 'records' && KINDS[operation.row.kind].structural) this.#mustSave = true
    this.#tell({ type: 'applied', operation, milliseconds })
  }

  #onFailed(operation: Operation, error: WorldFault): void {
    const at = this.#clock.now()
    this.#holdOff.refused(keyOf(operation), at, this.#clock.random())
    this.#status = { ...this.#status, lastError: { message: reasonOf(error), at } }
    this.#tell({ type: 'failed', operation, error })
  }

  get #saveDelay(): number {
    return this.#options.saveDelay ?? SAVE_DELAY
  }

  async #saveIfDue(when?: 'now'): Promise<void> {
    if (this.#unsavedSince === undefined || !this.#mayWrite) return
    if (!this.#mustSave && when !== 'now' && this.#clock.now() < this.#unsavedSince + this.#saveDelay) return
    await this.#options.access.save()
    this.#unsavedSince = undefined
    this.#mustSave = false
    this.#tell({ type: 'saved' })
  }

  #tellFindings({ findings, refused }: Plan): void {
    const told = JSON.stringify(findings)
    if (told !== this.#told) this.#tell({ type: 'findings', findings })
    this.#told = told
    if (refused !== undefined && refused.hash !== this.#refusal) this.#tell({ type: 'refused', refusal: refused })
    this.#refusal = refused?.hash ?? ''
  }

  #tell(event: DeviceEvent): void {
    this.#options.onEvent?.(event)
  }
}

function keyOf(operation: Operation): string {
  return operation.verb === 'records' ? `records\t${operation.tunnel}` : rowKey(operation.row)
}
