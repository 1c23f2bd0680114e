/** What policies make of attributes, as the receivers see it, and what an edit of a policy costs them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PathPattern } from '../../../bgp/rib/path-pattern.ts'
import {
  ACCEPT,
  type Policy,
  type PolicyEdit,
  type PolicyMatch,
  type PolicyTerm,
  REJECT,
} from '../../../bgp/rib/policy.ts'
import { type CommunityKindName, parseCommunityPattern } from '../../../bgp/rib/policy-community.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import type { TestAttributes } from './messages.ts'
import { type PeerView, RibWorld } from './rib-world.ts'

const PREFIX = '20.0.0.0/24'
const LEARNED: TestAttributes = { origin: 0, asPath: [65101, 65009], nextHop: '10.1.0.1' }

const pattern = (text: string, kind: CommunityKindName = 'communities') => parseCommunityPattern(kind, text)!
const accepting = (...terms: readonly Partial<PolicyTerm>[]): Policy => ({
  name: 'p',
  terms: terms.map((term, at) => ({ name: `t${at + 1}`, match: {}, action: 'accept', ...term })),
  otherwise: 'reject',
})
const setting = (set: PolicyEdit) => accepting({ set })
const matching = (match: PolicyMatch) => accepting({ match })

function world() {
  const rib = new RibWorld()
  const from = rib.up({ name: 'tor', asNumber: 65101, address: '10.1.0.1' })
  const outside = rib.up({ name: 'bigip', asNumber: 65200, address: '10.2.0.1' })
  const inside = rib.up({ name: 'node', asNumber: 65000, address: '10.2.0.2' })
  return { rib, from, outside, inside }
}

/** Whether a match lets a route in. */
function matches(match: PolicyMatch, attributes: Partial<TestAttributes> = {}): boolean {
  const { rib, from, inside } = world()
  rib.configure(from, { importPolicy: matching(match) })
  rib.announce(from, [PREFIX], { ...LEARNED, ...attributes })
  rib.settle()
  return inside.table.has(PREFIX)
}

test('communities match as any, all or none, exactly or with a * for a number', () => {
  const communities = [0xfde80001, 0xfde80002, 0xffffff01]
  const of = (mode: 'any' | 'all' | 'none', ...texts: string[]): PolicyMatch => ({
    communities: [{ mode, patterns: texts.map(text => pattern(text)) }],
  })
  assert.equal(matches(of('any', '65000:7', '65000:2'), { communities }), true)
  assert.equal(matches(of('all', '65000:1', '65000:2', 'no-export'), { communities }), true)
  assert.equal(matches(of('all', '65000:1', '65000:3'), { communities }), false)
  assert.equal(matches(of('none', '65000:3', '65001:*'), { communities }), true)
  assert.equal(matches(of('none', '65000:*'), { communities }), false)
  assert.equal(matches(of('any', '*:2'), { communities }), true)
  assert.equal(matches(of('any', '65000:1')), false, 'a route without communities')
  const large: PolicyMatch = { communities: [{ mode: 'any', patterns: [pattern('65000:*:9', 'largeCommunities')] }] }
  assert.equal(matches(large, { largeCommunities: ['65000:4294967295:9'] }), true)
  assert.equal(matches(large, { largeCommunities: ['65001:1:9'] }), false)
  const target: PolicyMatch = {
    communities: [{ mode: 'any', patterns: [pattern('rt:65000:*', 'extendedCommunities')] }],
  }
  assert.equal(matches(target, { extendedCommunities: ['0002fde800000063'] }), true)
  assert.equal(matches(target, { extendedCommunities: ['0003fde800000063'] }), false, 'an soo is no rt')
})

test('an AS path matches by its first AS, its last, any of it, its length and a pattern, all that is given at once', () => {
  assert.equal(matches({ asPath: { neighbors: [65101] } }), true)
  assert.equal(matches({ asPath: { neighbors: [65009] } }), false)
  assert.equal(matches({ asPath: { origins: [1, 65009] } }), true)
  assert.equal(matches({ asPath: { contains: [65009], length: { min: 2, max: 2 } } }), true)
  assert.equal(matches({ asPath: { contains: [65009], length: { min: 3, max: 9 } } }), false)
  assert.equal(matches({ asPath: { pattern: new PathPattern('^65101 _?65009$') } }), true)
  assert.equal(matches({ asPath: { pattern: new PathPattern('_6500_') } }), false)
})

