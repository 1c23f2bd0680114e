/** Clusters of flannel with pods of one family alone, beside nodes that have addresses of both. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KubeObject } from '../../lib/kube/object.ts'
import { OVERHEAD } from '../../vxlan/device.ts'
import { BigIpLab } from './bigip-lab.ts'
import { BIGIP } from './bigip-topology.ts'
import { OVERLAY_DEVICES } from './cni-rows.ts'
import { cannotBuild } from './daemons.ts'
import { sizeFault, waysOf } from './end-to-end/traffic.ts'
import { planPings } from './expectation.ts'
import { rowsOf } from './network.ts'
import { pingAll } from './ping.ts'
import { FAMILIES, type FamilyName, SURROUNDINGS } from './topology.ts'
import { untilComplete } from './waiting.ts'

const DEADLINE = 45_000

const Backend = { Type: 'vxlan' }
const NET_CONF = {
  ipv4: { Network: SURROUNDINGS.podRange.ipv4, Backend },
  ipv6: { EnableIPv4: false, EnableIPv6: true, IPv6Network: SURROUNDINGS.podRange.ipv6, Backend },
}

const isOf = (family: FamilyName) => (text: string) => text.includes(':') === (family === 'ipv6')

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
    test(`is reached over ${family}, with nothing of the other family on BIG-IP or on nodes`, async () => {
      await using lab = await BigIpLab.prepare({ mode: 'flannel-vxlan' })
      const { api } = lab.cluster
      for (const kind of ['Node', 'Pod']) for (const object of api.list(kind)) api.put(reduced(object, family))
      const flannel = api.find('ConfigMap', 'kube-flannel-cfg', 'kube-flannel')!
      api.put({ ...flannel, data: { 'net-conf.json': JSON.stringify(NET_CONF[family]) } })
      const bigip = api.find('BIGIP', BIGIP)!
      const { units } = bigip['spec'] as { units: { tunnel: { selfIPs: string[] } }[] }
      const own = units.map(unit => ({ ...unit, tunnel: { selfIPs: unit.tunnel.selfIPs.filter(isOf(family)) } }))
      api.put({ ...bigip, spec: { ...(bigip['spec'] as object), units: own } })
      await lab.startPodpeer()
      const plan = planPings(lab.topology, [family])
      await untilComplete('the pings', DEADLINE, async () => {
        const [lost] = (await pingAll(plan)).filter(({ ok }) => !ok)
        return lost && `${lost.from} to ${lost.to}; ${lab.status.conditions?.map(({ message }) => message).join('; ')}`
      })
      const ways = waysOf(lab, lab.node(1).place).filter(way => way.family === family)
      const mtu = 1500 - OVERHEAD[family === 'ipv4' ? 4 : 6]
      assert.deepEqual(await Promise.all(ways.map(way => sizeFault(way, mtu))), [undefined, undefined, undefined])
      const { overlays, rows } = await lab.node(1).agent.vxlan()
      assert.deepEqual(
        overlays.map(({ family: own, device, faults }) => [own, device?.name, faults]),
        [[family, OVERLAY_DEVICES[family], []]],
      )
      assert.deepEqual([rows.drift, rows.conflicts], [0, 0])
      const tunnels = lab.device.kernel.tunnels.flatMap(name => rowsOf(BIGIP, name)).filter(row => row.includes(' at '))
      assert.ok(tunnels.length > 0)
      assert.deepEqual(
        tunnels.filter(row => !isOf(family)(row.split(' at ')[0]!)),
        [],
      )
    })
})
