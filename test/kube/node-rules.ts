/** The API server's own rules for Node objects. */
import { isIP } from 'node:net'
import type { KubeObject } from '../../lib/kube/object.ts'
import { at, draft, isObject, type JsonObject, listAt, textAt } from './json.ts'
import { keyFaults } from './names.ts'
import { type Cause, forbiddenValue, invalidValue, unsupportedValue } from './status.ts'

/** podCIDR and podCIDRs are one value in two fields: the single one wins when they disagree, as in the server's conversion. */
export function normalNode(node: KubeObject): KubeObject {
  const copy = draft(node)
  const spec: JsonObject = isObject(copy['spec']) ? copy['spec'] : {}
  copy['spec'] = spec
  const single = spec['podCIDR']
  const list = spec['podCIDRs']
  if (typeof single === 'string' && single !== '' && (!Array.isArray(list) || list[0] !== single)) {
    spec['podCIDRs'] = [single]
  } else if (Array.isArray(list) && list.length > 0) {
    spec['podCIDR'] = list[0]!
  }
  return copy as unknown as KubeObject
}

export function nodeCauses(node: KubeObject, previous: KubeObject | undefined): Cause[] {
  const field = 'spec.podCIDRs'
  const prefixes = podCIDRs(node)
  const causes = prefixes.flatMap((prefix, index) => {
    const [address = '', length, more] = prefix.split('/')
    const most = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1
    const good = more === undefined && /^\d{1,3}$/.test(length ?? '') && Number(length) <= most
    return good
      ? []
      : [invalidValue(`${field}[${index}]`, prefix, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]
  })
  if (prefixes.length > 2 || (prefixes.length === 2 && isIPv6(prefixes[0]!) === isIPv6(prefixes[1]!)))
    causes.push(invalidValue(field, prefixes, 'may specify no more than one CIDR for each IP family'))
  const before = previous === undefined ? [] : podCIDRs(previous)
  if (before.length > 0 && before.join() !== prefixes.join())
    causes.push(forbiddenValue(field, 'node updates may not change podCIDR except from "" to valid'))
  const [provider, providerBefore] = [node, previous].map(object => textAt(object, ['spec', 'providerID']))
  if (providerBefore && provider !== providerBefore)
    causes.push(forbiddenValue('spec.providerID', 'node updates may not change providerID except from "" to valid'))
  // the server says so of the whole object, too
  const others =
    'node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)'
  if (causes.some(({ reason }) => reason === 'FieldValueForbidden')) causes.push(forbiddenValue('[]', others))
  return [...taintCauses(node), ...causes]
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

function taintCauses(node: KubeObject): Cause[] {
  const taints = listAt(node, ['spec', 'taints'])
  return taints.flatMap(({ key, value, effect }, index) => {
    const where = `metadata.taints[${index}]`
    const causes = keyFaults(String(key ?? '')).map(fault => invalidValue(`${where}.key`, key ?? '', fault))
    if (!EFFECTS.includes(String(effect))) causes.push(unsupportedValue(`${where}.effect`, effect, EFFECTS))
    if (taints.findIndex(other => other['key'] === key && other['effect'] === effect) < index) {
      const [name, text, what] = [key, value ?? '', effect].map(one => JSON.stringify(one))
      const taint = `core.Taint{Key:${name}, Value:${text}, Effect:${what}, TimeAdded:<nil>}`
      const message = `Duplicate value: ${taint}: taints must be unique by key and effect pair`
      causes.push({ reason: 'FieldValueDuplicate', message, field: where })
    }
    return causes
  })
}

function podCIDRs(node: KubeObject): string[] {
  const list = at(node, ['spec', 'podCIDRs'])
  return Array.isArray(list) ? list.map(String) : []
}

const isIPv6 = (prefix: string) => prefix.includes(':')
