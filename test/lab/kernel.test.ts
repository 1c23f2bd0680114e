import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { cannotBuild } from './daemons.ts'
import { Lab } from './lab.ts'
import { addStaticRoute, deleteRoutes, setDevice } from './network.ts'
import { untilComplete } from './waiting.ts'

const DEADLINE = 60_000
const OUR_METRIC = 179

describe('what others do to the kernel of a node', { skip: cannotBuild() }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.start({ nodes: 1 })
  })

  after(async () => {
    await lab?.close()
  })

  const everyPingIsAnswered = async () =>
    assert.deepEqual(
      (await lab.pingAll()).filter(({ ok }) => !ok),
      [],
    )

  for (const prefix of ['203.0.113.10/32', '2001:db8:113::10/128'])
    test(`a learned route that somebody deletes is put back (${prefix})`, async () => {
      deleteRoutes('node-1', prefix)
      await untilComplete('the repair', DEADLINE, async () =>
        lab.routes('node-1').some(route => route.prefix === prefix) ? undefined : 'the route is not there',
      )
      await everyPingIsAnswered()
    })

  test('a link that flaps takes the routes along, and they are back without a new session', async () => {
    const opens = async () => (await lab.node(1).agent.peers()).map(({ messages }) => messages.sent.open)
    const before = await opens()
    setDevice('node-1', 'eth0', false)
    assert.deepEqual(lab.routes('node-1'), [])
    setDevice('node-1', 'eth0', true)
    await lab.settled()
    await everyPingIsAnswered()
    assert.deepEqual(await opens(), before)
  })

  test('a route of somebody else at just our key is left alone and reported, and ours takes its place when it goes', async () => {
    const { agent, place } = lab.node(1)
    const prefix = lab.topology.routerPrefixes.ipv4[0]!
    await agent.stop()
    deleteRoutes('node-1', prefix)
    addStaticRoute('node-1', 'eth0', { prefix, via: place.router.ipv4 }, OUR_METRIC)
    await agent.start()
    await untilComplete('the report', DEADLINE, async () => {
      const { kernel } = await agent.status()
      return kernel.conflicts.some(conflict => conflict.prefix === prefix && /static/.test(conflict.foreign))
        ? undefined
        : JSON.stringify(kernel)
    })
    assert.ok(!lab.routes('node-1').some(route => route.prefix === prefix), 'the foreign route is still the one')
    deleteRoutes('node-1', prefix)
    await lab.settled()
    assert.deepEqual((await agent.status()).kernel.conflicts, [])
  })
})
