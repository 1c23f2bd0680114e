import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { type PeerView, RibWorld } from './rib-world.ts'

const block = '20.0.0.0/24'

function worldOf(maxPaths: number): { world: RibWorld; peers: PeerView[] } {
  const world = new RibWorld({ maxPaths })
  const peers = [3, 1, 2].map(at => world.up({ name: `e${at}`, asNumber: 65100 + at, address: `10.1.0.${at}` }))
  return { world, peers }
}

const announce = (world: RibWorld, peer: PeerView, asPath: number[] = [peer.config.asNumber, 9]) =>
  world.announce(peer, [block], { origin: 0, asPath, nextHop: peer.config.address })

/** The changes since last asked, as text. */
function changes(world: RibWorld): string[] {
  world.settle()
  return world.rib.takeKernelChanges(100).map(({ prefix, nextHops }) => `${prefix} via ${nextHops.join(' ')}`)
}

test('the wanted kernel route follows the best path, and nothing is said twice', () => {
  const { world, peers } = worldOf(1)
  const [e3, e1] = peers
  announce(world, e3!)
  assert.deepEqual(changes(world), [`${block} via 10.1.0.3`])
  announce(world, e1!)
  assert.deepEqual(changes(world), [`${block} via 10.1.0.1`])
  announce(world, e3!, [65103, 1, 2, 3])
  assert.deepEqual(changes(world), [], 'a change of a path that is not the best')
  world.withdraw(e1!, [block])
  announce(world, e1!)
  assert.deepEqual(changes(world), [], 'what came back before anybody looked')
  world.withdraw(e1!, [block])
  world.withdraw(e3!, [block])
  assert.deepEqual(changes(world), [`${block} via `])
})

test('with multipath all next hops that are equal up to the router id are wanted, in ascending order and no more than allowed', () => {
  const { world, peers } = worldOf(2)
  const [e3, e1, e2] = peers
  announce(world, e3!)
  announce(world, e2!)
  assert.deepEqual(changes(world), [`${block} via 10.1.0.2 10.1.0.3`])
  announce(world, e1!)
  assert.deepEqual(changes(world), [`${block} via 10.1.0.1 10.1.0.2`], 'the best one is among them')
  assert.equal(world.reasons(block)['e2'], 'multipath: higher router id')
  assert.equal(world.reasons(block)['e3'], 'not best: higher router id')
  announce(world, e1!, [65101, 9, 9])
  assert.deepEqual(changes(world), [`${block} via 10.1.0.2 10.1.0.3`])
  world.rib.setNextHops([{ address: parsePrefix('10.1.0.3').address, reason: 'no route to it' }])
  assert.deepEqual(changes(world), [`${block} via 10.1.0.2`])
})

test('a prefix of our own is never wanted in the kernel, whoever else announces it', () => {
  const { world, peers } = worldOf(16)
  announce(world, peers[0]!)
  assert.deepEqual(changes(world), [`${block} via 10.1.0.3`])
  world.rib.originate(parsePrefix(block))
  assert.deepEqual(changes(world), [`${block} via `])
  world.rib.withdrawLocal(parsePrefix(block))
  assert.deepEqual(changes(world), [`${block} via 10.1.0.3`])
})

test('changes are handed out in slices over both families until none is left', () => {
  const { world, peers } = worldOf(1)
  const [from] = peers
  const six = ['2001:db8:1::/64', '2001:db8:2::/64']
  world.announce(from!, six, { origin: 0, asPath: [65103], nextHop: '2001:db8::3' })
  world.announce(from!, [block, '20.0.1.0/24'], { origin: 0, asPath: [65103], nextHop: '10.1.0.3' })
  world.settle()
  const taken: string[] = []
  for (let slice = world.rib.takeKernelChanges(3); slice.length > 0; slice = world.rib.takeKernelChanges(3)) {
    assert.ok(slice.length <= 3)
    taken.push(...slice.map(change => String(change.prefix)))
  }
  assert.deepEqual(taken.sort(), [block, '20.0.1.0/24', ...six])
})

test('what was withdrawn is handed out by its own name although its id is free for another prefix', () => {
  const { world, peers } = worldOf(1)
  const [from] = peers
  announce(world, from!)
  changes(world)
  world.withdraw(from!, [block])
  world.settle()
  world.announce(from!, ['20.9.0.0/24'], { origin: 0, asPath: [65103], nextHop: '10.1.0.3' })
  assert.deepEqual(changes(world).sort(), [`${block} via `, '20.9.0.0/24 via 10.1.0.3'])
})
