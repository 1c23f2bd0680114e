/**
 * The BIGIP object: an object of the API or a YAML file → its value with defaults filled in, or every problem with the path of
 * its field and what to write. What reads objects from a cluster or a disk is elsewhere.
 */
import type { KubeObject, ObjectMeta } from '../kube/object.ts'
import { isFields, judge, type Schema, withDefaults } from '../schema/judge.ts'
import { type ConfigProblem, faultOf } from '../schema/problem.ts'
import { rulesBroken } from './resource-rules.ts'
import { type BigIpSpec, specSchema } from './resource-schema.ts'
import type { BigIpStatus } from './resource-status.ts'

export type { BigIpSettings, BigIpSpec, Mode, UnitSpec } from './resource-schema.ts'
export type { BigIpStatus, Condition, UnitStatus } from './resource-status.ts'

export const API_VERSION = 'podpeer.io/v1alpha1'
export const BIGIPS = `/apis/${API_VERSION}/bigips`

/** The operator's word for more deletions than the cap: tokens of `status.units[].refused`, with blanks between them. */
export const ALLOW_DELETIONS = 'podpeer.io/allow-deletions'

export interface BigIp {
  readonly metadata: ObjectMeta
  readonly spec: BigIpSpec
  /** As the server has it; `{}` where there is none. */
  readonly status: BigIpStatus
}

/** @throws InputFault with the first problem, and how many more there are */
export function parseBigIp(object: KubeObject): BigIp {
  const [first, ...others] = judgeBigIp(object)
  if (first !== undefined) throw faultOf([first, ...others])
  const spec = withDefaults(specSchema as unknown as Schema, object['spec'] ?? {}) as Omit<BigIpSpec, 'units'> & {
    readonly units: readonly (Omit<BigIpSpec['units'][number], 'name'> & { readonly name?: string })[]
  }
  const units = spec.units.map(unit => ({ ...unit, name: unit.name ?? unit.address ?? object.metadata.name }))
  // what others made may hold what is theirs
  const tunnel = { ...spec.tunnel, shared: spec.tunnel.shared ?? !spec.manage.tunnel }
  return {
    metadata: object.metadata,
    spec: { ...spec, tunnel, units: units as unknown as BigIpSpec['units'] },
    status: (object['status'] ?? {}) as BigIpStatus,
  }
}

/** Empty: the object is as it should be. */
export function judgeBigIp(object: KubeObject): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (object.apiVersion !== API_VERSION)
    problems.push({ path: 'apiVersion', problem: `is not ${API_VERSION}`, fix: `write apiVersion: ${API_VERSION}` })
  if (object.kind !== 'BIGIP') problems.push({ path: 'kind', problem: 'is not BIGIP', fix: 'write kind: BIGIP' })
  if (!isFields(object.metadata) || typeof object.metadata.name !== 'string')
    problems.push({ path: 'metadata.name', problem: 'is missing', fix: 'name the object' })
  if (problems.length > 0) return problems
  const wrong = judge(specSchema as unknown as Schema, object['spec'] ?? {}, 'spec')
  return wrong.length > 0 ? wrong : rulesBroken(withDefaults(specSchema as unknown as Schema, object['spec'] ?? {}))
}
