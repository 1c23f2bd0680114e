/**
 * The table of kinds: a row says all that is particular to one kind. Everything else in the stand-in is the same for all.
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import {
  type Column,
  configMapColumns,
  endpointSliceColumns,
  eventColumns,
  leaseColumns,
  namespaceColumns,
  nodeColumns,
  podColumns,
  serviceColumns,
} from './columns.ts'
import type { JsonObject } from './json.ts'
import { nodeCauses, normalNode } from './node-rules.ts'
import type { Cause } from './status.ts'

/** How a strategic merge patch joins a list: objects told apart by a key, or a set of scalars. */
export type ListMerge = { readonly key: string } | 'set'

export interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly namespaced: boolean
  /** Of `kubectl get all`. */
  readonly categories: readonly string[]
  readonly columns: readonly Column[]
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly fields: readonly string[]
  /** Whether it has `/status`; writes to the object itself then leave the status alone. */
  readonly status: boolean
  /** What a new object's status is, where the server does not take it from the client. */
  readonly initialStatus?: JsonObject
  /** PUT of an object that is not there makes it. */
  readonly createOnUpdate: boolean
  /** Lists that a strategic merge patch merges, by path (list items leave no trace in it). Others are replaced. */
  readonly merge: Readonly<Record<string, ListMerge>>
  /** Conversion and defaults, before anything is compared or stored. */
  readonly normal?: (object: KubeObject) => KubeObject
  /** What is wrong with it, as a new object or as an update. */
  readonly causes?: (object: KubeObject, previous: KubeObject | undefined) => readonly Cause[]
}

const metadataMerge: Kind['merge'] = { 'metadata.ownerReferences': { key: 'uid' }, 'metadata.finalizers': 'set' }

function row(kind: Partial<Kind> & Pick<Kind, 'kind' | 'plural' | 'columns'>): Kind {
  return {
    group: '',
    version: 'v1',
    singular: kind.kind.toLowerCase(),
    shortNames: [],
    namespaced: true,
    categories: [],
    fields: [],
    status: false,
    createOnUpdate: false,
    ...kind,
    merge: { ...metadataMerge, ...kind.merge },
  }
}

export const kinds: readonly Kind[] = [
  row({
    kind: 'Node',
    plural: 'nodes',
    shortNames: ['no'],
    namespaced: false,
    columns: nodeColumns,
    fields: ['spec.unschedulable'],
    status: true,
    merge: {
      'spec.podCIDRs': 'set',
      'status.addresses': { key: 'type' },
      'status.conditions': { key: 'type' },
    },
    normal: normalNode,
    causes: nodeCauses,
  }),
  row({
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    columns: podColumns,
    fields: ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
    status: true,
    initialStatus: { phase: 'Pending', qosClass: 'BestEffort' },
    merge: {
      'spec.containers': { key: 'name' },
      'spec.initContainers': { key: 'name' },
      'spec.containers.env': { key: 'name' },
      'spec.containers.ports': { key: 'containerPort' },
      'spec.containers.volumeMounts': { key: 'mountPath' },
      'spec.initContainers.env': { key: 'name' },
      'spec.initContainers.volumeMounts': { key: 'mountPath' },
      'spec.volumes': { key: 'name' },
      'spec.imagePullSecrets': { key: 'name' },
      'spec.hostAliases': { key: 'ip' },
      'status.conditions': { key: 'type' },
    },
  }),
  row({
    kind: 'Service',
    plural: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    columns: serviceColumns,
    fields: ['spec.clusterIP', 'spec.type'],
    status: true,
    initialStatus: { loadBalancer: {} },
    merge: { 'spec.ports': { key: 'port' }, 'status.conditions': { key: 'type' } },
  }),
  row({
    kind: 'Namespace',
    plural: 'namespaces',
    shortNames: ['ns'],
    namespaced: false,
    columns: namespaceColumns,
    fields: ['status.phase'],
    status: true,
    initialStatus: { phase: 'Active' },
    merge: { 'status.conditions': { key: 'type' } },
  }),
  row({ kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'], columns: configMapColumns }),
  row({
    kind: 'Event',
    plural: 'events',
    shortNames: ['ev'],
    columns: eventColumns,
    createOnUpdate: true,
    fields: [
      ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
        field => `involvedObject.${field}`,
      ),
      'reason',
      'reportingComponent',
      'source',
      'type',
    ],
  }),
  row({
    group: 'coordination.k8s.io',
    kind: 'Lease',
    plural: 'leases',
    columns: leaseColumns,
    createOnUpdate: true,
  }),
  row({
    group: 'discovery.k8s.io',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    columns: endpointSliceColumns,
  }),
]

export function apiVersionOf(kind: Kind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** Where objects of a kind are kept in the store. */
export function collectionOf(kind: Kind): string {
  return kind.group === '' ? kind.plural : `${kind.group}/${kind.plural}`
}
