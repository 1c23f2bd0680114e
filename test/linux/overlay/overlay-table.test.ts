import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { WorldFault } from '../../../lib/base/failure.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { macText } from '../../../lib/base/mac.ts'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { EventMonitor, RTNLGRP_NEIGH } from '../../../lib/linux/events/monitor.ts'
import { decodeNeighbor, RTM_DELNEIGH } from '../../../lib/linux/netlink/neighbor.ts'
import { NetlinkSocket } from '../../../lib/linux/netlink/socket.ts'
import { OverlayTable } from '../../../lib/linux/overlay/overlay-table.ts'
import { type OverlayRow, rowKey } from '../../../lib/linux/overlay/row.ts'
import { until } from '../../until.ts'
import { makeNamespace, noNamespaces } from '../netns.ts'
import { MAC, OTHER_MAC, OverlayBench, vtepRows } from './overlay-bench.ts'

const options = { skip: noNamespaces ?? false }

/** The MAC address of an FDB's default row. */
const DEFAULT = '00:00:00:00:00:00'

const ROWS = [
  `neighbor 10.244.20.1 ${MAC} 179`,
  `fdb ${MAC} group 10.0.0.9`,
  'route 10.244.20.0/24 via 10.244.20.1 179 178',
]

test(
  'rows of every kind and family are in the kernel as `ip` and `bridge` read them, and go again',
  options,
  async context => {
    const bench = new OverlayBench(context)
    const table = bench.open()
    const six = parseAddress('fd20::1')
    const rows: OverlayRow[] = [
      ...vtepRows(),
      { kind: 'neighbor', device: 'vx', address: six, mac: MAC },
      { kind: 'route', device: 'vx', prefix: parsePrefix('fd20::/64'), gateway: six },
      {
        kind: 'route',
        device: 'vx',
        prefix: parsePrefix('198.51.100.0/24'),
        gateway: parseAddress('10.244.20.1'),
        table: 1179,
      },
      { kind: 'rule', to: parsePrefix('198.51.100.0/24'), table: 1179, priority: 500 },
      { kind: 'rule', to: parsePrefix('2001:db8::/64'), table: 1179, priority: 500 },
      { kind: 'proxy', device: 'vx', address: parseAddress('10.244.1.5') },
      { kind: 'proxy', device: 'vx', address: parseAddress('fd00:244::5') },
    ]
    table.want(rows)
    await table.settled()
    await bench.awaitRows([
      ...ROWS,
      `neighbor fd20::1 ${MAC} 179`,
      'route fd20::/64 via fd20::1 179 178',
      'rule to 198.51.100.0 table 1179 500',
      'rule to 2001:db8:: table 1179 500',
      'proxy 10.244.1.5',
      'proxy fd00:244::5',
    ])
    assert.match(
      bench.namespace.ip('route show table 1179'),
      /^198\.51\.100\.0\/24 via 10\.244\.20\.1 .*proto 179 .*onlink/,
    )
    const { wanted, installed, calls } = table.counts()
    assert.deepEqual([wanted, installed, calls.batches], [10, 10, 1], 'one batch for all of them')
    table.sweep()
    table.want([])
    await table.settled()
    await bench.awaitRows([])
    assert.equal(bench.namespace.ip('nexthop show'), '', 'no nexthop is left')
    assert.equal(bench.namespace.ip('route show table all dev vx proto 179'), '')
  },
)

/** Milliseconds: ten times what is promised, for a machine that is busy with other things. */
const REPAIRED = 10_000

test('what others delete, overwrite or flush is put back at once, and counted', options, async context => {
  const bench = new OverlayBench(context)
  const { namespace } = bench
  const table = bench.open()
  table.want(vtepRows())
  await bench.awaitRows(ROWS)
  const damage: (() => void)[] = [
    () => namespace.ip('neigh del 10.244.20.1 dev vx'),
    () => namespace.ip(`neigh replace 10.244.20.1 dev vx lladdr ${OTHER_MAC} nud permanent proto 179`),
    () => namespace.bridge(`fdb del ${MAC} dev vx`),
    () => namespace.ip('route del 10.244.20.0/24 dev vx'),
    () => namespace.ip('nexthop flush proto 179'),
  ]
  for (const [at, harm] of damage.entries()) {
    harm()
    const since = performance.now()
    await until('it is put back', () => table.counts().repairs > at)
    await bench.awaitRows(ROWS)
    assert.ok(performance.now() - since < REPAIRED, `${performance.now() - since} ms`)
  }
  const repaired = table.states().filter(({ repairs }) => repairs > 0)
  assert.deepEqual(repaired.map(({ row }) => row.kind).sort(), ['fdb', 'neighbor', 'route'])
})

