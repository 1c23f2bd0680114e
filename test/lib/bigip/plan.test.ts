import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../../lib/bigip/operation.ts'
import type { Identity } from '../../../lib/bigip/ownership.ts'
import { type PlanInput, plan } from '../../../lib/bigip/plan.ts'
import type { Row } from '../../../lib/bigip/row.ts'
import { RowIndex } from '../../../lib/bigip/row-index.ts'
import { type PlayedNode, rowsOf } from './played-cluster.ts'

const identity: Identity = { clusterId: 'c1', partition: 'Common' }
const description = 'podpeer cluster=c1'
const nodes: readonly PlayedNode[] = [1, 2].map(id => ({ id, life: 0, pods: 1 }))

function planned(desired: readonly Row[], actual: readonly Row[], more: Partial<PlanInput> = {}) {
  return plan({ desired, expectations: [], actual: new RowIndex(actual), identity, synced: true, ...more })
}

const said = (operations: readonly Operation[]) =>
  operations.map(operation =>
    operation.verb === 'records'
      ? `records ${operation.tunnel} ${operation.rows.length}`
      : `${operation.verb} ${operation.row.kind} ${operation.row.name.replace('/Common/podpeer-c1-', '')}`,
  )

const arp = (
  name: string,
  ipAddress: string,
  macAddress = '0a:00:00:00:00:01',
  tag: string | undefined = description,
): Row => ({
  kind: 'ARP',
  name: `/Common/${name}`,
  ...(tag !== undefined && { description: tag }),
  fields: { ipAddress, macAddress },
})
const route = (name: string, network: string, gateway?: string, through?: string): Row => ({
  kind: 'route',
  name: `/Common/${name}`,
  description,
  fields: { network, ...(gateway !== undefined && { gateway }), ...(through !== undefined && { interface: through }) },
})

test('from empty, parents come before what refers to them', () => {
  assert.deepEqual(said(planned(rowsOf(identity, 'arp node', nodes), []).operations), [
    'create vxlan profile flannel',
    'create tunnel flannel',
    'create self IP flannel',
    'create FDB record 0a:f4:00:00:00:01',
    'create FDB record 0a:f4:00:00:00:02',
    'create ARP 10.244.1.1',
    'create ARP 10.244.2.1',
    'create route 10.244.1.0-24',
    'create route 10.244.2.0-24',
  ])
})

test('what was made under a name that the operator chose goes with the rest when that name is told', () => {
  const chosen = '/Common/fl-tunnel'
  const found = rowsOf(identity, 'arp pod', nodes).map((row): Row => {
    if (row.kind === 'tunnel') return { ...row, name: chosen }
    if (row.kind === 'FDB record') return { ...row, parent: chosen }
    return row.kind === 'self IP' ? { ...row, fields: { ...row.fields, vlan: chosen } } : row
  })
  assert.equal(planned([], found, { chosenNames: [chosen] }).operations.length, found.length)
  const { operations, findings } = planned([], found)
  assert.deepEqual(findings.map(({ code, subject }) => `${code} ${subject}`).sort(), [
    'in-use-by-other vxlan profile /Common/podpeer-c1-flannel',
    `tagged-leftover tunnel ${chosen}`,
  ])
  assert.ok(operations.every(operation => operation.verb === 'delete' && operation.row.kind !== 'FDB record'))
})

test('to empty, it goes the other way round', () => {
  const { operations } = planned([], rowsOf(identity, 'arp node', nodes))
  const kinds = operations.map(operation => (operation.verb === 'records' ? 'FDB record' : operation.row.kind))
  assert.deepEqual(kinds.slice(-3), ['self IP', 'tunnel', 'vxlan profile'])
  assert.ok(operations.every(({ verb }) => verb === 'delete'))
})

test('what is as wanted is not touched, whatever else the object has', () => {
  const rows = rowsOf(identity, 'arp pod', nodes)
  const found = rows.map(
    (row): Row => (row.kind === 'tunnel' ? { ...row, fields: { ...row.fields, mtu: 1400 } } : { ...row }),
  )
  const { operations, unchanged, findings } = planned(rows, found)
  assert.deepEqual(operations, [])
  assert.equal(unchanged, rows.length)
  assert.deepEqual(findings, [])
})

test('a neighbour that moved to another node is updated, and the reason says what differs', () => {
  const { operations } = planned(
    [arp('podpeer-c1-a', '10.244.1.2')],
    [arp('podpeer-c1-a', '10.244.1.2', '0a:00:00:00:00:02')],
  )
  assert.deepEqual(said(operations), ['update ARP a'])
  assert.equal(operations[0]!.reason, 'macAddress is 0a:00:00:00:00:02, not 0a:00:00:00:00:01')
})

