/** How long the restart of a speaker lasts: for whom it waits, and for whom it does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerEnd, PeerRange } from '../../bgp/index.ts'
import { SpeakerRestart } from '../../bgp/restart.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { type Neighbor, Router } from './router.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const absent: Neighbor = { address: parseAddress('10.0.0.9'), as: 65009 }

/** A successor that has been told to wait for two minutes at most, and one router that had a session with the former speaker. */
function setting(peers: readonly PeerEnd[] | undefined) {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const restart = { forwarding: [4, 6], deferralTime: 2 * MINUTE, ...(peers && { peers }) } as const
  const successor = new Router(network, '10.0.0.1', { as: 65001, restart })
  const known = new Router(network, '10.0.0.2', { as: 65002 })
  known.peerWith([successor])
  known.announce('198.51.100.0/24')
  successor.announce('192.0.2.0/24')
  return { clock, network, successor, known }
}

const holder = { address: parseAddress('10.0.0.2') }

function range(of: Router): PeerRange {
  const { name: _, address: __, passive: ___, ...template } = { ...of.peer(absent), remoteAs: 0 }
  return { name: 'rack', prefix: parsePrefix('10.0.0.0/24'), limit: 10, template }
}

test('a configured peer that held no session before is not waited for', () => {
  const { clock, successor, known } = setting([holder])
  successor.peerWith([known, absent])
  clock.advance(30 * SECOND)
  assert.equal(successor.restarts, 1)
  assert.deepEqual(known.received(successor), ['192.0.2.0/24 via 10.0.0.1'])
})

test('one that did is, until the deferral time is over; without a word of who did, everybody is', () => {
  for (const peers of [[holder, { address: absent.address }], undefined]) {
    const { clock, successor, known } = setting(peers)
    successor.peerWith([known, absent])
    clock.advance(2 * MINUTE - SECOND)
    assert.equal(successor.speaker.restarting, true)
    assert.equal(known.endsOfRib.length, 2, 'its absence keeps nobody else from our End-of-RIB')
    clock.advance(2 * SECOND)
    assert.equal(successor.restarts, 1)
  }
})

test('one that is no peer any more is not', () => {
  const { clock, successor, known } = setting([holder, { address: absent.address }])
  successor.peerWith([known])
  clock.advance(30 * SECOND)
  assert.equal(successor.restarts, 1)
})

test('those who came from ranges are waited for, and nobody else who may come from there', () => {
  const { clock, network, successor, known } = setting([holder, { address: parseAddress('10.0.0.3') }])
  successor.speaker.configure({
    listen: { addresses: [successor.address], port: 179 },
    peers: [],
    ranges: [range(successor)],
  })
  clock.advance(30 * SECOND)
  assert.equal(successor.state(known), 'Established')
  assert.equal(successor.speaker.restarting, true, '10.0.0.3 is still to come')
  const other = new Router(network, '10.0.0.3', { as: 65003 })
  other.peerWith([successor])
  clock.advance(10 * SECOND)
  assert.equal(successor.restarts, 1)
})

test('one that comes back after the deferral time finds the F bits, and keeps what it has', () => {
  const { clock, network, successor, known } = setting([holder])
  successor.peerWith([known])
  clock.advance(10 * SECOND)
  successor.kill(network)
  const restart = { forwarding: [4, 6], deferralTime: 20 * SECOND, peers: [holder] } as const
  const next = new Router(network, '10.0.0.1', { as: 65001, restart })
  network.cut(next.address)
  next.peerWith([known])
  clock.advance(40 * SECOND)
  assert.equal(next.restarts, 1)
  network.mend(next.address)
  clock.advance(30 * SECOND)
  assert.deepEqual(known.received(next), ['192.0.2.0/24 via 10.0.0.1 stale'], 'next does not know its prefixes yet')
  const { restarting, families } = known.view(next).session.negotiated!.gracefulRestart!
  assert.deepEqual([restarting, families.map(({ forwarding }) => forwarding)], [false, [true, true]])
  next.announce('192.0.2.0/24')
  clock.advance(SECOND)
  assert.deepEqual(known.received(next), ['192.0.2.0/24 via 10.0.0.1'])
})

test('before anybody is configured it is not over', () => {
  const { clock, successor } = setting([holder])
  clock.advance(MINUTE)
  assert.equal(successor.speaker.restarting, true)
})

test('own prefixes that are known only after the deferral time still bring End-of-RIB', () => {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const restart = { forwarding: [4, 6], deferralTime: MINUTE, peers: [holder] } as const
  const successor = new Router(network, '10.0.0.1', { as: 65001, restart })
  const known = new Router(network, '10.0.0.2', { as: 65002 })
  known.peerWith([successor])
  successor.peerWith([known])
  clock.advance(2 * MINUTE)
  assert.deepEqual([successor.restarts, known.endsOfRib], [1, []])
  successor.announce('192.0.2.0/24')
  clock.advance(SECOND)
  assert.deepEqual(known.endsOfRib, ['10.0.0.1 ipv4', '10.0.0.1 ipv6'])
})

test('a speaker that is stopped ends no restart', () => {
  const { clock, successor, known } = setting([holder])
  known.speaker.stop(false)
  successor.peerWith([known])
  clock.advance(MINUTE)
  successor.speaker.stop(false)
  clock.advance(5 * MINUTE)
  assert.equal(successor.restarts, 0)
})

test('of link-local holders the link counts', () => {
  const restart = new SpeakerRestart({
    forwarding: [],
    deferralTime: 0,
    peers: [{ address: parseAddress('fe80::1'), interface: 'eth1' }],
  })
  const { successor } = setting([])
  const config = successor.peer(absent)
  const peer = (link: string) => ({
    config: { ...config, address: parseAddress('fe80::1'), interface: link },
    negotiated: undefined,
    awaited: [],
  })
  assert.equal(
    restart.isComplete([peer('eth1')], () => false),
    false,
  )
  assert.equal(
    restart.isComplete([peer('eth2')], () => false),
    true,
  )
})
