import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseBigIpFile } from '../../../lib/bigip/resource-file.ts'

const GOOD = `apiVersion: podpeer.io/v1alpha1
kind: BIGIP
metadata: { name: a }
spec: { cluster: c1 }
`

describe('a file of BIGIP objects', () => {
  it('may hold several, and empty documents between them', () => {
    const text = `---\n${GOOD}---\n---\n${GOOD.replace('name: a', 'name: b')}`
    assert.deepEqual(
      parseBigIpFile(text).map(({ metadata }) => metadata.name),
      ['a', 'b'],
    )
  })

  const bad: Record<string, [text: string, message: string]> = {
    'without any': ['', 'it has no BIGIP object; write one'],
    'with another kind': [GOOD.replace('BIGIP', 'Node'), 'line 2: kind: is not BIGIP; write kind: BIGIP'],
    'with a wrong field': [
      `${GOOD}---\n${GOOD.replace('name: a', 'name: b').replace('cluster: c1', 'arp: pods')}`,
      'line 9: spec.arp: "pods" is not one of pod, node, none; did you mean pod?',
    ],
    'that is no YAML': ['kind: [\n', 'line 2: Flow sequence'],
    'with a name twice': [`${GOOD}---\n${GOOD}`, 'metadata.name: a is there twice; choose another name'],
    'with a list': ['- a\n', 'line 1: is not an object; write a BIGIP'],
  }
  for (const [what, [text, message]] of Object.entries(bad))
    it(`${what} is refused with its line`, () => {
      assert.throws(
        () => parseBigIpFile(text),
        (thrown: Error) => {
          assert.ok(thrown.message.startsWith(message), thrown.message)
          return true
        },
      )
    })
})
