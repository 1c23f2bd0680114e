import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAddress } from '../../lib/base/ip.ts'
import { parsePrefix } from '../../lib/base/prefix.ts'
import { rowContent, rowKey } from '../../lib/linux/overlay/row.ts'
import type { Vtep } from '../../vxlan/vtep.ts'
import { vtepRows } from '../../vxlan/wanted.ts'

function vtep(number: number, change: Partial<Vtep> = {}): Vtep {
  return {
    name: `bigip-${number}`,
    family: 4,
    endpoint: parseAddress(`10.0.0.${number}`),
    mac: `02:00:00:00:00:0${number}`,
    selfIP: parseAddress(`10.244.25${number}.1`),
    floating: [],
    subnets: [parsePrefix(`10.244.25${number}.0/24`)],
    standby: false,
    ...change,
  }
}

const rows = (...vteps: Vtep[]) =>
  vtepRows(vteps, 'flannel.1')
    .map(row => `${rowKey(row)} ${rowContent(row)}`)
    .sort()

const FIRST = [
  'fdb 02:00:00:00:00:01 dev flannel.1 dst 10.0.0.1',
  'neighbor 10.244.251.1 dev flannel.1 lladdr 02:00:00:00:00:01',
  'route 10.244.251.0/24 table 254 via 10.244.251.1 dev flannel.1',
]
const SECOND = [
  'fdb 02:00:00:00:00:02 dev flannel.1 dst 10.0.0.2',
  'neighbor 10.244.252.1 dev flannel.1 lladdr 02:00:00:00:00:02',
  'route 10.244.252.0/24 table 254 via 10.244.252.1 dev flannel.1',
]

describe('rows towards VTEPs', () => {
  it('are a neighbour, an FDB row and a route to its subnet for each', () => {
    assert.deepEqual(rows(vtep(1)), FIRST)
    assert.deepEqual(rows(vtep(1), vtep(2, { standby: true })), [...FIRST, ...SECOND].sort())
  })

  it('lead to a self IP of its own where no subnet of it does', () => {
    assert.deepEqual(rows(vtep(1, { subnets: [] })), [
      ...FIRST.slice(0, 2),
      'route 10.244.251.1/32 table 254 via 10.244.251.1 dev flannel.1',
    ])
  })

  it('lead to what floats through the unit that serves, with all rows of both units there', () => {
    const floating = [parseAddress('10.244.250.1')]
    const subnets = (number: number) => [parsePrefix(`10.244.25${number}.0/24`), parsePrefix('10.244.250.0/24')]
    const pair = (serving: number) =>
      rows(...[1, 2].map(number => vtep(number, { floating, subnets: subnets(number), standby: number !== serving })))
    const shared = (serving: number) => [
      `route 10.244.250.0/24 table 254 via 10.244.25${serving}.1 dev flannel.1`,
      `route 10.244.250.1/32 table 254 via 10.244.25${serving}.1 dev flannel.1`,
    ]
    assert.deepEqual(pair(1), [...FIRST, ...SECOND, ...shared(1)].sort())
    assert.deepEqual(pair(2), [...FIRST, ...SECOND, ...shared(2)].sort())
  })

  it('tell two units in one subnet apart by their addresses', () => {
    const subnets = [parsePrefix('10.244.255.0/24')]
    const selfIP = (number: number) => parseAddress(`10.244.255.${number}`)
    const both = [1, 2].map(number => vtep(number, { subnets, selfIP: selfIP(number), standby: number === 1 }))
    assert.deepEqual(
      rows(...both).filter(row => row.startsWith('route')),
      [
        'route 10.244.255.0/24 table 254 via 10.244.255.2 dev flannel.1',
        'route 10.244.255.1/32 table 254 via 10.244.255.1 dev flannel.1',
        'route 10.244.255.2/32 table 254 via 10.244.255.2 dev flannel.1',
      ],
    )
  })

  it('follow a MAC address that both units have to the one that serves', () => {
    const mac = '02:00:00:00:00:0f'
    const fdb = (serving: number) =>
      rows(...[1, 2].map(number => vtep(number, { mac, standby: number !== serving }))).filter(row =>
        row.startsWith('fdb'),
      )
    assert.deepEqual(fdb(1), [`fdb ${mac} dev flannel.1 dst 10.0.0.1`])
    assert.deepEqual(fdb(2), [`fdb ${mac} dev flannel.1 dst 10.0.0.2`])
  })
})