test(
  'a row that goes by our own doing and is wanted again is put back as ever when others delete it',
  options,
  async context => {
    const bench = new OverlayBench(context)
    const table = bench.open()
    for (let round = 1; round <= 2; round++) {
      table.want(vtepRows())
      table.sweep()
      await bench.awaitRows(ROWS)
      bench.namespace.bridge(`fdb del ${MAC} dev vx`)
      await until('it is put back', () => table.counts().repairs === round)
      await bench.awaitRows(ROWS)
      table.want([])
      await bench.awaitRows([])
    }
  },
)

test('rows come back when their link fell and rose, and when their device is made anew', options, async context => {
  const bench = new OverlayBench(context)
  const { namespace } = bench
  const table = bench.open()
  table.want(vtepRows())
  await bench.awaitRows(ROWS)
  namespace.ip('link set vx down')
  namespace.ip('link set vx up')
  await bench.awaitRows(ROWS)
  namespace.ip('link del vx')
  await until('it says that the device is missing', () =>
    table.states().every(({ status, reason }) => status === 'pending' && reason.includes('there is no device vx')),
  )
  bench.addDevice()
  await bench.awaitRows(ROWS)
  assert.deepEqual(bench.notices, [])
})

test('rows of others at our keys are left alone: the same serve, others are conflicts', options, async context => {
  const bench = new OverlayBench(context)
  const { namespace } = bench
  namespace.ip(`neigh add 10.244.20.1 dev vx lladdr ${OTHER_MAC} nud permanent`)
  namespace.bridge(`fdb add ${MAC} dev vx dst 10.0.0.9 self permanent`)
  const table = bench.open()
  table.want(vtepRows())
  await table.settled()
  assert.deepEqual(
    table.states().map(({ row, status, reason }) => [row.kind, status, reason]),
    [
      ['neighbor', 'conflict', `somebody else has put "lladdr ${OTHER_MAC}" there`],
      ['fdb', 'served', 'somebody else has put the same there'],
      ['route', 'installed', ''],
    ],
  )
  namespace.ip('neigh del 10.244.20.1 dev vx')
  namespace.bridge(`fdb del ${MAC} dev vx`)
  await bench.awaitRows(ROWS)
  table.want([])
  table.sweep()
  await bench.awaitRows([])
})

test('what the kernel found out by itself is replaced', options, async context => {
  const bench = new OverlayBench(context)
  bench.namespace.ip(`neigh add 10.244.20.1 dev vx lladdr ${OTHER_MAC} nud stale`)
  const table = bench.open()
  table.want(vtepRows())
  await bench.awaitRows(ROWS)
})

test('only keys that are named are taken over, an FDB row in one go', options, async context => {
  const bench = new OverlayBench(context)
  const { namespace } = bench
  const taken = [
    `neigh add 10.244.20.1 dev vx lladdr ${OTHER_MAC} nud permanent`,
    `neigh add 10.244.30.1 dev vx lladdr ${OTHER_MAC} nud permanent`,
  ]
  for (const args of taken) namespace.ip(args)
  namespace.bridge(`fdb add ${MAC} dev vx dst 10.0.0.7 self permanent`)
  const table = bench.open()
  const rows: OverlayRow[] = [
    ...vtepRows(),
    { kind: 'neighbor', device: 'vx', address: parseAddress('10.244.30.1'), mac: MAC },
  ]
  table.want(rows, new Set(vtepRows().map(rowKey)))
  await bench.awaitRows([...ROWS, `neighbor 10.244.30.1 ${OTHER_MAC} -`])
  assert.deepEqual(
    table.states().map(({ status }) => status),
    ['installed', 'installed', 'installed', 'conflict'],
  )
})

