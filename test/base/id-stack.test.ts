import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdStack } from '../../lib/base/id-stack.ts'

test('the last one comes first, and what comes next can be seen before', () => {
  const stack = new IdStack()
  const model: number[] = []
  for (const [pushed, popped] of [
    [3, 3],
    [100, 40],
    [5000, 5060],
    [70, 1],
  ] as const) {
    for (let id = 0; id < pushed; id++) {
      stack.push(7 * id)
      model.push(7 * id)
    }
    for (let count = 0; count < popped; count++) {
      for (const others of [0, 1, model.length - 1])
        if (others < model.length) assert.equal(stack.peek(others), model.at(-1 - others))
      assert.equal(stack.pop(), model.pop())
    }
    assert.equal(stack.length, model.length)
  }
  stack.clear()
  assert.equal(stack.length, 0)
  stack.push(9)
  assert.equal(stack.pop(), 9)
})

test('at rest it keeps what is in it, and gives room back', () => {
  const stack = new IdStack()
  for (let id = 0; id < 50_000; id++) stack.push(id)
  stack.trim()
  for (let id = 49_999; id >= 100; id--) assert.equal(stack.pop(), id)
  stack.trim()
  for (let id = 100; id < 5000; id++) stack.push(id)
  for (let id = 4999; id >= 0; id--) assert.equal(stack.pop(), id)
  stack.trim()
  assert.equal(stack.length, 0)
})
