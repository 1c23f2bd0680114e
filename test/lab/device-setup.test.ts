import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorldBgp, WorldBgpNeighbor, WorldVirtualAddress } from '../bigip/device-world.ts'
import { deviceSetup } from './device-setup.ts'

const neighbor: WorldBgpNeighbor = {
  address: '10.0.1.1',
  asNumber: 65010,
  families: ['ipv4'],
  passive: false,
  shutdown: false,
  ebgpMultihop: 1,
  routeMaps: {},
}
const process: WorldBgp = {
  kind: 'BGP',
  path: '/Common/lab',
  routeDomain: 0,
  asNumber: 65100,
  holdTime: 15,
  keepaliveTime: 5,
  gracefulRestart: { restartTime: 120, stalepathTime: 240 },
  redistribute: [{ family: 'ipv4', from: 'kernel', routeMap: 'vips' }],
  neighbors: [neighbor],
  prefixLists: [
    {
      name: 'vips',
      entries: [
        { sequence: 20, action: 'permit', prefix: '203.0.113.0/24', lengths: '32:32' },
        { sequence: 10, action: 'deny', prefix: '203.0.113.66/32' },
      ],
    },
  ],
  routeMaps: [{ name: 'vips', entries: [{ sequence: 10, action: 'permit', prefixLists: { ipv4: 'vips' } }] }],
}
const vip = (address: string, advertised = true): WorldVirtualAddress => ({
  kind: 'virtual address',
  path: `/Common/${address}`,
  routeDomain: 0,
  address,
  enabled: true,
  advertised,
})
const told = (bgp: WorldBgp, ...addresses: WorldVirtualAddress[]) =>
  deviceSetup(bgp, addresses, '10.0.1.254').originated

test('only advertised addresses that the route map lets through are told, by its first entry that fits', () => {
  const addresses = [
    vip('203.0.113.10/32'),
    vip('203.0.113.11/32', false),
    vip('203.0.113.66/32'),
    vip('192.0.2.1/32'),
    vip('2001:db8::1/128'),
  ]
  assert.deepEqual(told(process, ...addresses), { ipv4: ['203.0.113.10/32'], ipv6: [] })
})

test('a redistribution without a route map tells all of its family, and what is not redistributed is not told', () => {
  const open: WorldBgp = { ...process, redistribute: [{ family: 'ipv6', from: 'kernel' }] }
  assert.deepEqual(told(open, vip('203.0.113.10/32'), vip('2001:db8::1/128')), { ipv4: [], ipv6: ['2001:db8::1/128'] })
  const connected: WorldBgp = { ...process, redistribute: [{ family: 'ipv4', from: 'connected' }] }
  assert.deepEqual(told(connected, vip('203.0.113.10/32')), { ipv4: [], ipv6: [] })
})

test('a neighbour has the timers of the process where it has none, and none is told of one that is shut down', () => {
  const far = { ...neighbor, address: '10.9.9.9', ebgpMultihop: 255, holdTime: 90 }
  const shut = { ...neighbor, address: '10.0.1.2', shutdown: true }
  const { peers, routerId, restartTime } = deviceSetup(
    { ...process, neighbors: [neighbor, far, shut] },
    [],
    '10.0.1.254',
  )
  assert.deepEqual(
    peers.map(({ address, holdTime, keepaliveTime, multihop }) => [address, holdTime, keepaliveTime, multihop]),
    [
      ['10.0.1.1', 15, 5, undefined],
      ['10.9.9.9', 90, 5, 255],
    ],
  )
  assert.equal(routerId, '10.0.1.254')
  assert.equal(restartTime, 120)
})
