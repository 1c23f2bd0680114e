import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ALLOW_DELETIONS } from '../../../lib/bigip/resource.ts'
import { findLink } from '../../../lib/linux/netlink/link.ts'
import { OVERHEAD } from '../../../vxlan/device.ts'
import type { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import { OVERLAY_DEVICES } from '../cni-rows.ts'
import { putRow } from '../neighbors.ts'
import { inPlace, setDevice, setting } from '../network.ts'
import { FAMILIES, type LabNode } from '../topology.ts'
import { untilComplete } from '../waiting.ts'
import { underPings } from './churn.ts'
import { DEADLINE, describeMode } from './mode.ts'
import { kernelOf } from './traces.ts'
import { everyPingIsAnswered } from './traffic.ts'

const NEW_MACS = { ipv4: '02:00:04:00:99:02', ipv6: '02:00:06:00:99:02' }
/** How long a device is down. Milliseconds. */
const DOWN = 100

/** Changes the BIGIP, as `kubectl edit` and `kubectl annotate` would. */
function edit(
  { cluster: { api } }: BigIpLab,
  fields: object,
  annotations: Readonly<Record<string, string>> = {},
): void {
  const { metadata, ...bigip } = api.find('BIGIP', BIGIP)!
  const generation = (metadata.generation ?? 0) + 1
  api.put({
    ...bigip,
    metadata: { ...metadata, generation, annotations: { ...metadata.annotations, ...annotations } },
    spec: { ...(bigip['spec'] as object), ...fields },
  })
}

/** Waits for what is asked before many objects of BIG-IP go at once, and gives the word. Returns which those are. */
async function allowDeletions(lab: BigIpLab): Promise<readonly string[]> {
  const given = lab.cluster.api.find('BIGIP', BIGIP)!.metadata.annotations?.[ALLOW_DELETIONS]
  const asked = () => lab.status.units?.[0]?.refused
  await untilComplete('the question', DEADLINE, async () =>
    asked() === undefined || asked()!.token === given ? 'it is not asked' : undefined,
  )
  const { token, objects } = asked()!
  edit(lab, {}, { [ALLOW_DELETIONS]: token })
  return objects
}

/** Has a node answer ARP and NDP for its pods in the tunnel. */
function playAnswers({ name, pods }: LabNode): void {
  inPlace(name, socket => {
    for (const family of FAMILIES) {
      const device = OVERLAY_DEVICES[family]
      setting(`net/${family}/neigh/${device}/proxy_delay`, '0')
      if (family === 'ipv6') setting(`net/ipv6/conf/${device}/proxy_ndp`, '1')
      const { index: link } = findLink(socket, device)
      for (const { address } of pods) putRow(socket, { kind: 'proxy', link, address: address[family] })
    }
  })
}

describeMode({ mode: 'flannel-vxlan', mtu: { ipv4: 1500 - OVERHEAD[4], ipv6: 1500 - OVERHEAD[6] } }, lab => {
  test('follows a node whose flanneld makes its devices anew, with other MAC addresses', async context => {
    const { place } = lab().node(2)
    const make = () => lab().cni.restart(place, NEW_MACS)
    await underPings({ lab: lab(), test: context, what: 'flanneld made devices with other MAC addresses', make })
    await lab().settled()
    const known = kernelOf(lab()).join('\n')
    for (const mac of Object.values(NEW_MACS)) assert.match(known, new RegExp(`^${mac} to `, 'm'))
    await everyPingIsAnswered(lab())
  })

  test('has the rows of a node again after its devices were down', async context => {
    const { place } = lab().node(2)
    const make = async () => {
      for (const family of FAMILIES) setDevice(place.name, OVERLAY_DEVICES[family], false)
      await sleep(DOWN)
      for (const family of FAMILIES) setDevice(place.name, OVERLAY_DEVICES[family], true)
    }
    await underPings({ lab: lab(), test: context, what: 'the devices of a node were down and up', make })
    // what flanneld itself had there comes back with its next start alone
    lab().cni.restart(place, NEW_MACS)
    await lab().settled()
    await everyPingIsAnswered(lab())
  })

  test('reaches pods by a pseudo-gateway for each node as well (arp: node)', async context => {
    const entries = () => lab().bigip.list('/tm/net/arp')
    const before = (await entries()).length
    for (const [arp, expected] of [
      ['node', lab().topology.nodes.length],
      ['pod', before],
    ] as const) {
      const make = async () => {
        edit(lab(), { arp })
        if (arp === 'node') await allowDeletions(lab())
        await lab().settled()
      }
      await underPings({ lab: lab(), test: context, what: `arp was made ${arp}`, make })
      assert.equal((await entries()).length, expected)
      await everyPingIsAnswered(lab())
    }
  })

  test('floods through a tunnel made anew where the nodes answer for their pods (arp: none)', async () => {
    const { bigip, topology } = lab()
    for (const node of topology.nodes) playAnswers(node)
    edit(lab(), { arp: 'none' })
    const gone = await allowDeletions(lab())
    assert.ok(
      gone.some(object => object.startsWith('vxlan profile ')),
      'the tunnel is made anew only when a person allows it',
    )
    await lab().settled()
    assert.deepEqual(await bigip.list('/tm/net/arp'), [])
    await everyPingIsAnswered(lab())
  })
})
