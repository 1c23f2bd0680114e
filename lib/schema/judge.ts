/**
 * Judges a value by a schema and says what is wrong in an operator's words: the path, what is there, what to write. It
 * knows the part of JSON Schema that our own schemas use, and nothing of files. TypeBox's own checker is not used for
 * this: it names rules instead of fixes, reports every branch of a union, and stops after eight errors.
 */
import { InputFault, reasonOf } from '../base/failure.ts'
import { FORMATS } from './format.ts'
import type { ConfigProblem } from './problem.ts'

/** The keywords that count here; the rest are annotations. */
export interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly format?: string
  readonly default?: unknown
}

type Fields = Readonly<Record<string, unknown>>

/** Empty: the value is as the schema wants it. @param path of the value, for the problems' paths */
export function judge(schema: Schema, value: unknown, path = ''): ConfigProblem[] {
  if (schema.anyOf !== undefined) return judgeUnion(schema.anyOf, value, path)
  if (schema.enum !== undefined || schema.const !== undefined) return judgeWord(schema, value, path)
  switch (schema.type) {
    case 'object':
      return isFields(value) ? judgeObject(schema, value, path) : unquoted(path, value, 'a mapping of keys to values')
    case 'array':
      return Array.isArray(value) ? judgeList(schema, value, path) : mismatch(path, value, 'a list')
    case 'boolean':
      return typeof value === 'boolean' ? [] : mismatch(path, value, 'true or false')
    case 'integer':
      return judgeInteger(schema, value, path)
    case 'string':
      return judgeText(schema, value, path)
    default:
      throw new TypeError(`schema of ${path} has the unknown type ${schema.type}`)
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The schema with every default filled in, into a copy; what has no default stays away. */
export function withDefaults(schema: Schema, value: unknown): unknown {
  if (schema.type === 'array' && Array.isArray(value)) return value.map(item => withDefaults(schema.items ?? {}, item))
  if (schema.type !== 'object' || schema.properties === undefined || !isFields(value)) return value
  const filled: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(schema.properties)) {
    const own = value[key] ?? inner.default
    if (own !== undefined) filled[key] = withDefaults(inner, own)
  }
  return filled
}

/** The branch that the value seems meant for answers alone. */
function judgeUnion(branches: readonly Schema[], value: unknown, path: string): ConfigProblem[] {
  const verdicts = branches.map(branch => judge(branch, value, path))
  if (verdicts.some(problems => problems.length === 0)) return []
  const meant = branches.findIndex(branch => branch.type === typeOf(value) && sharesKeys(branch, value))
  // one word among others is meant only by who nearly wrote it
  const slip = branches[meant]?.const === undefined || verdicts[meant]!.some(({ fix }) => fix !== '')
  if (meant !== -1 && slip) return verdicts[meant]!
  const wanted = branches.map(expected).join(' or ')
  return branches.every(branch => branch.type === 'object')
    ? unquoted(path, value, wanted)
    : mismatch(path, value, wanted)
}

function sharesKeys({ properties }: Schema, value: unknown): boolean {
  return properties === undefined || !isFields(value) || Object.keys(value).some(key => Object.hasOwn(properties, key))
}

function judgeWord(schema: Schema, value: unknown, path: string): ConfigProblem[] {
  const words = schema.enum ?? [schema.const]
  if (words.includes(value)) return []
  const near = typeof value === 'string' ? nearest(value, words.map(String)) : undefined
  const wanted = words.length === 1 ? words[0] : `one of ${words.join(', ')}`
  return [{ path, problem: `${shown(value)} is not ${wanted}`, fix: near ? `did you mean ${near}?` : '' }]
}

function judgeObject(schema: Schema, value: Fields, path: string): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const { properties = {}, required = [], patternProperties } = schema
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`
    const known = Object.hasOwn(properties, key) ? properties[key] : Object.values(patternProperties ?? {})[0]
    if (known === undefined) problems.push(unknownKey(at, key, Object.keys(properties)))
    else problems.push(...judge(known, inner, at))
  }
  for (const key of required)
    if (!Object.hasOwn(value, key)) problems.push({ path, problem: `${key} is missing`, fix: '' })
  return problems
}

function unknownKey(path: string, key: string, known: readonly string[]): ConfigProblem {
  const near = nearest(key, known)
  return { path, problem: 'unknown key', fix: near ? `did you mean ${near}?` : `known are ${known.join(', ')}` }
}

function judgeList(schema: Schema, value: readonly unknown[], path: string): ConfigProblem[] {
  if (value.length < (schema.minItems ?? 0)) return [{ path, problem: 'the list is empty', fix: 'name at least one' }]
  if (value.length > (schema.maxItems ?? Number.POSITIVE_INFINITY))
    return [{ path, problem: `${value.length} are too many`, fix: `write at most ${schema.maxItems}` }]
  const problems = value.flatMap((item, at) => judge(schema.items ?? {}, item, `${path}[${at}]`))
  const twice = schema.uniqueItems === true ? value.findIndex((item, at) => value.indexOf(item) !== at) : -1
  if (twice !== -1)
    problems.push({ path: `${path}[${twice}]`, problem: `${shown(value[twice])} is there twice`, fix: '' })
  return problems
}

function judgeInteger(schema: Schema, value: unknown, path: string): ConfigProblem[] {
  if (typeof value !== 'number' || !Number.isInteger(value)) return mismatch(path, value, expected(schema))
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
  if (value >= minimum && value <= maximum) return []
  return [{ path, problem: `${value} is out of range`, fix: `write ${expected(schema)}` }]
}

function judgeText(schema: Schema, value: unknown, path: string): ConfigProblem[] {
  if (typeof value !== 'string') return mismatch(path, value, expected(schema))
  if (value.length < (schema.minLength ?? 0)) return [{ path, problem: 'is empty', fix: `write ${expected(schema)}` }]
  if (value.length > (schema.maxLength ?? Number.POSITIVE_INFINITY))
    return [{ path, problem: 'is too long', fix: `write at most ${schema.maxLength} characters` }]
  try {
    if (schema.format !== undefined) FORMATS[schema.format]!.parse(value)
    return []
  } catch (thrown) {
    if (!(thrown instanceof InputFault)) throw thrown
    const fix = thrown.fix
    const problem = reasonOf(thrown).slice(0, fix === '' ? undefined : -fix.length - 2)
    return [{ path, problem, fix }]
  }
}

function mismatch(path: string, value: unknown, wanted: string): ConfigProblem[] {
  return [{ path, problem: `${shown(value)} is not ${wanted}`, fix: '' }]
}

/** Where a mapping belongs the value is not shown: it may be a secret that was written in the wrong place. */
function unquoted(path: string, value: unknown, wanted: string): ConfigProblem[] {
  const kind =
    typeof value === 'string' ? 'a text' : isFields(value) || Array.isArray(value) ? shown(value) : 'a plain value'
  return [{ path, problem: `${kind} is not ${wanted}`, fix: '' }]
}

function expected(schema: Schema): string {
  if (schema.const !== undefined) return `"${schema.const}"`
  if (schema.type === 'object') return `a mapping with ${(schema.required ?? []).join(', ')}`
  if (schema.type === 'array') return 'a list'
  if (schema.type === 'string') return FORMATS[schema.format ?? '']?.name ?? 'a text'
  const { minimum, maximum } = schema
  if (minimum === undefined || maximum === undefined) return 'a whole number'
  return `a whole number from ${minimum} to ${maximum}`
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isFields(value)) return 'a mapping'
  if (value === null || value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' ? 'integer' : typeof value
}

/** The known word that a typing slip of one or two letters, or of upper and lower case, could have meant. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase()
  const ranked = known
    .map(candidate => ({ candidate, steps: distance(lower, candidate.toLowerCase()) }))
    .filter(({ steps, candidate }) => steps <= Math.min(3, candidate.length / 3))
    .sort((a, b) => a.steps - b.steps)
  return ranked[0]?.candidate
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
