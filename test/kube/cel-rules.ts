/**
 * CEL rules of a CRD's schema (`x-kubernetes-validations`), judged at every place of an object that has some. Rules see what
 * the schema declares and nothing else; Kubernetes' own functions (isURL, ip, quantity …) are not there.
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
import { Environment, Optional, type ParseResult } from '@marcbachmann/cel-js'
import { isObject, type Json, type JsonObject } from './json.ts'
import { fieldOf, type Schema } from './schema.ts'
import { pathTo } from './schema-validation.ts'
import { type Cause, invalidValue } from './status.ts'

export interface Rule {
  readonly rule: string
  readonly message?: string
  /** CEL, of type string; wins over `message`. */
  readonly messageExpression?: string
  readonly reason?: string
  /** Below the place of the rule, such as `.minReplicas`. */
  readonly fieldPath?: string
  /** Judge also where there is no old value; `oldSelf` is then an optional. */
  readonly optionalOldSelf?: boolean
}

const OPTIONS = { unlistedVariablesAreDyn: true, enableOptionalTypes: true }
const plain = new Environment(OPTIONS)
/** The library finds the members of an optional only where it knows that there is one. */
const withOptional = new Environment(OPTIONS).registerVariable('oldSelf', 'optional')
const programs = { plain: new Map<string, ParseResult>(), withOptional: new Map<string, ParseResult>() }

/** @throws ParseError for text that is no CEL */
function compiled(text: string, { optionalOldSelf = false }: Rule): ParseResult {
  const known = optionalOldSelf ? programs.withOptional : programs.plain
  const program = known.get(text) ?? (optionalOldSelf ? withOptional : plain).parse(text)
  known.set(text, program)
  return program
}

export function rulesOf(schema: Schema): readonly Rule[] {
  return (schema['x-kubernetes-validations'] ?? []) as readonly Rule[]
}

const ruled = new WeakMap<Schema, boolean>()

/** Whether there are rules anywhere in it. */
export function hasRules(schema: Schema): boolean {
  const known = ruled.get(schema)
  if (known !== undefined) return known
  const { properties = {}, items, additionalProperties } = schema
  const inner = [...Object.values(properties), items, additionalProperties].filter(one => typeof one === 'object')
  const found = rulesOf(schema).length > 0 || inner.some(hasRules)
  ruled.set(schema, found)
  return found
}

/** What is wrong with the text of a rule; undefined when it can be compiled. */
export function ruleFault(rule: Rule): string | undefined {
  try {
    compiled(rule.rule, rule)
    if (rule.messageExpression !== undefined) compiled(rule.messageExpression, rule)
    return undefined
  } catch (thrown) {
    return (thrown as Error).message
  }
}

/**
 * @param old the value before the update; undefined for a new one
 * @param path empty for the object itself
 */
export function ruleCauses(value: Json, old: Json | undefined, schema: Schema, path: string): Cause[] {
  if (value === null) return []
  const own = rulesOf(schema).flatMap(rule => judge(rule, value, old, schema, path))
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return own
    return [
      ...own,
      ...value.flatMap((item, index) => ruleCauses(item, counterpart(item, old, schema), items, `${path}[${index}]`)),
    ]
  }
  if (!isObject(value)) return own
  const before = isObject(old) ? old : {}
  const inner = Object.entries(value).flatMap(([field, member]) => {
    const known = fieldOf(schema, field)
    return known === undefined ? [] : ruleCauses(member, before[field], known, pathTo(path, field))
  })
  return [...own, ...inner]
}

/** Items of lists are the same only where keys say so: those of plain lists have no old value. */
function counterpart(item: Json, old: Json | undefined, schema: Schema): Json | undefined {
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-list-type'] !== 'map' || keys === undefined || !isObject(item) || !Array.isArray(old))
    return undefined
  return old.find(other => isObject(other) && keys.every(key => other[key] === item[key]))
}

function judge(rule: Rule, value: Json, old: Json | undefined, schema: Schema, path: string): Cause[] {
  const transition = /\boldSelf\b/.test(rule.rule)
  if (transition && old === undefined && rule.optionalOldSelf !== true) return []
  const variables = { self: celValue(value, schema, path === ''), oldSelf: oldValue(rule, old, schema, path) }
  const says = (why: string) => [
    {
      ...invalidValue(`${path}${rule.fieldPath ?? ''}`.replace(/^\./, '') || '<nil>', schema.type ?? 'object', why),
      ...(rule.reason === undefined ? {} : { reason: rule.reason }),
    },
  ]
  try {
    return compiled(rule.rule, rule)(variables) === true ? [] : says(messageOf(rule, variables))
  } catch (thrown) {
    const words = (thrown as { summary?: string }).summary ?? (thrown as Error).message
    const key = /^No such key: (.*)$/.exec(words.split('\n')[0]!)?.[1]
    const what = key === undefined ? words.split('\n')[0]! : `no such key: ${key}`
    return says(`${what} evaluating rule: ${rule.message ?? rule.rule}`)
  }
}

function oldValue(rule: Rule, old: Json | undefined, schema: Schema, path: string): unknown {
  const plain = old === undefined ? undefined : celValue(old, schema, path === '')
  if (rule.optionalOldSelf !== true) return plain
  return plain === undefined ? Optional.none() : Optional.of(plain)
}

function messageOf(rule: Rule, variables: object): string {
  const { message, messageExpression } = rule
  if (messageExpression !== undefined) {
    try {
      const text: unknown = compiled(messageExpression, rule)({ ...variables })
      if (typeof text === 'string' && text.trim() !== '' && !text.includes('\n')) return text
    } catch {
      // the server falls back to the message as well
    }
  }
  return message ?? `failed rule: ${rule.rule.trim()}`
}

/** Of an object's metadata rules may see the names only. */
const METADATA: Schema = { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } }
const OBJECT_FIELDS: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: METADATA,
}

/** As CEL sees it: integers apart from doubles, times as times, and no field that the schema does not declare. */
function celValue(value: Json, schema: Schema, root: boolean): unknown {
  if (typeof value === 'number') return schema.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value
  if (typeof value === 'string' && schema.format === 'date-time') return new Date(value)
  if (Array.isArray(value)) return value.map(item => celValue(item, schema.items ?? {}, false))
  if (!isObject(value)) return value
  const own = root || schema['x-kubernetes-embedded-resource'] === true
  return Object.fromEntries(members(value, schema, own))
}

function members(value: JsonObject, schema: Schema, own: boolean): [string, unknown][] {
  return Object.entries(value).flatMap(([field, inner]): [string, unknown][] => {
    const known = (own ? OBJECT_FIELDS[field] : undefined) ?? fieldOf(schema, field)
    if (known === undefined) return []
    return [[schema.properties === undefined ? field : escaped(field), celValue(inner, known, false)]]
  })
}

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const SIGNS: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
}

/** Names of properties that are no identifiers of CEL. */
function escaped(name: string): string {
  return RESERVED.has(name) ? `__${name}__` : name.replace(/__|[./-]/g, sign => SIGNS[sign]!)
}
