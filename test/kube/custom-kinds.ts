/** The kinds that one CustomResourceDefinition defines: a row for each version that it serves. */
import type { KubeObject } from '../../lib/kube/object.ts'
import { hasRules, ruleCauses } from './cel-rules.ts'
import type { JsonObject } from './json.ts'
import type { Kind } from './kinds.ts'
import { type PrinterColumn, printedColumns } from './printer-columns.ts'
import type { Schema } from './schema.ts'
import { schemaCauses } from './schema-validation.ts'
import { type Cause, invalidValue } from './status.ts'
import { conform } from './structural-schema.ts'

export interface Names {
  readonly kind: string
  readonly plural: string
  readonly singular?: string
  readonly listKind?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

export interface Version {
  readonly name: string
  readonly served: boolean
  readonly storage: boolean
  readonly schema?: { readonly openAPIV3Schema?: Schema }
  readonly subresources?: { readonly status?: object }
  readonly additionalPrinterColumns?: readonly PrinterColumn[]
  readonly selectableFields?: readonly { readonly jsonPath: string }[]
}

/** Checked when it was written: see custom-resource-definition. */
export interface Definition extends KubeObject {
  readonly spec: {
    readonly group: string
    readonly scope: 'Namespaced' | 'Cluster'
    readonly names: Names
    readonly versions: readonly Version[]
  }
}

/** In the order of their versions: the first is what clients prefer. */
export function kindsOf(definition: Definition): Kind[] {
  const versions = definition.spec.versions.filter(version => version.served)
  return versions.toSorted((a, b) => comparePriority(a.name, b.name)).map(version => kindOf(definition, version))
}

/** As for all kinds, in the order in which the server tells them of custom ones. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']

function kindOf({ metadata, spec: { group, scope, names } }: Definition, version: Version): Kind {
  const terminating = metadata.deletionTimestamp !== undefined
  const schema = version.schema?.openAPIV3Schema ?? { 'x-kubernetes-preserve-unknown-fields': true }
  return {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    namespaced: scope === 'Namespaced',
    names: 'subdomain',
    categories: names.categories ?? [],
    columns: printedColumns(version.additionalPrinterColumns),
    fields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, '')),
    custom: true,
    generation: true,
    schema,
    verbs: CUSTOM_VERBS.filter(verb => verb !== 'create' || !terminating),
    subresources: [],
    status: version.subresources?.status !== undefined,
    createOnUpdate: false,
    normal: object => conform(object as unknown as JsonObject, schema) as unknown as KubeObject,
    causes: (object, previous) => causesOf(object, previous, schema),
  }
}

/** These keep the server from judging CEL rules: they might trip over what is not there. */
const BLOCKING = /Required|TooLong|TooMany|TypeInvalid|NotSupported/

function causesOf(object: KubeObject, previous: KubeObject | undefined, schema: Schema): readonly Cause[] {
  const value = object as unknown as JsonObject
  const causes = schemaCauses(value, schema, '')
  if (!hasRules(schema)) return causes
  if (causes.some(({ reason }) => BLOCKING.test(reason))) {
    const why =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
    return [...causes, invalidValue('<nil>', 'null', why)]
  }
  return [...causes, ...ruleCauses(value, previous as unknown as JsonObject | undefined, schema, '')]
}

/** v2 before v1, v1 before v1beta2, that before v1alpha1; other names come last, by the alphabet. */
function comparePriority(a: string, b: string): number {
  const rank = (name: string) => {
    const [, major, stage, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name) ?? []
    if (major === undefined) return [0, 0, 0]
    return [stage === undefined ? 3 : stage === 'beta' ? 2 : 1, Number(major), Number(minor ?? 0)]
  }
  const [left, right] = [rank(a), rank(b)]
  const differing = left.findIndex((part, index) => part !== right[index])
  return differing === -1 ? a.localeCompare(b) : right[differing]! - left[differing]!
}
