import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { until } from '../until.ts'
import { KubeApi } from './api.ts'
import type { Asker } from './comparison/asker.ts'
import { textAt } from './json.ts'
import { listenAndAsk } from './stand-in-asker.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const PEERS = '/apis/example.org/v1/namespaces/default/peers'
const MERGE = 'application/merge-patch+json'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'

const specSchema = {
  type: 'object',
  required: ['address'],
  'x-kubernetes-validations': [
    { rule: '!has(self.most) || self.least <= self.most', message: 'least must not exceed most' },
    {
      rule: 'size(self.address) < 40',
      messageExpression: "'too long by ' + string(size(self.address) - 39)",
      fieldPath: '.address',
    },
  ],
  properties: {
    address: { type: 'string', minLength: 2 },
    least: { type: 'integer', default: 1, minimum: 0, maximum: 9 },
    most: { type: 'integer' },
    as: { 'x-kubernetes-int-or-string': true },
    family: { type: 'string', enum: ['IPv4', 'IPv6'] },
    source: { type: 'string', format: 'ipv4' },
    id: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'id is immutable' }] },
    timers: {
      type: 'object',
      default: {},
      properties: { hold: { type: 'integer', default: 90 }, 'keep-alive': { type: 'integer' } },
      'x-kubernetes-validations': [{ rule: '!has(self.keep__dash__alive) || self.hold >= 3 * self.keep__dash__alive' }],
    },
    sets: { type: 'array', maxItems: 2, 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          port: {
            type: 'integer',
            'x-kubernetes-validations': [{ rule: 'self >= oldSelf', message: 'ports only grow' }],
          },
        },
      },
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    either: {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    },
  },
}

const schema = {
  openAPIV3Schema: {
    type: 'object',
    properties: {
      spec: specSchema,
      status: {
        type: 'object',
        properties: {
          conditions: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      },
    },
  },
}

const additionalPrinterColumns = [
  { name: 'Address', type: 'string', jsonPath: '.spec.address', description: 'where it is' },
  { name: 'Hold', type: 'integer', jsonPath: '.spec.timers.hold', priority: 1 },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
]

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'peers.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { kind: 'Peer', plural: 'peers', shortNames: ['pp'] },
    versions: [
      { name: 'v1beta1', served: true, storage: false, schema, subresources: { status: {} } },
      { name: 'v1', served: true, storage: true, schema, subresources: { status: {} }, additionalPrinterColumns },
    ],
  },
}

const api = new KubeApi()
let asker: Asker
before(async () => {
  asker = (await listenAndAsk(api)).asker
})
after(async () => {
  asker.close()
  await api.close()
})
beforeEach(() => {
  api.remove('CustomResourceDefinition', 'peers.example.org')
  api.put(definition)
})

const ask = (method: string, path: string, body?: unknown, more: { type?: string; accept?: string } = {}) =>
  asker.ask({ method, path, body, ...more })
const type = { apiVersion: 'example.org/v1', kind: 'Peer' }
const post = (spec: object, path = PEERS) => ask('POST', path, { ...type, metadata: { name: 'a' }, spec })
const patch = (body: object, path = `${PEERS}/a`) => ask('PATCH', path, body, { type: MERGE })
const causes = (answer: { body: { details: { causes: { field: string; message: string }[] } } }) =>
  answer.body.details.causes.map(({ field, message }) => `${field}: ${message}`)

