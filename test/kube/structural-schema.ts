/**
 * What a CRD's schema does to an object before anybody judges it: unknown fields go, nulls that mean nothing go, defaults
 * come. Pure; returns new values. `metadata` of the object itself is none of its business.
 */
import { isObject, type Json, type JsonObject } from './json.ts'
import { fieldOf, type Schema } from './schema.ts'

/** Fields of an object that is one of Kubernetes': the schema may leave them out. */
const OBJECT_FIELDS = ['apiVersion', 'kind', 'metadata']

/** @param schema of the whole object */
export function conform(object: JsonObject, schema: Schema): JsonObject {
  const root = { ...schema, 'x-kubernetes-embedded-resource': true }
  return filled(pruned(object, root), root) as JsonObject
}

function pruned(value: Json, schema: Schema): Json {
  if (Array.isArray(value)) return schema.items === undefined ? value : value.map(item => pruned(item, schema.items!))
  if (!isObject(value)) return value
  const kept = Object.entries(value).flatMap(([field, inner]): [string, Json][] => {
    const known = fieldOf(schema, field)
    if (isOwnField(schema, field)) return [[field, inner]]
    if (known !== undefined) return [[field, pruned(inner, known)]]
    return keepsUnknown(schema) ? [[field, inner]] : []
  })
  return Object.fromEntries(kept)
}

function isOwnField(schema: Schema, field: string): boolean {
  return schema['x-kubernetes-embedded-resource'] === true && OBJECT_FIELDS.includes(field)
}

function keepsUnknown(schema: Schema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true
}

function filled(value: Json, schema: Schema): Json {
  if (Array.isArray(value)) return schema.items === undefined ? value : value.map(item => filled(item, schema.items!))
  if (!isObject(value)) return value
  const present = Object.entries(value).filter(([field, inner]) => {
    const known = fieldOf(schema, field)
    return inner !== null || known === undefined || known['nullable'] === true
  })
  const missing = Object.entries(schema.properties ?? {}).flatMap(([field, known]): [string, Json][] => {
    if (present.some(([name]) => name === field) || known['default'] === undefined) return []
    return [[field, structuredClone(known['default']) as Json]]
  })
  const all = [...present, ...missing].map(([field, inner]): [string, Json] => {
    const known = isOwnField(schema, field) ? undefined : fieldOf(schema, field)
    return [field, known === undefined ? inner : filled(inner, known)]
  })
  return Object.fromEntries(all)
}
