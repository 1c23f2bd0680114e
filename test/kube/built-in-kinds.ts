/** The rows of the kinds that the server itself has. */
import {
  configMapColumns,
  endpointSliceColumns,
  eventColumns,
  leaseColumns,
  namespaceColumns,
  nodeColumns,
  podColumns,
  serviceColumns,
} from './columns.ts'
import type { Kind } from './kinds.ts'
import { nodeCauses, normalNode } from './node-rules.ts'

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
    custom: false,
    generation: false,
    ...kind,
    merge: { ...metadataMerge, ...kind.merge },
  }
}

export const builtInKinds: readonly Kind[] = [
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
