/**
 * Random policies on random routes, edited while the routes are there: after every step each peer holds what a naive
 * interpretation says, nothing was said twice, and nothing stays behind when all is gone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PathPattern } from '../../../bgp/rib/path-pattern.ts'
import type { Policy, PolicyEdit, PolicyMatch, PolicyTerm, PrefixRange } from '../../../bgp/rib/policy.ts'
import { ACCEPT, routeSources } from '../../../bgp/rib/policy.ts'
import { parseCommunityPattern } from '../../../bgp/rib/policy-community.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import type { TestAttributes } from './messages.ts'
import { interpret } from './naive-policy.ts'
import { identity, type PeerView, RibWorld } from './rib-world.ts'

const GRACEFUL_SHUTDOWN = 0xffff0000
const some = <T>(...values: readonly T[]) => fc.subarray([...values], { minLength: 1 })
const range = (least: number, most: number) =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most })).map(([a, b]) => ({
    min: Math.min(a, b),
    max: Math.max(a, b),
  }))
/** Fields of which some are there. */
const partly = <T extends object>(fields: { [Key in keyof T]-?: fc.Arbitrary<Exclude<T[Key], undefined>> }) =>
  fc.record(fields, { requiredKeys: [] }) as unknown as fc.Arbitrary<T>

const prefixTexts = ['20.0.0.0/16', '20.0.1.0/24', '20.1.0.0/24', '20.1.0.128/25', '2a00:1::/32', '2a00:1:2::/48']
const prefixRange: fc.Arbitrary<PrefixRange> = fc.oneof(
  range(8, 32).map(bounds => ({ prefix: parsePrefix('20.0.0.0/14'), ...bounds })),
  range(24, 32).map(bounds => ({ prefix: parsePrefix('20.1.0.0/24'), ...bounds })),
  range(32, 64).map(bounds => ({ prefix: parsePrefix('2a00:1::/32'), ...bounds })),
)

const patternsOf = {
  communities: ['65000:1', '65000:2', '65001:1', '65000:*', '*:1', 'graceful-shutdown'],
  extendedCommunities: ['rt:65000:1', 'rt:65000:*', 'soo:65000:1', 'rt:70000:2', 'rt:192.0.2.1:*'],
  largeCommunities: ['65000:1:2', '65000:*:2', '65001:1:*'],
} as const
const kinds = ['communities', 'extendedCommunities', 'largeCommunities'] as const
type Kind = (typeof kinds)[number]
const patterns = (kind: Kind, exact: boolean) =>
  some(...patternsOf[kind].filter(text => !exact || !text.includes('*'))).map(texts =>
    texts.map(text => parseCommunityPattern(kind, text)!),
  )
const kind = fc.constantFrom(...kinds)

const match: fc.Arbitrary<PolicyMatch> = partly<PolicyMatch>({
  prefixes: fc.array(prefixRange, { minLength: 1, maxLength: 2 }),
  families: some(4, 6),
  peers: some('left', 'right', 'inside', 'outside'),
  source: some(...routeSources),
  communities: fc.array(
    kind.chain(one => fc.record({ mode: fc.constantFrom('any', 'all', 'none'), patterns: patterns(one, false) })),
    { minLength: 1, maxLength: 2 },
  ),
  asPath: partly<NonNullable<PolicyMatch['asPath']>>({
    neighbors: some(65101, 65102),
    origins: some(65101, 65009, 7),
    contains: some(65008, 7),
    length: range(1, 4),
    pattern: fc.constantFrom('_7_', '^65101', '65009$', '^65101( 6500[89])*$', '^$').map(text => new PathPattern(text)),
  }),
  nextHop: some(parsePrefix('10.0.0.0/8'), parsePrefix('10.1.0.1/32'), parsePrefix('fd00::/16')),
  localPref: range(0, 200),
  med: range(0, 60),
  origin: some('igp', 'egp', 'incomplete'),
})

const communityEdit = (one: Kind) =>
  fc.record({
    remove: fc.oneof(fc.constant('all' as const), fc.constant([]), patterns(one, false)),
    add: fc.oneof(fc.constant([]), patterns(one, true)),
  })

