import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PrefixWatch } from '../../bgp/prefix-watch.ts'
import type { PrefixLimit } from '../../bgp/session/config.ts'

function watch(action: PrefixLimit['action']): PrefixWatch {
  return new PrefixWatch({ 4: { count: 10, warnAt: 80, action } }, { 4: 0, 6: 0 })
}

test('it says once that the limit is near, and again after it was far', () => {
  const four = watch('warn')
  assert.equal(four.look(4, 7, 0), undefined)
  assert.deepEqual(four.look(4, 8, 0), { text: '8 prefixes of ipv4, of at most 10', ends: false })
  assert.equal(four.look(4, 10, 0), undefined, 'as many as are allowed are not too many')
  assert.equal(four.look(4, 5, 0), undefined)
  assert.equal(four.look(4, 9, 0)?.text, '9 prefixes of ipv4, of at most 10')
})

for (const [action, words, ends] of [
  ['warn', 'all are taken', false],
  ['restart', 'the session ends', true],
] as const)
  test(`${action}: the first prefix too many is told once`, () => {
    const four = watch(action)
    assert.deepEqual(four.look(4, 11, 0), { text: `more than 10 prefixes of ipv4: ${words}`, ends })
    assert.equal(four.look(4, 12, 0), undefined)
  })

test('drop: the count stays at the limit, and what was not taken tells; once until there is room again', () => {
  const four = watch('drop')
  four.look(4, 10, 0)
  assert.deepEqual(four.look(4, 10, 1), {
    text: 'more than 10 prefixes of ipv4: no further one is taken',
    ends: false,
  })
  assert.equal(four.look(4, 10, 5), undefined)
  assert.equal(four.look(4, 10, 5), undefined, 'nothing new')
  assert.equal(four.look(4, 3, 5), undefined)
  assert.equal(four.look(4, 10, 5)?.text, '10 prefixes of ipv4, of at most 10')
  assert.match(four.look(4, 10, 6)!.text, /no further one/)
})

test('what was not taken before the watch began is none of its business', () => {
  const four = new PrefixWatch({ 4: { count: 10, warnAt: 80, action: 'restart' } }, { 4: 5, 6: 0 })
  assert.equal(four.look(4, 1, 5), undefined)
  assert.equal(four.look(4, 10, 6)?.ends, true)
})

test('other limits are told of anew, and say of which families something may come in now', () => {
  const drop = (count: number) => ({ count, warnAt: 80, action: 'drop' as const })
  const both = new PrefixWatch({ 4: drop(10), 6: drop(10) }, { 4: 0, 6: 0 })
  both.look(4, 10, 2)
  both.look(6, 10, 0)
  assert.deepEqual(both.change({ 4: drop(5), 6: drop(20) }), [], 'less room for one, nothing missing of the other')
  assert.match(both.look(4, 10, 2)!.text, /^more than 5/)
  assert.deepEqual(both.change({ 4: drop(20) }), [4])
  assert.deepEqual(both.change({}), [], 'it has been asked for')
})

test('a family without a limit may have any number', () => {
  assert.equal(watch('restart').look(6, 1_000_000, 0), undefined)
})
