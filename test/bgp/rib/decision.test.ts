import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import type { TestAttributes } from './messages.ts'
import { RibWorld, type TestPeer } from './rib-world.ts'

const prefix = '198.51.100.0/24'
const target = parsePrefix(prefix)

interface Candidate {
  readonly peer: TestPeer
  readonly attributes: TestAttributes
}

const external = (at: number): TestPeer => ({ name: `e${at}`, asNumber: 65100 + at, address: `10.1.0.${at}` })
const internal = (at: number): TestPeer => ({ name: `i${at}`, asNumber: 65000, address: `10.2.0.${at}` })
const viaAs = (first: number, change: Partial<TestAttributes> = {}): TestAttributes => ({
  origin: 0,
  asPath: [first, 7],
  nextHop: '10.9.0.1',
  ...change,
})
const ibgp = (change: Partial<TestAttributes> = {}): TestAttributes => viaAs(65999, { localPref: 100, ...change })

/** Each pair is alike but for the one thing that decides, and for what comes after it, where the loser is the better one. */
const pairs: readonly { step: string; won: string; lost: string; better: Candidate; worse: Candidate }[] = [
  {
    step: 'LOCAL_PREF',
    won: 'higher LOCAL_PREF',
    lost: 'lower LOCAL_PREF',
    better: { peer: internal(2), attributes: ibgp({ localPref: 101, asPath: [65999, 7, 8, 9], origin: 2, med: 9 }) },
    worse: { peer: external(1), attributes: viaAs(65101) },
  },
  {
    step: 'AS_PATH length',
    won: 'shorter AS_PATH',
    lost: 'longer AS_PATH',
    better: { peer: internal(2), attributes: ibgp({ origin: 2, med: 9 }) },
    worse: { peer: external(1), attributes: viaAs(65101, { asPath: [65101, 7, 8] }) },
  },
  {
    step: 'ORIGIN',
    won: 'better ORIGIN',
    lost: 'worse ORIGIN',
    better: { peer: internal(2), attributes: ibgp({ origin: 1, med: 9 }) },
    worse: { peer: external(1), attributes: viaAs(65101, { origin: 2 }) },
  },
  {
    step: 'MED of the same neighbour AS',
    won: 'lower MED',
    lost: 'higher MED',
    better: { peer: internal(2), attributes: ibgp({ asPath: [65101, 7], med: 4 }) },
    worse: { peer: external(1), attributes: viaAs(65101, { med: 5 }) },
  },
  {
    step: 'a missing MED, which is 0',
    won: 'lower MED',
    lost: 'higher MED',
    better: { peer: internal(2), attributes: ibgp({ asPath: [65101, 7] }) },
    worse: { peer: external(1), attributes: viaAs(65101, { med: 1 }) },
  },
  {
    step: 'eBGP over iBGP',
    won: 'eBGP over iBGP',
    lost: 'iBGP, and the best is eBGP',
    better: { peer: { ...external(1), routerId: 9 }, attributes: viaAs(65101, { med: 9 }) },
    worse: { peer: { ...internal(2), routerId: 8 }, attributes: ibgp({ med: 3 }) },
  },
  {
    step: 'the router id',
    won: 'lower router id',
    lost: 'higher router id',
    better: { peer: { ...external(2), routerId: 8 }, attributes: viaAs(65102, { med: 9 }) },
    worse: { peer: { ...external(1), routerId: 9 }, attributes: viaAs(65101) },
  },
  {
    step: 'ORIGINATOR_ID in place of the router id',
    won: 'lower router id',
    lost: 'higher router id',
    better: {
      peer: { ...internal(2), routerId: 9 },
      attributes: ibgp({ originatorId: '0.0.0.5', clusterList: ['1.1.1.1'] }),
    },
    worse: { peer: { ...internal(1), routerId: 8 }, attributes: ibgp() },
  },
  {
    step: 'the length of CLUSTER_LIST',
    won: 'shorter CLUSTER_LIST',
    lost: 'longer CLUSTER_LIST',
    better: { peer: { ...internal(2), routerId: 8 }, attributes: ibgp() },
    worse: { peer: { ...internal(1), routerId: 8 }, attributes: ibgp({ clusterList: ['1.1.1.1'] }) },
  },
  {
    step: 'the peer address',
    won: 'lower peer address',
    lost: 'higher peer address',
    better: { peer: { ...external(1), routerId: 8 }, attributes: viaAs(65101) },
    worse: { peer: { ...external(2), routerId: 8 }, attributes: viaAs(65102) },
  },
]

/** Lets the peers come up in the order of the list and announce in that of the second one; returns the reasons by name. */
function race(peers: readonly Candidate[], order: readonly Candidate[] = peers): Record<string, string> {
  const world = new RibWorld()
  const views = new Map(peers.map(candidate => [candidate, world.up({ ...candidate.peer })]))
  for (const candidate of order) world.announce(views.get(candidate)!, [prefix], candidate.attributes)
  world.settle()
  return world.reasons(prefix)
}

