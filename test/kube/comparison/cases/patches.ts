/** Patches of all types, what they refuse, and server-side apply. */
import { APPLY, type Case, JSON_PATCH, MERGE, STRATEGIC } from '../scene.ts'

const map = (name: string, data: Record<string, string> = { a: 'b' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

const service = (name: string, ports: readonly object[]) => ({
  metadata: { name },
  spec: { clusterIP: 'None', selector: { app: 'a' }, ports },
})

const port = (number: number, name: string) => ({ port: number, name, protocol: 'TCP', targetPort: number })

export const patchCases: readonly Case[] = [
  {
    name: 'merge patches',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, map('one', { a: 'b', c: 'd' }))
      await scene.patch(`${maps}/one`, MERGE, { data: { a: null, e: 'f' } })
      await scene.patch(`${maps}/one`, MERGE, { data: { e: 'f' } })
      await scene.patch(`${maps}/one`, MERGE, { metadata: { labels: { x: 'y', gone: null } } })
      await scene.patch(`${maps}/one`, MERGE, { metadata: { labels: { x: null } } })
      await scene.patch(`${maps}/one`, MERGE, { metadata: { name: 'two' } })
      await scene.patch(`${maps}/one`, MERGE, { metadata: { namespace: 'other' } })
      await scene.patch(`${maps}/one`, MERGE, { metadata: { resourceVersion: '1' } })
      await scene.patch(`${maps}/one`, MERGE, { metadata: { uid: '00000000-0000-4000-8000-000000000000' } })
      await scene.patch(`${maps}/one`, MERGE, { data: { a: 1 } })
      await scene.patch(`${maps}/one`, MERGE, { unknown: 1 })
      await scene.patch(`${maps}/one`, MERGE, { kind: 'Secret' })
      await scene.patch(`${maps}/one`, MERGE, '[]')
      await scene.patch(`${maps}/one`, MERGE, '{"a"')
      await scene.patch(`${maps}/two`, MERGE, {})
      await scene.patch(`${maps}/one`, 'text/plain', {})
      await scene.patch(`${maps}/one`, 'application/json', {})
    },
  },
  {
    name: 'JSON patches',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, map('one', { a: 'b' }))
      const patches: readonly unknown[] = [
        [{ op: 'add', path: '/data/c', value: 'd' }],
        [{ op: 'add', path: '/metadata/annotations', value: { 'x/y': 'z' } }],
        [{ op: 'replace', path: '/metadata/annotations/x~1y', value: 'new' }],
        [{ op: 'remove', path: '/data/c' }],
        [{ op: 'move', from: '/data/a', path: '/data/moved' }],
        [{ op: 'copy', from: '/data/moved', path: '/data/copied' }],
        [
          { op: 'test', path: '/data/moved', value: 'b' },
          { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
        ],
        [{ op: 'test', path: '/data/moved', value: 'other' }],
        [{ op: 'remove', path: '/data/none' }],
        [{ op: 'add', path: '/none/below', value: 'x' }],
        [{ op: 'remove', path: '/metadata/finalizers/0' }],
        [{ op: 'move', from: '/none', path: '/data/x' }],
        [{ op: 'wrong', path: '/data/a' }],
        [{ op: 'add', path: 'data', value: 'x' }],
        [{ op: 'add', path: '/data/n', value: 1 }],
        { op: 'add', path: '/data/c', value: 'd' },
        [],
        [{ op: 'add', path: '/metadata/finalizers', value: ['example.com/a'] }],
        [{ op: 'add', path: '/metadata/finalizers/-', value: 'example.com/b' }],
        [{ op: 'add', path: '/metadata/finalizers/0', value: 'example.com/c' }],
        [{ op: 'add', path: '/metadata/finalizers/9', value: 'example.com/d' }],
        [{ op: 'remove', path: '/metadata/finalizers' }],
      ]
      for (const patch of patches) await scene.patch(`${maps}/one`, JSON_PATCH, patch)
    },
  },
  {
    name: 'JSON patches from what is not there',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.quietly('POST', maps, map('one'))
      await scene.patch(`${maps}/one`, JSON_PATCH, [{ op: 'replace', path: '/data/none', value: 'x' }])
      await scene.patch(`${maps}/one`, JSON_PATCH, [{ op: 'copy', from: '/none', path: '/data/x' }])
    },
  },
  {
    name: 'strategic merge patches of lists',
    play: async scene => {
      const services = scene.path('services')
      await scene.ask('POST', services, service('one', [port(80, 'http'), port(443, 'https')]))
      const patch = (spec: object) => scene.patch(`${services}/one`, STRATEGIC, { spec })
      await patch({ ports: [{ port: 80, name: 'web' }] })
      await patch({ ports: [port(8080, 'alt')] })
      await patch({ ports: [{ port: 443, $patch: 'delete' }] })
      await patch({ $setElementOrder: { ports: [] } })
      await patch({ '$setElementOrder/ports': [{ port: 8080 }, { port: 80 }], ports: [{ port: 80, name: 'http' }] })
      await patch({ '$setElementOrder/ports': [{ port: 80 }, { port: 8080 }] })
      await patch({ '$setElementOrder/ports': [{ port: 80 }], ports: [{ port: 8080, name: 'x' }] })
      await patch({ ports: [{ name: 'nokey' }] })
      await patch({ ports: [{ $patch: 'replace' }, port(9, 'nine')] })
      await patch({ selector: { $patch: 'replace', only: 'this' } })
      await patch({ selector: { $patch: 'delete' } })
      await patch({ selector: { $patch: 'wrong' } })
      await patch({ ports: null })
      await scene.patch(`${services}/one`, STRATEGIC, '[]')
    },
  },
  {
    name: 'strategic merge patches of sets',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, {
        ...map('one'),
        metadata: { name: 'one', finalizers: ['example.com/a', 'example.com/b'] },
      })
      const patch = (metadata: object) => scene.patch(`${maps}/one`, STRATEGIC, { metadata })
      await patch({ finalizers: ['example.com/c', 'example.com/a'] })
      await patch({ '$deleteFromPrimitiveList/finalizers': ['example.com/b'] })
      await patch({
        '$setElementOrder/finalizers': ['example.com/d', 'example.com/c', 'example.com/a'],
        finalizers: ['example.com/d'],
      })
      await patch({ ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u1' }] })
      await patch({ ownerReferences: [{ uid: 'u1', name: 'm' }] })
      await patch({ ownerReferences: [{ uid: 'u1', $patch: 'delete' }] })
      await patch({ finalizers: null })
      await patch({ annotations: { a: 'b', none: null } })
    },
  },
  {
    name: 'strategic merge patches of a Node',
    play: async scene => {
      await scene.ask('POST', '/api/v1/nodes', {
        metadata: { name: 'n' },
        spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] },
      })
      const patch = (body: object, sub = '') => scene.patch(`/api/v1/nodes/n${sub}`, STRATEGIC, body)
      await patch({ spec: { taints: [{ key: 'b', effect: 'NoSchedule' }] } })
      await patch({ spec: { unschedulable: true } })
      await patch({ spec: { unschedulable: null } })
      const conditions = (status: string) => [{ type: 'Ready', status }]
      await patch({ status: { conditions: conditions('True') } }, '/status')
      await patch({ status: { conditions: [{ type: 'MemoryPressure', status: 'False' }] } }, '/status')
      await patch(
        { status: { conditions: conditions('False'), addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } },
        '/status',
      )
      await patch(
        {
          status: {
            addresses: [
              { type: 'InternalIP', address: '10.0.0.2' },
              { type: 'Hostname', address: 'n' },
            ],
          },
        },
        '/status',
      )
      await patch({ status: { phase: 'ignored here' } })
    },
  },
  {
    name: 'strategic merge patches of a Pod template',
    play: async scene => {
      const sets = scene.path('daemonsets', 'apis/apps/v1')
      const labels = { app: 'a' }
      const container = (name: string) => ({
        name,
        image: `${name}:1`,
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      })
      const spec = (template: object) => ({
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: template },
      })
      const pick = ({
        spec,
        message,
      }: {
        spec?: { template: { spec: { containers: unknown; volumes: unknown } } }
        message?: string
      }) => (spec === undefined ? message : [names(spec.template.spec.containers), spec.template.spec.volumes])
      const names = (containers: unknown) =>
        (containers as { name: string; image: string; env: unknown; ports: unknown; volumeMounts: unknown }[]).map(
          ({ name, image, env, ports, volumeMounts }) => ({ name, image, env, ports, volumeMounts }),
        )
      await scene.ask(
        'POST',
        sets,
        { metadata: { name: 'one' }, spec: spec({ containers: [container('x'), container('y')] }) },
        { pick },
      )
      const patch = (template: object) =>
        scene.patch(`${sets}/one`, STRATEGIC, { spec: { template: { spec: template } } }, { pick })
      await patch({
        containers: [
          {
            name: 'x',
            image: 'x:2',
            env: [
              { name: 'B', value: '3' },
              { name: 'C', value: '4' },
            ],
          },
        ],
      })
      await patch({ containers: [{ name: 'y', env: [{ name: 'A', $patch: 'delete' }] }] })
      await patch({ containers: [{ name: 'x', ports: [{ containerPort: 80 }, { containerPort: 81 }] }] })
      await patch({ containers: [{ name: 'x', ports: [{ containerPort: 80, name: 'web' }] }] })
      await patch({
        containers: [{ name: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
        volumes: [{ name: 'v', emptyDir: {} }],
      })
      await patch({ volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] })
      await patch({
        '$setElementOrder/containers': [{ name: 'y' }, { name: 'x' }],
        containers: [{ name: 'x', image: 'x:3' }],
      })
      await patch({ containers: [{ name: 'y', $patch: 'delete' }] })
      await patch({ containers: [{ name: 'x', image: null }] })
    },
  },
  {
    name: 'apply',
    managedFields: true,
    play: async scene => {
      const maps = scene.path('configmaps')
      const apply = (manager: string, data: object, more = '') =>
        scene.patch(`${maps}/one?fieldManager=${manager}${more}`, APPLY, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'one' },
          ...data,
        })
      await apply('first', { data: { a: '1', b: '2' } })
      await apply('first', { data: { a: '1', b: '2' } })
      await apply('first', { data: { a: '1' } })
      await apply('second', { data: { c: '3' } })
      await apply('second', { data: { a: '1', c: '3' } })
      await apply('first', { data: { a: '2' } })
      await apply('first', { data: { a: '2' } }, '&force=true')
      await apply('second', { metadata: { name: 'one', labels: { x: 'y' } } })
      await scene.patch(`${maps}/one?fieldManager=patcher`, MERGE, { data: { d: '4', a: '9' } })
      await apply('first', { data: { a: '2', d: '5' } })
      await apply('first', { data: { a: '2', d: '5' } }, '&dryRun=All&force=true')
      await apply('first', {})
    },
  },
  {
    name: 'applies that are refused',
    play: async scene => {
      const maps = scene.path('configmaps')
      const one = map('one')
      await scene.patch(`${maps}/one`, APPLY, one)
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, { data: {} })
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, { ...one, kind: 'Secret' })
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, { ...one, apiVersion: 'v2' })
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, map('two'))
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, { ...one, metadata: { name: 'one', managedFields: [] } })
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, {
        ...one,
        metadata: { name: 'one', managedFields: [{ manager: 'x' }] },
      })
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, {
        ...one,
        metadata: { name: 'one', resourceVersion: '1' },
      })
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, { ...one, data: { a: 1 } })
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, { ...one, unknown: 1 })
      await scene.patch(`${maps}/one?fieldManager=a`, APPLY, 'not: [yaml')
      await scene.patch(`${maps}/one?fieldManager=${'x'.repeat(129)}`, APPLY, one)
      await scene.patch(`${maps}/one?fieldManager=a&force=maybe`, APPLY, one)
      await scene.patch(`${maps}/one?fieldManager=a&force=true`, MERGE, one)
    },
  },
  {
    name: 'apply of lists',
    managedFields: true,
    play: async scene => {
      const services = scene.path('services')
      const apply = (manager: string, spec: object, more = '') =>
        scene.patch(`${services}/one?fieldManager=${manager}${more}`, APPLY, {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'one' },
          spec: { clusterIP: 'None', ...spec },
        })
      await apply('first', { selector: { app: 'a' }, ports: [port(80, 'http')] })
      await apply('second', { ports: [port(443, 'https')] })
      await apply('first', { selector: { app: 'a' }, ports: [{ ...port(80, 'http'), targetPort: 8080 }] })
      await apply('second', { ports: [{ ...port(80, 'web') }] })
      await apply('first', { selector: { app: 'a' } })
      await apply('first', { selector: { app: 'a' }, ports: [port(80, 'x'), { ...port(80, 'y'), protocol: 'UDP' }] })
      await apply('first', { selector: { app: 'a' }, ports: [port(80, 'x'), port(80, 'y')] })
    },
  },
  {
    name: 'managers of plain writes',
    managedFields: true,
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', `${maps}?fieldManager=maker`, map('one'))
      await scene.ask('PUT', `${maps}/one?fieldManager=putter`, map('one', { a: 'c', d: 'e' }))
      await scene.patch(`${maps}/one?fieldManager=patcher`, MERGE, {
        data: { d: null },
        metadata: { labels: { x: 'y' } },
      })
      await scene.patch(`${maps}/one?fieldManager=patcher`, MERGE, { data: { f: 'g' } })
      await scene.patch(`${maps}/one?fieldManager=patcher`, MERGE, { data: { f: 'g' } })
      await scene.patch(`${maps}/one`, JSON_PATCH, [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }])
      await scene.patch(`${maps}/one?fieldManager=applier`, APPLY, map('one', { a: 'c' }))
    },
  },
  {
    name: 'apply of a status',
    since: 22,
    managedFields: true,
    play: async scene => {
      await scene.quietly('POST', '/api/v1/nodes', { metadata: { name: 'n' } })
      await scene.patch('/api/v1/nodes/n/status?fieldManager=a', APPLY, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'n' },
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      })
    },
  },
  {
    name: 'field validation',
    since: 27,
    play: async scene => {
      const maps = scene.path('configmaps')
      for (const level of ['Strict', 'Warn', 'Ignore', 'Wrong'])
        await scene.ask('POST', `${maps}?fieldValidation=${level}`, { ...map(level.toLowerCase()), unknown: 1 })
      await scene.patch(`${maps}/warn?fieldValidation=Strict`, MERGE, { unknown: 1 })
    },
  },
]
