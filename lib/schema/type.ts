/**
 * The builders of TypeBox that the schema is made with. The static types are TypeBox's own; the values are made here, for
 * they are plain JSON Schema, and TypeBox's run time would cost every agent some 370 modules and 20 MiB.
 */
import type { Type as TypeBox } from 'typebox'

type Builders = Pick<
  typeof TypeBox,
  'Array' | 'Boolean' | 'Enum' | 'Integer' | 'Literal' | 'Object' | 'Optional' | 'Record' | 'String' | 'Union'
>
type Schema = Readonly<Record<string, unknown>>

const optional = new WeakSet<Schema>()

const builders = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema) => ({ type: 'boolean', ...options }),
  Enum: (words: readonly string[], options?: Schema) => ({ enum: words, ...options }),
  Integer: (options?: Schema) => ({ type: 'integer', ...options }),
  Literal: (value: string) => ({ type: typeof value, const: value }),
  Object(properties: Readonly<Record<string, Schema>>, options?: Schema) {
    const required = Object.keys(properties).filter(key => !optional.has(properties[key]!))
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
  },
  /** A copy: the same schema may be required elsewhere. */
  Optional(schema: Schema) {
    const copy = { ...schema }
    optional.add(copy)
    return copy
  },
  Record: (_keys: Schema, values: Schema, options?: Schema) => ({
    type: 'object',
    patternProperties: { '^.*$': values },
    ...options,
  }),
  String: (options?: Schema) => ({ type: 'string', ...options }),
  Union: (anyOf: readonly Schema[], options?: Schema) => ({ anyOf, ...options }),
}

export const Type = builders as unknown as Builders
