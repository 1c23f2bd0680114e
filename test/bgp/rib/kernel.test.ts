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

/** What came into use (`+`) and went out of it (`-`) since last asked. */
function nextHopChanges(world: RibWorld, limit = 100): string[] {
  return world.rib.takeNextHopChanges(limit).map(({ address, used }) => `${used ? '+' : '-'}${address}`)
}

test('a learned next hop is told when the first path uses it and when the last one goes, and not in between', () => {
  const { world, peers } = worldOf(1)
  const [e3, e1] = peers
  const via = (peer: PeerView, ...path: number[]) => ({
    origin: 0,
    asPath: [peer.config.asNumber, ...path],
    nextHop: '10.1.0.9',
  })
  world.rib.originate(parsePrefix('10.244.0.0/24'))
  world.announce(e3!, [block], via(e3!))
  world.announce(e1!, [block, '20.0.1.0/24'], via(e1!))
  assert.deepEqual(nextHopChanges(world), ['+10.1.0.9'])
  world.withdraw(e3!, [block])
  world.withdraw(e1!, [block])
  assert.deepEqual(changes(world), ['20.0.1.0/24 via 10.1.0.9'])
  assert.deepEqual(nextHopChanges(world), [])
  world.withdraw(e1!, ['20.0.1.0/24'])
  world.settle()
  changes(world)
  assert.deepEqual(nextHopChanges(world), ['-10.1.0.9'])
  assert.equal(world.rib.sizes().nextHops, 0)
})

test('a next hop that goes and comes back, or comes and goes, before anybody looked is not told', () => {
  const { world, peers } = worldOf(1)
  const [e3, e1] = peers
  announce(world, e3!)
  world.announce(e1!, [block], { origin: 0, asPath: [65101, 9, 9], nextHop: '10.1.0.8' })
  world.withdraw(e1!, [block])
  assert.deepEqual(nextHopChanges(world), ['+10.1.0.3'])
  world.withdraw(e3!, [block])
  changes(world)
  announce(world, e3!)
  assert.deepEqual(nextHopChanges(world), [])
})

test('next hops of both families are told in slices until none is left', () => {
  const { world, peers } = worldOf(1)
  for (let at = 1; at <= 4; at++) {
    world.announce(peers[0]!, [`20.0.${at}.0/24`], { origin: 0, asPath: [65103], nextHop: `10.2.0.${at}` })
    world.announce(peers[0]!, [`2001:db8:${at}::/64`], { origin: 0, asPath: [65103], nextHop: `2001:db8::${at}` })
  }
  const told = [1, 2, 3, 4].map(() => nextHopChanges(world, 3))
  assert.deepEqual(
    told.map(({ length }) => length),
    [3, 3, 2, 0],
  )
  assert.equal(new Set(told.flat()).size, 8)
})

test('verdicts on many next hops at once move every route that has another way', () => {
  const { world, peers } = worldOf(1)
  const nextHops = [1, 2, 3, 4].map(at => `10.2.0.${at}`)
  for (const [at, nextHop] of nextHops.entries()) {
    world.announce(peers[1]!, [`20.0.${at}.0/24`], { origin: 0, asPath: [65101], nextHop })
    world.announce(peers[0]!, [`20.0.${at}.0/24`], { origin: 0, asPath: [65103, 9], nextHop: '10.1.0.3' })
  }
  changes(world)
  const verdicts = (reason: string | undefined) =>
    nextHops.map(text => ({ address: parsePrefix(text).address, reason }))
  world.rib.setNextHops(verdicts('no route to it'))
  assert.deepEqual(
    changes(world).sort(),
    nextHops.map((_, at) => `20.0.${at}.0/24 via 10.1.0.3`),
  )
  world.rib.setNextHops(verdicts(undefined))
  assert.deepEqual(
    changes(world).sort(),
    nextHops.map((nextHop, at) => `20.0.${at}.0/24 via ${nextHop}`),
  )
})

test('the peers of each next hop are known, of all routes and not of some', () => {
  const { world, peers } = worldOf(1)
  const [e3, e1, e2] = peers
  const via = (peer: PeerView, ...path: number[]) => ({
    origin: 0,
    asPath: [peer.config.asNumber, ...path],
    nextHop: '10.1.0.9',
  })
  for (let at = 0; at < 50; at++) world.announce(e3!, [`20.0.${at}.0/24`], via(e3!, at + 1))
  world.announce(e1!, ['20.9.0.0/24'], via(e1!))
  announce(world, e2!)
  world.rib.originate(parsePrefix('10.244.0.0/24'))
  world.settle()
  const named = () =>
    Object.fromEntries(
      Array.from(world.rib.peersByNextHop(), ([nextHop, from]) => [
        nextHop,
        peers.filter(({ number }) => from.includes(number)).map(({ config }) => config.name),
      ]),
    )
  assert.deepEqual(named(), { '10.1.0.9': ['e3', 'e1'], '10.1.0.2': ['e2'] })
  world.withdraw(e1!, ['20.9.0.0/24'])
  world.settle()
  assert.deepEqual(named(), { '10.1.0.9': ['e3'], '10.1.0.2': ['e2'] })
})

test('what a peer without leave to install announces is chosen and passed on, and never wanted in the kernel', () => {
  const world = new RibWorld({ maxPaths: 16 })
  const node = world.up({ name: 'n', asNumber: 65101, address: '10.1.0.1', install: false })
  const other = world.up({ name: 'o', asNumber: 65102, address: '10.1.0.2' })
  announce(world, node)
  assert.deepEqual(changes(world), [])
  assert.ok(other.table.has(block))
  announce(world, other)
  assert.deepEqual(changes(world), [], 'the best one is not for the kernel')
  world.withdraw(node, [block])
  assert.deepEqual(changes(world), [`${block} via 10.1.0.2`])
  announce(world, node)
  assert.deepEqual(changes(world), [`${block} via `])
  world.configure(node, { install: true })
  assert.deepEqual(changes(world), [`${block} via 10.1.0.1 10.1.0.2`])
})
