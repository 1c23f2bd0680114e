/** What sessions agree on beyond the ordinary, down to the octets and the RIB: refreshes, limits, long messages, long life. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SpeakerPeer } from '../../bgp/index.ts'
import type { Capability } from '../../bgp/wire/capability.ts'
import { encodeMessage } from '../../bgp/wire/message.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { PlayedPeer } from './played-peer.ts'
import { Router } from './router.ts'

const MINUTE = 60_000
const IPV4: Capability = { type: 'multiprotocol', afi: 1, safi: 1 }
const REFRESH: readonly Capability[] = [IPV4, { type: 'routeRefresh' }, { type: 'enhancedRouteRefresh' }]
/** ORIGIN igp, AS_PATH 65009 in two octets, NEXT_HOP 10.0.0.9. */
const ATTRIBUTES = '40010100 4002040201fdf1 4003040a000009'

/** A router and a peer with these capabilities, their session up and its End-of-RIB said. */
function session(capabilities: readonly Capability[], options: Partial<SpeakerPeer> = {}) {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const router = new Router(network, '10.0.0.1', { as: 65001 })
  const peer: PlayedPeer = new PlayedPeer(network, '10.0.0.9', 65009, () => [
    peer.open(capabilities),
    { type: 'keepalive' },
  ])
  router.peerWith([peer], { families: [4], ...options })
  router.announce('198.51.100.0/24')
  clock.advance(MINUTE)
  assert.equal(router.state(peer), 'Established')
  peer.update('', '', '')
  clock.advance(1000)
  const refresh = (subtype: number) => {
    peer.send(encodeMessage({ type: 'routeRefresh', afi: 1, subtype, safi: 1 }))
    clock.advance(1000)
  }
  const announce = (nlri: string) => {
    peer.update('', ATTRIBUTES, nlri)
    clock.advance(1000)
  }
  return { clock, network, router, peer, refresh, announce }
}

/** So many /32 of 10.1.0.0/16, as NLRI in hexadecimal. */
function hosts(count: number): string {
  return Array.from({ length: count }, (_, at) => `200a01${(at + 0x10000).toString(16).slice(1)}`).join('')
}

test('what a refresh sends again lies between its beginning and its end, however much it is', () => {
  const { router, peer, clock, refresh } = session(REFRESH)
  router.announce(...Array.from({ length: 20_000 }, (_, at) => `10.${100 + (at >> 8)}.${at & 255}.0/24`))
  clock.advance(5000)
  const { story } = peer.connections.at(-1)!
  story.length = 0
  refresh(0)
  clock.advance(5000)
  assert.equal(story[0], 'routeRefresh 1/1 subtype 1')
  assert.equal(story.at(-1), 'routeRefresh 1/1 subtype 2')
  const between = story.slice(1, -1)
  assert.ok(between.length > 10 && between.every(one => one === 'update'), `${between.length} messages`)
})

test('what the peer does not repeat in its refresh goes at the end, and not before', () => {
  const { router, peer, refresh, announce } = session(REFRESH)
  announce('18cb0071 18cb0072')
  refresh(1)
  announce('18cb0071')
  assert.equal(router.received(peer).length, 2)
  refresh(2)
  assert.deepEqual(router.received(peer), ['203.0.113.0/24 via 10.0.0.9'])
})

test('an operator asks for the peer’s routes, sends ours again, or is told why not', () => {
  const { router, peer, clock } = session(REFRESH)
  const { story } = peer.connections.at(-1)!
  story.length = 0
  assert.equal(router.speaker.refresh('10.0.0.9', 'in'), undefined)
  assert.equal(router.speaker.refresh('10.0.0.9', 'out', 4), undefined)
  clock.advance(1000)
  assert.deepEqual(story, ['routeRefresh 1/1 subtype 0', 'update'])
  assert.equal(router.speaker.refresh('10.0.0.9', 'in', 6), 'IPv6 is not of this session')
  assert.equal(router.speaker.refresh('nobody', 'in'), 'no session of it runs')
  const old = session([IPV4])
  assert.equal(old.router.speaker.refresh('10.0.0.9', 'in'), 'the peer takes no ROUTE-REFRESH: reset it')
})

