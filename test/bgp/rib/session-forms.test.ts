/** What a session negotiated and how that shows in what the peer is sent: next hops (RFC 8950), lengths of messages (RFC 8654). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Policy } from '../../../bgp/rib/policy.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { RibWorld, type TestPeer } from './rib-world.ts'

const P = '20.0.0.0/24'
const SIX = '2001:db8:9::1'
const feeder: TestPeer = { name: 'feeder', asNumber: 65000, address: '10.1.0.1', session: { extendedNextHop: true } }
const route = { origin: 0, asPath: [], nextHop: SIX, localPref: 100 }
const client = (name: string, at: number, more: Partial<TestPeer> = {}): TestPeer => ({
  name,
  asNumber: 65000,
  address: `10.3.0.${at}`,
  client: true,
  ...more,
})

test('an IPv4 route with an IPv6 next hop is wanted in the kernel over that next hop', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  world.announce(from, [P], route)
  world.settle()
  const [change] = world.rib.takeKernelChanges(10)
  assert.deepEqual([String(change!.prefix), change!.nextHops.map(String)], [P, [SIX]])
})

test('it is passed on as it is to those who take it, with our own next hop elsewhere, and where neither can be not at all', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const knowing = world.up(client('knowing', 1, { session: { extendedNextHop: true } }))
  const plain = world.up(client('plain', 2))
  const self = world.up(client('self', 3, { nextHop: 'self' }))
  const external = world.up({ name: 'external', asNumber: 64512, address: '10.2.0.1' })
  world.announce(from, [P], route)
  world.settle()
  assert.equal(knowing.table.get(P)?.nextHop, SIX)
  assert.equal(plain.table.size, 0)
  assert.equal(self.table.get(P)?.nextHop, '192.0.2.1')
  assert.equal(external.table.get(P)?.nextHop, '192.0.2.1')
  const told = world.rib.explain(parsePrefix(P))!.advertised.find(({ peer }) => peer === plain.number)
  assert.equal(told?.reason, 'its next hop is IPv6, which the peer takes for no IPv4 route')
  world.withdraw(from, [P])
  world.settle()
  assert.deepEqual([knowing.table.size, self.table.size, external.table.size], [0, 0, 0])
})

test('a policy that sets the next hop decides whether it can be told', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const exportPolicy = (nextHop: 'self' | 'unchanged'): Policy => ({
    name: 'p',
    terms: [{ name: 't', match: {}, action: 'accept', set: { nextHop } }],
    otherwise: 'reject',
  })
  const inside = world.up(client('inside', 1, { exportPolicy: exportPolicy('self') }))
  const outside = world.up({
    name: 'outside',
    asNumber: 64512,
    address: '10.2.0.1',
    exportPolicy: exportPolicy('unchanged'),
  })
  world.announce(from, [P], route)
  world.settle()
  assert.equal(inside.table.get(P)?.nextHop, '192.0.2.1')
  assert.equal(outside.table.size, 0)
  const told = world.rib.explain(parsePrefix(P))!.advertised.find(({ peer }) => peer === outside.number)
  assert.deepEqual(
    [told?.advertised, told?.reason],
    [false, 'its next hop is IPv6, which the peer takes for no IPv4 route'],
  )
})

test('towards a peer that we reach over IPv6 and that takes such next hops, ours is IPv6', () => {
  const world = new RibWorld()
  const to = world.up({
    name: 'to',
    asNumber: 64512,
    address: '2001:db8::7',
    routerId: 7,
    session: { extendedNextHop: true },
  })
  const four = world.up({ name: 'four', asNumber: 64512, address: '10.2.0.1', session: { extendedNextHop: true } })
  world.rib.originate(parsePrefix(P))
  world.settle()
  assert.equal(to.table.get(P)?.nextHop, '2001:db8::1')
  assert.equal(four.table.get(P)?.nextHop, '192.0.2.1')
})

test('attributes that fit no plain message go to peers that take long ones, and many prefixes fill those', () => {
  const world = new RibWorld()
  const from = world.up({ name: 'from', asNumber: 65101, address: '10.1.0.2' })
  const long = world.up({ name: 'long', asNumber: 64512, address: '10.2.0.2', session: { maxMessageLength: 65535 } })
  const short = world.up({ name: 'short', asNumber: 64512, address: '10.2.0.3' })
  const communities = Array.from({ length: 1200 }, (_, at) => at + 1)
  world.announce(from, [P], { origin: 0, asPath: [65101], nextHop: '10.1.0.2', communities })
  world.settle()
  assert.equal(long.table.get(P)?.communities?.length, 1200)
  assert.equal(short.table.size, 0)
  const before = long.updates
  for (let high = 0; high < 10; high++) {
    const prefixes = Array.from({ length: 250 }, (_, at) => `30.${high}.${at}.0/24`)
    world.announce(from, prefixes, { origin: 0, asPath: [65101], nextHop: '10.1.0.2' })
  }
  world.settle()
  assert.equal(long.updates - before, 1, '2,500 prefixes in one message')
  assert.equal(short.table.size, 2500)
})

test('attributes that fit no message are not told as sent either to a peer that did not read when they came', () => {
  const world = new RibWorld()
  const from = world.up({ name: 'from', asNumber: 65101, address: '10.1.0.2' })
  const to = world.up({ name: 'to', asNumber: 64512, address: '10.2.0.3' })
  const route = { origin: 0, asPath: [65101], nextHop: '10.1.0.2' }
  to.takesMore = false
  world.announce(from, [P, '20.0.1.0/24'], route)
  world.settle()
  world.announce(from, [P], { ...route, communities: Array.from({ length: 1200 }, (_, at) => at + 1) })
  world.settle()
  to.takesMore = true
  world.rib.resume(to.number)
  world.settle()
  assert.deepEqual([...to.table.keys()], ['20.0.1.0/24'])
  assert.equal(world.rib.counts(to.number, 4).advertised, 1)
  const told = world.rib.explain(parsePrefix(P))!.advertised.find(({ peer }) => peer === to.number)
  assert.deepEqual([told?.advertised, told?.reason], [false, 'not sent yet, or too large for a message'])
})