test('a field that is fixed from the creation on is changed by one replacement', () => {
  const { operations } = planned([arp('podpeer-c1-a', '10.244.1.2')], [arp('podpeer-c1-a', '10.244.1.3')])
  assert.deepEqual(said(operations), ['replace ARP a'])
  const through = planned(
    [route('podpeer-c1-r', '10.244.1.0/24', '10.1.10.1')],
    [route('podpeer-c1-r', '10.244.1.0/24', undefined, '/Common/t')],
  )
  assert.deepEqual(said(through.operations), ['replace route r'])
})

test('a row of ours that is right under another name keeps it', () => {
  const { operations, unchanged } = planned(
    [route('podpeer-c1-new', '10.244.1.0/24', '10.1.10.1')],
    [route('podpeer-c1-old', '10.244.1.0/24', '10.1.10.1')],
  )
  assert.deepEqual(operations, [])
  assert.equal(unchanged, 1)
})

test('two routes that changed names with each other need no write', () => {
  const { operations } = planned(
    [route('podpeer-c1-a', '10.244.2.0/24', '10.1.10.2'), route('podpeer-c1-b', '10.244.1.0/24', '10.1.10.1')],
    [route('podpeer-c1-a', '10.244.1.0/24', '10.1.10.1'), route('podpeer-c1-b', '10.244.2.0/24', '10.1.10.2')],
  )
  assert.deepEqual(operations, [])
})

test('a new row whose name serves another wanted row gets a name beside it', () => {
  const { operations } = planned(
    [route('podpeer-c1-a', '10.244.2.0/24', '10.1.10.2'), route('podpeer-c1-b', '10.244.1.0/24', '10.1.10.1')],
    [route('podpeer-c1-a', '10.244.1.0/24', '10.1.10.1')],
  )
  assert.deepEqual(said(operations), ['create route a-2'])
})

test('an address that somebody else’s object has is a conflict that names it, and is left alone', () => {
  const hand = arp('hand', '10.244.1.2', '0a:00:00:00:00:09', 'mine')
  const { operations, findings } = planned([arp('podpeer-c1-a', '10.244.1.2')], [hand])
  assert.deepEqual(operations, [])
  assert.equal(findings[0]!.code, 'held-by-other')
  assert.equal(findings[0]!.subject, 'ARP /Common/hand')
  assert.match(findings[0]!.cause, /its description does not begin with "podpeer cluster=c1"; macAddress is/)
})

test('one that has just what is wanted is only noted', () => {
  const hand = arp('hand', '10.244.1.2', undefined, 'mine')
  const { operations, findings } = planned([arp('podpeer-c1-a', '10.244.1.2')], [hand])
  assert.deepEqual(operations, [])
  assert.deepEqual(
    findings.map(({ code, severity }) => [code, severity]),
    [['kept-by-other', 'note']],
  )
})

test('of two rows that stand for the same object the first counts, and the second is told', () => {
  const both = [arp('podpeer-c1-a', '10.244.1.2'), arp('podpeer-c1-a', '10.244.1.2', '0a:00:00:00:00:02')]
  const { operations, findings } = planned(both, [both[0]!])
  assert.deepEqual(operations, [])
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['wanted-twice'],
  )
  // also before either is there
  const empty = planned(both, [])
  assert.deepEqual(said(empty.operations), ['create ARP a'])
  assert.deepEqual(
    empty.findings.map(({ code }) => code),
    ['wanted-twice'],
  )
})

test('kinds that the device cannot hold are neither written nor deleted', () => {
  const rows = rowsOf(identity, 'arp node', nodes)
  const none = planned(rows, [], { unavailable: ['route'] })
  assert.ok(!said(none.operations).some(text => text.includes('route')))
  assert.deepEqual(
    planned([], [route('podpeer-c1-r', '10.244.1.0/24', '10.1.10.1')], { unavailable: ['route'] }).operations,
    [],
  )
})

test('an object of ours that others stand on is not deleted', () => {
  const self: Row = {
    kind: 'self IP',
    name: '/Common/hand',
    fields: { address: '10.99.0.1/24', vlan: '/Common/podpeer-c1-flannel', allowService: ['none'] },
  }
  const { operations, findings } = planned([], [...rowsOf(identity, 'arp pod', []), self])
  assert.deepEqual(said(operations), ['delete self IP flannel'])
  assert.deepEqual(
    findings.map(({ code, subject }) => [code, subject]),
    [
      ['in-use-by-other', 'vxlan profile /Common/podpeer-c1-flannel'],
      ['in-use-by-other', 'tunnel /Common/podpeer-c1-flannel'],
    ],
  )
})

