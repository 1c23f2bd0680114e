/** Kinds by CustomResourceDefinition: from the definition to its end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Case, JSON_PATCH, MERGE, type Scene, STRATEGIC, TABLE } from '../scene.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const spec = {
  type: 'object',
  required: ['address'],
  properties: {
    address: { type: 'string', minLength: 2, maxLength: 20 },
    least: { type: 'integer', default: 1, minimum: 0, maximum: 9 },
    ratio: { type: 'number', exclusiveMinimum: true, minimum: 0 },
    on: { type: 'boolean' },
    as: { 'x-kubernetes-int-or-string': true },
    family: { type: 'string', enum: ['IPv4', 'IPv6'] },
    name: { type: 'string', pattern: '^[a-z]+$' },
    source: { type: 'string', format: 'ipv4' },
    maybe: { type: 'string', nullable: true },
    timers: { type: 'object', default: {}, properties: { hold: { type: 'integer', default: 90 } } },
    sets: { type: 'array', minItems: 1, 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, port: { type: 'integer' } },
      },
    },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
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
    properties: { spec, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  },
}
const columns = [
  { name: 'Address', type: 'string', jsonPath: '.spec.address', description: 'where it is' },
  { name: 'Hold', type: 'integer', jsonPath: '.spec.timers.hold', priority: 1 },
  { name: 'Free', type: 'string', jsonPath: '.spec.free' },
  { name: 'First', type: 'string', jsonPath: '.spec.sets[0]' },
  { name: 'Port', type: 'integer', jsonPath: '.spec.ports[?(@.name=="bgp")].port' },
  { name: 'On', type: 'boolean', jsonPath: '.spec.on' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
]

function definition(group: string, more: object = {}) {
  const version = { served: true, schema, subresources: { status: {} } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `peers.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Peer', plural: 'peers', shortNames: ['pp'] },
      versions: [
        { ...version, name: 'v1beta1', storage: false },
        { ...version, name: 'v1', storage: true, additionalPrinterColumns: columns },
      ],
      ...more,
    },
  }
}

/** Makes the kind and waits until it is served. @returns the path of its objects */
async function defined(scene: Scene, group: string): Promise<string> {
  await scene.quietly('POST', DEFINITIONS, definition(group))
  const path = scene.path('peers', `apis/${group}/v1`)
  for (let round = 0; round < 100; round++) {
    const { code, body } = await scene.quietly('GET', path)
    // the server may serve a kind before its definition says so
    const discovery = await scene.quietly('GET', `/apis/${group}/v1beta1`)
    if (code === 200 && body.items !== undefined && discovery.code === 200) break
    await sleep(100)
  }
  return path
}

const peer = (path: string, name: string, spec: object) => ({
  apiVersion: path.split('/').slice(2, 4).join('/'),
  kind: 'Peer',
  metadata: { name },
  spec,
})
/** The server finds causes in no fixed order. */
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the server says
const sorted = (body: any) => ({
  ...body,
  message: '',
  details: {
    ...body.details,
    causes: body.details?.causes?.map(oldReason).toSorted((a: Cause, b: Cause) => (text(a) < text(b) ? -1 : 1)),
  },
})
/** Tells versions of storage apart, which here is none. */
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the server says
const withoutHash = ({ resources, ...body }: any) => ({
  ...body,
  resources: resources.map(
    ({ storageVersionHash: _, ...resource }: object & { storageVersionHash?: string }) => resource,
  ),
})
/** Descriptions of the columns that every kind has are long, and nobody sees them. */
// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever the server says
const table = ({ columnDefinitions, ...body }: any) => ({
  ...body,
  columnDefinitions: columnDefinitions.map(({ description, ...column }: { description: string }) => ({
    ...column,
    description: /^(Name must be|CreationTimestamp is) /.test(description) ? '' : description,
  })),
})
/** Wrong types have a reason of their own since 1.25. */
const oldReason = ({ reason, ...cause }: Cause & { reason: string }) => ({
  ...cause,
  reason: reason === 'FieldValueTypeInvalid' ? 'FieldValueInvalid' : reason,
})
type Cause = { readonly field: string; readonly message: string }
const text = ({ field, message }: Cause) => `${field} ${message}`

