/**
 * The columns that the server prints per kind: what `kubectl get` shows. Order, names and words are the API server's;
 * `wide` columns appear with `-o wide` only.
 */
import type { KubeObject } from '../../lib/kube/object.ts'
import { renderAge } from './age.ts'
import { at, isObject, listAt, textAt } from './json.ts'

export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format: string
  readonly description?: string
  readonly wide: boolean
  /** @param now milliseconds since 1970 */
  readonly cell: (object: KubeObject, now: number) => string | number | boolean | null
}

type Cell = Column['cell']

function column(name: string, cell: Cell | readonly string[], more: Partial<Column> = {}): Column {
  const value: Cell = typeof cell === 'function' ? cell : object => textAt(object, cell)
  return { name, type: 'string', format: '', wide: false, cell: value, ...more }
}

const wide = { wide: true }
/** Of custom kinds too. */
export const nameColumn = column('Name', ['metadata', 'name'], { format: 'name' })
const age = column('Age', (object, now) => renderAge(textAt(object, ['metadata', 'creationTimestamp']), now))

const or = (text: string, otherwise = '<none>') => text || otherwise
const words =
  (path: readonly string[], otherwise: string): Cell =>
  object =>
    or(textAt(object, path), otherwise)

export const nodeColumns: readonly Column[] = [
  nameColumn,
  column('Status', nodeStatus),
  column('Roles', nodeRoles),
  age,
  column('Version', ['status', 'nodeInfo', 'kubeletVersion']),
  column('Internal-IP', object => nodeAddress(object, 'InternalIP'), wide),
  column('External-IP', object => nodeAddress(object, 'ExternalIP'), wide),
  column('OS-Image', words(['status', 'nodeInfo', 'osImage'], '<unknown>'), wide),
  column('Kernel-Version', words(['status', 'nodeInfo', 'kernelVersion'], '<unknown>'), wide),
  column('Container-Runtime', words(['status', 'nodeInfo', 'containerRuntimeVersion'], '<unknown>'), wide),
]

function nodeStatus(node: KubeObject): string {
  const ready = listAt(node, ['status', 'conditions']).find(condition => condition['type'] === 'Ready')
  const state = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'
  return at(node, ['spec', 'unschedulable']) === true ? `${state},SchedulingDisabled` : state
}

function nodeRoles({ metadata }: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/'
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(prefix)) return [key.slice(prefix.length)]
    return key === 'kubernetes.io/role' && value !== '' ? [value] : []
  })
  return or([...new Set(roles)].sort().join(','))
}

function nodeAddress(node: KubeObject, type: string): string {
  const found = listAt(node, ['status', 'addresses']).find(address => address['type'] === type)
  return or(textAt(found, ['address']))
}

export const podColumns: readonly Column[] = [
  nameColumn,
  column('Ready', pod => {
    const statuses = listAt(pod, ['status', 'containerStatuses'])
    return `${statuses.filter(status => status['ready'] === true).length}/${listAt(pod, ['spec', 'containers']).length}`
  }),
  column('Status', podStatus),
  column('Restarts', pod => {
    const counts = listAt(pod, ['status', 'containerStatuses']).map(status => Number(status['restartCount'] ?? 0))
    return String(counts.reduce((sum, count) => sum + count, 0))
  }),
  age,
  column('IP', words(['status', 'podIP'], '<none>'), wide),
  column('Node', words(['spec', 'nodeName'], '<none>'), wide),
  column('Nominated Node', words(['status', 'nominatedNodeName'], '<none>'), wide),
  column('Readiness Gates', () => '<none>', wide),
]

function podStatus(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating'
  const waiting = listAt(pod, ['status', 'containerStatuses'])
    .map(status => textAt(status, ['state', 'waiting', 'reason']) || textAt(status, ['state', 'terminated', 'reason']))
    .find(reason => reason !== '')
  return waiting ?? (textAt(pod, ['status', 'reason']) || textAt(pod, ['status', 'phase']))
}

export const serviceColumns: readonly Column[] = [
  nameColumn,
  column('Type', words(['spec', 'type'], 'ClusterIP')),
  column('Cluster-IP', words(['spec', 'clusterIP'], '<none>')),
  column('External-IP', serviceExternal),
  column('Port(s)', servicePorts),
  age,
  column('Selector', service => renderLabels(at(service, ['spec', 'selector'])), wide),
]

function serviceExternal(service: KubeObject): string {
  if (textAt(service, ['spec', 'type']) === 'ExternalName') return textAt(service, ['spec', 'externalName'])
  const ingress = listAt(service, ['status', 'loadBalancer', 'ingress']).map(
    item => textAt(item, ['ip']) || textAt(item, ['hostname']),
  )
  const external = at(service, ['spec', 'externalIPs'])
  const all = [...ingress, ...(Array.isArray(external) ? external.map(String) : [])]
  if (all.length > 0) return all.join(',')
  return textAt(service, ['spec', 'type']) === 'LoadBalancer' ? '<pending>' : '<none>'
}

function servicePorts(service: KubeObject): string {
  const ports = listAt(service, ['spec', 'ports']).map(port => {
    const outside = port['nodePort'] === undefined ? '' : `:${port['nodePort']}`
    return `${port['port']}${outside}/${port['protocol'] ?? 'TCP'}`
  })
  return or(ports.join(','))
}

function renderLabels(labels: unknown): string {
  const pairs = isObject(labels) ? Object.entries(labels).map(([key, value]) => `${key}=${value}`) : []
  return or(pairs.sort().join(','))
}

