import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import { Stand } from './stand.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Seconds at which lines that match come up while `ms` pass. */
function secondsOf(stand: Stand, ms: number, pattern: RegExp): number[] {
  const seconds: number[] = []
  const end = stand.now + ms
  while (stand.now < end) {
    const wait = Math.max(1, Math.min(stand.peer.deadline(), end) - stand.now)
    for (const line of stand.pass(wait)) if (pattern.test(line)) seconds.push(stand.now / SECOND)
  }
  return seconds
}

test('a dial that is not answered is given up and tried again after the connect retry time, with jitter', () => {
  const stand = new Stand({ connectRetryTime: 20 })
  stand.random = 0
  stand.start()
  assert.deepEqual(stand.pass(15 * SECOND), ['close 1', 'dial 2'])
  stand.random = 0.999
  assert.deepEqual(stand.pass(15 * SECOND), ['close 2', 'dial 3'])
  assert.deepEqual(stand.pass(19.9 * SECOND), [])
  assert.deepEqual(stand.pass(0.1 * SECOND), ['close 3', 'dial 4'])
  assert.equal(stand.lastError, 'connection timed out')
})

test('a refused dial waits in Active for the connect retry time', () => {
  const stand = new Stand({ connectRetryTime: 20 })
  stand.start()
  assert.deepEqual(stand.closed(1, 'connection refused'), ['Connect → Active: connection refused'])
  assert.equal(stand.lastError, 'connection refused')
  assert.equal(stand.peer.status().nextAttempt, 17.5 * SECOND)
  assert.deepEqual(stand.pass(17.5 * SECOND), ['dial 2', 'Active → Connect: connect retry timer expired'])
})

test('a passive peering waits in Active with no timer at all, and takes the peer’s connection', () => {
  const stand = new Stand({ passive: true })
  assert.deepEqual(stand.start(), ['Idle → Active: started'])
  assert.equal(stand.peer.deadline(), Number.POSITIVE_INFINITY)
  stand.establish()
  assert.equal(stand.state, 'Established')
})

test('keepalives go out at a third of the negotiated hold time, less jitter', () => {
  const stand = new Stand({ holdTime: 180 })
  const connection = stand.establish({ holdTime: 9 })
  stand.random = 0
  const sent = []
  for (let second = 0; second < 30; second++) {
    sent.push(...stand.pass(SECOND).filter(line => line === `send ${connection} KEEPALIVE`))
    stand.peer.received(connection, 'keepalive', stand.now)
  }
  // one at 2.625 s with the middle jitter, then every 2.25 s
  assert.equal(sent.length, 1 + Math.floor((30 - 2.625) / 2.25))
})

test('a shorter keepalive time of our own is kept, a longer one is not', () => {
  const short = new Stand({ keepaliveTime: 5 })
  short.establish()
  assert.equal(short.peer.status().negotiated?.keepaliveTime, 5)
  const long = new Stand({ keepaliveTime: 60 })
  long.establish({ holdTime: 30 })
  assert.equal(long.peer.status().negotiated?.keepaliveTime, 10)
})

test('silence for the hold time ends the session with 4/0; any message starts it anew', () => {
  const stand = new Stand()
  const connection = stand.establish({ holdTime: 9 })
  stand.pass(8.9 * SECOND)
  assert.equal(stand.peer.received(connection, 'update', stand.now), true)
  stand.pass(8.9 * SECOND)
  assert.equal(stand.state, 'Established')
  stand.message(connection, { type: 'routeRefresh', afi: 1, subtype: 0, safi: 1 })
  stand.pass(8.9 * SECOND)
  assert.equal(stand.state, 'Established')
  const lines = stand.pass(0.1 * SECOND)
  assert.deepEqual(lines, [
    `send ${connection} 4/0`,
    `close ${connection}`,
    'down: hold timer expired',
    'flush ipv4',
    'flush ipv6',
    'Established → Idle: hold timer expired',
  ])
  assert.equal(stand.lastError, 'hold timer expired')
})

test('a loop that slept over the hold time gets one moment to read what has come, and no more', () => {
  const stand = new Stand()
  const connection = stand.establish({ holdTime: 9 })
  stand.now += 30 * SECOND
  stand.handle({ type: 'timer' })
  assert.equal(stand.state, 'Established')
  stand.peer.received(connection, 'keepalive', stand.now)
  stand.pass(8.9 * SECOND)
  assert.equal(stand.state, 'Established', 'the message was there: no harm done')
  stand.now += 30 * SECOND
  stand.handle({ type: 'timer' })
  stand.pass(SECOND)
  assert.equal(stand.lastError, 'hold timer expired')
})

test('a hold time of 0 on either side means no keepalives and no hold timer', () => {
  for (const [ours, theirs] of [
    [0, 90],
    [90, 0],
  ]) {
    const stand = new Stand({ holdTime: ours! })
    stand.establish({ holdTime: theirs! })
    assert.equal(stand.peer.deadline(), Number.POSITIVE_INFINITY)
    assert.deepEqual(stand.pass(60 * MINUTE), [])
    assert.equal(stand.state, 'Established')
  }
})

test('an OPEN may take four minutes, whatever the hold time', () => {
  const stand = new Stand({ passive: true, holdTime: 3 })
  stand.start()
  const connection = stand.accept()
  assert.deepEqual(stand.pass(4 * MINUTE - 1), [])
  assert.deepEqual(stand.pass(1), [
    `send ${connection} 4/0`,
    `close ${connection}`,
    'OpenSent → Idle: hold timer expired',
  ])
})

