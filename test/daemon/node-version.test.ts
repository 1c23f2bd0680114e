/** An old Node.js is told as such, before anything fails in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaintAboutNode } from '../../daemon/node-version.ts'

test('a Node.js that is too old is named, with the one that is needed', () => {
  assert.equal(complaintAboutNode('20.20.2', '>=22.19'), 'Node.js 22.19 or newer is needed, and this is 20.20.2')
  assert.match(complaintAboutNode('22.18.0', '>=22.19') ?? '', / is needed, /)
})

test('the one that is needed and all later ones are well', () => {
  for (const version of ['22.19.0', '22.20.1', '24.0.0', process.versions.node])
    assert.equal(complaintAboutNode(version, '>=22.19'), undefined, version)
  assert.equal(complaintAboutNode(process.versions.node), undefined)
})