export const customResourceCases: readonly Case[] = [
  {
    name: 'the definition of a kind',
    play: async scene => {
      const group = 'definition.example.org'
      await defined(scene, group)
      await scene.get(`${DEFINITIONS}/peers.${group}`, {
        pick: ({ metadata: { finalizers, generation }, spec, status }) => ({
          ...{ generation, finalizers, names: spec.names, conversion: spec.conversion },
          ...{ accepted: status.acceptedNames, stored: status.storedVersions, conditions: status.conditions },
        }),
      })
      await scene.get(`/apis/${group}`)
      await scene.get(`/apis/${group}/v1`, { pick: withoutHash })
      await scene.get(`/apis/${group}/v1beta1`, { pick: withoutHash })
      await scene.patch(
        `${DEFINITIONS}/peers.${group}`,
        MERGE,
        { spec: { scope: 'Cluster', group: 'other.org' } },
        { pick: sorted },
      )
      await scene.quietly('DELETE', `${DEFINITIONS}/peers.${group}`)
    },
  },
  {
    name: 'definitions that are not sound',
    play: async scene => {
      const group = 'unsound.example.org'
      const wrong = (more: object) => scene.ask('POST', DEFINITIONS, definition(group, more), { pick: sorted })
      await wrong({ scope: 'Nowhere' })
      await wrong({ names: { kind: 'Peer', plural: 'others' } })
      await wrong({ versions: [{ name: 'v1', served: true, storage: true }] })
      const typeless = { type: 'object', properties: { spec: { properties: { a: { type: 'array' } } } } }
      await wrong({ versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: typeless } }] })
    },
  },
  {
    name: 'custom objects',
    play: async scene => {
      const group = 'objects.example.org'
      const path = await defined(scene, group)
      const status = { state: 'up' }
      await scene.ask('POST', `${path}?fieldValidation=Ignore`, {
        ...peer(path, 'a', { address: 'aa', unknown: 1, free: { b: [1], a: 2 } }),
        status,
      })
      await scene.ask(
        'POST',
        `${path}?fieldValidation=Ignore`,
        peer(path, 'b', { address: 'bb', maybe: null, timers: { hold: 3, odd: 1 }, sets: ['x', 'y'] }),
      )
      await scene.ask(
        'POST',
        `${path}?fieldValidation=Ignore`,
        peer(path, 'c', { address: 'cc', least: null, ports: [{ name: 'bgp', port: 179 }], on: false }),
      )
      await scene.patch(`${path}/a`, MERGE, { spec: { least: 5 }, status: { state: 'down' } })
      await scene.patch(`${path}/a/status`, MERGE, {
        spec: { least: 6 },
        status: { state: 'down' },
        metadata: { labels: { a: 'b' } },
      })
      await scene.patch(`${path}/a`, MERGE, { metadata: { labels: { a: 'b' } } })
      await scene.patch(`${path}/a`, MERGE, { metadata: { labels: { a: 'b' } } })
      await scene.patch(`${path}/a`, JSON_PATCH, [{ op: 'remove', path: '/spec/least' }])
      await scene.patch(`${path}/a`, STRATEGIC, {})
      await scene.get(path)
      await scene.get(path, { accept: TABLE, pick: table })
      await scene.get(`${path}/b`.replace('/v1/', '/v1beta1/'))
      await scene.get(path.replace('/v1/', '/v1beta1/'), { accept: TABLE, pick: table })
      await scene.ask('DELETE', `${path}/b`)
      await scene.ask('PUT', `${path}/none`, peer(path, 'none', { address: 'aa' }))
      await scene.ask('POST', path, { ...peer(path, 'd', { address: 'dd' }), apiVersion: 'example.org/v9' })
      await scene.quietly('DELETE', `${DEFINITIONS}/peers.${group}`)
    },
  },
  {
    name: 'custom objects that do not fit their schema',
    play: async scene => {
      const group = 'misfits.example.org'
      const path = await defined(scene, group)
      const wrong = (spec: object) =>
        scene.ask('POST', path, peer(path, 'a', { address: 'aa', ...spec }), { pick: sorted })
      await scene.ask('POST', path, peer(path, 'a', {}), { pick: sorted })
      await wrong({ address: 'a', least: 10 })
      await wrong({ least: 'x', on: 1, labels: { a: 1 } })
      await wrong({ least: -1, ratio: 0 })
      await wrong({ family: 'IPX' })
      await wrong({ name: 'A1' })
      await wrong({ source: '::1' })
      await wrong({ as: true })
      await wrong({ sets: [] })
      await wrong({ sets: ['a', 'b', 'a'] })
      await wrong({ sets: 'a' })
      await wrong({ either: {} })
      await wrong({ either: { a: 'x', b: 'y' } })
      await wrong({ timers: [] })
      await scene.quietly('DELETE', `${DEFINITIONS}/peers.${group}`)
    },
  },
]
