import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { WorldFault } from '../../../lib/base/failure.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { EventMonitor, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE } from '../../../lib/linux/events/monitor.ts'
import { prefixOf, RTM_NEWROUTE, routePages } from '../../../lib/linux/netlink/route.ts'
import { NetlinkSocket } from '../../../lib/linux/netlink/socket.ts'
import { TableReader } from '../../../lib/linux/table/reader.ts'
import { RouteTable } from '../../../lib/linux/table/route-table.ts'
import { until } from '../../until.ts'
import { makeNamespace, noNamespaces } from '../netns.ts'
import { Bench, BOTH, FOUR, ownRoutes, SIX, want, wantBoth } from './table-bench.ts'

const options = { skip: noNamespaces ?? false }

test(
  'routes of both families, with one and several next hops, are in the kernel as `ip` and our own dump read it',
  options,
  async context => {
    const bench = new Bench(context)
    const table = bench.open()
    wantBoth(table)
    want(table, '0.0.0.0/0', '10.0.0.2')
    want(table, '::/0', 'fd00::2')
    want(table, '203.0.113.7/32', '10.0.0.4')
    want(table, '2001:db8::7/128', 'fd00::4')
    await table.settled()
    const expected = [
      ['0.0.0.0/0 10.0.0.2', `${FOUR} 10.0.0.2,10.0.0.3`, '203.0.113.7/32 10.0.0.4'],
      [`${SIX} fd00::2,fd00::3`, '2001:db8::7/128 fd00::4', '::/0 fd00::2'],
    ]
    assert.deepEqual(
      ([4, 6] as const).map(family => ownRoutes(bench.namespace, family)),
      expected.map(routes => routes.sort()),
    )
    const socket = bench.namespace.run(() => new NetlinkSocket())
    const dumped = ([4, 6] as const).flatMap(family =>
      [...routePages(socket, { family, table: 254, protocol: 179 })].flat().map(route => prefixOf(route).toString()),
    )
    socket.close()
    assert.deepEqual(
      dumped.sort(),
      expected
        .flat()
        .map(line => line.split(' ')[0]!)
        .sort(),
    )
    assert.deepEqual(table.counts(), {
      wanted: 6,
      installed: 6,
      adopted: 0,
      conflicts: 0,
      unreachable: 0,
      repairs: 0,
      resyncs: 0,
    })
    assert.deepEqual(table.state(parsePrefix(FOUR)), {
      status: 'installed',
      reason: '',
      path: 'via 10.0.0.2 dev a, via 10.0.0.3 dev a',
      repairs: 0,
      foreign: [],
    })
    for (const prefix of [FOUR, SIX, '0.0.0.0/0', '::/0', '203.0.113.7/32', '2001:db8::7/128']) want(table, prefix)
    await table.settled()
    assert.deepEqual(bench.both(), [])
  },
)

test('next hops change without a moment in which the route is not there', options, async context => {
  const bench = new Bench(context)
  const table = bench.open()
  const events: number[] = []
  const watcher = bench.namespace.run(() => new EventMonitor({ onNotice: assert.fail }))
  watcher.join({
    groups: [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE],
    onMessages: messages => events.push(...messages.map(({ type }) => type)),
    onOverflow: () => assert.fail('an overflow'),
  })
  wantBoth(table)
  await table.settled()
  const sets = [['2'], ['3', '4', '5'], ['5'], ['2', '3']]
  for (const set of sets) {
    want(table, FOUR, ...set.map(last => `10.0.0.${last}`))
    want(table, SIX, ...set.map(last => `fd00::${last}`))
    await table.settled()
    const expected = [`${FOUR} ${set.map(last => `10.0.0.${last}`)}`, `${SIX} ${set.map(last => `fd00::${last}`)}`]
    assert.deepEqual(bench.both(), expected)
  }
  await until('all changes are told', () => events.length >= 2 + 2 * sets.length)
  await watcher.close()
  // the kernel would tell of a route, or of a next hop of a route, that went
  assert.deepEqual(new Set(events), new Set([RTM_NEWROUTE]))
})

