/** The API server's own rules for Event objects. */
import type { KubeObject } from '../../lib/kube/object.ts'
import { textAt } from './json.ts'
import { type Cause, invalidValue } from './status.ts'

/** Where events of objects without a namespace live. */
const COMMON = ['default', 'kube-system']

export function eventCauses(event: KubeObject): Cause[] {
  const field = 'involvedObject.namespace'
  const about = textAt(event, field.split('.'))
  const { namespace = '' } = event.metadata
  const fits = about === '' ? COMMON.includes(namespace) : about === namespace
  return fits ? [] : [invalidValue(field, about, 'does not match event.namespace')]
}