describe('a CustomResourceDefinition', () => {
  test('is established as soon as it is made, with its names accepted', async () => {
    api.remove('CustomResourceDefinition', 'peers.example.org')
    assert.equal((await ask('GET', PEERS)).code, 404)
    const { code, body } = await ask('POST', DEFINITIONS, definition)
    assert.equal(code, 201)
    const states = body.status.conditions.map((one: { type: string; status: string }) => `${one.type} ${one.status}`)
    assert.deepEqual(states, ['NamesAccepted True', 'Established True'])
    assert.deepEqual(body.status.storedVersions, ['v1'])
    const names = { kind: 'Peer', listKind: 'PeerList', plural: 'peers', singular: 'peer', shortNames: ['pp'] }
    assert.deepEqual([body.spec.names, body.status.acceptedNames], [names, names])
    assert.deepEqual(body.spec.conversion, { strategy: 'None' })
    assert.deepEqual((await ask('GET', PEERS)).body.items, [])
  })

  test('is told by discovery, the first version first, and by OpenAPI', async () => {
    const group = (await ask('GET', '/apis/example.org')).body
    assert.deepEqual(
      group.versions.map(({ version }: { version: string }) => version),
      ['v1', 'v1beta1'],
    )
    const { resources } = (await ask('GET', '/apis/example.org/v1')).body
    assert.deepEqual(
      resources.map(({ name }: { name: string }) => name),
      ['peers', 'peers/status'],
    )
    const index = (await ask('GET', '/openapi/v3')).body
    assert.ok(index.paths['apis/example.org/v1'] !== undefined)
  })

  test('takes all its objects along when it is deleted, and tells their watchers', async () => {
    await post({ address: 'aa' })
    const watch = await asker.watch({ path: `${PEERS}?watch=true` })
    assert.equal((await ask('DELETE', `${DEFINITIONS}/peers.example.org`)).code, 200)
    await until('the deletion is told', () => watch.events.some(({ type }) => type === 'DELETED'))
    watch.close()
    await until('it is gone', () => api.find('CustomResourceDefinition', 'peers.example.org') === undefined)
    assert.equal((await ask('GET', `${PEERS}/a`)).code, 404)
    api.put(definition)
    assert.deepEqual((await ask('GET', PEERS)).body.items, [])
  })

  test('stays, and takes no new objects, until the last of its objects has lost its finalizers', async () => {
    await post({ address: 'aa' })
    await patch({ metadata: { finalizers: ['example.org/hold'] } })
    await ask('DELETE', `${DEFINITIONS}/peers.example.org`)
    await until(
      'its object is marked',
      () => api.find('Peer', 'a', 'default')?.metadata.deletionTimestamp !== undefined,
    )
    const held = await ask('GET', `${DEFINITIONS}/peers.example.org`)
    assert.deepEqual(held.body.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io'])
    assert.equal((await post({ address: 'bb' })).code, 405)
    await patch({ metadata: { finalizers: null } })
    await until('it is gone', () => api.find('CustomResourceDefinition', 'peers.example.org') === undefined)
    assert.equal((await ask('GET', PEERS)).code, 404)
  })

  test('that is not sound is refused with the field that is wrong', async () => {
    const name = 'things.example.org'
    const versions = (...list: object[]) => list.map((one, index) => ({ name: `v${index + 1}`, served: true, ...one }))
    const faults = async (spec: object, metadata = { name }) => {
      const names = { kind: 'Thing', plural: 'things' }
      const whole = {
        group: 'example.org',
        scope: 'Cluster',
        names,
        versions: versions({ storage: true, schema }),
        ...spec,
      }
      const answer = await ask('POST', DEFINITIONS, { ...definition, metadata, spec: whole })
      assert.equal(answer.code, 422)
      return causes(answer)
    }
    assert.deepEqual(await faults({}, { name: 'other.example.org' }), [
      'metadata.name: Invalid value: "other.example.org": must be spec.names.plural+"."+spec.group',
    ])
    assert.match(
      (await faults({ versions: versions({ storage: true, schema }, { storage: true, schema }) }))[0]!,
      /^spec\.versions: .*exactly one version marked as storage/,
    )
    assert.deepEqual(await faults({ versions: versions({ storage: true }) }), [
      'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
    ])
    const typeless = { openAPIV3Schema: { type: 'object', properties: { spec: { properties: {} } } } }
    assert.match(
      (await faults({ versions: versions({ storage: true, schema: typeless }) }))[0]!,
      /spec\.validation\.openAPIV3Schema\.properties\[spec\]\.type: Required value: must not be empty for specified object fields$/,
    )
    const rule = { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.' }] }
    assert.match(
      (await faults({ versions: versions({ storage: true, schema: { openAPIV3Schema: rule } }) }))[0]!,
      /openAPIV3Schema\.x-kubernetes-validations\[0\]\.rule: Invalid value: "self\.": compilation failed: /,
    )
  })

  test('serves its objects in each version, under the name of that version', async () => {
    await post({ address: 'aa' })
    const other = PEERS.replace('/v1/', '/v1beta1/')
    const { body } = await ask('GET', `${other}/a`)
    assert.equal(body.apiVersion, 'example.org/v1beta1')
    const patched = await patch({ spec: { most: 5 } }, `${other}/a`)
    assert.deepEqual([patched.code, patched.body.spec.most], [200, 5])
    const again = await patch({ spec: { most: 5 } })
    assert.equal(again.body.metadata.resourceVersion, patched.body.metadata.resourceVersion, 'no change is no write')
    assert.deepEqual(
      (await ask('GET', other)).body.items.map((item: { apiVersion: string; kind: string }) => [
        item.apiVersion,
        item.kind,
      ]),
      [['example.org/v1beta1', 'Peer']],
    )
  })
})

test('kinds of one name in two groups are told apart by the group', async () => {
  const names = definition.spec.names
  const spec = { ...definition.spec, group: 'other.org', names }
  api.put({ ...definition, metadata: { name: 'peers.other.org' }, spec })
  const metadata = { name: 'a', namespace: 'default' }
  for (const group of ['example.org', 'other.org'])
    api.put({ apiVersion: `${group}/v1`, kind: 'Peer', metadata, spec: { address: group } })
  const addresses = ['Peer', 'Peer.other.org'].map(kind => textAt(api.find(kind, 'a', 'default'), ['spec', 'address']))
  assert.deepEqual(addresses, ['example.org', 'other.org'])
  assert.equal((await ask('GET', PEERS.replace('example.org', 'other.org'))).body.items[0].spec.address, 'other.org')
  api.remove('CustomResourceDefinition', 'peers.other.org')
})

describe('a custom object', () => {
  test('gets defaults, also inside of defaults, and loses what the schema does not know', async () => {
    const { code, body } = await post({
      address: 'aa',
      unknown: 1,
      most: null,
      free: { any: { thing: true } },
      timers: { odd: 1 },
    })
    assert.equal(code, 201)
    assert.deepEqual(body.spec, { address: 'aa', least: 1, free: { any: { thing: true } }, timers: { hold: 90 } })
  })

  test('with unknown fields is refused, warned of or taken as fieldValidation says', async () => {
    const asked = (mode: string) =>
      post({ address: 'aa', foo: 1, ports: [{ name: 'x', bar: 2 }] }, `${PEERS}?fieldValidation=${mode}`)
    const strict = await asked('Strict')
    assert.equal(strict.code, 400)
    assert.match(
      strict.body.message,
      /strict decoding error: unknown field "spec\.foo", unknown field "spec\.ports\[0\]\.bar"$/,
    )
    const warned = await asked('Warn')
    assert.equal(warned.code, 201)
    assert.match(warned.warning ?? '', /299 - "unknown field \\"spec\.foo/)
    await ask('DELETE', `${PEERS}/a`)
    const ignored = await asked('Ignore')
    assert.deepEqual([ignored.code, ignored.warning], [201, undefined])
  })

  test('that does not fit its schema is refused with every cause', async () => {
    assert.deepEqual(causes(await post({})), [
      'spec.address: Required value',
      '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ])
    const found = async (spec: object) =>
      causes(await post({ address: 'aa', ...spec })).filter(text => !text.startsWith('<nil>: Invalid value: "null"'))
    const bounds = { address: 'a', least: 10 }
    assert.deepEqual(await found(bounds), [
      'spec.address: Invalid value: "a": spec.address in body should be at least 2 chars long',
      'spec.least: Invalid value: 10: spec.least in body should be less than or equal to 9',
    ])
    assert.deepEqual(await found({ least: 'x' }), [
      'spec.least: Invalid value: "string": spec.least in body must be of type integer: "string"',
    ])
    assert.deepEqual(await found({ family: 'IPX' }), [
      'spec.family: Unsupported value: "IPX": supported values: "IPv4", "IPv6"',
    ])
    assert.deepEqual(await found({ source: '::1' }), [
      'spec.source: Invalid value: "::1": spec.source in body must be of type ipv4: "::1"',
    ])
    assert.deepEqual(await found({ as: true }), [
      'spec.as: Invalid value: "boolean": spec.as in body must be of type integer,string: "boolean"',
    ])
    assert.deepEqual(await found({ sets: ['a', 'b', 'a'] }), [
      'spec.sets: Too many: 3: must have at most 2 items',
      'spec.sets[2]: Duplicate value: "a"',
    ])
    assert.deepEqual(await found({ ports: [{ name: 'x' }, { name: 'x' }] }), [
      'spec.ports[1]: Duplicate value: {"name":"x"}',
    ])
    assert.deepEqual(await found({ either: {} }), [
      '<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found none valid',
      'spec.either.a: Required value',
    ])
  })

  test('is judged by the CEL rules of its schema, and told their messages', async () => {
    assert.deepEqual(causes(await post({ address: 'aa', least: 5, most: 4 })), [
      'spec: Invalid value: "object": least must not exceed most',
    ])
    assert.deepEqual(causes(await post({ address: 'a'.repeat(41) })), [
      'spec.address: Invalid value: "object": too long by 2',
    ])
    assert.deepEqual(causes(await post({ address: 'aa', timers: { 'keep-alive': 60 } })), [
      'spec.timers: Invalid value: "object": failed rule: !has(self.keep__dash__alive) || self.hold >= 3 * self.keep__dash__alive',
    ])
  })

  test('is judged by rules about its change where there is something to compare with', async () => {
    assert.equal((await post({ address: 'aa', id: 'x', ports: [{ name: 'p', port: 5 }] })).code, 201)
    assert.deepEqual(causes(await patch({ spec: { id: 'y' } })), ['spec.id: Invalid value: "string": id is immutable'])
    // items of a map are told apart by their keys, wherever they stand
    const moved = {
      spec: {
        ports: [
          { name: 'new', port: 1 },
          { name: 'p', port: 4 },
        ],
      },
    }
    assert.deepEqual(causes(await patch(moved)), ['spec.ports[1].port: Invalid value: "integer": ports only grow'])
    assert.equal((await patch({ spec: { ports: [{ name: 'new', port: 1 }] } })).code, 200)
  })

  test('counts generations by its spec alone, and has a status of its own', async () => {
    const status = { conditions: [{ type: 'Ready', status: 'True' }] }
    const made = await ask('POST', PEERS, { ...type, metadata: { name: 'a' }, spec: { address: 'aa' }, status })
    assert.deepEqual([made.body.status, made.body.metadata.generation], [undefined, 1])
    const told = await patch({ status, spec: { address: 'zz' } }, `${PEERS}/a/status`)
    assert.deepEqual([told.body.status, told.body.spec.address, told.body.metadata.generation], [status, 'aa', 1])
    const labelled = await patch({ metadata: { labels: { a: 'b' } }, status: null })
    assert.deepEqual([labelled.body.status, labelled.body.metadata.generation], [status, 1])
    assert.equal((await patch({ spec: { most: 7 } })).body.metadata.generation, 2)
  })

  test('is shown in the columns that its definition asks for', async () => {
    await post({ address: 'aa' })
    await patch(
      {
        status: {
          conditions: [
            { type: 'Other', status: 'x' },
            { type: 'Ready', status: 'True' },
          ],
        },
      },
      `${PEERS}/a/status`,
    )
    await ask('POST', PEERS, { ...type, metadata: { name: 'b' }, spec: { address: 'bb' } })
    const { body } = await ask('GET', PEERS, undefined, { accept: TABLE })
    assert.deepEqual(
      body.columnDefinitions.map((one: { name: string; type: string; priority: number }) => [
        one.name,
        one.type,
        one.priority,
      ]),
      [
        ['Name', 'string', 0],
        ['Address', 'string', 0],
        ['Hold', 'integer', 1],
        ['Ready', 'string', 0],
        ['Age', 'date', 0],
      ],
    )
    const cells = body.rows.map((row: { cells: unknown[] }) => row.cells.slice(0, 4))
    assert.deepEqual(cells, [
      ['a', 'aa', 90, 'True'],
      ['b', 'bb', 90, null],
    ])
  })

  test('takes no strategic merge patch', async () => {
    await post({ address: 'aa' })
    const type = 'application/strategic-merge-patch+json'
    const { code, body } = await ask('PATCH', `${PEERS}/a`, {}, { type })
    assert.equal(code, 415)
    assert.ok(!body.message.includes(type))
  })
})