test('a reset says 6/4 and is followed by a new session at once', () => {
  const { router, peer, clock } = session(REFRESH)
  assert.equal(router.speaker.reset('10.0.0.9', 'again'), undefined)
  clock.advance(100)
  assert.deepEqual(peer.notifications, ['6/4 05616761696e'])
  assert.equal(router.view(peer).session.established, 2)
})

test('drop: prefixes beyond the limit are not taken, said once, counted, and taken when there is room', () => {
  const { router, peer, announce } = session(REFRESH, { maxPrefixes: { 4: { count: 3, warnAt: 80, action: 'drop' } } })
  announce(hosts(5))
  assert.equal(router.received(peer).length, 3)
  const { dropped, received } = router.view(peer).families[0]!
  assert.deepEqual({ dropped, received }, { dropped: 2, received: 3 })
  announce(hosts(4))
  const said = router.said.filter(line => line.includes('prefixLimit'))
  assert.deepEqual(said, ['10.0.0.9 prefixLimit: more than 3 prefixes of ipv4: no further one is taken'])
  peer.update(hosts(2), '', '')
  announce('18cb0071')
  assert.ok(router.received(peer).includes('203.0.113.0/24 via 10.0.0.9'))
  assert.equal(router.state(peer), 'Established')
})

test('restart: the first prefix too many ends the session with 6/1, its routes go, and the peer is left alone', () => {
  const limit = { count: 3, warnAt: 100, action: 'restart', restartTime: 600 } as const
  const { router, peer, clock, announce } = session(REFRESH, { maxPrefixes: { 4: limit } })
  announce(hosts(3))
  assert.equal(router.state(peer), 'Established')
  announce('18cb0071')
  assert.deepEqual(peer.notifications, ['6/1 00010100000003'])
  assert.deepEqual(router.received(peer), [])
  clock.advance(9 * MINUTE)
  assert.equal(router.state(peer), 'Idle')
  clock.advance(2 * MINUTE)
  assert.equal(router.view(peer).session.established, 2)
})

test('warn: all are taken, and what is too many is said', () => {
  const { router, peer, announce } = session(REFRESH, { maxPrefixes: { 4: { count: 4, warnAt: 50, action: 'warn' } } })
  announce(hosts(2))
  announce(hosts(9))
  assert.equal(router.received(peer).length, 9)
  assert.deepEqual(
    router.said.filter(line => line.includes('prefixLimit')),
    [
      '10.0.0.9 prefixLimit: 2 prefixes of ipv4, of at most 4',
      '10.0.0.9 prefixLimit: more than 4 prefixes of ipv4: all are taken',
    ],
  )
})

test('a message of more than 4096 octets is taken where both sides have said so, and is 1/2 where not', () => {
  const long = [...REFRESH, { type: 'extendedMessage' } as const]
  const agreed = session(long, { extendedMessages: true })
  agreed.announce(hosts(5000))
  assert.equal(agreed.router.received(agreed.peer).length, 5000)
  const refused = session(long)
  refused.announce(hosts(5000))
  assert.deepEqual(refused.peer.notifications, ['1/2 61d1'])
})

test('routes of a peer that is late for its restart time are kept for long, and go when that is over', () => {
  const restart: readonly Capability[] = [
    ...REFRESH,
    {
      type: 'gracefulRestart',
      restarting: false,
      notification: false,
      restartTime: 60,
      families: [{ afi: 1, safi: 1, forwarding: true }],
    },
    { type: 'longLivedGracefulRestart', families: [{ afi: 1, safi: 1, forwarding: true, staleTime: 600 }] },
  ]
  const { router, peer, clock, network, announce } = session(restart, { longLived: { staleTime: 300 } })
  announce('18cb0071')
  network.reset(peer.address)
  network.cut(peer.address)
  clock.advance(2 * MINUTE)
  assert.deepEqual(router.view(peer).session.longLivedFamilies, [4])
  assert.deepEqual(router.received(peer), ['203.0.113.0/24 via 10.0.0.9 stale'])
  clock.advance(3.9 * MINUTE)
  assert.equal(router.received(peer).length, 1)
  clock.advance(MINUTE)
  assert.deepEqual(router.received(peer), [])
})