function winner(reasons: Record<string, string>): string | undefined {
  return Object.keys(reasons).find(name => reasons[name]!.startsWith('best:'))
}

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield []
  for (const [at, item] of items.entries())
    for (const rest of permutations(items.toSpliced(at, 1))) yield [item, ...rest]
}

for (const { step, won, lost, better, worse } of pairs)
  test(`${step} decides, whichever path comes first`, () => {
    for (const order of permutations([better, worse])) {
      const reasons = race(order)
      assert.equal(reasons[better.peer.name], `best: ${won}`)
      assert.equal(reasons[worse.peer.name], `not best: ${lost}`)
    }
  })

test('MED is not compared between different neighbour ASes', () => {
  const reasons = race([
    { peer: { ...external(1), routerId: 9 }, attributes: viaAs(65101, { med: 1 }) },
    { peer: { ...external(2), routerId: 8 }, attributes: viaAs(65102, { med: 1000 }) },
  ])
  assert.equal(winner(reasons), 'e2')
})

test('with a cycle of pairwise preferences every order of arrival and of configuration has the same winner', () => {
  // pair by pair: c beats a by MED, a beats b by router id, b beats c by router id
  const candidates = [
    { peer: { ...internal(1), routerId: 1 }, attributes: ibgp({ asPath: [65101, 7], med: 10 }) },
    { peer: { ...internal(2), routerId: 2 }, attributes: ibgp({ asPath: [65102, 7], med: 10 }) },
    { peer: { ...internal(3), routerId: 3 }, attributes: ibgp({ asPath: [65101, 7], med: 5 }) },
    { peer: { ...internal(4), routerId: 4 }, attributes: ibgp({ asPath: [65102, 7], med: 20 }) },
  ]
  for (const peers of permutations(candidates))
    for (const order of permutations(candidates)) {
      const reasons = race(peers, order)
      assert.equal(winner(reasons), 'i2')
      assert.match(reasons['i1']!, /higher MED$/)
      assert.match(reasons['i4']!, /higher MED$/)
    }
})

test('of any two paths one and only one is the best, in both orders the same', () => {
  const all = pairs.flatMap(({ better, worse }) => [better, worse])
  for (const [at, one] of all.entries())
    for (const other of all.slice(at + 1)) {
      if (one.peer.name === other.peer.name) continue
      assert.equal(winner(race([one, other])), winner(race([other, one])), `${one.peer.name} ${other.peer.name}`)
    }
})

test('all orders of arrival of six paths have the same winner, also when paths are replaced and withdrawn on the way', () => {
  const candidates: Candidate[] = [
    { peer: external(1), attributes: viaAs(65101, { med: 5 }) },
    { peer: external(2), attributes: viaAs(65102, { origin: 1 }) },
    { peer: external(3), attributes: viaAs(65101, { asPath: [65103, 7], med: 1 }) },
    { peer: internal(1), attributes: ibgp() },
    { peer: internal(2), attributes: ibgp({ originatorId: '10.0.0.7', clusterList: ['1.1.1.1'] }) },
    { peer: internal(3), attributes: ibgp({ localPref: 90, asPath: [] }) },
  ]
  const world = new RibWorld()
  const views = new Map(candidates.map(candidate => [candidate, world.up({ ...candidate.peer })]))
  for (const order of permutations(candidates)) {
    for (const candidate of order) {
      world.announce(views.get(candidate)!, [prefix], candidate.attributes)
      world.rib.decide(10)
    }
    assert.equal(winner(world.reasons(prefix)), 'e1')
    world.withdraw(views.get(order[0]!)!, [prefix])
    world.withdraw(views.get(order[3]!)!, [prefix])
    world.rib.decide(10)
  }
})

test('a route of our own beats every learned one', () => {
  const world = new RibWorld()
  const peer = world.up(internal(1))
  world.announce(peer, [prefix], ibgp({ localPref: 1000, asPath: [] }))
  world.rib.originate(target)
  world.settle()
  assert.deepEqual(world.reasons(prefix), {
    self: 'best: a route of our own',
    i1: 'not best: a route of our own is preferred',
  })
  world.rib.withdrawLocal(target)
  world.settle()
  assert.deepEqual(world.reasons(prefix), { i1: 'best: the only eligible path' })
})

test('loops and next hops that cannot be used make a path ineligible with the reason, and it is kept', () => {
  const world = new RibWorld()
  const [one, two, three, four] = [external(1), internal(2), internal(3), external(4)].map(peer => world.up(peer))
  world.announce(one!, [prefix], viaAs(65101, { asPath: [65101, 65000, 7] }))
  world.announce(two!, [prefix], ibgp({ originatorId: '10.0.0.1' }))
  world.announce(three!, [prefix], ibgp({ clusterList: ['2.2.2.2', '10.0.0.255'] }))
  world.announce(four!, [prefix], viaAs(65104, { nextHop: '10.9.0.4' }))
  world.rib.setNextHops([{ address: parsePrefix('10.9.0.4').address, reason: 'no route to it' }])
  world.settle()
  assert.deepEqual(world.reasons(prefix), {
    e1: 'ineligible: our own AS is in AS_PATH',
    i2: 'ineligible: ORIGINATOR_ID is our router id',
    i3: 'ineligible: our cluster id is in CLUSTER_LIST',
    e4: 'ineligible: next hop 10.9.0.4: no route to it',
  })
  world.rib.setNextHops([{ address: parsePrefix('10.9.0.4').address, reason: undefined }])
  world.settle()
  assert.equal(winner(world.reasons(prefix)), 'e4')
})

