import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Open } from '../../../bgp/wire/open.ts'
import { capability, openOf, Stand } from './stand.ts'

const SECOND = 1000
const both = { 4: true, 6: true }

interface Told {
  readonly restart?: Partial<Record<4 | 6, boolean>>
  readonly restartTime?: number
  readonly long?: Partial<Record<4 | 6, boolean>>
  readonly staleTime?: number
}

function withLongLived({ restart = both, restartTime = 30, long = both, staleTime = 600 }: Told = {}): Partial<Open> {
  const others = openOf().capabilities.filter(one => one.type !== 'gracefulRestart')
  const restarts = [capability.restart(restart, restartTime), capability.longLived(long, staleTime)]
  return { capabilities: [...others, ...restarts] }
}

function standWith(staleTime = 3600): Stand {
  return new Stand({ longLived: { staleTime } })
}

function routes(lines: readonly string[]): string[] {
  return lines.filter(line => /^(stale|longLived|sweep|flush|up)/.test(line))
}

test('our OPEN asks for a long life beside graceful restart, never without it', () => {
  const offered = (stand: Stand) => {
    stand.start()
    stand.dialled(1)
    return stand.offered.capabilities.find(one => one.type === 'longLivedGracefulRestart')
  }
  assert.deepEqual(offered(standWith(3600)), capability.longLived({ 4: false, 6: false }, 3600))
  const off = new Stand({ longLived: { staleTime: 60 }, gracefulRestart: { enabled: false, restartTime: 0 } })
  assert.equal(offered(off), undefined)
})

test('a peer that is late for its restart time: its routes become long-lived, and go when that is over', () => {
  const stand = standWith()
  stand.closed(stand.establish(withLongLived()))
  assert.deepEqual(routes(stand.pass(30 * SECOND - 1)), [])
  assert.deepEqual(routes(stand.pass(1)), ['longLived ipv4', 'longLived ipv6'])
  assert.deepEqual(stand.peer.status().longLivedFamilies, [4, 6])
  assert.deepEqual(routes(stand.pass(600 * SECOND - 1)), [])
  assert.deepEqual(routes(stand.pass(1)), ['sweep ipv4', 'sweep ipv6'])
  assert.deepEqual(stand.peer.status().staleFamilies, [])
})

test('each family lives as long as its own row says, and no longer than is configured here', () => {
  const stand = standWith(100)
  const others = openOf().capabilities.filter(one => one.type !== 'gracefulRestart')
  const long = {
    type: 'longLivedGracefulRestart',
    families: [
      { afi: 1, safi: 1, forwarding: true, staleTime: 16777215 },
      { afi: 2, safi: 1, forwarding: true, staleTime: 40 },
    ],
  } as const
  stand.closed(stand.establish({ capabilities: [...others, capability.restart(both, 30), long] }))
  stand.pass(30 * SECOND)
  assert.deepEqual(routes(stand.pass(40 * SECOND)), ['sweep ipv6'])
  assert.deepEqual(routes(stand.pass(60 * SECOND)), ['sweep ipv4'])
})

test('a family without a long life goes with the restart time', () => {
  const stand = standWith()
  stand.closed(stand.establish(withLongLived({ long: { 6: true } })))
  assert.deepEqual(routes(stand.pass(30 * SECOND)), ['sweep ipv4', 'longLived ipv6'])
})

test('a restart time of zero begins the long life at once', () => {
  const stand = standWith()
  const connection = stand.establish(withLongLived({ restartTime: 0 }))
  assert.deepEqual(routes(stand.closed(connection)), ['stale ipv4', 'longLived ipv4', 'stale ipv6', 'longLived ipv6'])
})

test('a peer that did not offer it, or a speaker that is not told to, keeps nothing beyond the restart time', () => {
  const unwilling = standWith()
  unwilling.closed(unwilling.establish(withLongLived({ long: {} })))
  assert.deepEqual(routes(unwilling.pass(30 * SECOND)), ['sweep ipv4', 'sweep ipv6'])
  const untold = new Stand()
  untold.closed(untold.establish(withLongLived()))
  assert.deepEqual(routes(untold.pass(30 * SECOND)), ['sweep ipv4', 'sweep ipv6'])
})

test('a peer that returns in the long life: its F bits of that capability say what stays, End-of-RIB sweeps', () => {
  const stand = standWith()
  stand.closed(stand.establish(withLongLived()))
  stand.pass(100 * SECOND)
  const connection = stand.accept()
  const open = withLongLived({ restart: { 4: true, 6: false }, long: { 4: false, 6: true } })
  const lines = routes([...stand.open(connection, open), ...stand.keepalive(connection)])
  assert.deepEqual(lines, ['flush ipv4', `up ${connection}`])
  assert.deepEqual(stand.handle({ type: 'endOfRib', family: 6 }), ['sweep ipv6'])
})

test('the stale time runs on while a peer that returned owes its End-of-RIB', () => {
  const stand = standWith()
  stand.closed(stand.establish(withLongLived({ staleTime: 200 })))
  stand.pass(100 * SECOND)
  const connection = stand.accept()
  stand.open(connection, { ...withLongLived(), holdTime: 0 })
  stand.keepalive(connection)
  assert.deepEqual(routes(stand.pass(129 * SECOND)), [])
  assert.deepEqual(routes(stand.pass(SECOND)), ['sweep ipv4', 'sweep ipv6'])
  assert.equal(stand.state, 'Established')
})

test('a peer that comes and goes in its long life neither ends the stale time nor begins it anew', () => {
  const stand = standWith()
  let connection = stand.establish(withLongLived({ staleTime: 200 }))
  stand.closed(connection)
  stand.pass(30 * SECOND)
  for (let round = 0; round < 3; round++) {
    stand.pass(50 * SECOND)
    connection = stand.establish(withLongLived({ staleTime: 200 }))
    assert.deepEqual(
      routes(stand.closed(connection)),
      ['stale ipv4', 'longLived ipv4', 'stale ipv6', 'longLived ipv6'],
      `round ${round}: what was learned meanwhile is as late as the rest`,
    )
  }
  assert.deepEqual(routes(stand.pass(50 * SECOND - 1)), [])
  assert.deepEqual(routes(stand.pass(1)), ['sweep ipv4', 'sweep ipv6'])
})

test('a peer that was in sync again begins a long life anew', () => {
  const stand = standWith()
  stand.closed(stand.establish(withLongLived()))
  stand.pass(100 * SECOND)
  const connection = stand.establish(withLongLived())
  for (const family of [4, 6] as const) stand.handle({ type: 'endOfRib', family })
  assert.deepEqual(routes(stand.closed(connection)), ['stale ipv4', 'stale ipv6'])
  assert.deepEqual(routes(stand.pass(30 * SECOND)), ['longLived ipv4', 'longLived ipv6'])
})

test('a NOTIFICATION without the N bit, and a stop, end the long life as they end graceful restart', () => {
  const told = standWith()
  assert.deepEqual(routes(told.notification(told.establish(withLongLived()), 6, 4)), ['flush ipv4', 'flush ipv6'])
  const stopped = standWith()
  stopped.closed(stopped.establish(withLongLived()))
  stopped.pass(60 * SECOND)
  assert.deepEqual(routes(stopped.handle({ type: 'stop', cease: 2 })), ['sweep ipv4', 'sweep ipv6'])
})
