/**
 * What holds in every mode of the lab, checked on one set-up: BIG-IP is configured from empty, packets of every size and a
 * transfer come through, and go on doing so while nodes, links, agents and controllers come and go.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { BigIpLab } from '../bigip-lab.ts'
import { BIGIP } from '../bigip-topology.ts'
import { cannotBuild } from '../daemons.ts'
import { type LabMode, MODE_PLANS } from '../lab-mode.ts'
import { renumberPods, setDevice } from '../network.ts'
import { FAMILIES, type FamilyName, type LabNode, type PerFamily, podNetwork } from '../topology.ts'
import { untilComplete } from '../waiting.ts'
import { underPings } from './churn.ts'
import { DEADLINE } from './deadline.ts'
import { kernelOf, tracesOf } from './traces.ts'
import { everyPingIsAnswered, sizesAre, transferIsUnharmed } from './traffic.ts'

/** How long a cable is pulled: less than a hold time, more than a glitch. Milliseconds. */
const PULLED = 300

export interface ModeUnderTest {
  readonly mode: LabMode
  /** Octets that a packet between BIG-IP and a pod can have. */
  readonly mtu: PerFamily<number>
}

/** @param more further tests on the same set-up, before those that kill the controller */
export function describeMode({ mode, mtu }: ModeUnderTest, more: (lab: () => BigIpLab) => void = () => {}): void {
  describe(`a lab in mode ${mode}`, { skip: cannotBuild() }, () => {
    let lab: BigIpLab

    before(async () => {
      lab = await BigIpLab.start({ mode })
    })

    after(async () => {
      await lab?.close()
    })

    test('has a BIG-IP that the controller configured from empty, and every ping goes through it', async () => {
      assert.equal(lab.status.mode, mode)
      const objects = await lab.objects()
      assert.ok(objects.some(({ actual }) => actual > 0))
      assert.deepEqual(
        objects.filter(({ desired, actual, drift }) => desired !== actual || drift > 0),
        [],
      )
      await everyPingIsAnswered(lab)
    })

    test('takes a node out of BIG-IP when its Node object goes, and has it again when it comes back', async context => {
      const { place } = lab.node(2)
      const traces = (await tracesOf(lab, place)).length
      assert.ok(traces > 0)
      const make = async () => {
        lab.cluster.deregister(place)
        await untilComplete('the removal', DEADLINE, async () => (await tracesOf(lab, place))[0]?.path)
        assert.ok((await tracesOf(lab, lab.node(1).place)).length > 0, 'the other node keeps what it has')
        lab.cluster.register(place)
      }
      await underPings({ lab, test: context, what: 'a Node was deleted and created', make })
      await untilComplete('the return', DEADLINE, async () =>
        (await tracesOf(lab, place)).length === traces ? undefined : 'not all of it is there again',
      )
      await lab.settled()
      await everyPingIsAnswered(lab)
    })

    test('follows a node that comes back with another pod network, and leaves nothing of the former one', async context => {
      const { place } = lab.node(2)
      const moved = { ...place, ...podNetwork(2, 102) }
      const before = kernelOf(lab)
      const move = (from: LabNode, to: LabNode) => {
        lab.cluster.deregister(from)
        renumberPods(from, to)
        lab.cluster.register(to)
        lab.cni.restart(to)
      }
      const what = 'a Node was made anew with another pod network'
      await underPings({ lab, test: context, what, changed: moved, make: () => move(place, moved) })
      await kernelBecomes(lab, before.map(row => renumbered(row, place, moved)).sort())
      move(moved, place)
      await kernelBecomes(lab, before)
      await lab.settled()
      await everyPingIsAnswered(lab)
    })

    test('goes on when the cable of a node was pulled for a moment', async context => {
      const make = async () => {
        setDevice(BIGIP, lab.node(2).place.name, false)
        await sleep(PULLED)
        setDevice(BIGIP, lab.node(2).place.name, true)
      }
      await underPings({ lab, test: context, what: 'the cable was pulled and put back', make })
      await lab.settled()
    })

    if (mode !== 'bgp')
      test('has drift repaired that a person made at the device, in its kernel, too', async () => {
        const before = kernelOf(lab)
        const [{ path } = { path: '' }] = (await tracesOf(lab, lab.node(1).place)).filter(({ path }) =>
          /records|route/.test(path),
        )
        assert.equal((await lab.bigip.hand('DELETE', path)).status, 200)
        assert.notDeepEqual(kernelOf(lab), before)
        await untilComplete('the repair', DEADLINE, async () =>
          (await lab.bigip.hand('GET', path)).status === 200 ? undefined : `${path} is not there`,
        )
        assert.deepEqual(kernelOf(lab), before)
        await everyPingIsAnswered(lab)
      })

    more(() => lab)

    test('loses no ping when the controller is killed', async context => {
      const make = async () => {
        await lab.controller.kill9()
        shortenLease(lab)
        await everyPingIsAnswered(lab)
      }
      await underPings({ lab, test: context, what: 'the controller was killed', harmless: true, make })
    })

    test('loses no ping when the Lease of the dead one has run out and another leads', async context => {
      const make = async () => {
        lab.bigip.calls.reset()
        await lab.controller.start()
        await untilComplete('the next leader', DEADLINE, async () =>
          (await lab.controller.status()).leading ? undefined : 'nobody leads',
        )
      }
      await underPings({ lab, test: context, what: 'another controller led', harmless: true, make })
    })

    test('carries a transfer from a client through a virtual server to a pod and back, unharmed', async context => {
      await transferIsUnharmed(lab, context)
    })

    test('carries packets exactly as large as the way takes, and none that is larger', async () => {
      await sizesAre(lab, mtu)
    })

    if (MODE_PLANS[mode].agents !== undefined)
      test('loses no ping when the agent of a node is killed and comes back', async context => {
        const { agent } = lab.node(2)
        const make = async () => {
          await agent.kill9()
          await agent.start()
        }
        await underPings({ lab, test: context, what: 'an agent was killed and came back', harmless: true, make })
      })

    test('has seen nothing changed by the next controller when that has looked at everything', async () => {
      await untilComplete('the first look of the next leader', DEADLINE, async () => {
        const { leading, bigIps } = await lab.controller.status()
        const read = bigIps[0]?.units[0]?.lastResync !== undefined
        return leading && read ? undefined : `leading: ${leading}, has read: ${read}`
      })
      await lab.settled()
      // to ask for sessions is a POST, too, though it changes nothing
      const { calls } = lab.bigip
      assert.equal(calls.writes - calls.count('POST /tm/util/bash'), 0, JSON.stringify(calls.counts))
      await everyPingIsAnswered(lab)
    })

    test('has had no call refused in all this: the rights of deploy/ are enough', () => {
      assert.deepEqual(lab.cluster.api.refused, [])
    })
  })
}

async function kernelBecomes(lab: BigIpLab, rows: readonly string[]): Promise<void> {
  await untilComplete('what is wanted in the kernel behind BIG-IP', DEADLINE, async () => {
    const there = kernelOf(lab)
    return isDeepStrictEqual(there, rows) ? undefined : there.join(', ')
  })
}

/** A row of a kernel, with addresses of the other pod network. */
function renumbered(row: string, from: LabNode, to: LabNode): string {
  const start = ({ podCIDRs }: LabNode, family: FamilyName) => podCIDRs[family].replace(/(0|:)\/\d+$/, '')
  return FAMILIES.reduce((text, family) => text.replace(start(from, family), start(to, family)), row)
}

/** The Lease of a dead leader runs out by itself: soon, for a test is watched. */
function shortenLease({ cluster: { api } }: BigIpLab): void {
  const lease = api.find('Lease', 'podpeer-controller', 'podpeer')!
  api.put({ ...lease, spec: { ...(lease['spec'] as object), leaseDurationSeconds: 1 } })
}
