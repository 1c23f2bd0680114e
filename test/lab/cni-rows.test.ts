import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BIGIP_ADDRESS, planBigIpTopology } from './bigip-topology.ts'
import { ciliumConfig, cniAnnotations, dummyNode, nodeMac } from './cni-objects.ts'
import { cniRows } from './cni-rows.ts'
import type { LabCni } from './lab-mode.ts'
import { nodeObject } from './node-objects.ts'

const { nodes } = planBigIpTopology(2, false)
const [first, second] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
const objects = (cni: LabCni) => nodes.map(node => nodeObject(node, undefined, cniAnnotations(cni, node)))
const macOf = (address: string) => nodeMac({ address: { ipv4: address, ipv6: '' } }, 'ipv4')

test('flanneld has three rows for each other Node and family, the dummy Node of BIG-IP counted', () => {
  const dummy = dummyNode(BIGIP_ADDRESS, { ipv4: '00:50:56:00:00:04', ipv6: '00:50:56:00:00:06' })
  const view = { nodes: [...objects('flannel-vxlan'), dummy], ciliumConfig: undefined }
  const rows = cniRows('flannel-vxlan', first, view, macOf)
  assert.equal(rows.length, 3 * 2 * 2)
  assert.deepEqual(
    rows.filter(
      row => JSON.stringify(row).includes('10.244.255.0') || JSON.stringify(row).includes('00:50:56:00:00:04'),
    ),
    [
      { kind: 'neighbor', device: 'flannel.1', address: '10.244.255.0', mac: '00:50:56:00:00:04' },
      { kind: 'FDB row', device: 'flannel.1', mac: '00:50:56:00:00:04', endpoint: '10.0.1.254' },
      { kind: 'route', device: 'flannel.1', prefix: '10.244.255.0/24', via: '10.244.255.0' },
    ],
  )
})

test('host-gw has the route alone, by the address of the node', () => {
  const view = { nodes: objects('flannel-host-gw'), ciliumConfig: undefined }
  assert.deepEqual(cniRows('flannel-host-gw', first, view, macOf), [
    { kind: 'route', device: 'eth0', prefix: '10.244.2.0/24', via: second.address.ipv4 },
    { kind: 'route', device: 'eth0', prefix: 'fd00:10:244:2::/64', via: second.address.ipv6 },
  ])
})

test('Cilium answers for its own pods, and knows BIG-IP when its configuration does', () => {
  const nodes = objects('cilium')
  const rowsWith = (vtep: Readonly<Record<string, string>>) =>
    cniRows('cilium', first, { nodes, ciliumConfig: ciliumConfig(vtep) }, macOf)
  const without = rowsWith({})
  assert.deepEqual(
    without.flatMap(row => (row.kind === 'proxy' ? [row.address] : [])),
    ['10.244.1.2', '10.244.1.3'],
  )
  const vtep = { 'vtep-endpoint': '10.0.1.254', 'vtep-cidr': '10.250.0.0/16', 'vtep-mac': '00:50:56:00:00:04' }
  assert.deepEqual(rowsWith({ ...vtep, 'enable-vtep': 'false' }), without)
  assert.deepEqual(
    rowsWith({ ...vtep, 'enable-vtep': 'true' }).filter(
      row => !without.some(one => JSON.stringify(one) === JSON.stringify(row)),
    ),
    [
      { kind: 'neighbor', device: 'cilium_vxlan', address: '10.250.0.0', mac: '00:50:56:00:00:04' },
      { kind: 'FDB row', device: 'cilium_vxlan', mac: '00:50:56:00:00:04', endpoint: '10.0.1.254' },
      { kind: 'route', device: 'cilium_vxlan', prefix: '10.250.0.0/16', via: '10.250.0.0' },
    ],
  )
})
