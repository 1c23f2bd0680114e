import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { until } from '../until.ts'
import { KubeApi } from './api.ts'
import type { Answer, Asker } from './comparison/asker.ts'
import { listenAndAsk } from './stand-in-asker.ts'

const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
const MAPS = '/api/v1/namespaces/default/configmaps'
const KINDS = ['ConfigMap', 'Service', 'Node', 'DaemonSet', 'Pod']

const api = new KubeApi()
let asker: Asker
before(async () => {
  asker = (await listenAndAsk(api)).asker
})
after(() => {
  asker.close()
  return api.close()
})
beforeEach(() => {
  for (const kind of KINDS)
    for (const { metadata } of api.list(kind)) api.remove(kind, metadata.name, metadata.namespace)
})

const call = (method: string, path: string, body?: unknown, type?: string): Promise<Answer> =>
  asker.ask({ method, path, body, type })

const map = (name: string, more: object = {}) => ({ metadata: { name }, data: { a: 'b' }, ...more })
const find = (name: string) => api.find('ConfigMap', name, 'default')

describe('fields', () => {
  test('that a kind has not are dropped: with warnings, in silence, or not at all', async () => {
    const body = map('one', { foo: 1, metadata: { name: 'one', bar: 2 } })
    const strict = await call('POST', `${MAPS}?fieldValidation=Strict`, body)
    assert.deepEqual(
      [strict.code, strict.body.reason, strict.body.message],
      [
        400,
        'BadRequest',
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.bar", unknown field "foo"',
      ],
    )
    const warned = await call('POST', `${MAPS}?fieldValidation=Warn`, body)
    assert.equal(warned.code, 201)
    assert.match(warned.warning ?? '', /^299 - "unknown field \\"metadata\.bar\\"", 299 - "unknown field \\"foo\\""$/)
    assert.equal(find('one')!['foo'], undefined)
    const ignored = await call('PUT', `${MAPS}/one?fieldValidation=Ignore`, body)
    assert.deepEqual([ignored.code, ignored.warning], [200, undefined])
  })

  test('in lists and patches are named by their path', async () => {
    const service = { metadata: { name: 's' }, spec: { ports: [{ port: 1 }, { port: 2, foo: 3 }] } }
    const made = await call('POST', '/api/v1/namespaces/default/services?fieldValidation=Strict', service)
    assert.match(made.body.message, /unknown field "spec\.ports\[1\]\.foo"$/)
    await call('POST', MAPS, map('one'))
    const patched = await call('PATCH', `${MAPS}/one?fieldValidation=Strict`, { foo: 1 }, MERGE)
    assert.equal(patched.code, 422)
    assert.match(patched.body.message, /^ "" is invalid: patch: .*strict decoding error: unknown field "foo"$/)
  })

  test('that a body has twice are told', async () => {
    const body = '{"metadata":{"name":"one","labels":{"a":"{\\"a\\":1}","a":"c"}},"data":{"x":"1"},"data":{"x":"2"}}'
    const { code, body: status } = await call('POST', `${MAPS}?fieldValidation=Strict`, body)
    assert.equal(code, 400)
    assert.match(status.message, /duplicate field "metadata\.labels\.a", duplicate field "data"$/)
  })

  const wrong: [path: string, body: object, message: RegExp][] = [
    [
      'namespaces/default/configmaps',
      { data: { a: 1 } },
      /number into Go struct field ConfigMap\.data of type string$/,
    ],
    [
      'namespaces/default/configmaps',
      { data: 'text' },
      /string into Go struct field ConfigMap\.data of type map\[string\]string$/,
    ],
    [
      'namespaces/default/configmaps',
      { metadata: { name: 'x', labels: { a: true } } },
      /bool into Go struct field ObjectMeta\.metadata\.labels of type string$/,
    ],
    [
      'namespaces/default/services',
      { spec: { ports: [{ port: '80' }] } },
      /string into Go struct field ServicePort\.spec\.ports\.port of type int32$/,
    ],
    [
      'namespaces/default/secrets',
      { data: { a: 'no base64!' } },
      /cannot be handled as a Secret: illegal base64 data at input byte 2$/,
    ],
    [
      'nodes',
      { spec: { unschedulable: 'yes' } },
      /string into Go struct field NodeSpec\.spec\.unschedulable of type bool$/,
    ],
    [
      'nodes',
      { spec: { podCIDRs: '10.0.0.0/24' } },
      /string into Go struct field NodeSpec\.spec\.podCIDRs of type \[\]string$/,
    ],
  ]
  for (const [path, body, message] of wrong)
    test(`of a wrong type are refused: ${JSON.stringify(body)}`, async () => {
      const answer = await call('POST', `/api/v1/${path}?fieldValidation=Ignore`, { metadata: { name: 'x' }, ...body })
      assert.equal(answer.code, 400)
      assert.match(answer.body.message, message)
    })
})

