/** What the API server makes of Service and Namespace objects by itself, and what it does not take. */
import { isIP } from 'node:net'
import type { KubeObject } from '../../lib/kube/object.ts'
import { at, draft, isObject, type JsonObject, listAt, textAt } from './json.ts'
import type { Circumstances } from './rules.ts'
import { type Cause, goValue, invalidValue, requiredValue, unsupportedValue } from './status.ts'

/** A port without a target leads to its own number; what the server gave once stays where the client says nothing of it. */
export function normalService(service: KubeObject, previous?: KubeObject): KubeObject {
  const copy = draft(service)
  const { spec } = copy
  if (!isObject(spec)) return service
  const before = at(previous, ['spec'])
  const kept = isObject(before) && before['type'] === spec['type'] ? before : {}
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort'])
    if (spec[field] === undefined && kept[field] !== undefined) spec[field] = kept[field]
  const outside = ['NodePort', 'LoadBalancer'].includes(String(spec['type']))
  for (const port of listAt(spec, ['ports'])) {
    port['targetPort'] ??= port['port'] ?? null
    const same = listAt(kept, ['ports']).find(
      old => old['port'] === port['port'] && old['protocol'] === port['protocol'],
    )
    if (!outside) delete port['nodePort']
    else if (same?.['nodePort'] !== undefined) port['nodePort'] ??= same['nodePort']
  }
  if (outside) spec['externalTrafficPolicy'] ??= 'Cluster'
  return copy as unknown as KubeObject
}

/** The cluster address and the node ports of a new Service, out of 10.96.0.0/12 and 30000–32767. */
export function createdService(service: JsonObject, { serial }: Circumstances): void {
  const spec: JsonObject = isObject(service['spec']) ? service['spec'] : {}
  service['spec'] = spec
  if (spec['type'] === 'ExternalName') return
  const offset = 0x0a_60_00_00 + (serial % 0xf_ff_fe) + 1
  const address = [24, 16, 8, 0].map(shift => (offset >> shift) & 255).join('.')
  spec['clusterIP'] ??= Array.isArray(spec['clusterIPs']) ? spec['clusterIPs'][0]! : address
  spec['clusterIPs'] ??= [spec['clusterIP']]
  spec['ipFamilies'] ??= [String(spec['clusterIP']).includes(':') ? 'IPv6' : 'IPv4']
  spec['ipFamilyPolicy'] ??= 'SingleStack'
  if (spec['type'] !== 'NodePort' && spec['type'] !== 'LoadBalancer') return
  if (spec['type'] === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true
  for (const [index, port] of listAt(spec, ['ports']).entries())
    port['nodePort'] ??= 30_000 + ((serial * 8 + index) % 2768)
}

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']

export function serviceCauses(service: KubeObject, previous: KubeObject | undefined): Cause[] {
  const type = textAt(service, ['spec', 'type'])
  const address = textAt(service, ['spec', 'clusterIP'])
  const before = textAt(previous, ['spec', 'clusterIP'])
  const causes = portCauses(service, type !== 'ExternalName' && address !== 'None')
  if (!TYPES.includes(type)) causes.push(unsupportedValue('spec.type', type, TYPES))
  if (address !== '' && address !== 'None' && isIP(address) === 0)
    causes.push(
      invalidValue('spec.clusterIPs[0]', address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    )
  if (before !== '' && before !== address && type !== 'ExternalName') {
    const message = `Invalid value: ${goValue([address])}: may not change once set`
    causes.push({ reason: 'FieldValueInvalid', message, field: 'spec.clusterIPs[0]' })
  }
  return causes
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const RANGE = 'must be between 1 and 65535, inclusive'

function portCauses(service: KubeObject, needed: boolean): Cause[] {
  const ports = listAt(service, ['spec', 'ports'])
  if (ports.length === 0 && needed) return [requiredValue('spec.ports', '')]
  const isWrong = (number: unknown) => typeof number === 'number' && (number < 1 || number > 65_535)
  return ports.flatMap(({ name, port, targetPort, protocol }, index) => {
    const where = `spec.ports[${index}]`
    const causes: Cause[] = []
    if (!name && ports.length > 1) causes.push(requiredValue(`${where}.name`, ''))
    if (name && ports.findIndex(other => other['name'] === name) < index)
      causes.push({
        reason: 'FieldValueDuplicate',
        message: `Duplicate value: ${JSON.stringify(name)}`,
        field: `${where}.name`,
      })
    if (port === undefined || isWrong(port)) causes.push(invalidValue(`${where}.port`, port ?? 0, RANGE))
    if (!PROTOCOLS.includes(String(protocol))) causes.push(unsupportedValue(`${where}.protocol`, protocol, PROTOCOLS))
    if (isWrong(targetPort)) causes.push(invalidValue(`${where}.targetPort`, targetPort, RANGE))
    return causes
  })
}

/** The label that selectors of namespaces go by, and the finalizer of what is inside. */
export function createdNamespace(namespace: JsonObject): void {
  const metadata = namespace['metadata'] as JsonObject
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {}
  metadata['labels'] = { ...labels, 'kubernetes.io/metadata.name': metadata['name']! }
  namespace['spec'] = { finalizers: ['kubernetes'] }
}
