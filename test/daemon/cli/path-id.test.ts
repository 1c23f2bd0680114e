import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderExplanation } from '../../../daemon/cli/explain.ts'
import type { Explanation, PathExplanation } from '../../../daemon/control/document.ts'

const TEXT = { look: { columns: undefined, colour: false }, wide: false, now: 0 } as const
const path: PathExplanation = {
  prefix: '10.0.0.0/8',
  peer: 'tor',
  source: 'external',
  nextHop: '192.0.2.1',
  verdict: 'best',
  reason: 'lower path id',
  asPath: '65100',
  origin: 'IGP',
  stale: false,
}
const explanation: Explanation = {
  target: '10.0.0.0/8',
  prefix: '10.0.0.0/8',
  paths: [path],
  advertised: [{ peer: 'leaf', advertised: true, reason: 'export policy accept' }],
  kernel: { installed: true, reason: 'installed via 192.0.2.1', nextHops: ['192.0.2.1'] },
}

test('path ids are told where a session has them, as they came and as they go', () => {
  const text = renderExplanation(
    {
      ...explanation,
      paths: [{ ...path, pathId: 7 }],
      advertised: [
        { peer: 'leaf', pathId: 12, advertised: true, reason: 'export policy accept' },
        { peer: 'leaf', pathId: 13, advertised: false, reason: 'not among the best 1 paths, or not sent yet' },
      ],
    },
    TEXT,
  )
  assert.match(text, /best: from tor \(external\), path id 7, next hop 192\.0\.2\.1/)
  assert.match(text, /TO +SENT +PATH ID +BECAUSE\n/)
  assert.match(text, /leaf +yes +12 +export policy accept\n/)
  assert.match(text, /leaf +no +13 +not among the best/)
})

test('nobody hears of path ids where no session has them', () => {
  const text = renderExplanation(explanation, TEXT)
  assert.match(text, /TO +SENT +BECAUSE\n/)
  assert.doesNotMatch(text, /path id \d/)
})
