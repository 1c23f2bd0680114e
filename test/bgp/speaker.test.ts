import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REJECT } from '../../bgp/index.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { Router, type RouterOptions } from './router.ts'

const MINUTE = 60_000

function world() {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const router = (address: string, options: RouterOptions) => new Router(network, address, options)
  return { clock, network, router }
}

/** Two eBGP routers with a session between them. */
function pair() {
  const { clock, network, router } = world()
  const a = router('10.0.0.1', { as: 65001 })
  const b = router('10.0.0.2', { as: 65002 })
  a.peerWith([b])
  b.peerWith([a])
  a.announce('192.0.2.0/24', '2001:db8:a::/48')
  b.announce('198.51.100.0/24')
  clock.advance(MINUTE)
  return { clock, network, router, a, b }
}

test('two speakers that dial each other at once end with one session and each other’s routes of both families', () => {
  const { a, b } = pair()
  assert.equal(a.state(b), 'Established')
  assert.equal(b.state(a), 'Established')
  assert.deepEqual(b.received(a), ['192.0.2.0/24 via 10.0.0.1', '2001:db8:a::/48 via fd00::1'])
  assert.deepEqual(a.received(b), ['198.51.100.0/24 via 10.0.0.2'])
  assert.deepEqual(b.endsOfRib.sort(), ['10.0.0.1 ipv4', '10.0.0.1 ipv6'])
  assert.equal(a.view(b).session.established, 1)
})

