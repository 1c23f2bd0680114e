import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Access } from './access.ts'
import { KubeApi } from './api.ts'
import type { Asker } from './comparison/asker.ts'
import type { PolicyRule } from './rbac.ts'
import { listenAndAsk } from './stand-in-asker.ts'
import { Store } from './store.ts'
import { Tokens } from './tokens.ts'

const api = new KubeApi()
const AGENT = 'system:serviceaccount:default:agent'
const REVIEWS = '/apis/authorization.k8s.io/v1'
const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' }
const agent = { kind: 'ServiceAccount', name: 'agent', namespace: 'default' }
let asker: Asker
let token = ''

before(async () => {
  asker = (await listenAndAsk(api)).asker
})
after(async () => {
  asker.close()
  await api.close()
})
beforeEach(() => {
  for (const kind of ['ClusterRoleBinding', 'RoleBinding', 'Role'])
    for (const { metadata } of api.list(kind))
      if (metadata.labels === undefined) api.remove(kind, metadata.name, metadata.namespace)
  for (const name of ['agent', 'other']) api.put({ kind: 'ServiceAccount', metadata: { name, namespace: 'default' } })
  token = api.serviceAccountToken('default', 'agent')
})

const ask = (method: string, path: string, body?: unknown) => asker.ask({ method, path, body, token })
/** The status and the words of an answer. */
const told = async (method: string, path: string, body?: unknown) => {
  const answer = await ask(method, path, body)
  return answer.code === 403 ? answer.body.message : answer.code
}

function grant(rules: readonly PolicyRule[], { namespace = '', subject = agent as object } = {}): void {
  const scope = namespace === '' ? 'Cluster' : ''
  const metadata = { name: 'granted', ...(namespace === '' ? {} : { namespace }) }
  api.put({ ...rbac, kind: `${scope}Role`, metadata, rules })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: `${scope}Role`, name: 'granted' }
  api.put({ ...rbac, kind: `${scope}RoleBinding`, metadata, roleRef, subjects: [subject] })
}

