import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PeerConfig } from '../../../bgp/session/config.ts'
import type { PeerEffect } from '../../../bgp/session/effect.ts'
import type { PeerInput } from '../../../bgp/session/input.ts'
import { PeerFault } from '../../../bgp/wire/fault.ts'
import type { Family } from '../../../lib/base/ip.ts'
import { capability, config, decode, identity, openOf, Stand } from './stand.ts'

/** A step of a random life: `slot` chooses among the connections that the world still knows. */
type Step = (world: World) => void

/** The world around one peer, that keeps the promises a driver keeps and checks those that the peer keeps. */
class World {
  readonly stand: Stand
  /** Connections that are open or being dialled. */
  readonly open = new Set<number>()
  #up: number | undefined
  /** What the RIB holds per family: `fresh` from the session that is up, `stale` from one before. */
  readonly routes = new Map<Family, { fresh: boolean; stale: boolean }>([
    [4, { fresh: false, stale: false }],
    [6, { fresh: false, stale: false }],
  ])
  #state = 'Idle'
  /** Effects that must come before any other: what becomes of the routes of a session that has just ended. */
  #owed = new Set<Family>()
  #session: readonly Family[] = []
  /** RFC 8538: what is stale may survive a further restart. */
  #keepsOn = false
  /** Families whose stale routes have a long life (RFC 9494). */
  readonly #longLived = new Set<Family>()
  readonly #refreshing = new Set<Family>()

  constructor(stand: Stand) {
    this.stand = stand
  }

  pick(slot: number): number | undefined {
    const all = [...this.open]
    return all[slot % Math.max(1, all.length)]
  }

  handle(input: PeerInput): void {
    this.check(() => this.stand.handle(input))
  }

  accept(): number {
    const connection = this.stand.peer.newConnection()
    this.open.add(connection)
    this.handle({ type: 'accepted', connection })
    return connection
  }

