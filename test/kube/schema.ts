/**
 * Schemas as the API publishes them: OpenAPI v3 with Kubernetes' extensions. Those of built-in kinds and those of CRDs are
 * of one form, so that server-side apply, strategic merge patch, field validation and `kubectl explain` know only this.
 */

export interface Schema {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
  /** The one key of a strategic merge patch: apply may need more (port and protocol). */
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  /** Our own, of built-in types only: the type's name, the field's number in protobuf, that of the message it is inlined from. */
  readonly 'x-type'?: string
  readonly 'x-number'?: number
  readonly 'x-inside'?: number
  /** Of a number or boolean: whether zero is something else than absent. */
  readonly 'x-optional'?: boolean
  /** Bounds, enumerations, CEL rules and whatever else a CRD says: read where they are enforced. */
  readonly [keyword: string]: unknown
}

/** What a field of an object is; undefined when the schema does not know it. */
export function fieldOf(schema: Schema | undefined, field: string): Schema | undefined {
  const { properties = {}, additionalProperties } = schema ?? {}
  if (Object.hasOwn(properties, field)) return properties[field]
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}
