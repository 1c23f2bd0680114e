import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCEPT, type Policy, REJECT } from '../../../bgp/rib/policy.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import type { TestAttributes } from './messages.ts'
import { Oracle } from './oracle.ts'
import { type PeerView, RibWorld, type TestPeer } from './rib-world.ts'

const prefixes = [
  ...Array.from({ length: 30 }, (_, at) => `10.${at % 5}.${at}.0/${22 + (at % 3)}`).map(text => String(tidy(text))),
  ...Array.from({ length: 10 }, (_, at) => `2001:db8:${at + 1}::/48`),
]

const peers: TestPeer[] = [
  { name: 'e1', asNumber: 65101, address: '10.1.0.1' },
  { name: 'e2', asNumber: 65102, address: '10.1.0.2' },
  { name: 'e3', asNumber: 65101, address: '10.1.0.3', nextHop: 'unchanged' },
  { name: 'i1', asNumber: 65000, address: '10.2.0.1' },
  { name: 'i2', asNumber: 65000, address: '10.2.0.2', nextHop: 'self' },
  { name: 'c1', asNumber: 65000, address: '10.3.0.1', client: true },
  { name: 'c2', asNumber: 65000, address: '10.3.0.2', client: true },
  { name: 'c3', asNumber: 65000, address: '10.3.0.3', client: true, routerId: 5 },
]

/** The same with add-path here and there. */
const severalPaths: TestPeer[] = peers.map((peer, at) => ({
  ...peer,
  session: [
    { addPathReceive: [4, 6] as const },
    { addPathSend: { 4: 2, 6: Number.POSITIVE_INFINITY } },
    { addPathReceive: [4] as const, addPathSend: { 4: 3 } },
    {},
  ][at % 4]!,
}))

const low = [{ prefix: parsePrefix('10.0.0.0/8'), min: 22, max: 23 }]
const policies: Policy[] = [
  ACCEPT,
  REJECT,
  { name: 'low', terms: [{ name: 't', match: { prefixes: low }, action: 'accept' }], otherwise: 'reject' },
  { name: 'not-low', terms: [{ name: 't', match: { prefixes: low }, action: 'reject' }], otherwise: 'accept' },
  { name: 'six', terms: [{ name: 't', match: { families: [6] }, action: 'accept' }], otherwise: 'reject' },
  { name: 'own', terms: [{ name: 't', match: { source: ['local'] }, action: 'accept' }], otherwise: 'reject' },
  {
    name: 'mixed',
    terms: [
      { name: 'one', match: { peers: ['c1', 'e1'], source: ['external', 'local'] }, action: 'reject' },
      { name: 'two', match: { families: [4], prefixes: low }, action: 'reject' },
      { name: 'three', match: { source: ['internal'] }, action: 'accept' },
    ],
    otherwise: 'accept',
  },
]

function tidy(text: string): string {
  const [address, length] = text.split('/') as [string, string]
  const [a, b, c] = address.split('.').map(Number) as [number, number, number]
  const mask = (0xff00 >> (Number(length) - 16)) & 0xff
  return `${a}.${b}.${c & mask}.0/${length}`
}

