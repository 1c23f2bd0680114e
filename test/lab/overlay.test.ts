/** The agents' side of flannel's overlay, in a lab: real agents, real VXLAN, flanneld played, no dummy Node. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { findLink } from '../../lib/linux/netlink/link.ts'
import { BigIpLab } from './bigip-lab.ts'
import { cannotBuild } from './daemons.ts'
import { planPings } from './expectation.ts'
import { inPlace, learnedRoutes, rowsOf, setDevice } from './network.ts'
import { PingStream } from './ping.ts'
import { addStandby, STANDBY } from './standby-unit.ts'
import { untilComplete } from './waiting.ts'

const INTERVAL = 20
const DEADLINE = 60_000
const NODE = 'node-1'
/** Ten times what is promised, for a machine that is busy with other things. Milliseconds. */
const REPAIRED = 10_000

describe("agents on flannel's overlay", { skip: cannotBuild() }, () => {
  let lab: BigIpLab

  before(async () => {
    lab = await BigIpLab.start({ mode: 'flannel-vxlan' })
  })
  after(async () => {
    await lab?.close()
  })

  /** Pings through BIG-IP's tunnel to the pods of the first node. */
  const stream = () =>
    new PingStream(
      planPings(lab.topology, lab.plan.families).filter(({ from, to }) => from === 'bigip' && to.startsWith('pod-1-')),
      INTERVAL,
    )
  const repairs = async () => (await lab.node(1).agent.vxlan()).rows.repairs
  const isWhole = async () => {
    const [missing] = await lab.agents.missingRows(lab.topology.nodes, lab.plan.families)
    return missing
  }

  test('reach BIG-IP by rows of their own, with only real Nodes in the cluster', async () => {
    const names = lab.cluster.api.list('Node').map(({ metadata }) => metadata.name)
    assert.deepEqual(names.sort(), ['node-1', 'node-2'])
    const { overlays, rows } = await lab.node(1).agent.vxlan()
    assert.deepEqual(
      overlays.map(({ family, device, faults, vteps }) => [
        family,
        device?.name,
        faults,
        vteps.map(({ name }) => name),
      ]),
      [
        ['ipv4', 'flannel.1', [], ['bigip/bigip']],
        ['ipv6', 'flannel-v6.1', [], ['bigip/bigip']],
      ],
    )
    assert.deepEqual([rows.wanted, rows.actual, rows.drift, rows.repairs], [6, 6, 0, 0])
    assert.deepEqual((await lab.node(1).agent.status()).problems, [])
    assert.ok(rowsOf(NODE, 'flannel.1').some(row => row.includes('10.245.255.1')))
  })

  test('find both families healthy when they probe', async () => {
    const probes = await lab.node(1).agent.probe()
    assert.deepEqual(
      probes.map(({ family, code, finding }) => [family, code, finding]),
      [
        ['ipv4', 'healthy', '10.245.255.1 answers inside the tunnel, full-size packets too'],
        ['ipv6', 'healthy', 'fd00:10:245:ff::1 answers inside the tunnel, full-size packets too'],
      ],
    )
  })

  test('lose no packet when an agent is killed and comes back, and repair nothing then', async () => {
    const pings = stream()
    const { agent } = lab.node(1)
    await agent.kill9()
    await agent.start()
    await untilComplete('the rows', DEADLINE, isWhole)
    const { sent, losses } = await pings.stop()
    assert.ok(sent > 20)
    assert.deepEqual(losses, [])
    assert.equal(await repairs(), 0)
  })

  test('keep their rows over a restart while the API is away', async () => {
    const { agent } = lab.node(1)
    await lab.cluster.down()
    const pings = stream()
    await agent.kill9()
    await agent.start()
    await untilComplete('the rows', DEADLINE, async () => {
      const { rows } = await agent.vxlan()
      return rows.actual === 6 ? undefined : `${rows.actual} of 6 rows`
    })
    assert.deepEqual((await pings.stop()).losses, [])
    await lab.cluster.up()
    await lab.settled()
  })

  test('put rows back at once that a fall of the device took', async () => {
    const { index } = inPlace(NODE, socket => findLink(socket, 'flannel.1'))
    setDevice(NODE, 'flannel.1', false)
    setDevice(NODE, 'flannel.1', true)
    const risen = Date.now()
    await untilComplete('the rows', DEADLINE, async () =>
      (await repairs()) > 0 ? await isWhole() : 'nothing is repaired yet',
    )
    assert.ok(Date.now() - risen < REPAIRED, `${Date.now() - risen} ms`)
    assert.equal(inPlace(NODE, socket => findLink(socket, 'flannel.1')).index, index)
  })

  test('hold the rows of both units of a pair, and lead what both have to the one that serves within 3 s', async context => {
    const standby = await addStandby(lab)
    context.after(() => standby.close())
    const gateway = () => learnedRoutes(NODE).find(({ prefix }) => prefix === '10.245.255.0/24')?.via
    const mac = () => lab.status.units?.find(({ name }) => name === STANDBY.name)?.vtep?.mac
    await untilComplete('the rows of the other unit', DEADLINE, async () => {
      const { wanted, actual } = (await lab.node(1).agent.vxlan()).rows
      const there = rowsOf(NODE, 'flannel.1')
      const isThere = there.includes(`${STANDBY.selfIP} at ${mac()}`) && wanted > 6 && actual === wanted
      return isThere ? undefined : `${actual} of ${wanted} rows, ${there}, ${JSON.stringify(lab.status.findings)}`
    })
    assert.deepEqual(
      lab.status.units?.map(({ haState }) => haState),
      ['active', 'standby'],
    )
    const own = lab.status.units![0]!.selfIPs![0]!.split('/')[0]!
    assert.equal(gateway(), own)
    const took = new Map([STANDBY.selfIP, own].map(via => [via, Number.POSITIVE_INFINITY]))
    // once more where the machine was too busy with other things
    for (const via of [STANDBY.selfIP, own, STANDBY.selfIP, own, STANDBY.selfIP, own]) {
      if (via === STANDBY.selfIP && [...took.values()].every(milliseconds => milliseconds < 3000)) break
      await lab.bigip.failOver()
      const since = Date.now()
      await untilComplete('the switch', DEADLINE, async () => (gateway() === via ? undefined : gateway()))
      const milliseconds = Date.now() - since
      context.diagnostic(`the route leads to the unit that serves ${milliseconds} ms after the failover`)
      took.set(via, Math.min(milliseconds, took.get(via)!))
      for (const address of [own, STANDBY.selfIP])
        assert.ok(rowsOf(NODE, 'flannel.1').some(row => row.startsWith(`${address} at`)))
    }
    for (const [via, milliseconds] of took) assert.ok(milliseconds < 3000, `to ${via} in ${milliseconds} ms`)
  })

  test('take their rows away when the BIGIP object goes', async () => {
    await lab.controller.stop()
    lab.cluster.api.remove('BIGIP', 'bigip')
    await untilComplete('the removal', DEADLINE, async () => {
      const left = rowsOf(NODE, 'flannel.1').find(row => row.includes('10.245.255'))
      return left && `${left} is there`
    })
    assert.deepEqual((await lab.node(1).agent.vxlan()).overlays, [])
  })
})
