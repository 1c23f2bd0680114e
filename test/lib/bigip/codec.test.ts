import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codecsOf } from '../../../lib/bigip/codec.ts'
import { isDeviceFault } from '../../../lib/bigip/fault.ts'
import { RouteDomains } from '../../../lib/bigip/route-domains.ts'
import type { Kind, Row } from '../../../lib/bigip/row.ts'
import type { RowCodec } from '../../../lib/bigip/row-codec.ts'

const rows: readonly Row[] = [
  { kind: 'vxlan profile', name: '/Common/p', description: 'd', fields: { floodingType: 'none', port: 8472 } },
  {
    kind: 'tunnel',
    name: '/Common/t',
    fields: { profile: '/Common/p', key: 1, localAddress: '10.1.10.60', secondaryAddress: '10.1.10.61', mtu: 1450 },
  },
  { kind: 'tunnel', name: '/Common/t6', fields: { profile: '/Common/p', key: 1, localAddress: '2001:db8::60' } },
  {
    kind: 'self IP',
    name: '/Common/s',
    fields: { address: '10.42.20.1/16', vlan: '/Common/t', allowService: ['tcp:179', 'udp:3784'] },
  },
  { kind: 'self IP', name: '/Common/a', fields: { address: 'fd00::1/64', vlan: '/Common/t', allowService: ['all'] } },
  { kind: 'FDB record', name: '0a:0a:00:00:00:01', parent: '/Common/t', fields: { endpoint: '10.1.10.1' } },
  {
    kind: 'ARP',
    name: '/Common/n',
    description: 'd',
    fields: { ipAddress: '10.42.1.2', macAddress: '0a:0a:00:00:00:01' },
  },
  { kind: 'NDP', name: '/Common/n', fields: { ipAddress: 'fd00:1::2', macAddress: '0a:0a:00:00:00:01' } },
  { kind: 'route', name: '/Common/r', fields: { network: '10.42.1.0/24', gateway: '10.1.10.1' } },
  { kind: 'route', name: '/LOCAL_ONLY/r', fields: { network: 'fd00:1::/64', interface: '/Common/t' } },
  { kind: 'data group', name: '/Common/podpeer-c1-journal', fields: { records: ['/Common/t 0a:0a:00:00:00:01'] } },
]

/** As a device answers: with the path put together, and addresses that are not set in its own words. */
function answered(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const path = 'partition' in body ? { fullPath: `/${body['partition']}/${body['name']}` } : {}
  return {
    secondaryAddress: 'any',
    remoteAddress: 'any6',
    mtu: 0,
    trafficGroup: 'none',
    ...body,
    ...path,
    generation: 7,
  }
}

for (const routeDomain of [0, 20])
  for (const row of rows)
    test(`a ${row.kind} comes back from route domain ${routeDomain} as it was sent: ${row.name}`, () => {
      const codec = codecsOf(new RouteDomains('Common', new Map([['Common', routeDomain]])))[
        row.kind
      ] as unknown as RowCodec<Kind>
      assert.deepEqual(codec.decode(answered(codec.create(row)), row.parent), row)
    })

test('what is fixed from the creation on is in no change', () => {
  const codecs = codecsOf(new RouteDomains('Common', new Map()))
  const change = (row: Row) => Object.keys((codecs[row.kind] as unknown as RowCodec<Kind>).change(row, row)).sort()
  assert.deepEqual(change(rows[6]!), ['description', 'macAddress'])
  assert.deepEqual(change(rows[8]!), ['gw'])
  assert.deepEqual(change(rows[1]!), ['mtu', 'secondaryAddress'])
  assert.deepEqual(change(rows[5]!), ['endpoint'])
})

test('services of a self IP are told in one form, whichever the device uses', () => {
  const { decode } = codecsOf(new RouteDomains('Common', new Map()))['self IP']
  const services = (allowService: unknown) =>
    decode({ fullPath: '/Common/s', address: '10.0.0.1/24', vlan: '/Common/v', allowService }, undefined).fields
      .allowService
  assert.deepEqual(services('all'), ['all'])
  assert.deepEqual(services(undefined), ['none'])
  assert.deepEqual(services(['udp:3784', 'tcp:179']), ['tcp:179', 'udp:3784'])
})

test('an object of a collection that lacks what it must have is a fault of the device, and no row', () => {
  for (const body of [undefined, 'text', {}, { fullPath: '/Common/n', ipAddress: '10.1.1.1' }])
    assert.throws(
      () => codecsOf(new RouteDomains('Common', new Map())).ARP.decode(body, undefined),
      thrown => isDeviceFault(thrown, 'BIGIP_NONSENSE'),
    )
})
