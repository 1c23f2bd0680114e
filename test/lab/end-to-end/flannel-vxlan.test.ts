import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { WorldFault } from '../../../lib/base/failure.ts'
import { parseAddress } from '../../../lib/base/ip.ts'
import { ping } from '../../../lib/linux/icmp.ts'
import { inNamespace } from '../../../lib/linux/namespace.ts'
import { readSysctl, renderSysctl } from '../../../lib/linux/sysctl.ts'
import { answerSysctls } from '../../../vxlan/answers.ts'
import { OVERHEAD } from '../../../vxlan/device.ts'
import type { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import { OVERLAY_DEVICES } from '../cni-rows.ts'
import { inPlace, setDevice, spaceOf } from '../network.ts'
import { FAMILIES, type Pod } from '../topology.ts'
import { untilComplete } from '../waiting.ts'
import { answersAre, configureAnswers, useAnswers, useNodeEntries, usePodEntries } from './arp-modes.ts'
import { underPings } from './churn.ts'
import { DEADLINE } from './deadline.ts'
import { describeMode } from './mode.ts'
import { forget, Questions } from './questions.ts'
import { kernelOf } from './traces.ts'
import { everyPingIsAnswered, sizesAre, transferIsUnharmed } from './traffic.ts'

const MTU = { ipv4: 1500 - OVERHEAD[4], ipv6: 1500 - OVERHEAD[6] }
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

/** The settings of a node's devices on which answers depend. */
function answerSettings(node: string): string[] {
  return inPlace(node, () =>
    FAMILIES.flatMap(family => answerSysctls(OVERLAY_DEVICES[family], family === 'ipv4' ? 4 : 6)).map(
      ({ name }) => `${renderSysctl(name)} = ${readSysctl(name)}`,
    ),
  )
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

/** Of an address that somebody answers for; asked once or twice more where this process was too busy to see it in time. */
async function answeredPing(lab: BigIpLab, address: string) {
  for (let tries = 1; ; tries++) {
    const heard = await firstPing(lab, address)
    if (heard.milliseconds !== undefined || tries === 3) return heard
  }
}

describeMode({ mode: 'flannel-vxlan', mtu: MTU }, lab => {
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
    const entries = async () => (await lab().bigip.list('/tm/net/arp')).length
    const before = await entries()
    for (const [arp, use, expected] of [
      ['node', useNodeEntries, lab().topology.nodes.length],
      ['pod', usePodEntries, before],
    ] as const) {
      await underPings({ lab: lab(), test: context, what: `arp was made ${arp}`, make: () => use(lab()) })
      assert.equal(await entries(), expected)
      await everyPingIsAnswered(lab())
      await sizesAre(lab(), MTU)
      await transferIsUnharmed(lab(), context)
    }
  })

  test('floods through a tunnel made anew where the nodes answer for their pods (arp: none)', async () => {
    const gone = await useAnswers(lab())
    assert.ok(
      gone.some(object => object.startsWith('vxlan profile ')),
      'the tunnel is made anew only when a person allows it',
    )
    assert.deepEqual(await lab().bigip.list('/tm/net/arp'), [])
    await everyPingIsAnswered(lab())
  })

  test('gets one answer for a pod though all nodes are asked, at once, and none for what no pod has', async context => {
    for (const { pods } of lab().topology.nodes)
      for (const { name, address } of pods)
        for (const family of FAMILIES) {
          const { milliseconds, questions, answers } = await answeredPing(lab(), address[family])
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
    await untilComplete('a word of it', DEADLINE, async () => {
      const problems = (await lab().node(1).agent.status()).problems.join()
      return /asks by ARP and NDP \(arp: none\), and nobody here answers for pods/.test(problems) ? undefined : problems
    })
    configureAnswers(lab(), true)
    await answersAre(lab(), node => node.pods)
    assert.deepEqual(answerSettings(place.name), set)
    await everyPingIsAnswered(lab())
  })
})
