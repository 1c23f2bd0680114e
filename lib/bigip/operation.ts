/** One change to a device, as a value: what a plan is made of, what an access carries out, what people are shown. */
import type { Row } from './row.ts'

export type Operation = RowOperation | RecordsOperation

export type RowOperation =
  | { readonly verb: 'create'; readonly row: Row; readonly reason: string }
  /** `row` has the name of what is there, so that an adopted object keeps its own; the same for `replace` unless it has to change. */
  | { readonly verb: 'update'; readonly row: Row; readonly before: Row; readonly reason: string }
  /** Delete `before` and create `row`, both or neither. */
  | { readonly verb: 'replace'; readonly row: Row; readonly before: Row; readonly reason: string }
  | { readonly verb: 'delete'; readonly row: Row; readonly reason: string }

/** The whole list of an exclusive tunnel's FDB records in one write. */
export interface RecordsOperation {
  readonly verb: 'records'
  /** Full path of the tunnel. */
  readonly tunnel: string
  /** All that it shall hold afterwards. */
  readonly rows: readonly Row<'FDB record'>[]
  /** The single writes that it stands for. */
  readonly operations: readonly RowOperation[]
  /** How many of them come, change and go. */
  readonly changes: { readonly create: number; readonly update: number; readonly delete: number }
  readonly reason: string
}
