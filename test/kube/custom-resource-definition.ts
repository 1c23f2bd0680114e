/**
 * What the server does to a CustomResourceDefinition: its defaults, its status (accepted and established at once: names are
 * never in conflict here), and what may be wrong with it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../lib/kube/object.ts'
import { ruleFault, rulesOf } from './cel-rules.ts'
import type { Definition, Version } from './custom-kinds.ts'
import { at, draft, isObject, type Json, type JsonObject, listAt, textAt } from './json.ts'
import type { Schema } from './schema.ts'
import { type Cause, invalidValue, requiredValue } from './status.ts'

/** Holds a definition until the last object of its kind is gone. */
export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'

export function normalDefinition(object: KubeObject): KubeObject {
  const copy = draft(object)
  const { spec } = copy
  if (!isObject(spec) || !isObject(spec['names']) || !Array.isArray(spec['versions'])) return object
  const kind = textAt(spec, ['names', 'kind'])
  spec['names'] = { listKind: `${kind}List`, singular: kind.toLowerCase(), ...spec['names'] }
  spec['conversion'] ??= { strategy: 'None' }
  copy['status'] = statusOf(copy, spec, spec['names'])
  return copy as unknown as KubeObject
}

function statusOf(copy: JsonObject, spec: JsonObject, names: JsonObject): JsonObject {
  const storage = textAt(
    listAt(spec, ['versions']).find(version => version['storage'] === true),
    ['name'],
  )
  const before = at(copy, ['status', 'storedVersions'])
  const storedVersions = [...new Set([...(Array.isArray(before) ? (before as Json[]) : []), storage])]
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    lastTransitionTime: textAt(copy, ['metadata', 'creationTimestamp']),
    reason,
    message,
  })
  const conditions = [
    condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
    condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
  ]
  return { conditions, acceptedNames: names, storedVersions }
}

export function definitionCauses(object: KubeObject, previous: KubeObject | undefined): Cause[] {
  const missing = ['group', 'scope', 'names', 'versions'].filter(field => at(object, ['spec', field]) === undefined)
  if (missing.length > 0) return missing.map(field => requiredValue(`spec.${field}`, ''))
  const { metadata, spec } = object as Definition
  const { group, names, scope, versions } = spec
  const causes: Cause[] = []
  for (const field of ['plural', 'kind'] as const)
    if (!names[field]) causes.push(requiredValue(`spec.names.${field}`, ''))
  if (previous === undefined && metadata.name !== `${names.plural}.${group}`)
    causes.push(invalidValue('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
  if (!['Namespaced', 'Cluster'].includes(scope))
    causes.push({
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(scope)}: supported values: "Cluster", "Namespaced"`,
      field: 'spec.scope',
    })
  if (versions.filter(version => version.storage).length !== 1)
    causes.push(invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'))
  causes.push(...approvalCauses(object, group), ...constancyCauses(spec, previous), ...schemaCausesOf(versions))
  return causes
}

function approvalCauses({ metadata }: KubeObject, group: string): Cause[] {
  const approval = 'api-approved.kubernetes.io'
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group) || metadata.annotations?.[approval]) return []
  const why = `protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`
  return [requiredValue(`metadata.annotations[${approval}]`, why)]
}

function constancyCauses(spec: Definition['spec'], previous: KubeObject | undefined): Cause[] {
  if (previous === undefined) return []
  const constant: readonly (readonly string[])[] = [['group'], ['scope'], ['names', 'kind'], ['names', 'plural']]
  return constant.flatMap(path => {
    const now = at(spec, path)
    if (now === at(previous['spec'], path)) return []
    return [invalidValue(`spec.${path.join('.')}`, now, 'field is immutable')]
  })
}

/** A schema that all versions share is told as the old API had it, in a place of its own. */
function schemaCausesOf(versions: readonly Version[]): Cause[] {
  const [first, ...others] = versions
  if (first?.schema !== undefined && others.every(({ schema }) => isDeepStrictEqual(schema, first.schema)))
    return schemaFaults(first, 'spec.validation.openAPIV3Schema')
  return versions.flatMap((version, index) => schemaFaults(version, `spec.versions[${index}].schema.openAPIV3Schema`))
}

function schemaFaults({ schema }: Version, path: string): Cause[] {
  const root = schema?.openAPIV3Schema
  if (root === undefined) return [requiredValue(path, 'schemas are required')]
  if (root.type !== 'object') return [invalidValue(`${path}.type`, root.type ?? '', 'must be object at the root')]
  return structureFaults(root, path, 'specified object fields')
}

/** Structural: every node says its type, and junctions add no new fields (those are not looked into here). */
function structureFaults(schema: Schema, path: string, of: string): Cause[] {
  const free = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
  const causes: Cause[] = []
  if (schema.type === undefined && !free) causes.push(requiredValue(`${path}.type`, `must not be empty for ${of}`))
  if (schema.type === 'array' && schema.items === undefined)
    causes.push(requiredValue(`${path}.items`, 'must be specified'))
  rulesOf(schema).forEach((rule, index) => {
    const fault = ruleFault(rule)
    if (fault === undefined) return
    const where = `${path}.x-kubernetes-validations[${index}].rule`
    causes.push(invalidValue(where, rule.rule, `compilation failed: ${fault}`))
  })
  for (const [field, inner] of Object.entries(schema.properties ?? {}))
    causes.push(...structureFaults(inner, `${path}.properties[${field}]`, 'specified object fields'))
  if (schema.items !== undefined)
    causes.push(...structureFaults(schema.items, `${path}.items`, 'specified array items'))
  if (typeof schema.additionalProperties === 'object')
    causes.push(
      ...structureFaults(schema.additionalProperties, `${path}.additionalProperties`, 'specified object fields'),
    )
  return causes
}
