/** What a peer, the kernel or a bug of ours can do to one peering must stay with that peering. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Peer } from '../../bgp/session/peer.ts'
import { UpdateReader } from '../../bgp/wire/update-reader.ts'
import { WorldFault } from '../../lib/base/failure.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { Router } from './router.ts'

const MINUTE = 60_000

/** A router with two eBGP peers, all sessions up. */
function triangle() {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const hub = new Router(network, '10.0.0.1', { as: 65001 })
  const spoke = new Router(network, '10.0.0.2', { as: 65002 })
  const other = new Router(network, '10.0.0.3', { as: 65003 })
  hub.peerWith([spoke, other])
  for (const [at, router] of [spoke, other].entries()) {
    router.peerWith([hub])
    router.announce(`198.51.100.${at * 16}/28`)
  }
  hub.announce()
  clock.advance(MINUTE)
  assert.deepEqual(hub.received(spoke), ['198.51.100.0/28 via 10.0.0.2'])
  return { clock, network, hub, spoke, other }
}

test('a bug of ours in the session costs its own peering the session, which begins anew after a minute', () => {
  const { clock, hub, spoke, other } = triangle()
  const { handle } = Peer.prototype
  let victim: unknown
  const boom = mock.method(Peer.prototype, 'handle', function (this: Peer, ...args: Parameters<Peer['handle']>) {
    if (this.config.name === '10.0.0.2') {
      victim = this
      throw new TypeError('no such state')
    }
    return handle.apply(this, args)
  })
  clock.advance(31_000) // a keepalive falls due
  boom.mock.restore()
  assert.ok(victim instanceof Peer)
  assert.equal(hub.state(spoke), 'Idle')
  assert.deepEqual(hub.received(spoke), [], 'nobody vouches for its routes any more')
  assert.match(hub.said.join('\n'), /10\.0\.0\.2 sessionBug: TypeError: no such state/)
  assert.match(hub.said.join('\n'), /10\.0\.0\.2 Established→Idle: an internal error/)
  clock.advance(5 * MINUTE)
  assert.deepEqual(hub.received(spoke), ['198.51.100.0/28 via 10.0.0.2'])
  assert.equal(hub.view(other).session.established, 1)
  assert.equal(hub.state(other), 'Established')
})

test('a peering that rests after a bug and is stopped meanwhile stays so', () => {
  const { clock, hub, spoke } = triangle()
  const boom = mock.method(Peer.prototype, 'handle', () => {
    throw new TypeError('no such state')
  })
  clock.advance(31_000)
  boom.mock.restore()
  hub.speaker.drain()
  clock.advance(5 * MINUTE)
  assert.equal(hub.state(spoke), 'Idle')
  hub.speaker.undrain()
  clock.advance(5 * MINUTE)
  assert.equal(hub.state(spoke), 'Established')
})

test('a peering that rests after a bug while BFD is up knows of that afterwards, however it begins again', () => {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const [hub, spoke] = [new Router(network, '10.0.0.1', { as: 65001 }), new Router(network, '10.0.0.2', { as: 65002 })]
  hub.peerWith([spoke], { bfd: { strict: true, transmit: 300, receive: 300, multiplier: 3 } })
  spoke.peerWith([hub])
  hub.speaker.bfdChanged('10.0.0.2', 'up')
  const bounce = () => {
    hub.speaker.drain()
    clock.advance(1000)
    hub.speaker.undrain()
  }
  for (const begin of [() => {}, bounce]) {
    clock.advance(5 * MINUTE)
    assert.equal(hub.state(spoke), 'Established')
    const boom = mock.method(Peer.prototype, 'handle', () => {
      throw new TypeError('no such state')
    })
    clock.advance(31_000)
    boom.mock.restore()
    assert.equal(hub.state(spoke), 'Idle')
    begin()
  }
  clock.advance(5 * MINUTE)
  assert.equal(hub.state(spoke), 'Established')
})

test('a bug of ours in a decoder ends that session with 6/8 and no other', () => {
  const { clock, hub, spoke, other } = triangle()
  const fail = () => {
    throw new RangeError('past the end')
  }
  const boom = mock.method(UpdateReader.prototype, 'read', fail, { times: 1 })
  spoke.announce('203.0.113.0/24')
  clock.advance(10)
  boom.mock.restore()
  assert.match(hub.said.join('\n'), /10\.0\.0\.2 decoderBug: RangeError: past the end/)
  assert.match(spoke.said.join('\n'), /Established→Idle: received Cease \/ Out of Resources \(6\/8\)/)
  clock.advance(10 * MINUTE)
  assert.deepEqual(hub.received(spoke), ['203.0.113.0/24 via 10.0.0.2'])
  assert.equal(hub.view(other).session.established, 1)
})

test('a session for which the kernel does not tell our addresses ends with 6/8 and is tried again', () => {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  let isBroken = true
  const a = new Router(network, '10.0.0.1', {
    as: 65001,
    attachment: known => {
      if (isBroken) throw new WorldFault('EMFILE', 'too many open files', { retry: true })
      return known
    },
  })
  const b = new Router(network, '10.0.0.2', { as: 65002 })
  a.peerWith([b])
  b.peerWith([a])
  b.announce('198.51.100.0/24')
  clock.advance(MINUTE)
  assert.notEqual(a.state(b), 'Established')
  assert.match(a.view(b).session.lastError!, /^sent Cease \/ Out of Resources \(6\/8\): too many open files/)
  assert.deepEqual(a.best, [])
  isBroken = false
  clock.advance(5 * MINUTE)
  assert.equal(a.state(b), 'Established')
  assert.deepEqual(a.best, ['198.51.100.0/24 via 10.0.0.2'])
})
