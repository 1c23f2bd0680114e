import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HashChains } from '../../../bgp/rib/hash-chains.ts'

/** All ids of a list. */
function listOf(chains: HashChains, hash: number): number[] {
  const ids: number[] = []
  for (let id = chains.first(hash); id !== 0; id = chains.next(id)) ids.push(id)
  return ids.sort((one, other) => one - other)
}

test('ids of one hash are in one list, until each is removed, whichever goes first', () => {
  for (const order of [
    [1, 2, 3],
    [3, 2, 1],
    [2, 3, 1],
  ]) {
    const chains = new HashChains(8)
    for (const id of [1, 2, 3]) chains.add(id, -5)
    chains.add(4, 2)
    const left = new Set([1, 2, 3])
    for (const id of order) {
      assert.deepEqual(listOf(chains, -5), [...left])
      chains.remove(id, -5)
      left.delete(id)
    }
    assert.deepEqual(listOf(chains, -5), [])
    assert.deepEqual(listOf(chains, 2), [4])
  }
})

test('hashes that differ beyond the capacity share a list, and an id that was removed may come back with another hash', () => {
  const chains = new HashChains(8)
  chains.add(1, 3)
  chains.add(2, 11)
  assert.deepEqual(listOf(chains, 3), [1, 2])
  chains.remove(1, 3)
  chains.add(1, 4)
  assert.deepEqual(listOf(chains, 11), [2])
  assert.deepEqual(listOf(chains, 4), [1])
})
