/** Fields of what iControl REST answers about routing, read without trust: what is absent is absent, what is odd is a fault. Pure. */
import { nonsenseOf } from '../fault.ts'
import type { Body } from '../row-codec.ts'

/** Undefined where it is absent or empty. */
export function text(body: Body, field: string): string | undefined {
  const value = body[field]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The device writes some numbers as texts. */
export function integer(body: Body, field: string): number | undefined {
  const value = text(body, field)
  if (value === undefined || !/^\d+$/.test(value)) return undefined
  return Number(value)
}

/** What lies under these fields; empty where one of them is absent. */
export function within(body: Body, ...fields: readonly string[]): Body {
  let found: unknown = body
  for (const field of fields) found = isBody(found) ? found[field] : undefined
  return isBody(found) ? found : {}
}

/** `field`, or the collection that `fieldReference` has expanded; empty where there is neither. */
export function itemsOf(body: Body, field: string): Body[] {
  const items = body[field] ?? within(body, `${field}Reference`)['items'] ?? []
  if (!Array.isArray(items) || !items.every(isBody))
    throw nonsenseOf('routing', `${field} of ${pathOf(body)} is no list`)
  return items
}

/** Full path, also where the device leaves it out. */
export function pathOf(body: Body): string {
  const path = text(body, 'fullPath')
  if (path?.startsWith('/') === true) return path
  return `/${text(body, 'partition') ?? 'Common'}/${nameOf(body)}`
}

export function nameOf(body: Body): string {
  const name = text(body, 'name')
  if (name === undefined) throw nonsenseOf('routing', 'an object has no name')
  return name
}

export function described(body: Body): { description?: string } {
  const description = text(body, 'description')
  return description === undefined ? {} : { description }
}

/** Full path. */
export function routeDomainOf(body: Body): string {
  return text(body, 'routeDomain') ?? '/Common/0'
}

/** A name without a path is in the partition of the object that uses it. */
export function inPartitionOf(body: Body, name: string): string {
  return name.startsWith('/') ? name : `/${text(body, 'partition') ?? 'Common'}/${name}`
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
