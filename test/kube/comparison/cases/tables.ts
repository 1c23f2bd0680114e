/** Tables: the columns of each kind and the cells that do not depend on the time. */
import { type Case, TABLE } from '../scene.ts'

interface Column {
  readonly name: string
  readonly type: string
  readonly format: string
  readonly priority: number
}

interface Table {
  readonly kind: string
  readonly columnDefinitions?: readonly Column[] | null
  readonly rows?: readonly { cells: unknown[] }[]
  readonly message?: string
}

/** Without the prose of the descriptions. */
function columns({ columnDefinitions, message }: Table): unknown {
  return message ?? columnDefinitions?.map(({ name, type, format, priority }) => [name, type, format, priority])
}

const cells = ({ rows, message }: Table) => message ?? rows?.map(row => ({ cells: row.cells }))

const COLLECTIONS = [
  '/api/v1/nodes',
  '/api/v1/namespaces',
  ...['pods', 'services', 'configmaps', 'secrets', 'serviceaccounts', 'events'].map(plural => `/api/v1/${plural}`),
  '/apis/coordination.k8s.io/v1/leases',
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/daemonsets',
  '/apis/networking.k8s.io/v1/ingresses',
  ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map(
    plural => `/apis/rbac.authorization.k8s.io/v1/${plural}`,
  ),
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
]

