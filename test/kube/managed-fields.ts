/**
 * Who manages which fields of an object: `metadata.managedFields` as values, and what a plain write makes of them. Apply has
 * a file of its own. Pure.
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import { wholeSchema } from './built-in-types.ts'
import {
  compare,
  type Difference,
  decodeFields,
  encodeFields,
  type FieldSet,
  isWithin,
  type Path,
} from './field-set.ts'
import { isObject, type Json, listAt, textAt } from './json.ts'
import type { Kind } from './kinds.ts'

/** Who writes, how and when. */
export interface Writer {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  /** RFC 3339; empty where nobody said. */
  readonly time: string
}

export interface Owner extends Writer {
  readonly fields: FieldSet
}

export function ownersOf(object: KubeObject): Owner[] {
  return listAt(object, ['metadata', 'managedFields']).flatMap(entry => {
    const fields = entry['fieldsV1']
    if (!isObject(fields)) return []
    return [
      {
        manager: textAt(entry, ['manager']),
        operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
        apiVersion: textAt(entry, ['apiVersion']),
        subresource: textAt(entry, ['subresource']),
        time: textAt(entry, ['time']),
        fields: new Set(decodeFields(fields)),
      },
    ]
  })
}

/** Writers of one manager that are told apart: an applier is one whatever version it writes. */
export function isSameWriter(a: Writer, b: Writer): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  )
}

/** The object with these owners: those without a field are left out, appliers come first. */
export function withOwners(object: KubeObject, owners: readonly Owner[]): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  const rank = ({ operation, time, manager, apiVersion, subresource }: Owner) =>
    [operation, time, manager, apiVersion, subresource].join('\n')
  const entries = owners
    .filter(({ fields }) => fields.size > 0)
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === '' ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: encodeFields(fields),
      ...(subresource === '' ? {} : { subresource }),
    }))
  return { ...object, metadata: entries.length === 0 ? metadata : { ...metadata, managedFields: entries } }
}

const SERVERS = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
]
const unmanaged = ['f:apiVersion', 'f:kind', ...SERVERS.map(field => `f:metadata\nf:${field}`)]

/** Without what nobody manages: names, and what the server sets. */
export function managed(fields: Iterable<Path>): Set<Path> {
  return new Set([...fields].filter(path => path !== 'f:metadata' && !unmanaged.some(own => isWithin(path, own))))
}

export function without(fields: FieldSet, { changed, removed }: Difference): FieldSet {
  return new Set([...fields].filter(path => !changed.has(path) && ![...removed].some(gone => isWithin(path, gone))))
}

/**
 * What a create, PUT or patch does to the managers: the writer gets what it changed, all others lose it.
 * @param before undefined for a new object
 * @param after with the managedFields that the client sent, if any
 */
export function trackUpdate(kind: Kind, before: KubeObject | undefined, after: KubeObject, writer: Writer): KubeObject {
  const sent = after.metadata['managedFields']
  // one empty entry is how a client says that nobody manages the object any more
  if (Array.isArray(sent) && sent.length === 1 && Object.keys(sent[0]).length === 0) return withOwners(after, [])
  const own = ownersOf(after)
  const owners = own.length > 0 || before === undefined ? own : ownersOf(before)
  // what nobody ever managed stays so until the first apply
  if (before !== undefined && owners.length === 0) return withOwners(after, [])
  const difference = compare(before as Json | undefined, after as unknown as Json, wholeSchema(kind), kind.custom)
  const changed = managed(difference.changed)
  const known = owners.find(owner => isSameWriter(owner, writer))
  const others = owners.filter(owner => owner !== known)
  const kept =
    known === undefined ? new Set<Path>() : without(known.fields, { changed: new Set(), removed: difference.removed })
  const time = changed.size === 0 && known !== undefined ? known.time : writer.time
  return withOwners(after, [
    ...others.map(owner => ({ ...owner, fields: without(owner.fields, difference) })),
    { ...writer, time, fields: new Set([...kept, ...changed]) },
  ])
}
