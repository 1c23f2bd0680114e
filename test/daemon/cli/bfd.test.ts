import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderBfd, renderBfdStatus } from '../../../daemon/cli/bfd.ts'
import { LOST, SAMPLE_BFD, UP } from '../control/sample-bfd.ts'

const NOW = Date.parse('2026-11-21T09:00:00Z')
const TEXT = { look: { columns: undefined, colour: false }, wide: false, now: NOW } as const

describe('podpeer bfd', () => {
  it('has a line for each session, what could not be sent below, and what was discarded', () => {
    assert.equal(
      renderBfd(SAMPLE_BFD, TEXT),
      `PEER  ADDRESS       HOPS    STATE  FOR    REMOTE   SENDS  GONE AFTER  DOWNS  LAST DOWN
tor   10.0.1.254    single  Up     2m04s  Up       300ms       900ms      1  control detection time expired
leaf  fe80::1%eth1  single  Down   12s            1000ms                  1  control detection time expired
  leaf: ENETUNREACH: network is unreachable, write
packets discarded: 3 from too far away (TTL)
`,
    )
  })

  it('tells packets and discriminators where there is room', () => {
    const wide = renderBfd(SAMPLE_BFD, { ...TEXT, wide: true })
    assert.match(wide, /SENT {2}RECEIVED {2}DISCRIMINATOR {2}REMOTE {2}C BIT/)
    assert.match(wide, /400 {7}410 {5}1234567890 {6}42 {2}no/)
  })

  it('says so where no peer has one', () => {
    assert.equal(renderBfd({ sessions: [], discarded: {} }, TEXT), 'No peer has a BFD session.\n')
  })

  it('tells a session in one sentence, beside the peer that it belongs to', () => {
    assert.equal(renderBfdStatus(UP, NOW), 'Up for 2m04s, the peer says Up; a packet every 300ms, gone after 900ms')
    assert.equal(
      renderBfdStatus(LOST, NOW),
      'Down (control detection time expired) for 12s, nothing is heard of the peer; a packet every 1000ms',
    )
  })
})
