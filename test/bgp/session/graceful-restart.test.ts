import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import type { Open } from '../../../bgp/wire/open.ts'
import { capability, identity, openOf, Stand } from './stand.ts'

const SECOND = 1000

function openWith(restart: Partial<Record<4 | 6, boolean>> | undefined, restartTime = 120): Partial<Open> {
  const others = openOf().capabilities.filter(one => one.type !== 'gracefulRestart')
  return { capabilities: restart === undefined ? others : [...others, capability.restart(restart, restartTime, true)] }
}

const both = { 4: true, 6: true }
const routeEffects = /^(down|up|stale|sweep|flush)/

/** What became of routes and session. */
function routes(lines: readonly string[]): string[] {
  return lines.filter(line => routeEffects.test(line))
}

/** The peer's process dies, its kernel resets the connection. */
function died(stand: Stand, connection: number): string[] {
  return routes(stand.closed(connection))
}

/** The peer is back and connects; returns what happens up to Established. */
function back(stand: Stand, open: Partial<Open>): { connection: number; lines: string[] } {
  const connection = stand.accept()
  return { connection, lines: routes([...stand.open(connection, open), ...stand.keepalive(connection)]) }
}

test('a peer dies and returns with its forwarding state: routes go stale, stay, and End-of-RIB sweeps per family', () => {
  const stand = new Stand()
  const first = stand.establish(openWith(both))
  assert.deepEqual(died(stand, first), ['down: connection reset', 'stale ipv4', 'stale ipv6'])
  assert.deepEqual(stand.peer.status().staleFamilies, [4, 6])
  stand.pass(10 * SECOND)
  const { connection, lines } = back(stand, openWith(both))
  assert.deepEqual(lines, [`up ${connection}`])
  assert.deepEqual(stand.handle({ type: 'endOfRib', family: 4 }), ['sweep ipv4'])
  assert.deepEqual(stand.peer.status().staleFamilies, [6])
  assert.deepEqual(stand.handle({ type: 'endOfRib', family: 6 }), ['sweep ipv6'])
  assert.deepEqual(stand.handle({ type: 'endOfRib', family: 6 }), [], 'only once')
})

test('only families of the capability go stale; the others are flushed at once', () => {
  const stand = new Stand()
  const connection = stand.establish(openWith({ 6: true }))
  assert.deepEqual(died(stand, connection), ['down: connection reset', 'flush ipv4', 'stale ipv6'])
})

test('a family that is not of the session is not waited for', () => {
  const stand = new Stand({ families: [4] })
  const connection = stand.establish(openWith(both))
  assert.deepEqual(died(stand, connection), ['down: connection reset', 'stale ipv4'])
})

const noHelp: [string, Stand, Partial<Open>][] = [
  ['the peer did not offer graceful restart', new Stand(), openWith(undefined)],
  ['the peer names no family', new Stand(), openWith({})],
  ['the peer gives itself no time', new Stand(), openWith(both, 0)],
  ['it is off here', new Stand({ gracefulRestart: { enabled: false, restartTime: 120 } }), openWith(both)],
]
for (const [why, stand, open] of noHelp)
  test(`a lost connection flushes all where ${why}`, () => {
    const connection = stand.establish(open)
    assert.deepEqual(died(stand, connection), ['down: connection reset', 'flush ipv4', 'flush ipv6'])
    assert.deepEqual(stand.peer.status().staleFamilies, [])
  })

const endings: [string, (stand: Stand, connection: number) => string[]][] = [
  ['a NOTIFICATION from the peer', (stand, connection) => stand.notification(connection, 6, 2)],
  ['the hold timer', stand => stand.pass(90 * SECOND)],
  [
    'a malformed message',
    (stand, connection) => stand.handle({ type: 'fault', connection, fault: new PeerFault(1, 1, 'marker') }),
  ],
  ['an unexpected message', (stand, connection) => stand.open(connection)],
  ['our stop with a Cease', stand => stand.handle({ type: 'stop', cease: 2 })],
]
for (const [ending, end] of endings)
  test(`${ending} is a normal end: all routes are flushed although graceful restart was negotiated`, () => {
    const stand = new Stand()
    const connection = stand.establish(openWith(both))
    const lines = routes(end(stand, connection))
    assert.match(lines[0]!, /^down: /)
    assert.deepEqual(lines.slice(1), ['flush ipv4', 'flush ipv6'])
  })

test('a peer that is not back within its restart time loses its routes', () => {
  const stand = new Stand()
  const connection = stand.establish(openWith(both, 30))
  died(stand, connection)
  assert.deepEqual(routes(stand.pass(30 * SECOND - 1)), [])
  const lines = stand.pass(1)
  assert.deepEqual(routes(lines), ['sweep ipv4', 'sweep ipv6'])
  assert.ok(lines.some(line => line.startsWith('notice staleRoutesDropped')))
  assert.deepEqual(stand.peer.status().staleFamilies, [])
})

test('a peer that is back in time but only in OpenSent when the restart time ends is late', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both, 30)))
  stand.pass(29 * SECOND)
  stand.accept()
  assert.deepEqual(routes(stand.pass(SECOND)), ['sweep ipv4', 'sweep ipv6'])
})

const returns: [string, Partial<Open>, string[]][] = [
  ['without the capability', openWith(undefined), ['flush ipv4', 'flush ipv6']],
  ['without the F bit of IPv4', openWith({ 4: false, 6: true }), ['flush ipv4']],
  ['without IPv6 in the capability', openWith({ 4: true }), ['flush ipv6']],
  ['with neither F bit', openWith({ 4: false, 6: false }), ['flush ipv4', 'flush ipv6']],
]
for (const [how, open, flushed] of returns)
  test(`a peer that returns ${how} loses those routes before the session is up`, () => {
    const stand = new Stand()
    died(stand, stand.establish(openWith(both)))
    const { connection, lines } = back(stand, open)
    assert.deepEqual(lines, [...flushed, `up ${connection}`])
  })

