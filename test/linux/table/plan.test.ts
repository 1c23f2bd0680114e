import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { BIRD, OWN, PlanWorld, row } from './kernel-model.ts'

const P = '192.0.2.0/24'
const Q = '198.51.100.0/24'

test('wanted routes come, change without a gap, and go; only the last word is written', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  world.want(P, '10.0.0.2')
  world.want(Q, '10.0.0.2', '10.0.0.1')
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.2`, `${Q} 179 10.0.0.1,10.0.0.2`])
  assert.equal(world.writes, 2)
  assert.deepEqual([world.status(P), world.plan.wanted, world.plan.installed], ['installed', 2, 2])
  world.want(P, '10.0.0.3')
  world.want(Q)
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.3`])
  assert.equal(world.writes, 4)
  assert.equal(world.plan.prefixes.size, 1)
})

test('the order of next hops means nothing', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1', '10.0.0.2')
  world.settle()
  world.want(P, '10.0.0.2', '10.0.0.1')
  world.settle()
  assert.equal(world.writes, 1)
})

test('a foreign row at our key is never touched; our route takes the key when it goes', () => {
  const world = new PlanWorld(4)
  world.put('add', row(P, BIRD, '10.0.0.9'), false)
  world.want(P, '10.0.0.1')
  world.settle()
  assert.deepEqual(world.table(), [`${P} 12 10.0.0.9`])
  assert.equal(world.status(P), 'conflict')
  assert.equal(world.plan.state(parsePrefix(P)).foreign[0]?.protocol, BIRD)
  world.want(P, '10.0.0.2')
  world.settle()
  assert.deepEqual(world.table(), [`${P} 12 10.0.0.9`])
  world.take(P, BIRD)
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.2`])
  assert.equal(world.plan.conflicts, 0)
})

test('a foreign row that replaced ours stays, and ours comes back after it', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  world.settle()
  world.put('replace', row(P, BIRD, '10.0.0.9'))
  world.settle()
  assert.deepEqual([world.table(), world.status(P)], [[`${P} 12 10.0.0.9`], 'conflict'])
  world.take(P, BIRD)
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`])
})

test('beside a foreign row ours is not replaced but withdrawn when it must change', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  world.settle()
  world.put('add', row(P, BIRD, '10.0.0.9'))
  world.settle()
  assert.deepEqual(world.table(), [`${P} 12 10.0.0.9`, `${P} 179 10.0.0.1`])
  world.want(P, '10.0.0.2')
  world.settle()
  assert.deepEqual(world.table(), [`${P} 12 10.0.0.9`])
})

test('a row that somebody takes away is put back at once, then slower each time, and counted', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  world.settle()
  const waits = Array.from({ length: 6 }, () => {
    world.take(P, OWN)
    world.settle()
    const since = world.now
    if (world.rows.size === 0) {
      assert.equal(world.status(P), 'pending')
      assert.match(world.plan.state(parsePrefix(P)).reason, /^somebody keeps removing it: put back \d times$/)
      world.now = world.plan.deadline
      world.settle()
    }
    assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`])
    return world.now - since
  })
  assert.deepEqual(waits, [0, 25, 50, 100, 200, 400])
  assert.equal(world.plan.repairs, 6)
  world.now += 3_600_000
  world.take(P, OWN)
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`])
  assert.equal(world.plan.deadline, Number.POSITIVE_INFINITY)
})

test('what the kernel itself takes away is nobody fighting us', () => {
  const world = new PlanWorld(6)
  const prefix = '::/1'
  const [key] = [row(prefix, OWN)].map(({ bytes, length }) => `${Array.from(bytes).join('.')}/${length}`)
  world.want(prefix, 'fd00::1')
  for (let times = 0; times < 5; times++) {
    world.settle()
    assert.equal(world.rows.size, 1)
    world.take(key!, OWN, { byKernel: true })
  }
  assert.equal(world.plan.repairs, 0)
})

test('a route changed by somebody under our own mark is set right', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  world.settle()
  world.put('replace', row(P, OWN, '10.0.0.9'))
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`])
})

test('rows with our mark that nobody of us put there are removed', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  world.settle()
  world.put('add', row(P, OWN, '10.0.0.9'))
  world.put('add', row(Q, OWN, '10.0.0.9'))
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`])
  assert.equal(world.plan.prefixes.size, 1)
})