const edit: fc.Arbitrary<PolicyEdit> = partly<PolicyEdit>({
  localPref: fc.constantFrom(0, 50, 150),
  med: fc.constantFrom<NonNullable<PolicyEdit['med']>>(0, 7, 'none'),
  origin: fc.constantFrom('igp', 'incomplete'),
  communities: partly<NonNullable<PolicyEdit['communities']>>({
    communities: communityEdit('communities'),
    extendedCommunities: communityEdit('extendedCommunities'),
    largeCommunities: communityEdit('largeCommunities'),
  }),
  prepend: fc.record({ asNumber: fc.constantFrom(64999, 65008), count: fc.integer({ min: 1, max: 3 }) }),
  nextHop: fc.constantFrom<NonNullable<PolicyEdit['nextHop']>>(
    'self',
    'unchanged',
    parseAddress('10.9.9.9'),
    parseAddress('fd00::9'),
  ),
})

/** Mostly a few fields at once: a match of many hardly ever holds. */
const few = <T extends object>(fields: T, keep: readonly number[]): T =>
  Object.fromEntries(Object.entries(fields).filter((_, at) => keep.includes(at))) as T
const keep = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 2 })

const term = fc
  .tuple(match, edit, keep, keep, fc.constantFrom<PolicyTerm['action']>('accept', 'accept', 'reject', 'next', 'next'))
  .map(
    ([match, set, kept, sets, action]): PolicyTerm => ({
      name: 't',
      match: few(match, kept),
      action,
      ...(action !== 'reject' && sets.length > 0 && { set: few(set, sets) }),
    }),
  )
const policy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constant('random'),
  terms: fc.array(term, { maxLength: 5 }),
  otherwise: fc.constantFrom<Policy['otherwise']>('accept', 'reject'),
})

const attributes = fc.record(
  {
    origin: fc.constantFrom(0, 1, 2),
    asPath: fc.array(fc.constantFrom(65008, 65009, 7), { maxLength: 3 }),
    med: fc.constantFrom(0, 5, 50),
    communities: some(0xfde80001, 0xfde80002, 0xfde90001, GRACEFUL_SHUTDOWN),
    extendedCommunities: some('0002fde800000001', '0002fde800000009', '0003fde800000001', '0202000111700002'),
    largeCommunities: some('65000:1:2', '65000:9:2', '65001:1:7'),
  },
  { requiredKeys: ['origin', 'asPath'] },
)

type Step =
  | {
      readonly do: 'announce'
      readonly peer: number
      readonly prefixes: readonly string[]
      readonly attributes: object
    }
  | { readonly do: 'withdraw'; readonly peer: number; readonly prefixes: readonly string[] }
  | { readonly do: 'import'; readonly peer: number; readonly policy: Policy }
  | { readonly do: 'export'; readonly peer: number; readonly policy: Policy }
  | { readonly do: 'drain'; readonly on: boolean }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('announce' as const),
      peer: fc.constantFrom(0, 1),
      prefixes: some(...prefixTexts),
      attributes,
    }),
  },
  fc.record({ do: fc.constant('withdraw' as const), peer: fc.constantFrom(0, 1), prefixes: some(...prefixTexts) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('import' as const), peer: fc.constantFrom(0, 1), policy }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('export' as const), peer: fc.constantFrom(2, 3), policy }) },
  fc.record({ do: fc.constant('drain' as const), on: fc.boolean() }),
)

/** Prefixes of one sender do not overlap those of the other, so that selection has nothing to choose. */
const shifted = (text: string, sender: number) =>
  sender === 0 ? text : text.replace('20.', '21.').replace('2a00', '2a01')