  check(act: () => void): void {
    const from = this.stand.effects.length
    act()
    for (const effect of this.stand.effects.slice(from)) this.#watch(effect)
    assert.deepEqual([...this.#owed], [], 'every down says what becomes of each family')
    const { state, staleFamilies } = this.stand.peer.status()
    assert.equal(state, this.#state, 'every change of state is told')
    assert.equal(state === 'Established', this.#up !== undefined)
    for (const [family, { stale }] of this.routes)
      if (stale) assert.ok(staleFamilies.includes(family), 'no stale route is forgotten')
    if (state === 'Idle') assert.equal(this.open.size, 0, 'Idle holds no connection')
  }

  #watch(effect: PeerEffect): void {
    switch (effect.type) {
      case 'dial':
        assert.equal(this.open.has(effect.connection), false)
        this.open.add(effect.connection)
        return
      case 'send':
        assert.ok(this.open.has(effect.connection), 'nothing is sent on a connection that is gone')
        return
      case 'close':
        assert.ok(this.open.delete(effect.connection), 'a connection is closed once')
        return
      case 'up':
        assert.equal(this.#up, undefined, 'no up before a down')
        this.#up = effect.connection
        this.#session = effect.negotiated.families
        this.#keepsOn = effect.negotiated.gracefulRestart?.notification === true
        this.#refreshing.clear()
        for (const family of this.#session) this.routes.get(family)!.fresh = true
        return
      case 'down':
        assert.notEqual(this.#up, undefined, 'no down before an up')
        assert.notEqual(effect.reason, '')
        this.#up = undefined
        this.#owed = new Set(this.#session)
        return
      case 'stale': {
        const { stale } = this.routes.get(effect.family)!
        const lasts = this.#keepsOn || this.#longLived.has(effect.family)
        assert.ok(!stale || lasts, 'what is stale twice was swept between, but for the N bit and a long life')
        this.routes.set(effect.family, { fresh: false, stale: true })
        this.#owed.delete(effect.family)
        return
      }
      case 'longLived':
        assert.ok(this.routes.get(effect.family)!.stale, 'only what is stale lives on')
        this.#longLived.add(effect.family)
        return
      case 'sweep':
        this.routes.get(effect.family)!.stale = false
        this.#longLived.delete(effect.family)
        return
      case 'beginRefresh':
        assert.notEqual(this.#up, undefined)
        this.#refreshing.add(effect.family)
        return
      case 'endRefresh':
        assert.ok(this.#refreshing.delete(effect.family), 'no end without a beginning')
        return
      case 'flush':
        this.routes.set(effect.family, { fresh: false, stale: false })
        this.#longLived.delete(effect.family)
        this.#owed.delete(effect.family)
        return
      case 'state':
        assert.equal(effect.from, this.#state)
        assert.notEqual(effect.to, effect.from)
        assert.notEqual(effect.reason, '', 'every change has a reason')
        this.#state = effect.to
        return
      case 'refresh':
        assert.notEqual(this.#up, undefined)
        return
      case 'notice':
        assert.notEqual(effect.text, '')
    }
  }
}

const slot = fc.nat({ max: 3 })

function onConnection(act: (world: World, connection: number) => void): fc.Arbitrary<Step> {
  return slot.map(at => (world: World) => {
    const connection = world.pick(at)
    if (connection !== undefined) act(world, connection)
  })
}

const offers = fc.subarray([
  capability.ipv4,
  capability.ipv6,
  capability.refresh,
  capability.as4(65002),
  capability.restart({ 4: true, 6: true }, 30),
  capability.restart({ 4: true, 6: false }, 5, true),
  capability.restart({ 4: true, 6: true }, 30, false, true),
  capability.longLived({ 4: true, 6: false }, 60),
  capability.enhancedRefresh,
  { type: 'role' as const, role: 'provider' as const },
  { type: 'unknown' as const, code: 69, value: Uint8Array.of(1, 2) },
])

/** Mostly what a session can come of. */
const capabilities = fc.oneof(
  { weight: 2, arbitrary: fc.constant(openOf().capabilities) },
  {
    weight: 2,
    arbitrary: fc.constant([
      ...openOf().capabilities,
      capability.restart({ 4: true, 6: true }, 30, false, true),
      capability.longLived({ 4: true, 6: true }, 60),
      capability.enhancedRefresh,
    ]),
  },
  { weight: 1, arbitrary: offers },
)

const open = fc.record({
  asNumber: fc.constantFrom(65002, 65002, 65002, 65002, 65002, 65002, 65020),
  holdTime: fc.constantFrom(0, 3, 90),
  routerId: fc.constantFrom(0x0a000000, 0x0a000001, 0x0a000002),
  capabilities,
})

const octets = fc.uint8Array({ maxLength: 12 })

/** What is configured beyond the plain, so that more can happen. */
const willing: Partial<PeerConfig> = {
  longLived: { staleTime: 40 },
  maxPrefixes: { 4: { count: 10, warnAt: 80, action: 'restart', restartTime: 30 } },
}

const changes = fc.constantFrom<Partial<PeerConfig>>(
  { holdTime: 60 },
  { passive: true },
  {},
  { families: [4] },
  { delayOpenTime: 5 },
  { bfd: { strict: true } },
  { bfd: { strict: false } },
  { role: { role: 'customer', strict: true } },
  { profile: 'plain' },
  { maxPrefixes: { 4: { count: 10, warnAt: 80, action: 'restart' } } },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>(world => world.handle({ type: 'start' })) },
  {
    weight: 6,
    arbitrary: open.map(fields => (world: World) => {
      const connection = world.accept()
      world.handle({ type: 'message', connection, message: openOf(fields) })
      world.handle({ type: 'message', connection, message: { type: 'keepalive' } })
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(undefined, 2, 4).map(cease => (world: World) => {
      world.handle(cease === undefined ? { type: 'stop' } : { type: 'stop', cease })
      assert.equal(world.stand.peer.deadline(), Number.POSITIVE_INFINITY, 'no timer after a stop')
    }),
  },
  {
    weight: 4,
    arbitrary: fc.constant<Step>(world => {
      world.accept()
    }),
  },
  { weight: 4, arbitrary: onConnection((world, connection) => world.handle({ type: 'dialled', connection })) },
  {
    weight: 3,
    arbitrary: onConnection((world, connection) => {
      world.open.delete(connection)
      world.handle({ type: 'closed', connection, reason: 'connection reset' })
    }),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(slot, open).map(([at, fields]) => (world: World) => {
      const connection = world.pick(at)
      if (connection !== undefined) world.handle({ type: 'message', connection, message: openOf(fields) })
    }),
  },
  {
    weight: 8,
    arbitrary: onConnection((world, connection) =>
      world.handle({ type: 'message', connection, message: { type: 'keepalive' } }),
    ),
  },
  {
    weight: 2,
    arbitrary: onConnection((world, connection) =>
      world.handle({ type: 'message', connection, message: { type: 'update' } }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(slot, fc.boolean(), fc.array(fc.constantFrom(0, 1, 1, 2, 2, 3)))
      .map(([at, isTold, subtypes]) => (world: World) => {
        const connection = world.pick(at)
        if (isTold) world.handle({ type: 'endOfRib', family: 4 })
        if (isTold) world.handle({ type: 'endOfRibSent', family: 4 })
        for (const subtype of subtypes)
          if (connection !== undefined && world.open.has(connection))
            world.handle({ type: 'message', connection, message: { type: 'routeRefresh', afi: 1, subtype, safi: 1 } })
      }),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(slot, fc.constantFrom(1, 2, 3), fc.nat({ max: 3 }))
      .map(([at, afi, subtype]) => (world: World) => {
        const connection = world.pick(at)
        const message = { type: 'routeRefresh', afi, subtype, safi: 1 } as const
        if (connection !== undefined) world.handle({ type: 'message', connection, message })
      }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(slot, fc.constantFrom(1, 2, 6, 200), fc.nat({ max: 9 }), octets)
      .map(([at, code, subcode, data]) => (world: World) => {
        const connection = world.pick(at)
        const message = { type: 'notification', code, subcode, data } as const
        if (connection !== undefined) world.handle({ type: 'message', connection, message })
      }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(slot, fc.constantFrom(1, 2, 3, 6, 7)).map(([at, code]) => (world: World) => {
      const connection = world.pick(at)
      if (connection !== undefined) world.handle({ type: 'fault', connection, fault: new PeerFault(code, 1, 'random') })
    }),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom('endOfRib', 'endOfRibSent', 'askRefresh', 'refreshed', 'prefixLimit'),
        fc.constantFrom<Family>(4, 6),
      )
      .map(([type, family]) => (world: World) => {
        world.handle({ type, family })
      }),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<PeerInput>(
        { type: 'bfdUp' },
        { type: 'bfdDown', independent: true },
        { type: 'bfdDown', independent: false },
        { type: 'reset', text: 'again' },
      )
      .map(input => (world: World) => {
        world.handle(input)
      }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(slot, fc.boolean()).map(([at, blocked]) => (world: World) => {
      const connection = world.pick(at)
      if (connection !== undefined) world.handle({ type: blocked ? 'writeBlocked' : 'writeDrained', connection })
    }),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(1, 500, 6_000, 40_000, 400_000), fc.boolean()).map(([ms, punctual]) => {
      return (world: World) => {
        const { stand } = world
        if (!punctual) {
          stand.now += ms
          world.handle({ type: 'timer' })
          return
        }
        const end = stand.now + ms
        for (let rounds = 0; stand.peer.deadline() <= end; rounds++) {
          assert.ok(rounds < 10_000, 'the timers come to rest')
          stand.now = Math.max(stand.now, stand.peer.deadline())
          world.handle({ type: 'timer' })
          assert.ok(stand.peer.deadline() > stand.now, 'a timer that was served is not due again at once')
        }
        stand.now = end
      }
    }),
  },
  {
    weight: 1,
    arbitrary: changes.map(change => {
      return (world: World) =>
        world.check(() => {
          const { stand } = world
          stand.record(stand.peer.reconfigure(config({ ...willing, ...change }), identity, stand.now, stand.random))
        })
    }),
  },
)

test('whatever happens: nothing throws, up and down alternate, no route or connection is forgotten, no timer spins', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
      fc.boolean(),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (steps, passive, random) => {
        const world = new World(new Stand({ ...willing, passive }))
        world.stand.random = random
        world.handle({ type: 'start' })
        for (const act of steps) act(world)
        world.handle({ type: 'stop', cease: 2 })
        assert.equal(world.stand.peer.deadline(), Number.POSITIVE_INFINITY)
        assert.equal(world.open.size, 0)
        assert.equal(world.stand.state, 'Idle')
        for (const [family, held] of world.routes) assert.deepEqual(held, { fresh: false, stale: false }, `${family}`)
        for (const { type } of world.stand.effects) seen.set(type, (seen.get(type) ?? 0) + 1)
      },
    ),
    { numRuns: 1500, interruptAfterTimeLimit: 20_000 },
  )
  for (const type of [
    'up',
    'down',
    'stale',
    'longLived',
    'sweep',
    'flush',
    'refresh',
    'beginRefresh',
    'endRefresh',
    'notice',
  ])
    assert.ok(
      seen.get(type)! > 10,
      `${type} happened only ${seen.get(type)} times: the lives are too dull to prove much`,
    )
})

test('two peers that dial each other at random moments always end with one session, on the same connection', () => {
  const order = fc.array(fc.nat({ max: 5 }), { minLength: 60, maxLength: 60 })
  fc.assert(
    fc.property(order, fc.boolean(), (choices, aIsHigher) => {
      const pair = new Pair(aIsHigher)
      for (const choice of choices) pair.step(choice)
      pair.settle()
      assert.equal(pair.a.stand.state, 'Established')
      assert.equal(pair.b.stand.state, 'Established')
    }),
    { numRuns: 500, interruptAfterTimeLimit: 20_000 },
  )
})

interface Side {
  readonly stand: Stand
  /** Wires by our number for them. */
  readonly wires: Map<number, Wire>
  seen: number
}

interface Wire {
  ends: { side: Side; id: number; inbox: (() => void)[] }[]
}

/** Two peers and the TCP between them: each direction of each connection keeps its order, and nothing else does. */
class Pair {
  readonly a: Side
  readonly b: Side

  constructor(aIsHigher: boolean) {
    const [higher, lower] = [0x0a000009, 0x0a000001]
    const local = (routerId: number) => ({ routerId, restarting: false, forwarding: [] })
    const side = (stand: Stand): Side => ({ stand, wires: new Map(), seen: 0 })
    this.a = side(new Stand({ localAs: 65001, remoteAs: 65002 }, local(aIsHigher ? higher : lower)))
    this.b = side(new Stand({ localAs: 65002, remoteAs: 65001 }, local(aIsHigher ? lower : higher)))
    for (const one of [this.a, this.b]) this.#do(one, () => one.stand.start())
  }

  /** Delivers one thing that is under way. */
  step(choice: number): void {
    const waiting = this.#waiting()
    if (waiting.length > 0) waiting[choice % waiting.length]!.shift()!()
  }

  settle(): void {
    for (let round = 0; round < 200; round++) {
      while (this.#waiting().length > 0) this.step(0)
      for (const one of [this.a, this.b]) {
        one.stand.now += 500
        this.#do(one, () => one.stand.handle({ type: 'timer' }))
      }
    }
    while (this.#waiting().length > 0) this.step(0)
  }

  #waiting(): (() => void)[][] {
    const wires = new Set([...this.a.wires.values(), ...this.b.wires.values()])
    return [...wires].flatMap(wire => wire.ends.map(end => end.inbox)).filter(inbox => inbox.length > 0)
  }

  #do(side: Side, act: () => void): void {
    act()
    while (side.seen < side.stand.effects.length) this.#perform(side, side.stand.effects[side.seen++]!)
  }

  #perform(side: Side, effect: PeerEffect): void {
    if (effect.type === 'dial') return this.#dial(side, effect.connection)
    if (effect.type !== 'send' && effect.type !== 'close') return
    const wire = side.wires.get(effect.connection)!
    const far = wire.ends.find(end => end.side !== side)
    if (effect.type === 'close') {
      wire.ends.find(end => end.side === side)!.inbox.length = 0
      far?.inbox.push(() => {
        if (far.id !== 0) this.#do(far.side, () => far.side.stand.closed(far.id, 'closed by the peer'))
      })
    } else {
      const message = decode(effect.bytes)
      far?.inbox.push(() => this.#do(far.side, () => far.side.stand.message(far.id, message)))
    }
  }

  #dial(side: Side, connection: number): void {
    const other = side === this.a ? this.b : this.a
    const near = { side, id: connection, inbox: [] as (() => void)[] }
    const far = { side: other, id: 0, inbox: [] as (() => void)[] }
    const wire: Wire = { ends: [near, far] }
    side.wires.set(connection, wire)
    far.inbox.push(() => {
      far.id = other.stand.peer.newConnection()
      other.wires.set(far.id, wire)
      near.inbox.unshift(() => this.#do(side, () => side.stand.dialled(connection)))
      this.#do(other, () => other.stand.handle({ type: 'accepted', connection: far.id }))
    })
  }
}