describe('a ServiceAccount', () => {
  test('may see what the API has, and nothing else, before anybody grants it something', async () => {
    assert.equal(await told('GET', '/api/v1'), 200)
    assert.equal(await told('GET', '/version'), 200)
    const cannot = (what: string) => `User "${AGENT}" cannot ${what}`
    assert.equal(
      await told('GET', '/api/v1/nodes'),
      `nodes is forbidden: ${cannot('list resource "nodes" in API group "" at the cluster scope')}`,
    )
    assert.equal(
      await told('GET', '/apis/coordination.k8s.io/v1/namespaces/web/leases/a'),
      `leases.coordination.k8s.io "a" is forbidden: ${cannot('get resource "leases" in API group "coordination.k8s.io" in the namespace "web"')}`,
    )
    assert.equal(
      await told('PUT', '/api/v1/nodes/a/status', {}),
      `nodes "a" is forbidden: ${cannot('update resource "nodes/status" in API group "" at the cluster scope')}`,
    )
    assert.equal(await told('GET', '/metrics'), `forbidden: ${cannot('get path "/metrics"')}`)
  })

  test('may do what a role says, in the namespaces where it is bound', async () => {
    grant([{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'create'] }], { namespace: 'default' })
    const path = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`
    assert.equal(await told('GET', path('default')), 200)
    assert.equal(await told('POST', path('default'), { metadata: { name: 'made' } }), 201)
    assert.match(await told('DELETE', `${path('default')}/made`), /cannot delete resource/)
    assert.match(await told('GET', path('kube-system')), /in the namespace "kube-system"$/)
    assert.match(await told('GET', '/api/v1/configmaps'), /at the cluster scope$/)
  })

  test('may use subresources, single objects and paths only where a role names them', async () => {
    const rules = [
      { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
      { apiGroups: [''], resources: ['nodes'], resourceNames: ['own'], verbs: ['get', 'list'] },
      { nonResourceURLs: ['/metrics/*'], verbs: ['get'] },
    ]
    grant(rules)
    for (const name of ['own', 'other']) api.put({ kind: 'Node', metadata: { name } })
    const merge = 'application/merge-patch+json'
    const status = await asker.ask({
      method: 'PATCH',
      path: '/api/v1/nodes/other/status',
      body: {},
      type: merge,
      token,
    })
    assert.equal(status.code, 200)
    assert.equal(await told('GET', '/api/v1/nodes/own'), 200)
    assert.match(await told('GET', '/api/v1/nodes/other'), /^nodes "other" is forbidden/)
    assert.match(await told('GET', '/api/v1/nodes'), /^nodes is forbidden/)
    assert.equal(await told('GET', '/api/v1/nodes?fieldSelector=metadata.name%3Down'), 200)
    assert.equal(await told('GET', '/metrics/agent'), 404, 'allowed, but there is no such path')
  })

  test('may do what its groups may, and what roles aggregate', async () => {
    const subject = { kind: 'Group', name: 'system:serviceaccounts:default' }
    const roleRef = { kind: 'ClusterRole', name: 'view' }
    api.put({ ...rbac, kind: 'ClusterRoleBinding', metadata: { name: 'viewers' }, roleRef, subjects: [subject] })
    assert.equal(await told('GET', '/api/v1/pods'), 200)
    assert.match(await told('GET', '/api/v1/nodes'), /^nodes is forbidden/)
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }]
    api.put({ ...rbac, kind: 'ClusterRole', metadata: { name: 'nodes-too', labels }, rules })
    assert.equal(await told('GET', '/api/v1/nodes'), 200)
    api.remove('ClusterRole', 'nodes-too')
  })

  test('may do what roles grant that aggregate each other', async () => {
    const chosen = (label: string) => ({ clusterRoleSelectors: [{ matchLabels: { [label]: 'yes' } }] })
    const ring = (name: string, label: string, next: string) =>
      api.put({
        ...rbac,
        kind: 'ClusterRole',
        metadata: { name, labels: { [label]: 'yes' } },
        aggregationRule: chosen(next),
      })
    ring('left', 'ring-left', 'ring-right')
    ring('right', 'ring-right', 'ring-left')
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }]
    api.put({ ...rbac, kind: 'ClusterRole', metadata: { name: 'more', labels: { 'ring-left': 'yes' } }, rules })
    const roleRef = { kind: 'ClusterRole', name: 'left' }
    api.put({ ...rbac, kind: 'ClusterRoleBinding', metadata: { name: 'ring' }, roleRef, subjects: [agent] })
    assert.equal(await told('GET', '/api/v1/nodes'), 200)
    for (const name of ['left', 'right', 'more']) api.remove('ClusterRole', name)
  })

  test('is told which role of a binding is missing', async () => {
    const roleRef = { kind: 'ClusterRole', name: 'nowhere' }
    api.put({ ...rbac, kind: 'ClusterRoleBinding', metadata: { name: 'dangling' }, roleRef, subjects: [agent] })
    assert.match(
      await told('GET', '/api/v1/nodes'),
      /at the cluster scope: RBAC: clusterrole\.rbac\.authorization\.k8s\.io "nowhere" not found$/,
    )
  })

  test('is unknown once its token is over, or it is gone', async () => {
    assert.equal(await told('GET', '/api/v1'), 200)
    token = api.serviceAccountToken('default', 'agent', -1)
    assert.equal(await told('GET', '/api/v1'), 401)
    token = api.serviceAccountToken('default', 'agent')
    api.remove('ServiceAccount', 'agent', 'default')
    assert.equal(await told('GET', '/api/v1'), 401)
    api.put({ kind: 'ServiceAccount', metadata: { name: 'agent', namespace: 'default' } })
    assert.equal(await told('GET', '/api/v1'), 401, 'one of the same name is another one')
  })

  test('gets a token by asking for one, where it may', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/other/token'
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } }
    assert.match(await told('POST', path, body), /cannot create resource "serviceaccounts\/token"/)
    grant([{ apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }])
    const answer = await ask('POST', path, body)
    assert.deepEqual([answer.code, answer.body.kind, answer.body.spec.expirationSeconds], [201, 'TokenRequest', 600])
    token = answer.body.status.token
    const review = await ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {})
    assert.equal(review.body.status.userInfo.username, 'system:serviceaccount:default:other')
    assert.deepEqual(review.body.status.userInfo.groups, [
      'system:serviceaccounts',
      'system:serviceaccounts:default',
      'system:authenticated',
    ])
  })
})

describe('reviews', () => {
  test('say what somebody may do, and why', async () => {
    grant([{ apiGroups: ['apps'], resources: ['daemonsets'], verbs: ['*'] }])
    const review = async (path: string, spec: object) => (await ask('POST', `${REVIEWS}/${path}`, { spec })).body.status
    const resourceAttributes = { verb: 'delete', group: 'apps', resource: 'daemonsets' }
    const yes = {
      allowed: true,
      reason: `RBAC: allowed by ClusterRoleBinding "granted" of ClusterRole "granted" to ServiceAccount "agent/default"`,
    }
    assert.deepEqual(await review('selfsubjectaccessreviews', { resourceAttributes }), yes)
    const other = { verb: 'get', path: '/secret' }
    assert.deepEqual(await review('selfsubjectaccessreviews', { nonResourceAttributes: other }), { allowed: false })
    const { resourceRules } = await review('selfsubjectrulesreviews', { namespace: 'default' })
    assert.ok(resourceRules.some(({ resources }: PolicyRule) => resources?.includes('daemonsets')))
    const admin = await asker.ask({
      method: 'POST',
      path: `${REVIEWS}/subjectaccessreviews`,
      body: { spec: { user: AGENT, resourceAttributes } },
    })
    assert.deepEqual(admin.body.status, yes)
  })

  test('are answered and never stored', async () => {
    assert.equal((await asker.ask({ method: 'GET', path: `${REVIEWS}/selfsubjectaccessreviews` })).code, 405)
  })
})

test('each refused call is listed, with who asked and what for', async () => {
  const before = api.refused.length
  await ask('DELETE', '/api/v1/namespaces/default/pods/a')
  await ask('GET', '/metrics')
  const [pod, path] = api.refused.slice(before)
  const { message, ...act } = pod!
  assert.deepEqual(act, { user: AGENT, verb: 'delete', group: '', resource: 'pods', namespace: 'default', name: 'a' })
  assert.match(message, /^pods "a" is forbidden/)
  assert.deepEqual([path?.user, path && 'path' in path && path.path], [AGENT, '/metrics'])
})

test('of refused calls the last 2,000 are kept', () => {
  const store = new Store()
  const access = new Access(store, new Tokens(store, 'secret'), true)
  for (let call = 1; call <= 2001; call++)
    assert.throws(() => access.check({ name: 'nobody', groups: [] }, { verb: 'get', path: `/${call}` }))
  assert.equal(access.refused.length, 2000)
  assert.deepEqual(
    [access.refused[0], access.refused.at(-1)].map(refusal => refusal && 'path' in refusal && refusal.path),
    ['/2', '/2001'],
  )
})

test('without authorization everybody with a good token may do everything, and nobody else', async () => {
  const open = new KubeApi({ authorization: false })
  const { asker } = await listenAndAsk(open)
  open.put({ kind: 'ServiceAccount', metadata: { name: 'agent', namespace: 'default' } })
  const as = (token: string | null) => asker.ask({ method: 'GET', path: '/api/v1/nodes', token })
  try {
    assert.equal((await as(open.serviceAccountToken('default', 'agent'))).code, 200)
    assert.equal((await as('guess')).code, 401)
    assert.equal((await as(null)).code, 403)
  } finally {
    asker.close()
    await open.close()
  }
})
