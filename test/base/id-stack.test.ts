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
