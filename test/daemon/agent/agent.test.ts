import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { parsePrefix } from '../../../lib/base/prefix.ts'
import { Router } from '../../bgp/router.ts'
import { nodeObject, type PlayedNode } from './played-world.ts'
import { CONFIG, clean, MINUTE, OWN_V4, OWN_V6, SECOND, settled, world } from './setting.ts'

afterEach(clean)

describe('announcing', () => {
  it('tells the peer the pod prefixes of both families, and installs what the allow-list names and nothing else', () => {
    const { node, learned } = settled()
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.254'])
    assert.deepEqual(node.view.status().problems, [])
    assert.equal(node.view.status().phase, 'running')
  })

  it('begins when the Node is Ready for the first time, and goes on when it no longer is', () => {
    const { node, clock, learned } = world()
    node.start(CONFIG)
    node.synced(nodeObject({ ready: false }))
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [])
    assert.deepEqual(node.view.status().problems, ['Node node-1 has not been Ready yet: nothing is announced'])
    node.changed(nodeObject({ ready: true }))
    clock.advance(SECOND)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    node.changed(nodeObject({ ready: false }))
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    assert.deepEqual(node.view.status().problems, [])
  })

  it('ends when the Node object goes, and begins with what the next one has', () => {
    const { node, clock, learned, router, other } = settled()
    node.deleted()
    clock.advance(SECOND)
    assert.deepEqual(learned(), [])
    assert.deepEqual(node.view.status().problems, ['there is no Node node-1 in the cluster: nothing is announced'])
    node.changed(nodeObject({ uid: 'uid-2', podCIDRs: ['10.244.9.0/24'], ready: false }))
    clock.advance(SECOND)
    assert.deepEqual(learned(), [], 'another Node has to be Ready itself')
    node.changed(nodeObject({ uid: 'uid-2', podCIDRs: ['10.244.9.0/24'] }))
    clock.advance(SECOND)
    assert.deepEqual(learned(), ['10.244.9.0/24 via 10.0.0.1'])
    assert.equal(router.view(other).session.established, 1, 'the session never ended')
  })

  it('keeps everything while the API server is away, and says so', () => {
    const { node, clock, learned } = settled()
    node.apiFails('API server unreachable: connect ECONNREFUSED')
    clock.advance(10 * MINUTE)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    assert.deepEqual(node.view.status().kubernetes, {
      state: 'away',
      reason: 'API server unreachable: connect ECONNREFUSED',
    })
    assert.deepEqual(node.view.status().problems, ['API server unreachable: connect ECONNREFUSED'])
  })

  it('waits for Kubernetes to say what there is before it announces anything', () => {
    const { node, clock, learned } = world()
    node.start(`${CONFIG}routerId: 10.0.0.1\nannounce: { prefixes: [198.51.100.0/24] }\n`)
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [])
    assert.match(node.view.status().problems.join(), /nothing is announced before the Node node-1 is known/)
    node.synced(nodeObject())
    clock.advance(SECOND)
    assert.deepEqual(learned(), [OWN_V4, '198.51.100.0/24 via 10.0.0.1', OWN_V6])
  })

  it('needs no Kubernetes where the file says so', () => {
    const { node, clock, learned } = world()
    node.start(
      `${CONFIG}routerId: 10.0.0.1\nkubernetes: { enabled: false }\nannounce: { prefixes: [198.51.100.0/24] }\n`,
    )
    clock.advance(MINUTE)
    assert.deepEqual(learned(), ['198.51.100.0/24 via 10.0.0.1'])
  })
})

