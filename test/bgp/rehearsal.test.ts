import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rehearse } from '../../bgp/rehearsal.ts'

test('a rehearsal goes through in small pieces, between which others have their turn', async () => {
  const queue: (() => void)[] = []
  const timers = new Set<() => void>()
  const rehearsal = rehearse({
    now: () => 0,
    random: () => 0,
    wake: (_at, run) => {
      timers.add(run)
      return () => timers.delete(run)
    },
    yield: run => queue.push(run),
  })
  let turns = 0
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    assert.ok(queue.length <= 1, 'the play and its speaker take turns')
    next()
    turns++
  }
  // routes of one family alone would be little more than half as many
  assert.ok((await rehearsal) > 1_700_000, `${await rehearsal} octets`)
  assert.ok(turns > 100 && turns < 1000, `${turns} turns`)
  assert.equal(timers.size, 0, 'nothing of it comes later')
})
