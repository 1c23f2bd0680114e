/** The index tells the same as looking at all again, whatever list follows on whatever list. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ClaimIndex } from '../../lib/base/claim-index.ts'

interface Claimant {
  readonly claims: readonly string[]
}

function lookedAtAll(list: readonly Claimant[]): Map<string, Set<Claimant>> {
  const holders = new Map<string, Set<Claimant>>()
  for (const one of list) for (const claim of one.claims) holders.set(claim, (holders.get(claim) ?? new Set()).add(one))
  return new Map([...holders].filter(([, some]) => some.size > 1))
}

test('what is contested is what a look at the whole list would find', () => {
  const claims = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 3 })
  const crowd = fc.array(
    claims.map((some): Claimant => ({ claims: some })),
    { minLength: 1, maxLength: 12 },
  )
  fc.assert(
    fc.property(
      crowd.chain(all => fc.tuple(fc.constant(all), fc.array(fc.shuffledSubarray(all), { maxLength: 8 }))),
      ([, lists]) => {
        const index = new ClaimIndex<Claimant>(one => one.claims)
        for (const list of lists) assert.deepEqual(new Map(index.contested(list)), lookedAtAll(list))
      },
    ),
    { numRuns: 500 },
  )
})

test('one that claims the same twice contests nothing', () => {
  assert.equal(new ClaimIndex<Claimant>(one => one.claims).contested([{ claims: ['a', 'a'] }]).size, 0)
})
