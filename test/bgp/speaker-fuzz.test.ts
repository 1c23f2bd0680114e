/** A peer that sends broken messages for hours, by a seed that is printed on failure, is nobody else's trouble. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { MemoryClock, MemoryNetwork } from './memory-world.ts'
import { PlayedPeer } from './played-peer.ts'
import { Router } from './router.ts'
import { capturedPlain, mutated, random } from './wire/mutation.ts'

const MINUTE = 60_000
const SEEDS = 30
const MESSAGES = 60

/** One in eight keeps a length that is wrong. */
function message(next: (below: number) => number): Uint8Array {
  const bytes = mutated(capturedPlain[next(capturedPlain.length)]!, next)
  if (next(8) > 0) new DataView(bytes.buffer).setUint16(16, bytes.length)
  return bytes
}

test('whatever a peer sends, other sessions and routes stay as they are, and nothing of it stays when it has gone', () => {
  let opens = 0
  let learned = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const next = random(seed)
    const clock = new MemoryClock(seed)
    const network = new MemoryNetwork(clock)
    const hub = new Router(network, '10.0.0.1', { as: 65000, identity: { kernel: true, maxPaths: 4 } })
    const friend = new Router(network, '10.0.0.2', { as: 65002 })
    const foe: PlayedPeer = new PlayedPeer(network, '10.0.0.9', 70000, ({ capabilities }) => [
      foe.open(capabilities.map(one => (one.type === 'fourOctetAs' ? { ...one, asNumber: 70000 } : one))),
      { type: 'keepalive' },
    ])
    hub.peerWith([friend, foe])
    friend.peerWith([hub])
    friend.announce('192.0.2.0/24', '2001:db8:b::/48')
    clock.advance(MINUTE)
    for (let sent = 0; sent < MESSAGES; sent++) {
      foe.send(message(next))
      clock.advance(next(4) === 0 ? MINUTE : 10)
      if (hub.received(foe).length > 0) learned++
      hub.speaker.explain(parsePrefix('10.0.0.0/8'))
      hub.speaker.takeKernelChanges(1000)
    }
    opens += foe.opens.length
    const told = `seed ${seed}\n${hub.said.join('\n')}`
    assert.equal(hub.view(friend).session.established, 1, told)
    assert.equal(
      hub.said.some(line => line.includes('Bug')),
      false,
      told,
    )
    hub.peerWith([friend])
    clock.advance(MINUTE)
    assert.deepEqual(hub.best, ['192.0.2.0/24 via 10.0.0.2', '2001:db8:b::/48 via fd00::2'], told)
    assert.deepEqual(friend.received(hub), [], told)
  }
  assert.ok(opens > 3 * SEEDS, `it came back after each fault: ${opens} OPENs`)
  assert.ok(learned > SEEDS, `some of what it sent was good: ${learned} times there was a route of it`)
})
