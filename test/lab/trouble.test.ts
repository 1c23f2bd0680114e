import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { cannotInteroperate } from './daemons.ts'
import { Lab } from './lab.ts'
import { spaceOf } from './network.ts'
import { BirdRouter } from './router-bird.ts'
import { untilComplete } from './waiting.ts'

const DEADLINE = 60_000
/** As the guides have it on a node: a speaker on all addresses that dials nobody here. */
const THIEF = `
router id 10.0.1.1;
protocol device { }
protocol bgp nobody { local as 65010; neighbor 10.0.1.200 as 65200; passive; ipv4 { import none; export none; }; }
`

describe('an agent in trouble says so in a sentence and recovers without a restart', {
  skip: cannotInteroperate(),
}, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.prepare({ nodes: 1 })
  })

  after(async () => {
    await lab?.close()
  })

  const agent = () => lab.node(1).agent
  const troubles = async () => {
    const { problems, kubernetes } = await agent().status()
    return [...problems, kubernetes.reason ?? '']
  }
  /** Waits until one of its problems matches. */
  const says = (pattern: RegExp) =>
    untilComplete(`the agent saying ${pattern}`, DEADLINE, async () => {
      const said = await troubles()
      return said.some(problem => pattern.test(problem)) ? undefined : said.join('; ')
    })
  /** Everything works, and nothing is complained of any more. */
  const recovered = async () => {
    await lab.settled()
    await untilComplete('an end of complaints', DEADLINE, async () =>
      (await troubles()).find(problem => problem !== ''),
    )
  }

  test('the kubeconfig is not there when it starts', async () => {
    const kubeconfig = join(lab.folder, 'kubeconfig-inside')
    renameSync(kubeconfig, `${kubeconfig}-away`)
    await agent().start()
    await says(/kubeconfig.*no such file/i)
    renameSync(`${kubeconfig}-away`, kubeconfig)
    await recovered()
  })

  test('the API server is not there when it starts, for the first time', async () => {
    await agent().stop()
    agent().forget()
    await lab.cluster.down()
    await agent().start()
    await says(/unreachable/)
    assert.equal((await lab.sessions()).filter(({ state }) => state === 'Established').length, 0)
    await lab.cluster.up()
    await recovered()
  })

  test('the API server goes away later, and what was announced stays', async () => {
    await lab.cluster.down()
    await says(/unreachable/)
    assert.deepEqual(await lab.missing(), [])
    await lab.cluster.up()
    await recovered()
  })

  test('the configuration file becomes nonsense, and the last good one stays in force', async () => {
    const good = readFileSync(lab.agentConfig, 'utf8')
    writeFileSync(lab.agentConfig, good.replace('asNumber: 65100', 'asNumber: sixty'))
    await says(/peers\[0\]\.asNumber/)
    assert.deepEqual(await lab.missing(), [])
    writeFileSync(lab.agentConfig, good)
    await recovered()
  })

  test('BIRD holds the BGP port', async () => {
    await agent().stop()
    const folder = join(lab.folder, 'thief')
    mkdirSync(folder)
    const thief = new BirdRouter({ namespace: spaceOf('node-1'), folder, config: THIEF })
    await thief.start()
    try {
      await agent().start()
      await says(/179.*bird/)
      assert.ok(
        (await agent().peers()).every(({ state }) => state === 'Idle'),
        'it does not dial',
      )
    } finally {
      await thief.stop()
    }
    await recovered()
  })
})