test('next hop, LOCAL_PREF, MED and ORIGIN match; what a route has not counts as selection takes it', () => {
  assert.equal(matches({ nextHop: [parsePrefix('10.1.0.0/16')] }), true)
  assert.equal(matches({ nextHop: [parsePrefix('10.2.0.0/16'), parsePrefix('::/0')] }), false)
  assert.equal(matches({ localPref: { min: 100, max: 100 } }), true)
  assert.equal(matches({ med: { min: 0, max: 0 } }), true)
  assert.equal(matches({ med: { min: 10, max: 20 } }, { med: 15 }), true)
  assert.equal(matches({ med: { min: 10, max: 20 } }, { med: 21 }), false)
  assert.equal(matches({ origin: ['egp', 'incomplete'] }, { origin: 2 }), true)
  assert.equal(matches({ origin: ['egp'] }), false)
})

test('an import policy changes what is chosen and told, and the explanation says which term did', () => {
  const { rib, from, inside } = world()
  const other = rib.up({ name: 'spine', asNumber: 65102, address: '10.1.0.2' })
  rib.announce(from, [PREFIX], { ...LEARNED, communities: [0xfde80001] })
  rib.announce(other, [PREFIX], { origin: 0, asPath: [65102], nextHop: '10.1.0.2' })
  rib.settle()
  assert.equal(inside.table.get(PREFIX)?.nextHop, '10.1.0.2', 'the shorter path')
  const importPolicy = accepting(
    { name: 'mark', action: 'next', set: { med: 7 } },
    {
      name: 'preferred',
      match: { communities: [{ mode: 'any', patterns: [pattern('65000:1')] }] },
      set: {
        localPref: 200,
        communities: { communities: { remove: [pattern('65000:*')], add: [pattern('65000:9')] } },
      },
    },
  )
  rib.configure(from, { importPolicy })
  rib.settle()
  const expected = { origin: 0, asPath: [65101, 65009], nextHop: '10.1.0.1', med: 7, localPref: 200 }
  assert.deepEqual(inside.table.get(PREFIX), { ...expected, communities: [0xfde80009] })
  const path = rib.rib.explain(parsePrefix(PREFIX))?.paths.find(({ peer }) => peer === from.number)
  assert.equal(path?.reason, 'higher LOCAL_PREF')
  assert.deepEqual(path?.importVerdict, {
    accept: true,
    policy: 'p',
    term: 'preferred',
    passed: ['mark'],
    set: ['MED 7', 'LOCAL_PREF 200', 'communities without 65000:*', 'communities with 65000:9'],
  })
})

test('the Adj-RIB-In is listed as received, whatever import policy made of it', () => {
  const { rib, from } = world()
  rib.configure(from, { importPolicy: setting({ localPref: 7, nextHop: parseAddress('10.1.0.9') }) })
  rib.announce(from, [PREFIX], LEARNED)
  rib.settle()
  const [received] = rib.rib.routes({ family: 4, table: 'received', peer: from.number }).next(10)
  assert.equal(String(received?.nextHop), '10.1.0.1')
  const [best] = rib.rib.routes({ family: 4, table: 'best' }).next(10)
  assert.equal(String(best?.nextHop), '10.1.0.9')
})

test('an export policy changes what its receivers are told and nobody else; LOCAL_PREF stays inside the AS', () => {
  const { rib, from, outside, inside } = world()
  rib.announce(from, [PREFIX], { ...LEARNED, med: 3 })
  const set: PolicyEdit = {
    localPref: 300,
    med: 50,
    origin: 'incomplete',
    prepend: { count: 2 },
    communities: { largeCommunities: { remove: 'all', add: [pattern('65000:1:2', 'largeCommunities')] } },
  }
  rib.configure(outside, { exportPolicy: setting(set) })
  rib.settle()
  const changed = { origin: 2, asPath: [65000, 65000, 65000, 65101, 65009], nextHop: '192.0.2.1', med: 50 }
  assert.deepEqual(outside.table.get(PREFIX), { ...changed, largeCommunities: ['65000:1:2'] })
  assert.deepEqual(inside.table.get(PREFIX), { ...LEARNED, med: 3, localPref: 100 })
  const told = rib.rib.explain(parsePrefix(PREFIX))?.advertised.find(({ peer }) => peer === outside.number)
  assert.equal(
    told?.reason,
    'export policy p, term t1; sets MED 50, ORIGIN incomplete, large communities 65000:1:2, own AS prepended 2×',
  )
})

