/** How sessions are set up: who dials, from which address to which, with which TCP options, and what a peer that stops reading costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { hostPrefix } from '../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { Router, type RouterOptions } from './router.ts'

const MINUTE = 60_000

function world() {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const router = (address: string, options: RouterOptions) => new Router(network, address, options)
  return { clock, network, router }
}

test('a passive peering never dials; the peer’s connection makes the session', () => {
  const { clock, network, router } = world()
  const a = router('10.0.0.1', { as: 65001 })
  const b = router('10.0.0.2', { as: 65002 })
  a.peerWith([b], { passive: true })
  clock.advance(10 * MINUTE)
  assert.deepEqual(network.dials, [])
  assert.equal(a.state(b), 'Active')
  b.peerWith([a])
  clock.advance(MINUTE)
  assert.equal(a.state(b), 'Established')
  assert.deepEqual(
    network.dials.map(({ address }) => address),
    [a.address],
  )
})

test('two passive peerings wait for each other for ever', () => {
  const { clock, network, router } = world()
  const a = router('10.0.0.1', { as: 65001 })
  const b = router('10.0.0.2', { as: 65002 })
  a.peerWith([b], { passive: true })
  b.peerWith([a], { passive: true })
  clock.advance(60 * MINUTE)
  assert.deepEqual([network.dials, a.state(b), b.state(a)], [[], 'Active', 'Active'])
})

test('port, local address, TTL and TCP MD5 key of a peering are those of its dial, and its listener learns the key', () => {
  const { clock, network, router } = world()
  const a = router('10.0.0.1', { as: 65001, alsoAt: ['10.0.0.11'] })
  const b = router('10.0.0.2', { as: 65002 })
  const localAddress = parseAddress('10.0.0.11')
  a.peerWith([b], { port: 1790, localAddress, ttl: 3, password: 'rack 7' })
  clock.advance(1000)
  assert.deepEqual(network.dials[0], { address: b.address, port: 1790, localAddress, ttl: 3, password: 'rack 7' })
  assert.deepEqual(network.keys.at(-1), [{ from: hostPrefix(b.address), password: 'rack 7' }])
  a.peerWith([b])
  clock.advance(MINUTE)
  assert.deepEqual(network.dials.at(-1), { address: b.address, port: 179 })
  assert.deepEqual(network.keys.at(-1), [{ from: hostPrefix(b.address) }])
})

test('a speaker listens on several addresses, and next hop self is the address of each session', () => {
  const { clock, router } = world()
  const a = router('10.0.0.1', { as: 65001, alsoAt: ['10.7.0.1'] })
  const b = router('10.0.0.2', { as: 65002 })
  const c = router('10.7.0.3', { as: 65003 })
  a.peerWith([b, c], { passive: true })
  b.peerWith([a])
  c.peerWith([{ address: parseAddress('10.7.0.1'), as: 65001 }])
  a.announce('192.0.2.0/24')
  clock.advance(MINUTE)
  assert.deepEqual(b.best, ['192.0.2.0/24 via 10.0.0.1'])
  assert.deepEqual(c.best, ['192.0.2.0/24 via 10.7.0.1'])
  assert.deepEqual(
    [b, c].map(peer => String(a.view(peer).localAddress)),
    ['10.0.0.1', '10.7.0.1'],
  )
})

test('where the port is taken nothing changes but the listening, and leave is taken and given as ever after', () => {
  const { clock, network, router } = world()
  const a = router('10.0.0.1', { as: 65001 })
  const b = router('10.0.0.2', { as: 65002 })
  a.peerWith([b])
  b.peerWith([a], { passive: true })
  clock.advance(MINUTE)
  const other = network.host(a.address).listen({ addresses: [a.address], port: 1790 }, () => {})
  const configure = (port: number) =>
    a.speaker.configure({ listen: { addresses: [a.address], port }, peers: [a.peer(b)] })
  assert.throws(() => configure(1790), { code: 'EADDRINUSE' })
  clock.advance(MINUTE)
  assert.deepEqual([a.state(b), a.view(b).session.established], ['Established', 1])
  a.speaker.configure({ listen: undefined, peers: [a.peer(b)] })
  clock.advance(10 * MINUTE)
  assert.equal(a.state(b), 'Idle', 'who may not listen does not dial either')
  other.close()
  configure(1790)
  clock.advance(MINUTE)
  assert.equal(a.state(b), 'Established')
})

test('a peering with a local address takes no connection to another one', () => {
  const { clock, router } = world()
  const a = router('10.0.0.1', { as: 65001, alsoAt: ['10.0.0.11'] })
  const b = router('10.0.0.2', { as: 65002 })
  a.peerWith([b], { passive: true, localAddress: parseAddress('10.0.0.11') })
  b.peerWith([a])
  clock.advance(MINUTE)
  assert.notEqual(a.state(b), 'Established')
  assert.match(a.said.join('\n'), /unknownPeer: connection from 10\.0\.0\.2/)
  b.peerWith([{ address: parseAddress('10.0.0.11'), as: 65001 }])
  clock.advance(MINUTE)
  assert.equal(a.state(b), 'Established')
})

test('a peer that has stopped reading is told so after the send hold time, and not one that reads slowly', () => {
  const { clock, network, router } = world()
  const a = router('10.0.0.1', { as: 65001 })
  const stuck = router('10.0.0.2', { as: 65002 })
  const slow = router('10.0.0.3', { as: 65003 })
  a.peerWith([stuck, slow], { holdTime: 0, sendHoldTime: 300 })
  for (const other of [stuck, slow]) other.peerWith([a], { holdTime: 0 })
  clock.advance(MINUTE)
  for (const other of [stuck, slow]) network.block(a.address, other.address)
  for (let round = 0; round < 20; round++) {
    a.announce(`192.0.2.${round}/32`)
    clock.advance(MINUTE / 2)
    network.trickle(a.address, slow.address)
  }
  assert.match(a.said.join('\n'), /^10\.0\.0\.2 Established→Idle: send hold timer expired$/m)
  assert.equal(a.view(slow).session.established, 1)
  assert.equal(a.state(slow), 'Established')
  network.unblock(a.address, slow.address)
  clock.advance(1000)
  assert.deepEqual(slow.best, ['192.0.2.19/32 via 10.0.0.1'])
})
