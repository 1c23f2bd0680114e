/** Who may do what: refusals by RBAC, reviews, tokens of ServiceAccounts. */
import type { Case, Scene } from '../scene.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const REVIEWS = '/apis/authorization.k8s.io/v1'

/** Makes a ServiceAccount of the case's own. @returns its token */
async function account(scene: Scene): Promise<string> {
  await scene.quietly('POST', scene.path('serviceaccounts'), { metadata: { name: 'agent' } })
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
  const { body } = await scene.quietly('POST', `${scene.path('serviceaccounts')}/agent/token`, request)
  const { token } = body.status
  if (typeof token !== 'string') throw new Error(`no token: ${body.message}`)
  return token
}

async function bound(scene: Scene, rules: readonly object[], kind: 'Role' | 'ClusterRole'): Promise<void> {
  const name = scene.namespace
  const base = kind === 'Role' ? `${RBAC}/namespaces/${scene.namespace}/role` : `${RBAC}/clusterrole`
  await scene.quietly('POST', `${base}s`, { metadata: { name }, rules })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name }
  const subjects = [{ kind: 'ServiceAccount', name: 'agent', namespace: scene.namespace }]
  await scene.quietly('POST', `${base}bindings`, { metadata: { name }, roleRef, subjects })
}

/** The server learns of a role a little later than it stores it. */
async function known(scene: Scene, token: string, path: string): Promise<void> {
  for (let round = 0; round < 200; round++)
    if ((await scene.quietly('GET', path, undefined, { token })).code !== 403) return
}

export const accessCases: readonly Case[] = [
  {
    name: 'requests of somebody without rights',
    play: async scene => {
      const token = await account(scene)
      const refused = (method: string, path: string, body?: object) => scene.ask(method, path, body, { token })
      await refused('GET', '/api/v1/nodes')
      await refused('GET', '/api/v1/nodes?watch=true')
      await refused('GET', '/api/v1/nodes/a')
      await refused('DELETE', '/api/v1/nodes')
      await refused('PUT', '/api/v1/nodes/a/status', {})
      await refused('GET', `/api/v1/namespaces/${scene.namespace}`)
      await refused('POST', scene.path('configmaps'), { metadata: { name: 'a' } })
      await refused('GET', `${scene.path('leases', 'apis/coordination.k8s.io/v1')}/a`)
      await refused('POST', `${scene.path('serviceaccounts')}/agent/token`, {})
      await refused('POST', `${scene.path('pods')}/a/exec`)
      await refused('GET', '/metrics')
      await refused('GET', '/logs/a')
      await scene.get('/api/v1/nodes', { token: null })
      await scene.get('/api', { token: null })
      await scene.get('/api/v1/nodes', { token: 'guess' })
    },
  },
  {
    name: 'requests of somebody with some rights',
    play: async scene => {
      const token = await account(scene)
      const configmaps = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'], resourceNames: ['own'] }
      await bound(scene, [configmaps], 'Role')
      await bound(scene, [{ nonResourceURLs: ['/nowhere/*'], verbs: ['get'] }], 'ClusterRole')
      const path = scene.path('configmaps')
      await known(scene, token, `${path}/own`)
      await known(scene, token, '/nowhere/a')
      await scene.get(`${path}/own`, { token })
      await scene.get(`${path}/other`, { token })
      await scene.get(path, { token, pick: ({ message }) => message })
      await scene.get(`${path}?fieldSelector=metadata.name%3Down`, {
        token,
        pick: ({ items, message }) => items ?? message,
      })
      await scene.get('/nowhere/a', { token, pick: body => typeof body })
      await scene.get('/nowhere', { token })
    },
  },
  {
    name: 'reviews',
    play: async scene => {
      const token = await account(scene)
      await bound(scene, [{ apiGroups: ['apps'], resources: ['daemonsets', '*/status'], verbs: ['*'] }], 'ClusterRole')
      await known(scene, token, '/apis/apps/v1/daemonsets')
      const review = (spec: object) =>
        scene.ask(
          'POST',
          `${REVIEWS}/selfsubjectaccessreviews`,
          { spec },
          { token, pick: ({ kind, status }) => ({ kind, status }) },
        )
      const act = { verb: 'delete', group: 'apps', resource: 'daemonsets' }
      await review({ resourceAttributes: act })
      await review({ resourceAttributes: { ...act, group: '' } })
      await review({ resourceAttributes: { ...act, resource: 'deployments', subresource: 'status' } })
      await review({ nonResourceAttributes: { verb: 'get', path: '/metrics' } })
      const user = `system:serviceaccount:${scene.namespace}:agent`
      await scene.ask(
        'POST',
        `${REVIEWS}/subjectaccessreviews`,
        { spec: { user, resourceAttributes: act } },
        { pick: ({ status }) => status },
      )
      await scene.get(`${REVIEWS}/selfsubjectaccessreviews`)
      await scene.ask('POST', `${scene.path('serviceaccounts')}/none/token`, { spec: {} })
      await scene.ask(
        'POST',
        `${scene.path('serviceaccounts')}/agent/token`,
        { spec: { expirationSeconds: 900 } },
        {
          pick: ({ kind, apiVersion, spec, status }) => ({
            kind,
            apiVersion,
            seconds: spec.expirationSeconds,
            token: typeof status.token,
          }),
        },
      )
    },
  },
]