test('an export policy has the last word on the next hop: self, unchanged, or an address of the family', () => {
  const { rib, from, outside, inside } = world()
  rib.announce(from, [PREFIX], LEARNED)
  const told = (peer: PeerView, nextHop: NonNullable<PolicyEdit['nextHop']>) => {
    rib.configure(peer, { exportPolicy: setting({ nextHop }) })
    rib.settle()
    return peer.table.get(PREFIX)?.nextHop
  }
  assert.equal(told(outside, 'unchanged'), '10.1.0.1')
  assert.equal(told(outside, parseAddress('10.2.0.77')), '10.2.0.77')
  assert.equal(told(outside, parseAddress('fd00::77')), '192.0.2.1', 'not of the family')
  assert.equal(told(inside, 'self'), '192.0.2.1')
})

test('a policy may take MED away: on import from what selection compares, on export from what is told', () => {
  const { rib, from, inside, outside } = world()
  rib.announce(from, [PREFIX], { ...LEARNED, med: 3 })
  rib.configure(outside, { exportPolicy: accepting({ action: 'next', set: { med: 7 } }, { set: { med: 'none' } }) })
  rib.settle()
  assert.equal(inside.table.get(PREFIX)?.med, 3)
  assert.equal('med' in outside.table.get(PREFIX)!, false)
  rib.configure(from, { importPolicy: setting({ med: 'none' }) })
  rib.settle()
  assert.equal('med' in inside.table.get(PREFIX)!, false)
  assert.deepEqual(rib.rib.explain(parsePrefix(PREFIX))?.paths[0]?.importVerdict?.set, ['no MED'])
})

test('a route that what a policy sets makes too long for any message is rejected, and the verdict says so', () => {
  const { rib, from, inside } = world()
  const communities = Array.from({ length: 15_000 }, (_, at) => at + 1)
  rib.announce(from, [PREFIX], { ...LEARNED, communities })
  rib.announce(from, ['20.0.1.0/24'], LEARNED)
  rib.settle()
  const long = Array.from({ length: 500 }, (_, at) => pattern(`65000:1:${at}`, 'largeCommunities'))
  const set: PolicyEdit = { communities: { largeCommunities: { remove: [], add: long } } }
  rib.configure(from, { importPolicy: setting(set) })
  rib.settle()
  assert.equal(inside.table.get('20.0.1.0/24')?.largeCommunities, undefined, '6,000 octets fit no message of 4,096')
  assert.equal(rib.rib.counts(from.number, 4).accepted, 1)
  const path = rib.rib.explain(parsePrefix(PREFIX))!.paths[0]!
  assert.equal(path.verdict, 'rejected')
  assert.match(path.reason, /^import policy p, term t1; sets .*, more than fits a message$/)
  rib.announce(from, [PREFIX], { ...LEARNED, communities, med: 1 })
  rib.settle()
  assert.equal(rib.rib.counts(from.number, 4).accepted, 1)
  rib.configure(from, { importPolicy: ACCEPT })
  rib.settle()
  assert.equal(rib.rib.counts(from.number, 4).accepted, 2)
})

test('prepending on import repeats the neighbour, so that it makes no loop', () => {
  const { rib, from, inside } = world()
  rib.configure(from, { importPolicy: setting({ prepend: { count: 3 } }) })
  rib.announce(from, [PREFIX], LEARNED)
  rib.settle()
  assert.deepEqual(inside.table.get(PREFIX)?.asPath, [65101, 65101, 65101, 65101, 65009])
})

test('an edit that meets no routes ends the pass of the one before', () => {
  const { rib, from, inside } = world()
  rib.announce(from, [PREFIX], LEARNED)
  rib.settle()
  rib.configure(from, { importPolicy: REJECT })
  rib.withdraw(from, [PREFIX])
  rib.configure(from, { importPolicy: ACCEPT })
  rib.announce(from, [PREFIX], LEARNED)
  rib.settle()
  assert.deepEqual([...inside.table.keys()], [PREFIX])
})