test('UPDATEs are counted as messages, alike at both ends', () => {
  const { a, b, clock } = pair()
  a.announce(...Array.from({ length: 5000 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`))
  clock.advance(1000)
  const { update } = b.view(a).session.received
  assert.ok(update > 5)
  assert.equal(a.view(b).updatesSent, update)
})

test('a prefix that is no longer originated is withdrawn, the others stay', () => {
  const { a, b, clock } = pair()
  a.announce('2001:db8:a::/48', '203.0.113.0/24')
  clock.advance(1000)
  assert.deepEqual(b.received(a), ['2001:db8:a::/48 via fd00::1', '203.0.113.0/24 via 10.0.0.1'])
})

test('a policy edit is applied to routes already there and leaves the session alone', () => {
  const { a, b, clock } = pair()
  a.peerWith([b], { exportPolicy: REJECT })
  b.peerWith([a], { importPolicy: REJECT })
  clock.advance(1000)
  assert.deepEqual(b.received(a), [])
  b.peerWith([a])
  a.peerWith([b], { importPolicy: REJECT })
  clock.advance(1000)
  assert.deepEqual(a.best, ['192.0.2.0/24 via self', '2001:db8:a::/48 via self'])
  assert.deepEqual(a.received(b), ['198.51.100.0/24 via 10.0.0.2'], 'the Adj-RIB-In keeps what policy rejects')
  a.peerWith([b])
  clock.advance(1000)
  assert.ok(a.best.includes('198.51.100.0/24 via 10.0.0.2'))
  assert.equal(a.view(b).session.established, 1)
})

test('a route reflector passes its clients’ routes on with the next hop unchanged', () => {
  const { clock, router } = world()
  const reflector = router('10.0.0.1', { as: 65000 })
  const clients = ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map(address => router(address, { as: 65000 }))
  reflector.peerWith(clients, { routeReflectorClient: true })
  for (const [at, client] of clients.entries()) {
    client.peerWith([reflector])
    client.announce(`192.0.2.${at * 16}/28`)
  }
  clock.advance(MINUTE)
  assert.deepEqual(clients[0]!.received(reflector), ['192.0.2.16/28 via 10.0.0.3', '192.0.2.32/28 via 10.0.0.4'])
  clients[1]!.announce()
  clock.advance(1000)
  assert.deepEqual(clients[0]!.received(reflector), ['192.0.2.32/28 via 10.0.0.4'])
})

test('iBGP does not pass on to iBGP what it learned from iBGP, without reflection', () => {
  const { clock, router } = world()
  const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map(address => router(address, { as: 65000 })) as [
    Router,
    Router,
    Router,
  ]
  a.peerWith([b])
  b.peerWith([a, c])
  c.peerWith([b])
  a.announce('192.0.2.0/24')
  clock.advance(MINUTE)
  assert.deepEqual(b.received(a), ['192.0.2.0/24 via 10.0.0.1'])
  assert.deepEqual(c.received(b), [])
})

test('a peer whose link is cut is noticed by the hold time: its routes stay for its restart time, as both sides set the N bit', () => {
  const { a, b, clock, network } = pair()
  network.cut(b.address)
  clock.advance(55_000)
  assert.equal(a.received(b).length, 1, 'the hold time was 90 s, and a keepalive may have come just before')
  clock.advance(36_000)
  assert.notEqual(a.state(b), 'Established')
  assert.match(a.said.join('\n'), /Established→Idle: hold timer expired/)
  assert.deepEqual(a.received(b), ['198.51.100.0/24 via 10.0.0.2 stale'])
  clock.advance(2 * MINUTE)
  assert.deepEqual(a.received(b), [])
  network.mend(b.address)
  clock.advance(10 * MINUTE)
  assert.equal(a.state(b), 'Established')
  assert.deepEqual(a.received(b), ['198.51.100.0/24 via 10.0.0.2'])
})

test('a killed speaker’s routes of both families stay until its successor has said what it still has', () => {
  const { a, b, clock, network, router } = pair()
  b.announce('198.51.100.0/24', '203.0.113.0/24', '2001:db8:b::/48', '2001:db8:bb::/48')
  clock.advance(1000)
  b.kill(network)
  clock.advance(1000)
  assert.deepEqual(a.received(b), [
    '198.51.100.0/24 via 10.0.0.2 stale',
    '2001:db8:b::/48 via fd00::2 stale',
    '2001:db8:bb::/48 via fd00::2 stale',
    '203.0.113.0/24 via 10.0.0.2 stale',
  ])
  assert.equal(a.best.filter(row => !row.endsWith('self')).length, 4, 'and they are used')

  const successor = router('10.0.0.2', { as: 65002, restart: { forwarding: [4, 6], deferralTime: 2 * MINUTE } })
  successor.peerWith([a])
  clock.advance(MINUTE)
  assert.equal(a.state(b), 'Established')
  assert.equal(a.received(b).length, 4, 'no End-of-RIB before the successor knows its own prefixes')
  const { gracefulRestart } = a.view(b).session.negotiated!
  assert.deepEqual(gracefulRestart, {
    restarting: true,
    notification: true,
    restartTime: 120,
    families: [
      { family: 4, forwarding: true },
      { family: 6, forwarding: true },
    ],
  })
  successor.announce('198.51.100.0/24', '2001:db8:b::/48')
  clock.advance(1000)
  assert.deepEqual(a.received(b), ['198.51.100.0/24 via 10.0.0.2', '2001:db8:b::/48 via fd00::2'])
  assert.equal(successor.restarts, 1)
  assert.deepEqual(successor.received(a), ['192.0.2.0/24 via 10.0.0.1', '2001:db8:a::/48 via fd00::1'])
})

test('a successor whose kernel kept the routes of one family only loses those of the other at its return', () => {
  const { a, b, clock, network, router } = pair()
  b.announce('198.51.100.0/24', '2001:db8:b::/48')
  clock.advance(1000)
  b.kill(network)
  clock.advance(1000)
  const successor = router('10.0.0.2', { as: 65002, restart: { forwarding: [6], deferralTime: 2 * MINUTE } })
  successor.peerWith([a])
  clock.advance(MINUTE)
  assert.deepEqual(a.received(b), ['2001:db8:b::/48 via fd00::2 stale'])
})

test('a killed speaker that does not return loses its routes after the restart time that it asked for', () => {
  const { a, b, clock, network } = pair()
  b.announce('198.51.100.0/24', '2001:db8:b::/48')
  clock.advance(1000)
  b.kill(network)
  clock.advance(119_000)
  assert.equal(a.received(b).length, 2)
  clock.advance(2000)
  assert.deepEqual(a.received(b), [])
  assert.match(a.said.join('\n'), /staleRoutesDropped/)
})

test('a restarting speaker that never learns its own prefixes holds End-of-RIB; the deferral time ends the restart', () => {
  const { a, b, clock, network, router } = pair()
  b.kill(network)
  clock.advance(1000)
  a.endsOfRib.length = 0
  const successor = router('10.0.0.2', { as: 65002, restart: { forwarding: [4, 6], deferralTime: 2 * MINUTE } })
  successor.peerWith([a])
  clock.advance(MINUTE)
  assert.equal(successor.speaker.restarting, true)
  clock.advance(2 * MINUTE)
  assert.equal(successor.speaker.restarting, false)
  assert.equal(successor.restarts, 1)
  assert.deepEqual(a.endsOfRib, [])
})

test('a planned stop sends no NOTIFICATION, so that the peer keeps the routes; a goodbye drops them', () => {
  const planned = pair()
  planned.b.speaker.stop(false)
  planned.clock.advance(1000)
  assert.deepEqual(planned.a.received(planned.b), ['198.51.100.0/24 via 10.0.0.2 stale'])

  const goodbye = pair()
  goodbye.b.speaker.stop(true)
  goodbye.clock.advance(1000)
  assert.deepEqual(goodbye.a.received(goodbye.b), [])
  assert.match(goodbye.a.said.join('\n'), /received Cease.*Administrative Shutdown/)
})

test('drain withdraws and then ends the sessions; undrain brings both back', () => {
  const { a, b, clock } = pair()
  b.speaker.drain()
  clock.advance(MINUTE)
  assert.equal(b.speaker.draining, 'drained')
  assert.deepEqual(a.received(b), [])
  assert.equal(b.state(a), 'Idle')
  assert.match(a.said.join('\n'), /received Cease.*Administrative Shutdown/)
  clock.advance(10 * MINUTE)
  assert.equal(b.state(a), 'Idle', 'a drained speaker refuses to come up')
  b.speaker.undrain()
  clock.advance(5 * MINUTE)
  assert.deepEqual(a.received(b), ['198.51.100.0/24 via 10.0.0.2'])
})

test('a peer that stops reading costs the others nothing and gets the last state when it reads again', () => {
  const { clock, network, router } = world()
  const source = router('10.0.0.1', { as: 65001 })
  const slow = router('10.0.0.2', { as: 65002 })
  const quick = router('10.0.0.3', { as: 65003 })
  source.peerWith([slow, quick])
  slow.peerWith([source])
  quick.peerWith([source])
  source.announce()
  clock.advance(MINUTE)
  for (let round = 0; round < 20; round++) {
    source.announce(...Array.from({ length: 250 }, (_, at) => `10.${round}.${at}.0/24`))
    if (round === 0) network.block(source.address, slow.address)
    clock.advance(500)
  }
  network.unblock(source.address, slow.address)
  clock.advance(MINUTE)
  assert.equal(quick.received(source).length, 250)
  assert.deepEqual(slow.received(source), quick.received(source))
  assert.ok(slow.received(source).every(row => row.startsWith('10.19.')))
})

test('a peer taken out of the configuration is told so, and the other sessions do not notice', () => {
  const { a, b, clock, router } = pair()
  const c = router('10.0.0.3', { as: 65003 })
  c.peerWith([a])
  a.peerWith([b, c])
  clock.advance(MINUTE)
  a.peerWith([c])
  clock.advance(1000)
  assert.match(b.said.join('\n'), /received Cease.*Peer De-configured/)
  assert.deepEqual(a.best.includes('198.51.100.0/24 via 10.0.0.2'), false)
  assert.equal(a.view(c).session.established, 1)
})

test('without leave to listen nothing is dialled either', () => {
  const { a, b, clock } = pair()
  a.speaker.configure({ listen: undefined, peers: [a.peer(b)] })
  clock.advance(5 * MINUTE)
  assert.equal(a.state(b), 'Idle')
  assert.notEqual(b.state(a), 'Established')
  a.peerWith([b])
  clock.advance(5 * MINUTE)
  assert.equal(a.state(b), 'Established')
})

test('a peer with another AS number than configured is refused with both numbers', () => {
  const { clock, router } = world()
  const a = router('10.0.0.1', { as: 65001 })
  const b = router('10.0.0.2', { as: 65002 })
  a.peerWith([b], { remoteAs: 65099 })
  b.peerWith([a])
  clock.advance(MINUTE)
  assert.notEqual(a.state(b), 'Established')
  assert.match(a.view(b).session.lastError!, /Bad Peer AS.*65099.*65002/)
})

test('a connection from a stranger is closed and reported', () => {
  const { a, clock, router } = pair()
  const stranger = router('10.0.0.9', { as: 65009 })
  stranger.peerWith([a])
  clock.advance(1000)
  assert.match(a.said.join('\n'), /unknownPeer: connection from 10\.0\.0\.9/)
})
