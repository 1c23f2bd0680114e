import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { BigIp } from './big-ip.ts'
import { leaveCis, leaveCisC, leaveCisRoutes, prepareFlannelByHand } from './cis-leftovers.ts'

let device: BigIp
const nodes = [
  { name: 'node-1', address: '10.1.10.71', vtepMac: '0a:0a:00:00:00:01', podCIDR: '10.42.1.0/24' },
  { name: 'node-2', address: '10.1.10.72', vtepMac: '0a:0a:00:00:00:02', podCIDR: '10.42.2.0/24' },
]
const pods = [{ address: '10.42.2.7', node: 'node-2' }]

beforeEach(async () => {
  device = await BigIp.start()
})
afterEach(() => device.close())

const shown = async (path: string, ...fields: string[]) =>
  (await device.list(path)).map(one => fields.map(field => one[field]))

test('CIS leaves records by MAC address and pods in the partition of the tunnel', async () => {
  await prepareFlannelByHand(device, '10.1.10.60', '10.42.20.1/16')
  await leaveCis(device, { nodes, pods })
  assert.deepEqual(await shown('/tm/net/fdb/tunnel/~Common~fl-tunnel/records', 'name', 'endpoint'), [
    ['0a:0a:00:00:00:01', '10.1.10.71%0'],
    ['0a:0a:00:00:00:02', '10.1.10.72%0'],
  ])
  assert.deepEqual(await shown('/tm/net/arp', 'fullPath', 'macAddress'), [
    ['/Common/k8s-10.42.2.7', '0a:0a:00:00:00:02'],
  ])
})

test('CIS leaves static routes with its identifier in its own partition', async () => {
  await leaveCisRoutes(device, nodes, 'kubernetes_10.1.1.1')
  assert.deepEqual(await shown('/tm/net/route', 'fullPath', 'network', 'gw', 'description'), [
    ['/kubernetes/k8s-node-1-10.1.10.71', '10.42.1.0/24', '10.1.10.71', 'kubernetes_10.1.1.1'],
    ['/kubernetes/k8s-node-2-10.1.10.72', '10.42.2.0/24', '10.1.10.72', 'kubernetes_10.1.1.1'],
  ])
})

test('CIS-C leaves pods of both families in a partition of its own, and its state in a data-group', async () => {
  await prepareFlannelByHand(device, '10.1.10.60', '10.42.20.1/16')
  await leaveCisC(device, { nodes, pods: [...pods, { address: 'fd00:42:2::7', node: 'node-2' }] })
  assert.deepEqual(await shown('/tm/net/arp', 'fullPath'), [['/cis-c-tenant/k8s-10.42.2.7']])
  assert.deepEqual(await shown('/tm/net/ndp', 'fullPath'), [['/cis-c-tenant/k8s-fd00:42:2::7']])
  assert.deepEqual(await shown('/tm/ltm/data-group/internal', 'name'), [['f5_kic_cfgs_cis-c-tenant']])
})
