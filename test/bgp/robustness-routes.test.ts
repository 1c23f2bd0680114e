/** What a bad peer's routes cost the others: floods of attribute sets and withdrawals, End-of-RIBs that never come, bursts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Policy, SpeakerPeer } from '../../bgp/index.ts'
import type { Capability } from '../../bgp/wire/capability.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { PlayedPeer } from './played-peer.ts'
import { readUpdates, updateBody } from './rib/messages.ts'
import { Router, type RouterOptions } from './router.ts'
import { joined, message } from './wire/hex.ts'
import { random } from './wire/mutation.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const MIB = 1 << 20
const FRIENDS_OWN = '203.0.113.0/24'

/** Octets of the heap and of typed arrays that are still reachable. */
function memory(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A peer with 4-octet AS numbers and these capabilities beside. */
function played(network: MemoryNetwork, address: string, as: number, ...more: Capability[]): PlayedPeer {
  const capabilities: Capability[] = [{ type: 'fourOctetAs', asNumber: as }, ...more]
  const peer: PlayedPeer = new PlayedPeer(network, address, as, () => [peer.open(capabilities), { type: 'keepalive' }])
  return peer
}

/** A hub between a friend, that is a speaker like it, and a foe that is played. */
class Scene {
  readonly clock = new MemoryClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly hub: Router
  readonly friend = new Router(this.network, '10.0.0.2', { as: 65002 })
  readonly foe: PlayedPeer

  constructor(options: Partial<RouterOptions> = {}, capabilities: Capability[] = []) {
    this.hub = new Router(this.network, '10.0.0.1', { as: 65000, ...options })
    this.foe = played(this.network, '10.0.0.9', 65009, ...capabilities)
    this.peer({})
    this.friend.peerWith([this.hub])
    this.friend.announce(FRIENDS_OWN)
    this.clock.advance(2 * SECOND)
  }

  /** @param foe null: the hub does not know it any more */
  peer(towardsFriend: Partial<SpeakerPeer>, foe: PlayedPeer | null = this.foe): void {
    const { hub, friend } = this
    const peers = [{ ...hub.peer(friend), ...towardsFriend }, ...(foe === null ? [] : [hub.peer(foe)])]
    hub.speaker.configure({ listen: { addresses: hub.addresses, port: 179 }, peers })
  }
}

const octetsOf = (at: number) => [10 + (at >> 24), (at >> 16) & 255, (at >> 8) & 255, at & 255]
const host = (at: number) => `${octetsOf(at).join('.')}/32`

/** UPDATEs of one prefix and one attribute set each: AS_PATH 65009, next hop 10.0.0.9, MED and a community of its number. */
function uniqueSets(from: number, count: number): Uint8Array {
  const attributes = { origin: 0, asPath: [65009], nextHop: '10.0.0.9', med: 0, communities: [0] }
  const one = message('update', updateBody([host(0)], attributes, []))
  const length = one.length
  const octets = new Uint8Array(length * count)
  const view = new DataView(octets.buffer)
  // of this form: the attributes with lengths of one octet, the NLRI last
  const [medAt, communityAt] = [length - 5 - 7 - 4, length - 5 - 4]
  for (let at = 0; at < count; at++) {
    octets.set(one, at * length)
    view.setUint32(at * length + medAt, from + at)
    view.setUint32(at * length + communityAt, from + at)
    octets.set(octetsOf(from + at), at * length + length - 4)
  }
  return octets
}

function withdrawals(from: number, count: number): Uint8Array {
  const prefixes = Array.from({ length: count }, (_, at) => host(from + at))
  return message('update', updateBody([], undefined, prefixes))
}

/** Tells a peer what is in a /24, and nothing else. */
const onlyOwn: Policy = {
  name: 'own',
  terms: [
    {
      name: 'own',
      match: { prefixes: [{ prefix: parsePrefix('198.51.100.0/24'), min: 24, max: 32 }] },
      action: 'accept',
    },
  ],
  otherwise: 'reject',
}

test('500,000 unique attribute sets hold up nobody, and what they took is given back', () => {
  const SETS = 500_000
  const STEP = 5000
  // what the tables keep ready for prefixes that come back: docs/bgp.md, "What a route costs"
  const PLACES = 56 * 2 ** 20
  const scene = new Scene()
  const { clock, hub, friend, foe } = scene
  scene.peer({ exportPolicy: onlyOwn })
  const before = memory()
  for (let at = 0; at < SETS; at += STEP) {
    foe.send(uniqueSets(at, STEP))
    const own = `198.51.100.${at / STEP}/32`
    hub.announce(own)
    clock.advance(1)
    assert.deepEqual(friend.received(hub), [`${own} via 10.0.0.1`])
  }
  assert.equal(hub.view(foe).families[0]?.received, SETS)
  const full = memory() - before
  assert.ok(full > 60 * MIB, `${full} octets`)
  for (let at = 0; at < SETS; at += 800) foe.send(withdrawals(at, 800))
  clock.advance(SECOND)
  assert.deepEqual(hub.received(foe), [])
  const left = memory() - before
  assert.ok(left < PLACES + 4 * MIB, `of ${full} octets ${left} were left`)
  hub.announce()
  friend.announce()
  scene.peer({}, null)
  clock.advance(MINUTE)
  const last = memory() - before
  assert.ok(last < 12 * MIB, `in the end ${last} were left`)
  assert.equal(hub.view(friend).session.established, 1)
})

test('what was read is let go of, also before the next octets come, and where a message was cut', () => {
  const one = withdrawals(0, 800)
  const { foe, clock } = new Scene()
  const send = (length: number) => {
    const octets = new Uint8Array(length)
    for (let at = 0; at < length; at += one.length) octets.set(one.subarray(0, length - at), at)
    foe.send(octets)
    clock.advance(1)
  }
  send(one.length)
  const before = memory()
  for (const rest of [0, 10, 1000]) {
    send(1000 * one.length + rest)
    const left = memory() - before
    assert.ok(left < MIB, `${left} octets are kept of a message of which ${rest} have come`)
    if (rest > 0) foe.send(one.subarray(rest))
  }
  clock.advance(1)
  assert.deepEqual(foe.notifications, [])
})

test('withdrawals of prefixes that nobody announced are told to nobody and remembered nowhere, however many there are', () => {
  const { clock, network, hub, friend, foe } = new Scene()
  const before = memory()
  foe.send(message('update', updateBody([], undefined, Array<string>(4000).fill('0.0.0.0/0'))))
  clock.advance(10)
  const toFriend = hub.view(friend).updatesSent
  const { octets } = network
  let sent = 0
  for (let round = 0; round < 500; round++) {
    const flood = withdrawals(800 * round, 800)
    sent += flood.length
    foe.send(flood)
  }
  clock.advance(SECOND)
  assert.deepEqual(foe.notifications, [])
  assert.equal(network.octets - octets, sent, 'there is no answer to any of it')
  assert.equal(hub.view(friend).updatesSent, toFriend)
  assert.deepEqual(hub.best, [`${FRIENDS_OWN} via 10.0.0.2`])
  const growth = memory() - before
  assert.ok(growth < MIB, `400,000 unknown prefixes left ${growth} octets`)
  assert.equal(hub.state(foe), 'Established')
  friend.announce(FRIENDS_OWN, '203.0.113.128/25')
  clock.advance(10)
  assert.equal(hub.received(friend).length, 2)
})

const restart: Capability = {
  type: 'gracefulRestart',
  restarting: false,
  notification: false,
  restartTime: 120,
  families: [{ afi: 1, safi: 1, forwarding: true }],
}

test('a peer that never says End-of-RIB holds up our restart no longer than the deferral time, and no route at all', () => {
  const { clock, hub, friend } = new Scene({ restart: { forwarding: [4], deferralTime: 30 * SECOND } }, [restart])
  hub.announce('198.51.100.0/24')
  clock.advance(10)
  assert.deepEqual(friend.received(hub), ['198.51.100.0/24 via 10.0.0.1'])
  // of IPv6 the peer has nothing to say
  assert.deepEqual([hub.restarts, friend.endsOfRib], [0, ['10.0.0.1 ipv6']])
  clock.advance(26 * SECOND)
  assert.deepEqual([hub.restarts, friend.endsOfRib], [0, ['10.0.0.1 ipv6']])
  clock.advance(3 * SECOND)
  assert.deepEqual([hub.restarts, friend.endsOfRib], [1, ['10.0.0.1 ipv6', '10.0.0.1 ipv4']])
})

test('what a peer does not tell again after its restart goes after six minutes, End-of-RIB or not', () => {
  const { clock, hub, friend, foe } = new Scene({}, [restart])
  const attributes = { origin: 0, asPath: [65009], nextHop: '10.0.0.9' }
  const announce = (...prefixes: string[]) => foe.send(message('update', updateBody(prefixes, attributes, [])))
  announce('192.0.2.1/32', '192.0.2.2/32')
  clock.advance(MINUTE)
  foe.connections.at(-1)!.close()
  clock.advance(MINUTE)
  assert.equal(hub.view(foe).session.established, 2)
  announce('192.0.2.1/32')
  clock.advance(SECOND)
  assert.deepEqual(hub.received(foe), ['192.0.2.1/32 via 10.0.0.9', '192.0.2.2/32 via 10.0.0.9 stale'])
  assert.equal(friend.received(hub).length, 2)
  clock.advance(6 * MINUTE)
  assert.deepEqual(friend.received(hub), ['192.0.2.1/32 via 10.0.0.1'])
})

test('peers that read now and then, in one export group, all have the last state of everything in the end', () => {
  const LISTENERS = 6
  const PREFIXES = 400
  for (let seed = 1; seed <= 10; seed++) {
    const next = random(seed)
    const clock = new MemoryClock(seed)
    const network = new MemoryNetwork(clock)
    const hub = new Router(network, '10.0.0.1', { as: 65000 })
    const numbers = Array.from({ length: LISTENERS }, (_, at) => at)
    const listeners = numbers.map(at => new Router(network, `10.0.1.${1 + at}`, { as: 65100 + at }))
    hub.peerWith(listeners, { sendHoldTime: 0 })
    for (const listener of listeners) listener.peerWith([hub])
    clock.advance(MINUTE)
    const some = () => Array.from({ length: next(PREFIXES) }, () => `10.9.${next(4)}.${next(250)}/32`)
    let present: readonly string[] = []
    for (let step = 0; step < 60; step++) {
      const { address } = listeners[next(LISTENERS)]!
      if (next(3) === 0) network.block(hub.address, address)
      else if (next(2) === 0) network.unblock(hub.address, address)
      else network.trickle(hub.address, address)
      present = [...new Set(some())].sort()
      hub.announce(...present)
      clock.advance(next(SECOND))
    }
    for (const { address } of listeners) network.unblock(hub.address, address)
    clock.advance(SECOND)
    for (const listener of listeners) {
      assert.deepEqual(
        listener.best,
        present.map(prefix => `${prefix} via 10.0.0.1`),
        `seed ${seed}`,
      )
      assert.equal(hub.view(listener).session.established, 1, `seed ${seed}`)
    }
  }
})

/** What a played listener holds in the end: prefix → AS_PATH. */
function pathsTold(peer: PlayedPeer): Map<string, string> {
  const table = new Map<string, string>()
  for (const body of peer.updates)
    for (const { withdrawn, announced, attributes } of readUpdates(message('update', body))) {
      for (const prefix of withdrawn) table.delete(prefix)
      for (const prefix of announced) table.set(prefix, attributes!.asPath.join(' '))
    }
  return table
}

for (const reads of ['reads', 'reads late'] as const)
  test(`of ten peers that burst the same prefixes the best paths are told, without waiting for another message, to one that ${reads}`, () => {
    const PEERS = 10
    const PREFIXES = 5000
    const clock = new MemoryClock()
    const network = new MemoryNetwork(clock)
    const hub = new Router(network, '10.0.0.1', { as: 65000 })
    const numbers = Array.from({ length: PEERS }, (_, at) => at)
    const feeders = numbers.map(at => played(network, `10.0.2.${1 + at}`, 65101 + at))
    const listener = played(network, '10.0.3.1', 64512)
    hub.peerWith([...feeders, listener])
    clock.advance(MINUTE)
    if (reads === 'reads late') network.block(hub.address, listener.address)
    const group = (at: number) => Math.floor(at / 10)
    for (const [number, feeder] of feeders.entries()) {
      const messages: Uint8Array[] = []
      for (let at = 0; at < PREFIXES; at += 10) {
        const prefixes = Array.from({ length: 10 }, (_, one) => host(at + one))
        const hops = 1 + ((number + group(at)) % PEERS)
        const asPath = [feeder.as, ...Array<number>(hops).fill(65201)]
        messages.push(
          message('update', updateBody(prefixes, { origin: 0, asPath, nextHop: `10.0.2.${1 + number}` }, [])),
        )
      }
      // half a message stands behind the burst: nothing of it may keep the rest waiting
      feeder.send(joined(...messages, messages[0]!.subarray(0, 30)))
      if (number % 3 === 0) clock.advance(1)
    }
    clock.advance(SECOND)
    network.unblock(hub.address, listener.address)
    clock.advance(SECOND)
    const told = pathsTold(listener)
    assert.equal(told.size, PREFIXES)
    for (let at = 0; at < PREFIXES; at++) {
      const best = 65101 + ((PEERS - (group(at) % PEERS)) % PEERS)
      assert.equal(told.get(host(at)), `65000 ${best} 65201`)
    }
  })