test('a peer that returns without a family of the session before loses its routes', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both)))
  const capabilities = [capability.ipv4, capability.restart(both), capability.as4(65002)]
  const { connection, lines } = back(stand, { capabilities })
  assert.deepEqual(lines, ['flush ipv6', `up ${connection}`])
})

test('a peer that dies again before its End-of-RIB: what was stale already goes, the rest is stale', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both)))
  const { connection } = back(stand, openWith(both))
  stand.handle({ type: 'endOfRib', family: 4 })
  assert.deepEqual(died(stand, connection), ['down: connection reset', 'stale ipv4', 'sweep ipv6', 'stale ipv6'])
})

test('a peer that never sends End-of-RIB has its stale routes swept after six minutes, and keeps its session', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both)))
  const connection = stand.accept()
  stand.open(connection, { ...openWith(both), holdTime: 0 })
  stand.keepalive(connection)
  assert.deepEqual(routes(stand.pass(359 * SECOND)), [])
  assert.deepEqual(routes(stand.pass(SECOND)), ['sweep ipv4', 'sweep ipv6'])
  assert.equal(stand.state, 'Established')
})

test('failed attempts of a returning peer do not shorten its restart time', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both, 60)))
  for (let attempt = 0; attempt < 5; attempt++) {
    stand.pass(5 * SECOND)
    stand.closed(stand.accept(), 'closed by the peer')
  }
  stand.pass(34 * SECOND)
  const { connection, lines } = back(stand, openWith(both))
  assert.deepEqual(lines, [`up ${connection}`])
})

test('a new session beside the old one is the peer’s restart: the old one ends without a NOTIFICATION', () => {
  const stand = new Stand()
  const old = stand.establish(openWith(both))
  stand.pass(30 * SECOND)
  const fresh = stand.accept()
  assert.equal(stand.state, 'Established', 'a connection alone proves nothing')
  assert.deepEqual(stand.open(fresh, openWith(both)), [
    `close ${old}`,
    'down: the peer has restarted: it opened a new session',
    'stale ipv4',
    'stale ipv6',
    `send ${fresh} KEEPALIVE`,
    'Established → OpenConfirm: OPEN received',
  ])
  assert.deepEqual(routes(stand.keepalive(fresh)), [`up ${fresh}`])
})

test('an OPEN beside the old session that is no good leaves that session alone', () => {
  const stand = new Stand()
  stand.establish(openWith(both))
  stand.pass(30 * SECOND)
  const fresh = stand.accept()
  assert.deepEqual(stand.open(fresh, { asNumber: 65009, capabilities: [] }).slice(0, 2), [
    `send ${fresh} 2/2`,
    `close ${fresh}`,
  ])
  assert.equal(stand.state, 'Established')
})

test('our stop without a Cease leaves the peer’s routes where they are, for the process that follows', () => {
  const stand = new Stand()
  const connection = stand.establish(openWith(both))
  assert.deepEqual(stand.handle({ type: 'stop' }), [
    `close ${connection}`,
    'down: stopped',
    'stale ipv4',
    'stale ipv6',
    'Established → Idle: stopped',
  ])
})

test('a stop without a Cease while the peer is away keeps its routes too, until six minutes after a new start', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both)))
  assert.deepEqual(routes(stand.handle({ type: 'stop' })), [])
  assert.equal(stand.peer.deadline(), Number.POSITIVE_INFINITY)
  assert.deepEqual(routes(stand.pass(3600 * SECOND)), [])
  stand.start()
  assert.deepEqual(routes(stand.pass(360 * SECOND - 1)), [])
  assert.deepEqual(routes(stand.pass(1)), ['sweep ipv4', 'sweep ipv6'])
})

test('a live change of configuration does not lengthen the restart time of a peer that is away', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both, 30)))
  stand.pass(20 * SECOND)
  const changed = { ...stand.peer.config, connectRetryTime: 3 }
  stand.record(stand.peer.reconfigure(changed, identity, stand.now, 0.5))
  assert.deepEqual(routes(stand.pass(10 * SECOND)), ['sweep ipv4', 'sweep ipv6'])
})

test('a stop with a Cease while the peer is away drops what was kept for it', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both)))
  assert.deepEqual(routes(stand.handle({ type: 'stop', cease: 3 })), ['sweep ipv4', 'sweep ipv6'])
})

test('a restarting speaker sends R and the F bits until told that the restart is over', () => {
  const local = { routerId: 0x0a000001, restarting: true, forwarding: [4, 6] as const }
  const stand = new Stand({}, local)
  stand.start()
  stand.dialled(1)
  assert.deepEqual(
    stand.offered.capabilities.find(one => one.type === 'gracefulRestart'),
    capability.restart(both, 120, true, true),
  )
  stand.open(1)
  stand.keepalive(1)
  const config = stand.peer.config
  const live = stand.peer.reconfigure(config, { ...local, restarting: false }, stand.now, 0.5)
  assert.deepEqual(live, [], 'the session stays')
  stand.closed(1)
  stand.accept()
  assert.deepEqual(
    stand.offered.capabilities.find(one => one.type === 'gracefulRestart'),
    capability.restart(both, 120, false, true),
  )
})

test('End-of-RIB of a session that is not up is nobody’s', () => {
  const stand = new Stand()
  died(stand, stand.establish(openWith(both)))
  assert.deepEqual(stand.handle({ type: 'endOfRib', family: 4 }), [])
  assert.deepEqual(stand.peer.status().staleFamilies, [4, 6])
})
