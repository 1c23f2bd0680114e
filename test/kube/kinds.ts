/**
 * The table of kinds: a row says all that is particular to one kind. Everything else in the stand-in is the same for all.
 * The rows themselves: built-in-kinds, and served-kinds for those of CRDs.
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import type { Column } from './columns.ts'
import type { JsonObject } from './json.ts'
import type { Circumstances } from './rules.ts'
import type { Schema } from './schema.ts'
import type { Cause } from './status.ts'

/** Beside `/status`: such as `pods/exec`, whose options are of another kind than the Pod. */
export interface Subresource {
  readonly name: string
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly verbs: readonly string[]
}

export interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly namespaced: boolean
  /** What its objects may be called; `path`: whatever fits into a URL. */
  readonly names: 'subdomain' | 'label' | 'serviceName' | 'path'
  /** Such as `all`, of `kubectl get all`. */
  readonly categories: readonly string[]
  readonly columns: readonly Column[]
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly fields: readonly string[]
  /** Of one CustomResourceDefinition: no strategic merge patch, and items of lists say what they are. */
  readonly custom: boolean
  /** Whether `metadata.generation` counts changes of all but metadata and status. */
  readonly generation: boolean
  /** Of the whole object; undefined where anything goes. */
  readonly schema?: Schema
  /** What it can be asked for. What can only be created is answered, and never stored. */
  readonly verbs: readonly string[]
  readonly subresources: readonly Subresource[]
  /** Whether it has `/status`; writes to the object itself then leave the status alone. */
  readonly status: boolean
  /** What a new object's status is, where the server does not take it from the client. */
  readonly initialStatus?: JsonObject
  /** A finalizer that the server itself puts on what is deleted: something else has to go first. */
  readonly cleanup?: string
  /** PUT of an object that is not there makes it. */
  readonly createOnUpdate: boolean
  /** What the server gives to a new object, a draft that may be changed. */
  readonly created?: (object: JsonObject, given: Circumstances) => void
  /** Conversion and defaults, before anything is compared or stored. */
  readonly normal?: (object: KubeObject, previous?: KubeObject) => KubeObject
  /** Its deletion is answered by the object itself. */
  readonly returnsDeleted?: true
  /** What is wrong with it, as a new object or as an update. */
  readonly causes?: (object: KubeObject, previous: KubeObject | undefined) => readonly Cause[]
}

export const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

export function apiVersionOf(kind: Kind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** Where objects of a kind are kept in the store. */
export function collectionOf(kind: Kind): string {
  return kind.group === '' ? kind.plural : `${kind.group}/${kind.plural}`
}
