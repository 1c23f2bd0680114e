import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { WorldObject } from '../bigip/device-world.ts'
import { cannotBuild } from './daemons.ts'
import { DeviceKernel, type KernelObject } from './device-kernel.ts'
import { removeLab, sweepLeftovers } from './leftovers.ts'
import { buildNetwork, learnedRoutes, rowsOf, spaceOf, staticRoutes } from './network.ts'

const PLACE = 'device'
const tunnel: WorldObject = {
  kind: 'tunnel',
  path: '/Common/a-tunnel-with-a-long-name',
  routeDomain: 0,
  vni: 1,
  port: 8472,
  flooding: 'none',
  localAddress: '10.9.1.254',
  mtu: 1450,
  mac: '02:00:00:00:00:07',
}
const selfIp: WorldObject = {
  kind: 'self IP',
  path: '/Common/tunnel-self',
  routeDomain: 0,
  address: '10.244.255.1/16',
  vlan: tunnel.path,
  floating: false,
  allowService: [],
}
const record: WorldObject = {
  kind: 'FDB record',
  path: `${tunnel.path}/02:00:00:00:00:01`,
  routeDomain: 0,
  tunnel: tunnel.path,
  mac: '02:00:00:00:00:01',
  endpoint: '10.9.1.1',
}
const arp: WorldObject = {
  kind: 'ARP',
  path: '/Common/node-1',
  routeDomain: 0,
  address: '10.244.1.1',
  mac: '02:00:00:00:00:01',
}
const route: WorldObject = {
  kind: 'route',
  path: '/Common/node-1',
  routeDomain: 0,
  network: '10.244.1.0/24',
  gateway: '10.244.1.1',
}

describe('a BIG-IP in a kernel', { skip: cannotBuild() }, () => {
  let kernel: DeviceKernel
  const make = (...objects: KernelObject[]) => kernel.apply(objects.map(after => ({ after })))
  const unmake = (...objects: KernelObject[]) => kernel.apply(objects.map(before => ({ before })))
  const rows = () => rowsOf(PLACE, kernel.deviceOf(tunnel.path)!)

  before(() => {
    sweepLeftovers()
    buildNetwork({
      places: [
        { name: PLACE, forwards: true, loopback: [] },
        { name: 'wall', forwards: false, loopback: [] },
      ],
      cables: [
        {
          ends: [
            { place: PLACE, device: 'external', addresses: [], routes: [] },
            { place: 'wall', device: 'eth0', addresses: [], routes: [] },
          ],
        },
      ],
    })
    kernel = new DeviceKernel(spaceOf(PLACE), new Map([['/Common/external', 'external']]))
    make({ ...selfIp, path: '/Common/external-self', address: '10.9.1.254/24', vlan: '/Common/external' })
  })

  after(() => removeLab())

  test('has a row for each record and entry, and a route through the tunnel whose gateway lies in its own network', () => {
    make(tunnel, selfIp, record, arp, route)
    assert.deepEqual(rows(), ['10.244.1.1 at 02:00:00:00:00:01', '02:00:00:00:00:01 to 10.9.1.1'])
    assert.deepEqual(staticRoutes(PLACE), [{ prefix: '10.244.1.0/24', via: '10.244.1.1' }])
    assert.deepEqual(learnedRoutes(PLACE), [])
  })

  test('changes an endpoint in its place', () => {
    kernel.apply([{ before: record, after: { ...record, endpoint: '10.9.1.9' } }])
    assert.deepEqual(rows(), ['10.244.1.1 at 02:00:00:00:00:01', '02:00:00:00:00:01 to 10.9.1.9'])
    kernel.apply([{ before: { ...record, endpoint: '10.9.1.9' }, after: record }])
  })

  test('loses what went through a self IP with it, and has it again with another', () => {
    unmake(selfIp)
    assert.deepEqual(rows(), ['02:00:00:00:00:01 to 10.9.1.1'])
    assert.deepEqual(staticRoutes(PLACE), [])
    make(selfIp)
    assert.deepEqual(rows(), ['10.244.1.1 at 02:00:00:00:00:01', '02:00:00:00:00:01 to 10.9.1.1'])
    assert.deepEqual(staticRoutes(PLACE), [{ prefix: '10.244.1.0/24', via: '10.244.1.1' }])
  })

  test('is as empty as before when all is deleted, in the order in which a client has to do it', () => {
    unmake(route, arp, record, selfIp, tunnel)
    assert.equal(kernel.deviceOf(tunnel.path), undefined)
    assert.deepEqual(staticRoutes(PLACE), [])
  })

  test('sends broadcasts to every endpoint of a tunnel that floods', () => {
    make({ ...tunnel, flooding: 'multipoint' }, record, { ...record, mac: '02:00:00:00:00:02', endpoint: '10.9.1.2' })
    assert.deepEqual(rows().sort(), [
      '00:00:00:00:00:00 to 10.9.1.1',
      '00:00:00:00:00:00 to 10.9.1.2',
      '02:00:00:00:00:01 to 10.9.1.1',
      '02:00:00:00:00:02 to 10.9.1.2',
    ])
    unmake(record)
    assert.deepEqual(rows().sort(), ['00:00:00:00:00:00 to 10.9.1.2', '02:00:00:00:00:02 to 10.9.1.2'])
  })
})