test('adopted routes stay untouched until wanted or swept; a wanted one that is right is not even written', () => {
  const world = new PlanWorld(4)
  for (const [prefix, gateway] of [
    [P, '10.0.0.1'],
    [Q, '10.0.0.1'],
    ['203.0.113.0/24', '10.0.0.2'],
  ] as const) {
    const route = row(prefix, OWN, gateway)
    world.put('add', route, false)
    world.plan.adopt(route)
  }
  world.want(P, '10.0.0.1')
  world.want(Q)
  world.settle()
  assert.deepEqual([world.writes, world.plan.adopted, world.status(P), world.status(Q)], [0, 2, 'installed', 'adopted'])
  const sweepVia = (text: string) =>
    world.plan.sweep(({ hops }) => hops.some(({ gateway }) => String(gateway) === text))
  assert.deepEqual([sweepVia('10.0.0.2'), sweepVia('10.0.0.2')], [1, 0])
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`, `${Q} 179 10.0.0.1`])
  world.want(Q, '10.0.0.2')
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`, `${Q} 179 10.0.0.2`])
  assert.equal(world.plan.adopted, 0)
})

test('a reading of the table finds what was lost in silence', () => {
  const world = new PlanWorld(4)
  for (const prefix of [P, Q]) world.want(prefix, '10.0.0.1')
  world.settle()
  world.take(P, OWN, { tell: false })
  world.settle()
  assert.equal(world.rows.size, 1)
  world.scan()
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`, `${Q} 179 10.0.0.1`])
})

test('what was written or heard of during a reading is newer than the reading', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  world.settle()
  const old = [...world.rows.values()].flat()
  world.plan.beginScan(false)
  world.want(P, '10.0.0.2')
  world.want(Q, '10.0.0.2')
  world.settle()
  for (const route of old) world.plan.scanned(route, true)
  world.plan.endScan()
  const { writes } = world
  world.settle()
  assert.equal(world.writes, writes)
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.2`, `${Q} 179 10.0.0.2`])
})

