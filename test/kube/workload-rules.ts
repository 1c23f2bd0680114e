/** The API server's own rules for pods, for what makes them, and for roles and their bindings. */
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../lib/kube/object.ts'
import { at, draft, isObject, type JsonObject, listAt } from './json.ts'
import { formatFaults } from './names.ts'
import { type Cause, forbiddenValue, goValue, invalidValue, requiredValue } from './status.ts'

/** A pod, or what pods are made from, whose images of no or the latest tag are pulled each time. */
export function normalPods(owner: KubeObject): KubeObject {
  const copy = draft(owner)
  const path = copy['kind'] === 'Pod' ? ['spec'] : ['spec', 'template', 'spec']
  for (const container of containersOf(copy, path)) {
    const [, tag] = /:([^:/]+)$/.exec(String(container['image'] ?? '')) ?? []
    container['imagePullPolicy'] ??= tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent'
  }
  const strategy = at(copy, ['spec', 'strategy'])
  if (isObject(strategy) && strategy['type'] === 'RollingUpdate')
    strategy['rollingUpdate'] ??= { maxSurge: '25%', maxUnavailable: '25%' }
  return copy as unknown as KubeObject
}

function containersOf(value: unknown, path: readonly string[]): readonly JsonObject[] {
  return ['initContainers', 'containers'].flatMap(field => listAt(value, [...path, field]))
}

export function podCauses(pod: KubeObject, previous: KubeObject | undefined): Cause[] {
  const fixed = previous !== undefined && !isDeepStrictEqual(settled(pod), settled(previous))
  const why =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
  return [...containerCauses(pod, ['spec']), ...(fixed ? [forbiddenValue('spec', why)] : [])]
}

/** What never changes of a pod's spec. */
function settled(pod: KubeObject): JsonObject {
  const { spec } = draft(pod)
  if (!isObject(spec)) return {}
  for (const container of containersOf({ spec }, ['spec'])) delete container['image']
  const { activeDeadlineSeconds: _, tolerations: __, terminationGracePeriodSeconds: ___, ...rest } = spec
  return rest
}

function containerCauses(value: unknown, path: readonly string[]): Cause[] {
  const where = `${path.join('.')}.containers`
  const containers = listAt(value, [...path, 'containers'])
  if (containers.length === 0) return [requiredValue(where, '')]
  return containers.flatMap(({ name, image }, index) => [
    ...(name ? [] : [requiredValue(`${where}[${index}].name`, '')]),
    ...(name ? formatFaults(String(name), 'label', 63) : []).map(fault =>
      invalidValue(`${where}[${index}].name`, name, fault),
    ),
    ...(image ? [] : [requiredValue(`${where}[${index}].image`, '')]),
  ])
}

export function workloadCauses(workload: KubeObject, previous: KubeObject | undefined): Cause[] {
  const [selector, before] = [workload, previous].map(object => at(object, ['spec', 'selector']))
  const labels = at(workload, ['spec', 'template', 'metadata', 'labels']) ?? {}
  const wanted = at(selector, ['matchLabels']) ?? {}
  const matches = Object.entries(wanted).every(([key, value]) => at(labels, [key]) === value)
  const causes: Cause[] = []
  if (selector === undefined && workload.kind === 'Deployment') causes.push(requiredValue('spec.selector', ''))
  if (selector === undefined || !matches)
    causes.push(
      goCause('spec.template.metadata.labels', goValue(labels), '`selector` does not match template `labels`'),
    )
  causes.push(...containerCauses(workload, ['spec', 'template', 'spec']))
  const text = `v1.LabelSelector{MatchLabels:${goValue(wanted)}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}`
  if (previous !== undefined && !isDeepStrictEqual(selector, before))
    causes.push(goCause('spec.selector', text, 'field is immutable'))
  return causes
}

export function roleCauses(role: KubeObject): Cause[] {
  return listAt(role, ['rules']).flatMap(({ verbs }, index) =>
    Array.isArray(verbs) && verbs.length > 0
      ? []
      : [requiredValue(`rules[${index}].verbs`, 'verbs must contain at least one value')],
  )
}

export function bindingCauses(binding: KubeObject, previous: KubeObject | undefined): Cause[] {
  if (previous === undefined || isDeepStrictEqual(binding['roleRef'], previous['roleRef'])) return []
  const { apiGroup, kind, name } = binding['roleRef'] as JsonObject
  const [group, type, role] = [apiGroup, kind, name].map(text => JSON.stringify(text ?? ''))
  return [goCause('roleRef', `rbac.RoleRef{APIGroup:${group}, Kind:${type}, Name:${role}}`, 'cannot change roleRef')]
}

/** Of a value that the server prints as Go does. */
function goCause(field: string, value: string, why: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${why}`, field }
}
