/** What a person types to do the same by hand: for remedies. Pure; nothing here is ever run. */
import { KINDS } from './kind.ts'
import type { Row } from './row.ts'

/** Where rows live in another object: what tmsh calls their list. */
const LISTS: Partial<Record<Row['kind'], string>> = {
  'FDB record': 'records',
  'BGP peer group': 'peer-group',
  'BGP neighbor': 'neighbor',
}

export function tmshCreate(row: Row): string {
  const fields = settings(Object.entries(row.fields))
  if (row.parent !== undefined) return inList(row, `add { ${row.name} { ${fields} } }`)
  return `tmsh create ${KINDS[row.kind].tmsh} ${row.name} ${fields}`
}

/** @param fields of the row, with the values they shall have */
export function tmshModify(row: Row, fields: readonly (readonly [field: string, value: unknown])[]): string {
  if (row.parent !== undefined) return inList(row, `modify { ${row.name} { ${settings(fields)} } }`)
  return `tmsh modify ${KINDS[row.kind].tmsh} ${row.name} ${settings(fields)}`
}

export function tmshDelete(row: Row): string {
  if (row.parent !== undefined) return inList(row, `delete { ${row.name} }`)
  return `tmsh delete ${KINDS[row.kind].tmsh} ${row.name}`
}

function inList({ kind, parent }: Row, change: string): string {
  return `tmsh modify ${KINDS[kind].tmsh} ${parent} ${LISTS[kind]} ${change}`
}

function settings(fields: readonly (readonly [field: string, value: unknown])[]): string {
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${nameOf(field)} ${Array.isArray(value) ? `{ ${value.join(' ')} }` : value}`)
    .join(' ')
}

function nameOf(field: string): string {
  if (field === 'gateway') return 'gw'
  if (field === 'mode') return 'route-advertisement'
  return field.replace(/[A-Z]+/g, upper => `-${upper.toLowerCase()}`)
}
