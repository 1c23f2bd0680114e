import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { cannotBuild } from './daemons.ts'
import { Lab } from './lab.ts'
import { spaceOf } from './network.ts'
import { LabProcess } from './process.ts'
import { until } from './waiting.ts'

const DEADLINE = 30_000

describe('an agent in trouble', { skip: cannotBuild() }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.prepare({ nodes: 1 })
  })

  after(async () => {
    await lab?.close()
  })

  const status = () => lab.node(1).agent.status()
  /** Waits until what the agent says of itself matches. */
  const says = (pattern: RegExp) =>
    until(`the agent saying ${pattern}`, DEADLINE, async () => {
      const text = JSON.stringify(await status())
      return pattern.test(text) ? undefined : text
    })

  test('says that the API server is unreachable when it starts without one, and works when it comes', async () => {
    await lab.cluster.down()
    await lab.node(1).agent.start()
    await says(/unreachable|ECONNREFUSED/)
    assert.deepEqual(await lab.missing().then(missing => missing.length > 0), true)
    await lab.cluster.up()
    await lab.settled()
  })

  test('keeps its routes and says so when the API server goes away later', async () => {
    await lab.cluster.down()
    await says(/"state":"away"/)
    assert.deepEqual(await lab.missing(), [])
    await lab.cluster.up()
    await says(/"state":"synced"/)
  })

  test('says who holds the BGP port, and takes over when it is free', async () => {
    const { agent, place } = lab.node(1)
    await agent.stop()
    const script = join(lab.folder, 'thief.js')
    writeFileSync(script, "require('node:net').createServer().listen(179, () => console.log('listening'))")
    const thief = new LabProcess({
      namespace: spaceOf(place.name),
      command: process.execPath,
      args: [script],
      log: join(lab.folder, 'thief.log'),
    })
    try {
      await until('the other process', DEADLINE, async () =>
        thief.lastWords === 'listening' ? undefined : thief.lastWords,
      )
      await agent.start()
      await says(new RegExp(`179.*${thief.pid}|${thief.pid}.*179`))
      assert.ok(
        (await agent.peers()).every(({ state }) => state === 'Idle'),
        'it does not dial',
      )
    } finally {
      await thief.kill('SIGKILL')
    }
    await lab.settled()
  })
})
