/** Tables: objects in the columns that the server prints for their kind. */
import type { KubeObject } from '../../lib/kube/object.ts'
import type { Kind } from './kinds.ts'

export interface ListMetadata {
  readonly resourceVersion?: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

export interface TableOptions {
  /** What a row carries beside its cells. */
  readonly row: (object: KubeObject) => object | null
  /** Milliseconds since 1970. */
  readonly now: number
  /** Later tables of a watch leave them out. */
  readonly headings: boolean
}

export function renderTable(
  kind: Kind,
  objects: readonly KubeObject[],
  metadata: ListMetadata,
  { row, now, headings }: TableOptions,
) {
  const definitions = kind.columns.map(({ name, type, format, wide, description = '' }) => ({
    name,
    type,
    format,
    description,
    priority: wide ? 1 : 0,
  }))
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: headings ? definitions : null,
    rows: objects.map(object => ({
      cells: kind.columns.map(column => column.cell(object, now)),
      object: row(object),
    })),
  }
}
