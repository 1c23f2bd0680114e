import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rehearse } from '../../bgp/rehearsal.ts'

test('a rehearsal goes through in small pieces, between which others have their turn', async () => {
  const queue: (() => void)[] = []
  let over = false
  const rehearsal = rehearse({ yield: run => queue.push(run) }).then(() => {
    over = true
  })
  let turns = 0
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    assert.equal(queue.length, 0, 'one piece waits at a time')
    next()
    turns++
  }
  await rehearsal
  assert.ok(over)
  assert.ok(turns > 100 && turns < 1000, `${turns} turns`)
})