export const tableCases: readonly Case[] = [
  ...COLLECTIONS.map(
    (path): Case => ({
      name: `columns of ${path.split('/').at(-1)}`,
      play: async scene =>
        void (await scene.get(`${path}?limit=1&fieldSelector=metadata.name%3Dnone`, { accept: TABLE, pick: columns })),
    }),
  ),
  {
    name: 'columns of endpointslices',
    since: 21,
    play: async scene =>
      void (await scene.get('/apis/discovery.k8s.io/v1/endpointslices', { accept: TABLE, pick: columns })),
  },
  {
    name: 'a Table of ConfigMaps',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.quietly('POST', maps, {
        metadata: { name: 'a', labels: { x: 'y' } },
        data: { a: 'b' },
        binaryData: { c: 'ZA==' },
      })
      await scene.quietly('POST', maps, { metadata: { name: 'b' } })
      const rows = ({ columnDefinitions: _, ...table }: Table) => table
      for (const include of ['', 'Metadata', 'None', 'Object', 'Wrong'])
        await scene.get(`${maps}?includeObject=${include}`, { accept: TABLE, pick: rows })
      await scene.get(`${maps}?limit=1`, { accept: TABLE, pick: rows })
      await scene.get(`${maps}/a`, { accept: TABLE, pick: rows })
      await scene.get(`${maps}/none`, { accept: TABLE })
      await scene.ask('POST', maps, { metadata: { name: 'c' } }, { accept: TABLE, pick: rows })
      await scene.ask('DELETE', `${maps}/c`, undefined, { accept: TABLE })
      await scene.get(maps, {
        accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
        pick: ({ apiVersion }) => apiVersion,
      })
    },
  },
  {
    name: 'a Table in a watch',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.quietly('POST', maps, { metadata: { name: 'a' }, data: { a: 'b' } })
      const watch = await scene.watch(`${maps}?watch=1`, { accept: TABLE })
      await scene.quietly('POST', maps, { metadata: { name: 'b' } })
      await scene.quietly('DELETE', `${maps}/a`)
      await scene.told(
        {
          get events() {
            return watch.events.map(({ type, object }) => ({
              type,
              kind: object.kind,
              columns: columns(object),
              rows: object.rows,
            }))
          },
          get ended() {
            return watch.ended
          },
          code: watch.code,
          close: watch.close,
        },
        3,
      )
    },
  },
  {
    name: 'cells of Nodes',
    play: async scene => {
      const node = (name: string, labels: Record<string, string>, spec: object, status: object) =>
        scene.quietly('POST', '/api/v1/nodes', { metadata: { name, labels }, spec, status })
      await node('bare', {}, {}, {})
      await node(
        'ready',
        { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'edge' },
        { unschedulable: true },
        {
          addresses: [
            { type: 'InternalIP', address: '10.0.0.1' },
            { type: 'ExternalIP', address: '192.0.2.1' },
          ],
          conditions: [{ type: 'Ready', status: 'True' }],
          nodeInfo: {
            kubeletVersion: 'v1.2.3',
            osImage: 'Debian',
            kernelVersion: '6.1',
            containerRuntimeVersion: 'containerd://1',
          },
        },
      )
      await node('not', {}, {}, { conditions: [{ type: 'Ready', status: 'Unknown' }] })
      await scene.get('/api/v1/nodes', { accept: TABLE, pick: cells })
    },
  },
  {
    name: 'cells of Services',
    play: async scene => {
      const services = scene.path('services')
      const make = (name: string, spec: object) => scene.quietly('POST', services, { metadata: { name }, spec })
      await make('a', { clusterIP: 'None', selector: { b: 'c', a: 'd' }, ports: [{ port: 80 }] })
      await make('b', {
        type: 'LoadBalancer',
        clusterIP: '10.0.4.1',
        ports: [
          { port: 80, nodePort: 30081, name: 'x' },
          { port: 53, nodePort: 30082, name: 'y' },
        ],
      })
      await make('c', { type: 'ExternalName', externalName: 'example.com' })
      await make('d', { clusterIP: '10.0.4.2', externalIPs: ['192.0.2.7'], ports: [{ port: 80 }] })
      await scene.get(services, { accept: TABLE, pick: cells })
    },
  },
  {
    name: 'cells of Pods',
    play: async scene => {
      const pods = scene.path('pods')
      const make = async (name: string, status: object | undefined) => {
        await scene.quietly('POST', pods, {
          metadata: { name },
          spec: {
            nodeName: 'n',
            containers: [
              { name: 'c', image: 'i' },
              { name: 'd', image: 'i' },
            ],
          },
        })
        if (status !== undefined)
          await scene.quietly('PATCH', `${pods}/${name}/status`, { status }, { type: 'application/merge-patch+json' })
      }
      const container = (name: string, ready: boolean, restartCount: number, state: object) => ({
        name,
        ready,
        restartCount,
        state,
        image: 'i',
        imageID: '',
        lastState: {},
      })
      await make('a', undefined)
      await make('b', {
        phase: 'Running',
        podIP: '10.1.0.1',
        podIPs: [{ ip: '10.1.0.1' }],
        containerStatuses: [
          container('c', true, 2, { running: {} }),
          container('d', false, 0, { waiting: { reason: 'CrashLoopBackOff' } }),
        ],
      })
      await make('c', { phase: 'Failed', reason: 'Evicted' })
      await make('d', {
        phase: 'Succeeded',
        containerStatuses: [container('c', false, 0, { terminated: { reason: 'Completed', exitCode: 0 } })],
      })
      await scene.get(pods, { accept: TABLE, pick: cells })
    },
  },
  {
    name: 'cells of other kinds',
    play: async scene => {
      await scene.quietly('POST', scene.path('leases', 'apis/coordination.k8s.io/v1'), {
        metadata: { name: 'a' },
        spec: { holderIdentity: 'me' },
      })
      await scene.quietly('POST', scene.path('secrets'), { metadata: { name: 'a' }, data: { a: 'Yg==' } })
      await scene.quietly('POST', scene.path('events'), {
        metadata: { name: 'a' },
        involvedObject: { kind: 'ConfigMap', name: 'm', namespace: scene.namespace, fieldPath: 'data' },
        reason: 'Tested',
        message: ' all is well\n',
        type: 'Normal',
        source: { component: 'tester', host: 'h' },
        count: 3,
      })
      const labels = { app: 'a' }
      const template = {
        metadata: { labels },
        spec: {
          nodeSelector: { a: 'b' },
          containers: [
            { name: 'c', image: 'i' },
            { name: 'd', image: 'j' },
          ],
        },
      }
      const spec = { selector: { matchLabels: labels }, template }
      await scene.quietly('POST', scene.path('deployments', 'apis/apps/v1'), {
        metadata: { name: 'a' },
        spec: { ...spec, replicas: 3 },
      })
      await scene.quietly('POST', scene.path('daemonsets', 'apis/apps/v1'), { metadata: { name: 'a' }, spec })
      const backend = { service: { name: 's', port: { number: 80 } } }
      await scene.quietly('POST', scene.path('ingresses', 'apis/networking.k8s.io/v1'), {
        metadata: { name: 'a' },
        spec: {
          ingressClassName: 'f5',
          tls: [{ hosts: ['a.example'] }],
          rules: ['a.example', 'b.example'].map(host => ({
            host,
            http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
          })),
        },
      })
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' }
      const subjects = [
        { kind: 'ServiceAccount', name: 'x', namespace: 'y' },
        { kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'Group', name: 'g', apiGroup: 'rbac.authorization.k8s.io' },
      ]
      await scene.quietly('POST', scene.path('rolebindings', 'apis/rbac.authorization.k8s.io/v1'), {
        metadata: { name: 'a' },
        roleRef,
        subjects,
      })
      for (const path of [
        scene.path('leases', 'apis/coordination.k8s.io/v1'),
        scene.path('secrets'),
        scene.path('events'),
        scene.path('deployments', 'apis/apps/v1'),
        scene.path('daemonsets', 'apis/apps/v1'),
        scene.path('ingresses', 'apis/networking.k8s.io/v1'),
        scene.path('rolebindings', 'apis/rbac.authorization.k8s.io/v1'),
      ])
        await scene.get(path, { accept: TABLE, pick: cells })
    },
  },
]