test('an edit of an import policy is applied a slice at a time, and the last edit counts for all', () => {
  const { rib, from, inside } = world()
  const prefixes = Array.from({ length: 300 }, (_, at) => `20.${at >> 8}.${at & 255}.0/24`)
  rib.announce(from, prefixes, LEARNED)
  rib.settle()
  const withMed = (med: number) => [...inside.table.values()].filter(route => route.med === med).length
  rib.configure(from, { importPolicy: setting({ med: 5 }) })
  for (let turn = 0; turn < 2; turn++) {
    assert.equal(rib.rib.decide(100), true)
    rib.rib.export(1000)
  }
  assert.ok(withMed(5) > 0 && withMed(5) <= 200, `${withMed(5)} of 300`)
  rib.configure(from, { importPolicy: setting({ med: 6 }) })
  rib.rib.decide(50)
  rib.rib.export(1000)
  const late = rib.up({ name: 'late', asNumber: 65000, address: '10.2.0.9' })
  rib.rib.export(1000)
  assert.deepEqual(
    late.endOfRibs.filter(family => family === 4),
    [],
    'not everything has been told yet',
  )
  rib.settle()
  assert.equal(withMed(6), 300)
  assert.equal(late.table.size, 300)
  assert.deepEqual(late.endOfRibs.sort(), [4, 6])
  rib.configure(from, { importPolicy: setting({ med: 7 }) })
  rib.remove(from)
  const next = rib.up({ name: 'next', asNumber: 65102, address: '10.1.0.3' })
  assert.equal(next.number, from.number)
  rib.announce(next, prefixes, { ...LEARNED, asPath: [65102] })
  rib.settle()
  assert.equal(
    [...inside.table.values()].filter(route => route.med === undefined).length,
    300,
    'it was another peer’s policy',
  )
})

test('an edit of an import policy sends only the routes whose result is another one', () => {
  const { rib, from, inside, outside } = world()
  const prefixes = Array.from({ length: 1000 }, (_, at) => `20.${at >> 8}.${at & 255}.0/24`)
  for (const prefix of prefixes)
    rib.announce(from, [prefix], { ...LEARNED, communities: [0xfde80000 + (prefixes.indexOf(prefix) % 10)] })
  rib.settle()
  const before = [inside.announced, outside.announced, outside.withdrawn]
  const match: PolicyMatch = { communities: [{ mode: 'any', patterns: [pattern('65000:3')] }] }
  rib.configure(from, { importPolicy: accepting({ match, set: { med: 9 } }, {}) })
  rib.settle()
  assert.equal(inside.announced, before[0]! + 100, 'a tenth has another MED')
  assert.equal([...inside.table.values()].filter(({ med }) => med === 9).length, 100)
  rib.configure(from, { importPolicy: accepting({ match, action: 'reject' }, {}) })
  rib.settle()
  assert.equal(inside.announced, before[0]! + 100)
  assert.equal(inside.withdrawn, 100)
  assert.equal(inside.table.size, 900)
  rib.configure(from, { importPolicy: { ...accepting({ match, action: 'reject' }, {}), name: 'renamed' } })
  rib.settle()
  assert.equal(inside.announced + inside.withdrawn, before[0]! + 200, 'another name is nothing to tell')
})

test('an edit of an export policy sends only the routes whose result is another one, in one UPDATE where it can', () => {
  const { rib, from, outside, inside } = world()
  const prefixes = Array.from({ length: 500 }, (_, at) => `20.0.${at >> 2}.${(at & 3) * 64}/26`)
  rib.announce(from, prefixes, LEARNED)
  rib.settle()
  const [announced, updates] = [outside.announced, outside.updates]
  const set: PolicyEdit = { med: 5 }
  const range = { prefix: parsePrefix('20.0.0.0/22'), min: 22, max: 32 }
  rib.configure(outside, { exportPolicy: accepting({ match: { prefixes: [range] }, set }, {}) })
  rib.settle()
  assert.equal(outside.announced, announced + 16)
  assert.equal(outside.updates, updates + 1)
  assert.equal(inside.idleAnnounced + outside.idleAnnounced, 0)
  rib.configure(outside, { exportPolicy: ACCEPT })
  rib.settle()
  assert.equal(outside.announced, announced + 32)
})

