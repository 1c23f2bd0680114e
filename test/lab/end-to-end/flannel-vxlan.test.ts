import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { parse, stringify } from 'yaml'
import { WorldFault } from '../../../lib/base/failure.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { ALLOW_DELETIONS } from '../../../lib/bigip/resource.ts'
import { ping } from '../../../lib/linux/icmp.ts'
import { inNamespace } from '../../../lib/linux/namespace.ts'
import { type KernelNeighborRow, listProxies } from '../../../lib/linux/netlink/neighbor.ts'
import { readSysctl, renderSysctl } from '../../../lib/linux/sysctl.ts'
import { answerSysctls } from '../../../vxlan/answers.ts'
import { OVERHEAD } from '../../../vxlan/device.ts'
import type { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import { OVERLAY_DEVICES } from '../cni-rows.ts'
import { inPlace, setDevice, spaceOf } from '../network.ts'
import { answeringRole } from '../podpeer-objects.ts'
import { FAMILIES, type LabNode, type Pod } from '../topology.ts'
import { untilComplete } from '../waiting.ts'
import { underPings } from './churn.ts'
import { DEADLINE, describeMode } from './mode.ts'
import { forget, Questions } from './questions.ts'
import { kernelOf } from './traces.ts'
import { everyPingIsAnswered } from './traffic.ts'

const NEW_MACS = { ipv4: '02:00:04:00:99:02', ipv6: '02:00:06:00:99:02' }
/** How long a device is down. Milliseconds. */
const DOWN = 100
/** Beyond any doubt: 50 are aimed at, and a busy machine is slower. Milliseconds, as the next. */
const FIRST_PING = 500
const SILENCE = 1000
/** In the pod network of node 1, where no pod has them. */
const NOBODY = ['10.244.1.200', 'fd00:10:244:1::c8']
/** proxy_arp, proxy_delay in hundredths of a second, proxy_ndp, proxy_delay. */
const KERNEL_DEFAULTS = ['0', '80', '0', '80']
const OWN_PROTOCOL = 179

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

/** Has agents answer ARP and NDP for the pods of their nodes, or no more. */
function configureAnswers({ agents }: BigIpLab, answers: boolean): void {
  const config = parse(readFileSync(agents.config, 'utf8'))
  agents.configure(stringify({ ...config, overlay: { answers } }))
}

/** The settings of a node's devices on which answers depend. */
function answerSettings(node: string): string[] {
  return inPlace(node, () =>
    FAMILIES.flatMap(family => answerSysctls(OVERLAY_DEVICES[family], family === 'ipv4' ? 4 : 6)).map(
      ({ name }) => `${renderSysctl(name)} = ${readSysctl(name)}`,
    ),
  )
}

/** As the kernel has them: whose they are, too. */
function proxiesOf(node: string): string[] {
  const own = (row: KernelNeighborRow) =>
    row.kind === 'proxy' ? [`${row.address} ${row.protocol === OWN_PROTOCOL ? 'ours' : row.protocol}`] : []
  return inPlace(node, socket => listProxies(socket).flatMap(own)).sort()
}

async function answersAre(lab: BigIpLab, pods: (node: LabNode) => readonly Pod[]): Promise<void> {
  await untilComplete('an answer for each pod, on its own node', DEADLINE, async () => {
    const wrong = lab.topology.nodes.filter(node => {
      const expected = pods(node).flatMap(({ address }) => FAMILIES.map(family => `${address[family]} ours`))
      return !isDeepStrictEqual(proxiesOf(node.name), expected.sort())
    })
    return wrong[0] && `${wrong[0].name} answers for ${proxiesOf(wrong[0].name).join(', ')}`
  })
}

/** The first ping after BIG-IP forgot where an address is: how long it took, or undefined for none; and what was asked. */
async function firstPing(lab: BigIpLab, address: string) {
  using questions = new Questions(lab)
  forget(lab, address)
  const milliseconds = await inNamespace(spaceOf(BIGIP), () =>
    ping(parseAddress(address), { timeoutMs: FIRST_PING }).catch(thrown => {
      if (thrown instanceof WorldFault) return undefined
      throw thrown
    }),
  )
  // whoever else might answer has had his time: proxies wait 0.8 s at most where nobody says otherwise
  await sleep(SILENCE)
  return { milliseconds, ...questions.about(address) }
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
    const { bigip, cluster } = lab()
    cluster.api.put(answeringRole())
    configureAnswers(lab(), true)
    await answersAre(lab(), ({ pods }) => pods)
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

  test('gets one answer for a pod though all nodes are asked, at once, and none for what no pod has', async context => {
    for (const { pods } of lab().topology.nodes)
      for (const { name, address } of pods)
        for (const family of FAMILIES) {
          const { milliseconds, questions, answers } = await firstPing(lab(), address[family])
          assert.ok(milliseconds !== undefined, `${name} (${family}) was not answered within ${FIRST_PING} ms`)
          assert.ok(questions > 0)
          assert.equal(answers, questions, `${name} (${family})`)
          context.diagnostic(`the first ping to ${name} (${family}) took ${milliseconds.toFixed(2)} ms`)
        }
    for (const address of NOBODY) {
      const { milliseconds, questions, answers } = await firstPing(lab(), address)
      assert.ok(questions > 0)
      assert.deepEqual({ milliseconds, answers }, { milliseconds: undefined, answers: 0 }, address)
    }
  })

  test('gets no answer any more for a pod that was deleted, and one when there is such a pod again', async () => {
    const { api } = lab().cluster
    const { pods } = lab().node(1).place
    const [gone, ...left] = pods as [Pod, ...Pod[]]
    const before = api.find('Pod', gone.name, 'default')!
    api.remove('Pod', gone.name, 'default')
    await answersAre(lab(), node => (node.pods === pods ? left : node.pods))
    for (const family of FAMILIES) {
      const { questions, answers } = await firstPing(lab(), gone.address[family])
      assert.ok(questions > 0)
      assert.equal(answers, 0, family)
    }
    api.put(before)
    await answersAre(lab(), node => node.pods)
    await everyPingIsAnswered(lab())
  })

  test('is answered while an agent is dead, and by nodes whose flanneld made its devices anew', async () => {
    const { agent, place } = lab().node(1)
    const set = answerSettings(place.name)
    await agent.kill9()
    for (const family of FAMILIES) {
      const { questions, answers } = await firstPing(lab(), place.pods[0]!.address[family])
      assert.ok(questions > 0)
      assert.equal(answers, questions, family)
    }
    await agent.start()
    await answersAre(lab(), node => node.pods)
    lab().cni.restart(place)
    await answersAre(lab(), node => node.pods)
    assert.deepEqual(answerSettings(place.name), set)
    await lab().settled()
    await everyPingIsAnswered(lab())
  })

  test('has all of it taken back when the setting goes, as the kernel had it before', async () => {
    const { place } = lab().node(1)
    const set = answerSettings(place.name)
    configureAnswers(lab(), false)
    await answersAre(lab(), () => [])
    const unset = (values: string[]) => values.map(text => text.split(' = ')[1])
    await untilComplete('settings as before', DEADLINE, async () => {
      const now = answerSettings(place.name)
      return isDeepStrictEqual(unset(now), KERNEL_DEFAULTS) ? undefined : now.join(', ')
    })
    const status = await lab().node(1).agent.status()
    assert.match(status.problems.join(), /asks by ARP and NDP \(arp: none\), and nobody here answers for pods/)
    configureAnswers(lab(), true)
    await answersAre(lab(), node => node.pods)
    assert.deepEqual(answerSettings(place.name), set)
    await everyPingIsAnswered(lab())
  })
})
