/** Statistics documents of iControl REST: `entries` of `nestedStats` of `entries`, any number deep, with values at the ends. Pure. */
import type { Json, JsonObject } from './exchange.ts'

export interface Statistic {
  /** Keys from the top, such as `…/sys/license/0/active-modules` and then `"Best Bundle"`. */
  readonly path: readonly string[]
  /** `value` or `description` of the entry; absent where it is there to hold others, or for its name alone. */
  readonly value?: string
}

export function* statisticsOf(document: JsonObject, path: readonly string[] = []): Generator<Statistic> {
  for (const [key, entry] of Object.entries(objectOf(document['entries']))) {
    const { nestedStats, description, value = description } = objectOf(entry)
    const here = [...path, key]
    yield { path: here, ...(typeof value === 'string' || typeof value === 'number' ? { value: String(value) } : {}) }
    yield* statisticsOf(objectOf(nestedStats), here)
  }
}

/** The first value under one of these names. */
export function statistic(document: JsonObject, ...names: readonly string[]): string | undefined {
  for (const { path, value } of statisticsOf(document))
    if (value !== undefined && names.includes(path.at(-1)!)) return value
  return undefined
}

/** The fields of an object; none of anything else. */
export function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}