describe('a strategic merge patch', () => {
  const template = async (containers: readonly object[]) => {
    const { body } = await call(
      'PATCH',
      '/apis/apps/v1/namespaces/default/daemonsets/one',
      { spec: { template: { spec: { containers } } } },
      STRATEGIC,
    )
    return body.spec.template.spec.containers
  }

  test('merges the lists of a pod template by their keys, wherever the template is', async () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ]
    const spec = {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'x', image: 'x:1', env }] } },
    }
    await call('POST', '/apis/apps/v1/namespaces/default/daemonsets', { metadata: { name: 'one' }, spec })
    const [changed] = await template([{ name: 'x', image: 'x:2', env: [{ name: 'B', value: '3' }] }])
    assert.deepEqual(
      [changed.image, changed.env],
      [
        'x:2',
        [
          { name: 'A', value: '1' },
          { name: 'B', value: '3' },
        ],
      ],
    )
    const [without] = await template([{ name: 'x', env: [{ name: 'A', $patch: 'delete' }] }])
    assert.deepEqual(without.env, [{ name: 'B', value: '3' }])
    const [ports] = await template([{ name: 'x', ports: [{ containerPort: 80 }] }])
    assert.deepEqual(ports.ports, [{ containerPort: 80, protocol: 'TCP' }])
  })

  test('replaces the taints of a Node, and joins its conditions and pod prefixes', async () => {
    const taint = (key: string) => ({ key, effect: 'NoSchedule' })
    api.put({
      kind: 'Node',
      metadata: { name: 'n' },
      spec: { taints: [taint('a')] },
      status: { conditions: [{ type: 'X', status: 'True' }] },
    })
    const { body } = await call(
      'PATCH',
      '/api/v1/nodes/n',
      { spec: { taints: [taint('b')], podCIDRs: ['10.0.0.0/24'] } },
      STRATEGIC,
    )
    assert.deepEqual(body.spec, { taints: [taint('b')], podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] })
    const status = {
      conditions: [
        { type: 'X', status: 'False' },
        { type: 'Y', status: 'True' },
      ],
    }
    const answer = await call('PATCH', '/api/v1/nodes/n/status', { status }, STRATEGIC)
    const states = answer.body.status.conditions.map((one: { type: string; status: string }) => [one.type, one.status])
    assert.deepEqual(states, [
      ['X', 'False'],
      ['Y', 'True'],
    ])
  })
})

