/** Next hops that mean something on one link alone: used on the interface of the session, told to nobody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Address, parseAddress } from '../../../lib/base/ip.ts'
import { type PeerView, RibWorld } from './rib-world.ts'

const block = '2001:db8:9::/48'

/** Two peers with one link-local address, each on a link of its own, and a third who is told. */
function world() {
  const rib = new RibWorld({ maxPaths: 2 })
  const on = (link: string, at: number) =>
    rib.up({ name: link, asNumber: 65100, address: 'fe80::9', routerId: at, session: { interface: link } })
  const [one, two] = [on('eth1', 1), on('eth2', 2)]
  const told = rib.up({ name: 'told', asNumber: 65300, address: '10.1.0.3', nextHop: 'unchanged' })
  const announce = (peer: PeerView) => rib.announce(peer, [block], { origin: 0, asPath: [65100], nextHop: 'fe80::9' })
  const changes = () => {
    rib.settle()
    return rib.rib.takeKernelChanges(100).map(({ nextHops }) => nextHops.join(' '))
  }
  return { rib, one, two, told, announce, changes }
}

test('the same link-local next hop on two links is two next hops', () => {
  const { one, two, announce, changes } = world()
  announce(one)
  assert.deepEqual(changes(), ['fe80::9%eth1'])
  announce(two)
  assert.deepEqual(changes(), ['fe80::9%eth1 fe80::9%eth2'])
})

test('what is found out about one of them counts for that one alone', () => {
  const { rib, one, two, announce, changes } = world()
  for (const peer of [one, two]) announce(peer)
  changes()
  const address = new Address(parseAddress('fe80::9').bytes, 'eth1')
  rib.rib.setNextHops([{ address, reason: 'its interface is not there' }])
  assert.deepEqual(changes(), ['fe80::9%eth2'])
  rib.rib.setNextHops([{ address, reason: undefined }])
  assert.deepEqual(changes(), ['fe80::9%eth1 fe80::9%eth2'])
})

test('of two peers with one address and one router id the link decides, whoever was first', () => {
  const best = (order: readonly string[]) => {
    const rib = new RibWorld()
    const peers = order.map(link =>
      rib.up({ name: link, asNumber: 65100, address: 'fe80::9', routerId: 9, session: { interface: link } }),
    )
    for (const peer of peers) rib.announce(peer, [block], { origin: 0, asPath: [65100], nextHop: 'fe80::9' })
    rib.settle()
    return rib.reasons(block)
  }
  const expected = { eth1: 'best: lower peer address', eth2: 'not best: higher peer address' }
  assert.deepEqual(best(['eth1', 'eth2']), expected)
  assert.deepEqual(best(['eth2', 'eth1']), expected)
})

test('others are told of us in its place, also where next hops stay as they are', () => {
  const { rib, one, told, announce } = world()
  announce(one)
  rib.settle()
  assert.equal(told.table.size, 1)
  const [route] = told.table.values()
  assert.ok(!JSON.stringify(route).includes('fe80'), JSON.stringify(route))
})