test('a verdict on a next hop holds for paths that come later', () => {
  const world = new RibWorld()
  const peer = world.up(external(1))
  world.rib.setNextHops([{ address: parsePrefix('10.9.0.1').address, reason: 'our own address' }])
  world.announce(peer, [prefix], viaAs(65101))
  world.settle()
  assert.deepEqual(world.reasons(prefix), { e1: 'ineligible: next hop 10.9.0.1: our own address' })
})

const neverNeighbours = {
  '0.0.0.0': 'in 0.0.0.0/8, "this network"',
  '0.255.0.9': 'in 0.0.0.0/8, "this network"',
  '127.0.0.1': 'a loopback address',
  '224.0.0.5': 'multicast or reserved',
  '240.0.0.1': 'multicast or reserved',
  '255.255.255.255': 'multicast or reserved',
  '::': 'the unspecified address',
  '::1': 'the loopback address',
  'ff02::1': 'multicast',
  'fe80::1': 'a link-local address without an interface',
  'febf::1': 'a link-local address without an interface',
  '::ffff:10.1.0.1': 'an IPv4 address mapped into IPv6',
}

for (const [nextHop, reason] of Object.entries(neverNeighbours))
  test(`a path over next hop ${nextHop} is kept, ineligible and passed on to nobody`, () => {
    const world = new RibWorld()
    const from = world.up(external(1))
    const to = world.up(external(2))
    const block = nextHop.includes(':') ? '2001:db8:9::/48' : prefix
    world.announce(from, [block], viaAs(65101, { nextHop }))
    world.settle()
    const [path] = world.rib.explain(parsePrefix(block))!.paths
    assert.equal(path?.verdict, 'ineligible')
    assert.equal(path?.reason, `next hop ${path?.nextHop}: ${reason}`)
    assert.equal(to.table.size, 0)
  })

test('next hops at the edges of what no neighbour can have are well', () => {
  const world = new RibWorld()
  const from = world.up(external(1))
  const nextHops = [
    '1.0.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '223.255.255.255',
    '::2',
    '::1:0:1',
    'fe7f::1',
    'fec0::1',
    '::fffe:0:1',
  ]
  for (const [at, nextHop] of nextHops.entries()) {
    const block = nextHop.includes(':') ? `2001:db8:${at}::/48` : `20.0.${at}.0/24`
    world.announce(from, [block], viaAs(65101, { nextHop }))
    assert.deepEqual(world.reasons(block), { e1: 'best: the only eligible path' }, nextHop)
  }
})

test('a path over an address of ours on any session is ineligible, also while that session is down', () => {
  const world = new RibWorld()
  const one = world.up(external(1))
  const two = world.up(external(2))
  const six = '2001:db8:9::/48'
  world.announce(one, [prefix], viaAs(65101, { nextHop: '192.0.2.1' }))
  world.announce(one, [six], viaAs(65101, { nextHop: '2001:db8::1' }))
  const ours = () => {
    world.settle()
    assert.deepEqual(world.reasons(prefix), { e1: 'ineligible: next hop 192.0.2.1: our own address' })
    assert.deepEqual(world.reasons(six), { e1: 'ineligible: next hop 2001:db8::1: our own address' })
  }
  ours()
  world.rib.leave(two.number)
  world.rib.leave(one.number)
  ours()
  world.remove(two)
  ours()
  world.join(one, { 4: parseAddress('192.0.2.99'), 6: parseAddress('2001:db8::1') })
  world.settle()
  assert.deepEqual(world.reasons(prefix), { e1: 'best: the only eligible path' }, 'it is another host now')
  assert.deepEqual(world.reasons(six), { e1: 'ineligible: next hop 2001:db8::1: our own address' })
})

test('an address that becomes ours takes the paths over it out of the race', () => {
  const world = new RibWorld()
  const one = world.up(external(1))
  world.announce(one, [prefix], viaAs(65101, { nextHop: '192.0.2.99' }))
  world.settle()
  assert.equal(world.rib.takeKernelChanges(9).length, 1)
  const two = world.add(external(2))
  world.join(two, { 4: parseAddress('192.0.2.99') })
  world.settle()
  assert.deepEqual(world.reasons(prefix), { e1: 'ineligible: next hop 192.0.2.99: our own address' })
  assert.deepEqual(
    world.rib.takeKernelChanges(9).map(({ nextHops }) => nextHops),
    [[]],
  )
})
