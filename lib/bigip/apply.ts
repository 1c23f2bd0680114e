/**
 * Operations carried out, and what is known of the device kept true meanwhile. Rules: in order, those of one level side by
 * side; asked before each write whether it may still be done; what depends on something that failed is left for the next
 * plan; where the answer was lost, or contradicts what we knew, the row is read before anything else is concluded.
 */
import { WorldFault } from '../base/failure.ts'
import type { Access } from './access.ts'
import { isAsWanted } from './difference.ts'
import { type DeviceFaultCode, isDeviceFault } from './fault.ts'
import { factsOf } from './kind.ts'
import type { Operation, RowOperation } from './operation.ts'
import { levelOf } from './plan.ts'
import { type Kind, type Row, rowKey } from './row.ts'
import type { RowIndex } from './row-index.ts'

export interface ApplyContext {
  readonly access: Access
  /** Changed as the device changes. */
  readonly actual: RowIndex
  /** Writes at the same time. */
  readonly concurrency: number
  readonly mayWrite: () => boolean
  /** Whether it was refused and has to wait, with all that depends on it. */
  readonly isHeld: (operation: Operation) => boolean
  readonly onApplied: (operation: Operation) => void
  readonly onFailed: (operation: Operation, error: WorldFault) => void
  /** An FDB record is there that somebody else has put there. */
  readonly onTaken: (row: Row) => void
  /** What is known of the device as a whole may be wrong. */
  readonly onDoubt: () => void
  /** This collection is not known any more, and has to be read. */
  readonly onStale: (kind: Kind, parent: string | undefined) => void
}

/** Faults that every other call would meet, too. */
const DEVICE_WIDE: readonly DeviceFaultCode[] = [
  'BIGIP_BUSY',
  'BIGIP_RESTARTING',
  'BIGIP_UNAUTHORIZED',
  'BIGIP_LOCKED_OUT',
  'BIGIP_TOKEN_CAP',
  'BIGIP_UNREACHABLE',
  'BIGIP_CERTIFICATE',
  'BIGIP_RESTING',
  'BIGIP_ABORTED',
]

/** @returns the fault that ended it early, of the device as a whole */
export async function apply(operations: readonly Operation[], context: ApplyContext): Promise<WorldFault | undefined> {
  const run = new Run(context)
  for (const stage of stagesOf(operations)) {
    await run.stage(stage)
    if (run.fault !== undefined || !context.mayWrite()) break
  }
  return run.fault
}

/** Neighbours in the order that may be carried out side by side. */
function stagesOf(operations: readonly Operation[]): Operation[][] {
  const stages: Operation[][] = []
  let key = ''
  for (const operation of operations) {
    const next = `${levelOf(operation)} ${operation.verb === 'delete'}`
    if (next === key) stages.at(-1)!.push(operation)
    else stages.push([operation])
    key = next
  }
  return stages
}

class Run {
  fault: WorldFault | undefined
  readonly #context: ApplyContext
  /** Keys of rows that could not be written. */
  readonly #failed = new Set<string>()
  #hasNoJournal = false

  constructor(context: ApplyContext) {
    this.#context = context
  }