/** Random choices with a seed, so that a failure can be run again. */
class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) | 0
    return ((this.#state >>> 8) % 0xffffff) % limit
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  some<T>(choices: readonly T[]): T[] {
    return Array.from({ length: 1 + this.below(6) }, () => this.of(choices)).filter(
      (one, at, all) => all.indexOf(one) === at,
    )
  }
}

/** The same life for the RIB and for the oracle. */
class Run {
  readonly chance: Chance
  readonly world = new RibWorld()
  readonly oracle = new Oracle()
  readonly views: PeerView[]
  readonly sessions = new Set<PeerView>()
  readonly stale = new Map<PeerView, Set<string>>()

  constructor(seed: number, peers: readonly TestPeer[]) {
    this.chance = new Chance(seed)
    this.views = peers.map(peer => this.world.add({ ...peer }))
    for (const view of this.views) this.open(view)
  }

  readonly actions: readonly (() => void)[] = [
    ...Array.from({ length: 8 }, () => () => this.announce()),
    ...Array.from({ length: 4 }, () => () => this.withdraw()),
    () => this.close(this.chance.of(this.views), 'flush'),
    () => this.close(this.chance.of(this.views), 'stale'),
    () => this.open(this.chance.of(this.views)),
    () => this.open(this.chance.of(this.views)),
    () => this.sweep(this.chance.of(this.views)),
    () => this.world.configure(this.chance.of(this.views), { importPolicy: this.chance.of(policies) }),
    () => this.world.configure(this.chance.of(this.views), { exportPolicy: this.chance.of(policies) }),
    () => this.world.configure(this.chance.of(this.views.slice(3)), { client: this.chance.below(2) === 0 }),
    () => this.world.configure(this.chance.of(this.views), { nextHop: this.chance.of(['auto', 'self', 'unchanged']) }),
    () => this.own(),
    () => this.nextHop(),
    () => this.refresh(this.chance.of(this.views)),
    () => this.block(this.chance.of(this.views)),
    () => this.resume(this.chance.of(this.views)),
    ...Array.from({ length: 8 }, () => () => void this.world.rib.decide(1 + this.chance.below(20))),
    ...Array.from({ length: 8 }, () => () => void this.world.rib.export(1 + this.chance.below(20))),
  ]

  announce(): void {
    const view = this.chance.of(this.views)
    if (!this.sessions.has(view)) return
    const six = this.chance.below(3) === 0
    const announced = this.withIds(view, this.chance.some(prefixes.filter(prefix => prefix.includes(':') === six)))
    const attributes = this.attributes(view.config, six)
    // now and then some of the others are withdrawn in the same message
    const others = this.chance.below(3) === 0 ? this.withIds(view, this.chance.some(prefixes)) : []
    const withdrawn = others.filter(prefix => !announced.includes(prefix))
    this.world.announce(view, announced, attributes, withdrawn)
    this.oracle.withdraw(view.config, withdrawn)
    this.oracle.learn(view.config, announced, attributes)
    for (const prefix of [...announced, ...withdrawn]) this.stale.get(view)?.delete(prefix)
  }

  /** Prefixes as the peer names them: some with one of a few path ids, where it sends such. */
  withIds(view: PeerView, texts: readonly string[]): string[] {
    const families = view.config.session?.addPathReceive ?? []
    return texts.map(text => (families.includes(text.includes(':') ? 6 : 4) ? `${text}#${this.chance.below(3)}` : text))
  }

  attributes(peer: TestPeer, six: boolean): TestAttributes {
    const { chance } = this
    const inside = peer.asNumber === 65000
    const tail = Array.from({ length: chance.below(2) }, () => chance.of([1, 2, 3, 65000, 200000]))
    const asPath = inside ? [...(chance.below(2) === 0 ? [] : [65101]), ...tail] : [peer.asNumber, ...tail]
    return {
      origin: chance.below(2),
      asPath,
      nextHop: six ? `2001:db8:ffff::${1 + chance.below(3)}` : `10.9.0.${1 + chance.below(3)}`,
      ...(chance.below(2) === 0 && { med: chance.below(3) }),
      ...(inside && { localPref: 100 + 10 * chance.below(2) }),
      ...(chance.below(4) === 0 && { communities: [chance.of([0xffffff01, 0xffffff02, 7])] }),
      ...(inside && chance.below(4) === 0 && { originatorId: chance.of(['10.0.0.1', '0.0.0.9', '10.2.0.1']) }),
      ...(inside && chance.below(4) === 0 && { clusterList: chance.some(['10.0.0.255', '1.1.1.1', '2.2.2.2']) }),
    }
  }

  withdraw(): void {
    const view = this.chance.of(this.views)
    if (!this.sessions.has(view)) return
    const withdrawn = this.withIds(view, this.chance.some(prefixes))
    this.world.withdraw(view, withdrawn)
    this.oracle.withdraw(view.config, withdrawn)
    for (const prefix of withdrawn) this.stale.get(view)?.delete(prefix)
  }

  close(view: PeerView, then: 'flush' | 'stale'): void {
    if (!this.sessions.delete(view)) return
    this.world.rib.leave(view.number)
    view.table.clear()
    view.takesMore = true
    for (const family of [4, 6] as const)
      if (then === 'stale') this.world.rib.stale(view.number, family)
      else this.world.rib.flush(view.number, family)
    if (then === 'stale') this.stale.set(view, new Set(this.oracle.routesOf(view.config)))
    else this.oracle.withdraw(view.config, this.oracle.routesOf(view.config))
  }

  open(view: PeerView): void {
    if (this.sessions.has(view)) return
    this.sessions.add(view)
    this.world.join(view)
  }

  sweep(view: PeerView): void {
    const swept = [4, 6].map(family => this.world.rib.sweep(view.number, family as 4 | 6))
    const stale = this.stale.get(view) ?? new Set()
    const left = new Set(this.oracle.routesOf(view.config))
    assert.equal(swept[0]! + swept[1]!, [...stale].filter(prefix => left.has(prefix)).length, 'paths swept')
    this.oracle.withdraw(view.config, stale)
    this.stale.delete(view)
  }

  own(): void {
    const prefix = this.chance.of(prefixes)
    const present = this.chance.below(2) === 0
    if (present) this.world.rib.originate(parsePrefix(prefix))
    else this.world.rib.withdrawLocal(parsePrefix(prefix))
    this.oracle.own(prefix, present)
  }

  nextHop(): void {
    const text = this.chance.of(['10.9.0.1', '10.9.0.2', '2001:db8:ffff::1'])
    const usable = this.chance.below(2) === 0
    this.world.rib.setNextHops([{ address: parsePrefix(text).address, reason: usable ? undefined : 'no route to it' }])
    this.oracle.nextHop(text, usable)
  }

  refresh(view: PeerView): void {
    for (const family of [4, 6] as const) if (this.sessions.has(view)) this.world.rib.refresh(view.number, family)
  }

  block(view: PeerView): void {
    view.takesMore = false
  }

  resume(view: PeerView): void {
    view.takesMore = true
    this.world.rib.resume(view.number)
  }

  check(label: string): void {
    for (const view of this.views) this.resume(view)
    this.world.settle(1 + this.chance.below(50))
    for (const view of this.sessions) {
      const name = `${label}, what ${view.config.name} holds`
      assert.deepEqual(sorted(byPrefix(view.table)), sorted(this.oracle.tableOf(view.config)), name)
      assert.deepEqual([...new Set(view.endOfRibs)].length, view.endOfRibs.length, 'one End-of-RIB per family')
      assert.equal(view.endOfRibs.length, 2, 'End-of-RIB of both families')
      assert.equal(view.idleWithdrawn, 0, `${name}: withdrawals of what it did not hold`)
      const told = this.world.rib.counts(view.number, 4).advertised + this.world.rib.counts(view.number, 6).advertised
      assert.equal(told, view.table.size, `${name}: the count`)
    }
    this.world.rib.takeKernelChanges(1000)
    this.world.rib.export(1)
    assert.equal(this.world.rib.sizes().prefixes, this.oracle.prefixes().size, `${label}, prefixes in the tables`)
  }

  end(): void {
    for (const view of this.views) this.world.remove(view)
    for (const prefix of prefixes) this.world.rib.withdrawLocal(parsePrefix(prefix))
    this.world.settle()
    while (this.world.rib.takeKernelChanges(1000).length > 0) this.world.settle()
    this.world.rib.export(1)
    const { prefixCapacity, pathCapacity, ...rest } = this.world.rib.sizes()
    for (const [what, size] of Object.entries(rest)) assert.equal(size, 0, `${what} that are left`)
    assert.ok(prefixCapacity <= 128 && pathCapacity <= 128, 'the tables are as small as at the start')
  }
}

/** What a peer holds, paths of one prefix together. */
function byPrefix(table: ReadonlyMap<string, TestAttributes>): Map<string, TestAttributes[]> {
  const found = new Map<string, TestAttributes[]>()
  for (const [text, attributes] of table) {
    const prefix = text.split('#')[0]!
    found.set(prefix, [...(found.get(prefix) ?? []), attributes])
  }
  return found
}

function sorted(table: ReadonlyMap<string, TestAttributes[]>): [string, TestAttributes[]][] {
  const rows = Array.from(table, ([prefix, paths]): [string, TestAttributes[]] => [prefix, sortedByText(paths)])
  return rows.sort(([a], [b]) => (a < b ? -1 : 1))
}

function sortedByText(paths: readonly TestAttributes[]): TestAttributes[] {
  const text = (path: TestAttributes) => JSON.stringify(Object.entries(path).sort(([a], [b]) => (a < b ? -1 : 1)))
  return [...paths].sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

for (const [kind, cast] of [
  ['a random life', peers],
  ['a random life with several paths of a prefix', severalPaths],
] as const)
  for (let seed = 1; seed <= 25; seed++)
    test(`through ${kind} every peer holds what it should, and nothing stays behind (seed ${seed})`, () => {
      const run = new Run(seed, cast)
      for (let round = 0; round < 15; round++) {
        for (let step = 0; step < 40; step++) run.chance.of(run.actions)()
        run.check(`seed ${seed}, round ${round}`)
      }
      run.end()
    })
