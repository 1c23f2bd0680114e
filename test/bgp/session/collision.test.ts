import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Open } from '../../../bgp/wire/open.ts'
import { openOf, Stand } from './stand.ts'

const LOWER = 0x0a000000
const SAME = 0x0a000001
const HIGHER = 0x0a000002

const noRestart = { capabilities: openOf().capabilities.filter(one => one.type !== 'gracefulRestart') }

/** Both connections are up and have our OPEN: the one that we dialled, and the one that the peer did. */
function crossed(first: 'dialled' | 'accepted') {
  const stand = new Stand()
  const dialled = 1
  assert.deepEqual(stand.start(), ['dial 1', 'Idle → Connect: started'])
  if (first === 'dialled') stand.dialled(dialled)
  const accepted = stand.accept()
  if (first === 'accepted') stand.dialled(dialled)
  return { stand, dialled, accepted }
}

interface Case {
  readonly peer: Partial<Open>
  readonly stays: 'dialled' | 'accepted'
  readonly why: string
}

const cases: Case[] = [
  { peer: { routerId: LOWER }, stays: 'dialled', why: 'our identifier is higher' },
  { peer: { routerId: HIGHER }, stays: 'accepted', why: 'the peer’s identifier is higher' },
  { peer: { routerId: SAME }, stays: 'accepted', why: 'identifiers are equal and the peer’s AS is higher (RFC 6286)' },
]

for (const { peer, stays, why } of cases)
  for (const first of ['dialled', 'accepted'] as const)
    for (const opensFirst of ['dialled', 'accepted'] as const)
      test(`${first} connects first, OPEN comes first on the ${opensFirst} one: the ${stays} one stays, for ${why}`, () => {
        const { stand, ...ids } = crossed(first)
        const opensLast = opensFirst === 'dialled' ? 'accepted' : 'dialled'
        const goes = stays === 'dialled' ? 'accepted' : 'dialled'
        assert.deepEqual(stand.open(ids[opensFirst], peer), [
          `send ${ids[opensFirst]} KEEPALIVE`,
          'OpenSent → OpenConfirm: OPEN received',
        ])
        const effects = stand.open(ids[opensLast], peer)
        assert.deepEqual(effects.slice(0, 2), [`send ${ids[goes]} 6/7`, `close ${ids[goes]}`])
        assert.match(effects[2]!, /^notice collision: /)
        assert.equal(effects.includes(`send ${ids[stays]} KEEPALIVE`), stays === opensLast)
        const up = stand.keepalive(ids[stays])
        assert.deepEqual(up, [`up ${ids[stays]}`, 'OpenConfirm → Established: KEEPALIVE received'])
        assert.deepEqual(stand.keepalive(ids[goes]), [], 'nothing more is heard of the one that went')
        assert.equal(stand.lastError, undefined, 'a collision is no error of the peering')
      })

test('a dial that is still under way is given up once the peer’s connection is Established', () => {
  const stand = new Stand()
  stand.start()
  const accepted = stand.accept()
  stand.open(accepted)
  assert.deepEqual(stand.keepalive(accepted), [
    `up ${accepted}`,
    'close 1',
    'OpenConfirm → Established: KEEPALIVE received',
  ])
  assert.deepEqual(stand.dialled(1), [])
  assert.equal(stand.state, 'Established')
})

test('the late half of a collision is closed at its OPEN and the session stays, graceful restart or not', () => {
  for (const capabilities of [openOf().capabilities, noRestart.capabilities]) {
    const { stand, dialled, accepted } = crossed('dialled')
    stand.open(accepted, { capabilities })
    stand.keepalive(accepted)
    assert.equal(stand.state, 'Established')
    const effects = stand.open(dialled, { capabilities })
    assert.deepEqual(effects.slice(0, 2), [`send ${dialled} 6/7`, `close ${dialled}`])
    assert.equal(stand.state, 'Established')
  }
})

test('without graceful restart a connection beside an old session is refused with 6/7 and the session stays', () => {
  const stand = new Stand()
  const session = stand.establish(noRestart)
  stand.pass(20_000)
  const late = stand.accept()
  assert.deepEqual(stand.open(late, noRestart).slice(0, 2), [`send ${late} 6/7`, `close ${late}`])
  stand.keepalive(session)
  assert.equal(stand.state, 'Established')
  assert.equal(stand.peer.status().established, 1)
})

test('of two connections that the peer has opened, the later one stays: the peer has given up the other', () => {
  const stand = new Stand({ passive: true })
  stand.start()
  const first = stand.accept()
  stand.pass(1000)
  const second = stand.accept()
  stand.open(first)
  assert.deepEqual(stand.open(second).slice(0, 2), [`send ${first} 6/7`, `close ${first}`])
  assert.deepEqual(stand.keepalive(second)[0], `up ${second}`)
})

test('a third connection replaces a silent second one, and is refused while the second is being opened', () => {
  const stand = new Stand()
  stand.start()
  stand.dialled(1)
  const second = stand.accept()
  const third = stand.peer.newConnection()
  const taken = stand.handle({ type: 'accepted', connection: third })
  assert.deepEqual([taken[0], taken[1]], [`send ${second} 6/7`, `close ${second}`])
  assert.equal(taken.at(-1), `send ${third} OPEN`)
  stand.open(third)
  const fourth = stand.peer.newConnection()
  const refused = stand.handle({ type: 'accepted', connection: fourth })
  assert.deepEqual(refused, [
    'notice connectionRefused: a third connection while two are being opened',
    `close ${fourth}`,
  ])
})

test('the connection that is left takes over when the other fails, whichever it is', () => {
  for (const fails of ['dialled', 'accepted'] as const) {
    const { stand, ...ids } = crossed('dialled')
    stand.closed(ids[fails])
    const left = fails === 'dialled' ? ids.accepted : ids.dialled
    stand.open(left)
    assert.equal(stand.keepalive(left)[0], `up ${left}`)
  }
})

test('the state that is reported is that of the connection nearer to Established', () => {
  const stand = new Stand()
  stand.start()
  const accepted = stand.accept()
  assert.equal(stand.state, 'OpenSent')
  assert.equal(stand.open(accepted).at(-1), 'OpenSent → OpenConfirm: OPEN received')
  assert.equal(stand.dialled(1).at(-1), 'send 1 OPEN')
  assert.equal(stand.state, 'OpenConfirm')
  assert.equal(stand.peer.status().negotiated?.remoteAs, 65002)
})
