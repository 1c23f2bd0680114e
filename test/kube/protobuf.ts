/**
 * Kubernetes' protobuf bodies, as far as clients send them: `k8s\0`, then an Unknown of TypeMeta and the object's bytes. Which
 * number is which field, and of what type, is said by the schemas of the built-in types.
 */
import { builtInType } from './built-in-types.ts'
import type { Json, JsonObject } from './json.ts'
import type { Schema } from './schema.ts'
import { badRequest } from './status.ts'
import { renderTime } from './time.ts'

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const MAGIC = Buffer.from('k8s\0')

/** @throws ApiError 400 for what is no such body */
export function decodeProtobuf(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw badRequest('the body is no Kubernetes protobuf')
  try {
    const unknown = new Map(fields(bytes.subarray(4)))
    const type = new Map(fields(unknown.get(1) as Buffer))
    const kind = text(type.get(2))
    return { apiVersion: text(type.get(1)), kind, ...message(unknown.get(2) as Buffer, builtInType(kind)) }
  } catch (thrown) {
    throw badRequest(`the protobuf of the body is malformed: ${(thrown as Error).message}`)
  }
}

type Wire = Buffer | bigint

const text = (value: Wire | undefined) => (value ?? '').toString()

/** The fields of one message in the order of the wire: numbers, and octets of what has a length. */
function* fields(bytes: Buffer): Generator<[number, Wire]> {
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const octet = bytes[at++]
      if (octet === undefined) throw new RangeError('it ends within a field')
      value |= BigInt(octet & 0x7f) << shift
      if (octet < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const value = varint()
    if ((tag & 7) === 0) yield [tag >> 3, value]
    else if ((tag & 7) === 2) {
      if (at + Number(value) > bytes.length) throw new RangeError('a field reaches beyond its end')
      yield [tag >> 3, bytes.subarray(at, at + Number(value))]
      at += Number(value)
    } else throw new RangeError(`it has a field of wire type ${tag & 7}`)
  }
}

function message(bytes: Buffer, schema: Schema): JsonObject {
  const result: JsonObject = {}
  for (const [number, wire] of fields(bytes)) {
    const inside = Object.entries(schema.properties ?? {}).filter(([, field]) => field['x-inside'] === number)
    if (inside.length > 0) Object.assign(result, message(wire as Buffer, { properties: outside(inside) }))
    const found = Object.entries(schema.properties ?? {}).find(
      ([, field]) => field['x-number'] === number && field['x-inside'] === undefined,
    )
    if (found === undefined) continue
    const [name, field] = found
    const { items, additionalProperties } = field
    if (items !== undefined) result[name] = [...((result[name] as Json[]) ?? []), read(wire, items)]
    else if (typeof additionalProperties === 'object') {
      const entry = new Map(fields(wire as Buffer))
      const value = read(entry.get(2) ?? Buffer.alloc(0), additionalProperties)
      result[name] = { ...(result[name] as JsonObject), [text(entry.get(1))]: value }
    } else {
      const value = read(wire, field)
      // what is empty is on the wire all the same, and not in JSON
      if (value === '' || value === null) continue
      if (field['x-optional'] || (value !== 0 && value !== false)) result[name] = value
    }
  }
  return result
}

const outside = (inside: [string, Schema][]) =>
  Object.fromEntries(inside.map(([name, { 'x-inside': _, ...field }]) => [name, field]))

function read(wire: Wire, schema: Schema): Json {
  if (typeof wire === 'bigint') return schema.type === 'boolean' ? wire !== 0n : Number(BigInt.asIntN(64, wire))
  const named = schema['x-type']
  if (named === 'Time' || named === 'MicroTime') return time(wire)
  if (named === 'Quantity') return text(new Map(fields(wire)).get(1))
  if (named === 'IntOrString') {
    const parts = new Map(fields(wire))
    return parts.get(1) === 1n ? text(parts.get(3)) : Number(parts.get(2) ?? 0n)
  }
  if (schema.type === 'string') return schema.format === 'byte' ? wire.toString('base64') : wire.toString()
  return message(wire, schema)
}

/** Seconds and nanoseconds since 1970; a time that was never set is an empty message. */
function time(wire: Buffer): Json {
  const parts = new Map(fields(wire))
  const seconds = Number(BigInt.asIntN(64, (parts.get(1) as bigint | undefined) ?? 0n))
  return parts.size === 0 || seconds < 0 ? null : renderTime(seconds * 1000)
}
