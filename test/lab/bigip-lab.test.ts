import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { BigIpLab } from './bigip-lab.ts'
import { BIGIP } from './bigip-topology.ts'
import { cannotBuild, cannotInteroperate } from './daemons.ts'
import { LAB_MODES } from './lab-mode.ts'
import { rowsOf, staticRoutes } from './network.ts'
import { ROUTER_KINDS } from './router.ts'
import { untilComplete } from './waiting.ts'

const DEADLINE = 30_000

async function everyPingIsAnswered(lab: BigIpLab): Promise<void> {
  const pings = await lab.pingAll()
  assert.ok(pings.length > 0)
  assert.deepEqual(
    pings.filter(({ ok }) => !ok),
    [],
  )
}

interface Trace {
  /** As the stand-in's `hand` takes it. */
  readonly path: string
  /** What names the node or its pods in it. */
  readonly text: string
}

/** What BIG-IP has of the nodes, in whichever mode. */
async function traces(lab: BigIpLab): Promise<Trace[]> {
  const inside = async (collection: string, part: string) =>
    (await lab.bigip.list(collection).catch(() => [])).map(
      ({ fullPath }) => `${collection}/${String(fullPath).replaceAll('/', '~')}/${part}`,
    )
  const collections = [
    ...['/tm/net/arp', '/tm/net/ndp', '/tm/net/route'],
    ...(await inside('/tm/net/fdb/tunnel', 'records')),
    ...(await inside('/tm/net/routing/bgp', 'neighbor')),
  ]
  const found = collections.map(async collection => {
    const rows = await lab.bigip.list(collection)
    return rows.map(({ name, fullPath, endpoint, ipAddress, network, gw }) => ({
      path: `${collection}/${String(fullPath).replaceAll('/', '~')}`,
      text: JSON.stringify([name, endpoint, ipAddress, network, gw]),
    }))
  })
  return (await Promise.all(found)).flat()
}

async function tracesOf(lab: BigIpLab, number: number): Promise<Trace[]> {
  const { place } = lab.node(number)
  const ours = [place.address, ...place.pods.map(({ address }) => address)].flatMap(address => Object.values(address))
  return (await traces(lab)).filter(({ text }) => ours.some(address => new RegExp(`"${address}(%\\d+)?"`).test(text)))
}

/** What the kernel behind BIG-IP has. */
function kernelOf(lab: BigIpLab): string[] {
  const tunnels = lab.device.kernel.tunnels.flatMap(device => rowsOf(BIGIP, device))
  return [...tunnels, ...staticRoutes(BIGIP).map(({ prefix, via }) => `${prefix} via ${via}`)].sort()
}

for (const mode of LAB_MODES)
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

    test('takes a node out of BIG-IP when its Node object goes, and has it again when it comes back', async () => {
      const { place } = lab.node(2)
      const traces = (await tracesOf(lab, 2)).length
      assert.ok(traces > 0)
      lab.cluster.deregister(place)
      await untilComplete('the removal', DEADLINE, async () => (await tracesOf(lab, 2))[0]?.path)
      assert.ok((await tracesOf(lab, 1)).length > 0, 'the other node keeps what it has')
      await lab.settled()
      await everyPingIsAnswered(lab)
      lab.cluster.register(place)
      await untilComplete('the return', DEADLINE, async () =>
        (await tracesOf(lab, 2)).length === traces ? undefined : 'not all of it is there again',
      )
      await lab.settled()
      await everyPingIsAnswered(lab)
    })

    if (mode !== 'bgp')
      test('has drift repaired that a person made at the device, in its kernel, too', async () => {
        const before = kernelOf(lab)
        const [{ path } = { path: '' }] = (await tracesOf(lab, 1)).filter(({ path }) => /records|route/.test(path))
        assert.equal((await lab.bigip.hand('DELETE', path)).status, 200)
        assert.notDeepEqual(kernelOf(lab), before)
        await untilComplete('the repair', DEADLINE, async () =>
          (await lab.bigip.hand('GET', path)).status === 200 ? undefined : `${path} is not there`,
        )
        assert.deepEqual(kernelOf(lab), before)
        await everyPingIsAnswered(lab)
      })

    test('goes on while the controller is dead, and the next one that leads changes nothing', async () => {
      await lab.controller.kill9()
      await everyPingIsAnswered(lab)
      lab.bigip.calls.reset()
      const begun = Date.now()
      await lab.controller.start()
      // the dead one's Lease runs out by itself; once is enough to see that
      if (mode !== 'bgp') lab.cluster.api.remove('Lease', 'podpeer-controller', 'podpeer')
      await untilComplete('the first look of the next leader', DEADLINE, async () => {
        const { leading, bigIps } = await lab.controller.status()
        const read = Date.parse(bigIps[0]?.units[0]?.lastResync ?? '') > begun
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

for (const router of ROUTER_KINDS)
  describe(`a lab in mode bgp whose BIG-IP has ${router} for its BGP daemon`, { skip: cannotInteroperate() }, () => {
    test('has every session up at both ends, and none flaps when another node goes and comes back', async () => {
      await using lab = await BigIpLab.start({ router })
      const established = async () =>
        (await lab.device.bgp.sessions()).filter(({ state }) => state === 'Established').length
      assert.equal(await established(), 4)
      const opens = async () => (await lab.node(1).agent.peers()).map(({ messages }) => messages.sent.open)
      const before = await opens()
      const { place } = lab.node(2)
      lab.cluster.deregister(place)
      await untilComplete('the removal', DEADLINE, async () => (await tracesOf(lab, 2))[0]?.path)
      await untilComplete('the end of its sessions', DEADLINE, async () =>
        (await established()) === 2 ? undefined : 'they are up',
      )
      lab.cluster.register(place)
      await lab.settled()
      assert.equal(await established(), 4)
      assert.deepEqual(await opens(), before)
      await everyPingIsAnswered(lab)
    })
  })