test('deletions above the cap are refused for all kinds at once; those at or below it are not', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => arp(`podpeer-c1-${at}`, `10.244.1.${at}`))
  // 6 of 30 are no more than 20 %, 5 of 10 are no more than 5
  assert.equal(planned(many(30).slice(6), many(30)).refused, undefined)
  assert.equal(planned(many(10).slice(5), many(10)).refused, undefined)
  const { refused, operations } = planned(many(29).slice(6), many(29))
  assert.equal(refused?.deletions.length, 6)
  assert.deepEqual(operations, [])
  assert.match(refused!.hash, /^[0-9a-f]{12}$/)

  assert.equal(planned(many(29).slice(6), many(29), { allowance: 5 }).operations.length, 0)
  assert.equal(planned(many(29).slice(6), many(29), { allowance: 6 }).operations.length, 6)
  assert.equal(planned(many(29).slice(6), many(29), { allowance: refused!.hash }).operations.length, 6)
  assert.equal(planned(many(29).slice(7), many(29), { allowance: refused!.hash }).operations.length, 0, 'just these')
  assert.equal(planned(many(29).slice(6), many(29), { cap: { percent: 50, atLeast: 5 } }).operations.length, 6)
})

test('a replacement of a tunnel waits for a word, while everything else goes on', () => {
  const before = rowsOf(identity, 'arp pod', nodes)
  const after = rowsOf(identity, 'arp pod', [...nodes, { id: 3, life: 0, pods: 0 }]).map(
    (row): Row => (row.kind === 'tunnel' ? { ...row, fields: { ...row.fields, localAddress: '10.1.10.61' } } : row),
  )
  const { operations, refused } = planned(after, before)
  assert.deepEqual(said(operations), ['create FDB record 0a:f4:00:00:00:03'])
  assert.match(refused!.reason, /tunnel \/Common\/podpeer-c1-flannel would be deleted and made again/)
  const elsewhere = after.map(
    (row): Row => (row.kind === 'tunnel' ? { ...row, fields: { ...row.fields, localAddress: '10.1.10.62' } } : row),
  )
  assert.ok(
    planned(elsewhere, before, { allowance: refused!.hash }).refused,
    'a word for one change is none for another',
  )
  assert.deepEqual(said(planned(after, before, { allowance: 1 }).operations), [
    'delete FDB record 0a:f4:00:00:00:02',
    'delete FDB record 0a:f4:00:00:00:01',
    'delete self IP flannel',
    'replace tunnel flannel',
    'create self IP flannel',
    'create FDB record 0a:f4:00:00:00:03',
    'create FDB record 0a:f4:00:00:00:01',
    'create FDB record 0a:f4:00:00:00:02',
  ])
})

test('what an object refers to stays as long as the object waits to be made again', () => {
  const found = rowsOf(identity, 'arp pod', nodes)
  const desired = found.map((row): Row => {
    if (row.kind === 'vxlan profile') return { ...row, name: '/Common/podpeer-c1-other' }
    return row.kind === 'tunnel' ? { ...row, fields: { ...row.fields, profile: '/Common/podpeer-c1-other' } } : row
  })
  const { operations, refused } = planned(desired, found)
  assert.deepEqual(said(operations), ['create vxlan profile other'])
  assert.deepEqual(said(planned(desired, found, { allowance: refused!.hash }).operations).slice(-1), [
    'delete vxlan profile flannel',
  ])
})

test('neighbours that flooding makes superfluous stay until the tunnel floods', () => {
  const found = rowsOf(identity, 'arp pod', nodes)
  const desired = found
    .filter(({ kind }) => kind !== 'ARP')
    .map(
      (row): Row =>
        row.kind === 'vxlan profile' ? { ...row, fields: { ...row.fields, floodingType: 'multipoint' } } : row,
    )
  const { operations, refused } = planned(desired, found)
  assert.deepEqual(operations, [])
  const allowed = said(planned(desired, found, { allowance: refused!.hash }).operations)
  assert.deepEqual(allowed.slice(-2), ['delete ARP 10.244.2.2', 'delete ARP 10.244.1.2'])
})