for (const [prefix, gateway, other] of [
  [FOUR, '10.0.0.2', '10.0.0.9'],
  [SIX, 'fd00::2', 'fd00::9'],
] as const)
  test(
    `a foreign route at the key of ${prefix} is never touched, named, and followed by ours when it goes`,
    options,
    async context => {
      const bench = new Bench(context)
      const flag = prefix === FOUR ? '-4' : '-6'
      const foreign = () => bench.namespace.ip(`${flag} route show ${prefix} proto bird`).trim()
      bench.namespace.ip(`${flag} route add ${prefix} via ${other} metric 179 proto bird`)
      bench.namespace.ip(`${flag} route add ${prefix} via ${other} metric 20 proto static`)
      const before = foreign()
      const table = bench.open()
      want(table, prefix, gateway)
      await table.settled()
      assert.deepEqual([foreign(), bench.both()], [before, []])
      const { status, reason, foreign: rows } = table.state(parsePrefix(prefix))
      assert.equal(status, 'conflict')
      assert.equal(reason, `a route of bird (via ${other} dev a) has our metric`)
      assert.deepEqual(
        rows.map(row => row.protocol),
        ['bird'],
      )
      assert.deepEqual(
        (await table.foreignRoutes(parsePrefix(prefix))).map(row => [row.protocol, row.metric]),
        [
          ['static', 20],
          ['bird', 179],
        ],
      )
      assert.equal(table.counts().conflicts, 1)
      assert.deepEqual(
        table.conflicts(10).map(row => `${row.prefix} ${row.protocol}`),
        [`${prefix} bird`],
      )
      want(table, prefix)
      want(table, prefix, gateway)
      await table.settled()
      assert.equal(foreign(), before)
      bench.namespace.ip(`${flag} route del ${prefix} metric 179`)
      await bench.routes([`${prefix} ${gateway}`])

      bench.namespace.ip(`${flag} route replace ${prefix} via ${other} metric 179 proto bird`)
      await until('the conflict is seen', () => table.state(parsePrefix(prefix)).status === 'conflict')
      await table.settled()
      assert.deepEqual([foreign(), bench.both()], [before, []])
      bench.namespace.ip(`${flag} route del ${prefix} metric 179`)
      await bench.routes([`${prefix} ${gateway}`])
      assert.equal(bench.namespace.ip(`${flag} route show ${prefix} proto static`).trim().length > 0, true)
    },
  )

test('routes that somebody deletes or changes, whole or in part, are put back', options, async context => {
  const bench = new Bench(context)
  const { namespace } = bench
  const table = bench.open()
  wantBoth(table)
  await table.settled()
  namespace.ip(`route del ${FOUR}`)
  namespace.ip(`-6 route del ${SIX}`)
  await until('both are repaired', () => table.counts().repairs === 2)
  await bench.routes(BOTH)
  namespace.ip(`-6 route del ${SIX} via fd00::2 dev a metric 179`)
  namespace.ip(`route replace ${FOUR} via 10.0.0.9 metric 179 proto 179`)
  await until('both are repaired again', () => table.counts().repairs === 4)
  await bench.routes(BOTH)
  assert.equal(table.counts().resyncs, 0)
})

test(
  'routes come back after a link flap and after an address came back, though IPv4 routes go in silence',
  options,
  async context => {
    const bench = new Bench(context)
    const { namespace } = bench
    const table = bench.open()
    wantBoth(table)
    await table.settled()
    namespace.ip('link set dev a down')
    await until('both are unreachable', () => table.counts().unreachable === 2)
    assert.equal(
      table.state(parsePrefix(FOUR)).reason,
      'next hop 10.0.0.2: no route to it; next hop 10.0.0.3: no route to it',
    )
    await bench.routes([])
    namespace.ip('link set dev a up')
    namespace.ip('addr replace fd00::1/64 dev a nodad')
    await bench.routes(BOTH)

    // too fast for anybody to see the gap
    spawnSync('ip', ['-n', namespace.name, '-batch', '-'], {
      input: 'link set dev a down\nlink set dev a up\naddr replace fd00::1/64 dev a nodad\n',
    })
    await bench.routes(BOTH)
    spawnSync('ip', ['-n', namespace.name, '-batch', '-'], {
      input: 'addr del 10.0.0.1/24 dev a\naddr add 10.0.0.1/24 dev a\n',
    })
    await bench.routes(BOTH)
  },
)

test('a link that goes and comes back under another index carries its routes again', options, async context => {
  const bench = new Bench(context)
  const table = bench.open()
  wantBoth(table)
  await table.settled()
  bench.namespace.ip('link del dev a')
  await until('both are unreachable', () => table.counts().unreachable === 2)
  bench.namespace.ip('link add dev a type veth peer name b')
  for (const change of [
    'link set dev b up',
    'link set dev a up',
    'addr add 10.0.0.1/24 dev a',
    'addr add fd00::1/64 dev a nodad',
  ])
    bench.namespace.ip(change)
  await bench.routes(BOTH)
})

test(
  "after lost events the kernel's table is read anew, and what was lost meanwhile is put back",
  options,
  async context => {
    const bench = new Bench(context)
    const events = bench.namespace.run(() => new EventMonitor({ receiveBuffer: 2048, onNotice: assert.fail }))
    context.after(() => events.close())
    const table = bench.open({ events })
    wantBoth(table)
    await table.settled()
    const noise = Array.from({ length: 3000 }, (_, n) => `route add 172.16.${n >> 8}.${n & 255}/32 via 10.0.0.7\n`)
    noise.splice(1500, 0, `route del ${FOUR}\n`, `-6 route del ${SIX}\n`)
    spawnSync('ip', ['-n', bench.namespace.name, '-batch', '-'], {
      input: noise.join('').replaceAll('-6 route', 'route'),
    })
    await until('the table was read', () => table.counts().resyncs > 0)
    await bench.routes(BOTH)
  },
)