test(
  "somebody else's route without a metric goes before ours, and is displaced only where that is said",
  options,
  async context => {
    const bench = new OverlayBench(context)
    const { namespace } = bench
    const flannel = 'route add 10.244.20.0/24 via 10.244.20.0 dev vx onlink proto static'
    const rival = 'route 10.244.20.0/24 via 10.244.20.0 4 0'
    namespace.ip(flannel)
    const table = bench.open()
    const status = () => table.states().find(({ row }) => row.kind === 'route')?.status
    table.want(vtepRows())
    await bench.awaitRows([...ROWS, rival])
    assert.equal(status(), 'served')
    table.want(vtepRows(), new Set(vtepRows().map(rowKey)))
    await bench.awaitRows(ROWS)
    assert.equal(status(), 'installed')
    // flanneld has started anew
    namespace.ip(flannel)
    await until('it is heard of', () => table.counts().calls.messages > 6)
    await bench.awaitRows(ROWS)
    assert.deepEqual([table.counts().repairs, bench.notices], [0, []])
  },
)

/** What happens to the FDB, a line each: `+ MAC` or `- MAC`, and where a row that came leads. */
function watchFdb({ namespace }: OverlayBench, context: TestContext): string[] {
  const told: string[] = []
  const monitor = namespace.run(() => new EventMonitor({ onNotice: assert.fail }))
  context.after(() => monitor.close())
  monitor.join({
    groups: [RTNLGRP_NEIGH],
    onOverflow: assert.fail,
    onMessages: messages => {
      for (const message of messages) {
        const row = decodeNeighbor(message)
        if (row?.kind !== 'fdb') continue
        const target = row.endpoint === undefined ? 'group' : `plain ${row.endpoint}`
        told.push(message.type === RTM_DELNEIGH ? `- ${macText(row.mac)}` : `+ ${macText(row.mac)} ${target}`)
      }
    },
  })
  return told
}

test(
  'an FDB row is never away without a default row of ours in its place, one after the other',
  options,
  async context => {
    const bench = new OverlayBench(context)
    const others = [
      [MAC, '10.0.0.9'],
      [OTHER_MAC, '10.0.0.8'],
    ] as const
    for (const [mac, endpoint] of others) bench.namespace.bridge(`fdb add ${mac} dev vx dst ${endpoint} self permanent`)
    const told = watchFdb(bench, context)
    const table = bench.open()
    const [, fdb] = vtepRows(OTHER_MAC, '10.0.0.8')
    const rows = [...vtepRows(), fdb!]
    table.want(rows, new Set(rows.map(rowKey)))
    await table.settled()
    await bench.awaitRows([...ROWS, `fdb ${OTHER_MAC} group 10.0.0.8`])
    await until('all is told', () => told.length >= 8)
    assert.deepEqual(
      told,
      others.flatMap(([mac]) => [`+ ${DEFAULT} group`, `- ${mac}`, `+ ${mac} group`, `- ${DEFAULT}`]),
    )
    const { repairs, resyncs } = table.counts()
    assert.deepEqual([repairs, bench.notices], [0, []])
    assert.equal(resyncs, 1, 'to see what is at the keys of its rows, and none for what was its own doing')
  },
)

test("somebody else's default row is left alone where an FDB row is exchanged", options, async context => {
  const bench = new OverlayBench(context)
  const others = `fdb ${DEFAULT} plain 10.0.0.7`
  bench.namespace.bridge(`fdb append ${DEFAULT} dev vx dst 10.0.0.7 self permanent`)
  bench.namespace.bridge(`fdb add ${MAC} dev vx dst 10.0.0.9 self permanent`)
  const told = watchFdb(bench, context)
  const table = bench.open()
  table.want(vtepRows(), new Set(vtepRows().map(rowKey)))
  await bench.awaitRows([...ROWS, others])
  await until('all is told', () => told.length >= 2)
  assert.deepEqual(told, [`- ${MAC}`, `+ ${MAC} group`])
  assert.deepEqual(bench.notices, [])
})

