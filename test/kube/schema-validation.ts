/**
 * Judges a value by a CRD's schema: every cause with its field path, in the words of the API server. Knows no CEL rules.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
 */
import { isDeepStrictEqual } from 'node:util'
import { formatFault } from './formats.ts'
import { isObject, type Json } from './json.ts'
import { fieldOf, type Schema } from './schema.ts'
import { type Cause, invalidValue, requiredValue } from './status.ts'

/** @param path such as `spec.peers[0]`; empty for the object itself */
export function schemaCauses(value: Json, schema: Schema, path: string): Cause[] {
  if (value === null && schema['nullable'] === true) return []
  const misfit = typeCause(value, schema, path)
  // what is of another type can be judged no further
  if (misfit !== undefined) return [misfit]
  return [
    ...enumCauses(value, schema, path),
    ...stringCauses(value, schema, path),
    ...numberCauses(value, schema, path),
    ...listCauses(value, schema, path),
    ...objectCauses(value, schema, path),
    ...junctionCauses(value, schema, path),
  ]
}

export function pathTo(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`
}

/** Below the keys of a map the server writes the path as for properties. */
const inBody = (path: string) => `${path} in body`

function typeName(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function typeCause(value: Json, schema: Schema, path: string): Cause | undefined {
  const found = typeName(value)
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (found === 'integer' || found === 'string') return undefined
    return typeInvalid(path, found, `${inBody(path)} must be of type integer,string: "${found}"`)
  }
  const { type } = schema
  if (type === undefined || type === found || (type === 'number' && found === 'integer')) return undefined
  return typeInvalid(path, found, `${inBody(path)} must be of type ${type}: "${found}"`)
}

function typeInvalid(path: string, value: unknown, why: string): Cause {
  return { ...invalidValue(path, value, why), reason: 'FieldValueTypeInvalid' }
}

function enumCauses(value: Json, schema: Schema, path: string): Cause[] {
  const allowed = schema['enum'] as readonly Json[] | undefined
  if (allowed === undefined || allowed.some(one => isDeepStrictEqual(one, value))) return []
  const supported = allowed.map(one => (typeof one === 'string' ? JSON.stringify(one) : `"${JSON.stringify(one)}"`))
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.join(', ')}`
  return [{ reason: 'FieldValueNotSupported', message, field: path }]
}

