/** Whether colour is wanted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wantsColour } from '../../../daemon/cli/screen.ts'

test('a terminal has colour, unless NO_COLOR or TERM=dumb says no', () => {
  assert.equal(wantsColour({}, true), true)
  assert.equal(wantsColour({ NO_COLOR: '1' }, true), false)
  assert.equal(wantsColour({ NO_COLOR: '' }, true), true)
  assert.equal(wantsColour({ TERM: 'dumb' }, true), false)
})

test('what is not a terminal has none, unless FORCE_COLOR says yes', () => {
  assert.equal(wantsColour({}, false), false)
  assert.equal(wantsColour({ FORCE_COLOR: '1' }, false), true)
  assert.equal(wantsColour({ FORCE_COLOR: '1', NO_COLOR: '1' }, false), true)
  assert.equal(wantsColour({ FORCE_COLOR: '0' }, true), false)
})
