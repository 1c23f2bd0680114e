/**
 * As much OpenAPI as kubectl asks for: that objects can be patched with field validation, and the schemas that `explain`
 * shows. No operation has a request body: kubectl then takes merge keys from its own types.
 */
import { createHash } from 'node:crypto'
import { wholeSchema } from './built-in-types.ts'
import { apiVersionOf, type Kind } from './kinds.ts'
import type { Schema } from './schema.ts'

/** The smallest v2 document that kubectl 1.27 and 1.28 take, in protobuf: swagger 2.0, title Kubernetes, version v1.32.4, no paths. */
const V2 = Buffer.from('0a03322e3012150a0a4b756265726e65746573120776312e33322e3442004a00', 'hex')
const JSON_TYPE = 'application/json'

interface Answer {
  readonly type: string
  readonly body: object | Buffer
}

/** The document of an OpenAPI path, or undefined for another path. */
export function openapi(kinds: readonly Kind[], path: string): Answer | undefined {
  if (path === '/openapi/v2') return { type: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf', body: V2 }
  if (path === '/openapi/v3') {
    const entries = [...documentsOf(kinds)].map(([root, body]) => [root, { serverRelativeURL: urlOf(root, body) }])
    return { type: JSON_TYPE, body: { paths: Object.fromEntries(entries) } }
  }
  const body = path.startsWith('/openapi/v3/') && documentsOf(kinds).get(path.slice('/openapi/v3/'.length))
  return body ? { type: JSON_TYPE, body } : undefined
}

/** Clients keep documents by their hash. */
function urlOf(root: string, body: object): string {
  return `/openapi/v3/${root}?hash=${createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 32)}`
}

const rootOf = (kind: Kind) => `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`
const known = new WeakMap<readonly Kind[], ReadonlyMap<string, object>>()

/** By root, such as `apis/apps/v1`; the list of kinds is another one as soon as a kind changes. */
function documentsOf(kinds: readonly Kind[]): ReadonlyMap<string, object> {
  const made =
    known.get(kinds) ??
    new Map([...Map.groupBy(kinds, rootOf)].map(([root, members]) => [root, renderDocument(root, members)]))
  known.set(kinds, made)
  return made
}

function renderDocument(root: string, members: readonly Kind[]): object {
  const schemas: Record<string, object> = {}
  for (const kind of members) schemas[definitionOf(kind)] = { ...render(wholeSchema(kind), schemas), ...identity(kind) }
  const paths = members.map(kind => {
    const scope = kind.namespaced ? 'namespaces/{namespace}/' : ''
    const parameters = [{ name: 'fieldValidation', in: 'query', schema: { type: 'string', uniqueItems: true } }]
    const [one] = identity(kind)['x-kubernetes-group-version-kind']
    const patch = { 'x-kubernetes-group-version-kind': one, parameters, responses: {} }
    return [`/${root}/${scope}${kind.plural}/{name}`, { patch }]
  })
  const info = { title: 'Kubernetes', version: 'v1.32.0' }
  return { openapi: '3.0.0', info, paths: Object.fromEntries(paths), components: { schemas } }
}

function identity({ group, version, kind }: Kind) {
  return { 'x-kubernetes-group-version-kind': [{ group, version, kind }] }
}

function definitionOf({ group, version, kind, custom }: Kind): string {
  if (custom) return [...group.split('.').reverse(), version, kind].join('.')
  return `io.k8s.api.${group.split('.')[0] || 'core'}.${version}.${kind}`
}

/** Types with a name become components, and references to them: `explain` shows the name. */
function render(schema: Schema, schemas: Record<string, object>): object {
  const {
    'x-type': _,
    'x-number': __,
    'x-inside': ___,
    'x-optional': ____,
    properties,
    items,
    additionalProperties,
    ...rest
  } = schema
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([field, inner]) => [field, reference(inner, schemas)]),
      ),
    }),
    ...(items && { items: reference(items, schemas) }),
    ...(additionalProperties && {
      additionalProperties:
        additionalProperties === true ? additionalProperties : reference(additionalProperties, schemas),
    }),
  }
}

function reference(schema: Schema, schemas: Record<string, object>): object {
  const { 'x-type': name } = schema
  if (name === undefined) return render(schema, schemas)
  const id = `io.k8s.types.${name}`
  if (schemas[id] === undefined) {
    // first, for a type may have itself inside
    schemas[id] = {}
    schemas[id] = schema['x-kubernetes-int-or-string'] ? { type: 'string' } : render(schema, schemas)
  }
  return { $ref: `#/components/schemas/${id}` }
}
