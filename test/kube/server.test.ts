import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { after, before, beforeEach, describe, test } from 'node:test'
import { parse } from 'yaml'
import { until } from '../until.ts'
import { KubeApi, type Listener } from './api.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const MERGE = 'application/merge-patch+json'

const api = new KubeApi({ token: 'admin-token', times: { bookmark: 50 } })
let listener: Listener
let ca: Buffer
before(async () => {
  listener = await api.listen({ host: '127.0.0.1' })
  ca = Buffer.from(parse(api.kubeconfig(listener.url)).clusters[0].cluster['certificate-authority-data'], 'base64')
})
after(() => api.close())
beforeEach(() => {
  for (const { metadata } of api.list('Node')) api.remove('Node', metadata.name)
})

interface Answer {
  readonly code: number
  readonly headers: IncomingHttpHeaders
  // the tests say what they expect to be there
  // biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the server says
  readonly body: any
}

interface Extra {
  readonly accept?: string
  readonly type?: string
  readonly token?: string | null
  readonly ca?: Buffer
}

function open(method: string, path: string, extra: Extra = {}): ReturnType<typeof httpsRequest> {
  const { token = 'admin-token', accept, type } = extra
  const headers = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(accept === undefined ? {} : { accept }),
    ...(type === undefined ? {} : { 'content-type': type }),
  }
  return httpsRequest(listener.url + path, { method, ca, headers, agent: false } satisfies RequestOptions)
}

function call(method: string, path: string, body?: unknown, extra: Extra = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = open(method, path, extra)
    request.on('error', reject)
    request.on('response', response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const json = response.headers['content-type']?.startsWith('application/json') ?? false
        resolve({ code: response.statusCode!, headers: response.headers, body: json ? JSON.parse(text) : text })
      })
    })
    if (body === undefined) return void request.end()
    const text = JSON.stringify(body)
    // Node adds it to some methods only
    request.setHeader('content-length', Buffer.byteLength(text))
    request.end(text)
  })
}

/** An open watch and the events it has told. */
function watch(path: string, extra: Extra = {}) {
  // biome-ignore lint/suspicious/noExplicitAny: events are whatever the server says
  const events: any[] = []
  const state = { events, ended: false, broken: false, close: () => request.destroy() }
  const request = open('GET', path, extra)
  request.on('error', () => {
    state.broken = true
  })
  request.on('response', response => {
    let rest = ''
    response.on('data', chunk => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop()!
      events.push(...lines.map(line => JSON.parse(line)))
    })
    response.on('end', () => {
      state.ended = true
    })
    response.on('error', () => {
      state.broken = true
    })
    request.on('close', () => response.destroy())
  })
  request.end()
  return state
}

const names = (answer: Answer) => answer.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)
const told = (state: ReturnType<typeof watch>) =>
  state.events.filter(({ type }) => type !== 'BOOKMARK').map(({ type, object }) => `${type} ${object.metadata.name}`)

function node(name: string, more: { labels?: Record<string, string>; podCIDR?: string; finalizers?: string[] } = {}) {
  const { labels = {}, podCIDR, finalizers } = more
  const metadata = { name, labels, ...(finalizers && { finalizers }) }
  return { apiVersion: 'v1', kind: 'Node', metadata, spec: podCIDR === undefined ? {} : { podCIDR } }
}

describe('who may ask', () => {
  test('nobody without a token, and the answer names what was asked', async () => {
    const { code, body } = await call('GET', '/api/v1/nodes', undefined, { token: null })
    assert.equal(code, 403)
    assert.equal(
      body.message,
      'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope',
    )
    assert.equal(body.reason, 'Forbidden')
  })

  test('nobody with a wrong token', async () => {
    const { code, body } = await call('GET', '/api/v1/nodes', undefined, { token: 'guess' })
    assert.deepEqual([code, body.reason, body.message], [401, 'Unauthorized', 'Unauthorized'])
  })

  test('anybody for the version and the health', async () => {
    assert.equal((await call('GET', '/version', undefined, { token: null })).body.minor, '32')
    assert.equal((await call('GET', '/readyz', undefined, { token: null })).body, 'ok')
  })

  test('only clients that trust the certificate authority reach it', async () => {
    const other = new KubeApi()
    const { url } = await other.listen({ host: '127.0.0.1' })
    const foreign = Buffer.from(
      parse(other.kubeconfig(url)).clusters[0].cluster['certificate-authority-data'],
      'base64',
    )
    await other.close()
    await assert.rejects(
      new Promise((resolve, reject) => {
        httpsRequest(`${listener.url}/version`, { ca: foreign, agent: false }, resolve).on('error', reject).end()
      }),
      /certificate/,
    )
  })
})

