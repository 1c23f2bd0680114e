/**
 * Properties of objects: how a given value is read into its stored form, refused, and shown again. Builders of the rows in
 * the tables of kinds; knows no kind and no store.
 */
import { isObject, type Json, type JsonObject } from '../kube/json.ts'
import { parseMac, parseRouted, renderRouted, shown } from './address.ts'
import { invalidValue, refused, unknownProperty } from './rest-error.ts'

const LONGEST_TEXT = 65_535

/** Where an object is. */
export interface Place {
  readonly partition: string
  /** The default one of its partition. */
  readonly routeDomain: number
}

export interface Field {
  /** Null where that means that there is none. @throws RestError. @param property as tmsh writes it: `ip-address` */
  readonly parse: (value: Json, property: string, place: Place) => Json
  /** Whether `none` takes the value away. */
  readonly clearable?: true
  /** Of the stored form; as it is where absent. */
  readonly render?: (stored: Json, place: Place) => Json
  /** Where nothing is given. */
  readonly preset?: Json
  readonly required?: true
  /** Refused in a change: always, or where it differs. */
  readonly fixed?: 'named' | 'changed'
  /** Collections of which one has the object that the value names. */
  readonly refers?: readonly string[]
}

export type Fields = Readonly<Record<string, Field>>

type Options = Partial<Pick<Field, 'preset' | 'required' | 'fixed'>>

/** `ip-address` for `ipAddress`. */
export const dashed = (property: string) => property.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)

export function text(options: Options = {}): Field {
  const parse: Field['parse'] = (value, property) => {
    if (typeof value !== 'string') throw invalidValue(property, value)
    if (value.length > LONGEST_TEXT)
      throw refused('01020057:3', `The string with more than ${LONGEST_TEXT} characters cannot be stored in a message.`)
    return value
  }
  return { parse, clearable: true, ...options }
}

export const description = text()

export function integer(from: number, to: number, options: Options = {}): Field {
  const parse: Field['parse'] = (value, property) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number) || number < from || number > to)
      throw invalidValue(property, value)
    return number
  }
  return { parse, ...options }
}

export function oneOf(values: readonly string[], options: Options = {}): Field {
  const parse: Field['parse'] = (value, property) => {
    if (typeof value !== 'string' || !values.includes(value)) throw invalidValue(property, value)
    return value
  }
  return { parse, ...options }
}

/** Names of values that are no addresses: `any`, `any6`. */
export interface AddressOptions extends Options {
  readonly length?: 'required' | 'optional' | 'none'
  readonly words?: readonly string[]
  readonly family?: 4 | 6
  /** Shows the id of the route domain also where it is the default one. */
  readonly explicit?: true
}

export function address({ length = 'none', words = [], family, explicit, ...options }: AddressOptions = {}): Field {
  const parse: Field['parse'] = (value, property, { routeDomain }) => {
    if (typeof value === 'string' && words.includes(value)) return value
    const routed = typeof value === 'string' ? parseRouted(value, routeDomain) : undefined
    if (routed === undefined || (family !== undefined && routed.family !== family)) throw invalidValue(property, value)
    const given = routed.length !== undefined
    if (length === (given ? 'none' : 'required')) throw invalidValue(property, value)
    return renderRouted(routed)
  }
  return {
    parse,
    ...(explicit ? {} : { render: (stored: Json, { routeDomain }: Place) => shown(stored, routeDomain) }),
    ...options,
  }
}

export function mac(options: Options = {}): Field {
  const parse: Field['parse'] = (value, property) => {
    const parsed = typeof value === 'string' ? parseMac(value) : undefined
    if (parsed === undefined) throw invalidValue(property, value)
    return parsed
  }
  return { parse, ...options }
}

/** The full path of another object, which has to be there; a bare name means /Common. */
export function reference(refers: readonly string[], options: Options = {}): Field {
  const parse: Field['parse'] = (value, property) => {
    if (typeof value !== 'string' || value === '') throw invalidValue(property, value)
    return value.startsWith('/') ? value : `/Common/${value}`
  }
  return { parse, refers, clearable: true, ...options }
}

/** A list, each item read by `item`. */
export function list(item: Field, options: Options = {}): Field {
  const parse: Field['parse'] = (value, property, place) => {
    if (!Array.isArray(value)) throw invalidValue(property, value)
    return value.map(one => item.parse(one, property, place))
  }
  const render: Field['render'] = (stored, place) =>
    Array.isArray(stored) ? stored.map(one => item.render?.(one, place) ?? one) : stored
  return { parse, render, ...options }
}

/** An object of known properties. */
export function record(fields: Fields, options: Options = {}): Field {
  const parse: Field['parse'] = (value, property, place) => {
    if (!isObject(value)) throw invalidValue(property, value)
    return parseFields(fields, value, place)
  }
  const render: Field['render'] = (stored, place) => renderFields(fields, stored as JsonObject, place)
  return { parse, render, ...options }
}

/** What is given, with presets for what is not. @throws RestError */
export function parseFields(fields: Fields, given: JsonObject, place: Place): JsonObject {
  for (const property of Object.keys(given))
    if (!Object.hasOwn(fields, property) && !isAddition(property)) throw unknownProperty(dashed(property))
  const parsed: JsonObject = {}
  for (const [property, field] of Object.entries(fields)) {
    const value = given[property] ?? field.preset
    if (value === undefined || (value === 'none' && field.clearable)) continue
    const stored = field.parse(value, dashed(property), place)
    if (stored !== null) parsed[property] = stored
  }
  return parsed
}

/** What devices add to an answer: taken back in silence. */
function isAddition(property: string): boolean {
  return property.endsWith('Reference')
}

export function renderFields(fields: Fields, stored: JsonObject, place: Place): JsonObject {
  const rendered: JsonObject = {}
  for (const [property, field] of Object.entries(fields)) {
    const value = stored[property]
    if (value !== undefined) rendered[property] = field.render?.(value, place) ?? value
  }
  return rendered
}
