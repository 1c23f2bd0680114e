/**
 * A device as rows in memory, with the rules that a reconciler meets: names and what a device has only one of, fixed fields,
 * what refers to what. Who writes is named, so that a test can forbid what is not his. Faults are put before or after the
 * work of a call.
 */
import type { Access } from '../../../lib/bigip/access.ts'
import { isAsWanted } from '../../../lib/bigip/difference.ts'
import { type Applied, DeviceFault, type DeviceFaultCode } from '../../../lib/bigip/fault.ts'
import { factsOf } from '../../../lib/bigip/kind.ts'
import type { Operation } from '../../../lib/bigip/operation.ts'
import { type Kind, type Row, type RowName, rowKey } from '../../../lib/bigip/row.ts'

/** VLANs are no rows: this one is there. */
const VLAN = '/Common/external'

export interface PlayedFault {
  readonly code: DeviceFaultCode
  /** Whether the call had done its work; then, or where `says` is unknown, the caller cannot know. */
  readonly when: 'before' | 'after'
  readonly says: Applied
}

export class MemoryDevice {
  readonly rows = new Map<string, Row>()
  /** Called before each single change of a row, with who makes it; throws what a test forbids. */
  onChange: (row: Row, by: string) => void = () => {}
  /** Asked at each call. */
  fault: (call: string) => PlayedFault | undefined = () => undefined
  readonly calls: string[] = []
  saves = 0
  #underWay = 0

  constructor(rows: readonly Row[] = []) {
    for (const row of rows) this.put(row)
  }

  get(row: RowName): Row | undefined {
    return this.rows.get(rowKey(row))
  }

  /** What a person does at the device. */
  put(row: Row): void {
    this.rows.set(rowKey(row), row)
  }

  remove(row: Row): void {
    this.rows.delete(rowKey(row))
  }

  access(by: string): Access {
    return {
      read: (kind, parent) => this.#call(`list ${kind}`, () => this.#list(kind, parent)),
      find: row => this.#call(`find ${row.kind}`, () => this.get(row)),
      write: operation =>
        this.#call(`${operation.verb} ${operation.verb === 'records' ? operation.tunnel : operation.row.kind}`, () =>
          this.#write(operation, by),
        ),
      save: () => this.#call('save', () => void this.saves++),
    }
  }

  /** Whether a call is under way. */
  get busy(): boolean {
    return this.#underWay > 0
  }

  /** A call takes a turn of the event loop, as one over a network does. */
  async #call<T>(call: string, work: () => T): Promise<T> {
    this.calls.push(call)
    const fault = this.fault(call)
    this.#underWay++
    await new Promise(resolve => setImmediate(resolve))
    this.#underWay--
    if (fault?.when !== 'before') {
      const result = work()
      if (fault === undefined) return result
    }
    throw new DeviceFault(fault.code, `${call}: ${fault.code}`, { retry: true, applied: fault.says })
  }

  #list(kind: Kind, parent?: string): Row[] {
    if (parent !== undefined && this.get({ kind: factsOf(kind).parent!, name: parent }) === undefined)
      throw refusal('BIGIP_NOT_FOUND', `${parent} was not found`)
    // copies: what came over a network is never the very object that was sent
    return [...this.rows.values()].filter(row => row.kind === kind && row.parent === parent).map(row => ({ ...row }))
  }

  #write(operation: Operation, by: string): void {
    switch (operation.verb) {
      case 'create':
        return this.#create(operation.row, by)
      case 'update':
        return this.#update(operation.row, by)
      case 'delete':
        if (this.get(operation.row) !== undefined) this.#delete(operation.row, by)
        return
      case 'replace': {
        const before = new Map(this.rows)
        try {
          this.#delete(operation.before, by)
          this.#create(operation.row, by)
        } catch (thrown) {
          this.rows.clear()
          for (const [key, row] of before) this.rows.set(key, row)
          throw thrown
        }
        return
      }
      case 'records': {
        this.#need('tunnel', operation.tunnel)
        const wanted = new Map(operation.rows.map(row => [row.name, row]))
        for (const row of this.#list('FDB record', operation.tunnel)) {
          const next = wanted.get(row.name)
          if (next !== undefined && isAsWanted(next, row)) continue
          this.onChange(this.get(row)!, by)
          this.rows.delete(rowKey(row))
        }
        for (const row of operation.rows) if (this.get(row) === undefined) this.#create(row, by)
      }
    }
  }

  #create(row: Row, by: string): void {
    if (row.parent !== undefined) this.#need(factsOf(row.kind).parent!, row.parent)
    if (this.get(row) !== undefined) throw refusal('BIGIP_EXISTS', `${row.name} already exists`)
    this.#checkUnique(row)
    this.#checkReferences(row)
    this.onChange(row, by)
    this.put(row)
  }

  #update(row: Row, by: string): void {
    const before = this.get(row)
    if (before === undefined) throw refusal('BIGIP_NOT_FOUND', `${row.name} was not found`)
    const fixed = factsOf(row.kind).fixed(row, before)
    if (fixed !== undefined) throw refusal('BIGIP_REFUSED', fixed)
    this.#checkReferences(row)
    this.onChange(before, by)
    this.put({ ...before, ...row, fields: { ...before.fields, ...row.fields } } as Row)
  }

  #delete(row: Row, by: string): void {
    const before = this.get(row)
    if (before === undefined) throw refusal('BIGIP_NOT_FOUND', `${row.name} was not found`)
    for (const other of this.rows.values())
      if (needs(other, row)) throw refusal('BIGIP_REFUSED', `${row.name} is used by ${other.name}`)
    this.onChange(before, by)
    this.remove(before)
  }

  #need(kind: Kind, name: string): void {
    if (this.get({ kind, name }) === undefined) throw refusal('BIGIP_NOT_FOUND', `${name} was not found`)
  }

  #checkUnique(row: Row): void {
    const { unique } = factsOf(row.kind)
    if (unique === undefined) return
    for (const other of this.rows.values())
      if (other.kind === row.kind && unique(other) === unique(row))
        throw refusal('BIGIP_REFUSED', `${row.name} has the ${unique(row)} of ${other.name}`)
  }

  #checkReferences(row: Row): void {
    for (const one of factsOf(row.kind).references(row))
      if (one.name !== VLAN && this.get(one) === undefined)
        throw refusal('BIGIP_REFUSED', `${row.name} refers to ${one.name}, which is not there`)
  }
}

function refusal(code: DeviceFaultCode, message: string): DeviceFault {
  return new DeviceFault(code, message, { retry: false, applied: 'no' })
}

/** Whether the first needs the second to be there. */
export function needs(row: Row, { kind, name, parent }: RowName): boolean {
  return factsOf(row.kind)
    .references(row)
    .some(one => one.kind === kind && one.name === name && one.parent === parent)
}
