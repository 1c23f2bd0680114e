/** Limits on what a peer may announce, on live sessions: how they change, and what a former session leaves behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PrefixLimit } from '../../bgp/session/config.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { Router } from './router.ts'

const MINUTE = 60_000
const prefixes = ['198.51.100.0/26', '198.51.100.64/26', '198.51.100.128/26', '198.51.100.192/26']

function setting(limit: PrefixLimit) {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const careful = new Router(network, '10.0.0.1', { as: 65001 })
  const generous = new Router(network, '10.0.0.2', { as: 65002 })
  const allow = (now: PrefixLimit) => {
    careful.peerWith([generous], { maxPrefixes: { 4: now } })
    clock.advance(MINUTE)
  }
  generous.peerWith([careful])
  generous.announce(...prefixes)
  allow(limit)
  return { clock, network, careful, generous, allow }
}

function drop(count: number): PrefixLimit {
  return { count, warnAt: 100, action: 'drop' }
}

function noticed(router: Router): string[] {
  return router.said.filter(line => line.includes('prefixLimit'))
}

test('a limit that is raised lets in what it kept out, on the same session', () => {
  const { careful, generous, allow } = setting(drop(2))
  assert.equal(careful.received(generous).length, 2)
  allow(drop(3))
  assert.equal(careful.received(generous).length, 3)
  allow({ count: 4, warnAt: 100, action: 'restart' })
  assert.equal(careful.received(generous).length, 4)
  assert.equal(careful.view(generous).session.established, 1)
})

test('a limit that is lowered below what the peer has sent counts at once', () => {
  const { careful, generous, allow } = setting({ count: 10, warnAt: 100, action: 'restart' })
  allow({ count: 3, warnAt: 100, action: 'restart' })
  assert.equal(careful.state(generous), 'Idle')
  assert.match(careful.view(generous).session.heldBack!, /^more than 3 prefixes of ipv4/)
})

test('what a former session had too much of is not said of the next one', () => {
  const { clock, network, careful, generous } = setting(drop(2))
  assert.equal(noticed(careful).length, 1)
  generous.announce(prefixes[0]!)
  network.reset(generous.address)
  clock.advance(5 * MINUTE)
  assert.equal(careful.view(generous).session.established, 2)
  assert.deepEqual(careful.received(generous), ['198.51.100.0/26 via 10.0.0.2'])
  assert.equal(noticed(careful).length, 1)
})

test('a peer that returns with as many other prefixes as it may send keeps its session', () => {
  const { clock, network, careful, generous } = setting({ count: 4, warnAt: 100, action: 'restart' })
  network.reset(generous.address)
  generous.announce(...prefixes.map(prefix => prefix.replace('198.51.100', '203.0.113')))
  clock.advance(5 * MINUTE)
  assert.deepEqual(
    careful.received(generous).map(row => row.slice(0, 9)),
    Array.from({ length: 4 }, () => '203.0.113'),
  )
  assert.equal(careful.view(generous).session.established, 2)
})
