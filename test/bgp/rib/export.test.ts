import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { RibWorld } from './rib-world.ts'

const feeder = { name: 'feeder', asNumber: 65101, address: '10.1.0.1' }
const sink = { name: 'sink', asNumber: 64512, address: '10.2.0.1' }

test('a route learned over eBGP is announced to another eBGP peer with our AS in front and our address as next hop', () => {
  const world = new RibWorld()
  const from = world.up(feeder)
  const to = world.up(sink)
  world.announce(from, ['198.51.100.0/24', '203.0.113.0/25'], {
    origin: 0,
    asPath: [65101, 1],
    nextHop: '10.1.0.1',
    med: 7,
  })
  world.settle()
  assert.deepEqual(Object.fromEntries(to.table), {
    '198.51.100.0/24': { origin: 0, asPath: [65000, 65101, 1], nextHop: '192.0.2.1' },
    '203.0.113.0/25': { origin: 0, asPath: [65000, 65101, 1], nextHop: '192.0.2.1' },
  })
  assert.equal(from.table.size, 0, 'no route goes back to the peer it came from')
  assert.equal(to.updates, 3, 'one UPDATE for both prefixes and an End-of-RIB per family')
  world.withdraw(from, ['198.51.100.0/24'])
  world.settle()
  assert.deepEqual([...to.table.keys()], ['203.0.113.0/25'])
})

test('routes of our own have the address of the session as next hop, in both families', () => {
  const world = new RibWorld()
  const to = world.up(sink)
  const inside = world.up({ name: 'inside', asNumber: 65000, address: '10.3.0.1' })
  for (const text of ['10.244.1.0/24', '2001:db8:1::/64']) world.rib.originate(parsePrefix(text))
  world.settle()
  assert.deepEqual(Object.fromEntries(to.table), {
    '10.244.1.0/24': { origin: 0, asPath: [65000], nextHop: '192.0.2.1' },
    '2001:db8:1::/64': { origin: 0, asPath: [65000], nextHop: '2001:db8::1' },
  })
  assert.deepEqual(inside.table.get('10.244.1.0/24'), { origin: 0, asPath: [], nextHop: '192.0.2.1', localPref: 100 })
  assert.deepEqual(to.endOfRibs.sort(), [4, 6])
})
