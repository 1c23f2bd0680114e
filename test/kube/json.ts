/** JSON values as the patches, selectors and rules see them: never changed in place once stored, copied before a change. */
import type { KubeObject } from '../../lib/kube/object.ts'

export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [field: string]: Json
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path such as `['status', 'conditions']`; undefined as soon as something on the way is no object. */
export function at(value: unknown, path: readonly string[]): unknown {
  let here = value
  for (const field of path) here = isObject(here) ? here[field] : undefined
  return here
}

export function textAt(value: unknown, path: readonly string[]): string {
  const found = at(value, path)
  return found === undefined || found === null ? '' : String(found)
}

export function listAt(value: unknown, path: readonly string[]): readonly JsonObject[] {
  const found = at(value, path)
  return Array.isArray(found) ? found.filter(isObject) : []
}

/** A copy of an object to be changed freely. */
export function draft(object: KubeObject): JsonObject & { metadata: JsonObject } {
  return structuredClone(object) as unknown as JsonObject & { metadata: JsonObject }
}
