/** What modes want is in the form in which devices are read: else every resync would find a difference. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { codecsOf } from '../../../../lib/bigip/codec.ts'
import { RouteDomains } from '../../../../lib/bigip/route-domains.ts'
import type { Kind, Row } from '../../../../lib/bigip/row.ts'
import type { RowCodec } from '../../../../lib/bigip/row-codec.ts'
import { ciliumConfigMap, dualNode, flannelConfig, node, pod } from '../../cni/objects.ts'
import { DUAL, desired, selfIP, type Told } from './scene.ts'

const PODS = [pod('a', 'node-1', ['10.244.1.5', 'fd00:10:244:1::5'])]
const FLANNEL = {
  nodes: [dualNode(1)],
  configMaps: [
    flannelConfig({
      Network: '10.244.0.0/16',
      EnableIPv6: true,
      IPv6Network: 'fd00:10:244::/48',
      Backend: { Type: 'vxlan' },
    }),
  ],
}
const CILIUM = {
  nodes: [node(1)],
  configMaps: [
    ciliumConfigMap({
      'enable-vtep': 'true',
      'vtep-endpoint': '10.1.10.60',
      'vtep-cidr': '10.255.5.0/24',
      'vtep-mac': '00:50:56:00:00:60',
    }),
  ],
}

const MODES: readonly (readonly [title: string, told: Told])[] = [
  ['flannel-vxlan, arp: pod', { cluster: FLANNEL, pods: PODS, spec: {} }],
  ['flannel-vxlan, arp: node', { cluster: FLANNEL, spec: { arp: 'node' } }],
  ['cilium-vxlan', { cluster: CILIUM, spec: {} }],
  ['static', { cluster: FLANNEL, spec: { mode: 'static' } }],
]

/** Route domain of the cluster, and what is the default one of its partition. */
const DOMAINS = [
  { routeDomain: 0, ofPartition: 0 },
  { routeDomain: 20, ofPartition: 20 },
  { routeDomain: 20, ofPartition: 0 },
  { routeDomain: 0, ofPartition: 20 },
]

describe('rows survive the way to a device and back', () => {
  for (const [title, told] of MODES)
    for (const { routeDomain, ofPartition } of DOMAINS)
      for (const paired of [false, true])
        test(`${title}, in route domain ${routeDomain} beside ${ofPartition}, ${paired ? 'of a pair' : 'alone'}`, () => {
          const selfIPs = DUAL.map(({ name, fields }) =>
            selfIP(
              name.replace('Common', 'k8s'),
              routeDomain === ofPartition ? fields.address : fields.address.replace('/', `%${routeDomain}/`),
            ),
          )
          const { rows } = desired({
            ...told,
            spec: { ...told.spec, partition: 'k8s', routeDomain },
            facts: {
              partitions: new Map([['k8s', ofPartition]]),
              selfIPs,
              peers: paired ? [{ name: 'b', managementAddress: '192.0.2.11' }] : [],
            },
          })
          assert.ok(rows.length > 0)
          const codecs = codecsOf(new RouteDomains('k8s', new Map([['k8s', ofPartition]])))
          for (const row of rows) {
            const codec = codecs[row.kind] as RowCodec<Kind>
            const body = codec.create(row as Row<never>) as { name: string; partition?: string }
            const found = codec.decode({ ...body, fullPath: `/${body.partition}/${body.name}` }, row.parent)
            assert.deepEqual(found, row)
          }
        })
})
