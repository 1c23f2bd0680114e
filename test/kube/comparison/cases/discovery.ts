/** Discovery: of the kinds that the stand-in has, for the real server has many more. */
import type { Case } from '../scene.ts'

interface Resource {
  readonly name: string
  readonly verbs: readonly string[]
  readonly [field: string]: unknown
}

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'api/v1': [
    'nodes',
    'nodes/status',
    'pods',
    'pods/status',
    'services',
    'services/status',
    'namespaces',
    'namespaces/status',
    'configmaps',
    'secrets',
    'serviceaccounts',
    'serviceaccounts/token',
    'events',
  ],
  'apis/coordination.k8s.io/v1': ['leases'],
  'apis/apps/v1': ['deployments', 'deployments/status', 'daemonsets', 'daemonsets/status'],
  'apis/networking.k8s.io/v1': ['ingresses', 'ingresses/status'],
  'apis/rbac.authorization.k8s.io/v1': ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
  'apis/apiextensions.k8s.io/v1': ['customresourcedefinitions', 'customresourcedefinitions/status'],
}

export const discoveryCases: readonly Case[] = [
  ...Object.entries(GROUPS).map(
    ([path, plurals]): Case => ({
      name: `discovery of ${path}`,
      play: async scene => {
        const pick = ({ resources, ...rest }: { resources?: readonly Resource[] }) => ({
          ...rest,
          resources: plurals.map(plural => {
            const found = resources?.find(({ name }) => name === plural)
            if (found === undefined) return `no ${plural}`
            // a hash of the storage, and the order of verbs, mean nothing to clients
            const { storageVersionHash: _, ...said } = found
            return { ...said, verbs: [...found.verbs].sort() }
          }),
        })
        await scene.get(`/${path}`, { pick })
        const group = path.split('/')[1]!
        if (path.startsWith('apis'))
          await scene.get(`/apis/${group}`, {
            pick: ({ kind, apiVersion, name, versions }) => [kind, apiVersion, name, versions[0]],
          })
      },
    }),
  ),
  {
    name: 'discovery of the versions and groups',
    play: async scene => {
      await scene.get('/api', { pick: ({ kind, versions }) => [kind, versions] })
      const wanted = Object.keys(GROUPS).map(path => path.split('/')[1])
      await scene.get('/apis', {
        pick: ({ kind, apiVersion, groups }) => [
          kind,
          apiVersion,
          wanted.filter(name => groups.some((group: { name: string }) => group.name === name)),
        ],
      })
      await scene.get('/version', {
        pick: body =>
          Object.keys(body)
            .filter(field => field !== 'gitTreeState')
            .sort(),
      })
      for (const path of ['/healthz', '/livez', '/readyz']) await scene.get(path)
      await scene.ask('POST', '/api', {})
      await scene.ask('DELETE', '/version')
    },
  },
  {
    name: 'aggregated discovery',
    since: 27,
    play: async scene => {
      const accept = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'
      await scene.get('/api', {
        accept,
        pick: ({ kind, items }) => [
          kind,
          items.map((item: { versions: { version: string }[] }) => item.versions.map(({ version }) => version)),
        ],
      })
    },
  },
  {
    name: 'OpenAPI v3',
    since: 27,
    play: async scene =>
      void (await scene.get('/openapi/v3', {
        pick: ({ paths }) => ['api/v1', 'apis/apps/v1'].map(path => path in paths),
      })),
  },
]
