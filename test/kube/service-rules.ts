/** What the API server makes of Service and Namespace objects by itself. */
import type { KubeObject } from '../../lib/kube/object.ts'
import { draft, isObject, type JsonObject } from './json.ts'
import type { Circumstances } from './rules.ts'

/** A port without a target leads to its own number; a change to another type gives up what only the old one has. */
export function normalService(service: KubeObject): KubeObject {
  const copy = draft(service)
  const { spec } = copy
  if (!isObject(spec)) return service
  const ports = Array.isArray(spec['ports']) ? spec['ports'].filter(isObject) : []
  for (const port of ports) port['targetPort'] ??= port['port'] ?? null
  if (ports.length > 0) spec['ports'] = ports
  if (['NodePort', 'LoadBalancer'].includes(String(spec['type']))) spec['externalTrafficPolicy'] ??= 'Cluster'
  else for (const port of ports) delete port['nodePort']
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
  const ports = Array.isArray(spec['ports']) ? spec['ports'].filter(isObject) : []
  for (const [index, port] of ports.entries()) port['nodePort'] ??= 30_000 + ((serial * 8 + index) % 2768)
}

/** The label that selectors of namespaces go by, and the finalizer of what is inside. */
export function createdNamespace(namespace: JsonObject): void {
  const metadata = namespace['metadata'] as JsonObject
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {}
  metadata['labels'] = { ...labels, 'kubernetes.io/metadata.name': metadata['name']! }
  namespace['spec'] = { finalizers: ['kubernetes'] }
}
