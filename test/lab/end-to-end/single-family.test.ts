/** Clusters of flannel with pods of one family alone, beside nodes that have addresses of both. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KubeObject } from '../../../lib/kube/object.ts'
import { OVERHEAD } from '../../../vxlan/device.ts'
import { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import { OVERLAY_DEVICES } from '../cni-rows.ts'
import { cannotBuild } from '../daemons.ts'
import { rowsOf } from '../network.ts'
import { FAMILIES, type FamilyName, SURROUNDINGS } from '../topology.ts'
import { useAnswers, useNodeEntries, usePodEntries } from './arp-modes.ts'
import { everyPingIsAnswered, sizesAre, transferIsUnharmed } from './traffic.ts'

const MTU = { ipv4: 1500 - OVERHEAD[4], ipv6: 1500 - OVERHEAD[6] }

const Backend = { Type: 'vxlan' }
const NET_CONF = {
  ipv4: { Network: SURROUNDINGS.podRange.ipv4, Backend },
  ipv6: { EnableIPv4: false, EnableIPv6: true, IPv6Network: SURROUNDINGS.podRange.ipv6, Backend },
}

const isOf = (family: FamilyName) => (text: string) => text.includes(':') === (family === 'ipv6')

/** Of ARP and NDP. */
const isEntry = (row: string) => row.includes(' at ')

/** What flannel and the controllers of a cluster of one family would have written. */
function reduced(object: KubeObject, family: FamilyName): KubeObject {
  const { metadata } = object
  const [spec, status] = [object['spec'], object['status']] as { podCIDRs?: string[]; podIPs?: { ip: string }[] }[]
  const strange = family === 'ipv4' ? /v6/ : /backend-data|public-ip$/
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !strange.test(key))
  const podIPs = status?.podIPs?.filter(({ ip }) => isOf(family)(ip))
  const podCIDRs = spec?.podCIDRs?.filter(isOf(family))
  return {
    ...object,
    metadata: { ...metadata, annotations: Object.fromEntries(annotations) },
    ...(podCIDRs && { spec: { ...spec, podCIDR: podCIDRs[0], podCIDRs } }),
    ...(podIPs && { status: { ...status, podIP: podIPs[0]?.ip, podIPs } }),
  }
}

describe('a cluster of flannel with one family of pods', { skip: cannotBuild() }, () => {
  for (const family of FAMILIES)
    test(`is reached over ${family} in each ARP mode, with nothing of the other family on BIG-IP or on nodes`, async context => {
      await using lab = await BigIpLab.prepare({ mode: 'flannel-vxlan', families: [family] })
      const { api } = lab.cluster
      for (const kind of ['Node', 'Pod']) for (const object of api.list(kind)) api.put(reduced(object, family))
      const flannel = api.find('ConfigMap', 'kube-flannel-cfg', 'kube-flannel')!
      api.put({ ...flannel, data: { 'net-conf.json': JSON.stringify(NET_CONF[family]) } })
      const bigip = api.find('BIGIP', BIGIP)!
      const { units } = bigip['spec'] as { units: { tunnel: { selfIPs: string[] } }[] }
      const own = units.map(unit => ({ ...unit, tunnel: { selfIPs: unit.tunnel.selfIPs.filter(isOf(family)) } }))
      api.put({ ...bigip, spec: { ...(bigip['spec'] as object), units: own } })
      await lab.startPodpeer()
      const entries: string[] = []
      for (const use of [usePodEntries, useNodeEntries, useAnswers]) {
        await use(lab)
        await everyPingIsAnswered(lab)
        await sizesAre(lab, MTU)
        await transferIsUnharmed(lab, context)
        entries.push(...lab.device.kernel.tunnels.flatMap(name => rowsOf(BIGIP, name)).filter(isEntry))
      }
      const { overlays, rows } = await lab.node(1).agent.vxlan()
      assert.deepEqual(
        overlays.map(({ family: own, device, faults }) => [own, device?.name, faults]),
        [[family, OVERLAY_DEVICES[family], []]],
      )
      assert.deepEqual([rows.drift, rows.conflicts], [0, 0])
      assert.ok(entries.length > 0)
      assert.deepEqual(
        entries.filter(row => !isOf(family)(row.split(' at ')[0]!)),
        [],
      )
    })
})
