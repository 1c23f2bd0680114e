import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCEPT, type Policy, REJECT } from '../../../bgp/rib/policy.ts'
import { compilePolicy, type PolicyContext } from '../../../bgp/rib/policy-filter.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { PrefixTable } from '../../../lib/base/prefix-table.ts'
import { RibWorld } from './rib-world.ts'

const context: PolicyContext = { peer: 'tor', family: 4, source: 'external' }

function judge(policy: Policy, text: string, change: Partial<PolicyContext> = {}) {
  const prefix = parsePrefix(text)
  const table = new PrefixTable(prefix.family)
  const id = table.intern(prefix.bytes, 0, prefix.length)
  const filter = compilePolicy(policy, { ...context, family: prefix.family, ...change }).plain!
  const { accept, term } = filter.decide(table, id)
  if (filter.constant !== undefined)
    assert.equal(filter.constant.accept, accept, 'the constant answer is the right one')
  return { accept, policy: policy.name, ...(term && { term: term.name }) }
}

const range = (text: string, min: number, max: number) => ({ prefix: parsePrefix(text), min, max })

const policy: Policy = {
  name: 'p',
  terms: [
    {
      name: 'narrow',
      match: { prefixes: [range('10.0.0.0/8', 25, 32), range('2001:db8::/32', 48, 64)] },
      action: 'reject',
    },
    { name: 'spine', match: { peers: ['spine'], prefixes: [range('10.1.0.0/16', 16, 24)] }, action: 'accept' },
    { name: 'own', match: { source: ['local'] }, action: 'accept' },
    { name: 'six', match: { families: [6], source: ['external'] }, action: 'accept' },
  ],
  otherwise: 'reject',
}

test('the first term that matches decides, and the verdict names it', () => {
  assert.deepEqual(judge(policy, '10.1.0.0/25'), { accept: false, policy: 'p', term: 'narrow' })
  assert.deepEqual(judge(policy, '10.1.0.0/25', { source: 'local' }), { accept: false, policy: 'p', term: 'narrow' })
  assert.deepEqual(judge(policy, '10.1.0.0/24', { peer: 'spine' }), { accept: true, policy: 'p', term: 'spine' })
  assert.deepEqual(judge(policy, '10.2.0.0/24', { source: 'local' }), { accept: true, policy: 'p', term: 'own' })
  assert.deepEqual(judge(policy, '2001:db8:7::/48'), { accept: false, policy: 'p', term: 'narrow' })
  assert.deepEqual(judge(policy, '2001:db8::/47'), { accept: true, policy: 'p', term: 'six' })
})

test('what no term matches goes by `otherwise`, and the verdict names no term', () => {
  assert.deepEqual(judge(policy, '10.2.0.0/24'), { accept: false, policy: 'p' })
  assert.deepEqual(judge({ ...policy, otherwise: 'accept' }, '10.2.0.0/24'), { accept: true, policy: 'p' })
})

test('a range holds prefixes inside its prefix with a length from its least to its most', () => {
  const only = (min: number, max: number): Policy => ({
    name: 'only',
    terms: [{ name: 't', match: { prefixes: [range('203.0.113.0/24', min, max)] }, action: 'accept' }],
    otherwise: 'reject',
  })
  assert.equal(judge(only(24, 24), '203.0.113.0/24').accept, true)
  assert.equal(judge(only(24, 24), '203.0.113.0/25').accept, false)
  assert.equal(judge(only(32, 32), '203.0.113.9/32').accept, true)
  assert.equal(judge(only(24, 32), '203.0.112.0/23').accept, false)
  assert.equal(judge(only(24, 32), '203.0.114.0/24').accept, false)
})

test('a policy that cannot depend on the prefix is known to be constant', () => {
  const constant = (one: Policy, change: Partial<PolicyContext> = {}) =>
    compilePolicy(one, { ...context, ...change }).plain!.constant?.accept
  assert.equal(constant(ACCEPT), true)
  assert.equal(constant(REJECT), false)
  assert.equal(constant(policy), false, 'from outside, over IPv4, all terms reject')
  assert.equal(constant(policy, { peer: 'spine' }), undefined)
  assert.equal(constant(policy, { source: 'local' }), undefined)
})

test('an edit of import policy is applied to the routes as they were received, with no word from the peer', () => {
  const world = new RibWorld()
  const from = world.up({ name: 'tor', asNumber: 65101, address: '10.1.0.1', importPolicy: REJECT })
  const to = world.up({ name: 'sink', asNumber: 64512, address: '10.2.0.1' })
  world.announce(from, ['20.0.0.0/24', '20.0.1.0/24'], { origin: 0, asPath: [65101], nextHop: '10.1.0.1' })
  world.settle()
  assert.equal(to.table.size, 0)
  assert.deepEqual(world.reasons('20.0.0.0/24'), { tor: 'rejected: import policy reject' })
  const counted = {
    received: 2,
    prefixes: 2,
    counted: 2,
    accepted: 0,
    stale: 0,
    dropped: 0,
    advertised: 0,
    withheld: 0,
  }
  assert.deepEqual(world.rib.counts(from.number, 4), counted)
  const importPolicy: Policy = {
    name: 'vips',
    terms: [{ name: 'low', match: { prefixes: [range('20.0.0.0/24', 24, 32)] }, action: 'accept' }],
    otherwise: 'reject',
  }
  world.configure(from, { importPolicy })
  world.settle()
  assert.deepEqual([...to.table.keys()], ['20.0.0.0/24'])
  assert.deepEqual(world.reasons('20.0.1.0/24'), { tor: 'rejected: import policy vips, no term matches' })
  assert.deepEqual(world.rib.counts(from.number, 4), { ...counted, accepted: 1 })
  const explained = world.rib.explain(parsePrefix('20.0.0.0/24'))?.paths[0]?.importVerdict
  assert.deepEqual(explained, { accept: true, policy: 'vips', term: 'low' })
})

test('what nodes announce comes from `node`, over iBGP and eBGP alike, and not from any other internal or external peer', () => {
  const world = new RibWorld()
  const exportPolicy: Policy = {
    name: 'pods',
    terms: [{ name: 'nodes', match: { source: ['node'] }, action: 'accept' }],
    otherwise: 'reject',
  }
  const bigip = world.up({ name: 'bigip', asNumber: 65200, address: '10.2.0.1', exportPolicy })
  const peers = [
    world.up({ name: 'node', asNumber: 65000, address: '10.1.0.1', client: true, node: true }),
    world.up({ name: 'far', asNumber: 65101, address: '10.1.0.2', node: true }),
    world.up({ name: 'spine', asNumber: 65000, address: '10.1.0.3' }),
    world.up({ name: 'tor', asNumber: 65103, address: '10.1.0.4' }),
  ]
  for (const [at, peer] of peers.entries())
    world.announce(peer, [`20.0.${at}.0/24`], {
      origin: 0,
      asPath: peer.config.asNumber === 65000 ? [] : [peer.config.asNumber],
      nextHop: peer.config.address,
      ...(peer.config.asNumber === 65000 && { localPref: 100 }),
    })
  world.settle()
  assert.deepEqual([...bigip.table.keys()].sort(), ['20.0.0.0/24', '20.0.1.0/24'])
  world.configure(peers[1]!, { node: false })
  world.settle()
  assert.deepEqual([...bigip.table.keys()], ['20.0.0.0/24'])
})
