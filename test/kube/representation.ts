/**
 * Objects and lists as text in the form that a client asks for: as they are, as a Table, or their metadata alone. Knows the
 * media types of the Accept header, no sockets.
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import type { Kind } from './kinds.ts'
import type { ResourceRequest } from './request.ts'
import { ApiError, badRequest } from './status.ts'
import { type ListMetadata, renderTable } from './table.ts'
import { listText, objectText } from './text.ts'

export type Form = 'plain' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList'

const PLAIN = new Set(['application/json', 'application/*', '*/*'])
const FORMS: readonly Form[] = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']

/** The first form of an Accept header that we have. @throws ApiError 406 */
export function negotiate(accept: string | undefined): Form {
  for (const range of (accept ?? '*/*').split(',')) {
    const [media = '', ...parameters] = range.split(';').map(part => part.trim())
    if (!PLAIN.has(media)) continue
    const as = parameters.find(parameter => parameter.startsWith('as='))
    if (as === undefined) return 'plain'
    const form = FORMS.find(known => as === `as=${known}`)
    if (form !== undefined && parameters.includes('v=v1')) return form
  }
  throw notAcceptable('only the following media types are accepted: application/json')
}

const notAcceptable = (message: string) => new ApiError(406, 'NotAcceptable', message)

type Representation = Pick<ResourceRequest, 'kind' | 'form' | 'query'>

/** @throws ApiError 406 where the form is that of a list */
export function renderObject({ kind, form, query }: Representation, object: KubeObject): string {
  switch (form) {
    case 'plain':
      return objectText(kind, object)
    case 'Table': {
      const { resourceVersion = '' } = object.metadata
      return JSON.stringify(renderTable(kind, [object], { resourceVersion }, tableOptions(query)))
    }
    case 'PartialObjectMetadata':
      return JSON.stringify(partial(object))
    case 'PartialObjectMetadataList':
      throw notAcceptable(`you requested ${form}, but the requested object is not a list (${goType(kind)})`)
  }
}

/** @throws ApiError 406 where the form is that of one object */
export function renderList(
  { kind, form, query }: Representation,
  metadata: ListMetadata,
  items: readonly KubeObject[],
): string {
  switch (form) {
    case 'plain':
      return listText(kind, metadata, items)
    case 'Table':
      return JSON.stringify(renderTable(kind, items, metadata, tableOptions(query)))
    case 'PartialObjectMetadata':
      throw notAcceptable(`you requested ${form}, but the requested object is a list (${goType(kind)}List)`)
    case 'PartialObjectMetadataList':
      return JSON.stringify({ kind: form, apiVersion: 'meta.k8s.io/v1', metadata, items: items.map(partial) })
  }
}

/** The events of one watch; its Tables name their columns once. */
export function eventRenderer({ kind, form, query }: Representation): (type: string, object: KubeObject) => string {
  if (form === 'plain') return (type, object) => `{"type":"${type}","object":${objectText(kind, object)}}`
  if (form !== 'Table') return (type, object) => JSON.stringify({ type, object: partial(object) })
  let headings = true
  return (type, object) => {
    const rows = type === 'BOOKMARK' ? [] : [object]
    const { resourceVersion = '' } = object.metadata
    const table = renderTable(kind, rows, { resourceVersion }, { ...tableOptions(query), headings })
    headings = false
    return JSON.stringify({ type, object: table })
  }
}

const INCLUDED = ['Metadata', 'Object', 'None']

function tableOptions(query: URLSearchParams) {
  const include = query.get('includeObject') || 'Metadata'
  if (!INCLUDED.includes(include))
    throw badRequest(
      `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(include)}: must be 'Metadata', 'Object', 'None', or empty`,
    )
  const row = include === 'Metadata' ? partial : (object: KubeObject) => (include === 'Object' ? object : null)
  return { row, now: Date.now(), headings: true }
}

function partial({ metadata }: KubeObject) {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}

/** What the server calls a type in these texts. */
function goType({ kind, group, custom }: Kind): string {
  if (custom) return '*unstructured.Unstructured'
  return `*${group === '' ? 'core' : group.split('.')[0]}.${kind}`
}
