import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdQueue } from '../../../bgp/rib/id-queue.ts'

function drain(queue: IdQueue): number[] {
  return Array.from({ length: queue.length }, () => queue.shift())
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)

test('first in, first out, however often it is drained and however long it gets', () => {
  const queue = new IdQueue()
  let next = 0
  let taken = 0
  for (const [pushed, shifted] of [
    [3, 3],
    [100, 90],
    [60, 1],
    [100_000, 60_000],
    [30_000, 70_069],
  ] as const) {
    for (let count = 0; count < pushed; count++) queue.push(next++)
    for (let count = 0; count < shifted; count++) assert.equal(queue.shift(), taken++)
    assert.equal(queue.length, next - taken)
  }
  assert.equal(queue.length, 0)
})

test('what is in it stays when it gives memory back', () => {
  const queue = new IdQueue()
  for (const id of range(0, 50_000)) queue.push(id)
  queue.trim()
  assert.equal(queue.length, 50_000)
  for (let id = 0; id < 49_000; id++) assert.equal(queue.shift(), id)
  queue.trim()
  for (const id of range(50_000, 80_000)) queue.push(id)
  assert.deepEqual(drain(queue), range(49_000, 80_000))
  queue.trim()
  queue.push(7)
  assert.deepEqual(drain(queue), [7])
})
