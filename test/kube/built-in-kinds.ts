/** The rows of the kinds that the server itself has. */
import type { KubeObject } from '../../lib/kube/object.ts'
import { builtInType, omitEmpty } from './built-in-types.ts'
import {
  configMapColumns,
  createdColumns,
  daemonSetColumns,
  deploymentColumns,
  endpointSliceColumns,
  eventColumns,
  ingressColumns,
  leaseColumns,
  namespaceColumns,
  nodeColumns,
  podColumns,
  roleBindingColumns,
  secretColumns,
  serviceAccountColumns,
  serviceColumns,
} from './columns.ts'
import { configMapCauses, normalSecret, secretCauses } from './config-rules.ts'
import { CLEANUP, definitionCauses, normalDefinition } from './custom-resource-definition.ts'
import { eventCauses } from './event-rules.ts'
import type { JsonObject } from './json.ts'
import { type Kind, type Subresource, VERBS } from './kinds.ts'
import { leaseCauses } from './lease-rules.ts'
import { nodeCauses, normalNode } from './node-rules.ts'
import { createdNamespace, createdService, normalService, serviceCauses } from './service-rules.ts'
import { conform } from './structural-schema.ts'
import { bindingCauses, normalPods, podCauses, roleCauses, workloadCauses } from './workload-rules.ts'

function row(kind: Partial<Kind> & Pick<Kind, 'kind' | 'plural' | 'columns'>): Kind {
  const schema = builtInType(kind.kind)
  return {
    group: '',
    version: 'v1',
    singular: kind.kind.toLowerCase(),
    shortNames: [],
    namespaced: true,
    names: 'subdomain',
    categories: [],
    fields: [],
    verbs: VERBS,
    subresources: [],
    status: false,
    createOnUpdate: false,
    custom: false,
    generation: false,
    ...kind,
    schema,
    normal: (object, previous) => {
      const typed = omitEmpty(conform(object as unknown as JsonObject, schema), schema) as unknown as KubeObject
      return kind.normal?.(typed, previous) ?? typed
    },
  }
}

const exec: Subresource = { name: 'exec', group: '', version: 'v1', kind: 'PodExecOptions', verbs: ['create', 'get'] }
const token: Subresource = {
  ...{ name: 'token', group: 'authentication.k8s.io', version: 'v1' },
  ...{ kind: 'TokenRequest', verbs: ['create'] },
}

function reviewRow(group: string, kind: string): Kind {
  return row({ group, kind, plural: `${kind.toLowerCase()}s`, namespaced: false, columns: [], verbs: ['create'] })
}

const rbac = { group: 'rbac.authorization.k8s.io', createOnUpdate: true, names: 'path' } as const
const pods = { normal: normalPods, causes: workloadCauses }
const workload = { ...pods, group: 'apps', categories: ['all'], status: true, generation: true, initialStatus: {} }

export const builtInKinds: readonly Kind[] = [
  row({
    kind: 'Node',
    plural: 'nodes',
    shortNames: ['no'],
    namespaced: false,
    columns: nodeColumns,
    fields: ['spec.unschedulable'],
    status: true,
    normal: normalNode,
    causes: nodeCauses,
  }),
  row({
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    columns: podColumns,
    ...{ normal: normalPods, causes: podCauses, returnsDeleted: true },
    fields: [
      ...['nodeName', 'restartPolicy', 'schedulerName', 'serviceAccountName', 'hostNetwork'].map(
        field => `spec.${field}`,
      ),
      ...['phase', 'podIP', 'podIPs', 'nominatedNodeName'].map(field => `status.${field}`),
    ],
    status: true,
    initialStatus: { phase: 'Pending', qosClass: 'BestEffort' },
    subresources: [exec],
  }),
  row({
    kind: 'Service',
    plural: 'services',
    names: 'serviceName',
    shortNames: ['svc'],
    categories: ['all'],
    columns: serviceColumns,
    created: createdService,
    normal: normalService,
    causes: serviceCauses,
    fields: ['spec.clusterIP', 'spec.type'],
    status: true,
    initialStatus: { loadBalancer: {} },
  }),
  row({
    kind: 'Namespace',
    plural: 'namespaces',
    names: 'label',
    verbs: VERBS.filter(verb => verb !== 'deletecollection'),
    shortNames: ['ns'],
    namespaced: false,
    columns: namespaceColumns,
    created: createdNamespace,
    fields: ['status.phase'],
    status: true,
    initialStatus: { phase: 'Active' },
  }),
  row({
    kind: 'ConfigMap',
    plural: 'configmaps',
    shortNames: ['cm'],
    columns: configMapColumns,
    causes: configMapCauses,
  }),
  row({
    ...{ kind: 'Secret', plural: 'secrets', columns: secretColumns, fields: ['type'] },
    ...{ normal: normalSecret, causes: secretCauses },
  }),
  row({
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    shortNames: ['sa'],
    columns: serviceAccountColumns,
    subresources: [token],
  }),
  row({
    kind: 'Event',
    plural: 'events',
    shortNames: ['ev'],
    columns: eventColumns,
    causes: eventCauses,
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
    causes: leaseCauses,
    createOnUpdate: true,
  }),
  row({
    group: 'discovery.k8s.io',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    columns: endpointSliceColumns,
    generation: true,
  }),
  row({ ...workload, kind: 'DaemonSet', plural: 'daemonsets', shortNames: ['ds'], columns: daemonSetColumns }),
  row({ ...workload, kind: 'Deployment', plural: 'deployments', shortNames: ['deploy'], columns: deploymentColumns }),
  row({
    group: 'networking.k8s.io',
    kind: 'Ingress',
    plural: 'ingresses',
    shortNames: ['ing'],
    columns: ingressColumns,
    status: true,
    generation: true,
    initialStatus: { loadBalancer: {} },
  }),
  reviewRow('authorization.k8s.io', 'SelfSubjectAccessReview'),
  reviewRow('authorization.k8s.io', 'SelfSubjectRulesReview'),
  reviewRow('authorization.k8s.io', 'SubjectAccessReview'),
  reviewRow('authentication.k8s.io', 'SelfSubjectReview'),
  row({ ...rbac, kind: 'Role', plural: 'roles', causes: roleCauses, columns: createdColumns }),
  row({
    ...rbac,
    kind: 'ClusterRole',
    plural: 'clusterroles',
    causes: roleCauses,
    namespaced: false,
    columns: createdColumns,
  }),
  row({ ...rbac, kind: 'RoleBinding', plural: 'rolebindings', causes: bindingCauses, columns: roleBindingColumns }),
  row({
    ...rbac,
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    causes: bindingCauses,
    namespaced: false,
    columns: roleBindingColumns,
  }),
  row({
    group: 'apiextensions.k8s.io',
    kind: 'CustomResourceDefinition',
    plural: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    namespaced: false,
    columns: createdColumns,
    status: true,
    generation: true,
    initialStatus: {},
    cleanup: CLEANUP,
    normal: normalDefinition,
    causes: definitionCauses,
  }),
]