export const namespaceColumns: readonly Column[] = [nameColumn, column('Status', ['status', 'phase']), age]

export const configMapColumns: readonly Column[] = [
  nameColumn,
  column('Data', map =>
    ['data', 'binaryData'].reduce((sum, field) => sum + Object.keys(at(map, [field]) ?? {}).length, 0),
  ),
  age,
]

export const eventColumns: readonly Column[] = [
  column('Last Seen', (event, now) => renderAge(eventTime(event, 'lastTimestamp'), now)),
  column('Type', ['type']),
  column('Reason', ['reason']),
  column('Object', event => {
    const kind = textAt(event, ['involvedObject', 'kind']).toLowerCase()
    return `${kind}/${textAt(event, ['involvedObject', 'name'])}`
  }),
  column('Subobject', ['involvedObject', 'fieldPath'], wide),
  column(
    'Source',
    event => {
      const component = textAt(event, ['source', 'component']) || textAt(event, ['reportingComponent'])
      return [component, textAt(event, ['source', 'host'])].filter(Boolean).join(', ')
    },
    wide,
  ),
  column('Message', event => textAt(event, ['message']).trim()),
  column('First Seen', (event, now) => renderAge(eventTime(event, 'firstTimestamp'), now), wide),
  column('Count', event => Number(at(event, ['count']) ?? 1), wide),
  { ...nameColumn, wide: true },
]

function eventTime(event: KubeObject, field: string): string {
  return textAt(event, [field]) || textAt(event, ['eventTime'])
}

export const leaseColumns: readonly Column[] = [nameColumn, column('Holder', ['spec', 'holderIdentity']), age]

export const endpointSliceColumns: readonly Column[] = [
  nameColumn,
  column('AddressType', ['addressType']),
  column('Ports', slice =>
    or(
      listAt(slice, ['ports'])
        .map(port => String(port['port']))
        .join(','),
      '<unset>',
    ),
  ),
  column('Endpoints', slice => {
    const endpoints = listAt(slice, ['endpoints']).flatMap(endpoint => endpoint['addresses'] ?? [])
    return or(endpoints.join(','), '<unset>')
  }),
  age,
]

export const secretColumns: readonly Column[] = [
  nameColumn,
  column('Type', ['type']),
  column('Data', secret => Object.keys(at(secret, ['data']) ?? {}).length),
  age,
]

export const serviceAccountColumns: readonly Column[] = [
  nameColumn,
  column('Secrets', account => listAt(account, ['secrets']).length),
  age,
]

/** Of roles and CRDs. */
export const createdColumns: readonly Column[] = [
  nameColumn,
  column('Created At', ['metadata', 'creationTimestamp'], { type: 'date' }),
]

const count = (heading: string, field: string, type: Column['type'] = 'integer') =>
  column(heading, object => Number(at(object, ['status', field]) ?? 0), { type })

/** What the pods of a workload are made from. */
const podTemplate: readonly Column[] = [
  column('Containers', workload => containersOf(workload, 'name'), wide),
  column('Images', workload => containersOf(workload, 'image'), wide),
  column('Selector', workload => renderLabels(at(workload, ['spec', 'selector', 'matchLabels'])), wide),
]

function containersOf(workload: KubeObject, field: string): string {
  return listAt(workload, ['spec', 'template', 'spec', 'containers'])
    .map(container => container[field])
    .join(',')
}

export const daemonSetColumns: readonly Column[] = [
  nameColumn,
  count('Desired', 'desiredNumberScheduled'),
  count('Current', 'currentNumberScheduled'),
  count('Ready', 'numberReady'),
  count('Up-to-date', 'updatedNumberScheduled'),
  count('Available', 'numberAvailable'),
  column('Node Selector', set => renderLabels(at(set, ['spec', 'template', 'spec', 'nodeSelector']))),
  age,
  ...podTemplate,
]

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  column('Ready', deployment => {
    const ready = at(deployment, ['status', 'readyReplicas']) ?? 0
    return `${ready}/${at(deployment, ['spec', 'replicas']) ?? 1}`
  }),
  count('Up-to-date', 'updatedReplicas', 'string'),
  count('Available', 'availableReplicas', 'string'),
  age,
  ...podTemplate,
]

export const ingressColumns: readonly Column[] = [
  nameColumn,
  column('Class', words(['spec', 'ingressClassName'], '<none>')),
  column('Hosts', ingress => {
    const hosts = listAt(ingress, ['spec', 'rules']).flatMap(rule => rule['host'] ?? [])
    return or(hosts.join(','), '*')
  }),
  column('Address', ingress =>
    listAt(ingress, ['status', 'loadBalancer', 'ingress'])
      .map(item => textAt(item, ['ip']) || textAt(item, ['hostname']))
      .join(','),
  ),
  column('Ports', ingress => (listAt(ingress, ['spec', 'tls']).length > 0 ? '80, 443' : '80')),
  age,
]

export const roleBindingColumns: readonly Column[] = [
  nameColumn,
  column('Role', binding => `${textAt(binding, ['roleRef', 'kind'])}/${textAt(binding, ['roleRef', 'name'])}`),
  age,
  column('Users', binding => subjects(binding, 'User'), wide),
  column('Groups', binding => subjects(binding, 'Group'), wide),
  column('ServiceAccounts', binding => subjects(binding, 'ServiceAccount'), wide),
]

function subjects(binding: KubeObject, kind: string): string {
  return listAt(binding, ['subjects'])
    .filter(subject => subject['kind'] === kind)
    .map(({ namespace, name: subject }) => (namespace === undefined ? subject : `${namespace}/${subject}`))
    .join(', ')
}
