/** Lists: pages, selectors, versions; and what the selectors refuse. */
import type { Case, Scene } from '../scene.ts'

const node = (name: string, labels: Record<string, string> = {}, spec: object = {}) => ({
  metadata: { name, labels },
  spec,
})

async function nodes(scene: Scene, names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries())
    await scene.quietly('POST', '/api/v1/nodes', node(name, { n: String(index), odd: String(index % 2 === 1) }))
}

const NAMES = ['a', 'b', 'c', 'd', 'e']
const names = (body: { items?: { metadata: { name: string } }[] }) =>
  body.items?.map(item => item.metadata.name) ?? body

export const listCases: readonly Case[] = [
  {
    name: 'pages of a list',
    play: async scene => {
      await nodes(scene, NAMES)
      const first = await scene.get('/api/v1/nodes?limit=2')
      await scene.quietly('DELETE', '/api/v1/nodes/c')
      await scene.quietly('POST', '/api/v1/nodes', node('bb'))
      const token = encodeURIComponent(first.body.metadata.continue)
      const second = await scene.get(`/api/v1/nodes?limit=2&continue=${token}`)
      const next = encodeURIComponent(second.body.metadata.continue)
      await scene.get(`/api/v1/nodes?limit=2&continue=${next}`)
      await scene.get(`/api/v1/nodes?continue=${token}`)
      await scene.get(`/api/v1/nodes?limit=2&continue=${token}&resourceVersion=1`)
      await scene.get('/api/v1/nodes?limit=2&continue=nonsense')
      await scene.get('/api/v1/nodes?limit=none')
      await scene.get('/api/v1/nodes?limit=-1', { pick: names })
      await scene.get('/api/v1/nodes?limit=5', { pick: body => body.metadata.remainingItemCount })
    },
  },
  {
    name: 'a page of a list that is forgotten',
    play: async scene => {
      await nodes(scene, NAMES)
      const { body } = await scene.get('/api/v1/nodes?limit=2', { pick: names })
      await nodes(scene, ['f'])
      await scene.forget()
      await nodes(scene, ['g'])
      const late = await scene.get(`/api/v1/nodes?limit=2&continue=${encodeURIComponent(body.metadata.continue)}`)
      const { continue: token } = late.body.metadata
      if (token !== undefined)
        await scene.get(`/api/v1/nodes?limit=2&continue=${encodeURIComponent(token)}`, { pick: names })
      const exact = `resourceVersion=${body.metadata.resourceVersion}&resourceVersionMatch=Exact`
      await scene.get(`/api/v1/nodes?limit=2&${exact}`)
    },
  },
  {
    name: 'pages of a selection',
    play: async scene => {
      await nodes(scene, NAMES)
      const { body } = await scene.get('/api/v1/nodes?limit=1&labelSelector=odd%3Dfalse')
      const token = encodeURIComponent(body.metadata.continue)
      await scene.get(`/api/v1/nodes?limit=2&labelSelector=odd%3Dfalse&continue=${token}`)
      await scene.get('/api/v1/nodes?limit=1&fieldSelector=metadata.name%3Dc')
    },
  },
  {
    name: 'versions of a list',
    play: async scene => {
      await nodes(scene, ['a'])
      const { body } = await scene.get('/api/v1/nodes')
      const { resourceVersion } = body.metadata
      await scene.get('/api/v1/nodes?resourceVersion=0')
      await scene.get(`/api/v1/nodes?resourceVersion=${resourceVersion}`)
      await scene.get(`/api/v1/nodes?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`)
      await scene.get(`/api/v1/nodes?resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`)
      await scene.get(`/api/v1/nodes?resourceVersionMatch=Exact`)
      await scene.get(`/api/v1/nodes?resourceVersion=${resourceVersion}&resourceVersionMatch=Wrong`)
      await scene.get('/api/v1/nodes?resourceVersion=nonsense')
      await scene.get('/api/v1/nodes/a?resourceVersion=0')
    },
  },
  {
    name: 'a list at an exact version shows the past',
    play: async scene => {
      await nodes(scene, ['a'])
      const { body } = await scene.get('/api/v1/nodes')
      await nodes(scene, ['b'])
      const exact = `resourceVersion=${body.metadata.resourceVersion}&resourceVersionMatch=Exact`
      await scene.get(`/api/v1/nodes?${exact}`, { pick: names })
      await scene.get(`/api/v1/nodes?${exact}&limit=1`, { pick: names })
    },
  },
  {
    name: 'a version that is still to come',
    play: async scene => {
      await scene.get('/api/v1/nodes?resourceVersion=1000000000')
      await scene.get('/api/v1/nodes/a?resourceVersion=1000000000')
    },
  },
  {
    name: 'label selectors',
    play: async scene => {
      await nodes(scene, NAMES)
      const good = [
        'n=1',
        'n==1',
        'n!=1',
        'n in (1,2)',
        'n notin (1,2)',
        'n',
        '!n',
        'odd=true,n!=1',
        'none!=x',
        'none notin (x)',
        'n>2',
        'n<1',
        'n in ()',
        'n=',
        ' n = 1 ',
      ]
      for (const selector of good)
        await scene.get(`/api/v1/nodes?labelSelector=${encodeURIComponent(selector)}`, { pick: names })
      const bad = [
        '=x',
        'n=bad value',
        'n in 1',
        'n in (1',
        'n,,odd',
        'n=1,',
        '!',
        'n@1',
        '/n=1',
        'n=-x',
        'n>a',
        'a/b/c=1',
        'n=1;odd',
      ]
      for (const selector of bad) await scene.get(`/api/v1/nodes?labelSelector=${encodeURIComponent(selector)}`)
    },
  },
  {
    name: 'field selectors',
    play: async scene => {
      await nodes(scene, NAMES)
      await scene.quietly('POST', '/api/v1/nodes', node('off', {}, { unschedulable: true }))
      const good = [
        'metadata.name=a',
        'metadata.name==a',
        'metadata.name!=a',
        'metadata.name=a,metadata.name=b',
        'spec.unschedulable=true',
        'spec.unschedulable=false',
        'metadata.name=',
        '',
      ]
      for (const selector of good)
        await scene.get(`/api/v1/nodes?fieldSelector=${encodeURIComponent(selector)}`, { pick: names })
      const bad = [
        'spec.foo=x',
        'metadata.name',
        'metadata.name=a,b',
        'metadata.namespace=x',
        'metadata.labels=x',
        'metadata.name in (a)',
        'a=b=c',
      ]
      for (const selector of bad) await scene.get(`/api/v1/nodes?fieldSelector=${encodeURIComponent(selector)}`)
      await scene.get(`${scene.path('configmaps')}?fieldSelector=data.a%3Db`)
      await scene.get(`${scene.path('services')}?fieldSelector=spec.clusterIP%3Db`)
      await scene.get(`${scene.path('leases', 'apis/coordination.k8s.io/v1')}?fieldSelector=spec.holderIdentity%3Db`)
    },
  },
  {
    name: 'fields that kinds are selected by',
    play: async scene => {
      const fields: Record<string, readonly string[]> = {
        pods: [
          'spec.nodeName',
          'spec.restartPolicy',
          'spec.schedulerName',
          'spec.serviceAccountName',
          'status.phase',
          'status.podIP',
          'status.podIPs',
          'status.nominatedNodeName',
          'spec.hostNetwork',
          'metadata.namespace',
          'status.hostIP',
        ],
        services: ['spec.clusterIP', 'spec.type', 'metadata.namespace'],
        secrets: ['type', 'metadata.namespace'],
        events: [
          'involvedObject.kind',
          'involvedObject.namespace',
          'involvedObject.name',
          'involvedObject.uid',
          'involvedObject.apiVersion',
          'involvedObject.resourceVersion',
          'involvedObject.fieldPath',
          'reason',
          'source',
          'type',
          'reportingComponent',
          'reportingController',
          'count',
        ],
        serviceaccounts: ['metadata.namespace', 'secrets'],
      }
      for (const [plural, paths] of Object.entries(fields))
        for (const path of paths)
          await scene.get(`${scene.path(plural)}?fieldSelector=${path}%3Dx`, {
            pick: body => body.message ?? body.items,
          })
      await scene.get('/api/v1/namespaces?fieldSelector=status.phase%3Dx', { pick: names })
    },
  },
  {
    name: 'fields of later versions',
    since: 27,
    play: async scene => {
      for (const field of ['spec.hostNetwork', 'status.podIP'])
        await scene.get(`${scene.path('pods')}?fieldSelector=${field}%3Dx`, { pick: names })
    },
  },
  {
    name: 'names are also selected by the path',
    play: async scene => {
      await nodes(scene, ['a', 'b'])
      const maps = scene.path('configmaps')
      const other = scene.path('configmaps').replace(scene.namespace, 'default')
      for (const path of [`${maps}`, other]) await scene.quietly('POST', path, { metadata: { name: 'selected' } })
      await scene.get(`${maps}?fieldSelector=metadata.name%3Dselected`, { pick: names })
      await scene.get(`${maps}?fieldSelector=metadata.name%3Dselected%2Cmetadata.namespace%3D${scene.namespace}`, {
        pick: names,
      })
      await scene.get(`${maps}?fieldSelector=metadata.namespace%3Dother`, { pick: names })
      await scene.get('/api/v1/configmaps?fieldSelector=metadata.name%3Dselected', { pick: names })
      await scene.quietly('DELETE', `${other}/selected`)
    },
  },
  {
    name: 'metadata alone',
    play: async scene => {
      await nodes(scene, ['a', 'b'])
      const one = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
      const many = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
      await scene.get('/api/v1/nodes/a', { accept: one })
      await scene.get('/api/v1/nodes?limit=1', { accept: many })
      await scene.get('/api/v1/nodes', { accept: one })
      await scene.get('/api/v1/nodes/a', { accept: many })
      await scene.get('/api/v1/nodes/none', { accept: one })
    },
  },
]
