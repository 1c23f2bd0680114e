import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json, JsonObject } from './json.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import type { Schema } from './schema.ts'
import { ApiError } from './status.ts'
import { applyStrategicPatch } from './strategic-merge-patch.ts'

const status = (code: number) => (thrown: unknown) => thrown instanceof ApiError && thrown.status.code === code

describe('a JSON merge patch', () => {
  // RFC 7396, appendix A
  const cases: [target: Json, patch: Json, result: Json][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  for (const [target, patch, result] of cases)
    test(`${JSON.stringify(patch)} makes ${JSON.stringify(target)} into ${JSON.stringify(result)}`, () => {
      const before = structuredClone(target)
      assert.deepEqual(applyMergePatch(target, patch), result)
      assert.deepEqual(target, before)
    })
})

describe('a JSON patch', () => {
  test('adds, removes, replaces, moves, copies and tests', () => {
    const document = { a: { 'x/y': 1, '~': 2 }, list: [1, 2, 3] }
    const patch = [
      { op: 'test', path: '/a/x~1y', value: 1 },
      { op: 'remove', path: '/a/~0' },
      { op: 'add', path: '/list/1', value: 'in' },
      { op: 'add', path: '/list/-', value: 'end' },
      { op: 'replace', path: '/list/0', value: 'first' },
      { op: 'copy', from: '/list/0', path: '/b' },
      { op: 'move', from: '/a/x~1y', path: '/c' },
    ]
    const result = { a: {}, list: ['first', 'in', 2, 3, 'end'], b: 'first', c: 1 }
    assert.deepEqual(applyJsonPatch(document, patch), result)
    assert.deepEqual(document.list, [1, 2, 3])
  })

  const misfits: Record<string, Json> = {
    'a test that fails': [{ op: 'test', path: '/a', value: 2 }],
    'a path that is not there': [{ op: 'replace', path: '/b/c', value: 2 }],
    'an index beyond the list': [{ op: 'add', path: '/list/9', value: 2 }],
    'an operation that is none': [{ op: 'jump', path: '/a' }],
    'a path that is no JSON pointer': [{ op: 'add', path: 'a', value: 1 }],
    'a value that is not told': [{ op: 'add', path: '/a' }],
  }
  for (const [what, patch] of Object.entries(misfits))
    test(`is refused as a whole for ${what}`, () => {
      assert.throws(() => applyJsonPatch({ a: 1, list: [] }, patch), status(422))
    })

  test('that is none is a bad request', () => {
    for (const patch of [{}, [1]]) assert.throws(() => applyJsonPatch({ a: 1 }, patch as Json), status(400))
  })
})

describe('a strategic merge patch', () => {
  const merged = (properties: Schema['properties'], key?: string): Schema => ({
    items: { properties: properties ?? {} },
    'x-kubernetes-patch-strategy': 'merge',
    ...(key === undefined ? {} : { 'x-kubernetes-patch-merge-key': key }),
  })
  const schema: Schema = {
    properties: {
      conditions: merged({ notes: merged({}, 'id') }, 'type'),
      cidrs: merged({}),
      spec: { properties: { ports: merged({}, 'port') } },
    },
  }
  const apply = (target: JsonObject, patch: JsonObject) => applyStrategicPatch(target, patch, schema)

  test('merges lists by their key, at every depth', () => {
    const target = {
      conditions: [
        { type: 'Ready', status: 'True', notes: [{ id: 1, text: 'a' }] },
        { type: 'Disk', status: 'False' },
      ],
    }
    const patch = { conditions: [{ type: 'Ready', status: 'False', notes: [{ id: 2 }] }, { type: 'New' }] }
    assert.deepEqual(apply(target, patch), {
      conditions: [
        { type: 'Ready', status: 'False', notes: [{ id: 2 }, { id: 1, text: 'a' }] },
        { type: 'New' },
        { type: 'Disk', status: 'False' },
      ],
    })
  })

  test('deletes items and scalars by directive, and replaces where told to', () => {
    const target = { conditions: [{ type: 'a' }, { type: 'b' }], cidrs: ['x', 'y'], taints: [1], map: { a: 1, b: 2 } }
    const patch = {
      conditions: [{ type: 'a', $patch: 'delete' }],
      '$deleteFromPrimitiveList/cidrs': ['x'],
      cidrs: ['z', 'y'],
      taints: [2],
      map: { $patch: 'replace', c: 3 },
    }
    assert.deepEqual(apply(target, patch), {
      conditions: [{ type: 'b' }],
      cidrs: ['z', 'y'],
      taints: [2],
      map: { c: 3 },
    })
    assert.deepEqual(apply(target, { conditions: [{ $patch: 'replace' }, { type: 'only' }] })['conditions'], [
      { type: 'only' },
    ])
    assert.deepEqual(apply(target, { map: { $retainKeys: ['b'], d: 4 } })['map'], { b: 2, d: 4 })
    assert.deepEqual(apply(target, { map: { $patch: 'delete' } })['map'], {})
  })

  test('takes the order it is given; other items come first as long as they did so before', () => {
    const target = { spec: { ports: [{ port: 1 }, { port: 2 }, { port: 9 }, { port: 3 }] } }
    const patch = {
      spec: { '$setElementOrder/ports': [{ port: 3 }, { port: 1 }, { port: 2 }], ports: [{ port: 3, name: 'c' }] },
    }
    assert.deepEqual(apply(target, patch), {
      spec: { ports: [{ port: 9 }, { port: 3, name: 'c' }, { port: 1 }, { port: 2 }] },
    })
  })

  test('without a merge key, with a directive that is none or an order that lacks an item is refused', () => {
    assert.throws(() => apply({}, { conditions: [{ status: 'x' }] }), status(500))
    assert.throws(() => apply({}, { map: { $patch: 'mix' } }), status(400))
    const disorder = { spec: { '$setElementOrder/ports': [{ port: 1 }], ports: [{ port: 2 }] } }
    assert.throws(() => apply({}, disorder), status(500))
  })
})
