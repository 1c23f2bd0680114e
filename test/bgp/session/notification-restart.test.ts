import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerConfig } from '../../../bgp/session/config.ts'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import type { Open } from '../../../bgp/wire/open.ts'
import { capability, config, decode, identity, openOf, Stand } from './stand.ts'

const SECOND = 1000
const both = { 4: true, 6: true }

/** An OPEN whose graceful restart capability has the N bit (RFC 8538 §2). */
function withN(restartTime = 120): Partial<Open> {
  const others = openOf().capabilities.filter(one => one.type !== 'gracefulRestart')
  return { capabilities: [...others, capability.restart(both, restartTime, false, true)] }
}

function routes(lines: readonly string[]): string[] {
  return lines.filter(line => /^(stale|longLived|sweep|flush|up)/.test(line))
}

/** The last NOTIFICATION that we sent: code, subcode and data. */
function said(stand: Stand): number[] {
  const sent = stand.effects.flatMap(effect => (effect.type === 'send' ? [decode(effect.bytes)] : []))
  const last = sent.findLast(message => message.type === 'notification')!
  return [last.code, last.subcode, ...last.data]
}

const KEPT = ['stale ipv4', 'stale ipv6']
const GONE = ['flush ipv4', 'flush ipv6']

type End = (stand: Stand, connection: number) => string[]

const ends: [string, End, readonly string[]][] = [
  ['a NOTIFICATION of the peer', (stand, connection) => stand.notification(connection, 6, 4), KEPT],
  ['an error that the peer found', (stand, connection) => stand.notification(connection, 3, 1), KEPT],
  ['the hold timer here', stand => stand.pass(90 * SECOND), KEPT],
  ['the hold timer there', (stand, connection) => stand.notification(connection, 4, 0), KEPT],
  [
    'an error that we found',
    (stand, connection) => stand.handle({ type: 'fault', connection, fault: new PeerFault(3, 1, 'list') }),
    KEPT,
  ],
  ['a reset by a person', stand => stand.handle({ type: 'reset' }), KEPT],
  ['a Hard Reset of the peer', (stand, connection) => stand.notification(connection, 6, 9, [6, 2]), GONE],
  ['our own shutdown', stand => stand.handle({ type: 'stop', cease: 2 }), GONE],
  ['our removal of the peer', stand => stand.handle({ type: 'stop', cease: 3 }), GONE],
]
for (const [what, end, expected] of ends)
  test(`with the N bit on both sides, ${what} ${expected === KEPT ? 'keeps the routes' : 'ends them'}`, () => {
    const stand = new Stand()
    const connection = stand.establish(withN())
    assert.deepEqual(routes(end(stand, connection)), expected)
  })

test('without our own graceful restart the peer’s N bit means nothing', () => {
  const stand = new Stand({ gracefulRestart: { enabled: false, restartTime: 0 } })
  assert.deepEqual(routes(stand.notification(stand.establish(withN()), 6, 4)), GONE)
})

test('a shutdown goes as a Hard Reset that wraps it, with its text, where the peer knows that', () => {
  const stand = new Stand()
  stand.establish(withN())
  stand.handle({ type: 'stop', cease: 2, text: 'bye' })
  assert.deepEqual(said(stand), [6, 9, 6, 2, 3, 98, 121, 101])
})

test('a shutdown goes as it is where the peer does not, and before a session', () => {
  const plain = new Stand()
  plain.establish()
  plain.handle({ type: 'stop', cease: 2, text: 'bye' })
  assert.deepEqual(said(plain), [6, 2, 3, 98, 121, 101])
  const early = new Stand()
  early.start()
  early.open(early.accept(), withN())
  early.handle({ type: 'stop', cease: 2 })
  assert.deepEqual(said(early), [6, 2])
})

test('what a Hard Reset wraps is told, with the operator’s text', () => {
  const stand = new Stand()
  stand.notification(stand.establish(withN()), 6, 9, [6, 2, 3, 98, 121, 101])
  assert.equal(stand.lastError, 'received Cease / Hard Reset (6/9): Cease / Administrative Shutdown (6/2): "bye"')
})

test('the hold timer and an error found are told to the peer as they are: it keeps our routes as well', () => {
  const stand = new Stand()
  stand.establish(withN())
  stand.pass(90 * SECOND)
  assert.deepEqual(said(stand), [4, 0])
})

test('a second NOTIFICATION before End-of-RIB does not end what was stale, and does not lengthen its life for ever', () => {
  const stand = new Stand()
  let connection = stand.establish(withN())
  assert.deepEqual(routes(stand.notification(connection, 6, 4)), KEPT)
  for (let round = 0; round < 4; round++) {
    stand.pass(100 * SECOND)
    connection = stand.establish(withN())
    assert.deepEqual(routes(stand.notification(connection, 6, 4)), KEPT, `round ${round}`)
  }
  // the first loss is 400 s ago: restart time 120 s and 360 s for End-of-RIB bound it all
  assert.deepEqual(routes(stand.pass(79 * SECOND)), [])
  assert.deepEqual(routes(stand.pass(SECOND)), ['sweep ipv4', 'sweep ipv6'])
})

const changes: [string, Partial<PeerConfig>, readonly string[]][] = [
  ['another key', { password: 'new' }, []],
  ['another hold time', { holdTime: 30 }, []],
  ['other families', { families: [4] }, ['sweep ipv4', 'sweep ipv6']],
  ['another AS number', { remoteAs: 65003 }, ['sweep ipv4', 'sweep ipv6']],
]
for (const [what, change, swept] of changes) {
  const changed = (stand: Stand) =>
    routes(stand.record(stand.peer.reconfigure(config(change), identity, stand.now, stand.random)))

  test(`${what} ${swept.length === 0 ? 'costs no route' : 'costs the routes'} where both sides have the N bit`, () => {
    const stand = new Stand()
    stand.establish(withN())
    assert.deepEqual(changed(stand), [...KEPT, ...swept])
    assert.deepEqual(said(stand), [6, 6])
  })

  test(`${what} ${swept.length === 0 ? 'costs no route' : 'costs the routes'} of a peer that is away`, () => {
    const stand = new Stand()
    stand.closed(stand.establish())
    assert.deepEqual(changed(stand), swept)
    assert.deepEqual(stand.peer.status().staleFamilies, swept.length === 0 ? [4, 6] : [])
  })
}

test('a peer that is back after a NOTIFICATION sweeps at its End-of-RIB, per family', () => {
  const stand = new Stand()
  stand.notification(stand.establish(withN()), 6, 4)
  stand.pass(5 * SECOND)
  stand.establish(withN())
  assert.deepEqual(stand.handle({ type: 'endOfRib', family: 6 }), ['sweep ipv6'])
  assert.deepEqual(stand.peer.status().staleFamilies, [4])
})
