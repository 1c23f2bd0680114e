import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeAttributes } from '../../bgp/wire/attribute-list.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { Router } from './router.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const GRACEFUL_SHUTDOWN = 0xffff0000

/** `leaver` reflects for nobody and has one peer outside and one inside its AS; `source` is where it learns a route. */
function setting() {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const router = (address: string, as: number) => new Router(network, address, { as })
  const leaver = router('10.0.0.1', 65001)
  const outside = router('10.0.0.2', 65002)
  const inside = router('10.0.0.3', 65001)
  const source = router('10.0.0.4', 65004)
  leaver.peerWith([outside, inside, source])
  for (const other of [outside, inside, source]) other.peerWith([leaver])
  leaver.announce('192.0.2.0/24', '2001:db8:a::/48')
  source.announce('198.51.100.0/24')
  clock.advance(MINUTE)
  return { clock, leaver, outside, inside, source }
}

/** What a router received for a prefix, and what it made of it. */
function heard(router: Router, prefix: string) {
  const path = router.speaker.explain(parsePrefix(prefix))?.paths[0]
  if (path === undefined) return undefined
  const { communities = [], localPref } = decodeAttributes(path.attributes, 0, path.attributes.length)
  return { going: communities.includes(GRACEFUL_SHUTDOWN), localPref, set: path.importVerdict?.set }
}

test('a drain first says that all routes are about to go, so that everyone prefers other ways, and withdraws after a while', () => {
  const { clock, leaver, outside, inside } = setting()
  leaver.speaker.drain({ wait: 5 * SECOND, text: 'maintenance until 18:00' })
  clock.advance(4 * SECOND)
  assert.equal(leaver.speaker.draining, 'leaving')
  for (const prefix of ['192.0.2.0/24', '2001:db8:a::/48', '198.51.100.0/24']) {
    assert.deepEqual(
      heard(outside, prefix),
      { going: true, localPref: 0, set: ['LOCAL_PREF 0 (GRACEFUL_SHUTDOWN, RFC 8326)'] },
      `${prefix}: a neighbour of another AS makes it the least preferred`,
    )
    assert.deepEqual(heard(inside, prefix), { going: true, localPref: 0, set: undefined }, `${prefix}: iBGP is told so`)
  }
  clock.advance(2 * SECOND)
  assert.equal(leaver.speaker.draining, 'drained')
  assert.equal(heard(outside, '192.0.2.0/24'), undefined)
  assert.match(outside.said.join('\n'), /Administrative Shutdown.*maintenance until 18:00/)
  assert.match(inside.said.join('\n'), /Administrative Shutdown.*maintenance until 18:00/)
})

test('undrain goes back from every stage', () => {
  const { clock, leaver, outside, inside } = setting()
  const before = [outside, inside].map(one => [heard(one, '192.0.2.0/24'), one.received(leaver)])
  for (const after of [0, 3, 5, 60]) {
    leaver.speaker.drain({ wait: 5 * SECOND })
    clock.advance(after * SECOND)
    leaver.speaker.undrain()
    clock.advance(5 * MINUTE)
    assert.equal(leaver.speaker.draining, 'no')
    const now = [outside, inside].map(one => [heard(one, '192.0.2.0/24'), one.received(leaver)])
    assert.deepEqual(now, before, `undrained after ${after} s`)
  }
})

test('undrain while routes are only marked sends them anew and leaves the sessions up', () => {
  const { clock, leaver, outside } = setting()
  leaver.speaker.drain({ wait: 5 * SECOND })
  clock.advance(2 * SECOND)
  leaver.speaker.undrain()
  clock.advance(MINUTE)
  assert.equal(outside.view(leaver).session.established, 1)
  assert.deepEqual(heard(outside, '198.51.100.0/24'), { going: false, localPref: undefined, set: undefined })
})

test('what is learned and originated during a drain is announced as about to go, too', () => {
  const { clock, leaver, outside, source } = setting()
  leaver.speaker.drain({ wait: 10 * SECOND })
  clock.advance(2 * SECOND)
  leaver.announce('192.0.2.0/24', '203.0.113.0/24')
  source.announce('198.51.100.0/24', '198.51.101.0/24')
  clock.advance(2 * SECOND)
  assert.equal(heard(outside, '203.0.113.0/24')?.going, true)
  assert.equal(heard(outside, '198.51.101.0/24')?.going, true)
  assert.equal(heard(outside, '2001:db8:a::/48'), undefined, 'what is withdrawn goes at once')
})

test('a peer without a session is told nothing, and the log says no other', () => {
  const clock = new MemoryClock()
  const network = new MemoryNetwork(clock)
  const leaver = new Router(network, '10.0.0.1', { as: 65001 })
  leaver.peerWith([new Router(network, '10.0.0.9', { as: 65009 })])
  clock.advance(SECOND)
  leaver.speaker.drain()
  clock.advance(MINUTE)
  assert.match(leaver.said.at(-1)!, /→Idle: stopped$/)
  assert.match(leaver.speaker.reset('10.0.0.9')!, /^no session is wanted: the node is drained/)
})

test('where no session is up a drain waits for nobody', () => {
  const clock = new MemoryClock()
  const lonely = new Router(new MemoryNetwork(clock), '10.0.0.1', { as: 65001 })
  lonely.announce('192.0.2.0/24')
  lonely.speaker.drain({ wait: MINUTE })
  clock.advance(SECOND)
  assert.equal(lonely.speaker.draining, 'drained')
})