describe('configuration while it runs', () => {
  it('without an AS number runs no session and says so, until an annotation brings one', () => {
    const { node, clock, learned } = world()
    node.start(CONFIG.replace('asNumber: 65001', ''))
    node.synced(nodeObject())
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [])
    assert.match(node.view.status().problems.join(), /no AS number is known/)
    assert.deepEqual(
      node.view.peers().map(({ name, state }) => `${name} ${state}`),
      ['tor Idle'],
    )
    node.changed(nodeObject({ annotations: { 'podpeer.io/as-number': '65001' } }))
    clock.advance(MINUTE)
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    assert.equal(node.view.config().origins['asNumber'], 'annotation podpeer.io/as-number')
  })

  it('takes over a changed file without touching sessions that it does not concern', () => {
    const { node, clock, learned, router, other } = settled()
    node.reload(`${CONFIG}announce: { prefixes: [198.51.100.0/24] }\n`)
    clock.advance(SECOND)
    assert.deepEqual(learned(), [OWN_V4, '198.51.100.0/24 via 10.0.0.1', OWN_V6])
    node.reload(CONFIG.replace('203.0.113.0/24', '192.0.2.0/24'))
    clock.advance(SECOND)
    assert.deepEqual(node.kernel.text, ['192.0.2.0/24 via 10.0.0.254'])
    assert.equal(router.view(other).session.established, 1)
  })

  it('keeps the old file in force when the new one is bad, and says why once', () => {
    const { node, clock, learned } = settled()
    node.reload(`${CONFIG}annonce: {}\n`)
    clock.advance(MINUTE)
    const sentence = 'line 6: annonce: unknown key; did you mean announce?'
    assert.equal(node.view.config().rejected, sentence)
    assert.deepEqual(node.view.status().problems, [`the configuration file is not in force: ${sentence}`])
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
    assert.equal(node.log.filter(line => line.startsWith('error configuration rejected')).length, 1)
    node.reload(CONFIG)
    assert.equal(node.view.config().rejected, undefined)
    assert.deepEqual(node.view.status().problems, [])
  })

  it('comes back to its peers under another AS number when that changes, and the old routes are swept once they are told anew', () => {
    const { node, clock, router, other } = settled()
    node.changed(nodeObject({ annotations: { 'podpeer.io/as-number': '65002' } }))
    clock.advance(SECOND)
    assert.match(router.said.join('\n'), /Administrative Shutdown/)
    assert.equal(node.kernel.text.length, 1, 'what was installed stays meanwhile')
    router.peerWith([other], { remoteAs: 65002 })
    router.announce('203.0.113.11/32')
    clock.advance(MINUTE)
    assert.equal(router.state(other), 'Established')
    assert.deepEqual(node.kernel.text, ['203.0.113.11/32 via 10.0.0.254'])
  })

  it('says of settings that count only at the start that they have to wait for the next one', () => {
    const { node } = settled()
    node.reload(`${CONFIG}kernel: { metric: 20, install: false }\n`)
    assert.equal(node.kernel.text.length, 1)
    assert.equal(node.view.status().kernel.install, true)
    assert.deepEqual(node.view.status().problems, [
      'kernel has changed in the configuration: it counts when the agent is started again',
    ])
  })

  it('leaves out a peer whose password cannot be read, never shows one that can, and runs the others', () => {
    const { node, clock } = world()
    const key = join(node.folder, 'key')
    writeFileSync(key, 'hush-hush\n')
    node.environment['KEY'] = ''
    node.start(`
asNumber: 65001
peers:
  - { name: tor, address: 10.0.0.254, asNumber: 65100, password: { file: ${key} } }
  - { name: gone, address: 10.0.0.253, asNumber: 65100, password: { file: ${key}.missing } }
  - { name: unset, address: 10.0.0.252, asNumber: 65100, password: { env: NOBODY } }
  - { name: empty, address: 10.0.0.251, asNumber: 65100, password: { env: KEY } }
`)
    node.synced(nodeObject())
    clock.advance(MINUTE)
    assert.deepEqual(node.view.status().problems, [
      `peer gone is left out: password file ${key}.missing: cannot be read: ENOENT`,
      'peer unset is left out: password variable NOBODY: is not set',
      'peer empty is left out: password variable KEY: is empty',
    ])
    const said = JSON.stringify([node.view.status(), node.view.peers(), node.view.config(), node.log])
    assert.doesNotMatch(said + readFileSync(node.statePath, 'utf8'), /hush-hush/)
    assert.equal(node.view.peers().find(({ name }) => name === 'tor')!.state, 'Established')
  })

  it('goes on with the key it has when that cannot be read any more', () => {
    const { node, clock, router, other } = world()
    const key = join(node.folder, 'key')
    writeFileSync(key, 'hush-hush\n')
    node.start(CONFIG.replace('asNumber: 65100', `asNumber: 65100, password: { file: ${key} }`))
    node.synced(nodeObject())
    clock.advance(MINUTE)
    rmSync(key)
    node.changed(nodeObject({ labels: { zone: 'a' } }))
    clock.advance(MINUTE)
    assert.deepEqual(node.view.status().problems, [
      `peer tor goes on with the key read before: password file ${key}: cannot be read: ENOENT`,
    ])
    assert.equal(router.view(other).session.established, 1)
    assert.equal(router.state(other), 'Established')
  })
})

