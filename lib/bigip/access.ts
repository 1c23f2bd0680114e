/**
 * How rows are read from a device and written to it. The engine knows only this; REST is one (`rest-access.ts`), imish for
 * the BGP of a legacy device another (`routing/imish-access.ts`), a map in memory a third (tests).
 */
import type { Operation } from './operation.ts'
import type { Kind, Row, RowName } from './row.ts'

export interface Access {
  /**
   * One list of one collection, in normal form, whoever's its rows are.
   * @param parent full path of the object that holds them, for the kinds that live in one
   * @throws DeviceFault; never a partial list, never an empty one instead of a failure
   */
  read(kind: Kind, parent?: string): Promise<Row[]>
  /** One row as it is now; undefined: it is not there. Asked where the answer to a write was lost. @throws DeviceFault */
  find(row: RowName): Promise<Row | undefined>
  /** @throws DeviceFault: nothing was changed, except where its `applied` is `unknown` */
  write(operation: Operation): Promise<void>
  /** The running configuration outlives a reboot from here on. @throws DeviceFault */
  save(): Promise<void>
}

/** `routing` serves `kinds`, `rest` all others: a legacy device, whose BGP is not in REST. */
export function splitAccess(rest: Access, routing: Access, kinds: ReadonlySet<Kind>): Access {
  const serving = (kind: Kind) => (kinds.has(kind) ? routing : rest)
  return {
    read: (kind, parent) => serving(kind).read(kind, parent),
    find: row => serving(row.kind).find(row),
    write: operation => serving(operation.verb === 'records' ? 'FDB record' : operation.row.kind).write(operation),
    save: async () => {
      await rest.save()
      await routing.save()
    },
  }
}
