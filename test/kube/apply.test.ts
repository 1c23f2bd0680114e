import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { KubeApi } from './api.ts'
import type { Answer, Asker } from './comparison/asker.ts'
import { listenAndAsk } from './stand-in-asker.ts'

const APPLY = 'application/apply-patch+yaml'
const MERGE = 'application/merge-patch+json'
const MAP = '/api/v1/namespaces/default/configmaps/one'
const SERVICE = '/api/v1/namespaces/default/services/one'

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
  for (const kind of ['ConfigMap', 'Service', 'Node'])
    for (const { metadata } of api.list(kind)) api.remove(kind, metadata.name, metadata.namespace)
})

const patch = (path: string, type: string, body: unknown): Promise<Answer> =>
  asker.ask({ method: 'PATCH', path, type, body })

const apply = (manager: string, body: object, more = '') =>
  patch(`${MAP}?fieldManager=${manager}${more}`, APPLY, { apiVersion: 'v1', kind: 'ConfigMap', ...body })

const applyPorts = (manager: string, ports: readonly object[], more = '') =>
  patch(`${SERVICE}?fieldManager=${manager}${more}`, APPLY, { apiVersion: 'v1', kind: 'Service', spec: { ports } })

/** Manager, operation and fields of each entry. */
const managers = ({ body }: Answer) =>
  Object.fromEntries(
    body.metadata.managedFields.map((entry: { manager: string; operation: string; fieldsV1: object }) => [
      `${entry.manager} ${entry.operation}`,
      entry.fieldsV1,
    ]),
  )

const stateOf = ({ type, status }: { type: string; status: string }) => [type, status]
const port = (number: number, more: object = {}) => ({ port: number, protocol: 'TCP', ...more })