test(
  'routes of a former run are adopted, kept while wanted or unswept, and swept on demand',
  options,
  async context => {
    const bench = new Bench(context)
    const former = bench.open()
    wantBoth(former)
    want(former, '203.0.113.0/24', '10.0.0.3')
    want(former, '198.51.100.0/24', '10.0.0.4')
    await former.settled()
    await bench.close(former)
    const left = [
      `${FOUR} 10.0.0.2,10.0.0.3`,
      '198.51.100.0/24 10.0.0.4',
      '203.0.113.0/24 10.0.0.3',
      `${SIX} fd00::2,fd00::3`,
    ]
    assert.deepEqual(bench.both(), left)

    const table = bench.open()
    assert.deepEqual([table.counts().adopted, table.counts().installed], [4, 4])
    want(table, FOUR, '10.0.0.2', '10.0.0.3')
    want(table, '203.0.113.0/24')
    await table.settled()
    assert.deepEqual(bench.both(), left)
    const asked: string[] = []
    table.sweep(({ family, gateways }) => {
      asked.push(`${family} ${gateways}`)
      return false
    })
    assert.deepEqual(asked.sort(), ['4 10.0.0.3', '4 10.0.0.4', '6 fd00::2,fd00::3'])
    assert.equal(
      table.sweep(({ gateways }) => gateways.some(gateway => gateway.toString() === '10.0.0.3')),
      1,
    )
    await table.settled()
    assert.deepEqual(
      bench.both(),
      left.filter(line => !line.startsWith('203')),
    )
    assert.equal(
      table.sweep(() => true),
      2,
    )
    await table.settled()
    assert.deepEqual(bench.both(), [`${FOUR} 10.0.0.2,10.0.0.3`])
  },
)

test('an adopted route that somebody deletes is not put back, for nobody has wanted it', options, async context => {
  const bench = new Bench(context)
  const former = bench.open()
  want(former, FOUR, '10.0.0.2')
  want(former, '203.0.113.0/24', '10.0.0.2')
  await former.settled()
  await bench.close(former)
  const table = bench.open()
  bench.namespace.ip(`route del ${FOUR}`)
  await until('it is gone', () => table.counts().adopted === 1)
  await table.settled()
  assert.deepEqual(bench.both(), ['203.0.113.0/24 10.0.0.2'])
})

test('ten thousand routes come and go, and the event loop has its turns meanwhile', options, async context => {
  const bench = new Bench(context)
  const table = bench.open()
  const count = 10_000
  const set = table.nextHops([parseAddress('10.0.0.2')])
  const each = (wanted: typeof set | undefined) => {
    for (let n = 0; n < count; n++) table.want(4, Uint8Array.of(20, n >> 8, n, 0), 0, 24, wanted)
  }
  let turns = 0
  const spin = () => {
    turns++
    turning = setImmediate(spin)
  }
  let turning = setImmediate(spin)
  each(set)
  await table.settled()
  clearImmediate(turning)
  assert.equal(ownRoutes(bench.namespace, 4).length, count)
  assert.equal(table.counts().installed, count)
  assert.ok(turns > 5, `${turns} turns`)
  each(undefined)
  await table.settled()
  assert.deepEqual(ownRoutes(bench.namespace, 4), [])
})

test('a refusal is told once, and once when it is over', options, async context => {
  const bench = new Bench(context)
  const { namespace } = bench
  const table = bench.open()
  // the kernel knows a way to this next hop, and yet takes no IPv6 route over a loopback device
  namespace.ip('-6 route add fd50::/64 dev lo')
  want(table, SIX, 'fd50::1')
  await table.settled()
  const { reason } = table.state(parsePrefix(SIX))
  assert.match(reason, /^the kernel refused: host is unreachable \(EHOSTUNREACH\)$/)
  namespace.ip('-6 route replace fd50::/64 dev a')
  await bench.routes([`${SIX} fd50::1`])
  await table.settled()
  assert.deepEqual(bench.notices, [
    `the kernel refuses ${SIX}: ${reason.replace('the kernel refused: ', '')}; it is tried again`,
    'the kernel refuses no route any more',
  ])
})

test('a table whose first reading fails leaves the monitor that it shares with others', options, async context => {
  using namespace = makeNamespace()
  let unused = 0
  const events = namespace.run(() => new EventMonitor({ onNotice: assert.fail, onUnused: () => unused++ }))
  context.after(() => events.close())
  const fault = new WorldFault('EBUSY', 'the kernel is busy', { retry: true })
  context.mock.method(TableReader.prototype, 'pages', () => {
    throw fault
  })
  assert.throws(() => namespace.run(() => new RouteTable({ events })), fault)
  assert.equal(unused, 1)
})
