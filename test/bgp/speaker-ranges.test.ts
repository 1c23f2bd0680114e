/** Listen ranges: which connections make peers, how many, with which parameters, and when such a peer is forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerRange, SpeakerPeer } from '../../bgp/index.ts'
import { parseAddress } from '../../lib/base/ip.ts'
import { hostPrefix, parsePrefix } from '../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { Router } from './router.ts'

const MINUTE = 60_000

function world() {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const router = (address: string, as: number) => new Router(network, address, { as })
  return { clock, network, router }
}

/** Peers of any external AS. */
function range(of: Router, prefix: string, options: Partial<SpeakerPeer> & { name?: string; limit?: number } = {}) {
  const { name = 'rack', limit = 100, ...template } = options
  const { name: _, address: __, passive: ___, ...rest } = { ...of.peer(of), remoteAs: 0, ...template }
  return { name, prefix: parsePrefix(prefix), limit, template: rest } satisfies PeerRange
}

function listen(router: Router, ranges: readonly PeerRange[], peers: readonly SpeakerPeer[] = []): void {
  router.speaker.configure({ listen: { addresses: router.addresses, port: 179 }, peers, ranges })
}

function namesOf(router: Router): string[] {
  return router.speaker.peers().map(({ config }) => config.name)
}

test('whoever connects from an address of a range is a peer, named after both, and its routes are learned', () => {
  const { clock, router } = world()
  const hub = router('10.0.0.1', 65001)
  const [one, two] = [router('10.0.1.1', 65011), router('10.0.1.2', 65012)]
  listen(hub, [range(hub, '10.0.1.0/24')])
  for (const spoke of [one, two]) spoke.peerWith([hub])
  one.announce('192.0.2.1/32')
  clock.advance(MINUTE)
  const [view] = hub.speaker.peers()
  assert.deepEqual(namesOf(hub), ['rack/10.0.1.1', 'rack/10.0.1.2'])
  assert.deepEqual([view!.range, view!.config.passive, view!.session.state], ['rack', true, 'Established'])
  assert.deepEqual(two.best, ['192.0.2.1/32 via 10.0.0.1'])
  assert.equal(one.state(hub), 'Established')
})

test('the longest prefix counts, and a configured peer wins over every range', () => {
  const { clock, router } = world()
  const hub = router('10.0.0.1', 65001)
  const [wide, narrow, known] = [router('10.0.1.1', 65011), router('10.0.2.2', 65012), router('10.0.2.3', 65013)]
  const ranges = [range(hub, '10.0.0.0/8', { name: 'all' }), range(hub, '10.0.2.0/24', { name: 'two', holdTime: 33 })]
  listen(hub, ranges, [{ ...hub.peer(known), name: 'known', passive: true }])
  for (const spoke of [wide, narrow, known]) spoke.peerWith([hub])
  clock.advance(MINUTE)
  assert.deepEqual(namesOf(hub).sort(), ['all/10.0.1.1', 'known', 'two/10.0.2.2'])
  assert.equal(hub.view(narrow).session.negotiated?.holdTime, 33)
})

test('an address outside every range is turned away and leaves nothing behind', () => {
  const { clock, router } = world()
  const hub = router('10.0.0.1', 65001)
  const stranger = router('10.9.0.1', 65011)
  listen(hub, [range(hub, '10.0.1.0/24')])
  stranger.peerWith([hub])
  clock.advance(MINUTE)
  assert.deepEqual(namesOf(hub), [])
  assert.match(hub.said[0]!, /unknownPeer: connection from 10\.9\.0\.1, which is not a configured peer$/)
})

test('a range takes no more peers than its limit, and one without a session gives way to a newcomer', () => {
  const { clock, network, router } = world()
  const hub = router('10.0.0.1', 65001)
  const spokes = [router('10.0.1.1', 65011), router('10.0.1.2', 65012), router('10.0.1.3', 65013)]
  const [one, two, three] = spokes as [Router, Router, Router]
  listen(hub, [range(hub, '10.0.1.0/24', { limit: 2, gracefulRestart: { enabled: false, restartTime: 0 } })])
  for (const spoke of [one, two]) spoke.peerWith([hub])
  clock.advance(MINUTE)
  three.peerWith([hub])
  clock.advance(MINUTE)
  assert.deepEqual(namesOf(hub), ['rack/10.0.1.1', 'rack/10.0.1.2'])
  assert.match(hub.said.join('\n'), /rangeFull: connection from 10\.0\.1\.3, range rack is full: it has 2 peers/)
  one.kill(network)
  clock.advance(MINUTE)
  assert.deepEqual(namesOf(hub).sort(), ['rack/10.0.1.2', 'rack/10.0.1.3'])
  assert.equal(three.state(hub), 'Established')
})

test('a peer whose session has gone is forgotten after two minutes, and not before its stale routes have gone', () => {
  const { clock, network, router } = world()
  const hub = router('10.0.0.1', 65001)
  const [plain, restarting] = [router('10.0.1.1', 65011), router('10.0.1.2', 65012)]
  listen(hub, [range(hub, '10.0.1.0/24')])
  plain.peerWith([hub], { gracefulRestart: { enabled: false, restartTime: 0 } })
  restarting.peerWith([hub], { gracefulRestart: { enabled: true, restartTime: 600 } })
  restarting.announce('192.0.2.2/32')
  clock.advance(MINUTE)
  for (const spoke of [plain, restarting]) spoke.kill(network)
  clock.advance(MINUTE)
  assert.deepEqual(namesOf(hub).sort(), ['rack/10.0.1.1', 'rack/10.0.1.2'])
  clock.advance(4 * MINUTE)
  assert.deepEqual(namesOf(hub), ['rack/10.0.1.2'])
  assert.deepEqual(hub.best, ['192.0.2.2/32 via 10.0.1.2 stale'])
  clock.advance(10 * MINUTE)
  assert.deepEqual([namesOf(hub), hub.best], [[], []])
})