test('the negotiated hold time counts from the OPEN on', () => {
  const stand = new Stand({ passive: true })
  stand.start()
  const connection = stand.accept()
  stand.open(connection, { holdTime: 6 })
  assert.ok(stand.pass(6 * SECOND).includes(`send ${connection} 4/0`))
})

test('a peer that does not read for the send hold time is told so with 8/0 (RFC 9687)', () => {
  const stand = new Stand({ sendHoldTime: 100 })
  const connection = stand.establish({ holdTime: 0 })
  stand.handle({ type: 'writeBlocked', connection })
  stand.pass(99 * SECOND)
  stand.handle({ type: 'writeBlocked', connection })
  stand.pass(99 * SECOND)
  assert.equal(stand.state, 'Established', 'some octets went: the time starts anew')
  stand.handle({ type: 'writeDrained', connection })
  stand.pass(MINUTE * 10)
  assert.equal(stand.state, 'Established', 'all octets went')
  stand.handle({ type: 'writeBlocked', connection })
  const lines = stand.pass(100 * SECOND)
  assert.deepEqual(lines.slice(0, 3), [
    `send ${connection} 8/0`,
    `close ${connection}`,
    'down: send hold timer expired',
  ])
})

test('a send hold time of 0 waits for ever', () => {
  const stand = new Stand({ sendHoldTime: 0 })
  const connection = stand.establish({ holdTime: 0 })
  stand.handle({ type: 'writeBlocked', connection })
  assert.deepEqual(stand.pass(60 * MINUTE), [])
})

test('idle hold doubles with each failure up to a minute, also across short sessions', () => {
  const stand = new Stand()
  const holds: number[] = []
  for (let failures = 0; failures < 9; failures++) {
    const connection = stand.establish()
    stand.pass(10 * SECOND)
    stand.notification(connection, 6, 9)
    holds.push((stand.peer.status().nextAttempt! - stand.now) / SECOND)
    stand.pass(stand.peer.status().nextAttempt! - stand.now)
    assert.equal(stand.state, 'Connect')
  }
  assert.deepEqual(holds, [0.75, 1.5, 3, 6, 12, 24, 45, 45, 45])
})

test('bad connections beside a session that is well do not lengthen the idle hold after it', () => {
  const stand = new Stand()
  const connection = stand.establish()
  for (let attempt = 0; attempt < 4; attempt++) stand.open(stand.accept(), { asNumber: 65009, capabilities: [] })
  stand.notification(connection, 6, 9)
  assert.equal(stand.peer.status().nextAttempt! - stand.now, 0.75 * SECOND)
})

test('a session of two minutes clears the record', () => {
  const stand = new Stand()
  for (let failures = 0; failures < 5; failures++) stand.notification(stand.establish(), 6, 9)
  const connection = stand.establish({ holdTime: 0 })
  stand.pass(2 * MINUTE)
  stand.notification(connection, 6, 9)
  assert.equal(stand.peer.status().nextAttempt! - stand.now, 0.75 * SECOND)
})

test('idle hold spreads over the upper half of its length', () => {
  for (const [random, wait] of [
    [0, 500],
    [0.999, 1000],
  ]) {
    const stand = new Stand()
    stand.random = random!
    stand.notification(stand.establish(), 6, 9)
    assert.equal(stand.peer.status().nextAttempt! - stand.now, wait)
  }
})

test('during idle hold the peer’s own connection is taken: only our dialling waits', () => {
  const stand = new Stand()
  stand.notification(stand.establish(), 6, 4)
  assert.equal(stand.state, 'Idle')
  const connection = stand.accept()
  stand.open(connection)
  assert.equal(stand.keepalive(connection)[0], `up ${connection}`)
})

test('after a malformed UPDATE the peer’s connection has to wait for idle hold as well', () => {
  const stand = new Stand()
  const connection = stand.establish()
  stand.handle({ type: 'fault', connection, fault: new PeerFault(3, 1, 'withdrawn routes exceed the message') })
  const early = stand.peer.newConnection()
  assert.deepEqual(stand.handle({ type: 'accepted', connection: early }), [
    'notice connectionRefused: idle hold after sent UPDATE Message Error / Malformed Attribute List (3/1): withdrawn routes exceed the message',
    `close ${early}`,
  ])
  stand.pass(SECOND)
  stand.accept()
  assert.equal(stand.state, 'OpenSent')
})

test('dials stay rare while the peer is away for an hour', () => {
  const stand = new Stand({ connectRetryTime: 20 })
  stand.start()
  const dials = secondsOf(stand, 60 * MINUTE, /^dial/)
  assert.equal(dials.length, Math.floor(3600 / 17.5))
})

test('the short way takes only messages of the Established connection', () => {
  const stand = new Stand()
  stand.start()
  const connection = stand.accept()
  assert.equal(stand.peer.received(connection, 'update', stand.now), false)
  stand.open(connection)
  stand.keepalive(connection)
  assert.equal(stand.peer.received(connection, 'update', stand.now), true)
  assert.equal(stand.peer.received(connection + 1, 'update', stand.now), false)
  assert.equal(stand.peer.status().received.update, 1)
})

test('after a stop no timer is left', () => {
  for (const cease of [undefined, 2]) {
    const stand = new Stand()
    stand.establish()
    stand.handle(cease === undefined ? { type: 'stop' } : { type: 'stop', cease })
    assert.equal(stand.peer.deadline(), Number.POSITIVE_INFINITY)
    assert.deepEqual(stand.pass(60 * MINUTE), [])
  }
})
