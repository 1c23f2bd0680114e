import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RibRole } from '../../../bgp/rib/peer.ts'
import { RibWorld } from './rib-world.ts'

const P = '20.0.0.0/24'
const route = (otc?: number) => ({
  origin: 0,
  asPath: [65101],
  nextHop: '10.1.0.1',
  ...(otc !== undefined && { otc }),
})
const LEAK = 'ineligible: a route leak: it is for customers only (OTC)'

/** A route of AS 65101 to whom we are `from`, as it comes to AS 64512, to whom we are `to`. */
function passed(from: RibRole | undefined, to: RibRole | undefined, otc?: number) {
  const world = new RibWorld()
  const session = (role: RibRole | undefined) => (role === undefined ? {} : { session: { role } })
  const source = world.up({ name: 'source', asNumber: 65101, address: '10.1.0.1', ...session(from) })
  const sink = world.up({ name: 'sink', asNumber: 64512, address: '10.2.0.1', ...session(to) })
  world.announce(source, [P], route(otc))
  world.settle()
  return { told: sink.table.get(P), reason: world.reasons(P)['source'] }
}

test('RFC 9234 §5, ingress: what a customer or a client says is for customers only is a leak', () => {
  for (const role of ['provider', 'rs'] as const) {
    assert.equal(passed(role, 'provider', 1).reason, LEAK)
    assert.equal(passed(role, 'provider', 1).told, undefined)
    assert.equal(passed(role, 'provider').reason, 'best: the only eligible path')
  }
})

test('RFC 9234 §5, ingress: a peer may say so of its own AS alone', () => {
  assert.equal(passed('peer', 'provider', 65101).reason, 'best: the only eligible path')
  assert.equal(passed('peer', 'provider', 7).reason, LEAK)
})

test('RFC 9234 §5, ingress: what comes from a provider, a peer or a route server is for customers only from then on', () => {
  for (const role of ['customer', 'peer', 'rsClient'] as const) {
    assert.equal(passed(role, 'provider').told?.otc, 65101, `we are its ${role}`)
    assert.equal(passed(role, 'customer').told, undefined, 'it does not go up')
  }
  assert.equal(passed('customer', 'provider', 9).told?.otc, 9, 'what is there stays')
})

test('RFC 9234 §5, egress: what goes to a customer, a peer or a client is marked with our AS, upwards it is not', () => {
  for (const role of ['provider', 'peer', 'rs'] as const) assert.equal(passed('provider', role).told?.otc, 65000)
  for (const role of ['customer', 'rsClient'] as const) {
    const { told } = passed('provider', role)
    assert.ok(told !== undefined)
    assert.equal(told.otc, undefined)
  }
})

test('RFC 9234 §5, egress: what is marked goes to no provider, peer or route server', () => {
  for (const role of ['customer', 'peer', 'rsClient'] as const) assert.equal(passed(undefined, role, 5).told, undefined)
  assert.equal(passed(undefined, 'provider', 5).told?.otc, 5)
  assert.equal(passed(undefined, undefined, 5).told?.otc, 5, 'without a role nothing is judged')
})

test('a role that another session brings is applied to the routes that were kept', () => {
  const world = new RibWorld()
  const source = world.up({ name: 'source', asNumber: 65101, address: '10.1.0.1' })
  world.announce(source, [P], route(5))
  world.settle()
  world.rib.leave(source.number)
  world.rib.stale(source.number, 4)
  Object.assign(source.config, { session: { role: 'provider' } })
  world.join(source)
  world.settle()
  assert.equal(world.reasons(P)['source'], LEAK)
})
