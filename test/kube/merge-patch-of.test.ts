import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Json, mergePatch } from '../../lib/kube/writer.ts'
import { applyMergePatch } from './merge-patch.ts'

describe('the merge patch from one value to another', () => {
  it('makes the one into the other when the server applies it', () => {
    // null means absence in a merge patch: no value of ours has it
    const value = fc.letrec(tie => ({
      json: fc.oneof(
        { maxDepth: 3 },
        fc.integer(),
        fc.string(),
        fc.boolean(),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('json'), { noNullPrototype: true }),
      ),
    })).json
    const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { noNullPrototype: true }) as fc.Arbitrary<
      Record<string, Json>
    >
    fc.assert(
      fc.property(fields, fields, (before, after) => {
        const patch = mergePatch(before, after)
        assert.deepEqual(patch === undefined ? before : applyMergePatch(before as never, patch as never), after)
      }),
    )
  })

  it('is none where nothing differs, absent or undefined', () => {
    assert.equal(mergePatch({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }], c: undefined }), undefined)
  })
})
