/**
 * Role-based access control: what a user may do, from the roles and bindings in the store. Knows no requests and no HTTP.
 * Roles of an aggregation are joined when they are asked for; nobody is kept from granting more than he may do himself.
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import { at, isObject, listAt, textAt } from './json.ts'
import type { Store } from './store.ts'
import { serviceAccountOf, type User } from './tokens.ts'

export interface PolicyRule {
  readonly verbs?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export interface ResourceAct {
  readonly verb: string
  readonly group: string
  /** With its subresource: `pods/exec`. */
  readonly resource: string
  /** Empty for the whole cluster. */
  readonly namespace: string
  /** Empty for all. */
  readonly name: string
}

export interface PathAct {
  readonly verb: string
  readonly path: string
}

export type Act = ResourceAct | PathAct

export interface Verdict {
  readonly allowed: boolean
  /** Why; also what was wrong with bindings on the way to a no. Empty where there is nothing to say. */
  readonly reason: string
}

export function decide(store: Store, user: User, act: Act): Verdict {
  if (user.groups.includes('system:masters')) return { allowed: true, reason: '' }
  const { grants, faults } = grantsTo(store, user, 'path' in act ? '' : act.namespace)
  const grant = grants.find(({ rules }) => rules.some(rule => permits(rule, act)))
  if (grant !== undefined) return { allowed: true, reason: `RBAC: allowed by ${grant.by}` }
  return { allowed: false, reason: faults.length === 0 ? '' : `RBAC: ${faults.join(', ')}` }
}

/** All that a user may do in a namespace. */
export function rulesFor(store: Store, user: User, namespace: string): readonly PolicyRule[] {
  const all: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
  if (user.groups.includes('system:masters')) return [all, { verbs: ['*'], nonResourceURLs: ['*'] }]
  return grantsTo(store, user, namespace).grants.flatMap(({ rules }) => rules)
}

function permits(rule: PolicyRule, act: Act): boolean {
  if (!covers(rule.verbs, act.verb)) return false
  if ('path' in act)
    return (rule.nonResourceURLs ?? []).some(url =>
      url.endsWith('*') ? act.path.startsWith(url.slice(0, -1)) : url === act.path,
    )
  const { resource, group, name } = act
  const [, subresource] = resource.split('/')
  const named = rule.resourceNames ?? []
  return (
    covers(rule.apiGroups, group) &&
    (covers(rule.resources, resource) || (subresource !== undefined && covers(rule.resources, `*/${subresource}`))) &&
    (named.length === 0 || named.includes(name))
  )
}

const covers = (list: readonly string[] | undefined, one: string) =>
  list !== undefined && (list.includes('*') || list.includes(one))

interface Grant {
  readonly rules: readonly PolicyRule[]
  /** The binding, in the words of the server. */
  readonly by: string
}

interface Binding extends KubeObject {
  readonly roleRef: { readonly kind: string; readonly name: string }
  readonly subjects?: readonly Subject[]
}

interface Subject {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

function grantsTo(store: Store, user: User, namespace: string): { grants: Grant[]; faults: string[] } {
  const inNamespace = (binding: KubeObject) => namespace !== '' && binding.metadata.namespace === namespace
  const bindings = [
    ...all(store, 'clusterrolebindings'),
    ...all(store, 'rolebindings').filter(inNamespace),
  ] as readonly KubeObject[] as readonly Binding[]
  const grants: Grant[] = []
  const faults: string[] = []
  for (const binding of bindings) {
    const subject = binding.subjects?.find(one => isSubject(one, user, binding.metadata.namespace ?? ''))
    if (subject === undefined) continue
    const { kind, name } = binding.roleRef
    const role = roleOf(store, binding)
    if (role === undefined) faults.push(`${kind.toLowerCase()}.rbac.authorization.k8s.io "${name}" not found`)
    else grants.push({ rules: rulesOf(store, role), by: described(binding, subject) })
  }
  return { grants, faults }
}

const all = (store: Store, plural: string) => store.current(`rbac.authorization.k8s.io/${plural}`).objects

function roleOf(store: Store, { roleRef, metadata }: Binding): KubeObject | undefined {
  return roleRef.kind === 'ClusterRole'
    ? store.get('rbac.authorization.k8s.io/clusterroles', roleRef.name)
    : store.get('rbac.authorization.k8s.io/roles', `${metadata.namespace}/${roleRef.name}`)
}

/** @param within the aggregations that led here: roles may select each other */
function rulesOf(store: Store, role: KubeObject, within: readonly KubeObject[] = []): readonly PolicyRule[] {
  const own = (role['rules'] ?? []) as readonly PolicyRule[]
  const selectors = listAt(role, ['aggregationRule', 'clusterRoleSelectors'])
  if (selectors.length === 0) return own
  const selected = all(store, 'clusterroles').filter(({ metadata }) =>
    selectors.some(({ matchLabels }) =>
      Object.entries(isObject(matchLabels) ? matchLabels : {}).every(
        ([key, value]) => metadata.labels?.[key] === value,
      ),
    ),
  )
  // an aggregation may aggregate another: edit has all of view
  const path = [...within, role]
  return selected.flatMap(other => (path.includes(other) ? [] : rulesOf(store, other, path)))
}

function isSubject({ kind, name, namespace }: Subject, user: User, here: string): boolean {
  if (kind === 'User') return user.name === name
  if (kind === 'Group') return user.groups.includes(name)
  const account = serviceAccountOf(user.name)
  return account?.name === name && account.namespace === (namespace ?? here)
}

function described({ metadata, roleRef }: Binding, { kind, name, namespace }: Subject): string {
  const binding =
    metadata.namespace === undefined
      ? `ClusterRoleBinding "${metadata.name}"`
      : `RoleBinding "${metadata.name}/${metadata.namespace}"`
  const whom = kind === 'ServiceAccount' ? `${name}/${namespace ?? metadata.namespace}` : name
  return `${binding} of ${roleRef.kind} "${roleRef.name}" to ${kind} "${whom}"`
}

/** The act that a review asks about: `spec.resourceAttributes` or `spec.nonResourceAttributes`. */
export function actOf(spec: unknown): Act {
  const path = at(spec, ['nonResourceAttributes'])
  if (path !== undefined) return { verb: textAt(path, ['verb']), path: textAt(path, ['path']) }
  const [verb = '', group = '', resource, subresource, namespace = '', name = ''] = [
    ...['verb', 'group', 'resource', 'subresource', 'namespace', 'name'],
  ].map(field => textAt(spec, ['resourceAttributes', field]))
  return { verb, group, resource: subresource ? `${resource}/${subresource}` : (resource ?? ''), namespace, name }
}