describe('the BGP port in other hands', () => {
  it('stops it from listening and dialling, is told with its holder, and is taken when it is free', () => {
    const { node, clock, learned, router, other } = world()
    node.thief = { address: node.address, uid: 0, inode: 4711, process: { pid: 123, command: 'bird' } }
    node.start(CONFIG)
    node.synced(nodeObject())
    clock.advance(MINUTE)
    assert.deepEqual(node.view.status().problems, [
      'port 179 is held by bird (pid 123): this agent neither listens nor dials until it is free',
    ])
    assert.deepEqual(node.view.status().listening, [])
    assert.equal(router.view(other).session.established, 0)
    assert.equal(node.log.filter(line => line.includes('held by bird')).length, 1, 'said once')
    node.thief = undefined
    clock.advance(MINUTE)
    assert.deepEqual(node.view.status().problems, [])
    assert.deepEqual(learned(), [OWN_V4, OWN_V6])
  })
})

describe('next hops that the kernel cannot reach', () => {
  const TWO = `
asNumber: 65001
import: { allow: [203.0.113.0/24] }
peers:
  - { name: tor, address: 10.0.0.254, asNumber: 65100, connectRetryTime: 1 }
  - { name: far, address: 10.0.0.253, asNumber: 65101, connectRetryTime: 1 }
`
  function withTwo() {
    const made = world()
    const far = new Router(made.network, '10.0.0.253', { as: 65101 })
    const beyond = new Router(made.network, '10.0.0.252', { as: 65102 })
    far.peerWith([made.other, beyond])
    beyond.peerWith([far])
    beyond.announce('203.0.113.10/32')
    return { ...made, far }
  }

  it('make way for a worse path that can be used, and take it back', () => {
    const { node, clock } = withTwo()
    node.start(TWO)
    node.synced(nodeObject())
    clock.advance(MINUTE)
    assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.254'])
    node.kernel.judge('10.0.0.254', 'no route to it')
    clock.advance(10)
    assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.253'])
    const why = [...rowsOf(node)].filter(line => line.includes('ineligible'))
    assert.deepEqual(why, ['203.0.113.10/32 tor ineligible: next hop 10.0.0.254: no route to it'])
    node.kernel.judge('10.0.0.254', undefined)
    clock.advance(10)
    assert.deepEqual(node.kernel.text, ['203.0.113.10/32 via 10.0.0.254'])
  })

  it('are asked about before anything is chosen, so that nothing flaps at the start', () => {
    const { node, clock } = withTwo()
    const wanted: string[] = []
    node.kernel.judge('10.0.0.254', 'no route to it')
    const { routes } = node.kernel
    const set = routes.set.bind(routes)
    routes.set = (prefix, nextHops) => {
      wanted.push(`${prefix} via ${nextHops.join(' ')}`)
      return set(prefix, nextHops)
    }
    node.start(TWO)
    node.synced(nodeObject())
    clock.advance(MINUTE)
    assert.deepEqual(wanted, ['203.0.113.10/32 via 10.0.0.253'])
  })

  it('are no longer watched when no path uses them', () => {
    const { node, clock, router } = settled()
    assert.deepEqual([...node.kernel.tracked], ['10.0.0.254'])
    router.announce()
    clock.advance(SECOND)
    assert.deepEqual([...node.kernel.tracked], [])
    node.kernel.judge('10.0.0.254', 'no route to it')
    router.announce('203.0.113.10/32')
    clock.advance(SECOND)
    assert.deepEqual(node.kernel.text, [], 'and asked about anew when one does')
  })
})