test('a peer that BFD never lets up holds no place, one with too many prefixes does', () => {
  const { clock, network, router } = world()
  const hub = router('10.0.0.1', 65001)
  const [one, two] = [router('10.0.1.1', 65011), router('10.0.1.2', 65012)]
  const held = (options: Partial<SpeakerPeer>) => {
    listen(hub, [range(hub, '10.0.1.0/24', { limit: 1, ...options })])
    one.peerWith([hub])
    one.announce('192.0.2.0/25', '192.0.2.128/25')
    clock.advance(MINUTE)
    assert.deepEqual(namesOf(hub), ['rack/10.0.1.1'])
    one.peerWith([])
    two.peerWith([hub])
    clock.advance(MINUTE)
    return [hub.view(one)?.session.heldBack, ...namesOf(hub)]
  }
  const bfd = { strict: true, transmit: 300, receive: 300, multiplier: 3 }
  assert.deepEqual(held({ bfd }), [undefined, 'rack/10.0.1.2'])
  two.peerWith([])
  clock.advance(5 * MINUTE)
  network.reset(two.address)
  const limit = { count: 1, warnAt: 100, action: 'restart' } as const
  const reason = 'more than 1 prefixes of ipv4, until it is reset'
  assert.deepEqual(held({ maxPrefixes: { 4: limit } }), [reason, 'rack/10.0.1.1'])
})

test('a peer of a range that comes back in time is the same peer', () => {
  const { clock, network, router } = world()
  const hub = router('10.0.0.1', 65001)
  const spoke = router('10.0.1.1', 65011)
  listen(hub, [range(hub, '10.0.1.0/24')])
  spoke.peerWith([hub])
  clock.advance(MINUTE)
  network.reset(spoke.address)
  clock.advance(10 * MINUTE)
  assert.equal(hub.speaker.peers()[0]!.session.established, 2)
})

test('a changed range changes its peers; one that has gone, or lost an address to a configured peer, takes them along', () => {
  const { clock, router } = world()
  const hub = router('10.0.0.1', 65001)
  const [one, two] = [router('10.0.1.1', 65011), router('10.0.1.2', 65012)]
  listen(hub, [range(hub, '10.0.1.0/24')])
  for (const spoke of [one, two]) spoke.peerWith([hub])
  clock.advance(MINUTE)
  listen(hub, [range(hub, '10.0.1.0/24', { holdTime: 30 })])
  clock.advance(MINUTE)
  assert.deepEqual(
    [one, two].map(spoke => hub.view(spoke).session.negotiated?.holdTime),
    [30, 30],
  )
  listen(hub, [range(hub, '10.0.1.0/24')], [{ ...hub.peer(one), name: 'one' }])
  clock.advance(MINUTE)
  assert.deepEqual(namesOf(hub).sort(), ['one', 'rack/10.0.1.2'])
  assert.deepEqual([one.state(hub), two.state(hub)], ['Established', 'Established'])
  listen(hub, [])
  assert.deepEqual(namesOf(hub), [])
  clock.advance(1000)
  assert.match(two.said.join('\n'), /received Cease.*Peer De-configured/)
})

test('the listener learns key and distance of ranges and peers, and a dial asks for the distance too', () => {
  const { clock, network, router } = world()
  const hub = router('10.0.0.1', 65001)
  const far = router('10.0.2.2', 65012)
  listen(hub, [range(hub, '10.0.1.0/24', { password: 'rack 7', gtsm: 1 })], [{ ...hub.peer(far), gtsm: 3 }])
  clock.advance(1000)
  assert.deepEqual(network.keys.at(-1), [
    { from: hostPrefix(far.address), minimumTtl: 253 },
    { from: parsePrefix('10.0.1.0/24'), password: 'rack 7', minimumTtl: 255 },
  ])
  assert.deepEqual(network.dials[0], { address: far.address, port: 179, ttl: 255, minimumTtl: 253 })
})

test('while drained nobody new becomes a peer', () => {
  const { clock, router } = world()
  const hub = router('10.0.0.1', 65001)
  const spoke = router('10.0.1.1', 65011)
  listen(hub, [range(hub, '10.0.1.0/24')])
  hub.speaker.drain()
  spoke.peerWith([hub])
  clock.advance(MINUTE)
  assert.deepEqual(namesOf(hub), [])
  hub.speaker.undrain()
  clock.advance(MINUTE)
  assert.deepEqual(namesOf(hub), ['rack/10.0.1.1'])
})

test('a thousand strangers cost a few lines of the log and one number', () => {
  const { clock, network, router } = world()
  const hub = router('10.0.0.1', 65001)
  listen(hub, [range(hub, '10.0.1.0/24')])
  const source = network.host(parseAddress('10.9.9.9'))
  for (let count = 0; count < 1000; count++) source.dial({ address: hub.address, port: 179 })
  clock.advance(5000)
  assert.equal(hub.said.length, 10)
  clock.advance(MINUTE)
  source.dial({ address: hub.address, port: 179 })
  clock.advance(1000)
  assert.match(hub.said[10]!, /; 990 more connections were turned away since the last such line$/)
  assert.deepEqual(namesOf(hub), [])
})
