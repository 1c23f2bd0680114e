/**
 * What `fieldValidation` asks for: fields that a kind has not, or that a body has twice, are refused (Strict), told as
 * warnings (Warn, the default) or passed over (Ignore). Values of a wrong type are refused always.
 */
import { wholeSchema } from './built-in-types.ts'
import { duplicateItem } from './field-set.ts'
import { isObject, type JsonObject } from './json.ts'
import { apiVersionOf } from './kinds.ts'
import type { ResourceRequest } from './request.ts'
import { ApiError, badRequest, invalidValue, nameMismatch } from './status.ts'
import { renderFault, type TypeFault, typeFault, unknownFields } from './typed-fields.ts'

/**
 * @param directive empty for the default
 * @param object of the request's body, or what a patch made
 * @returns warnings
 * @throws ApiError 400; 422 for a patch
 */
export function validateFields(request: ResourceRequest, directive: string, object: JsonObject): readonly string[] {
  const { kind, duplicates } = request
  const schema = wholeSchema(kind)
  const fault = kind.custom ? undefined : typeFault(object, schema, kind.kind)
  if (fault !== undefined) throw undecodable(request, object, renderFault(fault))
  if (directive === 'Ignore') return []
  const complaints = [
    ...duplicates.map(path => `duplicate field "${path}"`),
    ...unknownFields(object, schema).map(path => `unknown field "${path}"`),
  ]
  if (directive === 'Strict' && complaints.length > 0)
    throw undecodable(request, object, `strict decoding error: ${complaints.join(', ')}`)
  return complaints
}

function undecodable({ verb, kind }: ResourceRequest, object: JsonObject, why: string): ApiError {
  if (verb !== 'patch')
    return badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`)
  const cause = invalidValue('patch', JSON.stringify(object), why)
  return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${cause.message}`, { causes: [cause] })
}

/** Of apply, which takes a configuration by its schema or not at all. @throws ApiError 400, or 500 as the server has it */
export function validateConfig({ kind, namespace, name, duplicates }: ResourceRequest, config: JsonObject): void {
  const { apiVersion, metadata } = config
  const expected = apiVersionOf(kind)
  if (apiVersion !== expected)
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${apiVersion ?? ''}, expected: ${expected}`,
    )
  const given = isObject(metadata) ? metadata['name'] : undefined
  if (given !== undefined && given !== name) throw nameMismatch(name!, given)
  if (isObject(metadata) && metadata['managedFields']) throw badRequest('metadata.managedFields must be nil')
  if (duplicates.length > 0) throw badRequest(`error decoding YAML: duplicate field "${duplicates[0]}"`)
  const schema = wholeSchema(kind)
  const [unknown] = unknownFields(config, schema)
  const misfit = typeFault(config, schema, kind.kind)
  const fault =
    unknown !== undefined
      ? `.${unknown}: field not declared in schema`
      : misfit === undefined
        ? duplicateItem(config, schema)
        : renderMisfit(misfit)
  if (fault === undefined) return
  const where = `${namespace === undefined ? '' : `${namespace}/`}${name}; ${expected}, Kind=${kind.kind}`
  throw new ApiError(500, '', `failed to create typed patch object (${where}): ${fault}`)
}

/** In the words of apply, which has types of its own. */
function renderMisfit({ path, value, schema: { type = '' } }: TypeFault): string {
  const wanted = ({ integer: 'numeric', object: 'map', array: 'list' } as Record<string, string>)[type] ?? type
  return `.${path}: expected ${wanted}, got &value.valueUnstructured{Value:${JSON.stringify(value)}}`
}
