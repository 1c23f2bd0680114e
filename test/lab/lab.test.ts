import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cannotInteroperate } from './daemons.ts'
import { planPings } from './expectation.ts'
import { Lab } from './lab.ts'
import { type PingCount, PingStream } from './ping.ts'
import { ROUTER_KINDS } from './router.ts'
import { untilComplete } from './waiting.ts'

const DEADLINE = 60_000
/** Between two rounds of pings, in milliseconds. */
const INTERVAL = 20
/** Long enough for a router to notice a dead peer that it does not hear from, were its helper off. */
const AWAY = 1_500
/** Long enough for routes that are swept too early, or never came back, to show. */
const AFTERWARDS = 2_500

const skip = cannotInteroperate()

/** Pings through node 1 only, which is what a death of its agent, or of the router's daemon, could break. */
function throughNodeOne(lab: Lab) {
  return planPings(lab.topology).filter(({ from, to }) => /-1-/.test(from + to))
}

interface Mortal {
  start(): Promise<void>
  stop(): Promise<void>
  kill9(): Promise<void>
}

async function restartUnderPings(lab: Lab, victim: Mortal, end: 'stop' | 'kill9'): Promise<PingCount> {
  const pings = new PingStream(throughNodeOne(lab), INTERVAL)
  await sleep(10 * INTERVAL)
  await victim[end]()
  await sleep(AWAY)
  await victim.start()
  await lab.settled()
  await sleep(AFTERWARDS)
  return await pings.stop()
}

for (const router of ROUTER_KINDS)
  describe(`a lab whose router is ${router}`, { skip }, () => {
    let lab: Lab

    before(async () => {
      lab = await Lab.start({ router })
    })

    after(async () => {
      await lab?.close()
    })

    test('has every session up at both ends, and every ping is answered', async () => {
      const sessions = await lab.sessions()
      assert.equal(sessions.length, 4)
      assert.deepEqual(
        sessions.filter(({ state }) => state !== 'Established'),
        [],
      )
      assert.deepEqual((await lab.router.sessions()).map(({ state }) => state).sort(), Array(4).fill('Established'))
      const pings = await lab.pingAll()
      assert.equal(pings.length, 40)
      assert.deepEqual(
        pings.filter(({ ok }) => !ok),
        [],
      )
    })

    test('loses the routes of a node whose Node object goes, and has the new ones when it comes back with other pod prefixes', async () => {
      const { place } = lab.node(2)
      const prefixes = () => lab.routes('router').map(({ prefix }) => prefix)
      lab.cluster.deregister(place)
      await untilComplete('the withdrawal', DEADLINE, async () =>
        prefixes().find(prefix => prefix.includes('244:2:') || prefix.startsWith('10.244.2.')),
      )
      assert.ok(prefixes().includes('10.244.1.0/24'), 'the other node keeps its routes')

      const moved = { ipv4: '10.244.202.0/24', ipv6: 'fd00:10:244:202::/64' }
      lab.cluster.register(place, moved)
      await untilComplete('the new prefixes', DEADLINE, async () => {
        const there = prefixes()
        return Object.values(moved).find(prefix => !there.includes(prefix))
      })
      assert.ok(!prefixes().includes('10.244.2.0/24'))

      lab.cluster.deregister(place)
      lab.cluster.register(place)
      await lab.settled()
    })

    test('loses no ping when an agent is killed and started again', async () => {
      const { sent, losses } = await restartUnderPings(lab, lab.node(1).agent, 'kill9')
      assert.ok(sent > 1000)
      assert.deepEqual(losses, [])
    })

    test('loses no ping when that happens while the Kubernetes API is down', async () => {
      await lab.cluster.down()
      try {
        const { losses } = await restartUnderPings(lab, lab.node(1).agent, 'kill9')
        assert.deepEqual(losses, [])
      } finally {
        await lab.cluster.up()
      }
    })

    test('loses no ping when an agent is stopped and started again, as by an upgrade', async () => {
      const { losses } = await restartUnderPings(lab, lab.node(1).agent, 'stop')
      assert.deepEqual(losses, [])
    })

    test('loses no ping when the daemon of the router is killed and started again', async () => {
      const { losses } = await restartUnderPings(lab, lab.router, 'kill9')
      assert.deepEqual(losses, [])
    })
  })

for (const router of ROUTER_KINDS)
  describe(`a lab whose router, ${router}, does not help peers that restart`, { skip }, () => {
    test('loses pings while an agent is away, and none once it is back', async context => {
      await using lab = await Lab.start({ router, gracefulRestart: false })
      const { sent, lost } = await restartUnderPings(lab, lab.node(1).agent, 'kill9')
      context.diagnostic(`${lost} of ${sent} pings lost in a kill -9 with the helper of ${router} off`)
      assert.ok(lost > 0, 'else the tests with the helper on prove nothing')
      assert.deepEqual(
        (await lab.pingAll()).filter(({ ok }) => !ok),
        [],
      )
    })
  })
