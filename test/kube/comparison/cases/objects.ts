/** What happens to one object: create, read, replace, delete, and what is refused. */
import type { Case } from '../scene.ts'

const map = (name: string, data: Record<string, string> = { a: 'b' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

export const objectCases: readonly Case[] = [
  {
    name: 'create, read and delete',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, map('one'))
      await scene.get(`${maps}/one`)
      await scene.ask('POST', maps, map('one'))
      await scene.get(`${maps}/two`)
      await scene.ask('DELETE', `${maps}/one`, { propagationPolicy: 'Background' })
      await scene.ask('DELETE', `${maps}/one`)
      await scene.get(maps)
    },
  },
  {
    name: 'generated names',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, { metadata: { generateName: 'made-' } })
      await scene.ask('POST', maps, { metadata: {} })
      await scene.ask('POST', maps, {})
    },
  },
  {
    name: 'bodies that are refused',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, { ...map('m1'), kind: 'Secret' })
      await scene.ask('POST', maps, { ...map('m2'), apiVersion: 'v2' })
      await scene.ask('POST', maps, { ...map('m3'), metadata: { name: 'm3', namespace: 'other' } })
      await scene.ask('POST', maps, { ...map('m4'), metadata: { name: 'm4', resourceVersion: '7' } })
      await scene.ask('POST', maps, map('Upper_Case'))
      await scene.ask('POST', maps, {
        ...map('m6'),
        metadata: { name: 'm6', labels: { a: 'bad value!' } },
      })
      await scene.ask('POST', maps, { ...map('m7'), metadata: { name: 'm7', labels: { a: 'x'.repeat(64) } } })
      await scene.ask('POST', maps, { ...map('m8'), metadata: { name: 'm8', annotations: { 'bad key!': 'x' } } })
      await scene.ask('POST', maps, { ...map('m9'), metadata: { name: 'm9', finalizers: ['unqualified'] } })
      await scene.ask('POST', maps, { ...map('m11'), metadata: { name: 'm11', labels: { 'bad key!': 'x' } } })
      await scene.ask('POST', maps, map('m10', { 'bad key!': 'x' }))
      await scene.ask('POST', maps, '[]')
      await scene.ask('POST', maps, '{"a"')
      await scene.ask('POST', maps, '')
      await scene.ask('POST', maps, '"text"')
    },
  },
  {
    name: 'scalars of the wrong type',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, { ...map('m1'), data: { a: 1 } })
      await scene.ask('POST', maps, { ...map('m2'), data: 'text' })
      await scene.ask('POST', maps, { ...map('m3'), metadata: { name: 'm3', labels: { a: 1 } } })
      await scene.ask('POST', maps, { ...map('m4'), metadata: { name: 'm4', annotations: { a: true } } })
      await scene.ask('POST', maps, { ...map('m5'), metadata: { name: 1 } })
      await scene.ask('POST', maps, { ...map('m6'), immutable: 'yes' })
      await scene.ask('POST', '/api/v1/nodes', { metadata: { name: 'n' }, spec: { unschedulable: 'true' } })
      await scene.ask('POST', '/api/v1/nodes', { metadata: { name: 'n' }, spec: { podCIDRs: '10.0.0.0/24' } })
      await scene.ask('POST', scene.path('services'), { metadata: { name: 's' }, spec: { ports: [{ port: '80' }] } })
    },
  },
  {
    name: 'unknown fields are dropped',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, { ...map('m1'), unknown: 1, metadata: { name: 'm1', foo: 'bar' } })
      await scene.ask('POST', '/api/v1/nodes', { metadata: { name: 'n' }, spec: { foo: 1, unschedulable: true } })
    },
  },
  {
    name: 'fields that the server owns',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, {
        ...map('one'),
        metadata: {
          name: 'one',
          uid: 'mine',
          creationTimestamp: '2001-01-01T00:00:00Z',
          deletionTimestamp: '2001-01-01T00:00:00Z',
          generation: 7,
          selfLink: '/mine',
          labels: {},
          annotations: {},
          finalizers: [],
        },
      })
    },
  },
  {
    name: 'replace',
    play: async scene => {
      const maps = scene.path('configmaps')
      const { body } = await scene.ask('POST', maps, map('one'))
      await scene.ask('PUT', `${maps}/one`, { ...body, data: { a: 'c' } })
      await scene.ask('PUT', `${maps}/one`, body)
      await scene.ask('PUT', `${maps}/one`, map('one', { a: 'd' }))
      await scene.ask('PUT', `${maps}/one`, map('one', { a: 'd' }))
      await scene.ask('PUT', `${maps}/one`, map('two'))
      await scene.ask('PUT', `${maps}/one`, { data: {} })
      await scene.ask('PUT', `${maps}/two`, map('two'))
      await scene.ask('PUT', `${maps}/one`, {
        ...map('one'),
        metadata: { name: 'one', uid: '00000000-0000-4000-8000-000000000000' },
      })
      await scene.ask('PUT', `${maps}/one`, { ...map('one'), metadata: { name: 'one', resourceVersion: 'text' } })
      await scene.ask('PUT', maps, map('one'))
      await scene.ask('POST', `${maps}/one`, map('one'))
    },
  },
  {
    name: 'deletion with preconditions',
    play: async scene => {
      const maps = scene.path('configmaps')
      const { body } = await scene.ask('POST', maps, map('one'))
      await scene.ask('DELETE', `${maps}/one`, { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } })
      await scene.ask('DELETE', `${maps}/one`, { preconditions: { resourceVersion: '1' } })
      await scene.ask('DELETE', `${maps}/one`, {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: body.metadata.uid, resourceVersion: body.metadata.resourceVersion },
      })
    },
  },
  {
    name: 'finalizers hold an object',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, {
        ...map('held'),
        metadata: { name: 'held', finalizers: ['example.com/hold', 'example.com/too'] },
      })
      await scene.ask('DELETE', `${maps}/held`)
      await scene.ask('DELETE', `${maps}/held`)
      const merge = { type: 'application/merge-patch+json' }
      await scene.ask('PATCH', `${maps}/held`, { data: { a: 'changed' } }, merge)
      await scene.ask(
        'PATCH',
        `${maps}/held`,
        { metadata: { finalizers: ['example.com/hold', 'example.com/new'] } },
        merge,
      )
      await scene.ask('PATCH', `${maps}/held`, { metadata: { finalizers: ['example.com/hold'] } }, merge)
      await scene.ask('PATCH', `${maps}/held`, { metadata: { finalizers: null } }, merge)
      await scene.get(`${maps}/held`)
    },
  },
  {
    name: 'propagation by finalizers',
    play: async scene => {
      const maps = scene.path('configmaps')
      for (const policy of ['Foreground', 'Orphan']) {
        const name = policy.toLowerCase()
        await scene.ask('POST', maps, map(name))
        await scene.ask('DELETE', `${maps}/${name}`, { propagationPolicy: policy })
      }
      await scene.ask('POST', maps, map('wrong'))
      await scene.ask('DELETE', `${maps}/wrong`, { propagationPolicy: 'Wrong' })
      await scene.ask('DELETE', `${maps}/wrong?propagationPolicy=Background&gracePeriodSeconds=0`)
    },
  },
  {
    name: 'deletion of a collection',
    play: async scene => {
      const maps = scene.path('configmaps')
      for (const name of ['a', 'b', 'c'])
        await scene.quietly('POST', maps, { ...map(name), metadata: { name, labels: { odd: String(name !== 'b') } } })
      await scene.ask('DELETE', `${maps}?labelSelector=odd%3Dtrue`)
      await scene.get(maps)
      await scene.ask('DELETE', `${maps}?dryRun=All`)
      await scene.ask('DELETE', maps)
      await scene.ask('DELETE', maps)
      await scene.ask('DELETE', '/api/v1/configmaps')
    },
  },
  {
    name: 'dry run',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', `${maps}?dryRun=All`, map('one'))
      await scene.get(`${maps}/one`)
      await scene.ask('POST', maps, map('one'))
      await scene.ask('POST', `${maps}?dryRun=All`, map('one'))
      await scene.ask('PUT', `${maps}/one?dryRun=All`, map('one', { a: 'z' }))
      await scene.ask('PATCH', `${maps}/one?dryRun=All`, { data: { a: 'y' } }, { type: 'application/merge-patch+json' })
      await scene.ask('DELETE', `${maps}/one?dryRun=All`)
      await scene.ask('DELETE', `${maps}/one`, { dryRun: ['All'] })
      await scene.get(`${maps}/one`)
      await scene.ask('POST', `${maps}?dryRun=Some`, map('two'))
    },
  },
  {
    name: 'immutable ConfigMaps and Secrets',
    play: async scene => {
      const maps = scene.path('configmaps')
      await scene.ask('POST', maps, { ...map('fixed'), immutable: true })
      await scene.ask('PUT', `${maps}/fixed`, { ...map('fixed', { a: 'c' }), immutable: true })
      await scene.ask('PUT', `${maps}/fixed`, map('fixed'))
      const secrets = scene.path('secrets')
      await scene.ask('POST', secrets, { metadata: { name: 'fixed' }, data: { a: 'Yg==' }, immutable: true })
      await scene.ask('PUT', `${secrets}/fixed`, { metadata: { name: 'fixed' }, data: { a: 'Yw==' }, immutable: true })
    },
  },
  {
    name: 'Secrets',
    play: async scene => {
      const secrets = scene.path('secrets')
      await scene.ask('POST', secrets, { metadata: { name: 'a' }, stringData: { x: 'y' }, data: { z: 'eg==' } })
      await scene.ask('POST', secrets, { metadata: { name: 'b' }, data: { z: 'no base64!' } })
      await scene.ask('PUT', `${secrets}/a`, { metadata: { name: 'a' }, type: 'kubernetes.io/basic-auth' })
      await scene.ask('POST', secrets, { metadata: { name: 'c' }, type: 'kubernetes.io/tls', data: {} })
    },
  },
  {
    name: 'requests that nobody serves',
    play: async scene => {
      await scene.get('/api/v1/foos')
      await scene.get('/apis/example.invalid/v1/foos')
      await scene.get('/apis/example.invalid')
      await scene.get(scene.path('nodes/x'))
      await scene.get('/nowhere')
      await scene.get(scene.path('configmaps/x/scale'))
      await scene.get('/api/v1/nodes/none/status')
      await scene.ask('POST', '/api/v1/configmaps', map('nowhere'))
      await scene.ask('PATCH', scene.path('configmaps'), {}, { type: 'application/merge-patch+json' })
      await scene.get('/api/v1/nodes', { accept: 'text/html' })
      await scene.get('/api/v1/nodes', { accept: 'application/json;as=Nothing;v=v1;g=meta.k8s.io' })
      await scene.ask('POST', scene.path('configmaps'), map('one'), { type: 'text/plain' })
      await scene.ask(
        'POST',
        scene.path('configmaps'),
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: b}\n',
        {
          type: 'application/yaml',
        },
      )
    },
  },
  {
    name: 'namespaces',
    play: async scene => {
      await scene.ask('POST', '/api/v1/namespaces/no-such/configmaps', map('one'))
      await scene.get('/api/v1/namespaces/no-such/configmaps')
      await scene.get('/api/v1/namespaces/no-such/configmaps/x')
      await scene.get('/api/v1/namespaces/no-such')
      await scene.ask('POST', '/api/v1/namespaces', { metadata: { name: 'Bad' } })
      await scene.ask('POST', '/api/v1/namespaces', { metadata: { name: 'with.dots' } })
      await scene.get(`/api/v1/namespaces/${scene.namespace}`)
      await scene.ask('DELETE', '/api/v1/namespaces/default')
    },
  },
  {
    name: 'who may ask',
    play: async scene => {
      for (const path of [
        '/api/v1/nodes',
        '/api/v1/nodes/a',
        scene.path('configmaps'),
        scene.path('leases/x', 'apis/coordination.k8s.io/v1'),
      ])
        await scene.get(path, { token: null })
      await scene.ask('POST', '/api/v1/nodes', { metadata: { name: 'a' } }, { token: null })
      await scene.ask('DELETE', '/api/v1/nodes', undefined, { token: null })
      await scene.get('/api/v1/nodes?watch=1', { token: null })
      await scene.get('/api/v1/nodes/a/status', { token: null })
      await scene.get('/api', { token: null })
      await scene.get('/metrics', { token: null, pick: () => undefined })
      await scene.get('/version', { token: null, pick: ({ major }) => major })
      await scene.get('/readyz', { token: null })
      await scene.get('/api/v1/nodes', { token: 'wrong' })
      await scene.get('/version', { token: 'wrong' })
    },
  },
]
