import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import type { Answer } from '../../../vxlan/probe/echo.ts'
import { Health } from '../../../vxlan/probe/health.ts'

const reply = (milliseconds: number): Answer => ({ type: 'reply', milliseconds })

describe('the health of a VTEP', () => {
  it('is what the last pings came to, and nothing before the first', () => {
    const health = new Health(3)
    assert.deepEqual(health.view, { sent: 0, lost: 0, last: undefined, median: undefined, reason: undefined })
    for (const milliseconds of [9, 3, 1, 2]) health.heard(reply(milliseconds))
    assert.deepEqual(health.view, { sent: 3, lost: 0, last: 2, median: 2, reason: undefined })
  })

  it('counts what was lost, and tells why the last one was', () => {
    const health = new Health(3)
    health.heard(reply(1))
    health.heard({ type: 'silent' })
    assert.deepEqual(health.view, { sent: 2, lost: 1, last: 1, median: 1, reason: 'no answer' })
    health.heard({ type: 'unreachable', reason: 'host unreachable', from: parseAddress('10.0.0.1') })
    assert.equal(health.view.reason, '10.0.0.1 says: host unreachable')
    health.heard({ type: 'unsendable', reason: 'ENETUNREACH' })
    assert.deepEqual(
      [health.view.lost, health.view.last, health.view.reason],
      [3, undefined, 'it cannot be sent: ENETUNREACH'],
    )
    health.heard(reply(4))
    assert.deepEqual([health.view.lost, health.view.reason], [2, undefined])
  })
})