test('compiled policies do what a naive interpretation says, on import and export, over edits of either and a drain', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), steps => {
      const world = new RibWorld()
      const peers = [
        world.up({ name: 'left', asNumber: 65101, address: '10.1.0.1' }),
        world.up({ name: 'right', asNumber: 65102, address: '10.1.0.2' }),
        world.up({ name: 'inside', asNumber: identity.asNumber, address: '10.2.0.1' }),
        world.up({ name: 'outside', asNumber: 65200, address: '10.2.0.2' }),
      ] as const
      const held = new Map<string, { sender: number; attributes: TestAttributes }>()
      let draining = false
      for (const one of steps) {
        if (one.do === 'announce')
          for (const family of [4, 6]) {
            const prefixes = one.prefixes
              .map(text => shifted(text, one.peer))
              .filter(text => text.includes(':') === (family === 6))
            const sender = peers[one.peer]!.config
            const nextHop = family === 4 ? sender.address : `fd00::${one.peer + 1}`
            const { asPath, ...rest } = one.attributes as TestAttributes
            const told = { ...rest, asPath: [sender.asNumber, ...asPath], nextHop }
            if (prefixes.length > 0) world.announce(peers[one.peer]!, prefixes, told)
            for (const prefix of prefixes) held.set(prefix, { sender: one.peer, attributes: told })
          }
        else if (one.do === 'withdraw') {
          const prefixes = one.prefixes.map(text => shifted(text, one.peer))
          world.withdraw(peers[one.peer]!, prefixes)
          for (const prefix of prefixes) held.delete(prefix)
        } else if (one.do === 'import') world.configure(peers[one.peer]!, { importPolicy: one.policy })
        else if (one.do === 'export') world.configure(peers[one.peer]!, { exportPolicy: one.policy })
        else {
          draining = one.on
          world.rib.setDraining(draining)
        }
        world.settle()
        for (const receiver of peers) {
          const expected = [...held].flatMap(([prefix, route]) => {
            const told = expectedAt(receiver, peers[route.sender]!, prefix, route.attributes, draining)
            return told === undefined ? [] : [[prefix, told] as const]
          })
          const sorted = (entries: Iterable<readonly [string, TestAttributes]>) =>
            new Map([...entries].sort(([a], [b]) => a.localeCompare(b)))
          assert.deepEqual(sorted(receiver.table), sorted(expected), receiver.config.name)
        }
      }
      // peers outside are not told LOCAL_PREF and MED, whose changes they hear of all the same
      assert.equal(peers[2].idleAnnounced, 0, 'nothing was announced that the peer held already')
      for (const peer of peers) assert.equal(peer.idleWithdrawn, 0)
      for (const peer of peers) world.remove(peer)
      world.settle()
      const { announcements, attributeSets, nextHops, paths } = world.rib.sizes()
      world.rib.takeNextHopChanges(1000)
      assert.deepEqual({ announcements, attributeSets, paths }, { announcements: 0, attributeSets: 0, paths: 0 })
      assert(nextHops <= 5)
    }),
    { numRuns: 200 },
  )
})

function expectedAt(
  receiver: PeerView,
  sender: PeerView,
  prefixText: string,
  received: TestAttributes,
  draining: boolean,
): TestAttributes | undefined {
  if (receiver === sender) return undefined
  const prefix = parsePrefix(prefixText)
  const importPolicy = withoutSelf(sender.config.importPolicy ?? ACCEPT)
  const route = { prefix, peer: sender.config.name, source: 'external', attributes: received } as const
  const imported = interpret(importPolicy, route, received.asPath[0]!)
  if (imported === undefined) return undefined
  const inside = structuredClone(imported.attributes)
  if (inside.communities?.includes(GRACEFUL_SHUTDOWN)) inside.localPref = 0
  if (inside.asPath.includes(identity.asNumber)) return undefined
  const exported = interpret(
    receiver.config.exportPolicy ?? ACCEPT,
    { prefix, peer: receiver.config.name, source: 'external', attributes: inside },
    identity.asNumber,
  )
  if (exported === undefined) return undefined
  const told = structuredClone(exported.attributes)
  const internal = receiver.config.asNumber === identity.asNumber
  if (draining) {
    told.communities = [...new Set([...(told.communities ?? []), GRACEFUL_SHUTDOWN])]
    if (internal) told.localPref = 0
  }
  const self = prefix.family === 4 ? '192.0.2.1' : '2001:db8::1'
  if (told.nextHop === '') told.nextHop = self
  if (internal) {
    told.localPref ??= 100
    return told
  }
  if (!exported.isNextHopSet) told.nextHop = self
  if (!exported.isMedSet) delete told.med
  delete told.localPref
  told.asPath.unshift(identity.asNumber)
  return told
}

/** On import these two mean nothing. */
function withoutSelf(policy: Policy): Policy {
  return {
    ...policy,
    terms: policy.terms.map(term => {
      if (typeof term.set?.nextHop !== 'string') return term
      const { nextHop: _, ...set } = term.set
      return { ...term, set }
    }),
  }
}
