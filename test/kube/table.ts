/** Tables: objects in the columns the server prints for their kind, and the media type a client asks for them by. */
import type { KubeObject } from '../../lib/kube/object.ts'
import type { Kind } from './kinds.ts'
import { ApiError } from './status.ts'

export type Form = 'plain' | 'table'

const PLAIN = new Set(['application/json', 'application/*', '*/*'])

/** The first form of an Accept header that we have. @throws ApiError 406 */
export function negotiate(accept: string | undefined): Form {
  for (const range of (accept ?? '*/*').split(',')) {
    const [media = '', ...parameters] = range.split(';').map(part => part.trim())
    if (!PLAIN.has(media)) continue
    const as = parameters.find(parameter => parameter.startsWith('as='))
    if (as === undefined) return 'plain'
    if (as === 'as=Table' && parameters.includes('v=v1')) return 'table'
  }
  const message = 'only the following media types are accepted: application/json'
  throw new ApiError(406, 'NotAcceptable', message)
}

export interface TableMetadata {
  readonly resourceVersion?: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

export interface TableOptions {
  /** What each row carries beside its cells; the server's default is Metadata. */
  readonly include: string | null
  /** Milliseconds since 1970. */
  readonly now: number
  /** Later tables of a watch leave them out. */
  readonly headings: boolean
}

export function renderTable(
  kind: Kind,
  objects: readonly KubeObject[],
  metadata: TableMetadata,
  options: TableOptions,
) {
  const headings = kind.columns.map(({ name, type, format, wide, description = '' }) => ({
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
    columnDefinitions: options.headings ? headings : null,
    rows: objects.map(object => ({
      cells: kind.columns.map(column => column.cell(object, options.now)),
      ...(options.include === 'None' ? {} : { object: options.include === 'Object' ? object : partial(object) }),
    })),
  }
}

function partial({ metadata }: KubeObject) {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}
