/** Canonical attribute bytes (see UpdateReader) as values and as text, for people and tests: never on the way of a route. */
import {
  type AttributeValues,
  attributeName,
  attributeRow,
  attributeTable,
  type UnknownAttribute,
} from './attribute.ts'
import { attributeEnd, attributeValueStart, writeAttributeHeader } from './attribute-header.ts'
import { attributeFlag } from './iana.ts'

/** @param bytes canonical attribute bytes `[start, end)` */
export function decodeAttributes(bytes: Uint8Array, start: number, end: number): AttributeValues {
  const values: Record<string, unknown> = {}
  const unknown: UnknownAttribute[] = []
  for (let at = start; at < end; ) {
    const code = bytes[at + 1]!
    const valueStart = attributeValueStart(bytes, at)
    at = attributeEnd(bytes, at)
    const codec = attributeRow[code]?.value
    if (codec === undefined) unknown.push({ code, value: bytes.slice(valueStart, at) })
    else values[codec.key] = codec.decode(bytes, valueStart, at)
  }
  if (unknown.length > 0) values['unknown'] = unknown
  return values as unknown as AttributeValues
}

/** The canonical attribute bytes of these values. */
export function encodeAttributes(values: AttributeValues): Uint8Array {
  const attributes: { code: number; flags: number; value: Uint8Array }[] = []
  for (const { code, flags, value: codec } of attributeTable) {
    const value = codec && values[codec.key]
    if (value !== undefined) attributes.push({ code, flags, value: codec!.encode(value as never) })
  }
  for (const { code, value } of values.unknown ?? []) attributes.push({ code, flags: unknownFlags, value })
  attributes.sort((a, b) => a.code - b.code)
  const bytes = new Uint8Array(
    attributes.reduce((sum, { value }) => sum + value.length + (value.length > 255 ? 4 : 3), 0),
  )
  let at = 0
  for (const { code, flags, value } of attributes) {
    at = writeAttributeHeader(bytes, at, flags, code, value.length)
    bytes.set(value, at)
    at += value.length
  }
  return bytes
}

/** An unknown attribute that is kept is optional and transitive, and has passed a speaker that did not know it (RFC 4271 §9). */
export const unknownFlags = attributeFlag.optional | attributeFlag.transitive | attributeFlag.partial

/** Attribute names and values as text, in type order: `{ ORIGIN: 'igp', AS_PATH: '65001 65002' }`. */
export function renderAttributes(values: AttributeValues): Record<string, string> {
  const text: Record<string, string> = {}
  for (const { name, value: codec } of attributeTable) {
    const value = codec && values[codec.key]
    if (value !== undefined) text[name] = codec!.render(value as never)
  }
  for (const { code, value } of values.unknown ?? []) text[attributeName(code)] = Buffer.from(value).toString('hex')
  return text
}
