import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerConfig } from '../../../bgp/session/config.ts'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { config, identity, Stand } from './stand.ts'

function reconfigure(stand: Stand, overrides: Partial<PeerConfig>, local = identity): string[] {
  return stand.record(stand.peer.reconfigure(config(overrides), local, stand.now, stand.random))
}

test('a session comes up in the order of RFC 4271 and is told once', () => {
  const stand = new Stand()
  assert.deepEqual(stand.start(), ['dial 1', 'Idle → Connect: started'])
  assert.deepEqual(stand.start(), [], 'a second start changes nothing')
  assert.deepEqual(stand.dialled(1), ['send 1 OPEN', 'Connect → OpenSent: TCP connected'])
  assert.deepEqual(stand.open(1), ['send 1 KEEPALIVE', 'OpenSent → OpenConfirm: OPEN received'])
  assert.deepEqual(stand.keepalive(1), ['up 1', 'OpenConfirm → Established: KEEPALIVE received'])
  const { received, sent, established, since } = stand.peer.status()
  assert.deepEqual(received, { open: 1, update: 0, notification: 0, keepalive: 1, routeRefresh: 0 })
  assert.deepEqual(sent, { open: 1, notification: 0, keepalive: 1, routeRefresh: 0 })
  assert.deepEqual({ established, since }, { established: 1, since: 0 })
})

test('how long there has been no session is told from its loss on, whatever is tried meanwhile', () => {
  const stand = new Stand()
  stand.pass(1000)
  stand.start()
  assert.equal(stand.peer.status().since, stand.now, 'never one: since it was started')
  const connection = stand.establish()
  stand.pass(1000)
  stand.closed(connection, 'connection reset')
  const lost = stand.now
  for (let attempts = 0; attempts < 3; ) {
    const dialled = /^dial (\d+)$/m.exec(stand.pass(stand.peer.deadline() - stand.now).join('\n'))
    if (dialled === null) continue
    attempts++
    stand.closed(Number(dialled[1]), 'connection refused')
  }
  assert.notEqual(stand.now, lost)
  assert.equal(stand.peer.status().since, lost)
  stand.establish()
  assert.equal(stand.peer.status().since, stand.now)
})

test('a connection to a peering that is stopped is closed', () => {
  const stand = new Stand()
  assert.deepEqual(stand.handle({ type: 'accepted', connection: 1 }), [
    'notice connectionRefused: the peering is stopped',
    'close 1',
  ])
})

test('a stop says goodbye with the Cease that was asked for and its text, in every state that has a connection', () => {
  for (const steps of [1, 2, 3]) {
    const stand = new Stand()
    stand.start()
    stand.dialled(1)
    if (steps > 1) stand.open(1)
    if (steps > 2) stand.keepalive(1)
    const lines = stand.handle({ type: 'stop', cease: 2, text: 'ok' })
    assert.deepEqual(lines.slice(0, 2), ['send 1 6/2', 'close 1'])
    assert.match(lines.at(-1)!, /→ Idle: sent Cease \/ Administrative Shutdown \(6\/2\): "ok"$/)
    assert.equal(stand.lastError, undefined, 'what was asked for is no error')
  }
})

test('what the peer says in its NOTIFICATION is told, with the operator’s text', () => {
  const stand = new Stand()
  const text = new TextEncoder().encode('rack 7 moves\n')
  stand.notification(stand.establish(), 6, 2, [text.length, ...text])
  assert.equal(stand.lastError, 'received Cease / Administrative Shutdown (6/2): "rack 7 moves"')
})

test('a NOTIFICATION with a code that nobody knows, or with a text that is cut short, ends the session as any other', () => {
  for (const [code, subcode, data, words] of [
    [77, 3, [1, 2], 'received Unknown Error (77/3)'],
    [6, 2, [200, 97], 'received Cease / Administrative Shutdown (6/2)'],
    [6, 4, [], 'received Cease / Administrative Reset (6/4)'],
  ] as const) {
    const stand = new Stand()
    const connection = stand.establish()
    const lines = stand.notification(connection, code, subcode, data)
    assert.equal(lines[0], `close ${connection}`, 'and is not answered')
    assert.equal(stand.lastError, words)
  }
})

