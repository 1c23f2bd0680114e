/** Reads built-in-types.txt: the types of the built-in kinds as schemas. The text says how it is written. */
import { readFileSync } from 'node:fs'
import { isObject, type Json } from './json.ts'
import type { Kind } from './kinds.ts'
import { fieldOf, type Schema } from './schema.ts'

const SCALARS: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
  bool: { type: 'boolean' },
  int: { type: 'integer', format: 'int32' },
  long: { type: 'integer', format: 'int64' },
  Time: { type: 'string', format: 'date-time', 'x-type': 'Time' },
  MicroTime: { type: 'string', format: 'date-time', 'x-type': 'MicroTime' },
  Quantity: { 'x-kubernetes-int-or-string': true, 'x-type': 'Quantity' },
  IntOrString: { 'x-kubernetes-int-or-string': true, 'x-type': 'IntOrString' },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
}

const text = readFileSync(new URL('built-in-types.txt', import.meta.url), 'utf8')
/** Name → whether apply takes it as one, and its fields as written. */
const declarations = new Map(
  [...text.matchAll(/^(\w+)( atomic)?:\n((?: .*\n)+)/gm)].map(([, name = '', atomic, fields = '']) => [
    name,
    { atomic: atomic !== undefined, fields: fields.split(';').map(field => field.trim().split(/\s+/)) },
  ]),
)
const built = new Map<string, Schema>(Object.entries(SCALARS))

/** @throws Error for a type that the text does not declare: a mistake in it */
export function builtInType(name: string): Schema {
  const known = built.get(name)
  if (known !== undefined) return known
  const declared = declarations.get(name)
  if (declared === undefined) throw new Error(`built-in-types.txt has no type ${name}`)
  const properties = Object.fromEntries(declared.fields.flatMap(field))
  const atomic = declared.atomic ? ({ 'x-kubernetes-map-type': 'atomic' } as const) : {}
  const schema: Schema = { type: 'object', properties, 'x-type': name, ...atomic }
  built.set(name, schema)
  return schema
}

const TEXT: Schema = { type: 'string' }
const wholes = new WeakMap<Kind, Schema>()

/** The schema of a kind's objects with all that every object has; that of a CRD leaves it out. */
export function wholeSchema(kind: Kind): Schema {
  const known = wholes.get(kind)
  if (known !== undefined) return known
  const common = { apiVersion: TEXT, kind: TEXT, metadata: builtInType('ObjectMeta') }
  const whole = { type: 'object', ...kind.schema, properties: { ...kind.schema?.properties, ...common } }
  wholes.set(kind, whole)
  return whole
}

/** As the server prints values of its own types: false, and lists and maps without anything in them, are left out. */
export function omitEmpty(value: Json, schema: Schema): Json {
  if (Array.isArray(value)) return value.map(item => omitEmpty(item, schema.items ?? {}))
  if (!isObject(value)) return value
  const kept = Object.entries(value).flatMap(([name, inner]): [string, Json][] => {
    const known = fieldOf(schema, name) ?? {}
    const isList = Array.isArray(inner) && known.type === 'array'
    const isMap = isObject(inner) && known.additionalProperties !== undefined
    const empty = inner === false ? known.type === 'boolean' : (isList || isMap) && Object.keys(inner).length === 0
    const told = known['x-optional'] || known['default'] !== undefined
    return empty && !told ? [] : [[name, omitEmpty(inner, known)]]
  })
  return Object.fromEntries(kept)
}

function field(words: readonly string[]): [string, Schema][] {
  const [number, name = '', ...rest] = /^\d+$/.test(words[0]!) ? words : ['', ...words]
  if (name === '*') {
    const inlined = builtInType(rest[0]!).properties!
    // protobuf knows no inlining: there the fields are those of a message in this place
    return Object.entries(inlined).map(([inner, schema]) => [inner, { ...schema, 'x-inside': Number(number) }])
  }
  const [type = 'string', ...flags] =
    /^(\w+\??$|\[|\{)/.test(rest[0] ?? '') && !FLAGS.has(rest[0]!) ? rest : ['string', ...rest]
  const numbered = number === '' ? {} : { 'x-number': Number(number) }
  return [[name, { ...typeOf(type), ...numbered, ...Object.assign({}, ...flags.map(flag)) }]]
}

const FLAGS = new Set(['merge', 'set', 'atomic'])

function typeOf(text: string): Schema {
  if (text.endsWith('?')) return { ...builtInType(text.slice(0, -1)), 'x-optional': true }
  if (text.startsWith('[')) return { type: 'array', items: builtInType(text.slice(1, -1)) }
  if (text.startsWith('{')) return { type: 'object', additionalProperties: builtInType(text.slice(1, -1)) }
  return builtInType(text)
}

function flag(text: string): Partial<Schema> {
  const [word, value = ''] = text.split(':')
  if (text.startsWith('='))
    return { default: /^([[{"\d]|true$|null$)/.test(text.slice(1)) ? JSON.parse(text.slice(1)) : text.slice(1) }
  if (word === 'merge')
    return {
      'x-kubernetes-patch-strategy': 'merge',
      ...(value === '' ? {} : { 'x-kubernetes-patch-merge-key': value }),
    }
  if (word === 'map') return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': value.split(',') }
  if (word === 'set') return { 'x-kubernetes-list-type': 'set' }
  return { 'x-kubernetes-map-type': 'atomic' }
}
