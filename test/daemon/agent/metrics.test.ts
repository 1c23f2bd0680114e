import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { serveHealth } from '../../../daemon/health.ts'
import { agentMetrics } from '../../../daemon/metrics.ts'
import { MemoryClock, MemoryNetwork } from '../../bgp/memory-world.ts'
import { Router } from '../../bgp/router.ts'
import { freePort } from '../../free-port.ts'
import { nodeObject, PlayedNode } from './played-world.ts'

const CONFIG = `
asNumber: 65001
import: { allow: [203.0.113.0/24] }
peers: [{ name: tor, address: 10.0.0.254, asNumber: 65100, connectRetryTime: 1 }]
`

describe('metrics', () => {
  it('tell state and prefixes of each peer, kernel routes and the state of Kubernetes', async () => {
    const clock = new MemoryClock()
    const network = new MemoryNetwork(clock)
    const node = new PlayedNode(network)
    const router = new Router(network, '10.0.0.254', { as: 65100 })
    router.peerWith([new Router(network, '10.0.0.1', { as: 65001 })])
    router.announce('203.0.113.10/32', '192.0.2.0/24')
    try {
      node.start(CONFIG)
      const metrics = agentMetrics(node.agent, node.view, { dropped: 7 })
      assert.match(await metrics.render(), /podpeer_kubernetes_synced 0/)
      node.synced(nodeObject())
      clock.advance(60_000)
      const lines = (await metrics.render()).split('\n')
      for (const line of [
        'podpeer_session_state{peer="tor"} 5',
        'podpeer_sessions_established_total{peer="tor"} 1',
        'podpeer_prefixes_received{peer="tor",family="ipv4"} 2',
        'podpeer_prefixes_accepted{peer="tor",family="ipv4"} 1',
        'podpeer_prefixes_advertised{peer="tor",family="ipv6"} 1',
        'podpeer_announced_prefixes 2',
        'podpeer_kernel_routes{status="installed"} 1',
        'podpeer_kubernetes_synced 1',
        'podpeer_problems 0',
        'podpeer_log_lines_dropped_total 7',
      ])
        assert.ok(lines.includes(line), `${line} is not in\n${lines.filter(one => !one.startsWith('#')).join('\n')}`)
    } finally {
      node.clean()
    }
  })
})

describe('metrics of limits', () => {
  it('tell the limit, what was beyond it, and that a peer is kept away for it', async () => {
    const clock = new MemoryClock()
    const network = new MemoryNetwork(clock)
    const node = new PlayedNode(network)
    const router = new Router(network, '10.0.0.254', { as: 65100 })
    router.peerWith([new Router(network, '10.0.0.1', { as: 65001 })])
    router.announce('203.0.113.10/32', '203.0.113.11/32', '203.0.113.12/32')
    const limited = (action: string) =>
      CONFIG.replace('asNumber: 65100', `asNumber: 65100, maxPrefixes: { ipv4: { count: 2, action: ${action} } }`)
    try {
      node.start(limited('drop'))
      const metrics = agentMetrics(node.agent, node.view, { dropped: 0 })
      node.synced(nodeObject())
      clock.advance(60_000)
      const lines = (await metrics.render()).split('\n')
      for (const line of [
        'podpeer_prefixes_limit{peer="tor",family="ipv4"} 2',
        'podpeer_announcements_dropped_total{peer="tor",family="ipv4"} 1',
        'podpeer_routes_withheld{peer="tor",family="ipv4"} 0',
        'podpeer_session_held_back{peer="tor"} 0',
      ])
        assert.ok(lines.includes(line), line)
      assert.ok(!lines.some(line => line.startsWith('podpeer_prefixes_limit{peer="tor",family="ipv6"}')))
      node.reload(limited('restart'))
      clock.advance(60_000)
      assert.match(await metrics.render(), /podpeer_session_held_back\{peer="tor"\} 1/)
    } finally {
      node.clean()
    }
  })
})

describe('health', () => {
  it('is served with the metrics, and ready only when nothing keeps the agent', async () => {
    let reason: string | undefined = 'the agent is starting'
    const port = await freePort()
    let broken = false
    const render = async () => {
      if (broken) throw new TypeError('a bug')
      return 'podpeer_problems 0\n'
    }
    const reports: unknown[] = []
    const metrics = { contentType: 'text/plain', render }
    const options = { address: '127.0.0.1', port, metrics, report: (thrown: unknown) => void reports.push(thrown) }
    const server = await serveHealth({ ...options, unready: () => reason })
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`)
      return `${answer.status} ${await answer.text()}`
    }
    try {
      assert.equal(await get('/healthz'), '200 ok\n')
      assert.equal(await get('/readyz'), '503 the agent is starting\n')
      reason = undefined
      assert.equal(await get('/readyz'), '200 ok\n')
      assert.equal(await get('/metrics?x=1'), '200 podpeer_problems 0\n')
      assert.equal(await get('/toString'), '404 there is no /toString here\n')
      broken = true
      assert.equal(await get('/metrics'), '500 a bug of ours: see the log\n')
      assert.deepEqual(reports.map(String), ['TypeError: a bug'], 'and the process lives')
      await assert.rejects(serveHealth({ ...options, unready: () => undefined }), {
        name: 'WorldFault',
        code: 'EADDRINUSE',
      })
    } finally {
      server.close()
    }
  })
})
