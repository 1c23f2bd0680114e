import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { agentMetrics } from '../../../daemon/metrics.ts'
import { nodeObject } from './played-world.ts'
import { clean, MINUTE, SECOND, world } from './setting.ts'

afterEach(clean)

function config(bfd: string): string {
  return `
asNumber: 65001
import: { allow: [203.0.113.0/24] }
peers: [{ name: tor, address: 10.0.0.254, asNumber: 65100, connectRetryTime: 1, bfd: ${bfd} }]
`
}

function begun(bfd = '{}') {
  const played = world()
  played.node.start(config(bfd))
  played.node.synced(nodeObject())
  played.clock.advance(MINUTE)
  const peer = () => played.node.view.peers()[0]!
  return { ...played, peer, bfd: played.node.bfd }
}

describe('BFD in the agent', () => {
  it('wants a session for each peer that is to have one, with 300 ms × 3 where nothing else is said', () => {
    const { bfd, node, clock } = begun()
    const wanted = () => bfd.wanted.map(({ remote, ...rest }) => ({ ...rest, remote: remote.toString() }))
    const usual = { name: 'tor', remote: '10.0.0.254', transmit: 300, receive: 300, multiplier: 3, strict: false }
    assert.deepEqual(wanted(), [usual])
    node.reload(config('{ transmit: 100, multihop: {} }'))
    assert.deepEqual(wanted(), [{ ...usual, transmit: 100, multihop: { leastTtl: 254 } }])
    node.reload(config('{ enabled: false }'))
    clock.advance(SECOND)
    assert.deepEqual(wanted(), [])
  })

  it('changes what BFD is told and leaves the BGP session alone', () => {
    const { node, clock, peer } = begun()
    const { since } = peer()
    node.reload(config('{ transmit: 1000, receive: 1000, multiplier: 5 }'))
    clock.advance(SECOND)
    assert.deepEqual([peer().state, peer().since], ['Established', since])
  })

  it('wants a session for a peer that a range has made, for as long as that is one', () => {
    const { node, router, clock } = world()
    node.start('asNumber: 65001\nranges: [{ name: rack, prefix: 10.0.0.0/24, asNumber: external, bfd: {} }]')
    node.synced(nodeObject())
    clock.advance(MINUTE)
    const wanted = () => node.bfd.wanted.map(({ name }) => name)
    assert.deepEqual(wanted(), ['rack/10.0.0.254'])
    router.peerWith([])
    clock.advance(10 * MINUTE)
    assert.deepEqual(node.view.peers(), [])
    assert.deepEqual(wanted(), [])
  })

  it('wants one for such a peer also where that must be up before BGP, and no more when the peer stays away', () => {
    const { node, router, clock } = world()
    node.start(
      'asNumber: 65001\nranges: [{ name: rack, prefix: 10.0.0.0/24, asNumber: external, bfd: { strict: true } }]',
    )
    node.synced(nodeObject())
    clock.advance(MINUTE)
    const wanted = () => node.bfd.wanted.map(({ name }) => name)
    assert.deepEqual(wanted(), ['rack/10.0.0.254'])
    node.bfd.change('rack/10.0.0.254', true)
    clock.advance(MINUTE)
    assert.equal(node.view.peers()[0]!.state, 'Established')
    node.bfd.change('rack/10.0.0.254', false, { at: clock.now() })
    router.peerWith([])
    clock.advance(10 * MINUTE)
    assert.deepEqual(node.view.peers(), [])
    assert.deepEqual(wanted(), [])
  })

  it('ends the BGP session when the path fails, and shows both at the peer', () => {
    const { bfd, clock, peer } = begun()
    bfd.change('tor', true, { at: clock.now() })
    assert.equal(peer().state, 'Established')
    assert.equal(peer().bfd?.state, 'Up')
    assert.equal(peer().bfd?.remote?.state, 'Up')
    bfd.change('tor', false, { at: clock.now() })
    assert.notEqual(peer().state, 'Established')
    assert.match(peer().lastError ?? '', /BFD/)
    assert.equal(peer().bfd?.diagnostic, 'control detection time expired')
  })

  it('leaves BGP alone when a person ends the BFD session', () => {
    const { bfd, clock, peer } = begun()
    bfd.change('tor', true)
    bfd.change('tor', false, { failure: false })
    clock.advance(SECOND)
    assert.equal(peer().state, 'Established')
  })

  it('lets no BGP session come up before BFD where that is strict', () => {
    const { bfd, clock, peer } = begun('{ strict: true }')
    assert.notEqual(peer().state, 'Established')
    bfd.change('tor', true)
    clock.advance(MINUTE)
    assert.equal(peer().state, 'Established')
  })

  it('is counted for Prometheus', async () => {
    const { bfd, node } = begun()
    const metrics = agentMetrics(node.agent, node.view, { dropped: 0 })
    bfd.change('tor', true)
    assert.match(await metrics.render(), /podpeer_bfd_session_up\{peer="tor"\} 1/)
    bfd.change('tor', false)
    const text = await metrics.render()
    assert.match(text, /podpeer_bfd_session_up\{peer="tor"\} 0/)
    assert.match(text, /podpeer_bfd_session_losses_total\{peer="tor"\} 1/)
  })

  it('tells all about the sessions, for `podpeer bfd`', async () => {
    const { bfd, node, clock } = begun()
    bfd.change('tor', true, { at: clock.now() })
    const { sessions, discarded } = await node.view.bfd()
    assert.deepEqual(discarded, {})
    assert.deepEqual(
      sessions.map(({ peer, address, state, transmitInterval, detectionTime }) => ({
        ...{ peer, address, state, transmitInterval, detectionTime },
      })),
      [{ peer: 'tor', address: '10.0.0.254', state: 'Up', transmitInterval: 300, detectionTime: 900 }],
    )
  })
})
