import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerConfig } from '../../../bgp/session/config.ts'
import type { Open } from '../../../bgp/wire/open.ts'
import { openOf, Stand } from './stand.ts'

const GRACEFUL_RESTART = [64, 0]
const IPV6_UNICAST = [1, 4, 0, 2, 0, 1]

function offeredTypes(open: Open): string[] {
  return open.capabilities.map(one =>
    one.type === 'multiprotocol' ? `multiprotocol ${one.afi}/${one.safi}` : one.type,
  )
}

/** We have dialled and sent our OPEN, and the peer answers it with a NOTIFICATION. */
function refusedBy(subcode: number, data: readonly number[] = [], overrides: Partial<PeerConfig> = {}) {
  const stand = new Stand(overrides)
  stand.start()
  stand.dialled(1)
  const lines = stand.notification(1, 2, subcode, data)
  return { stand, lines }
}

test('a peer that takes no capabilities (2/4) is tried at once without any, and its session is plain BGP-4', () => {
  const { stand, lines } = refusedBy(4)
  assert.deepEqual(lines, [
    'close 1',
    'notice capabilityRefused: the peer takes no capabilities',
    'OpenSent → Idle: received OPEN Message Error / Unsupported Optional Parameter (2/4)',
  ])
  assert.match(stand.lastError!, /^received OPEN Message Error \/ Unsupported Optional Parameter \(2\/4\): /)
  assert.equal(stand.peer.deadline(), stand.now, 'no idle hold')
  assert.equal(stand.pass(0)[0], 'dial 2')
  stand.dialled(2)
  assert.deepEqual(stand.offered.capabilities, [])
  stand.open(2, { capabilities: [] })
  stand.keepalive(2)
  assert.equal(stand.state, 'Established')
  assert.equal(stand.peer.status().withheld.length, 6)
  const { families, fourOctetAs } = stand.peer.status().negotiated!
  assert.deepEqual({ families, fourOctetAs }, { families: [4], fourOctetAs: false })
})

test('what we did not offer does not count, even if the peer offers it', () => {
  const { stand } = refusedBy(4)
  stand.pass(0)
  stand.dialled(2)
  stand.open(2)
  assert.deepEqual(stand.peer.status().negotiated!.families, [4])
  assert.equal(stand.peer.status().negotiated!.fourOctetAs, false)
  assert.equal(stand.peer.status().negotiated!.gracefulRestart, undefined)
})

test('a capability that 2/7 names is left out, said by name, and the others stay', () => {
  const { stand, lines } = refusedBy(7, GRACEFUL_RESTART)
  assert.ok(lines.includes('notice capabilityRefused: the peer refuses graceful restart'))
  stand.pass(0)
  stand.dialled(2)
  assert.deepEqual(offeredTypes(stand.offered), [
    'multiprotocol 1/1',
    'multiprotocol 2/1',
    'routeRefresh',
    'fourOctetAs',
    'enhancedRouteRefresh',
  ])
  stand.open(2)
  stand.keepalive(2)
  assert.deepEqual(stand.peer.status().withheld, ['graceful restart 120 s, also after a NOTIFICATION'])
})

test('2/7 that names one family leaves the other', () => {
  const { stand } = refusedBy(7, IPV6_UNICAST)
  stand.pass(0)
  stand.dialled(2)
  assert.deepEqual(offeredTypes(stand.offered), [
    'multiprotocol 1/1',
    'routeRefresh',
    'gracefulRestart',
    'fourOctetAs',
    'enhancedRouteRefresh',
  ])
})

test('2/7 that names nothing means all', () => {
  const { stand } = refusedBy(7)
  stand.pass(0)
  stand.dialled(2)
  assert.deepEqual(stand.offered.capabilities, [])
})

test('2/7 for a capability that we do not have is said by name, and idle hold runs as after any failure', () => {
  const { stand, lines } = refusedBy(7, [69, 0])
  assert.ok(
    lines.includes('notice capabilityRefused: the peer asks for add-path, which this session does not offer'),
    lines.join('\n'),
  )
  assert.equal(stand.peer.deadline() - stand.now, 750)
})

test('data that is cut short is read as far as it is whole', () => {
  const { stand } = refusedBy(7, [...GRACEFUL_RESTART, 1, 4, 0])
  stand.pass(0)
  stand.dialled(2)
  assert.equal(offeredTypes(stand.offered).includes('gracefulRestart'), false)
  assert.equal(offeredTypes(stand.offered).includes('multiprotocol 2/1'), true)
})

test('without capabilities there is no IPv6: such a peering is not tried without', () => {
  const { stand } = refusedBy(4, [], { families: [6] })
  assert.equal(stand.peer.deadline() - stand.now, 750)
  stand.pass(1000)
  stand.dialled(2)
  assert.deepEqual(offeredTypes(stand.offered)[0], 'multiprotocol 2/1')
})

test('a peer that refuses even the bare OPEN gets idle hold, and all capabilities the time after', () => {
  const { stand } = refusedBy(4)
  stand.pass(0)
  stand.dialled(2)
  stand.notification(2, 2, 4)
  assert.ok(stand.peer.deadline() > stand.now)
  stand.pass(60_000)
  const dial = stand.effects.findLast(effect => effect.type === 'dial')!
  stand.dialled(dial.connection)
  assert.equal(stand.offered.capabilities.length, 6)
})

test('after the session the capabilities are offered again: the peer may have been mended', () => {
  const { stand } = refusedBy(7, GRACEFUL_RESTART)
  stand.pass(0)
  stand.dialled(2)
  stand.open(2)
  stand.keepalive(2)
  stand.closed(2)
  const next = stand.accept()
  assert.equal(stand.offered.capabilities.length, 6)
  stand.open(next, openOf())
  stand.keepalive(next)
  assert.deepEqual(stand.peer.status().withheld, [])
})

test('a refusal on the connection that the peer opened counts for the dial that follows', () => {
  const stand = new Stand()
  stand.start()
  stand.closed(1, 'connection refused')
  const accepted = stand.accept()
  stand.notification(accepted, 2, 4)
  assert.equal(stand.pass(0)[0], 'dial 3')
  stand.dialled(3)
  assert.deepEqual(stand.offered.capabilities, [])
})

test('a NOTIFICATION 2/4 within a session is no refusal', () => {
  const stand = new Stand()
  const connection = stand.establish()
  stand.notification(connection, 2, 4)
  assert.deepEqual(stand.peer.status().withheld, [])
})