describe('a deletion', () => {
  const gone = (name: string) => until(`${name} is gone`, () => find(name) === undefined)

  test('takes the objects that it owns along, unless they are to be orphans or another owner is left', async () => {
    const owner = async (name: string) => {
      const { body } = await call('POST', MAPS, map(name))
      return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: body.metadata.uid }
    }
    const [first, second] = [await owner('first'), await owner('second')]
    const own = (name: string, ...ownerReferences: object[]) =>
      call('POST', MAPS, map(name, { metadata: { name, ownerReferences } }))
    await own('of-first', first)
    await own('of-both', first, second)
    await call('DELETE', `${MAPS}/first`, { propagationPolicy: 'Background' })
    await gone('of-first')
    assert.deepEqual(find('of-both')!.metadata['ownerReferences'], [second])
    const answer = await call('DELETE', `${MAPS}/second`, { propagationPolicy: 'Orphan' })
    assert.deepEqual(answer.body.metadata.finalizers, ['orphan'])
    await gone('second')
    assert.equal(find('of-both')!.metadata['ownerReferences'], undefined)
    const third = await owner('third')
    await own('of-third', third)
    const waiting = await call('DELETE', `${MAPS}/third`, { propagationPolicy: 'Foreground' })
    assert.deepEqual(waiting.body.metadata.finalizers, ['foregroundDeletion'])
    await gone('third')
    assert.equal(find('of-third'), undefined)
  })

  test('of a namespace waits for what is in it', async () => {
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'web' } })
    const metadata = { name: 'one', finalizers: ['example.com/hold'] }
    await call('POST', '/api/v1/namespaces/web/configmaps', { metadata })
    const { body } = await call('DELETE', '/api/v1/namespaces/web')
    assert.deepEqual([body.status.phase, body.spec.finalizers], ['Terminating', ['kubernetes']])
    await until(
      'the deletion reaches the object',
      () => api.find('ConfigMap', 'one', 'web')?.metadata.deletionTimestamp !== undefined,
    )
    const late = await call('POST', '/api/v1/namespaces/web/configmaps', { metadata: { name: 'late' } })
    assert.equal(late.code, 403)
    await call('PATCH', '/api/v1/namespaces/web/configmaps/one', { metadata: { finalizers: null } }, MERGE)
    await until('the namespace is gone', () => api.find('Namespace', 'web') === undefined)
  })

  test('tried out, or under conditions that do not hold, deletes nothing', async () => {
    await call('POST', MAPS, map('one'))
    assert.equal((await call('DELETE', `${MAPS}/one`, { dryRun: ['All'] })).body.status, 'Success')
    assert.equal((await call('DELETE', `${MAPS}?dryRun=All`)).body.items.length, 1)
    const precondition = await call('DELETE', `${MAPS}/one`, { preconditions: { resourceVersion: '1' } })
    assert.equal(precondition.code, 409)
    assert.notEqual(find('one'), undefined)
    assert.equal((await call('DELETE', `${MAPS}/one?propagationPolicy=Some`)).code, 422)
  })

  test('of what finalizers hold is told by a watch once it is over', async () => {
    await call('POST', MAPS, { metadata: { name: 'one', finalizers: ['example.com/hold'] } })
    await call('DELETE', `${MAPS}/one`)
    const added = await call(
      'PATCH',
      `${MAPS}/one`,
      { metadata: { finalizers: ['example.com/hold', 'example.com/new'] } },
      MERGE,
    )
    assert.match(added.body.message, /metadata\.finalizers: Forbidden: no new finalizers can be added/)
    const version = find('one')!.metadata.resourceVersion
    await call('PATCH', `${MAPS}/one`, { metadata: { finalizers: null } }, MERGE)
    const watch = await asker.watch({ path: `${MAPS}?watch=true&resourceVersion=${version}` })
    await until('the end is told', () => watch.events.length > 0)
    watch.close()
    assert.deepEqual(
      watch.events.map(event => event.type),
      ['DELETED'],
    )
  })
})

describe('an option that is none', () => {
  for (const [query, message] of [
    ['dryRun=Some', 'dryRun: Unsupported value: []string{"Some"}: supported values: "All"'],
    [
      'fieldValidation=Some',
      'fieldValidation: Unsupported value: "Some": supported values: "Ignore", "Strict", "Warn"',
    ],
  ])
    test(`is refused: ${query}`, async () => {
      const answer = await call('POST', `${MAPS}?${query}`, map('one'))
      assert.deepEqual([answer.code, answer.body.message], [422, `CreateOptions.meta.k8s.io "" is invalid: ${message}`])
    })
})