function stringCauses(value: Json, schema: Schema, path: string): Cause[] {
  if (typeof value !== 'string') return []
  const causes: Cause[] = []
  const { minLength, maxLength, pattern, format } = bounds(schema)
  const length = [...value].length
  if (maxLength !== undefined && length > maxLength)
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${maxLength} ${maxLength === 1 ? 'byte' : 'bytes'}`,
      field: path,
    })
  if (minLength !== undefined && length < minLength)
    causes.push(invalidValue(path, value, `${inBody(path)} should be at least ${minLength} chars long`))
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
    causes.push(invalidValue(path, value, `${inBody(path)} should match '${pattern}'`))
  if (format !== undefined && formatFault(format, value))
    causes.push(typeInvalid(path, value, `${inBody(path)} must be of type ${format}: ${JSON.stringify(value)}`))
  return causes
}

function numberCauses(value: Json, schema: Schema, path: string): Cause[] {
  if (typeof value !== 'number') return []
  const { minimum, maximum, multipleOf, exclusiveMinimum, exclusiveMaximum } = bounds(schema)
  const causes: Cause[] = []
  const says = (why: string) => causes.push(invalidValue(path, value, `${inBody(path)} should be ${why}`))
  if (multipleOf !== undefined && value % multipleOf !== 0) says(`a multiple of ${multipleOf}`)
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    says(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`)
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    says(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`)
  return causes
}

function listCauses(value: Json, schema: Schema, path: string): Cause[] {
  if (!Array.isArray(value)) return []
  const causes: Cause[] = []
  const { minItems, maxItems } = bounds(schema)
  if (minItems !== undefined && value.length < minItems)
    causes.push(invalidValue(path, value.length, `${inBody(path)} should have at least ${minItems} items`))
  if (maxItems !== undefined && value.length > maxItems) causes.push(tooMany(path, value.length, maxItems))
  causes.push(...duplicates(value, schema, path))
  const { items } = schema
  if (items !== undefined)
    causes.push(...value.flatMap((item, index) => schemaCauses(item, items, `${path}[${index}]`)))
  return causes
}

function tooMany(field: string, found: number, most: number): Cause {
  const message = `Too many: ${found}: must have at most ${most} ${most === 1 ? 'item' : 'items'}`
  return { reason: 'FieldValueTooMany', message, field }
}

/** In sets no value, in maps no combination of keys may come twice. */
function duplicates(list: readonly Json[], schema: Schema, path: string): Cause[] {
  const type = schema['x-kubernetes-list-type']
  if (type !== 'set' && type !== 'map') return []
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const identities = list.map(item => {
    if (type === 'set' || !isObject(item)) return JSON.stringify(item)
    return JSON.stringify(Object.fromEntries(keys.flatMap(key => (item[key] === undefined ? [] : [[key, item[key]]]))))
  })
  return identities.flatMap((identity, index) =>
    identities.indexOf(identity) === index
      ? []
      : [{ reason: 'FieldValueDuplicate', message: `Duplicate value: ${identity}`, field: `${path}[${index}]` }],
  )
}

function objectCauses(value: Json, schema: Schema, path: string): Cause[] {
  if (!isObject(value)) return []
  const causes: Cause[] = []
  const { minProperties, maxProperties } = bounds(schema)
  const count = Object.keys(value).length
  if (minProperties !== undefined && count < minProperties)
    causes.push(invalidValue(path, count, `${inBody(path)} should have at least ${minProperties} properties`))
  if (maxProperties !== undefined && count > maxProperties) causes.push(tooMany(path, count, maxProperties))
  for (const field of schema.required ?? [])
    if (value[field] === undefined) causes.push(requiredValue(pathTo(path, field), ''))
  for (const [field, inner] of Object.entries(value)) {
    const known = fieldOf(schema, field)
    // the object's own metadata has rules of its own
    if (known !== undefined && !(path === '' && field === 'metadata'))
      causes.push(...schemaCauses(inner, known, pathTo(path, field)))
  }
  return causes
}

function junctionCauses(value: Json, schema: Schema, path: string): Cause[] {
  const judged = (keyword: string) =>
    ((schema[keyword] ?? []) as readonly Schema[]).map(one => schemaCauses(value, one, path))
  // these errors of the server carry their path in the text only
  const says = (why: string) => invalidValue('<nil>', '', `"${path}" ${why}`)
  const causes: Cause[] = []
  const all = judged('allOf')
  const failed = all.filter(isUnfit)
  if (failed.length > 0)
    causes.push(says(`must validate all the schemas (allOf)${failed.length === all.length ? '. None validated' : ''}`))
  causes.push(...failed.flat())
  // what int-or-string may be is said by its type already
  const any = schema['x-kubernetes-int-or-string'] === true ? [] : judged('anyOf')
  if (any.length > 0 && any.every(isUnfit))
    causes.push(says('must validate at least one schema (anyOf)'), ...nearest(any))
  const one = judged('oneOf')
  const fitting = one.length - one.filter(isUnfit).length
  const found = fitting === 0 ? 'none valid' : `${fitting} valid alternatives`
  if (one.length > 0 && fitting !== 1)
    causes.push(says(`must validate one and only one schema (oneOf). Found ${found}`))
  if (fitting === 0) causes.push(...nearest(one))
  const not = schema['not'] as Schema | undefined
  if (not !== undefined && !isUnfit(schemaCauses(value, not, path)))
    causes.push(says('must not validate the schema (not)'))
  return causes
}

const isUnfit = (causes: readonly Cause[]) => causes.length > 0

/** What is wrong with the alternative that fits best. */
function nearest(alternatives: readonly Cause[][]): readonly Cause[] {
  return alternatives.toSorted((a, b) => a.length - b.length)[0] ?? []
}

interface Bounds {
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly pattern?: string
  readonly format?: string
}

const bounds = (schema: Schema) => schema as Bounds