test('a connection that fails afterwards does not hide why the session ended; the next session forgets it', () => {
  const stand = new Stand()
  const cease = 'received Cease / Administrative Shutdown (6/2)'
  stand.notification(stand.establish(), 6, 2)
  const dial = () => Number(/^dial (\d+)$/m.exec(stand.pass(stand.peer.deadline() - stand.now).join('\n'))![1])
  stand.closed(dial(), 'connection refused')
  assert.equal(stand.lastError, `${cease}; since then: connection refused`)
  const second = dial()
  stand.dialled(second)
  stand.closed(second, 'closed by the peer')
  assert.equal(stand.lastError, `${cease}; since then: closed by the peer`)
  const third = stand.establish()
  assert.equal(stand.lastError, cease)
  stand.closed(third, 'connection reset')
  assert.equal(stand.lastError, 'connection reset', 'a lost session is news of its own')
})

test('a peer that speaks another version only is told so in the reason', () => {
  const stand = new Stand()
  stand.start()
  stand.dialled(1)
  stand.notification(1, 2, 1, [0, 3])
  assert.equal(stand.lastError, 'received OPEN Message Error / Unsupported Version Number (2/1)')
  assert.equal(stand.state, 'Idle')
})

test('a message out of place is told by name', () => {
  const stand = new Stand()
  stand.start()
  stand.dialled(1)
  stand.message(1, { type: 'update' })
  assert.equal(stand.lastError, 'sent Finite State Machine Error / Unexpected Message in OpenSent (5/1): got UPDATE')
})

test('a fault that the decoder finds is sent as it is, in every state with a connection', () => {
  const fault = new PeerFault(1, 2, 'a length of 18', Uint8Array.of(0, 18))
  for (const steps of [1, 2, 3]) {
    const stand = new Stand()
    stand.start()
    stand.dialled(1)
    if (steps > 1) stand.open(1)
    if (steps > 2) stand.keepalive(1)
    assert.deepEqual(stand.handle({ type: 'fault', connection: 1, fault }).slice(0, 2), ['send 1 1/2', 'close 1'])
  }
})

test('the peer’s refresh is passed on for a family of the session and noted otherwise', () => {
  const stand = new Stand({ families: [4] })
  const connection = stand.establish()
  const refresh = (afi: number, subtype = 0) =>
    stand.message(connection, { type: 'routeRefresh', afi, subtype, safi: 1 })
  assert.deepEqual(refresh(1), ['refresh ipv4'])
  assert.deepEqual(refresh(2), [
    'notice refreshIgnored: ROUTE-REFRESH for AFI 2 SAFI 1, subtype 0: not of this session',
  ])
  const why = 'enhanced route refresh was not negotiated'
  assert.deepEqual(refresh(1, 1), [`notice refreshIgnored: ROUTE-REFRESH for AFI 1 SAFI 1, subtype 1: ${why}`])
  assert.equal(stand.state, 'Established')
})

test('news of a connection that is no longer ours is passed over', () => {
  const stand = new Stand()
  stand.start()
  stand.closed(1, 'connection refused')
  assert.deepEqual(stand.dialled(1), [])
  assert.deepEqual(stand.closed(1), [])
  assert.deepEqual(stand.keepalive(1), [])
  assert.deepEqual(stand.handle({ type: 'writeBlocked', connection: 1 }), [])
  assert.equal(stand.state, 'Active')
})

test('a peer that closes without an OPEN is dialled again after the connect retry time', () => {
  const stand = new Stand({ connectRetryTime: 20 })
  stand.start()
  stand.dialled(1)
  assert.deepEqual(stand.closed(1, 'closed by the peer'), ['OpenSent → Active: closed by the peer'])
  assert.deepEqual(stand.pass(17_500).at(0), 'dial 2')
})