test('a default row of ours that a former run had no time to take away is swept', options, async context => {
  const bench = new OverlayBench(context)
  const first = bench.open()
  first.want(vtepRows())
  await bench.awaitRows(ROWS)
  await bench.close(first)
  const [group] = JSON.parse(bench.namespace.ip('-j nexthop show')).filter(({ group }: { group?: object }) => group)
  bench.namespace.bridge(`fdb add ${DEFAULT} dev vx nhid ${group.id} self permanent`)
  const second = bench.open()
  second.want(vtepRows())
  await second.settled()
  await bench.awaitRows([...ROWS, `fdb ${DEFAULT} group 10.0.0.9`])
  second.sweep()
  await bench.awaitRows(ROWS)
})

test('a later run adopts the rows, changes what differs, and sweeps only when it is told', options, async context => {
  const bench = new OverlayBench(context)
  const first = bench.open()
  first.want(vtepRows())
  await bench.awaitRows(ROWS)
  await bench.close(first)
  await bench.awaitRows(ROWS)
  const second = bench.open()
  assert.equal(second.counts().adopted, 3)
  const [neighbor, fdb] = vtepRows(MAC, '10.0.0.10')
  second.want([neighbor!, fdb!])
  const changed = [ROWS[0]!, `fdb ${MAC} group 10.0.0.10`]
  await bench.awaitRows([...changed, ROWS[2]!])
  assert.equal(second.counts().calls.messages, 3, 'nexthop, group, FDB row: nothing that was right was written')
  second.sweep()
  await bench.awaitRows(changed)
  assert.equal(JSON.parse(bench.namespace.ip('-j nexthop show')).length, 2, 'the old VTEP is gone')
})

test(
  'where the kernel has no fdb nexthops, our neighbour of the same MAC proves that a plain row is ours',
  options,
  async context => {
    const bench = new OverlayBench(context)
    const plain = [ROWS[0]!, `fdb ${MAC} plain 10.0.0.9`, ROWS[2]!]
    const first = bench.open({ groups: false })
    first.want(vtepRows())
    await bench.awaitRows(plain)
    await bench.close(first)
    bench.namespace.bridge(`fdb add ${OTHER_MAC} dev vx dst 10.0.0.7 self permanent`)
    const second = bench.open({ groups: false })
    assert.equal(second.counts().adopted, 3)
    second.want([])
    second.sweep()
    await bench.awaitRows([`fdb ${OTHER_MAC} plain 10.0.0.7`])
  },
)

test('a flood of events that overflows the socket costs a resync, and nothing is lost', options, async context => {
  const bench = new OverlayBench(context)
  const { namespace } = bench
  const events = namespace.run(() => new EventMonitor({ receiveBuffer: 4096, onNotice: assert.fail }))
  context.after(() => events.close())
  const table = bench.open({ events })
  table.want(vtepRows())
  await bench.awaitRows(ROWS)
  const before = table.counts().resyncs
  const other = bench.open()
  const address = (at: number) => parseAddress(`10.99.${at >> 8}.${at & 255}`)
  const many = Array.from(
    { length: 3000 },
    (_, at): OverlayRow => ({ kind: 'neighbor', device: 'a', address: address(at), mac: MAC }),
  )
  other.want([...vtepRows(), ...many])
  await other.settled()
  namespace.ip('neigh del 10.244.20.1 dev vx')
  await until('the kernel was read anew', () => table.counts().resyncs > before)
  await bench.awaitRows(ROWS)
})

test('a table whose first reading fails leaves the monitor that it shares with others', options, async context => {
  using namespace = makeNamespace()
  let unused = 0
  const events = namespace.run(() => new EventMonitor({ onNotice: assert.fail, onUnused: () => unused++ }))
  context.after(() => events.close())
  const fault = new WorldFault('EBUSY', 'the kernel is busy', { retry: true })
  context.mock.method(NetlinkSocket.prototype, 'dump', () => {
    throw fault
  })
  assert.throws(() => namespace.run(() => new OverlayTable({ events })), fault)
  assert.equal(unused, 1)
})