test('a tunnel that waits to get another name keeps all that stands on it, and nothing is begun on the new one', () => {
  const before = rowsOf(identity, 'arp pod', nodes)
  const name = '/Common/podpeer-c1-other'
  const after = before.map((row): Row => {
    if (row.kind === 'tunnel') return { ...row, name }
    if (row.kind === 'FDB record') return { ...row, parent: name }
    return row.kind === 'self IP' ? { ...row, fields: { ...row.fields, vlan: name } } : row
  })
  const { operations, refused } = planned(after, before)
  assert.deepEqual(operations, [])
  assert.deepEqual(said(planned(after, before, { allowance: refused!.hash }).operations), [
    'delete FDB record 0a:f4:00:00:00:02',
    'delete FDB record 0a:f4:00:00:00:01',
    'delete self IP flannel',
    'replace tunnel other',
    'create self IP flannel',
    'create FDB record 0a:f4:00:00:00:01',
    'create FDB record 0a:f4:00:00:00:02',
  ])
})

test('counts say by kind what is wanted, what is ours and what is left to do', () => {
  const before = [...rowsOf(identity, 'arp pod', nodes), arp('hand', '10.1.1.1', undefined, 'mine')]
  const { counts } = planned(rowsOf(identity, 'arp pod', [nodes[0]!, { id: 3, life: 0, pods: 2 }]), before)
  assert.deepEqual(counts.get('ARP'), { desired: 3, actual: 2, drift: 3 })
  assert.deepEqual(counts.get('FDB record'), { desired: 2, actual: 2, drift: 2 })
  assert.deepEqual(counts.get('tunnel'), { desired: 1, actual: 1, drift: 0 })
})

test('what is verified only is told with the field, both values and the command', () => {
  const found: Row[] = [
    { kind: 'vxlan profile', name: '/Common/p', fields: { floodingType: 'multipoint', port: 4789 } },
    {
      kind: 'self IP',
      name: '/Common/s',
      fields: { address: '10.1.10.60/24', vlan: '/Common/v', allowService: ['default'] },
    },
  ]
  const expectations: Row[] = [
    {
      kind: 'self IP',
      name: '/Common/s',
      fields: { address: '10.1.10.60/24', vlan: '/Common/v', allowService: ['tcp:179'] },
    },
    { kind: 'vxlan profile', name: '/Common/p', fields: { floodingType: 'multipoint', port: 8472 } },
    { kind: 'tunnel', name: '/Common/t', fields: { profile: '/Common/p', key: 1, localAddress: '10.1.10.60' } },
  ]
  const { operations, findings } = planned([], found, { expectations })
  assert.deepEqual(operations, [])
  assert.deepEqual(
    findings.map(({ code, subject, remedy }) => [code, subject, remedy]),
    [
      ['expected-differs', 'self IP /Common/s', 'tmsh modify net self /Common/s allow-service { tcp:179 }'],
      [
        'expected-differs',
        'vxlan profile /Common/p',
        'port is fixed when it is made: it is 4789, not 8472: delete it with what depends on it, then ' +
          'tmsh create net tunnels vxlan /Common/p flooding-type multipoint port 8472',
      ],
      [
        'expected-missing',
        'tunnel /Common/t',
        'tmsh create net tunnels tunnel /Common/t profile /Common/p key 1 local-address 10.1.10.60',
      ],
    ],
  )
  assert.match(findings[0]!.cause, /allowService is \["default"\], not \["tcp:179"\]/)
})

test('a self IP that allows everything meets any expectation of services', () => {
  const row = (allowService: readonly string[]): Row => ({
    kind: 'self IP',
    name: '/Common/s',
    fields: { address: '10.1.10.60/24', vlan: '/Common/v', allowService },
  })
  assert.deepEqual(planned([], [row(['all'])], { expectations: [row(['tcp:179'])] }).findings, [])
  assert.deepEqual(planned([], [row(['tcp:179', 'udp:3784'])], { expectations: [row(['tcp:179'])] }).findings, [])
})

test('of two objects that are both made again, the one that needs the other goes before it and comes after it', () => {
  const list = (routeDomain: string): Row => ({
    kind: 'prefix list',
    name: '/Common/podpeer-c1-vips',
    description,
    fields: { routeDomain, entries: [] },
  })
  const map = (routeDomain: string): Row => ({
    kind: 'route map',
    name: '/Common/podpeer-c1-vips',
    description,
    fields: {
      routeDomain,
      entries: [
        { sequence: 10, action: 'permit', destination: { family: 'ipv4', prefixList: '/Common/podpeer-c1-vips' } },
      ],
    },
  })
  const { operations } = planned([list('/Common/1'), map('/Common/1')], [list('/Common/0'), map('/Common/0')], {
    allowance: 2,
  })
  assert.deepEqual(said(operations), ['delete route map vips', 'replace prefix list vips', 'create route map vips'])
})