  async stage(operations: readonly Operation[]): Promise<void> {
    let next = 0
    const work = async (): Promise<void> => {
      while (next < operations.length && this.fault === undefined && this.#context.mayWrite()) {
        const operation = operations[next++]!
        if (this.#context.isHeld(operation) || this.#isBlocked(operation)) this.#skip(operation)
        else await this.#carryOut(operation)
      }
    }
    const workers = Math.min(this.#context.concurrency, operations.length)
    await Promise.all(Array.from({ length: workers }, work))
  }

  async #carryOut(operation: Operation): Promise<void> {
    try {
      if (!(await this.#isAsKnown(operation))) return this.#skip(operation)
      await this.#context.access.write(operation)
      this.#learn(operation)
      this.#context.onApplied(operation)
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      this.#skip(operation)
      if (isDeviceWide(thrown)) this.fault ??= thrown
      if (await this.#reconsider(operation, thrown)) this.#context.onFailed(operation, thrown)
    }
  }

  /** The journal is one object for many records: it is written only where it still is what we read. */
  async #isAsKnown(operation: Operation): Promise<boolean> {
    const { access, actual, onDoubt } = this.#context
    if (operation.verb === 'records' || operation.row.kind !== 'data group') return true
    const [known, found] = [actual.get(operation.row), await access.find(operation.row)]
    if (known === undefined ? found === undefined : found !== undefined && isAsWanted(known, found)) return true
    onDoubt()
    return false
  }

  /** What depends on it is left, too. */
  #skip(operation: Operation): void {
    if (operation.verb === 'records' || operation.verb === 'delete') return
    this.#failed.add(rowKey(operation.row))
    this.#hasNoJournal ||= operation.row.kind === 'data group'
  }

  /** What the device holds now, if anything of it was not as we knew. @returns whether it is a failure to tell of */
  async #reconsider(operation: Operation, fault: WorldFault): Promise<boolean> {
    // something that we do not know of may be in the way
    if (isDeviceFault(fault, 'BIGIP_REFUSED')) this.#context.onDoubt()
    const isSurprise = isDeviceFault(fault, 'BIGIP_EXISTS', 'BIGIP_NOT_FOUND')
    const mayBeApplied = !isDeviceFault(fault) || fault.applied === 'unknown'
    if (!isSurprise && !mayBeApplied) return true
    if (operation.verb === 'records') {
      // the tunnel itself may be gone
      if (isSurprise) this.#context.onStale('tunnel', undefined)
      this.#context.onStale('FDB record', operation.tunnel)
      return true
    }
    try {
      const hasChanged = await this.#readAgain(operation)
      if (isDeviceFault(fault, 'BIGIP_EXISTS') && operation.row.kind === 'FDB record')
        this.#context.onTaken(operation.row)
      else if (this.#isDone(operation)) {
        this.#context.onApplied(operation)
        return false
      }
      // else something of another name is in the way, or what it refers to is gone
      if (isSurprise && !hasChanged) this.#forgetCollections(operation.row)
      return !hasChanged
    } catch (thrown) {
      if (!(thrown instanceof WorldFault)) throw thrown
      if (isDeviceWide(thrown)) this.fault ??= thrown
      this.#context.onStale(operation.row.kind, operation.row.parent)
      return true
    }
  }

  /** @returns whether one came or went that we did not know of */
  async #readAgain(operation: RowOperation): Promise<boolean> {
    const { access, actual } = this.#context
    let hasChanged = false
    for (const row of 'before' in operation ? [operation.before, operation.row] : [operation.row]) {
      const isKnown = actual.get(row) !== undefined
      const found = await access.find(row)
      hasChanged ||= isKnown !== (found !== undefined)
      if (found === undefined) actual.delete(row)
      else actual.set(found)
    }
    return hasChanged
  }

  #isDone(operation: RowOperation): boolean {
    const found = this.#context.actual.get(operation.row)
    if (operation.verb === 'delete') return found === undefined
    return found !== undefined && isAsWanted(operation.row, found)
  }

  #forgetCollections({ kind, parent }: Row): void {
    this.#context.onStale(kind, parent)
    const holder = factsOf(kind).parent
    if (holder !== undefined) this.#context.onStale(holder, undefined)
  }

  #learn(operation: Operation): void {
    const { actual } = this.#context
    if (operation.verb === 'records') return actual.replace('FDB record', operation.tunnel, operation.rows)
    if (operation.verb === 'delete') return actual.delete(operation.row)
    if (operation.verb === 'replace') actual.delete(operation.before)
    actual.set(operation.row)
  }

  /** What the journal speaks of waits for it: a record of a shared tunnel, what a virtual address had before. */
  #isBlocked(operation: Operation): boolean {
    if (this.#failed.size === 0 || operation.verb === 'delete') return false
    if (operation.verb === 'records') return this.#failed.has(rowKey({ kind: 'tunnel', name: operation.tunnel }))
    const { row } = operation
    if ((row.kind === 'FDB record' || row.kind === 'route advertisement') && this.#hasNoJournal) return true
    return factsOf(row.kind)
      .references(row)
      .some(one => this.#failed.has(rowKey(one)))
  }
}

function isDeviceWide(fault: WorldFault): boolean {
  return isDeviceFault(fault) ? DEVICE_WIDE.includes(fault.code) : fault.retry
}
