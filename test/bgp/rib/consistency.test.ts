/**
 * Random lives of a RIB with everything in them at once: policies that set attributes, path ids, limits, roles, long stale
 * routes, refreshes, a drain, peers that do not read. There is no second opinion on what is right here, but whatever happens
 * the RIB must agree with itself: explanations, listings and counts say what each peer really holds, what is so does not depend
 * on how it came about, and nothing stays behind.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RibRole } from '../../../bgp/rib/peer.ts'
import { ACCEPT, type Policy, type PolicyTerm, REJECT } from '../../../bgp/rib/policy.ts'
import { parseCommunityPattern } from '../../../bgp/rib/policy-community.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import type { TestAttributes } from './messages.ts'
import { type PeerView, RibWorld, type TestPeer } from './rib-world.ts'

const families = [4, 6] as const
const texts = ['20.0.0.0/16', '20.0.1.0/24', '20.0.2.0/24', '20.1.0.0/24', '2a00:1::/32', '2a00:1:2::/48']
const cast: readonly TestPeer[] = [
  {
    name: 'several',
    asNumber: 65101,
    address: '10.1.0.1',
    session: { addPathReceive: [4], addPathSend: { 4: 2 }, longLived: families },
  },
  { name: 'left', asNumber: 65102, address: '10.1.0.2' },
  { name: 'right', asNumber: 65103, address: '10.1.0.3', session: { longLived: families } },
  {
    name: 'all',
    asNumber: 65000,
    address: '10.2.0.1',
    client: true,
    session: { addPathSend: { 4: Number.POSITIVE_INFINITY, 6: 3 } },
  },
  { name: 'inside', asNumber: 65000, address: '10.2.0.2', session: { longLived: families } },
  { name: 'six', asNumber: 65104, address: '2001:db8::9', session: { extendedNextHop: true } },
]

const community = (text: string) => [parseCommunityPattern('communities', text)!]
const within = (text: string) => [{ prefix: parsePrefix(text), min: 0, max: 128 }]
const NO_LLGR = parseCommunityPattern('communities', '65535:7')!
const LLGR_STALE = parseCommunityPattern('communities', '65535:6')!
const terms: readonly PolicyTerm[] = [
  { name: 'marked', match: { communities: [{ mode: 'any', patterns: community('65000:*') }] }, action: 'reject' },
  { name: 'last', match: {}, action: 'next', set: { communities: { communities: { remove: [], add: [NO_LLGR] } } } },
  {
    name: 'fresh',
    match: {},
    action: 'next',
    set: { communities: { communities: { remove: [LLGR_STALE], add: [] } } },
  },
  { name: 'none', match: {}, action: 'next', set: { communities: { communities: { remove: 'all', add: [] } } } },
  { name: 'low', match: { prefixes: within('20.0.0.0/16') }, action: 'next', set: { localPref: 50, med: 9 } },
  { name: 'long', match: { med: { min: 5, max: 9 } }, action: 'accept', set: { prepend: { count: 2 } } },
  { name: 'self', match: {}, action: 'next', set: { nextHop: 'self' } },
  { name: 'as it is', match: { families: [4] }, action: 'next', set: { nextHop: 'unchanged' } },
  { name: 'there', match: {}, action: 'next', set: { nextHop: parseAddress('10.9.9.9') } },
  { name: 'high', match: { prefixes: within('20.1.0.0/16') }, action: 'reject' },
  { name: 'inside', match: { source: ['internal'] }, action: 'reject' },
]
const policy: fc.Arbitrary<Policy> = fc.oneof(
  fc.constantFrom(ACCEPT, REJECT),
  fc
    .tuple(
      fc.shuffledSubarray([...terms], { minLength: 1, maxLength: 3 }),
      fc.constantFrom('accept', 'accept', 'reject'),
    )
    .map(([chosen, otherwise]): Policy => ({ name: 'random', terms: chosen, otherwise })),
)

const attributes: fc.Arbitrary<Partial<TestAttributes>> = fc.record(
  {
    origin: fc.constantFrom(0, 1),
    asPath: fc.array(fc.constantFrom(7, 8, 65101, 65000), { maxLength: 2 }),
    med: fc.constantFrom(0, 5),
    communities: fc.subarray([0xfde80001, 0xffff0000, 0xffff0006, 0xffff0007, 0xffffff01, 7], { minLength: 1 }),
    otc: fc.constantFrom(65101, 65102, 65103, 9),
  },
  { requiredKeys: ['asPath'] },
)

const peer = fc.nat(cast.length - 1)
const pick = <T>(...values: readonly T[]) => fc.subarray([...values], { minLength: 1 })
type Act = (life: Life) => void
const act = <T>(values: fc.Arbitrary<T>, how: (life: Life, values: T) => void): fc.Arbitrary<Act> =>
  values.map(value =>
    Object.assign((life: Life) => how(life, value), { toString: () => `${String(how)} ${JSON.stringify(value)}` }),
  )
const withPeer = (how: (life: Life, view: PeerView) => void) => act(peer, (life, at) => how(life, life.views[at]!))

const action: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: act(fc.tuple(peer, pick(...texts), attributes, fc.nat(2)), (life, [at, prefixes, told, id]) =>
      life.announce(life.views[at]!, prefixes, told, id),
    ),
  },
  act(fc.tuple(peer, pick(...texts), fc.nat(2)), (life, [at, prefixes, id]) =>
    life.withdraw(life.views[at]!, prefixes, id),
  ),
  { weight: 2, arbitrary: act(fc.tuple(peer, policy), (life, [at, importPolicy]) => life.set(at, { importPolicy })) },
  { weight: 2, arbitrary: act(fc.tuple(peer, policy), (life, [at, exportPolicy]) => life.set(at, { exportPolicy })) },
  act(fc.tuple(peer, fc.constantFrom('auto', 'self', 'unchanged')), (life, [at, nextHop]) => life.set(at, { nextHop })),
  act(fc.tuple(peer, fc.constantFrom(1, 2, 4, undefined)), (life, [at, most]) =>
    life.set(at, { maxPrefixesOut: most === undefined ? {} : { 4: most } }),
  ),
  act(fc.tuple(peer, fc.constantFrom(1, 3, undefined)), (life, [at, most]) =>
    life.set(at, { maxPrefixes: most === undefined ? {} : { 4: most } }),
  ),
  act(fc.boolean(), (life, draining) => life.world.rib.setDraining(draining)),
  withPeer((life, view) => life.close(view, 'flush')),
  withPeer((life, view) => life.close(view, 'stale')),
  act(peer, (life, at) => life.replace(at)),
  act(fc.tuple(peer, fc.constantFrom(undefined, 'provider', 'customer', 'peer', 'rs')), (life, [at, role]) =>
    life.open(life.views[at]!, role as RibRole | undefined),
  ),
  withPeer((life, view) => void families.map(family => life.world.rib.longLive(view.number, family))),
  withPeer((life, view) => void families.map(family => life.world.rib.sweep(view.number, family))),
  withPeer((life, view) => void families.map(family => life.world.rib.beginRefresh(view.number, family))),
  withPeer((life, view) => void families.map(family => life.world.rib.endRefresh(view.number, family))),
  withPeer((life, view) => life.up.has(view) && life.world.rib.refresh(view.number, 4)),
  act(fc.tuple(fc.constantFrom('10.9.9.9', '10.1.0.1', '10.1.0.3'), fc.boolean()), (life, [text, usable]) =>
    life.world.rib.setNextHops([{ address: parseAddress(text), reason: usable ? undefined : 'no route to it' }]),
  ),
  withPeer((_life, view) => {
    view.takesMore = false
  }),
  act(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 })), (life, [decided, exported]) => {
    life.world.rib.decide(decided)
    if (exported > 0) life.world.rib.export(exported)
  }),
  { weight: 2, arbitrary: act(fc.constant(0), life => life.check()) },
)

class Life {
  readonly world = new RibWorld()
  readonly views = cast.map(peer => this.world.add({ ...peer }))
  /** Those with a session. */
  readonly up = new Set<PeerView>()

  constructor() {
    for (const view of this.views) this.open(view, undefined)
  }

  open(view: PeerView, role: RibRole | undefined): void {
    if (this.up.has(view)) return
    this.up.add(view)
    const { role: _, ...session } = view.config.session ?? {}
    const isExternal = view.config.asNumber !== 65000
    Object.assign(view.config, { session: { ...session, ...(isExternal && role !== undefined && { role }) } })
    this.world.join(view)
  }

  close(view: PeerView, then: 'flush' | 'stale'): void {
    if (!this.up.delete(view)) return
    this.world.rib.leave(view.number)
    view.table.clear()
    view.takesMore = true
    for (const family of families) this.world.rib[then](view.number, family)
  }

  /** Its number goes to the next peer at once. */
  replace(at: number): void {
    const view = this.views[at]!
    this.up.delete(view)
    this.world.remove(view)
    this.views[at] = this.world.add({ ...view.config })
    this.open(this.views[at]!, undefined)
  }

  set(at: number, change: Partial<TestPeer>): void {
    this.world.configure(this.views[at]!, change)
  }

  announce(view: PeerView, prefixes: readonly string[], told: Partial<TestAttributes>, id: number): void {
    if (!this.up.has(view)) return
    const { asNumber, address } = view.config
    const inside = asNumber === 65000
    const asPath = [...(inside ? [] : [asNumber]), ...(told.asPath ?? [])]
    for (const six of [false, true]) {
      const named = this.#named(view, prefixes, id).filter(text => text.includes(':') === six)
      const nextHop = six ? '2001:db8::77' : address.includes(':') ? '10.9.0.6' : address
      const attributes = { origin: 0, ...told, asPath, nextHop, ...(inside && { localPref: 100 }) }
      if (named.length > 0) this.world.announce(view, named, attributes)
    }
  }

  withdraw(view: PeerView, prefixes: readonly string[], id: number): void {
    if (this.up.has(view)) this.world.withdraw(view, this.#named(view, prefixes, id))
  }

  #named(view: PeerView, prefixes: readonly string[], id: number): string[] {
    const ids = view.config.session?.addPathReceive ?? []
    return prefixes.map(text => (ids.includes(text.includes(':') ? 6 : 4) ? `${text}#${id}` : text))
  }

  settle(): void {
    for (const view of this.views) {
      view.takesMore = true
      this.world.rib.resume(view.number)
    }
    this.world.settle()
  }

  check(): void {
    this.settle()
    const { rib } = this.world
    const explained = texts.map(text => [text, rib.explain(parsePrefix(text))] as const)
    for (const view of this.views) {
      const { name } = view.config
      const isOf = ({ peer }: { peer: number }) => peer === view.number
      const exact = explained.filter(([text, found]) => String(found?.prefix) === text)
      const paths = exact.flatMap(([, found]) => found!.paths.filter(isOf))
      const counts = families.map(family => rib.counts(view.number, family))
      const sum = (of: 'received' | 'accepted' | 'stale' | 'advertised') =>
        counts.reduce((total, one) => total + one[of], 0)
      assert.equal(sum('received'), paths.length, `${name}: received`)
      assert.equal(sum('accepted'), paths.filter(({ verdict }) => verdict !== 'rejected').length, `${name}: accepted`)
      assert.equal(sum('stale'), paths.filter(({ stale }) => stale).length, `${name}: stale`)
      assert.equal(
        counts[0]!.prefixes,
        new Set(paths.filter(({ prefix }) => prefix.family === 4).map(({ prefix }) => String(prefix))).size,
      )
      assert.equal(view.idleWithdrawn, 0, `${name}: withdrawals of what it did not hold`)
      assert.equal(sum('advertised'), this.up.has(view) ? view.table.size : 0, `${name}: the count`)
      if (!this.up.has(view)) continue
      const told = exact.flatMap(([text, found]) =>
        found!.advertised
          .filter(isOf)
          .filter(({ advertised }) => advertised)
          .map(({ pathId }) => (pathId === undefined ? text : `${text}#${pathId}`)),
      )
      assert.deepEqual(told.sort(), [...view.table.keys()].sort(), `${name}: what explanations say that it is told`)
      const rows = families.flatMap(family => rib.routes({ family, table: 'advertised', peer: view.number }).next(100))
      assert.deepEqual(
        rows
          .map(({ prefix, pathId, nextHop }) => [
            pathId === undefined ? String(prefix) : `${prefix}#${pathId}`,
            String(nextHop),
          ])
          .sort(),
        Array.from(view.table, ([key, { nextHop }]) => [key, nextHop]).sort(),
        `${name}: what the listing says that it is told`,
      )
      assert.ok(counts[0]!.advertised <= (view.config.maxPrefixesOut?.[4] ?? Number.POSITIVE_INFINITY))
    }
  }

  /** What a peer is told is a function of the paths and the configuration alone, where nothing is limited. */
  checkAgain(): void {
    for (const [at] of this.views.entries()) this.set(at, { maxPrefixesOut: {} })
    this.settle()
    const held = (view: PeerView) => Array.from(view.table).sort(([a], [b]) => (a < b ? -1 : 1))
    const before = this.views.map(held)
    for (const [at, { config }] of this.views.entries()) {
      const { importPolicy = ACCEPT, exportPolicy = ACCEPT } = config
      this.set(at, { importPolicy: REJECT })
      this.set(at, { exportPolicy: REJECT })
      this.settle()
      this.set(at, { importPolicy })
      this.set(at, { exportPolicy })
    }
    this.settle()
    assert.deepEqual(this.views.map(held), before, 'policies that were away for a while')
  }

  end(): void {
    for (const view of this.views) this.world.remove(view)
    this.world.settle()
    while (this.world.rib.takeKernelChanges(1000).length > 0) this.world.settle()
    this.world.rib.export(1)
    const { prefixCapacity, pathCapacity, ...rest } = this.world.rib.sizes()
    for (const [what, size] of Object.entries(rest)) assert.equal(size, 0, `${what} that are left`)
    assert.ok(prefixCapacity <= 128 && pathCapacity <= 128)
  }
}

test('whatever happens, explanations, listings and counts say what each peer holds, and nothing stays behind', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 60, size: 'max' }), actions => {
      const life = new Life()
      for (const act of actions) act(life)
      life.check()
      life.checkAgain()
      life.check()
      life.end()
    }),
    { numRuns: Number(process.env['PODPEER_PROPERTY_RUNS'] ?? 150) },
  )
})