describe('objects', () => {
  test('get their name, uid, time and version from the server', async () => {
    const { code, body } = await call('POST', '/api/v1/nodes', {
      ...node(''),
      metadata: { generateName: 'edge-', uid: 'mine', creationTimestamp: '2001-01-01T00:00:00Z' },
    })
    assert.equal(code, 201)
    assert.match(body.metadata.name, /^edge-[0-9a-z]{5}$/)
    assert.match(body.metadata.uid, /^[0-9a-f-]{36}$/)
    assert.match(body.metadata.creationTimestamp, /^20[2-9]\d-.*\d\dZ$/)
    assert.equal(body.metadata.resourceVersion, String(api.store.revision))
  })

  test('are refused with the reason, field by field', async () => {
    await call('POST', '/api/v1/nodes', node('a', { podCIDR: '10.0.0.0/24' }))
    const twice = await call('POST', '/api/v1/nodes', node('a'))
    assert.deepEqual(
      [twice.code, twice.body.reason, twice.body.message],
      [409, 'AlreadyExists', 'nodes "a" already exists'],
    )
    const bad = await call('POST', '/api/v1/nodes', node('Bad_Name'))
    assert.deepEqual([bad.code, bad.body.reason, bad.body.details.causes[0].field], [422, 'Invalid', 'metadata.name'])
    const cidr = await call('POST', '/api/v1/nodes', node('b', { podCIDR: '10.0.0.0/33' }))
    assert.deepEqual([cidr.code, cidr.body.details.causes[0].field], [422, 'spec.podCIDRs[0]'])
    const number = await call('PATCH', '/api/v1/nodes/a', { metadata: { labels: { x: 1 } } }, { type: MERGE })
    assert.equal(number.code, 422)
    assert.match(
      number.body.message,
      /cannot unmarshal number into Go struct field ObjectMeta\.metadata\.labels of type string$/,
    )
  })

  test('keep the podCIDRs they once have', async () => {
    await call('POST', '/api/v1/nodes', node('a'))
    const first = await call('PATCH', '/api/v1/nodes/a', { spec: { podCIDR: '10.0.1.0/24' } }, { type: MERGE })
    assert.deepEqual(first.body.spec, { podCIDR: '10.0.1.0/24', podCIDRs: ['10.0.1.0/24'] })
    for (const spec of [
      { podCIDR: '10.0.2.0/24' },
      { podCIDRs: ['10.0.1.0/24', 'fd00::/64'] },
      { podCIDRs: null, podCIDR: null },
    ]) {
      const { code, body } = await call('PATCH', '/api/v1/nodes/a', { spec }, { type: MERGE })
      assert.equal(code, 422)
      assert.match(
        body.message,
        /^Node "a" is invalid: \[spec\.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid, /,
      )
    }
  })

  test('are replaced only from their latest version', async () => {
    const { body } = await call('POST', '/api/v1/nodes', node('a'))
    const next = await call('PUT', '/api/v1/nodes/a', { ...body, metadata: { ...body.metadata, labels: { x: 'y' } } })
    assert.deepEqual([next.code, next.body.metadata.labels], [200, { x: 'y' }])
    const late = await call('PUT', '/api/v1/nodes/a', body)
    assert.equal(late.code, 409)
    assert.equal(
      late.body.message,
      'Operation cannot be fulfilled on nodes "a": the object has been modified; please apply your changes to the latest version and try again',
    )
    assert.equal((await call('PUT', '/api/v1/nodes/b', body)).code, 404)
    const other = await call('PUT', '/api/v1/nodes/a', { ...body, metadata: { name: 'b' } })
    assert.deepEqual(
      [other.code, other.body.message],
      [400, 'the name of the object (b) does not match the name on the URL (a)'],
    )
  })

  test('keep their version through writes that change nothing, and through a dry run', async () => {
    const { body } = await call('POST', '/api/v1/nodes', node('a', { labels: { x: 'y' } }))
    const same = await call('PATCH', '/api/v1/nodes/a', { metadata: { labels: { x: 'y', z: null } } }, { type: MERGE })
    assert.deepEqual(same.body, body)
    const dry = await call('PATCH', '/api/v1/nodes/a?dryRun=All', { metadata: { labels: { x: 'z' } } }, { type: MERGE })
    assert.equal(dry.body.metadata.labels.x, 'z')
    assert.deepEqual((await call('GET', '/api/v1/nodes/a')).body, body)
  })

  test('have a status of their own', async () => {
    await call('POST', '/api/v1/nodes', { ...node('a'), status: { phase: 'Running' } })
    const patch = { metadata: { labels: { x: 'y' } }, spec: { unschedulable: true }, status: { phase: 'Terminated' } }
    const main = await call('PATCH', '/api/v1/nodes/a', patch, { type: MERGE })
    assert.deepEqual([main.body.status.phase, main.body.spec.unschedulable], ['Running', true])
    const status = await call(
      'PATCH',
      '/api/v1/nodes/a/status',
      { spec: { unschedulable: false }, status: { phase: 'Terminated' } },
      { type: MERGE },
    )
    assert.deepEqual([status.body.status.phase, status.body.spec.unschedulable], ['Terminated', true])
    assert.equal((await call('GET', '/api/v1/nodes/a/scale')).code, 404)
  })

  test('are deleted with a Status, and wait for their finalizers', async () => {
    const { body } = await call('POST', '/api/v1/nodes', node('a'))
    const { uid } = body.metadata
    const wrong = await call('DELETE', '/api/v1/nodes/a', { preconditions: { uid: 'other' } })
    assert.equal(wrong.code, 409)
    const gone = await call('DELETE', '/api/v1/nodes/a', { propagationPolicy: 'Background' })
    assert.deepEqual(gone.body.details, { name: 'a', kind: 'nodes', uid })
    assert.equal((await call('GET', '/api/v1/nodes/a')).body.message, 'nodes "a" not found')
    await call('POST', '/api/v1/nodes', node('b', { finalizers: ['example.com/hold'] }))
    const waiting = await call('DELETE', '/api/v1/nodes/b')
    assert.ok(waiting.body.metadata.deletionTimestamp)
    assert.equal((await call('GET', '/api/v1/nodes/b')).code, 200)
    await call('PATCH', '/api/v1/nodes/b', { metadata: { finalizers: null } }, { type: MERGE })
    assert.equal((await call('GET', '/api/v1/nodes/b')).code, 404)
  })

  test('of a namespace need it, and go with it', async () => {
    const map = { metadata: { name: 'm' }, data: { a: 'b' } }
    const missing = await call('POST', '/api/v1/namespaces/web/configmaps', map)
    assert.deepEqual([missing.code, missing.body.message], [404, 'namespaces "web" not found'])
    const namespace = await call('POST', '/api/v1/namespaces', { metadata: { name: 'web' } })
    assert.equal(namespace.body.status.phase, 'Active')
    assert.equal((await call('POST', '/api/v1/namespaces/web/configmaps', map)).body.metadata.namespace, 'web')
    await call('DELETE', '/api/v1/namespaces/web')
    assert.equal((await call('GET', '/api/v1/namespaces/web/configmaps/m')).code, 404)
  })

  test('that updates may make are made by PUT', async () => {
    const lease = { metadata: { name: 'leader' }, spec: { holderIdentity: 'a' } }
    const { code, body } = await call('PUT', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/leader', lease)
    assert.deepEqual([code, body.kind, body.apiVersion], [201, 'Lease', 'coordination.k8s.io/v1'])
  })

  test('are deleted together by a selector, and listed in the answer', async () => {
    for (const name of ['a', 'b', 'c'])
      await call('POST', '/api/v1/nodes', node(name, { labels: { odd: String(name !== 'b') } }))
    assert.deepEqual(names(await call('DELETE', '/api/v1/nodes?labelSelector=odd%3Dtrue')), ['a', 'c'])
    assert.deepEqual(names(await call('GET', '/api/v1/nodes')), ['b'])
  })
})

describe('requests', () => {
  test('for what is not there are answered by a Status', async () => {
    assert.equal((await call('GET', '/api/v1/foos')).body.message, 'the server could not find the requested resource')
    assert.equal((await call('POST', '/api/v1/nodes/a', {})).code, 405)
    assert.equal((await call('GET', '/api/v1/nodes', undefined, { accept: 'text/html' })).code, 406)
    assert.equal((await call('POST', '/api/v1/nodes', {}, { type: 'application/cbor' })).code, 415)
    assert.equal((await call('POST', '/api/v1/nodes', 'text')).code, 400)
    await call('POST', '/api/v1/nodes', node('a'))
    assert.equal((await call('PATCH', '/api/v1/nodes/a', {}, { type: 'text/plain' })).code, 415)
  })

  test('for discovery are answered in the form they ask for', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
    const aggregated = await call('GET', '/api', undefined, { accept })
    assert.equal(aggregated.headers['content-type'], accept.split(',')[0])
    assert.equal(aggregated.body.items[0].versions[0].resources[0].resource, 'nodes')
    assert.deepEqual((await call('GET', '/api')).body.versions, ['v1'])
    const { groups } = (await call('GET', '/apis')).body
    for (const { preferredVersion } of groups) {
      const { body } = await call('GET', `/apis/${preferredVersion.groupVersion}`)
      assert.equal(body.groupVersion, preferredVersion.groupVersion)
      assert.ok(body.resources.length > 0)
    }
  })

  test('for a Table get cells in the order of its columns', async () => {
    await call('POST', '/api/v1/nodes', node('a'))
    const { body } = await call('GET', '/api/v1/nodes?includeObject=Object', undefined, { accept: TABLE })
    assert.equal(body.kind, 'Table')
    assert.deepEqual(body.rows[0].cells.slice(0, 3), ['a', 'Unknown', '<none>'])
    assert.equal(body.rows[0].cells.length, body.columnDefinitions.length)
    assert.equal(body.rows[0].object.kind, 'Node')
  })
})

describe('lists', () => {
  test('come in pages of one moment', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.put(node(name))
    const first = await call('GET', '/api/v1/nodes?limit=2')
    assert.deepEqual([names(first), first.body.metadata.remainingItemCount], [['a', 'b'], 3])
    assert.equal(first.body.items[0].kind, undefined, 'items of built-in kinds say no kind')
    api.remove('Node', 'c')
    api.put(node('bb'))
    const token = encodeURIComponent(first.body.metadata.continue)
    const second = await call('GET', `/api/v1/nodes?limit=500&continue=${token}`)
    assert.deepEqual(names(second), ['c', 'd', 'e'])
    assert.equal(second.body.metadata.continue, undefined)
    assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion)
    api.faults.expireHistory()
    const late = await call('GET', `/api/v1/nodes?limit=2&continue=${token}`)
    assert.deepEqual([late.code, late.body.reason], [410, 'Expired'])
  })

  test('at a version that is still to come are refused', async () => {
    const { code, body } = await call('GET', `/api/v1/nodes?resourceVersion=${api.store.revision + 10}`)
    assert.deepEqual([code, body.details.causes[0].reason], [504, 'ResourceVersionTooLarge'])
  })
})

