/** What is wrong with the metadata of an object, in the server's words. */
import type { KubeObject } from '../../lib/kube/object.ts'
import type { Kind } from './kinds.ts'
import { formatFaults, keyFaults, labelValueFaults } from './names.ts'
import { type Cause, forbiddenValue, goValue, invalidValue, requiredValue } from './status.ts'

const STANDARD_FINALIZERS = ['orphan', 'foregroundDeletion', 'kubernetes']

/** @param previous of an update */
export function metadataCauses(kind: Kind, { metadata }: KubeObject, previous: KubeObject | undefined): Cause[] {
  const { name, labels = {}, annotations = {}, finalizers = [] } = metadata
  if (!name) return [requiredValue('metadata.name', 'name or generateName is required')]
  return [
    ...each('metadata.name', name, nameFaults(kind, name)),
    ...Object.keys(annotations).flatMap(key => each('metadata.annotations', key, keyFaults(key.toLowerCase()))),
    ...finalizers.flatMap((finalizer, index) => finalizerCauses(`metadata.finalizers[${index}]`, finalizer)),
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...each('metadata.labels', key, keyFaults(key)),
      ...each('metadata.labels', value, labelValueFaults(value)),
    ]),
    ...freshFinalizers(metadata, previous),
  ]
}

function each(field: string, value: string, faults: readonly string[]): Cause[] {
  return faults.map(fault => invalidValue(field, value, fault))
}

function nameFaults({ names }: Kind, name: string): string[] {
  if (names !== 'path') return formatFaults(name, names, names === 'subdomain' ? 253 : 63)
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return ['/', '%'].filter(sign => name.includes(sign)).map(sign => `may not contain '${sign}'`)
}

function finalizerCauses(field: string, finalizer: string): Cause[] {
  const faults = each(field, finalizer, keyFaults(finalizer))
  if (faults.length > 0 || finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) return faults
  return each(field, finalizer, ['name is neither a standard finalizer name nor is it fully qualified'])
}

/** What is being deleted may only be let go. */
function freshFinalizers({ finalizers = [] }: KubeObject['metadata'], previous: KubeObject | undefined): Cause[] {
  if (previous?.metadata.deletionTimestamp === undefined) return []
  const fresh = finalizers.filter(name => !previous.metadata.finalizers?.includes(name))
  if (fresh.length === 0) return []
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${goValue(fresh)}`
  return [forbiddenValue('metadata.finalizers', why)]
}
