/** How a row that was found differs from the one that is wanted: the one comparison of rows. Pure. */
import type { Row } from './row.ts'

export interface FieldDifference {
  /** Of the row's fields, or `description`. */
  readonly field: string
  readonly wanted: unknown
  readonly found: unknown
}

/** Whether everything that is wanted was found; what is not wanted is left alone. */
export function isAsWanted(wanted: Row, found: Row): boolean {
  if (wanted === found) return true
  if (wanted.description !== undefined && wanted.description !== found.description) return false
  const [fields, others] = [wanted.fields as Fields, found.fields as Fields]
  for (const field in fields) if (!isEqual(fields[field], others[field])) return false
  return true
}

export function differencesOf(wanted: Row, found: Row): FieldDifference[] {
  const [fields, others] = [wanted.fields as Fields, found.fields as Fields]
  const differing = Object.keys(fields)
    .filter(field => !isEqual(fields[field], others[field]))
    .map(field => ({ field, wanted: fields[field], found: others[field] }))
  return wanted.description === undefined || wanted.description === found.description
    ? differing
    : [...differing, { field: 'description', wanted: wanted.description, found: found.description }]
}

/** `macAddress aa:…:01, not aa:…:02; description none, not "podpeer cluster=c1"` */
export function renderDifferences(differences: readonly FieldDifference[]): string {
  return differences.map(({ field, wanted, found }) => `${field} is ${text(found)}, not ${text(wanted)}`).join('; ')
}

type Fields = Readonly<Record<string, unknown>>

function isEqual(one: unknown, other: unknown): boolean {
  if (one === other || one === undefined) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [some, others] = [one as Fields, other as Fields]
  const keys = Object.keys(some)
  return keys.length === Object.keys(others).length && keys.every(key => isEqual(some[key], others[key]))
}

function text(value: unknown): string {
  return value === undefined ? 'absent' : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