test('unreachable next hops keep a route waiting, with the reason; it follows when they return', () => {
  const world = new PlanWorld(4)
  world.down.add('10.0.0.1')
  world.want(P, '10.0.0.1')
  world.want(Q, '10.0.0.1', '10.0.0.2')
  world.settle()
  assert.deepEqual(world.table(), [`${Q} 179 10.0.0.2`])
  assert.equal(world.status(P), 'unreachable')
  assert.equal(world.plan.state(parsePrefix(P)).reason, 'next hop 10.0.0.1: no route to it')
  assert.equal(world.nextHops.unreachable, 1)
  world.down.clear()
  world.refreshNextHops()
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`, `${Q} 179 10.0.0.1,10.0.0.2`])
  world.down.add('10.0.0.1').add('10.0.0.2')
  world.refreshNextHops()
  world.settle()
  assert.deepEqual(world.table(), [])
})

test('while the kernel does not tell where a next hop is, what is there stays, and what is not there waits', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  world.settle()
  world.put('add', row(Q, OWN, '10.0.0.2'), false)
  world.plan.adopt(row(Q, OWN, '10.0.0.2'))
  world.silent.add('10.0.0.1').add('10.0.0.2').add('10.0.0.3')
  world.refreshNextHops()
  world.want(Q, '10.0.0.2')
  world.want('203.0.113.0/24', '10.0.0.3')
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`, `${Q} 179 10.0.0.2`])
  assert.deepEqual(
    [world.status(P), world.status(Q), world.status('203.0.113.0/24')],
    ['installed', 'pending', 'pending'],
  )
  assert.equal(world.nextHops.track(parseAddress('10.0.0.3')).reason, undefined, 'not known to be unreachable')
  assert.ok(world.nextHops.isOwed)
  world.silent.clear()
  world.down.add('10.0.0.2')
  world.refreshNextHops()
  world.settle()
  assert.ok(!world.nextHops.isOwed)
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`, '203.0.113.0/24 179 10.0.0.3'])
})

test('a refused route is tried again, later each time, and at once when links or routes have changed', () => {
  const world = new PlanWorld(4)
  world.refusing.add(P)
  world.want(P, '10.0.0.1')
  world.settle()
  assert.deepEqual(
    [world.status(P), world.plan.state(parsePrefix(P)).reason],
    ['pending', 'the kernel refused: ENETUNREACH'],
  )
  const first = world.plan.deadline - world.now
  world.now = world.plan.deadline
  world.settle()
  assert.equal(world.plan.deadline - world.now, 2 * first)
  world.refusing.clear()
  world.plan.retarget(new Set())
  world.settle()
  assert.deepEqual([world.table(), world.plan.held], [[`${P} 179 10.0.0.1`], 0])
})

test('a key that is taken by nobody one can see is tried again ever more seldom', () => {
  const world = new PlanWorld(4)
  world.haunted.add(P)
  world.want(P, '10.0.0.1')
  world.settle()
  for (let tries = 0; tries < 5; tries++) {
    assert.deepEqual([world.writes, world.scans, world.status(P)], [1 + tries, 1 + tries, 'pending'])
    world.now = world.plan.deadline
    world.settle()
  }
  assert.ok(world.plan.deadline - world.now > 1000)
  world.haunted.clear()
  world.now = world.plan.deadline
  world.settle()
  assert.deepEqual(world.table(), [`${P} 179 10.0.0.1`])
})

test('when the answer about a write was lost the table is read, and what was written counts', () => {
  const world = new PlanWorld(4)
  world.want(P, '10.0.0.1')
  const operation = world.plan.next(world.now)!
  world.put('add', row(P, OWN, '10.0.0.1'), false)
  world.plan.lost(operation)
  assert.equal(world.plan.next(world.now), undefined)
  world.scan()
  world.settle()
  assert.deepEqual([world.table(), world.writes, world.status(P)], [[`${P} 179 10.0.0.1`], 0, 'installed'])
})

test('whatever others do, foreign rows live and our routes hold every key that is free', () => {
  const prefixes = [P, Q, '203.0.113.0/24', '0.0.0.0/0']
  const gateways = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
  const step = fc.record({
    action: fc.constantFrom(
      'want',
      'unwant',
      'bird',
      'birdFirst',
      'birdReplaces',
      'birdGoes',
      'remove',
      'flush',
      'scan',
      'down',
      'up',
    ),
    prefix: fc.constantFrom(...prefixes),
    some: fc.subarray(gateways, { minLength: 1 }),
    settles: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const world = new PlanWorld(4)
      const wanted = new Map<string, string[]>()
      const birds = new Set<string>()
      for (const { action, prefix, some, settles } of steps) {
        if (action === 'want') wanted.set(prefix, some)
        if (action === 'unwant') wanted.delete(prefix)
        if (action === 'want' || action === 'unwant') world.want(prefix, ...(wanted.get(prefix) ?? []))
        const manner = ({ bird: 'add', birdFirst: 'prepend', birdReplaces: 'replace' } as const)[action as 'bird']
        if (manner !== undefined && !birds.has(prefix)) {
          birds.add(prefix)
          world.put(manner, row(prefix, BIRD, '10.9.9.9'))
        }
        if (action === 'birdGoes') {
          birds.delete(prefix)
          world.take(prefix, BIRD)
        }
        if (action === 'remove') world.take(prefix, OWN)
        if (action === 'flush') world.take(prefix, OWN, { tell: false })
        if (action === 'scan') world.scan()
        if (action === 'down') for (const gateway of some) world.down.add(gateway)
        if (action === 'up') for (const gateway of some) world.down.delete(gateway)
        if (action === 'down' || action === 'up') world.refreshNextHops()
        world.now += 10
        if (settles) world.settle()
      }
      world.settle()
      world.scan()
      world.now += 100_000
      world.settle()
      const reachable = (some: string[]) => some.filter(gateway => !world.down.has(gateway)).sort()
      const expected = [...wanted]
        .filter(([prefix, some]) => !birds.has(prefix) && reachable(some).length > 0)
        .map(([prefix, some]) => `${prefix} 179 ${reachable(some).join(',')}`)
      const table = world.table()
      assert.deepEqual(
        table.filter(line => !line.includes(' 179 ') || !birds.has(line.split(' ')[0]!)),
        [...expected, ...Array.from(birds, prefix => `${prefix} 12 10.9.9.9`)].sort(),
      )
      // beside a foreign row nothing of ours may lead elsewhere than wanted
      for (const line of table.filter(line => line.includes(' 179 '))) {
        const [prefix, , some] = line.split(' ')
        assert.equal(some, reachable(wanted.get(prefix!) ?? []).join(','))
      }
    }),
    { numRuns: 300 },
  )
})
