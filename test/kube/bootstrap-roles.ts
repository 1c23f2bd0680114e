/**
 * The roles and bindings that every cluster has from the start, as far as people lean on them: who may look at what the API
 * has, and the aggregated roles that a package's own ClusterRoles join by label.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import type { PolicyRule } from './rbac.ts'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }
const get = ['get']
const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
/** What a namespace holds, apart from what lets one become somebody else. */
const CONTENT: readonly PolicyRule[] = [
  {
    apiGroups: [''],
    resources: ['configmaps', 'endpoints', 'events', 'pods', 'pods/log', 'pods/status', 'serviceaccounts', 'services'],
  },
  { apiGroups: ['apps'], resources: ['daemonsets', 'deployments'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
]

function role(name: string, rules: readonly PolicyRule[], more: Record<string, string> = {}): KubeObject {
  return { apiVersion, kind: 'ClusterRole', metadata: { name, labels: { ...labels, ...more } }, rules }
}

const joins = (name: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${name}`]: 'true' })

function aggregated(name: string, more: Record<string, string> = {}): KubeObject {
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: joins(name) }] }
  return { ...role(name, [], more), aggregationRule }
}

function binding(name: string, ...groups: readonly string[]): KubeObject {
  const subjects = groups.map(group => ({ kind: 'Group', apiGroup, name: group }))
  const roleRef = { apiGroup, kind: 'ClusterRole', name }
  return { apiVersion, kind: 'ClusterRoleBinding', metadata: { name, labels }, roleRef, subjects }
}

const PUBLIC = ['/healthz', '/livez', '/readyz', '/version', '/version/']
const DISCOVERY = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', ...PUBLIC]
const REVIEWS = ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']

export const bootstrapRoles: readonly KubeObject[] = [
  role('cluster-admin', [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ]),
  aggregated('admin'),
  aggregated('edit', joins('admin')),
  aggregated('view', joins('edit')),
  role(
    'system:aggregate-to-admin',
    [{ verbs: [...READ, ...WRITE], apiGroups: [apiGroup], resources: ['rolebindings', 'roles'] }],
    joins('admin'),
  ),
  role(
    'system:aggregate-to-edit',
    [
      ...CONTENT.map(rule => ({ ...rule, verbs: WRITE })),
      { verbs: [...READ, ...WRITE], apiGroups: [''], resources: ['secrets'] },
      { verbs: ['create', 'get'], apiGroups: [''], resources: ['pods/exec'] },
      { verbs: ['create'], apiGroups: [''], resources: ['serviceaccounts/token'] },
    ],
    joins('edit'),
  ),
  role(
    'system:aggregate-to-view',
    [...CONTENT.map(rule => ({ ...rule, verbs: READ })), { verbs: READ, apiGroups: [''], resources: ['namespaces'] }],
    joins('view'),
  ),
  role('system:discovery', [{ verbs: get, nonResourceURLs: DISCOVERY }]),
  role('system:public-info-viewer', [{ verbs: get, nonResourceURLs: PUBLIC }]),
  role('system:basic-user', [
    { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: REVIEWS },
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
  ]),
  binding('cluster-admin', 'system:masters'),
  binding('system:discovery', 'system:authenticated'),
  binding('system:basic-user', 'system:authenticated'),
  binding('system:public-info-viewer', 'system:authenticated', 'system:unauthenticated'),
]
