import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Rule, ruleCauses, ruleFault } from './cel-rules.ts'
import type { Json } from './json.ts'
import type { Schema } from './schema.ts'

const text: Schema = { type: 'string' }
const integer: Schema = { type: 'integer' }

/** What a rule at the root of `spec` says of a value, and of a change. */
function judged(rule: Partial<Rule> & { rule: string }, properties: Record<string, Schema>, spec: Json, old?: Json) {
  const schema: Schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': [rule] } },
  }
  const whole = (spec: Json | undefined) => (spec === undefined ? undefined : { metadata: { name: 'a' }, spec })
  return ruleCauses(whole(spec)!, whole(old), schema, '').map(({ field, message }) => `${field}: ${message}`)
}

describe('a rule', () => {
  test('has the core of CEL: presence, lists, maps, numbers and texts', () => {
    const properties: Record<string, Schema> = {
      number: integer,
      ratio: { type: 'number' },
      name: text,
      peers: { type: 'array', items: { type: 'object', properties: { name: text, port: integer } } },
      labels: { type: 'object', additionalProperties: text },
      at: { type: 'string', format: 'date-time' },
    }
    const spec: Json = {
      ...{ number: 4200000000, ratio: 1, name: 'tor-1', labels: { 'a/b': 'x' }, at: '2026-01-02T03:04:05Z' },
      peers: [
        { name: 'x', port: 179 },
        { name: 'y', port: 1179 },
      ],
    }
    const rules = [
      'self.number > 65535 && self.number <= 4294967295',
      'self.number % 2 == 0 && self.number / 1000000 == 4200',
      'self.ratio * 2.0 == 2.0',
      "self.name.matches('^tor-[0-9]+$') && self.name.startsWith('tor') && size(self.name) == 5",
      'self.peers.all(p, p.port > 100) && self.peers.exists_one(p, p.port == 179)',
      "self.peers.filter(p, p.port > 1000).map(p, p.name) == ['y']",
      "'a/b' in self.labels && self.labels['a/b'] == 'x' && self.labels.all(key, key.contains('/'))",
      "!has(self.missing) && has(self.labels) ? self.name != '' : false",
      "self.at < timestamp('2026-02-01T00:00:00Z') && self.at.getFullYear() == 2026",
      "int('12') + 1 == 13 && string(self.number) == '4200000000'",
    ]
    for (const rule of rules) {
      assert.equal(ruleFault({ rule }), undefined)
      assert.deepEqual(judged({ rule }, properties, spec), [], rule)
    }
    for (const rule of rules) assert.equal(judged({ rule: `!(${rule})` }, properties, spec).length, 1, `not ${rule}`)
  })

  test('sees names that are no identifiers under escaped ones, and nothing that the schema does not declare', () => {
    const properties = { 'keep-alive': integer, 'a.b/c': integer, namespace: text, __x: integer, as: integer }
    const spec = { 'keep-alive': 1, 'a.b/c': 2, namespace: 'web', __x: 3, as: 0, unknown: 4 }
    const rule =
      "self.keep__dash__alive + self.a__dot__b__slash__c + self.__underscores__x == 6 && self.__as__ == 0 && self.__namespace__ == 'web'"
    assert.deepEqual(judged({ rule }, properties, spec), [])
    assert.deepEqual(judged({ rule: '!has(self.unknown)' }, properties, spec), [])
  })

  test('says its message, the place it names, or what went wrong while it was judged', () => {
    const properties = { low: integer, high: integer }
    const rule = 'self.low <= self.high'
    const wrong = { low: 2, high: 1 }
    assert.deepEqual(judged({ rule }, properties, wrong), [`spec: Invalid value: "object": failed rule: ${rule}`])
    const messageExpression = "'low is ' + string(self.low)"
    assert.deepEqual(judged({ rule, message: 'no', messageExpression, fieldPath: '.low' }, properties, wrong), [
      'spec.low: Invalid value: "object": low is 2',
    ])
    assert.deepEqual(judged({ rule, message: 'no', messageExpression: 'self.nothing' }, properties, wrong), [
      'spec: Invalid value: "object": no',
    ])
    assert.deepEqual(judged({ rule, message: 'order' }, properties, { low: 1 }), [
      'spec: Invalid value: "object": no such key: high evaluating rule: order',
    ])
  })

  test('about a change waits for one, unless it takes the old value as an optional', () => {
    const properties = { id: text }
    const plain = { rule: 'self.id == oldSelf.id' }
    assert.deepEqual(judged(plain, properties, { id: 'a' }), [])
    assert.equal(judged(plain, properties, { id: 'a' }, { id: 'b' }).length, 1)
    const optional = {
      rule: "oldSelf.hasValue() ? oldSelf.value().id == self.id : self.id != ''",
      optionalOldSelf: true,
    }
    assert.equal(judged(optional, properties, { id: '' }).length, 1)
    assert.deepEqual(judged(optional, properties, { id: 'a' }), [])
    assert.equal(judged(optional, properties, { id: 'a' }, { id: 'b' }).length, 1)
  })

  test('that cannot be compiled is told as such', () => {
    assert.match(ruleFault({ rule: 'self.' }) ?? '', /./)
    assert.match(ruleFault({ rule: 'true', messageExpression: "'" }) ?? '', /./)
  })
})
