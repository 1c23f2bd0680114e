/** What is kept, and for how long. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Memo } from '../../lib/base/memo.ts'

test('a value is made once for the same inputs, and again for others', () => {
  const memo = new Memo<object, number>()
  const key = {}
  let made = 0
  const make = () => ++made
  const input = { a: 1 }
  assert.equal(memo.of(key, ['x', input], make), 1)
  assert.equal(memo.of(key, ['x', input], make), 1)
  assert.equal(memo.of(key, ['x', { a: 1 }], make), 2)
  assert.equal(memo.of(key, ['x'], make), 3)
  assert.equal(memo.of({}, ['x'], make), 4)
})