describe('watches', () => {
  test('tell what is there, then what happens', async () => {
    api.put(node('a'))
    const all = watch('/api/v1/nodes?watch=1')
    await until('the first', () => told(all).length === 1)
    api.put(node('b'))
    api.put(node('a', { labels: { x: 'y' } }))
    api.remove('Node', 'b')
    await until('all', () => told(all).length === 4)
    assert.deepEqual(told(all), ['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b'])
    assert.equal(all.events[3].object.metadata.resourceVersion, String(api.store.revision))
    all.close()
  })

  test('resume from a version, miss nothing and tell nothing twice', async () => {
    const { resourceVersion } = api.put(node('a')).metadata
    api.put(node('b'))
    api.remove('Node', 'a')
    const resumed = watch(`/api/v1/nodes?watch=1&resourceVersion=${resourceVersion}`)
    await until('both', () => told(resumed).length === 2)
    api.put(node('c'))
    await until('the next', () => told(resumed).length === 3)
    assert.deepEqual(told(resumed), ['ADDED b', 'DELETED a', 'ADDED c'])
    resumed.close()
  })

  test('from a version that is forgotten end with 410 in a 200', async () => {
    const { resourceVersion } = api.put(node('a')).metadata
    api.faults.expireHistory()
    const late = watch(`/api/v1/nodes?watch=1&resourceVersion=${resourceVersion}`)
    await until('it ended', () => late.ended)
    const [{ type, object }] = late.events
    assert.deepEqual([type, object.code, object.reason], ['ERROR', 410, 'Expired'])
    assert.equal(object.message, `too old resource version: ${resourceVersion} (${api.store.revision})`)
  })

  test('with a selector tell what enters and leaves the selection', async () => {
    api.put(node('a', { labels: { role: 'edge' } }))
    api.put(node('b'))
    const edges = watch('/api/v1/nodes?watch=1&labelSelector=role%3Dedge')
    await until('the first', () => told(edges).length === 1)
    api.put(node('b', { labels: { role: 'edge' } }))
    api.put(node('a'))
    api.put(node('a', { labels: { x: 'y' } }))
    api.remove('Node', 'b')
    await until('all', () => told(edges).length === 4)
    assert.deepEqual(told(edges), ['ADDED a', 'ADDED b', 'DELETED a', 'DELETED b'])
    edges.close()
  })

  test('get bookmarks when they ask for them, and end when their time is over', async () => {
    const { resourceVersion } = api.put(node('a')).metadata
    const asked = watch(
      `/api/v1/nodes?watch=1&resourceVersion=${resourceVersion}&allowWatchBookmarks=true&timeoutSeconds=1`,
    )
    const other = watch(`/api/v1/nodes?watch=1&resourceVersion=${resourceVersion}&timeoutSeconds=1`)
    api.put({ kind: 'ConfigMap', metadata: { name: 'moves', namespace: 'default' }, data: { at: resourceVersion! } })
    const version = String(api.store.revision)
    await until('a bookmark', () => asked.events.some(({ object }) => object.metadata.resourceVersion === version))
    await until('both ended', () => asked.ended && other.ended)
    assert.equal(asked.events[0].type, 'BOOKMARK')
    assert.deepEqual(other.events, [])
  })

  test('in Tables name the columns once', async () => {
    api.put(node('a'))
    const table = watch('/api/v1/nodes?watch=1', { accept: TABLE })
    await until('the first', () => table.events.length === 1)
    api.put(node('b'))
    await until('the second', () => table.events.length === 2)
    const [first, second] = table.events
    assert.equal(first.object.columnDefinitions[0].name, 'Name')
    assert.deepEqual([second.object.columnDefinitions, second.object.rows[0].cells[0]], [null, 'b'])
    table.close()
  })

  test('break when told to, and when the server goes down; the objects stay', async () => {
    api.put(node('a'))
    const dropped = watch('/api/v1/nodes?watch=1')
    await until('it runs', () => dropped.events.length === 1)
    api.faults.dropWatches()
    await until('it broke', () => dropped.broken)
    const second = await api.listen({ host: '127.0.0.1' })
    const cut = watch('/api/v1/nodes?watch=1')
    await until('it runs', () => cut.events.length === 1)
    const { port } = listener
    await listener.close()
    await until('it broke', () => cut.broken)
    await assert.rejects(call('GET', '/api/v1/nodes'), /ECONNREFUSED/)
    listener = second
    assert.deepEqual(names(await call('GET', '/api/v1/nodes')), ['a'])
    listener = await api.listen({ host: '127.0.0.1', port })
    assert.deepEqual(names(await call('GET', '/api/v1/nodes')), ['a'])
  })
})
