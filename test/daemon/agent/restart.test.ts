import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { MemoryNetwork } from '../../bgp/memory-world.ts'
import { nodeObject } from './played-world.ts'
import { CONFIG, clean, MINUTE, OWN_V4, OWN_V6, SECOND, settled, world } from './setting.ts'

afterEach(clean)

describe('drain', () => {
  it('says that it is about to go, withdraws, then ends the sessions, also over a restart, until undrain', () => {
    const { node, clock, learned, router, other } = settled()
    node.view.drain({ wait: 3 * SECOND, text: 'new kernel' })
    clock.advance(2 * SECOND)
    assert.equal(node.view.status().phase, 'leaving')
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    clock.advance(2 * SECOND)
    assert.equal(node.view.status().phase, 'drained')
    assert.deepEqual(learned(), [])
    assert.deepEqual(node.kernel.text, [])
    assert.match(router.said.join('\n'), /Administrative Shutdown.*new kernel/)
    node.kill()
    node.start(CONFIG)
    node.synced(nodeObject())
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [])
    assert.equal(node.view.status().phase, 'drained')
    node.view.undrain()
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    assert.equal(router.state(other), 'Established')
  })
})

describe('a restart', () => {
  it('announces at once from the state file while the API is away, and loses no route in between', () => {
    const { node, clock, learned } = settled()
    node.kill()
    clock.advance(10 * SECOND)
    assert.deepEqual(learned(), [`${OWN_V4} stale`, `${OWN_V6} stale`])
    assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.254'])
    node.start(CONFIG)
    assert.equal(node.view.status().phase, 'restarting')
    node.apiFails('API server unreachable')
    clock.advance(10 * SECOND)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    assert.equal(node.view.status().phase, 'running')
    node.synced(nodeObject({ ready: false }))
    clock.advance(10 * MINUTE)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6], 'a NotReady Node that was Ready once stays announced')
  })

  it('keeps an installed route until its peer has sent End-of-RIB without it', () => {
    const { node, clock, network, router } = settled()
    node.kill()
    network.cut(node.address)
    router.announce('203.0.113.11/32')
    clock.advance(10 * SECOND)
    node.start(CONFIG)
    clock.advance(30 * SECOND)
    assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.254'])
    network.mend(node.address)
    clock.advance(MINUTE)
    assert.deepEqual(node.kernel.text, ['203.0.113.11/32 via 10.0.0.254'])
  })

  it('pretends no less when the agent was killed again before any peer came back', () => {
    const { node, clock, network, learned } = settled()
    node.kill()
    network.cut(node.address)
    for (const _ of [1, 2, 3]) {
      node.start(CONFIG)
      clock.advance(5 * SECOND)
      assert.equal(node.view.status().phase, 'restarting')
      assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.254'])
      node.kill()
    }
    const { sessions, nextHops } = JSON.parse(readFileSync(node.statePath, 'utf8'))
    assert.deepEqual(sessions, ['10.0.0.254'])
    assert.deepEqual(nextHops, [{ nextHop: '10.0.0.254', gateways: ['10.0.0.254'], peers: ['10.0.0.254'] }])
    network.mend(node.address)
    node.start(CONFIG)
    node.apiFails('API server unreachable')
    clock.advance(10 * SECOND)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6], 'never dropped by the peer, never stale any more')
    assert.equal(node.view.status().phase, 'running')
  })

  it('gives up a peer that has not come back when the restart is over', () => {
    const { node, clock, router } = settled()
    router.kill(new MemoryNetwork(clock))
    node.kill()
    node.start(`${CONFIG}gracefulRestart: { deferralTime: 60 }\n`)
    clock.advance(MINUTE + 5 * SECOND)
    assert.deepEqual(JSON.parse(readFileSync(node.statePath, 'utf8')).sessions, [])
  })

  it('keeps the routes of a peer whose key cannot be read yet', () => {
    const { node, clock } = settled()
    node.kill()
    const locked = CONFIG.replace('connectRetryTime: 1', 'connectRetryTime: 1, password: { env: TOR_KEY }')
    node.start(`${locked}gracefulRestart: { deferralTime: 90 }\n`)
    clock.advance(80 * SECOND)
    assert.match(node.view.status().problems.join(), /peer tor is left out: password variable TOR_KEY: is not set/)
    assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.254'])
    clock.advance(15 * SECOND)
    assert.deepEqual(node.kernel.text, [], 'until the deferral time is over')
  })

  it('believes nothing of a Node by another name, nor of any where Kubernetes is out of the picture', () => {
    const { node } = settled()
    node.changed(nodeObject({ annotations: { 'podpeer.io/router-id': '10.9.9.9' } }))
    node.kill()
    node.start(CONFIG, 'node-2')
    assert.deepEqual(node.view.status().announced, [])
    assert.match(node.view.status().problems.join(), /nothing is announced before the Node node-2 is known/)
    node.kill()
    node.start(`${CONFIG}kubernetes: { enabled: false }\n`)
    assert.equal(node.view.config().origins['routerId'], 'made from the name of the node')
  })

  it('sweeps what a silent peer left behind when the deferral time is over', () => {
    const { node, clock, router } = settled()
    router.kill(new MemoryNetwork(clock))
    node.kill()
    node.start(`${CONFIG}gracefulRestart: { deferralTime: 60 }\n`)
    clock.advance(59 * SECOND)
    assert.equal(node.kernel.text.length, 1)
    clock.advance(5 * SECOND)
    assert.deepEqual(node.kernel.text, [])
    assert.match(node.log.join('\n'), /routes of the former agent removed .*deferral/)
  })

  it('after SIGTERM finds what one after kill -9 finds: the peer was told nothing', async () => {
    const { node, clock, learned, router } = settled()
    await node.agent.stop()
    node.kill()
    clock.advance(10 * SECOND)
    assert.deepEqual(learned(), [`${OWN_V4} stale`, `${OWN_V6} stale`])
    assert.doesNotMatch(router.said.join('\n'), /Administrative/)
    assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.254'])
  })

  it('without graceful restart says goodbye, and the next agent does not pretend', async () => {
    const config = `${CONFIG}gracefulRestart: { enabled: false }\n`
    const { node, clock, learned, router } = settled(config)
    await node.agent.stop()
    clock.advance(SECOND)
    assert.match(router.said.join('\n'), /Administrative Shutdown/)
    assert.deepEqual(learned(), [])
    node.kill()
    node.start(config)
    assert.equal(node.view.status().phase, 'running')
  })

  it('ignores a state file that is broken, says so, and starts as if there were none', () => {
    const { node, clock, learned } = settled()
    node.kill()
    writeFileSync(node.statePath, '{"version": 1, "bootId": ')
    node.start(CONFIG)
    assert.match(node.log.join('\n'), /warn state ignored .*is not a JSON mapping/)
    node.synced(nodeObject())
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
  })

  it('believes no state from before a reboot', () => {
    const { node, clock } = settled()
    node.kill()
    node.bootId = 'boot-2'
    node.start(CONFIG)
    clock.advance(SECOND)
    assert.equal(node.view.status().announced.length, 0)
    assert.match(node.log.join('\n'), /state of another boot ignored/)
  })

  it('leaves a state file that only its owner may read', () => {
    const { node } = settled()
    assert.equal(statSync(node.statePath).mode & 0o777, 0o600)
    const state = JSON.parse(readFileSync(node.statePath, 'utf8'))
    assert.deepEqual(state.announced, ['10.244.1.0/24', 'fd00:10:244:1::/64'])
    assert.deepEqual(state.sessions, ['10.0.0.254'])
    assert.deepEqual(state.nextHops, [{ nextHop: '10.0.0.254', gateways: ['10.0.0.254'], peers: ['10.0.0.254'] }])
  })

  it('has written down what it announces before anybody can have heard of it', () => {
    const { node, clock } = settled()
    clock.advance(SECOND)
    node.view.drain({})
    assert.equal(JSON.parse(readFileSync(node.statePath, 'utf8')).drained, true)
    clock.advance(SECOND)
    node.view.undrain()
    assert.equal(JSON.parse(readFileSync(node.statePath, 'utf8')).drained, false)
  })

  it('says so when the state cannot be kept', () => {
    const { node, clock } = world()
    writeFileSync(join(node.folder, 'file'), '')
    node.start(CONFIG)
    node.reload(CONFIG)
    Object.defineProperty(node, 'statePath', { value: join(node.folder, 'file', 'state.json') })
    node.start(CONFIG)
    clock.advance(SECOND)
    assert.match(
      node.view.status().problems.join(),
      /the state file cannot be written, so that a restart will be noticed/,
    )
  })
})
