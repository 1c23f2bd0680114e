/** JSON Merge Patch, RFC 7396. Returns a new value; its arguments stay as they are. */
import { isObject, type Json } from './json.ts'

export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch
  const result = isObject(target) ? { ...target } : {}
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field]
    else result[field] = applyMergePatch(result[field], value)
  }
  return result
}
