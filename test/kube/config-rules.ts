/** The API server's own rules for ConfigMap and Secret objects. */
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../lib/kube/object.ts'
import { at, draft, isObject } from './json.ts'
import { formatFaults } from './names.ts'
import { type Cause, forbiddenValue, invalidValue } from './status.ts'

/** Plain text moves to where text is kept in base64. */
export function normalSecret(secret: KubeObject): KubeObject {
  const copy = draft(secret)
  const { stringData } = copy
  delete copy['stringData']
  copy['type'] ||= 'Opaque'
  if (isObject(stringData)) {
    const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')])
    copy['data'] = { ...(isObject(copy['data']) ? copy['data'] : {}), ...Object.fromEntries(encoded) }
  }
  return copy as unknown as KubeObject
}

export function configMapCauses(map: KubeObject, previous: KubeObject | undefined): Cause[] {
  return [...keyCauses(map, ['data', 'binaryData']), ...fixedCauses(map, previous, ['data', 'binaryData'])]
}

export function secretCauses(secret: KubeObject, previous: KubeObject | undefined): Cause[] {
  const moved = previous !== undefined && previous['type'] !== secret['type']
  const type = moved ? [invalidValue('type', secret['type'], 'field is immutable')] : []
  return [...type, ...keyCauses(secret, ['data']), ...fixedCauses(secret, previous, ['data'])]
}

function keyCauses(object: KubeObject, fields: readonly string[]): Cause[] {
  return fields.flatMap(field =>
    Object.keys(at(object, [field]) ?? {}).flatMap(key =>
      formatFaults(key, 'configKey', 253).map(fault => invalidValue(`${field}[${key}]`, key, fault)),
    ),
  )
}

function fixedCauses(object: KubeObject, previous: KubeObject | undefined, fields: readonly string[]): Cause[] {
  if (previous?.['immutable'] !== true) return []
  const why = 'field is immutable when `immutable` is set'
  if (object['immutable'] !== true) return [forbiddenValue('immutable', why)]
  return fields
    .filter(field => !isDeepStrictEqual(object[field], previous[field]))
    .map(field => forbiddenValue(field, why))
}
