/**
 * Fields and types of what a client sends, as the server's decoder sees them: values of a wrong type, fields that the schema
 * does not know, fields that a text has twice. Says so in the decoder's words; changes nothing.
 */
import { isObject, type Json } from './json.ts'
import { fieldOf, type Schema } from './schema.ts'

/** A value that the server's own types do not take. */
export interface TypeFault {
  readonly value: Json
  readonly schema: Schema
  /** The server's name of the type that it should have, or what is wrong with it as a text of that type; the type it is in. */
  readonly wanted: string
  readonly struct: string
  /** Such as `spec.ports.port`. */
  readonly path: string
}

/** The first value of a wrong type; undefined when there is none. */
export function typeFault(value: Json, schema: Schema, struct: string, path = ''): TypeFault | undefined {
  if (value === null) return undefined
  if (Array.isArray(value) && schema.type === 'array')
    return firstFault(value, item => typeFault(item, schema.items ?? {}, struct, path))
  if (isObject(value) && schema.type === 'object') {
    const owner = schema['x-type'] ?? struct
    return firstFault(Object.entries(value), ([field, inner]) => {
      const below = schema.properties === undefined ? path : path === '' ? field : `${path}.${field}`
      return typeFault(inner, fieldOf(schema, field) ?? {}, owner, below)
    })
  }
  const wanted = wantedType(value, schema) ?? textFault(value, schema)
  return wanted === undefined ? undefined : { value, schema, wanted, struct, path }
}

/** In the words of the server's decoder. */
export function renderFault({ value, schema, struct, path, wanted }: TypeFault): string {
  // of a text that does not read as what it should be, the decoder does not say where it is
  if (typeof value === 'string' && schema.type === 'string') return wanted
  return `json: cannot unmarshal ${nameOf(value, schema)} into Go struct field ${struct}.${path} of type ${wanted}`
}

function firstFault<T>(items: readonly T[], judge: (item: T) => TypeFault | undefined): TypeFault | undefined {
  for (const item of items) {
    const fault = judge(item)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** The server's name of the type that a value has not. */
function wantedType(value: Json, schema: Schema): string | undefined {
  switch (schema.type) {
    case 'string':
      if (typeof value === 'string') return undefined
      return schema.format === 'byte' ? '[]uint8' : (schema['x-type'] ?? 'string')
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'bool'
    case 'integer':
      return Number.isInteger(value) ? undefined : schema.format
    case 'array':
      return `[]${goType(schema.items ?? {})}`
    case 'object':
      return goType(schema)
    default:
      return undefined
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** What is wrong with a text that stands for something else. */
function textFault(value: Json, { format, 'x-type': type }: Schema): string | undefined {
  if (typeof value !== 'string') return undefined
  if (format === 'byte' && !BASE64.test(value))
    return `illegal base64 data at input byte ${value.search(/[^A-Za-z0-9+/]|$/)}`
  if (format !== 'date-time' || RFC3339.test(value)) return undefined
  const layout = `2006-01-02T15:04:05${type === 'MicroTime' ? '.000000' : ''}Z07:00`
  return `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(value)} as "2006"`
}

function goType({ type, format, additionalProperties, 'x-type': name }: Schema): string {
  if (name !== undefined) return `v1.${name}`
  if (type === 'object')
    return `map[string]${typeof additionalProperties === 'object' ? goType(additionalProperties) : ''}`
  if (format === 'byte') return '[]uint8'
  return type === 'integer' ? (format ?? 'int') : type === 'boolean' ? 'bool' : (type ?? 'string')
}

function nameOf(value: Json, schema: Schema): string {
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return schema.type === 'integer' ? `number ${value}` : 'number'
  return Array.isArray(value) ? 'array' : typeof value
}

/** Paths such as `spec.ports[0].foo` of fields that the schema has not. */
export function unknownFields(value: Json, schema: Schema, path = ''): string[] {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? [] : value.flatMap((item, index) => unknownFields(item, items, `${path}[${index}]`))
  }
  if (!isObject(value)) return []
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true
  return Object.entries(value).flatMap(([field, inner]) => {
    const known = fieldOf(schema, field)
    const below = path === '' ? field : `${path}.${field}`
    if (known !== undefined) return unknownFields(inner, known, below)
    return open || schema.type !== 'object' ? [] : [below]
  })
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** Paths of fields that one object of a JSON text has more than once. The text is known to be JSON. */
export function duplicateFields(text: string): string[] {
  const twice = new Set<string>()
  const open: { readonly seen: Set<string> | undefined; field: string; index: number }[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKEN)) {
    const inner = open.at(-1)
    if (token === '{') open.push({ seen: new Set(), field: '', index: 0 })
    else if (token === '[') open.push({ seen: undefined, field: '', index: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && inner !== undefined) inner.index++
    else if (token === ':' && inner?.seen !== undefined) {
      inner.field = JSON.parse(last)
      if (inner.seen.has(inner.field)) twice.add(pathOf(open))
      inner.seen.add(inner.field)
    }
    last = token
  }
  return [...twice]
}

function pathOf(open: readonly { readonly seen: unknown; readonly field: string; readonly index: number }[]): string {
  const steps = open.map(({ seen, field, index }) => (seen === undefined ? `[${index}]` : `.${field}`))
  return steps.join('').slice(1)
}