/** What was received, with its verdict. */
function* rowsOf(node: PlayedNode): Generator<string> {
  const cursor = node.view.routes({ table: 'received' })
  while (!cursor.done)
    for (const { prefix, peer, verdict, reason } of cursor.next(10)) yield `${prefix} ${peer} ${verdict}: ${reason}`
}

describe('explaining', () => {
  it('tells of a learned route who sent it, which term let it in, and that the kernel has it', async () => {
    const { node } = settled()
    const { prefix, paths, kernel } = await node.view.explain(parsePrefix('203.0.113.10'))
    assert.equal(prefix, '203.0.113.10/32')
    assert.deepEqual(
      paths.map(({ peer, verdict, importPolicy, nextHop, asPath }) => ({
        peer,
        verdict,
        importPolicy,
        nextHop,
        asPath,
      })),
      [
        {
          peer: 'tor',
          verdict: 'best',
          importPolicy: 'policy allowed, term import.allow',
          nextHop: '10.0.0.254',
          asPath: '65100',
        },
      ],
    )
    assert.equal(kernel.installed, true)
  })

  it('tells of a route that policy keeps out which policy it was', async () => {
    const { node } = settled()
    const { paths, kernel } = await node.view.explain(parsePrefix('192.0.2.0/24'))
    assert.deepEqual(
      paths.map(({ peer, verdict, importPolicy }) => `${peer} ${verdict} ${importPolicy}`),
      ['tor rejected policy allowed'],
    )
    assert.deepEqual(kernel, { installed: false, reason: 'no path can be used, so none is wanted', nextHops: [] })
  })

  it('tells of a pod prefix of its own to whom it is announced', async () => {
    const { node } = settled()
    const { paths, advertised, kernel } = await node.view.explain(parsePrefix('10.244.1.0/24'))
    assert.deepEqual(
      paths.map(({ source, verdict }) => `${source} ${verdict}`),
      ['local best'],
    )
    assert.deepEqual(
      advertised.map(({ peer, advertised }) => ({ peer, advertised })),
      [{ peer: 'tor', advertised: true }],
    )
    assert.match(kernel.reason, /it originates here/)
  })
})

describe('listing', () => {
  it('gives the best routes, and those received from and advertised to peers', () => {
    const { node } = settled()
    const rows = (query: Parameters<typeof node.view.routes>[0]) => {
      const cursor = node.view.routes(query)
      const found: string[] = []
      while (!cursor.done)
        found.push(...cursor.next(10).map(({ prefix, peer, verdict }) => `${prefix} ${peer} ${verdict}`))
      return found.sort()
    }
    assert.deepEqual(rows({ table: 'best' }), [
      '10.244.1.0/24 undefined best',
      '203.0.113.10/32 tor best',
      'fd00:10:244:1::/64 undefined best',
    ])
    assert.deepEqual(rows({ table: 'best', peer: 'tor' }), ['203.0.113.10/32 tor best'])
    assert.deepEqual(rows({ table: 'received' }), ['192.0.2.0/24 tor rejected', '203.0.113.10/32 tor best'])
    assert.deepEqual(rows({ table: 'advertised', family: 'ipv6' }), ['fd00:10:244:1::/64 tor best'])
    assert.deepEqual(rows({ table: 'received', within: parsePrefix('203.0.113.0/24') }), ['203.0.113.10/32 tor best'])
  })
})