describe('server-side apply', () => {
  test('makes an object, and applied again it writes nothing', async () => {
    const made = await apply('a', { data: { x: '1' } })
    assert.deepEqual(
      [made.code, made.body.data, managers(made)],
      [201, { x: '1' }, { 'a Apply': { 'f:data': { 'f:x': {} } } }],
    )
    const again = await apply('a', { data: { x: '1' } })
    assert.deepEqual([again.code, again.body.metadata.resourceVersion], [200, made.body.metadata.resourceVersion])
  })

  test('takes away what its manager no longer declares, but not what another one declares too', async () => {
    await apply('a', { data: { x: '1', y: '2', z: '3' } })
    await apply('b', { data: { y: '2' } })
    const { body } = await apply('a', { data: { x: '1' } })
    assert.deepEqual(body.data, { x: '1', y: '2' })
  })

  test('names every field that others hold with another value, and takes them by force', async () => {
    await apply('a', { data: { x: '1', y: '2' } })
    await patch(`${MAP}?fieldManager=c`, MERGE, { data: { z: '3' } })
    const one = await apply('b', { data: { x: '9' } })
    const message = 'Apply failed with 1 conflict: conflict with "a": .data.x'
    const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "a"', field: '.data.x' }]
    assert.deepEqual(
      [one.code, one.body.reason, one.body.message, one.body.details.causes],
      [409, 'Conflict', message, causes],
    )
    const several = await apply('b', { data: { x: '9', y: '9', z: '9' } })
    assert.equal(
      several.body.message,
      'Apply failed with 3 conflicts: conflicts with "a":\n- .data.x\n- .data.y\nconflicts with "c" using v1:\n- .data.z',
    )
    assert.deepEqual(api.find('ConfigMap', 'one', 'default')!['data'], { x: '1', y: '2', z: '3' })
    const forced = await apply('b', { data: { x: '9' } }, '&force=true')
    assert.deepEqual(managers(forced), {
      'a Apply': { 'f:data': { 'f:y': {} } },
      'b Apply': { 'f:data': { 'f:x': {} } },
      'c Update': { 'f:data': { 'f:z': {} } },
    })
  })

  test('of the same value is shared', async () => {
    await apply('a', { data: { x: '1' } })
    const { code, body } = await apply('b', { data: { x: '1' } })
    assert.deepEqual([code, body.metadata.managedFields.length], [200, 2])
  })

  test('merges lists by all their keys, and drops items whole', async () => {
    await applyPorts('a', [port(53, { name: 'tcp' }), port(53, { name: 'udp', protocol: 'UDP' })])
    const both = await applyPorts('b', [port(80, { name: 'web', targetPort: 8080 })])
    assert.deepEqual(
      both.body.spec.ports.map((one: { name: string }) => one.name),
      ['tcp', 'udp', 'web'],
    )
    assert.deepEqual(managers(both)['b Apply'], {
      'f:spec': {
        'f:ports': {
          'k:{"port":80,"protocol":"TCP"}': {
            '.': {},
            'f:name': {},
            'f:port': {},
            'f:protocol': {},
            'f:targetPort': {},
          },
        },
      },
    })
    const conflict = await applyPorts('b', [port(53, { name: 'mine' })])
    assert.match(conflict.body.message, /conflict with "a": \.spec\.ports\[port=53,protocol="TCP"\]\.name$/)
    // the server's own additions to an item, such as its targetPort, go with it
    const { body } = await applyPorts('a', [port(53, { name: 'udp', protocol: 'UDP' })])
    assert.deepEqual(
      body.spec.ports.map((one: { name: string }) => one.name),
      ['udp', 'web'],
    )
  })

  test('of an item without its protocol finds that of the default', async () => {
    await applyPorts('a', [port(80, { targetPort: 80 })])
    const { body } = await applyPorts('a', [{ port: 80, targetPort: 81 }])
    assert.deepEqual(body.spec.ports, [{ port: 80, protocol: 'TCP', targetPort: 81 }])
  })

  test('keeps each manager’s finalizers', async () => {
    await apply('a', { metadata: { finalizers: ['example.com/a'] } })
    await apply('b', { metadata: { finalizers: ['example.com/b'] } })
    const { body } = await apply('a', {})
    assert.deepEqual(body.metadata.finalizers, ['example.com/b'])
  })

  test('of a status is the business of /status alone', async () => {
    api.put({ kind: 'Node', metadata: { name: 'n' } })
    const node = (type: string, status: string) => ({
      apiVersion: 'v1',
      kind: 'Node',
      spec: { unschedulable: true },
      status: { conditions: [{ type, status }] },
    })
    await patch('/api/v1/nodes/n/status?fieldManager=a', APPLY, node('Ready', 'True'))
    const { body } = await patch('/api/v1/nodes/n/status?fieldManager=b', APPLY, node('Routed', 'True'))
    assert.deepEqual(
      [body.spec, body.status.conditions.map(stateOf)],
      [
        {},
        [
          ['Ready', 'True'],
          ['Routed', 'True'],
        ],
      ],
    )
    assert.equal(
      body.metadata.managedFields.find((entry: { manager: string }) => entry.manager === 'b').subresource,
      'status',
    )
    const main = await patch('/api/v1/nodes/n?fieldManager=a', APPLY, node('Ready', 'False'))
    assert.deepEqual([main.body.spec, main.body.status.conditions[0].status], [{ unschedulable: true }, 'True'])
  })

  test('of what nobody managed finds one manager before it', async () => {
    api.put({ kind: 'ConfigMap', metadata: { name: 'one', namespace: 'default' }, data: { x: '1' } })
    const { code, body } = await apply('a', { data: { x: '2' } })
    assert.deepEqual(
      [code, body.message],
      [409, 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x'],
    )
  })

  test('tried out changes nothing', async () => {
    const { code, body } = await apply('a', { data: { x: '1' } }, '&dryRun=All')
    assert.deepEqual([code, body.data, api.find('ConfigMap', 'one', 'default')], [201, { x: '1' }, undefined])
  })

  test('of an item that is there twice is refused', async () => {
    const { code, body } = await applyPorts('a', [port(80), { port: 80, name: 'again' }])
    assert.equal(code, 500)
    assert.match(body.message, /: \.spec\.ports: duplicate entries for key \[port=80,protocol="TCP"\]$/)
  })

  const refusals: [why: string, query: string, body: unknown, code: number, message: RegExp][] = [
    ['no manager', '', {}, 422, /fieldManager: Required value: is required for apply patch$/],
    [
      'another version',
      'fieldManager=a',
      { apiVersion: 'v2', kind: 'ConfigMap' },
      400,
      /Specified patch version: v2, expected: v1$/,
    ],
    [
      'another name',
      'fieldManager=a',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'two' } },
      400,
      /\(two\) does not match the name on the URL \(one\)$/,
    ],
    [
      'managers of its own',
      'fieldManager=a',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { managedFields: [{}] } },
      400,
      /^metadata.managedFields must be nil$/,
    ],
    [
      'an unknown field',
      'fieldManager=a',
      { apiVersion: 'v1', kind: 'ConfigMap', foo: 1 },
      500,
      /\(default\/one; v1, Kind=ConfigMap\): \.foo: field not declared in schema$/,
    ],
    [
      'a wrong type',
      'fieldManager=a',
      { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 1 } },
      500,
      /: \.data: expected string, got &value\.valueUnstructured\{Value:1\}$/,
    ],
  ]
  for (const [why, query, body, code, message] of refusals)
    test(`with ${why} is refused`, async () => {
      const answer = await patch(`${MAP}?${query}`, APPLY, body)
      assert.equal(answer.code, code)
      assert.match(answer.body.message, message)
    })
})

describe('a plain write', () => {
  const write = (method: string, path: string, body: unknown) => asker.ask({ method, path, body })

  test('makes its writer manager of what it changed, and nobody of what it removed', async () => {
    const object = { metadata: { name: 'one' }, data: { x: '1', y: '2' } }
    const made = await write('POST', '/api/v1/namespaces/default/configmaps?fieldManager=a', object)
    assert.deepEqual(managers(made), { 'a Update': { 'f:data': { '.': {}, 'f:x': {}, 'f:y': {} } } })
    const put = await write('PUT', `${MAP}?fieldManager=b`, { ...object, data: { x: '1', z: '3' } })
    assert.deepEqual(managers(put), {
      'a Update': { 'f:data': { '.': {}, 'f:x': {} } },
      'b Update': { 'f:data': { 'f:z': {} } },
    })
  })

  test('that changes nothing but managedFields is a write, and one empty entry takes all managers away', async () => {
    const { body } = await apply('a', { data: { x: '1' } })
    const answer = await patch(MAP, MERGE, { metadata: { managedFields: [{}] } })
    assert.equal(answer.body.metadata.managedFields, undefined)
    assert.notEqual(answer.body.metadata.resourceVersion, body.metadata.resourceVersion)
  })

  test('by no name is by the first word of its User-Agent, or unknown', async () => {
    const { body } = await write('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'one' },
      data: { a: 'b' },
    })
    assert.deepEqual(body.metadata.managedFields[0].manager, 'unknown')
  })
})
