/** podpeer's own overlay on a device: whatever the CNI, records and entries that follow from each node's name and address. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { diagnose } from '../../../../lib/bigip/doctor.ts'
import { nodeMac } from '../../../../vxlan/own.ts'
import {
  blockAffinity,
  ciliumConfigMap,
  ciliumNode,
  flannelConfig,
  flannelNode,
  ipPool,
  node,
  pod,
} from '../../cni/objects.ts'
import { codes, desired, facts, inputOf, leftOut, of, type Told } from './scene.ts'

const UNIT = { name: 'bigip-a', address: '192.0.2.10', tunnel: { selfIPs: ['10.245.255.1/15'] } }
const want = (told: Told) => desired({ ...told, spec: { mode: 'podpeer-vxlan', units: [UNIT], ...told.spec } })

const CLUSTERS: Readonly<Record<string, NonNullable<Told['cluster']>>> = {
  calico: {
    nodes: [node(1), node(2)],
    blockAffinities: [blockAffinity('node-1', '10.244.1.0/26'), blockAffinity('node-2', '10.244.2.0/26')],
    ipPools: [ipPool('10.244.0.0/16')],
  },
  cilium: {
    nodes: [node(1), node(2)],
    ciliumNodes: [ciliumNode(1, ['10.244.1.0/24']), ciliumNode(2, ['10.244.2.0/24'])],
    configMaps: [ciliumConfigMap({ 'cluster-pool-ipv4-cidr': '10.244.0.0/16' })],
  },
  'flannel, whose own overlay is left alone,': {
    nodes: [flannelNode(1), flannelNode(2)],
    configMaps: [flannelConfig()],
  },
  'an unknown CNI': { nodes: [node(1), node(2)] },
}

describe('podpeer-vxlan', () => {
  for (const [cni, cluster] of Object.entries(CLUSTERS))
    test(`beside ${cni} there is a record for each node at the address of the Node, and an entry for each pod`, () => {
      const pods = [pod('a', 'node-1', ['10.244.1.7'])]
      const told = want({ cluster, pods })
      assert.deepEqual(
        of('FDB record', told.rows).map(({ name, fields }) => [name, fields.endpoint]),
        [1, 2].map(number => [nodeMac(`node-${number}`, 4), `10.1.10.${number}`]),
      )
      const entries = of('ARP', told.rows).map(({ fields }) => `${fields.ipAddress} ${fields.macAddress}`)
      assert.ok(entries.includes(`10.244.1.7 ${nodeMac('node-1', 4)}`), entries.join(', '))
      assert.deepEqual(of('tunnel', told.rows)[0]!.fields.key, 179)
      assert.deepEqual(of('vxlan profile', told.rows)[0]!.fields, { floodingType: 'none', port: 8479 })
      assert.deepEqual(told.published.vxlan, { vni: 179, port: 8479 })
      assert.deepEqual([told.complete, told.served, leftOut(told)], [true, 2, []])
      assert.ok(!codes(told).includes('flannel-backend'))
    })

  test('VNI and port are those of the object, where it says them', () => {
    const told = want({ cluster: CLUSTERS['calico']!, spec: { tunnel: { vni: 42, port: 8888 } } })
    assert.deepEqual(told.published.vxlan, { vni: 42, port: 8888 })
  })

  test('by arp: node each pod CIDR has a route by a pseudo-gateway on the node', () => {
    const told = want({ cluster: CLUSTERS['calico']!, spec: { arp: 'node' } })
    assert.deepEqual(
      of('route', told.rows).map(({ fields }) => [fields.network, fields.gateway]),
      [
        ['10.244.1.0/26', '10.244.1.1'],
        ['10.244.2.0/26', '10.244.2.1'],
      ],
    )
  })

  test('flooding is refused, and what is there stays', () => {
    const told = want({ cluster: CLUSTERS['calico']!, spec: { arp: 'none' } })
    assert.deepEqual([codes(told), told.rows, told.complete], [['own-overlay-flooding'], [], false])
  })

  test('a virtual server that keeps the client’s address is an error, for only the device’s own come back', () => {
    const bare = { path: '/Common/shop', enabled: true, pool: '/Common/pool', snat: 'none' } as const
    const told: Told = {
      cluster: CLUSTERS['calico']!,
      spec: { mode: 'podpeer-vxlan', units: [UNIT] },
      facts: { virtualServers: [bare as never] },
    }
    const { network, unit } = inputOf(told)
    const found = diagnose({ unit, desire: desired(told), facts: facts(told.facts), network })
    const finding = found.find(({ code }) => code === 'virtual-server-without-snat')
    assert.equal(finding?.severity, 'error')
    assert.match(finding.cause, /podpeer's own overlay leads back to this device's addresses alone/)
  })
})
