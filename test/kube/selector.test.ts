import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { renderAge } from './age.ts'
import { parseFieldSelector, parseLabelSelector } from './selector.ts'
import { ApiError } from './status.ts'

const badRequest = (thrown: unknown) => thrown instanceof ApiError && thrown.status.code === 400

describe('a label selector', () => {
  const labels = { app: 'web', tier: 'front', 'example.com/zone': 'a', empty: '' }
  const matching = [
    '',
    'app=web',
    'app==web',
    'app',
    '!gone',
    'app!=api',
    'gone!=x',
    'empty=',
    'example.com/zone=a',
    'app in (api, web),tier',
    'gone notin (x)',
    'app notin (api),tier=front',
  ]
  const failing = [
    'app=api',
    'gone',
    '!app',
    'app!=web',
    'app in (api)',
    'gone in (x)',
    'app notin (web,api)',
    'app=web,tier=back',
    'gone=',
  ]

  for (const text of matching) test(`"${text}" matches`, () => assert.equal(parseLabelSelector(text)(labels), true))
  for (const text of failing)
    test(`"${text}" does not match`, () => assert.equal(parseLabelSelector(text)(labels), false))
  for (const text of ['a,,b', 'a in web', '=x', 'a b', 'a=(x)'])
    test(`"${text}" is a bad request`, () => assert.throws(() => parseLabelSelector(text), badRequest))
})

describe('a field selector', () => {
  const known = ['metadata.name', 'spec.nodeName']
  const select = (text: string) => parseFieldSelector(text, known)({ 'metadata.name': 'a,b', 'spec.nodeName': '' })

  test('compares the fields of the kind, absent ones being empty', () => {
    assert.equal(select('metadata.name=a\\,b,spec.nodeName='), true)
    assert.equal(select('spec.nodeName!=x'), true)
    assert.equal(select('metadata.name!=a\\,b'), false)
  })

  test('with another field is a bad request that names it', () => {
    assert.throws(() => select('spec.foo=x'), { message: 'field label not supported: spec.foo' })
    assert.throws(() => select('nonsense'), badRequest)
  })
})

describe('an age', () => {
  const [minute, hour, day] = [60, 3600, 86_400]
  const cases: [seconds: number, text: string][] = [
    [-5, '<invalid>'],
    [-1, '0s'],
    [119, '119s'],
    [2 * minute, '2m'],
    [9 * minute + 59, '9m59s'],
    [10 * minute + 59, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 5 * minute, '7h5m'],
    [47 * hour + 50 * minute, '47h'],
    [2 * day + 3 * hour, '2d3h'],
    [8 * day + 3 * hour, '8d'],
    [729 * day, '729d'],
    [2 * 365 * day + day, '2y1d'],
    [9 * 365 * day + day, '9y'],
  ]
  for (const [seconds, text] of cases)
    test(`of ${seconds} s is told as ${text}`, () => {
      assert.equal(renderAge('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:00:00Z') + seconds * 1000), text)
    })
})
