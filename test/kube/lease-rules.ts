/** The API server's own rules for Lease objects. */
import type { KubeObject } from '../../lib/kube/object.ts'
import { at } from './json.ts'
import { type Cause, invalidValue } from './status.ts'

export function leaseCauses(lease: KubeObject): Cause[] {
  const seconds = at(lease, ['spec', 'leaseDurationSeconds'])
  const transitions = at(lease, ['spec', 'leaseTransitions'])
  return [
    ...(typeof seconds === 'number' && seconds <= 0
      ? [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
      : []),
    ...(typeof transitions === 'number' && transitions < 0
      ? [invalidValue('spec.leaseTransitions', transitions, 'must to greater or equal than 0')]
      : []),
  ]
}