test('members with policies of one meaning share a group, and their octets', () => {
  const { rib, from, outside } = world()
  const exportPolicy = setting({ med: 5 })
  rib.configure(outside, { exportPolicy })
  rib.up({
    name: 'second',
    asNumber: 65200,
    address: '10.2.0.9',
    exportPolicy: { ...exportPolicy, name: 'another name' },
  })
  rib.announce(from, [PREFIX], LEARNED)
  rib.settle()
  const octets = rib.sent.filter(({ peer }) => peer === 'bigip' || peer === 'second').map(({ bytes }) => bytes)
  assert.equal(octets.filter(bytes => octets.indexOf(bytes) !== octets.lastIndexOf(bytes)).length >= 2, true)
})

test('a received GRACEFUL_SHUTDOWN makes a route the least preferred, unless policy takes the community away', () => {
  const { rib, from, inside } = world()
  const other = rib.up({ name: 'spine', asNumber: 65102, address: '10.1.0.2' })
  rib.announce(other, [PREFIX], { ...LEARNED, asPath: [65102, 1, 2, 3, 4], nextHop: '10.1.0.2' })
  rib.announce(from, [PREFIX], { ...LEARNED, communities: [0xffff0000] })
  rib.settle()
  assert.equal(inside.table.get(PREFIX)?.nextHop, '10.1.0.2')
  assert.deepEqual(rib.reasons(PREFIX), {
    spine: 'best: higher LOCAL_PREF',
    tor: 'not best: lower LOCAL_PREF',
  })
  const remove = [pattern('graceful-shutdown')]
  rib.configure(from, { importPolicy: setting({ communities: { communities: { remove, add: [] } } }) })
  rib.settle()
  assert.equal(inside.table.get(PREFIX)?.nextHop, '10.1.0.1')
})

test('BLACKHOLE is a community like any other: only a policy makes something of it', () => {
  const { rib, from, inside } = world()
  rib.announce(from, ['20.0.0.7/32'], { ...LEARNED, communities: [0xffff029a] })
  rib.settle()
  assert.equal(inside.table.get('20.0.0.7/32')?.nextHop, '10.1.0.1')
  const match: PolicyMatch = { communities: [{ mode: 'any', patterns: [pattern('blackhole')] }] }
  rib.configure(from, { importPolicy: accepting({ match, set: { nextHop: parseAddress('192.0.2.66') } }, {}) })
  rib.settle()
  assert.equal(inside.table.get('20.0.0.7/32')?.nextHop, '192.0.2.66')
})

test('addresses of Services are told apart from other routes of our own', () => {
  const { rib, outside } = world()
  rib.rib.originate(parsePrefix('10.244.1.0/24'))
  rib.rib.originate(parsePrefix('203.0.113.10/32'), 'service')
  const set: PolicyEdit = { communities: { communities: { remove: [], add: [pattern('65000:80')] } } }
  rib.configure(outside, { exportPolicy: accepting({ match: { source: ['service'] }, set }) })
  rib.settle()
  assert.deepEqual([...outside.table.keys()], ['203.0.113.10/32'])
  assert.deepEqual(outside.table.get('203.0.113.10/32')?.communities, [0xfde80050])
  rib.rib.originate(parsePrefix('203.0.113.10/32'))
  rib.settle()
  assert.equal(outside.table.size, 0, 'it is no longer a Service')
})

test('what policies derive is given back with the routes', () => {
  const { rib, from, outside } = world()
  rib.configure(from, { importPolicy: setting({ localPref: 7 }) })
  rib.configure(outside, { exportPolicy: setting({ med: 7 }) })
  for (let at = 0; at < 300; at++) rib.announce(from, [`20.0.${at & 255}.0/24`], { ...LEARNED, med: at })
  rib.settle()
  assert(rib.rib.sizes().attributeSets > 500, 'as received and as changed')
  rib.withdraw(
    from,
    Array.from({ length: 256 }, (_, at) => `20.0.${at}.0/24`),
  )
  rib.settle()
  const { announcements, attributeSets, attributeOctets } = rib.rib.sizes()
  assert.deepEqual([announcements, attributeSets, attributeOctets], [0, 0, 0])
})