const live: [string, Partial<PeerConfig>][] = [
  ['name', { name: 'spine' }],
  ['keepaliveTime', { keepaliveTime: 7 }],
  ['connectRetryTime', { connectRetryTime: 3 }],
  ['sendHoldTime', { sendHoldTime: 30 }],
  ['minimumHoldTime', { minimumHoldTime: 10 }],
  ['passive', { passive: true }],
]
for (const [field, change] of live)
  test(`a change of ${field} leaves the session alone`, () => {
    const stand = new Stand()
    stand.establish()
    assert.deepEqual(reconfigure(stand, change), [])
    assert.equal(stand.state, 'Established')
  })

const resets: [string, Partial<PeerConfig>][] = [
  ['address', { address: parseAddress('192.0.2.9') }],
  ['port', { port: 1179 }],
  ['localAddress', { localAddress: parseAddress('192.0.2.1') }],
  ['localAs', { localAs: 65003 }],
  ['remoteAs', { remoteAs: 65020 }],
  ['holdTime', { holdTime: 30 }],
  ['families', { families: [4] }],
  ['gracefulRestart', { gracefulRestart: { enabled: true, restartTime: 60 } }],
  ['password', { password: 'secret' }],
  ['ttl', { ttl: 2 }],
]
for (const [field, change] of resets)
  test(`a change of ${field} needs a new session: the old one ends with 6/6 and the next starts at once`, () => {
    const stand = new Stand()
    const connection = stand.establish()
    const reason = `sent Cease / Other Configuration Change (6/6): ${field} changed`
    assert.deepEqual(reconfigure(stand, change), [
      `send ${connection} 6/6`,
      `close ${connection}`,
      `down: ${reason}`,
      'flush ipv4',
      'flush ipv6',
      'dial 3',
      'Established → Connect: started',
    ])
  })

test('a change of our router id needs a new session', () => {
  const stand = new Stand()
  const connection = stand.establish()
  const lines = reconfigure(stand, {}, { ...identity, routerId: 99 })
  assert.ok(lines.includes(`send ${connection} 6/6`))
  stand.dialled(3)
  assert.equal(stand.offered.routerId, 99)
})

test('the same configuration again changes nothing, in no state', () => {
  const stand = new Stand()
  assert.deepEqual(reconfigure(stand, {}), [])
  stand.start()
  assert.deepEqual(reconfigure(stand, {}), [])
  stand.establish()
  assert.deepEqual(reconfigure(stand, {}), [])
})

test('a peering without a session tries again at once with a change that may help', () => {
  const stand = new Stand()
  stand.start()
  stand.closed(1, 'connection refused')
  assert.deepEqual(reconfigure(stand, { port: 1179 }), ['dial 2', 'Active → Connect: started'])
  assert.deepEqual(reconfigure(stand, { port: 1179, passive: true }), ['close 2', 'Connect → Active: started'])
  assert.equal(stand.peer.deadline(), Number.POSITIVE_INFINITY)
})

test('a wrong AS number that is put right here brings the session up without waiting for idle hold', () => {
  const stand = new Stand({ remoteAs: 65020 })
  stand.start()
  for (let attempt = 0; attempt < 6; attempt++) {
    const connection = stand.accept()
    stand.open(connection)
  }
  assert.equal(stand.lastError, 'sent OPEN Message Error / Bad Peer AS (2/2): expected 65020, got 65002')
  const dial = reconfigure(stand, { remoteAs: 65002 }).find(line => line.startsWith('dial'))
  assert.ok(dial)
})

test('a peering that is stopped stays so through a change', () => {
  const stand = new Stand()
  assert.deepEqual(reconfigure(stand, { holdTime: 30 }), [])
  assert.equal(stand.peer.deadline(), Number.POSITIVE_INFINITY)
  assert.equal(stand.peer.config.holdTime, 30)
})

test('a secret does not show in the status or in a reason', () => {
  const stand = new Stand()
  stand.establish()
  const lines = reconfigure(stand, { password: 'opensesame' })
  assert.equal(JSON.stringify([lines, stand.peer.status()]).includes('opensesame'), false)
})
